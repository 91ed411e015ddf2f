"""Brings releases from upstreams: fetched aside, judged as a whole, then listed.

Rules kept here:
- what lint calls an error is never listed: it stays aside and is named;
- what upstream calls a release and we hold never changes, whatever upstream has now;
- one upstream that fails, or one bad release, hinders no other; a failing disk of ours ends all.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from capirepo.core.metadata import METADATA
from capirepo.core.release import Release, inspect
from capirepo.errors import ConflictError, RefusedError, StorageError
from capirepo.services import admission
from capirepo.services.fetch import Fetcher, Limits
from capirepo.services.tasks import side_by_side

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from capirepo.core.catalog import Catalog
    from capirepo.core.lint import Problem
    from capirepo.core.names import AssetName, Label
    from capirepo.core.version import Version
    from capirepo.outside import Sightings, UpstreamError
    from capirepo.ports import Findings, Intake, Received, Records, Store
    from capirepo.services.fetch import Fetched
    from capirepo.services.ledger import Author, Ledger
    from capirepo.services.plan import Order, Plan

    Check = Callable[[Catalog, Label, Version, Mapping[str, bytes]], Awaitable[tuple[Problem, ...]]]

LISTED, ASIDE, ABSENT, FAILED = "listed", "aside", "absent", "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What has become of one order.

    Attributes:
        state: listed; aside where it is no good release; absent where upstream has nothing of it;
            failed where a file could not be fetched.
        reason: why it is not listed.
        cause: what an upstream did, where that is why.
        files: how many files were fetched just now.
        size: how many bytes these have.
        problems: what lint found.
    """

    label: Label
    version: Version
    origin: str
    state: str
    reason: str = ""
    cause: UpstreamError | None = None
    files: int = 0
    size: int = 0
    problems: tuple[Problem, ...] = ()

    def __str__(self) -> str:
        return f"{self.label} {self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """Is told how it goes on.

    Attributes:
        arrived: so many bytes more are here.
        done: an order has come to its end.
    """

    arrived: Callable[[int], None] = field(default=lambda _: None)
    done: Callable[[Brought], None] = field(default=lambda _: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """What lint says of a release.

    Attributes:
        release: what it has read.
        problems: all that it found.
        wrong: why it is no good release, in words.
    """

    release: Release
    problems: tuple[Problem, ...]
    wrong: tuple[str, ...]


class Mirror:
    """Brings releases into one repository.

    Args:
        store: where releases are.
        intake: where files wait until they are a release.
        notes: what is known of these files.
        ledger: takes note of every change.
        sightings: what was seen of each upstream.
        catalog: who has which components file.
        limits: how much is fetched at once.
        check: finds every problem of a release.
        findings: of a library, which need not inspect what lint has read; None for nobody's.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts that it works with
        self,
        store: Store,
        intake: Intake,
        notes: Records,
        ledger: Ledger,
        sightings: Sightings,
        catalog: Catalog,
        limits: Limits,
        check: Check = admission.check,
        findings: Findings | None = None,
    ) -> None:
        self._store = store
        self._intake = intake
        self._notes = notes
        self._ledger = ledger
        self._sightings = sightings
        self._catalog = catalog
        self._limits = limits
        self._check = check
        self._findings = findings
        # What waits for its turn is not in memory yet.
        self._judging = asyncio.Semaphore(limits.judged)

    async def bring(self, plan: Plan, author: Author, watcher: Watcher) -> list[Brought]:
        """Fetches what a plan orders, side by side.

        Raises:
            StorageError: our own disk fails; what was listed before that is whole.
        """
        # First, so that a run that is cut short need not ask again what there is.
        await asyncio.to_thread(self._remember, plan, [])
        for label, version in plan.held:
            # What became a release another way waits no longer.
            await self._intake.drop(label, version)
        fetcher = Fetcher(
            self._intake,
            self._notes,
            self._ledger,
            author,
            self._limits,
            self._judge_added,
            watcher.arrived,
        )

        fetching = asyncio.Semaphore(self._limits.releases)

        async def one(order: Order) -> Brought:
            try:
                async with fetching:
                    fetched = await fetcher.fetch(order)
                # What is aside already is left there, for the next run.
                fetcher.check()
                brought = await self._finish(order, fetched, author)
            except StorageError as error:
                # The others are not cancelled: each ends what it is at, and cleans up.
                fetcher.stop(error)
                return _failed(order, str(error))
            received = fetched.received
            brought = replace(brought, files=len(received), size=sum(received.values()))
            watcher.done(brought)
            return brought

        done = await side_by_side(max(len(plan.orders), 1), one, plan.orders, "mirror a release")
        fetcher.check()
        await asyncio.to_thread(self._remember, plan, done)
        return done

    async def _finish(self, order: Order, fetched: Fetched, author: Author) -> Brought:
        label, version = order.label, order.version
        brought = Brought(label=label, version=version, origin=str(order.origin), state=LISTED)
        if fetched.failures:
            told = "; ".join(fetched.failures[name] for name in sorted(fetched.failures))
            return _failed(order, told, next(iter(fetched.causes), None))
        if fetched.refused:
            return replace(brought, state=ASIDE, reason="; ".join(fetched.refused.values()))
        if order.adds:
            gone = [file.name for file in order.files if file.name not in fetched.sums]
            reason = f"upstream has no {', '.join(gone)}"
            return replace(brought, state=ABSENT, reason=reason) if gone else brought
        components = self._catalog.entry(label).components
        if not fetched.sums or _lacks(components, order, fetched):
            await self._intake.drop(label, version)
            return replace(brought, state=ABSENT, reason="upstream has no files of it")
        judged = await self._judge(label, version)
        async with self._intake.locked(label):
            if await self._store.assets(label, version):
                # Somebody has published it meanwhile, and a release never changes.
                await self._intake.drop(label, version)
            else:
                wrong = [*judged.wrong, *await self._found_now(label, version, judged)]
                if wrong:
                    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
                    reason = f"kept aside: {wrong[0]}{more}"
                    return replace(brought, state=ASIDE, reason=reason, problems=judged.problems)
                await self._list(order, fetched, author)
                if self._findings is not None:
                    self._findings.keep(judged.release, components)
        await asyncio.to_thread(self._notes.remove, label, version)
        return brought

    async def _judge(self, label: Label, version: Version) -> _Judged:
        """What lint says of what is aside; without a lock, as it may take seconds."""
        async with self._judging:
            pending = self._intake.pending
            assets = await pending.assets(label, version)
            files = await admission.contents(pending, label, version, assets)
            problems = await self._check(self._catalog, label, version, files)
        errors = [str(one) for one in problems if one.is_error]
        wrong = (*admission.missing(self._catalog, label, files), *errors)
        # Of the files that lint has read, metadata.yaml alone says more than that they are good.
        bare = Release(label=label, version=version, assets=assets)
        metadata = {METADATA: files[METADATA]} if METADATA in files else {}
        release = inspect(bare, self._catalog.entry(label).components, metadata)
        return _Judged(release=release, problems=problems, wrong=wrong)

    async def _found_now(self, label: Label, version: Version, judged: _Judged) -> list[str]:
        """What is wrong with a release that was judged, beside what is listed at this moment."""
        wrong = []
        if await self._intake.pending.assets(label, version) != judged.release.assets:
            wrong.append("its files were changed while lint read them")
        try:
            admission.check_names(judged.release.assets)
            await admission.check_twins([self._store], label, version)
        except ConflictError as error:
            wrong.append(str(error))
        return wrong

    async def _judge_added(
        self, label: Label, version: Version, name: AssetName, received: Received
    ) -> None:
        """Refuses a file that lint finds an error in, beside the release that it is to be added to.

        Raises:
            ConflictError: it is there already.
            RefusedError: it has one, or a name that is hardly to be told from another.
        """
        there = await self._store.assets(label, version)
        if name in there:
            raise ConflictError(f"{name} is there already")
        try:
            admission.check_names([*there, name])
        except ConflictError as error:
            raise RefusedError(str(error)) from error
        if not admission.is_read(name):
            return
        files = await admission.contents(self._store, label, version, there)
        files[name] = await asyncio.to_thread(received.place.read_bytes)
        apart, _ = await admission.check_parts(self._catalog, label, version, files)
        errors = [one for one in apart if one.is_error and one.finding.file == name]
        if errors:
            raise RefusedError(str(errors[0]))

    async def _list(self, order: Order, fetched: Fetched, author: Author) -> None:
        label, version, sums = order.label, order.version, fetched.sums
        async with self._ledger.noted(author.via, label, version, author, sums):
            await self._ledger.record(
                label, version, author, sums, anew=True, fetched=fetched.provenance
            )
            await self._intake.reveal(label, version)

    def _remember(self, plan: Plan, done: list[Brought]) -> None:
        """Keeps what was seen of each upstream, and what need not be tried again."""
        for origin, seen in plan.seen.items():
            mine = [one for one in done if one.origin == str(origin)]
            absent = {str(one): one.reason for one in mine if one.state == ABSENT}
            aside = {str(one): one.reason for one in mine if one.state == ASIDE}
            told = replace(seen, absent={**seen.absent, **absent}, aside={**seen.aside, **aside})
            self._sightings.keep(str(origin), told)


def _failed(order: Order, reason: str, cause: UpstreamError | None = None) -> Brought:
    return Brought(
        label=order.label,
        version=order.version,
        origin=str(order.origin),
        state=FAILED,
        reason=reason,
        cause=cause,
    )


def _lacks(components: str, order: Order, fetched: Fetched) -> bool:
    """Whether components were only guessed to be there, and are not."""
    return components in {file.name for file in order.files} and components not in fetched.sums
