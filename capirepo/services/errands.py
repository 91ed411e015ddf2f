"""Has what is asked for fetched: once however many ask, and not at all where that is in vain.

Rules kept here:
- whole releases are brought as a mirror brings them: verified, judged by lint, listed with their
  provenance; a single file is added to its release;
- whoever leaves ends nothing, and whoever comes meanwhile waits for the same;
- what upstream has not is remembered for a while, what could not be fetched for a moment.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from capirepo.core.mirror import Origin, Wanted
from capirepo.core.names import AssetName
from capirepo.errors import CapirepoError, NotThereError
from capirepo.outside import UpstreamError
from capirepo.services.ledger import Author
from capirepo.services.memory import Memory
from capirepo.services.mirror import FAILED, LISTED, Watcher
from capirepo.services.plan import Order, Plan, files_by_label

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from capirepo.core.catalog import Catalog
    from capirepo.core.names import Label
    from capirepo.core.version import Version
    from capirepo.outside import RemoteAsset, Upstream
    from capirepo.ports import Store
    from capirepo.services.listings import Listings, Patience
    from capirepo.services.mirror import Brought, Mirror

    Key = tuple[Label, Version, str]

CACHE: Final = "cache"
"""The way in which a cache brings releases."""

_AUTHOR: Final = Author(who="capirepo", via=CACHE)
# Whoever comes in the moment after a failure has the same answer, and upstream has its peace.
_FAILURE_SECONDS: Final = 5.0

log = logging.getLogger("capirepo.upstream")


@dataclass(frozen=True, slots=True)
class Errand:
    """Something to be fetched.

    Attributes:
        origin: where it is.
        version: of each label.
        labels: whose releases.
        name: the one file that is wanted; '' for whole releases.
    """

    origin: Origin
    version: Version
    labels: tuple[Label, ...]
    name: str = ""

    def key(self, label: Label) -> Key:
        """What it is remembered by, for one of its labels."""
        return label, self.version, self.name

    def __str__(self) -> str:
        return f"{self.name or ', '.join(self.labels)} {self.version} from {self.origin}"


@dataclass(frozen=True, slots=True)
class _Lacking:
    """Why something cannot be had; `bad` where upstream has it, and it is no good."""

    reason: str
    bad: bool


@dataclass(slots=True)
class Counts:
    """What has come of errands, since the start."""

    releases: int = 0
    files: int = 0
    size: int = 0
    failures: int = 0


class Errands:
    """Runs errands into one repository.

    Args:
        catalog: who has which components file.
        store: what is here.
        mirror: brings releases.
        listings: what upstreams list.
        upstream_for: opens an upstream.
        alone: nobody else, in this process or another, fetches that release meanwhile.
        arrived: has what is new looked at.
        patience: how long things count.
        clock: the time in seconds, which never goes back.

    Attributes:
        counts: what has come of them.
    """

    def __init__(  # noqa: PLR0913 - the parts that it works with
        self,
        *,
        catalog: Catalog,
        store: Store,
        mirror: Mirror,
        listings: Listings,
        upstream_for: Callable[[Origin], Upstream],
        alone: Callable[[Errand], AbstractAsyncContextManager[None]],
        arrived: Callable[[], Awaitable[object]],
        patience: Patience,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.counts = Counts()
        self._catalog = catalog
        self._store = store
        self._mirror = mirror
        self._listings = listings
        self._upstream_for = upstream_for
        self._alone = alone
        self._arrived = arrived
        self._patience = patience
        self._out: dict[Errand, asyncio.Task[None]] = {}
        self._lacking: Memory[Key, _Lacking] = Memory(clock)
        self._failing: Memory[Key, UpstreamError] = Memory(clock)

    async def run(self, errand: Errand) -> None:
        """Sends for something; what is known to be lacking is left out.

        Raises:
            UpstreamError: it cannot be fetched, or not in the time that it is waited for.
            StorageError: it cannot be kept.
        """
        labels = [one for one in errand.labels if not self._lacking.recall(errand.key(one))]
        if not labels:
            return
        errand = replace(errand, labels=tuple(labels))
        for label in labels:
            if (error := self._failing.recall(errand.key(label))) is not None:
                raise _again(error) from error.__cause__
        task = self._out.get(errand)
        if task is None:
            task = asyncio.create_task(self._fetch(errand), name=f"fetch {errand}")
            self._out[errand] = task
            task.add_done_callback(lambda task: self._end(errand, task))
        done, _ = await asyncio.wait([task], timeout=self._patience.fetch)
        if not done:
            raise UpstreamError(
                f"{errand} is still being fetched",
                cure="ask again in a while",
                address=str(errand.origin),
            ) from TimeoutError()
        task.result()

    def reason(self, labels: Collection[Label], version: Version, name: str) -> str:
        """Why a file of a version of these labels cannot be had; '' where that is not known."""
        keys = [(label, version, of) for label in labels for of in dict.fromkeys((name, ""))]
        found = (self._lacking.recall(key) for key in keys)
        return next((one.reason for one in found if one), "")

    def is_good(self, labels: Collection[Label], version: Version) -> bool:
        """Whether nothing is known against a version, which is more than that some lack it."""
        keys = [(label, version, "") for label in labels]
        lacking = [found for key in keys if (found := self._lacking.recall(key))]
        failing = any(self._failing.recall(key) for key in keys)
        return not (failing or len(lacking) == len(keys) or any(one.bad for one in lacking))

    async def close(self) -> None:
        """Ends what is out; what was fetched so far is found by the next."""
        tasks = [*self._out.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _end(self, errand: Errand, task: asyncio.Task[None]) -> None:
        del self._out[errand]
        if not task.cancelled():
            # All who asked may have left: asyncio need not say that nobody wants to know.
            task.exception()

    async def _fetch(self, errand: Errand) -> None:
        """Fetches, and remembers what cannot be had."""
        try:
            async with self._alone(errand):
                await self._order(errand)
        except NotThereError as error:
            self._note_lacking(errand, errand.labels, str(error))
        except UpstreamError as error:
            self._note_failing(errand, error)
            raise
        except CapirepoError as error:
            self.counts.failures += 1
            log.error("%s cannot be kept: %s", errand, error)  # noqa: TRY400 - no traceback
            raise

    async def _order(self, errand: Errand) -> None:
        """Has the mirror bring what is still lacking; nobody else is at it."""
        lacking = await self._still_lacking(errand)
        if not lacking:
            return
        upstream, version = self._upstream_for(errand.origin), errand.version
        if await self._listings.denies(errand.origin, version):
            raise NotThereError(f"{upstream.address} lists no {version}")
        placed: Mapping[Label, Sequence[RemoteAsset]]
        if errand.name:
            file = await upstream.asset(version, AssetName(errand.name))
            placed = dict.fromkeys(lacking, (file,))
        else:
            wanted = [Wanted(label=one, origin=errand.origin, rules=()) for one in lacking]
            placed = files_by_label(self._catalog, wanted, await upstream.assets(version))
        orders = [
            Order(
                label=label,
                version=version,
                origin=errand.origin,
                upstream=upstream,
                files=tuple(placed[label]),
                adds=adds,
            )
            for label, adds in lacking.items()
            if placed.get(label)
        ]
        brought = await self._mirror.bring(Plan.of(orders), _AUTHOR, Watcher())
        await self._arrived()
        missing = [label for label in lacking if not placed.get(label)]
        self._note_lacking(errand, missing, f"{upstream.address} has no files of it in {version}")
        self._take_note(errand, brought)

    async def _still_lacking(self, errand: Errand) -> dict[Label, bool]:
        """The labels that lack what is wanted, and whether they have the release all the same."""
        lacking = {}
        for label in errand.labels:
            there = await self._store.assets(label, errand.version)
            if errand.name not in there if errand.name else not there:
                lacking[label] = bool(there)
        return lacking

    def _take_note(self, errand: Errand, brought: Sequence[Brought]) -> None:
        """Remembers what became of each order.

        Raises:
            UpstreamError: something could not be fetched.
        """
        self.counts.files += sum(one.files for one in brought)
        self.counts.size += sum(one.size for one in brought)
        self.counts.releases += sum(one.state == LISTED for one in brought)
        for one in brought:
            if one.state == LISTED:
                log.info("fetched %s from %s: %d bytes", one, one.origin, one.size)
            elif one.state != FAILED:
                log.warning("%s from %s is not listed: %s", one, one.origin, one.reason)
                self._note_lacking(errand, [one.label], f"{one}: {one.reason}", bad=True)
        for one in brought:
            if one.state == FAILED:
                raise one.cause or UpstreamError(one.reason, address=one.origin)

    def _note_lacking(
        self, errand: Errand, labels: Collection[Label], reason: str, *, bad: bool = False
    ) -> None:
        for label in labels:
            lacking = _Lacking(reason, bad=bad)
            self._lacking.keep(errand.key(label), lacking, self._patience.absent)

    def _note_failing(self, errand: Errand, error: UpstreamError) -> None:
        self.counts.failures += 1
        log.warning("%s cannot be fetched: %s", errand, error)
        for label in errand.labels:
            self._failing.keep(errand.key(label), error, _FAILURE_SECONDS)
        if error.status is not None or error.retry_after is not None or error.__cause__:
            # It is the host, and not just this file.
            self._listings.doubt(errand.origin)


def _again(error: UpstreamError) -> UpstreamError:
    """The same error once more, without the traceback of the first time."""
    return UpstreamError(
        str(error), address=error.address, status=error.status, retry_after=error.retry_after
    )
