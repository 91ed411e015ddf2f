"""Puts together what mirrors into a ROOT, and the client through which it asks upstreams."""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from capirepo.core.catalog import Catalog
from capirepo.repository import largest_file, make_publishing, user
from capirepo.services.drift import Comparer
from capirepo.services.fetch import Limits
from capirepo.services.ledger import MIRROR, Author, Ledger
from capirepo.services.linting import Linters
from capirepo.services.mirror import Mirror
from capirepo.services.prune import Pruner
from capirepo.services.survey import Surveyor
from capirepo.store.fs import FolderStore
from capirepo.store.intake import ASIDE, LOCKS, FolderIntake, sweep_state
from capirepo.store.records import FileRecords
from capirepo.store.sightings import FileSightings
from capirepo.store.staging import STATE
from capirepo.upstream.choose import Access, upstream_for
from capirepo.upstream.http import Http
from capirepo.upstream.ways import Proxies
from capirepo.upstream.wire import Outside, trusting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from capirepo.config import Settings
    from capirepo.core.mirror import Origin
    from capirepo.outside import Upstream
    from capirepo.repository import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirroring:
    """What mirrors into a repository, in the order of its use.

    Attributes:
        author: who mirrors.
    """

    sightings: FileSightings
    surveyor: Surveyor
    mirror: Mirror
    comparer: Comparer
    pruner: Pruner
    store: FolderStore
    ledger: Ledger
    author: Author


@contextlib.asynccontextmanager
async def mirroring(repository: Repository) -> AsyncIterator[Mirroring]:
    """What mirrors into a ROOT; connections to upstreams end with the context."""
    store, intake = FolderStore(repository.root), FolderIntake(repository.root, ASIDE)
    catalog, ledger = repository.settings.catalog(), make_publishing(repository).ledger
    sightings = sightings_of(repository)
    limits = Limits(size=largest_file(repository.settings))
    notes = FileRecords(repository.state / "fetched", lasting=False)
    async with upstreams(repository) as opening, Linters() as linters:
        yield Mirroring(
            sightings=sightings,
            surveyor=Surveyor(store, intake.pending, ledger, sightings, catalog, opening),
            mirror=Mirror(store, intake, notes, ledger, sightings, catalog, limits, linters.check),
            comparer=Comparer(store, ledger, catalog, opening),
            pruner=Pruner(store, intake, ledger),
            store=store,
            ledger=ledger,
            author=Author(who=user(), via=MIRROR),
        )


def sightings_of(repository: Repository) -> FileSightings:
    """What was seen of upstreams, and the lock that keeps another mirror away."""
    return FileSightings(repository.state / "upstreams", repository.root / STATE / LOCKS / "mirror")


@contextlib.asynccontextmanager
async def upstreams(
    repository: Repository, via: str = ""
) -> AsyncIterator[Callable[[Origin], Upstream]]:
    """What opens upstreams, each once, over one client; tokens and proxies are the environment's.

    Args:
        repository: says how upstreams are asked.
        via: by what name we are known to them; '' for none.

    Raises:
        BadInputError: the environment, or the file of `upstream.ca`, is not what it must be.
    """
    said = repository.settings.upstream
    access = Access.of(os.environ, goproxy=said.goproxy)
    tls = trusting(said.ca) if said.ca else None
    outside = Outside(proxies=Proxies.of(os.environ), tls=tls, via=via)
    catalog = _as_wanted(repository.settings)
    opened: dict[Origin, Upstream] = {}

    async with Http(outside) as http:

        def opening(origin: Origin) -> Upstream:
            if origin not in opened:
                where = origin.source or origin.address
                opened[origin] = upstream_for(
                    where, origin.label, http=http, access=access, catalog=catalog
                )
            return opened[origin]

        yield opening


def _as_wanted(settings: Settings) -> Catalog:
    """The catalog, with each label at the source from which it is wanted."""
    catalog = settings.catalog()
    sources = {one.label: one.origin.source for one in settings.wanted()}
    moved = (replace(catalog.entry(label), source=at) for label, at in sources.items() if at)
    return Catalog([*catalog.entries(), *moved])


async def sweep_leftovers(repository: Repository) -> None:
    """Removes what killed processes have left half-written."""
    await asyncio.to_thread(sweep_state, repository.root)
