"""Shows what a mirror plans, how it goes on, and what has come of it."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from capirepo.cli.options import counted, say
from capirepo.services.mirror import ABSENT, ASIDE, LISTED, Watcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from capirepo.core.names import Label
    from capirepo.core.version import Version
    from capirepo.services.drift import Compared
    from capirepo.services.mirror import Brought
    from capirepo.services.plan import Order, Plan
    from capirepo.services.prune import Prunable

_WORDS = {LISTED: "mirrored", ASIDE: "bad", ABSENT: "absent"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What has come of a run; what was not done is empty."""

    plan: Plan
    brought: tuple[Brought, ...] = ()
    prunable: Prunable | None = None
    pruned: tuple[tuple[Label, Version], ...] = ()

    @property
    def problems(self) -> list[str]:
        """All that the exit code is about."""
        bad = [one for one in self.brought if one.state not in (LISTED, ABSENT)]
        return [*self.plan.problems, *(f"{one}: {one.reason}" for one in bad)]

    def data(self) -> dict[str, Any]:
        """The same for programs."""
        prunable = self.prunable.releases if self.prunable else ()
        return {
            "toFetch": [_order_data(order) for order in self.plan.orders],
            "upToDate": [_release(*one) for one in self.plan.held],
            "brought": [
                {
                    **_release(one.label, one.version),
                    "state": one.state,
                    "files": one.files,
                    "bytes": one.size,
                    "reason": one.reason,
                }
                for one in self.brought
            ],
            "notWanted": [_release(*one) for one in prunable],
            "pruned": [_release(*one) for one in self.pruned],
            "notes": list(self.plan.notes),
            "problems": self.problems,
        }


def compared_data(compared: Compared) -> dict[str, Any]:
    """A comparison for programs."""
    return {
        "releases": compared.releases,
        "compared": compared.files,
        "silent": compared.silent,
        "changes": list(compared.changes),
        "problems": list(compared.problems),
    }


def tell_plan(plan: Plan) -> None:
    """Prints what is to be done."""
    for order in plan.orders:
        size = f", {order.size:,} bytes" if order.size is not None else ""
        files = counted(len(order.files), "file")
        click.echo(f"to fetch    {order} ({files}{size}) from {order.upstream.address}")
    if plan.held:
        labels = len({label for label, _ in plan.held})
        nothing = "" if plan.orders else "; nothing to fetch"
        releases = f"{counted(len(plan.held), 'release')} of {counted(labels, 'label')}"
        click.echo(f"up to date  {releases}{nothing}")
    for note in plan.notes:
        click.echo(f"passed over {note}")


def tell_brought(one: Brought) -> None:
    """Prints what has come of one order."""
    word = _WORDS.get(one.state, "failed")
    if one.state == LISTED:
        click.echo(f"{word:<11} {one} ({counted(one.files, 'file')}, {one.size:,} bytes)")
    else:
        click.echo(f"{word:<11} {one}: {one.reason}")
    if one.state == ASIDE:
        place = f".capirepo/aside/{one.label}/{one.version}"
        click.echo(
            f"            it is in {place}: `capirepo lint` tells all, and `capirepo publish "
            "--no-lint REASON` takes it all the same"
        )


def tell_prunable(prunable: Prunable) -> None:
    """Prints what is not wanted, before it is removed."""
    for label, version in prunable.releases:
        click.echo(f"not wanted  {label} {version}")
    for reason in prunable.kept:
        click.echo(f"stays       {reason}")
    if not prunable.releases:
        click.echo("not wanted  nothing")


def tell_compared(compared: Compared) -> None:
    """Prints what upstream has changed."""
    for change in compared.changes:
        click.echo(f"changed     {change}; ours stays")
    releases, files = counted(compared.releases, "release"), counted(compared.files, "file")
    silent = f"; of {compared.silent} more, upstream states nothing" if compared.silent else ""
    click.echo(f"compared    {releases}, {files}{silent}")


def tell_problems(problems: list[str]) -> None:
    """Names at the end whatever did not go well."""
    for problem in problems:
        say(f"capirepo: {problem}")


@contextlib.contextmanager
def watching(plan: Plan, tell: Callable[[Brought], None]) -> Iterator[Watcher]:
    """A bar on a terminal; elsewhere only what has come to its end."""
    if not sys.stderr.isatty() or not plan.orders:
        yield Watcher(done=tell)
        return
    from rich.console import Console  # noqa: PLC0415 - only what draws pays for it
    from rich.progress import (  # noqa: PLC0415 - as above
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description} {task.fields[ended]}/{task.fields[all]} files"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    sizes = [order.size for order in plan.orders]
    known = [size for size in sizes if size is not None]
    total = sum(known) if len(known) == len(sizes) else None
    by_title = {str(order): len(order.files) for order in plan.orders}
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        ended = 0
        task = progress.add_task("mirroring", total=total, ended=0, all=sum(by_title.values()))

        def done(one: Brought) -> None:
            nonlocal ended
            ended += by_title[str(one)]
            progress.update(task, ended=ended)
            tell(one)

        yield Watcher(arrived=lambda size: progress.advance(task, size), done=done)


def _order_data(order: Order) -> dict[str, Any]:
    return {
        **_release(order.label, order.version),
        "from": order.upstream.address,
        "files": [
            {
                "name": file.name,
                "address": file.address,
                "bytes": file.size,
                "sha256": file.sha256 or None,
            }
            for file in order.files
        ],
    }


def _release(label: Label, version: Version) -> dict[str, Any]:
    return {"label": label, "version": str(version)}
