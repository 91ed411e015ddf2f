"""Shows what `capirepo release` made: to people, and to programs."""

from __future__ import annotations

import hashlib
import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from capirepo.author.tree import near
from capirepo.cli.options import console, counted, say
from capirepo.config import FILE_NAME
from capirepo.core.changes import State, compare, unified
from capirepo.core.lint.report import Checked, problem_data, render
from capirepo.core.names import default_source, printable, provider_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from capirepo.author.draft import Draft, Order
    from capirepo.cli.delivery import Delivered, Stored
    from capirepo.core.catalog import Entry
    from capirepo.core.changes import Change
    from capirepo.core.lint import Problem

_STYLES: Final = {"+": "green", "-": "red", "@": "cyan"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A release that was made, and what became of it.

    Attributes:
        before: what its place held before.
        place: the ROOT; None for a dry run without one.
        problems: what lint found.
        delivered: None for a dry run, and where lint found an error.
        written: the author's metadata.yaml, where it was written.
    """

    order: Order
    draft: Draft
    before: Stored
    place: str | None
    problems: tuple[Problem, ...]
    delivered: Delivered | None
    written: Path | None

    @property
    def conflicting(self) -> bool:
        """Whether the version is there with other bytes, so that it would be refused."""
        return self.before.there is not None and self.before.there != self.draft.files

    @property
    def refused(self) -> bool:
        """Whether it is no release: lint found an error, or a server lacks something."""
        pending = self.delivered is not None and self.delivered.state != "listed"
        return pending or any(one.is_error for one in self.problems)

    @property
    def changes(self) -> tuple[Change, ...]:
        """Against the version before."""
        return compare(self.before.files, self.draft.files)

    @property
    def state(self) -> str:
        """What became of it, or would, in one word."""
        if self.conflicting:
            return "conflict"
        if self.refused:
            return "refused"
        if self.delivered is None:
            return "new" if self.before.there is None else "unchanged"
        return "added" if self.delivered.added else "unchanged"


def as_data(outcome: Outcome) -> str:
    """The outcome as JSON."""
    draft, series = outcome.draft, outcome.draft.series
    content: dict[str, Any] = {
        "label": outcome.order.label,
        "version": str(outcome.order.version),
        "contract": series.contract,
        "state": outcome.state,
        "dryRun": outcome.delivered is None,
        "place": outcome.delivered.place if outcome.delivered else None,
        "previous": str(outcome.before.previous) if outcome.before.previous else None,
        "files": [
            {
                "name": one.name,
                "bytes": one.size,
                "sha256": _sha256(draft, one),
                "state": one.state.value,
            }
            for one in outcome.changes
        ],
        "images": [
            {"workload": one.workload, "before": one.before, "after": outcome.order.image}
            for one in draft.images
        ],
        "metadata": {
            "file": near(series.file),
            "seriesAdded": series.added,
            "written": outcome.written is not None,
        },
        "leftOut": [{"path": one.path, "reason": one.reason} for one in draft.left_out],
        "problems": [problem_data(one, _checked(outcome).place(one)) for one in outcome.problems],
        "remarks": list(draft.remarks),
    }
    return json.dumps(content, indent=2)


def _sha256(draft: Draft, change: Change) -> str | None:
    if change.state is State.GONE:
        return None
    return hashlib.sha256(draft.files[change.name]).hexdigest()


def draw(outcome: Outcome, entry: Entry, diff_lines: int) -> None:
    """The outcome in lines; `diff_lines` of a dry run's difference, 0 for all."""
    for remark in outcome.draft.remarks:
        say(f"kustomize: {remark}")
    click.echo(f"{outcome.order.label} {outcome.order.version}")
    for what, told in _facts(outcome):
        click.echo(f"  {what:<10} {told}")
    _draw_files(outcome)
    if outcome.problems:
        click.echo(f"\n{render([_checked(outcome)], 'text')}")
    if outcome.delivered and not outcome.refused:
        click.echo(f"\n{outcome.state} {outcome.delivered.place}")
        _draw_next(outcome, entry)
        return
    _draw_difference(outcome, diff_lines)
    click.echo(f"\n{_verdict(outcome)}")


def _checked(outcome: Outcome) -> Checked:
    """What lint found; its places are those that the files will have."""
    title = f"{outcome.order.label}/{outcome.order.version}"
    return Checked(title=title, places={}, problems=outcome.problems)


def _facts(outcome: Outcome) -> Iterator[tuple[str, str]]:
    draft, series = outcome.draft, outcome.draft.series
    for one in draft.images:
        was = "as it was" if one.before == outcome.order.image else f"was {one.before}"
        yield "image", printable(f"{outcome.order.image} in {one.workload} ({was})")
    yield "contract", f"{series.contract}, {series.because}"
    yield "metadata", _about_metadata(outcome)
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
        return f"{release} is pending: {'; '.join(outcome.delivered.missing)}"
    if outcome.refused:
        return f"{release} has errors, and was not written; `capirepo rule ID` explains each"
    if outcome.conflicting:
        differing = ", ".join(
            one.name
            for one in compare(outcome.before.there or {}, outcome.draft.files)
            if one.state is not State.SAME
        )
        return f"{release} is in {outcome.place} already and differs in {differing}: refused"
    if outcome.before.there is not None:
        return f"{release} is in {outcome.place} already, the very same; nothing was written"
    return "nothing was written: this was a dry run"


def _draw_next(outcome: Outcome, entry: Entry) -> None:
    provider, place = provider_of(outcome.order.label), outcome.place or ""
    if provider is None:
        return
    words = f"--{provider.type.prefix} {provider.name}:{outcome.order.version}"
    click.echo(
        f"\nNext:\n  capirepo run {shlex.quote(place)} -- clusterctl generate provider {words}"
    )
    if entry.source == default_source(outcome.order.label):
        click.echo(
            f"Clients look for it under {entry.source}; for an address of yours, in "
            f"{place}/{FILE_NAME}:\n  sources:\n    {entry.label}: OWNER/REPO"
        )
    else:
        click.echo(f"Clients look for it under {entry.source}.")
