"""Finds out about releases: each is read once, however many ask, and never twice in a life.

What could not be read (a disk that fails for a moment, no descriptors left) is tried again
at the next look, and never written down.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from capirepo.core import yamlguard
from capirepo.core.release import Asset, Release, inspect, needed_assets
from capirepo.errors import NotThereError, StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capirepo.core.catalog import Catalog
    from capirepo.core.names import AssetName, Label
    from capirepo.core.version import Version
    from capirepo.ports import Findings, Shelf, Store

    Key = tuple[Label, Version]


class Inspector:
    """Inspects the releases of one store."""

    def __init__(self, store: Store, findings: Findings, catalog: Catalog) -> None:
        self._store = store
        self._findings = findings
        self._catalog = catalog
        self._known: dict[Key, Release] = {}
        self._unsure: set[Key] = set()
        self._locks: dict[Key, asyncio.Lock] = {}

    async def inspect(
        self, label: Label, version: Version, assets: Mapping[AssetName, Asset]
    ) -> Release:
        """One release, with its contract and whatever keeps it from being offered."""
        key = (label, version)
        known = self._known.get(key)
        if known is not None and known.assets is assets:
            return known
        async with self._locks.setdefault(key, asyncio.Lock()):
            known = self._known.get(key)
            if known is None or known.assets is not assets:
                found = Release(label=label, version=version, assets=assets)
                known = self._known[key] = await self._find_out(found)
            return known

    def turn_to(self, shelf: Shelf) -> None:
        """Forgets what is not on the shelf, or not as it was."""
        self._known = {
            key: replace(release, assets=assets)
            for key, release in self._known.items()
            if (assets := shelf.releases.get(key[0], {}).get(key[1])) == release.assets
        }
        self._unsure &= self._known.keys()
        self._locks.clear()

    async def try_again(self) -> bool:
        """Tries what could not be read; True where anything has come out differently."""
        differs = False
        for key in list(self._unsure):
            before = self._known[key]
            self._unsure.discard(key)
            bare = Release(label=before.label, version=before.version, assets=before.assets)
            self._known[key] = await self._find_out(bare)
            differs = differs or self._known[key] != before
        return differs

    async def save(self) -> None:
        """Keeps what was found out for the next run."""
        await asyncio.to_thread(self._findings.save)

    async def _find_out(self, found: Release) -> Release:
        components = self._catalog.entry(found.label).components
        known = self._findings.recall(found, components)
        if known is not None:
            return known
        contents, unread, unsure = {}, [], False
        for name in needed_assets(found.label, components):
            asset = found.assets.get(name)
            if asset is None:
                continue
            if asset.size > yamlguard.MAX_BYTES:
                unread.append(f"{name} has {asset.size} bytes: too many for a provider's YAML")
                continue
            try:
                contents[name] = await self._store.read(found.label, found.version, asset)
            except (NotThereError, StorageError) as error:
                unread.append(str(error))
                unsure = True
        release = await asyncio.to_thread(inspect, found, components, contents, unread)
        if unsure:
            self._unsure.add((found.label, found.version))
        else:
            self._findings.keep(release, components)
        return release
