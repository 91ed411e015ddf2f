"""What upstreams have, as something to be sent for: the repository as their proxy.

Rules kept here:
- only labels that the configuration allows are fetched, each from the one origin that it names;
- the providers of one source come together, so that none is ahead of another: clusterctl takes one
  version for all of them;
- programs, and templates that upstream does not list, come singly, when they are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from capirepo.core.names import CLUSTERCTL, AssetName, ProviderType, provider_of
from capirepo.core.release import is_template
from capirepo.core.version import latest
from capirepo.services.beyond import Offer
from capirepo.services.courier import Errand
from capirepo.services.ledger import FETCHED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

    from capirepo.core.catalog import Catalog
    from capirepo.core.mirror import Origin
    from capirepo.core.names import Label, Source
    from capirepo.core.version import Version
    from capirepo.outside import UpstreamError
    from capirepo.ports import Store
    from capirepo.services.errands import Errands
    from capirepo.services.ledger import Ledger
    from capirepo.services.listings import Listings


class Stash:
    """A Beyond that fetches.

    Args:
        origins: who may be fetched, and from where.
        catalog: who has which source.
        store: what is here.
        listings: what upstreams list.
        errands: has things fetched.
        ledger: knows which releases were fetched.
        arrived: has what is new looked at.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts that it works with
        self,
        origins: Mapping[Label, Origin],
        catalog: Catalog,
        store: Store,
        listings: Listings,
        errands: Errands,
        ledger: Ledger,
        arrived: Callable[[], Awaitable[object]],
    ) -> None:
        self._origins = origins
        self._sources = catalog.group(origins)
        self._store = store
        self._listings = listings
        self._errands = errands
        self._ledger = ledger
        self._arrived = arrived

    @property
    def labels(self) -> Collection[Label]:
        """Every label that may be fetched."""
        return self._origins.keys()

    def labels_of(self, source: Source) -> tuple[Label, ...]:
        """Those that clients look for under `source`."""
        return self._sources.get(source, ())

    async def versions(self, labels: Collection[Label]) -> Offer:
        """What upstreams list of any of these labels, but for what is known to be no good."""
        found: set[Version] = set()
        trouble: UpstreamError | None = None
        for origin, members in self._by_origin(labels):
            providers = [label for label in members if label != CLUSTERCTL] or members
            offer = await self._listings.offer(origin)
            trouble = trouble or offer.trouble
            found.update(one for one in offer.versions if self._errands.is_good(providers, one))
        return Offer(frozenset(found), trouble)

    async def bring(
        self, labels: Collection[Label], version: Version, name: AssetName | None = None
    ) -> str:
        """Brings a version of these labels, or the one file that matters."""
        if not self._by_origin(labels):
            return "upstream.providers does not say that it may be fetched"
        reasons = [
            await self._bring(origin, members, version, name)
            for origin, members in self._by_origin(labels)
        ]
        return "; ".join(dict.fromkeys(filter(None, reasons)))

    async def _bring(
        self, origin: Origin, members: Sequence[Label], version: Version, name: AssetName | None
    ) -> str:
        if name is not None and await self._have(members, version, name):
            # Somebody else has brought it, and the library has not looked since.
            await self._arrived()
            return ""
        reasons: dict[Label, str] = {}
        if any(one != CLUSTERCTL for one in members) and not (name and _is_program(name)):
            group = [one for one, at in self._origins.items() if at == origin and one != CLUSTERCTL]
            lacking = [one for one in group if not await self._store.assets(one, version)]
            if lacking:
                newest = await self._newest(group)
                reasons = await self._errands.run(Errand(origin, version, tuple(lacking)))
                await self._level(origin, newest, lacking)
            else:
                await self._arrived()
        if name is not None:
            takers = [one for one in members if await self._may_take(origin, one, version, name)]
            reasons |= await self._errands.run(Errand(origin, version, tuple(takers), name))
        return next((reasons[one] for one in members if one in reasons), "")

    async def _newest(self, labels: Collection[Label]) -> Version | None:
        """The newest version of any of these labels that is here."""
        return latest([one for label in labels for one in await self._store.versions(label)])

    async def _level(
        self, origin: Origin, newest: Version | None, labels: Collection[Label]
    ) -> None:
        """Has the newest version of a source fetched for those of it that are new here.

        A list names what all of them have: without it an older version that somebody asked for
        would be the latest of all, once upstream is gone.
        """
        if newest is not None:
            lacking = [one for one in labels if not await self._store.assets(one, newest)]
            self._errands.send(Errand(origin, newest, tuple(lacking)))

    async def _have(self, members: Sequence[Label], version: Version, name: AssetName) -> bool:
        return any([name in await self._store.assets(one, version) for one in members])

    async def _may_take(
        self, origin: Origin, label: Label, version: Version, name: AssetName
    ) -> bool:
        """Whether a file that did not come with its release may be one of it all the same."""
        if not (_is_program(name) if label == CLUSTERCTL else is_template(name)):
            return False
        there = await self._store.assets(label, version)
        if there and self._ledger.record_of(label, version).get("via") not in FETCHED:
            # A release of one's own is never mixed with what upstream calls the same.
            return False
        if label == CLUSTERCTL:
            return True
        provider = provider_of(label)
        has_templates = provider is not None and provider.type is ProviderType.INFRASTRUCTURE
        return bool(there) and name not in there and (has_templates or origin.source is None)

    def _by_origin(self, labels: Collection[Label]) -> list[tuple[Origin, tuple[Label, ...]]]:
        allowed = [label for label in labels if label in self._origins]
        origins = dict.fromkeys(self._origins[label] for label in allowed)
        return [
            (origin, tuple(label for label in allowed if self._origins[label] == origin))
            for origin in origins
        ]


def _is_program(name: str) -> bool:
    return name.startswith(f"{CLUSTERCTL}-")
