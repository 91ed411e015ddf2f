"""Puts together what fetches into a ROOT while it is served."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from capirepo.core.names import CLUSTERCTL
from capirepo.mirroring import upstreams
from capirepo.repository import largest_file, make_publishing
from capirepo.services.courier import Counts, Courier, Errand
from capirepo.services.errands import Errands
from capirepo.services.fetch import Limits
from capirepo.services.listings import Listings
from capirepo.services.mirror import Mirror
from capirepo.services.stash import Stash
from capirepo.store.fs import STATE, FolderStore
from capirepo.store.intake import LOCKS, STASH, FolderIntake
from capirepo.store.locks import held
from capirepo.store.records import FileRecords
from capirepo.store.sightings import FileSightings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from capirepo.repository import Repository


@dataclass(frozen=True, slots=True)
class Caching:
    """What fetches into a repository, and what has come of it."""

    stash: Stash
    counts: Counts


@contextlib.asynccontextmanager
async def caching(
    repository: Repository, arrived: Callable[[], Awaitable[object]], via: str
) -> AsyncIterator[Caching]:
    """What fetches into a ROOT; errands and connections end with the context.

    Args:
        repository: with who may be fetched, and how.
        arrived: has what is new looked at.
        via: by what name we are known to those whom we ask.

    Raises:
        BadInputError: as `upstreams`.
    """
    settings = repository.settings
    said, locks = settings.upstream, repository.root / STATE / LOCKS
    store, catalog = FolderStore(repository.root), settings.catalog()

    def alone(errand: Errand) -> contextlib.AbstractAsyncContextManager[None]:
        # A program is large, and nobody who wants YAML should wait for it.
        program = errand.name if CLUSTERCTL in errand.labels else ""
        what = f"{errand.origin} {errand.version} {program}".encode()
        return held(locks / f"fetch-{hashlib.sha256(what).hexdigest()[:32]}", None)

    async with upstreams(repository, via) as opening:
        mirror = Mirror(
            store,
            FolderIntake(repository.root, STASH),
            FileRecords(repository.state / "stashed", lasting=False),
            make_publishing(repository).ledger,
            FileSightings(repository.state / "upstreams", locks / "mirror"),
            catalog,
            Limits(size=largest_file(settings)),
        )
        listings = Listings(opening, said.list_seconds, said.list_wait)
        courier = Courier(catalog, store, mirror, listings, opening, alone)
        errands = Errands(courier, listings, arrived, said.absent_seconds)
        stash = Stash(settings.origins(), catalog, store, listings, errands, arrived)
        try:
            yield Caching(stash, courier.counts)
        finally:
            await errands.close()
            await listings.close()
