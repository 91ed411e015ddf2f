"""Puts together what fetches into a ROOT while it is served."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from capirepo.mirroring import upstreams
from capirepo.repository import largest_file, make_publishing
from capirepo.services.errands import Errand, Errands
from capirepo.services.fetch import Limits
from capirepo.services.listings import Listings, Patience
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
    """What fetches into a repository, and runs its errands."""

    stash: Stash
    errands: Errands


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
    patience = Patience(
        fresh=said.list_seconds,
        absent=said.absent_seconds,
        moment=said.list_wait,
        fetch=said.fetch_wait,
    )

    def alone(errand: Errand) -> contextlib.AbstractAsyncContextManager[None]:
        release = f"{errand.origin} {errand.version}".encode()
        return held(locks / f"fetch-{hashlib.sha256(release).hexdigest()[:32]}", None)

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
        listings = Listings(opening, patience)
        errands = Errands(
            catalog=catalog,
            store=store,
            mirror=mirror,
            listings=listings,
            upstream_for=opening,
            alone=alone,
            arrived=arrived,
            patience=patience,
        )
        try:
            yield Caching(Stash(settings.origins(), catalog, store, listings, errands), errands)
        finally:
            await errands.close()
            await listings.close()
