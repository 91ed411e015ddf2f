"""Puts together what fetches into a ROOT while it is served."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from capirepo.core.names import CLUSTERCTL
from capirepo.mirroring import sightings_of, upstreams
from capirepo.repository import largest_file, make_publishing
from capirepo.services.courier import Counts, Courier, Errand
from capirepo.services.errands import Errands
from capirepo.services.fetch import Limits
from capirepo.services.listings import Listings
from capirepo.services.mirror import Mirror
from capirepo.services.stash import Stash
from capirepo.store.fs import FolderStore
from capirepo.store.intake import LOCKS, STASH, FolderIntake
from capirepo.store.locks import held
from capirepo.store.records import FileRecords
from capirepo.store.staging import STATE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from capirepo.ports import Findings
    from capirepo.repository import Repository


@dataclass(frozen=True, slots=True)
class Caching:
    """What fetches into a repository, and what has come of it."""

    stash: Stash
    counts: Counts


@contextlib.asynccontextmanager
async def _alone(queue: asyncio.Lock, locks: Path, what: str) -> AsyncIterator[None]:
    """Those of this process queue up; only the first of them looks at the disk."""
    name = hashlib.sha256(what.encode()).hexdigest()[:32]
    async with queue, held(locks / f"fetch-{name}", None):
        yield


@contextlib.asynccontextmanager
async def caching(
    repository: Repository,
    findings: Findings,
    arrived: Callable[[], Awaitable[object]],
    via: str,
) -> AsyncIterator[Caching]:
    """What fetches into a ROOT; errands and connections end with the context.

    Args:
        repository: with who may be fetched, and how.
        findings: of the library, which need not inspect what lint has read.
        arrived: has what is new looked at.
        via: by what name we are known to those whom we ask.

    Raises:
        BadInputError: as `upstreams`.
    """
    settings = repository.settings
    said, locks = settings.upstream, repository.root / STATE / LOCKS
    store, catalog = FolderStore(repository.root), settings.catalog()
    origins, ledger = settings.origins(), make_publishing(repository).ledger
    queues: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def alone(errand: Errand) -> contextlib.AbstractAsyncContextManager[None]:
        # A program is large, and nobody who wants YAML should wait for it.
        program = errand.name if CLUSTERCTL in errand.labels else ""
        what = f"{errand.origin} {errand.version} {program}"
        return _alone(queues.setdefault(what, asyncio.Lock()), locks, what)

    async with upstreams(repository, via) as opening:
        for origin in origins.values():
            # An address that is none is said now, and not to each who asks.
            opening(origin)
        mirror = Mirror(
            store,
            FolderIntake(repository.root, STASH),
            FileRecords(repository.state / "stashed", lasting=False),
            ledger,
            sightings_of(repository),
            catalog,
            Limits(size=largest_file(settings)),
            findings=findings,
        )
        listings = Listings(opening, said.list_seconds, said.list_wait)
        courier = Courier(catalog, store, mirror, listings, opening, alone)
        errands = Errands(courier, listings, arrived, said.absent_seconds)
        stash = Stash(origins, catalog, store, listings, errands, ledger, arrived)
        try:
            yield Caching(stash, courier.counts)
        finally:
            await errands.close()
            await listings.close()
