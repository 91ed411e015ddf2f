"""`capirepo lint`: the provider contract, checked before a cluster sees it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from capirepo.cli.folders import Given, find_releases
from capirepo.cli.options import collect_less, config_option, counted, look_at, say
from capirepo.core import lint
from capirepo.core.layout import of_label
from capirepo.core.lint.report import FORMATS, Checked, render
from capirepo.core.version import parse_version
from capirepo.errors import BadInputError
from capirepo.repository import open_repository
from capirepo.services import report
from capirepo.services.library import Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capirepo.core.lint import Rule
    from capirepo.repository import Repository


@click.command(
    "lint",
    epilog="Examples:\n\n\b\n"
    "  capirepo lint sample-repo/infrastructure-awesome/v0.2.0\n"
    "  capirepo lint infrastructure-awesome@v0.2.0 --root sample-repo\n"
    "  capirepo lint out/ --label infrastructure-awesome --version v0.3.0 --ignore image-tag\n"
    "  capirepo lint sample-repo --output sarif > capirepo.sarif\n"
    "  capirepo rule image-form",
)
@click.argument("what", metavar="PATH|LABEL@VERSION", nargs=-1, required=True)
@click.option("--label", help="Whose the files are.  [default: what folders or files say]")
@click.option("--version", help="Which version they are.  [default: the name of the folder]")
@click.option(
    "--select",
    metavar="RULE,…",
    multiple=True,
    help="Only these rules: ids, groups such as metadata, error or warning.",
)
@click.option("--ignore", metavar="RULE,…", multiple=True, help="Not these rules.")
@click.option(
    "--allow-warnings/--no-allow-warnings",
    default=True,
    show_default=True,
    help="Whether a release with warnings only is fine.",
)
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    default=".",
    help="Where LABEL@VERSION is looked for.  [default: .]",
)
@config_option
@click.option(
    "-o",
    "--output",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="Lines for people, JSON, SARIF for code scanners, or annotations for GitHub.",
)
def command(
    what: Sequence[str],
    label: str | None,
    version: str | None,
    select: Sequence[str],
    ignore: Sequence[str],
    allow_warnings: bool,  # noqa: FBT001 - click's way to call
    root: Path,
    config: Path | None,
    output: str,
) -> int:
    """Check releases against the provider contract, and name all problems found.

    PATH is a release folder, a folder of them (LABEL/VERSION below it), or a single file;
    LABEL@VERSION is a release in ROOT. An error is what clusterctl or the API server refuses; a
    warning is what hurts later. Exit code 1 where there is an error.
    """
    collect_less()
    rules = lint.choose(words(select), words(ignore))
    # A folder of releases needs no ROOT around it.
    repository = open_repository(root if root.is_dir() else Path(), config)
    given = [found for one in what for found in _given(one, repository, label, version)]
    checked = [check(one, rules) for one in given]
    text = render(checked, output)
    if text:
        click.echo(text)
    errors, warnings = count(checked)
    if output == "text":
        say(f"{_counted(given)}: {counted(errors, 'error')}, {counted(warnings, 'warning')}")
    return int(bool(errors or (warnings and not allow_warnings)))


def check(given: Given, rules: Sequence[Rule]) -> Checked:
    """One release, checked."""
    problems = lint.run(given.candidate(), rules)
    places = {"": given.path, **{name: str(path) for name, path in given.paths.items()}}
    return Checked(title=given.title, places=places, problems=problems)


def count(checked: Sequence[Checked]) -> tuple[int, int]:
    """How many errors, and how many warnings."""
    found = [problem.is_error for one in checked for problem in one.problems]
    return sum(found), len(found) - sum(found)


def words(options: Sequence[str]) -> tuple[str, ...]:
    """What an option says that is given again and again, and with commas."""
    return tuple(word.strip() for one in options for word in one.split(",") if word.strip())


def _counted(given: Sequence[Given]) -> str:
    """How many releases, and how many files that were named one by one."""
    files = sum(not one.whole for one in given)
    releases = len(given) - files
    return " and ".join(
        counted(number, what) for number, what in ((releases, "release"), (files, "file")) if number
    )


def _given(
    what: str, repository: Repository, label: str | None, version: str | None
) -> Iterator[Given]:
    path = Path(what)
    if "@" in what and not path.exists():
        yield asyncio.run(_stored(repository, what))
    else:
        yield from find_releases(path, repository.settings.catalog(), label, version)


async def _stored(repository: Repository, what: str) -> Given:
    """A release of ROOT."""
    library = await look_at(repository)
    name, _, text = what.partition("@")
    label = report.find_label(library, name)
    version = await library.latest(label) if text == "latest" else parse_version(text)
    release = await library.release(label, version)
    files: dict[str, bytes] = {}
    for asset in release.assets.values():
        blob = await library.blob(Found(label=label, version=version, asset=asset))
        files[asset.name] = blob.body if blob else b""
    if not files:
        raise BadInputError(f"{release} has no files")
    folder = repository.root / label / str(version)
    return Given(
        title=f"{label}/{version}",
        path=str(folder),
        part=of_label(library.catalog, label, files),
        version=version,
        version_text=str(version),
        files=files,
        paths={name: folder / name for name in files},
    )
