"""Does one errand: finds out what is lacking, and has the mirror bring it.

Whole releases are brought as a mirror brings them: verified, judged by lint, listed with their
provenance. A single file is added to its release.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from capirepo.core.mirror import Origin, Wanted
from capirepo.core.names import AssetName
from capirepo.errors import NotThereError
from capirepo.services.ledger import CACHE, Author
from capirepo.services.mirror import ASIDE, FAILED, LISTED, Watcher
from capirepo.services.plan import Order, Plan, files_by_label

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from capirepo.core.catalog import Catalog
    from capirepo.core.names import Label
    from capirepo.core.version import Version
    from capirepo.errors import StorageError
    from capirepo.outside import RemoteAsset, Upstream
    from capirepo.ports import Store
    from capirepo.services.listings import Listings
    from capirepo.services.mirror import Brought, Mirror

_AUTHOR: Final = Author(who="capirepo", via=CACHE)

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

    def __str__(self) -> str:
        return f"{self.name or ', '.join(self.labels)} {self.version} from {self.origin}"


@dataclass(frozen=True, slots=True)
class Lacking:
    """Why something cannot be had.

    Attributes:
        bad: upstream has it, and it is no good.
        listed: upstream lists the version; if it does not, its list is all that says so.
    """

    reason: str
    bad: bool = False
    listed: bool = True


@dataclass(slots=True)
class Done:
    """What has become of an errand.

    Attributes:
        lacking: by label, what cannot be had.
        trouble: what could not be fetched; None where all could.
    """

    lacking: dict[Label, Lacking]
    trouble: StorageError | None = None


@dataclass(slots=True)
class Counts:
    """What couriers have brought, since the start."""

    releases: int = 0
    files: int = 0
    size: int = 0
    failures: int = 0
    refused: int = 0


class Courier:
    """Does errands for one repository.

    Args:
        catalog: who has which components file.
        store: what is here.
        mirror: brings releases.
        listings: what upstreams list.
        upstream_for: opens an upstream.
        alone: nobody else, in this process or another, brings the same release meanwhile.

    Attributes:
        counts: what has come of it.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts that it works with
        self,
        catalog: Catalog,
        store: Store,
        mirror: Mirror,
        listings: Listings,
        upstream_for: Callable[[Origin], Upstream],
        alone: Callable[[Errand], AbstractAsyncContextManager[None]],
    ) -> None:
        self.counts = Counts()
        self._catalog = catalog
        self._store = store
        self._mirror = mirror
        self._listings = listings
        self._upstream_for = upstream_for
        self._alone = alone

    async def go(self, errand: Errand) -> Done:
        """Fetches what is lacking.

        Raises:
            UpstreamError: nobody could be asked for it.
            StorageError: it cannot be kept.
        """
        if await self._listings.denies(errand.origin, errand.version):
            reason = f"{errand.origin} lists no {errand.version}"
            return Done(dict.fromkeys(errand.labels, Lacking(reason, listed=False)))
        upstream = self._upstream_for(errand.origin)
        try:
            placed = await self._placed(errand, upstream)
        except NotThereError as error:
            return Done(dict.fromkeys(errand.labels, Lacking(str(error))))
        async with self._alone(errand):
            there = await self._still_lacking(errand)
            orders = [
                Order(
                    label=label,
                    version=errand.version,
                    origin=errand.origin,
                    upstream=upstream,
                    files=tuple(placed[label]),
                    adds=adds,
                )
                for label, adds in there.items()
                if placed.get(label)
            ]
            brought = await self._mirror.bring(Plan.of(orders), _AUTHOR, Watcher())
        reason = f"{upstream.address} has no files of it in {errand.version}"
        done = Done({label: Lacking(reason) for label in there if not placed.get(label)})
        for order, one in zip(orders, brought, strict=True):
            self._count(order, one)
            _take_note(done, one)
        return done

    async def _still_lacking(self, errand: Errand) -> dict[Label, bool]:
        """The labels that lack what is wanted, and whether they have the release all the same."""
        lacking = {}
        for label in errand.labels:
            there = await self._store.assets(label, errand.version)
            if errand.name not in there if errand.name else not there:
                lacking[label] = bool(there)
        return lacking

    async def _placed(
        self, errand: Errand, upstream: Upstream
    ) -> Mapping[Label, Sequence[RemoteAsset]]:
        """What upstream has for each label."""
        if errand.name:
            file = await upstream.asset(errand.version, AssetName(errand.name))
            return dict.fromkeys(errand.labels, (file,))
        wanted = [Wanted(label=one, origin=errand.origin, rules=()) for one in errand.labels]
        return files_by_label(self._catalog, wanted, await upstream.assets(errand.version))

    def _count(self, order: Order, brought: Brought) -> None:
        self.counts.files += brought.files
        self.counts.size += brought.size
        self.counts.releases += brought.state == LISTED and not order.adds
        self.counts.refused += brought.state == ASIDE


def _take_note(done: Done, brought: Brought) -> None:
    """What has become of one order."""
    if brought.state == LISTED:
        log.info("fetched %s from %s: %d bytes", brought, brought.origin, brought.size)
    elif brought.state == FAILED and brought.cause is not None:
        done.trouble = done.trouble or brought.cause
    else:
        # What we ourselves refuse is no trouble of upstream's, and does not heal.
        log.warning("%s from %s is not listed: %s", brought, brought.origin, brought.reason)
        done.lacking[brought.label] = Lacking(f"{brought}: {brought.reason}", bad=True)
