"""Finds out what a mirror has to do: asks each upstream what there is, and looks what is here.

Rules kept here:
- an upstream is asked for its versions at most once, and with the tag of the last answer; it is not
  asked at all where only versions are wanted that are named;
- of a release that is here, nothing is asked;
- an upstream that cannot be asked is a problem of its own labels only.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from capirepo.core.mirror import choose, program_for
from capirepo.core.names import CORE_LABEL
from capirepo.errors import BadInputError, CapirepoError, NotThereError
from capirepo.outside import Listing, RemoteAsset, Seen, UpstreamError
from capirepo.services.plan import (
    Order,
    Plan,
    against_lock,
    files_by_label,
    files_of,
    lacking_programs,
)
from capirepo.services.tasks import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from capirepo.core.catalog import Catalog
    from capirepo.core.lock import Lock
    from capirepo.core.mirror import Origin, Wanted
    from capirepo.core.names import Label
    from capirepo.core.version import Version
    from capirepo.outside import Sightings, Upstream
    from capirepo.ports import Store
    from capirepo.services.ledger import Ledger

QUESTIONS: Final = 8
"""How many questions are asked at once."""

# What one upstream may do without an end to all: it says no, fails, or cannot be made.
PASSING: Final = (NotThereError, UpstreamError, BadInputError)


@dataclass(slots=True)
class _Draft:
    """A plan that is being made."""

    orders: list[Order] = field(default_factory=list)
    held: list[tuple[Label, Version]] = field(default_factory=list)
    wanted: dict[Label, frozenset[Version]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unsure: set[Label] = field(default_factory=set)
    seen: dict[Origin, Seen] = field(default_factory=dict)

    def pass_over(self, wanted: Wanted, version: Version, reason: str) -> None:
        """Takes note of a release that upstream has nothing of."""
        sentence = f"{wanted.label} {version}: {reason}"
        (self.problems if version in wanted.pinned else self.notes).append(sentence)
        if version == max(self.wanted[wanted.label]):
            # Its files may be on their way: what it is to replace must stay meanwhile.
            self.unsure.add(wanted.label)
        seen = self.seen.get(wanted.origin)
        if seen is not None:
            absent = {**seen.absent, f"{wanted.label} {version}": reason}
            self.seen[wanted.origin] = replace(seen, absent=absent)


class Surveyor:
    """Makes plans for one repository.

    Args:
        store: what is here.
        aside: what was fetched and is no release.
        ledger: knows the digests of what is here.
        sightings: what was seen of each upstream.
        catalog: who has which components file.
        upstream_for: opens an upstream.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts that it works with
        self,
        store: Store,
        aside: Store,
        ledger: Ledger,
        sightings: Sightings,
        catalog: Catalog,
        upstream_for: Callable[[Origin], Upstream],
    ) -> None:
        self._store = store
        self._aside = aside
        self._ledger = ledger
        self._sightings = sightings
        self._catalog = catalog
        self._upstream_for = upstream_for

    async def plan(
        self,
        wanted: Sequence[Wanted],
        only: frozenset[Label] | None = None,
        lock: Lock | None = None,
    ) -> Plan:
        """What is to be done.

        Args:
            wanted: all that the configuration wants.
            only: the labels that matter now; None for all.
            lock: the releases that are wanted instead, with their digests.

        Raises:
            StorageError: the repository cannot be read.
        """
        draft = _Draft()
        asked = [one for one in wanted if only is None or one.label in only]
        if lock is None:
            await self._list(draft, wanted, asked)
            _choose(draft, wanted, asked)
        else:
            for one in asked:
                draft.wanted[one.label] = frozenset(lock.get(one.label, ()))
            draft.problems += [
                f"{label}: the lock names it, and the configuration does not want it"
                for label in sorted(lock.keys() - {one.label for one in wanted})
            ]
        lacking = [
            (one, version)
            for one in asked
            for version in sorted(draft.wanted[one.label], reverse=True)
            if not await self._settled(draft, one, version, lock)
        ]
        await self._order(draft, lacking, lock)
        return Plan(
            orders=tuple(draft.orders),
            held=tuple(draft.held),
            wanted=draft.wanted,
            problems=tuple(draft.problems),
            notes=tuple(draft.notes),
            unsure=frozenset(draft.unsure),
            seen=draft.seen,
        )

    async def _list(self, draft: _Draft, wanted: Sequence[Wanted], asked: Sequence[Wanted]) -> None:
        """Asks for the versions of every upstream from which some must be chosen."""
        needed = {one.label for one in asked if one.needs_listing}
        if any(one.matches for one in asked):
            needed.add(CORE_LABEL)
        origins = dict.fromkeys(
            one.origin for one in wanted if one.label in needed and one.needs_listing
        )
        for origin, found in zip(
            origins, await side_by_side(QUESTIONS, self._look, origins, "list"), strict=True
        ):
            if isinstance(found, Seen):
                draft.seen[origin] = found
            else:
                draft.problems.append(f"{origin}: {found}")
                draft.unsure.update(one.label for one in wanted if one.origin == origin)

    async def _look(self, origin: Origin) -> Seen | CapirepoError:
        known = self._sightings.recall(str(origin))
        try:
            listing = await self._upstream_for(origin).versions(known.listing.tag if known else "")
        except PASSING as error:
            return error
        if listing.unchanged and known is not None:
            return known
        return Seen(listing=listing, absent={}, aside={})

    async def _settled(
        self, draft: _Draft, wanted: Wanted, version: Version, lock: Lock | None
    ) -> bool:
        """Whether nothing need be asked about a release."""
        there = await self._store.assets(wanted.label, version)
        programs = [] if lock else [program_for(one) for one in wanted.platforms]
        stems = {name.removesuffix(".exe") for name in there}
        if there and stems.issuperset(programs):
            draft.held.append((wanted.label, version))
            if lock is not None:
                self._compare(draft, wanted.label, version, lock)
            return True
        return lock is None and await self._known(draft, wanted, version)

    async def _known(self, draft: _Draft, wanted: Wanted, version: Version) -> bool:
        """Whether a release is not to be had, by what upstream said when its listing was new."""
        seen, key = draft.seen.get(wanted.origin), f"{wanted.label} {version}"
        if seen is None:
            return False
        if key in seen.absent:
            draft.pass_over(wanted, version, seen.absent[key])
            return True
        # Whoever takes it out of there wants it tried again.
        if key not in seen.aside or not await self._aside.assets(wanted.label, version):
            return False
        draft.problems.append(f"{key}: {seen.aside[key]}")
        draft.unsure.add(wanted.label)
        return True

    def _compare(self, draft: _Draft, label: Label, version: Version, lock: Lock) -> None:
        held = self._ledger.record_of(label, version).get("assets", {})
        for name, digest in lock[label][version].items():
            ours = held.get(name, {}).get("sha256", "unknown")
            if ours != digest:
                draft.problems.append(
                    f"{label} {version} {name}: ours has the digest {ours}, the lock {digest}"
                )

    async def _order(
        self, draft: _Draft, lacking: Sequence[tuple[Wanted, Version]], lock: Lock | None
    ) -> None:
        """Asks for the files of what is lacking: once a release of an upstream."""
        releases: dict[tuple[Origin, Version], list[Wanted]] = {}
        for wanted, version in lacking:
            releases.setdefault((wanted.origin, version), []).append(wanted)
        ask = partial(self._ask, {} if lock is None else lock, releases)
        answers = await side_by_side(QUESTIONS, ask, releases, "ask for files")
        for ((origin, version), members), answer in zip(releases.items(), answers, strict=True):
            if isinstance(answer, NotThereError):
                for wanted in members:
                    draft.pass_over(wanted, version, str(answer))
            elif isinstance(answer, CapirepoError):
                draft.problems.append(f"{origin} {version}: {answer}")
                draft.unsure.update(wanted.label for wanted in members)
            else:
                placed = files_by_label(self._catalog, members, answer)
                for wanted in members:
                    await self._add(draft, wanted, version, placed.get(wanted.label, ()), lock)

    async def _ask(
        self,
        lock: Lock,
        releases: Mapping[tuple[Origin, Version], Sequence[Wanted]],
        release: tuple[Origin, Version],
    ) -> tuple[RemoteAsset, ...] | CapirepoError:
        """The files of a release; also those that only the lock names, and upstream has."""
        origin, version = release
        locked = {
            name for one in releases[release] for name in lock.get(one.label, {}).get(version, ())
        }
        try:
            return await files_of(self._upstream_for(origin), version, locked)
        except PASSING as error:
            return error

    async def _add(
        self,
        draft: _Draft,
        wanted: Wanted,
        version: Version,
        files: Sequence[RemoteAsset],
        lock: Lock | None,
    ) -> None:
        """Orders what is wanted of the files of one label."""
        there = await self._store.assets(wanted.label, version)
        locked = lock[wanted.label][version] if lock else {}
        chosen = tuple(
            file
            for file in files
            if file.name not in there and (file.name in locked if lock else wanted.takes(file.name))
        )
        wrong = against_lock(files, locked) if lock else lacking_programs(wanted, files)
        draft.problems += [f"{wanted.label} {version}: {one}" for one in wrong]
        if wrong:
            draft.unsure.add(wanted.label)
        if there and not chosen:
            draft.held.append((wanted.label, version))
        elif not chosen:
            if not wrong:
                draft.pass_over(wanted, version, "upstream has no files of it")
        elif not (wrong and lock):
            draft.orders.append(
                Order(
                    label=wanted.label,
                    version=version,
                    origin=wanted.origin,
                    upstream=self._upstream_for(wanted.origin),
                    files=chosen,
                    locked=locked,
                    adds=bool(there),
                )
            )


def _choose(draft: _Draft, wanted: Sequence[Wanted], asked: Sequence[Wanted]) -> None:
    nothing = Seen(listing=Listing(versions=()), absent={}, aside={})
    core = next((one for one in wanted if one.label == CORE_LABEL), None)
    matching: tuple[Version, ...] = ()
    if core is not None:
        listed = draft.seen.get(core.origin, nothing).listing.versions
        matching = choose(core, listed).versions
    for one in asked:
        listed = draft.seen.get(one.origin, nothing).listing.versions
        choice = choose(one, listed, matching)
        draft.wanted[one.label] = frozenset(choice.versions)
        follows = one.matches and CORE_LABEL in draft.unsure
        if follows or choice.problems:
            # What was said of the upstream need not be said of each of its labels.
            draft.problems += [] if one.label in draft.unsure or follows else choice.problems
            draft.unsure.add(one.label)
