"""Draws what `capirepo release` made, and what became of it, in lines for people."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import click

from capirepo.author.tree import near
from capirepo.cli.delivery import is_address
from capirepo.cli.options import console, counted, say
from capirepo.config import FILE_NAME
from capirepo.core.changes import State, unified
from capirepo.core.lint.report import render
from capirepo.core.names import default_source, printable, provider_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capirepo.cli.drafted import Outcome
    from capirepo.core.catalog import Entry

_STYLES: Final = {"+": "green", "-": "red", "@": "cyan"}


def draw(outcome: Outcome, entry: Entry, diff_lines: int) -> None:
    """The outcome in lines; `diff_lines` of a dry run's difference, 0 for all."""
    for remark in outcome.draft.remarks:
        say(f"kustomize: {remark}")
    click.echo(f"{outcome.order.label} {outcome.order.version}")
    for what, told in _facts(outcome):
        click.echo(f"  {what:<10} {told}")
    _draw_files(outcome)
    if outcome.problems:
        click.echo(f"\n{render([outcome.checked], 'text')}")
        _draw_kept(outcome)
    if outcome.delivered and outcome.listed:
        click.echo(f"\n{outcome.state} {outcome.delivered.place}")
        _draw_next(outcome, entry)
        return
    if outcome.dry_run:
        _draw_difference(outcome, diff_lines)
    click.echo(f"\n{_verdict(outcome)}")


def _facts(outcome: Outcome) -> Iterator[tuple[str, str]]:
    draft, series = outcome.draft, outcome.draft.series
    for one in draft.images:
        was = "as it was" if one.before == outcome.order.image else f"was {one.before}"
        yield "image", printable(f"{outcome.order.image} in {one.workload} ({was})")
    if draft.obstacle:
        yield "image", printable(f"not set: {draft.obstacle}")
    if series.contract:
        yield "contract", f"{series.contract}, {series.because}"
    yield "metadata", _about_metadata(outcome)
    if draft.no_templates:
        yield "templates", "none: no folder templates beside the metadata.yaml; see --templates"
    for left in draft.left_out:
        yield "left out", f"{left.path}: {left.reason}"


def _about_metadata(outcome: Outcome) -> str:
    series = outcome.draft.series
    file, numbers = near(series.file), ".".join(map(str, outcome.order.version.series))
    if not series.added:
        return f"{file}, as it is"
    if outcome.written:
        return f"series {numbers} is added, and written to {file}"
    kept = f"{file} is as it was" if series.file.exists() else f"there is no {file}"
    return f"series {numbers} is added in the release only; {kept}: --write-metadata writes it"


def _draw_files(outcome: Outcome) -> None:
    width = max(len(one.name) for one in outcome.changes)
    previous = outcome.before.previous
    click.echo(f"\n  compared with {previous}:" if previous else "")
    for one in outcome.changes:
        click.echo(f"  {one.name:<{width}} {one.size:>9} bytes  {one.state.value}")


def _draw_kept(outcome: Outcome) -> None:
    """Where the files are that were not written, and what to mend in place of them."""
    if outcome.kept is None:
        return
    click.echo(f"\nThe files are kept in {printable(str(outcome.kept))}")
    concerned = {one.finding.file for one in outcome.problems}
    for name, origin in sorted(outcome.draft.origins.items()):
        if name in concerned and not origin.same:
            click.echo(f"  {name} is made from {near(origin.path)}")


def _draw_difference(outcome: Outcome, limit: int) -> None:
    from rich.text import Text  # noqa: PLC0415 - only what draws pays for it

    lines = [*_difference(outcome)]
    if not lines:
        return
    out = console()
    out.print()
    for line in lines[: limit or None]:
        out.print(Text(line, style=_STYLES.get(line[:1], "")), soft_wrap=True)
    if limit and len(lines) > limit:
        more = counted(len(lines) - limit, "more line")
        out.print(f"… {more}; --diff-lines 0 shows all", highlight=False)


def _difference(outcome: Outcome) -> Iterator[str]:
    label, order = outcome.order.label, outcome.order
    for one in outcome.changes:
        if one.state is State.CHANGED:
            heads = tuple(
                f"{label}/{version}/{one.name}"
                for version in (outcome.before.previous, order.version)
            )
            before, after = outcome.before.files[one.name], outcome.draft.files[one.name]
            yield from unified(before, after, (heads[0], heads[1]))


def _verdict(outcome: Outcome) -> str:
    release = f"{outcome.order.label} {outcome.order.version}"
    if outcome.delivered is not None:
        return f"{release} is {outcome.delivered.state}: {'; '.join(outcome.delivered.missing)}"
    if outcome.conflicting:
        return f"refused: {outcome.clash}"
    if outcome.refused:
        return f"{release} has errors, and was not released; `capirepo rule ID` explains each"
    if outcome.before.there is not None:
        return f"{release} is in {outcome.place} already, the very same; nothing was written"
    return "nothing was written: this was a dry run"


def _draw_next(outcome: Outcome, entry: Entry) -> None:
    provider, place = provider_of(outcome.order.label), outcome.place or ""
    if provider is None or "/api/v4/projects/" in urlsplit(place).path:
        # Of a project of another GitLab we do not know what serves it to clusterctl.
        return
    remote = is_address(place)
    given = f"--server {shlex.quote(place)}" if remote else shlex.quote(place)
    words = f"--{provider.type.prefix} {provider.name}:{outcome.order.version}"
    click.echo(f"\nNext:\n  capirepo run {given} -- clusterctl generate provider {words}")
    if entry.source == default_source(outcome.order.label):
        file = f"the server's {FILE_NAME}" if remote else str(Path(place, FILE_NAME))
        click.echo(
            f"Clients look for it under {entry.source}; for an address of yours, in "
            f"{file}:\n  sources:\n    {entry.label}: OWNER/REPO"
        )
    else:
        click.echo(f"Clients look for it under {entry.source}.")
