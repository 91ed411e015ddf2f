"""`capirepo publish`: releases that are ready go into a ROOT, or to a server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from capirepo.cli.delivery import Delivered, Terms, deliver, examine, is_address
from capirepo.cli.folders import Given, find_releases
from capirepo.cli.options import collect_less, counted, lines_option, say, state_option
from capirepo.core.catalog import Catalog
from capirepo.core.lint.report import Checked, problem_data, render
from capirepo.core.names import parse_asset, shown
from capirepo.errors import BadInputError, ConflictError
from capirepo.repository import open_repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from capirepo.core.lint import Problem


@click.command(
    "publish",
    epilog="Examples:\n\n\b\n"
    "  capirepo publish out/infrastructure-awesome/v0.1.0 --to /srv/providers\n"
    "  capirepo publish dist/ --label infrastructure-awesome --version v0.1.0 --to /srv/providers\n"
    "  CAPIREPO_TOKEN=… capirepo publish out/ --to https://mirror.example.com\n"
    "  capirepo publish out/ --to /srv/providers --no-lint 'a release of 2022, in use as it is'",
)
@click.argument("paths", metavar="PATH", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--to",
    required=True,
    metavar="ROOT|URL",
    help="A folder, made where it is not there; or a server, to which CAPIREPO_TOKEN is shown.",
)
@click.option("--label", help="Whose the files are.  [default: what folders or files say]")
@click.option("--version", help="Which version they are.  [default: the name of the folder]")
@click.option(
    "--no-lint",
    metavar="REASON",
    default="",
    help="Take errors of lint as well; the reason is kept in the release's record.",
)
@click.option(
    "--allow-warnings/--no-allow-warnings",
    default=True,
    show_default=True,
    help="Whether a release with warnings is taken.",
)
@state_option
@lines_option
def command(
    paths: Sequence[Path],
    to: str,
    label: str | None,
    version: str | None,
    no_lint: str,
    allow_warnings: bool,  # noqa: FBT001 - click's way to call
    state: Path | None,
    output: str,
) -> int:
    """Publish the releases in PATH: a release folder, or a folder of them (LABEL/VERSION).

    Each is checked by lint first, and appears whole or not at all. One that is there already
    with the same bytes is left as it is; with other bytes it is refused, because a release
    never changes. Exit code 1 where one was refused.
    """
    collect_less()
    if no_lint and not no_lint.strip():
        raise click.UsageError("--no-lint needs a reason: it is kept in the release's record")
    catalog = Catalog()
    if not is_address(to) and Path(to).is_dir():
        catalog = open_repository(Path(to)).settings.catalog()
    given = [_sure(one) for path in paths for one in find_releases(path, catalog, label, version)]
    _point_out_others(given)
    published: list[Published] = []
    try:
        for one in given:
            # What became of it is told once its bar is gone.
            with _progress(one, to) as sent:
                terms = Terms(no_lint=no_lint, state=state, sent=sent)
                done = asyncio.run(_publish(one, to, terms, allow_warnings=allow_warnings))
            published.append(done)
            if output == "text":
                _tell(done)
    finally:
        # What was done is told, also where a server or a disk has put an end to it.
        if output == "json":
            click.echo(json.dumps([done.data() for done in published], indent=2))
    return int(any(done.delivered.state != "listed" for done in published))


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A release, and what became of it."""

    given: Given
    delivered: Delivered

    @property
    def title(self) -> str:
        """Label and version."""
        return f"{self.given.part.label} {self.given.version}"

    def data(self) -> dict[str, Any]:
        """The same for programs."""
        places = self.checked()
        return {
            "label": self.given.part.label,
            "version": str(self.given.version),
            "state": self.delivered.state,
            "added": self.delivered.added,
            "place": self.delivered.place,
            "missing": list(self.delivered.missing),
            "problems": [problem_data(one, places.place(one)) for one in self.delivered.problems],
        }

    def checked(self) -> Checked:
        """What lint found, with its places."""
        paths = {name: str(path) for name, path in self.given.paths.items()}
        return Checked(title=self.given.title, places=paths, problems=self.delivered.problems)


async def _publish(given: Given, to: str, terms: Terms, *, allow_warnings: bool) -> Published:
    label, version = given.part.label, given.version
    assert label is not None  # noqa: S101 - _sure has seen to both
    assert version is not None  # noqa: S101 - as above
    files = {parse_asset(name): data for name, data in given.files.items()}
    place = f"{to.rstrip('/')}/{label}/{version}"
    problems: tuple[Problem, ...] = ()
    if not terms.no_lint and (is_address(to) or not allow_warnings):
        # Before anything is sent: a capirepo would say the same, another GitLab nothing.
        problems = await examine(label, version, files, to)
    if any(one.is_error or not allow_warnings for one in problems):
        delivered = Delivered(place=place, state="refused", problems=problems)
        return Published(given=given, delivered=delivered)
    try:
        return Published(given=given, delivered=await deliver(label, version, files, to, terms))
    except ConflictError as error:
        # No reason not to publish the others.
        delivered = Delivered(place=place, state="conflict", missing=(str(error),))
        return Published(given=given, delivered=delivered)


def _sure(given: Given) -> Given:
    """Checks that it is known whose release this is, and which, and that its files may be named so.

    Raises:
        BadInputError: something of it is not; nothing has been published yet.
    """
    if given.part.label is None:
        raise BadInputError(
            f"{given.title}: nothing says whose release this is", cure="give --label TYPE-NAME"
        )
    if given.version is None:
        text = given.version_text
        what = f"{shown(text)} is no version" if text else "nothing says which version this is"
        raise BadInputError(f"{given.title}: {what}", cure="give --version vX.Y.Z")
    for name in given.files:
        try:
            parse_asset(name)
        except BadInputError as error:
            raise BadInputError(f"{given.title}: {error}; or take it out") from error
    return given


def _point_out_others(given: Sequence[Given]) -> None:
    """Says what lies beside the files of releases and is not published."""
    taken: dict[Path, set[str]] = {}
    for one in given:
        if one.whole:
            taken.setdefault(Path(one.path), set()).update(one.files)
    for folder, names in taken.items():
        others = [
            f"{shown(entry.name)[1:-1]}{'/' * entry.is_dir()}"
            for entry in sorted(folder.iterdir())
            if entry.name not in names
        ]
        if others:
            say(f"capirepo: left out of {folder}: {', '.join(others)}")


def _tell(done: Published) -> None:
    """Says what became of one release."""
    delivered = done.delivered
    text = render([done.checked()], "text")
    if text:
        say(text)
    if delivered.state == "refused":
        for sentence in delivered.missing:
            say(f"{done.title}: {sentence}")
        say(f"refused    {done.title}: see `capirepo rule ID` for what each problem means")
    elif delivered.state == "pending":
        say(f"pending    {done.title}: {'; '.join(delivered.missing)}")
    elif delivered.state == "conflict":
        say(f"conflict   {done.title}: {'; '.join(delivered.missing)}")
    else:
        size = sum(map(len, done.given.files.values()))
        files = counted(len(done.given.files), "file")
        what = "published" if delivered.added else "unchanged"
        click.echo(f"{what}  {done.title} ({files}, {size:,} bytes): {delivered.place}")


@contextlib.contextmanager
def _progress(given: Given, to: str) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, for what goes over a network."""
    if not is_address(to) or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - only what draws pays for it
    from rich.progress import (  # noqa: PLC0415 - as above
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        total = sum(map(len, given.files.values()))
        task = progress.add_task(f"{given.part.label} {given.version}", total=total)
        yield lambda size: progress.advance(task, size)
