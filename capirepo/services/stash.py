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
from capirepo.services.errands import Errand, Errands

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from capirepo.core.catalog import Catalog
    from capirepo.core.mirror import Origin
    from capirepo.core.names import Label, Source
    from capirepo.core.version import Version
    from capirepo.ports import Store
    from capirepo.services.listings import Listings


class Stash:
    """A Beyond that fetches.

    Args:
        origins: who may be fetched, and from where.
        catalog: who has which source.
        store: what is here.
        listings: what upstreams list.
        errands: fetches.
    """

    def __init__(
        self,
        origins: Mapping[Label, Origin],
        catalog: Catalog,
        store: Store,
        listings: Listings,
        errands: Errands,
    ) -> None:
        self._origins = origins
        self._catalog = catalog
        self._store = store
        self._listings = listings
        self._errands = errands

    @property
    def labels(self) -> Collection[Label]:
        """Every label that may be fetched."""
        return self._origins.keys()

    def labels_of(self, source: Source) -> tuple[Label, ...]:
        """Those that clients look for under `source`."""
        return tuple(
            entry.label
            for entry in self._catalog.entries()
            if entry.label in self._origins and source in (entry.source, *entry.former)
        )

    async def versions(self, labels: Collection[Label]) -> Collection[Version]:
        """What upstream lists of any of these labels, but for what is known to be no good."""
        found: set[Version] = set()
        for origin, members in self._by_origin(labels):
            providers = [label for label in members if label != CLUSTERCTL] or members
            found.update(
                version
                for version in await self._listings.versions(origin)
                if self._errands.is_good(providers, version)
            )
        return found

    async def bring(
        self, labels: Collection[Label], version: Version, name: AssetName | None = None
    ) -> str:
        """Brings a version of these labels, or the one file that matters."""
        reasons = [
            await self._bring(origin, members, version, name)
            for origin, members in self._by_origin(labels)
        ]
        return "; ".join(filter(None, reasons))

    async def _bring(
        self, origin: Origin, members: Sequence[Label], version: Version, name: AssetName | None
    ) -> str:
        if name is None or not _is_program(name):
            group = [one for one, at in self._origins.items() if at == origin and one != CLUSTERCTL]
            lacking = [one for one in group if not await self._store.assets(one, version)]
            await self._errands.run(Errand(origin, version, tuple(lacking)))
        if name is not None:
            takers = [one for one in members if await self._may_take(origin, one, version, name)]
            await self._errands.run(Errand(origin, version, tuple(takers), name))
        return self._errands.reason(members, version, name or "")

    async def _may_take(
        self, origin: Origin, label: Label, version: Version, name: AssetName
    ) -> bool:
        """Whether a file that did not come with its release may be one of it all the same."""
        if label == CLUSTERCTL:
            return _is_program(name)
        provider = provider_of(label)
        has_templates = provider is not None and provider.type is ProviderType.INFRASTRUCTURE
        if not is_template(name) or not (has_templates or origin.source is None):
            return False
        there = await self._store.assets(label, version)
        return bool(there) and name not in there

    def _by_origin(self, labels: Collection[Label]) -> list[tuple[Origin, tuple[Label, ...]]]:
        allowed = [label for label in labels if label in self._origins]
        origins = dict.fromkeys(self._origins[label] for label in allowed)
        return [
            (origin, tuple(label for label in allowed if self._origins[label] == origin))
            for origin in origins
        ]


def _is_program(name: str) -> bool:
    return name.startswith(f"{CLUSTERCTL}-")
