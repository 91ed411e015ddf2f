"""`capirepo mirror`: releases come from their upstreams into a ROOT."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from capirepo.cli.lock_ import lock_file, read_lock
from capirepo.cli.mirrored import (
    Result,
    compared_data,
    tell_brought,
    tell_compared,
    tell_plan,
    tell_problems,
    tell_prunable,
    watching,
)
from capirepo.cli.options import (
    config_option,
    counted,
    lines_option,
    log_in_lines,
    say,
    state_option,
)
from capirepo.core.mirror import Wanted
from capirepo.core.names import is_called, shown
from capirepo.errors import BadInputError
from capirepo.mirroring import Mirroring, mirroring, sweep_leftovers
from capirepo.repository import Repository, open_repository
from capirepo.services.mirror import LISTED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from capirepo.core.lock import Lock
    from capirepo.core.names import Label
    from capirepo.services.mirror import Brought
    from capirepo.services.plan import Plan


@click.command(
    "mirror",
    epilog="Examples:\n\n\b\n"
    "  capirepo mirror --root /srv/providers --dry-run\n"
    "  capirepo mirror --root /srv/providers\n"
    "  capirepo mirror --root /srv/providers aws kubeadm\n"
    "  capirepo mirror --root /srv/providers --check\n"
    "  capirepo mirror --root /srv/providers --prune --yes\n\n"
    "What is wanted is in the section `mirror` of capirepo.yaml.",
)
@click.argument("providers", metavar="[PROVIDER]...", nargs=-1)
@click.option(
    "--root",
    default=".",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The folder with the releases.",
)
@config_option
@state_option
@click.option("--dry-run", is_flag=True, help="Only print what would be fetched.")
@click.option("--check", is_flag=True, help="Only report what upstream has changed; ours stays.")
@click.option("--prune", is_flag=True, help="Remove what a mirror brought and nobody wants now.")
@click.option("--yes", is_flag=True, help="Remove it without a question.")
@click.option("--locked", is_flag=True, help="Bring exactly what capirepo.lock names.")
@lines_option
def command(
    providers: Sequence[str],
    root: Path,
    config: Path | None,
    state: Path | None,
    dry_run: bool,  # noqa: FBT001 - click's way to call
    check: bool,  # noqa: FBT001 - as above
    prune: bool,  # noqa: FBT001 - as above
    yes: bool,  # noqa: FBT001 - as above
    locked: bool,  # noqa: FBT001 - as above
    output: str,
) -> int:
    """Bring the releases into ROOT that its configuration wants, or those of some PROVIDERs.

    Each file is verified, and each release checked by lint before it is listed; one that is bad
    is kept aside. Run again, it goes on where it was cut short. Exit code 1 where something
    wanted is not here in the end.
    """
    wish = Wish(dry_run=dry_run, prune=prune, yes=yes, as_json=output == "json")
    if check and (dry_run or prune or locked):
        raise click.UsageError("--check only compares: leave out --dry-run, --prune and --locked")
    if prune and not (yes or dry_run or (sys.stdin.isatty() and not wish.as_json)):
        raise click.UsageError(
            "--prune asks before it removes anything; here, only --yes can answer"
        )
    log_in_lines(logging.WARNING)
    repository = open_repository(root, config, state)
    wanted = repository.settings.wanted()
    if check:
        # What a server has fetched is compared as well.
        named = {one.label for one in wanted}
        others = repository.settings.origins().items()
        wanted += tuple(
            Wanted(label=label, origin=origin, rules=())
            for label, origin in others
            if label not in named
        )
    if not wanted:
        raise BadInputError(
            f"nothing says what to mirror into {root}",
            cure="write a section mirror: into its capirepo.yaml, or give another ROOT by --root",
        )
    only = _only(wanted, providers)
    if check:
        return asyncio.run(_check(repository, wanted, only, wish))
    lock = read_lock(lock_file(root, config)) if locked else None
    return asyncio.run(_mirror(repository, wanted, only, lock, wish))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be done, and how it is told."""

    dry_run: bool
    prune: bool
    yes: bool
    as_json: bool


def _only(wanted: Sequence[Wanted], providers: Sequence[str]) -> frozenset[Label] | None:
    """The labels that were named; None where none was.

    Raises:
        BadInputError: one is not among what is wanted.
    """
    if not providers:
        return None
    named: set[Label] = set()
    for name in providers:
        meant = {one.label for one in wanted if is_called(one.label, name)}
        if not meant:
            raise BadInputError(
                f"{shown(name)} is not mirrored",
                cure="name it in the section mirror of capirepo.yaml, or give one that is there: "
                + ", ".join(sorted(one.label for one in wanted)),
            )
        named |= meant
    return frozenset(named)


async def _check(
    repository: Repository, wanted: Sequence[Wanted], only: frozenset[Label] | None, wish: Wish
) -> int:
    chosen = [one for one in wanted if only is None or one.label in only]
    async with mirroring(repository) as parts:
        compared = await parts.comparer.compare(chosen)
    if wish.as_json:
        click.echo(json.dumps(compared_data(compared), indent=2))
    else:
        tell_compared(compared)
    tell_problems([*compared.problems])
    return int(bool(compared.changes or compared.problems))


async def _mirror(
    repository: Repository,
    wanted: Sequence[Wanted],
    only: frozenset[Label] | None,
    lock: Lock | None,
    wish: Wish,
) -> int:
    async with mirroring(repository) as parts:
        if wish.dry_run:
            plan = await parts.surveyor.plan(wanted, only, lock)
            _tell(wish, lambda: tell_plan(plan))
            result = await _pruned(parts, plan, (), only, wish)
        else:
            async with parts.sightings.alone(lambda: say("another mirror is at work: waiting")):
                await sweep_leftovers(repository)
                plan = await parts.surveyor.plan(wanted, only, lock)
                _tell(wish, lambda: tell_plan(plan))
                with watching(plan, lambda one: _tell(wish, lambda: tell_brought(one))) as watcher:
                    brought = await parts.mirror.bring(plan, parts.author, watcher)
                result = await _pruned(parts, plan, brought, only, wish)
    if wish.as_json:
        click.echo(json.dumps(result.data(), indent=2))
    tell_problems(result.problems)
    return int(bool(result.problems))


async def _pruned(
    parts: Mirroring,
    plan: Plan,
    brought: Sequence[Brought],
    only: frozenset[Label] | None,
    wish: Wish,
) -> Result:
    """Removes what nobody wants, where that is wished, and sums up."""
    result = Result(plan=plan, brought=tuple(brought))
    if not wish.prune:
        return result
    unsure = plan.unsure | {one.label for one in brought if one.state != LISTED}
    prunable = await parts.pruner.find(plan.wanted, unsure, only)
    _tell(wish, lambda: tell_prunable(prunable))
    result = replace(result, prunable=prunable)
    releases = prunable.releases
    question = f"Remove {counted(len(releases), 'release')}?"
    if wish.dry_run or not releases or not (wish.yes or click.confirm(question, err=True)):
        return result
    for label, version in releases:
        await parts.pruner.prune(label, version, parts.author)
        _tell(wish, partial(click.echo, f"removed     {label} {version}"))
    return replace(result, pruned=releases)


def _tell(wish: Wish, tell: Callable[[], None]) -> None:
    """Tells people; programs get everything at the end."""
    if not wish.as_json:
        tell()
