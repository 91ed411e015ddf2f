"""What the repository holds, and the questions that clients ask of it.

One stored release answers every face: by label (tree, GitLab) and by source (GitHub, Go
proxy), where a source is one or more labels. Absence is a NotThereError that says what is
there instead; it is never a reason for anything worse.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from capirepo.core.names import AssetName, Label, Source, provider_of
from capirepo.core.version import Version, latest, newest_first
from capirepo.errors import NotThereError
from capirepo.ports import Shelf
from capirepo.services.inspection import Inspector

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from capirepo.core.blob import Blob
    from capirepo.core.catalog import Catalog
    from capirepo.core.release import Asset, Release
    from capirepo.ports import Blobs, Findings, Store, Stray

LARGE: Final = 16 * 1024 * 1024
"""Assets beyond this many bytes (programs) are streamed and never held in memory."""

_SHOWN: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One asset, and where it stands."""

    label: Label
    version: Version
    asset: Asset


class Library:
    """A repository, looked at; `refresh` looks again.

    Attributes:
        generation: grows whenever an answer may have changed.
    """

    def __init__(self, store: Store, blobs: Blobs, findings: Findings, catalog: Catalog) -> None:
        self.catalog = catalog
        self.generation = 0
        self._store = store
        self._blobs = blobs
        self._inspector = Inspector(store, findings, catalog)
        self._looking = asyncio.Lock()
        self._shelf = Shelf(releases={})
        self._listed: dict[Label, tuple[Release, ...]] = {}
        self._offered: dict[Source, list[Version]] = {}
        self._groups: Mapping[Source, tuple[Label, ...]] = {}

    async def refresh(self) -> bool:
        """Looks at the store again; True where anything is different.

        Raises:
            StorageError: the repository cannot be listed; what was known stays.
        """
        # One look at a time, or the older of two could come last.
        async with self._looking:
            shelf = await self._store.scan()
            if shelf == self._shelf and not await self._inspector.try_again():
                return False
            if shelf != self._shelf:
                self._shelf = shelf
                self._groups = self.catalog.group(shelf.releases)
                self._inspector.turn_to(shelf)
            self._listed.clear()
            self._offered.clear()
            self.generation += 1
            return True

    @property
    def strays(self) -> tuple[Stray, ...]:
        """What lies in the repository and is no part of it."""
        return self._shelf.strays

    @property
    def labels(self) -> list[Label]:
        """Every label that has a release, in alphabetical order."""
        return sorted(self._shelf.releases)

    @property
    def sources(self) -> list[Source]:
        """Every source that has a release here, in alphabetical order."""
        return sorted(self._groups)

    @property
    def count(self) -> int:
        """How many releases there are, complete or not."""
        return sum(map(len, self._shelf.releases.values()))

    def labels_of(self, source: Source) -> tuple[Label, ...]:
        """The labels that clients look for under `source`, of those that are here."""
        return self._groups.get(source, ())

    async def releases(self, label: Label) -> tuple[Release, ...]:
        """All releases of `label`, newest first, the incomplete ones among them.

        Raises:
            NotThereError: there is none.
        """
        if label in self._listed:
            return self._listed[label]
        shelf = self._shelf
        found = shelf.releases.get(label)
        if not found:
            raise NotThereError(
                f"there is no {label} in this repository", available=self.labels[:_SHOWN]
            )
        releases = tuple(
            [
                await self._inspector.inspect(label, version, found[version])
                for version in newest_first(found)
            ]
        )
        if shelf is self._shelf:
            self._listed[label] = releases
        return releases

    async def every_release(self) -> AsyncIterator[Release]:
        """All releases of all labels, label by label, newest first."""
        for label in self.labels:
            # What is known already is told without a pause: others must have their turn.
            await asyncio.sleep(0)
            with contextlib.suppress(NotThereError):
                for release in await self.releases(label):
                    yield release

    async def offered(self, label: Label) -> list[Version]:
        """The versions of the complete releases of `label`, newest first.

        Raises:
            NotThereError: it has no release at all.
        """
        return [release.version for release in await self.releases(label) if release.complete]

    async def latest(self, label: Label) -> Version:
        """The version that clusterctl would take for `latest`.

        Raises:
            NotThereError: no complete release.
        """
        newest = latest(await self.offered(label))
        if newest is None:
            raise NotThereError(
                f"{label} has no complete release",
                cure=f"`capirepo show {label}` says what is missing",
            )
        return newest

    async def release(self, label: Label, version: Version) -> Release:
        """One release, complete or not.

        Raises:
            NotThereError: it is not there; the versions that are, are named.
        """
        assets = self._shelf.releases.get(label, {}).get(version)
        if assets is None:
            versions = [str(release.version) for release in await self.releases(label)]
            raise NotThereError(f"{label} has no {version}", available=versions[:_SHOWN])
        return await self._inspector.inspect(label, version, assets)

    async def find(self, label: Label, version: Version, name: AssetName) -> Found:
        """One asset of one label.

        Raises:
            NotThereError: it is not there; what is there instead is named.
        """
        assets = self._shelf.releases.get(label, {}).get(version)
        if assets is None or name not in assets:
            release = await self.release(label, version)
            raise NotThereError(f"{release} has no {name}", available=list(release.assets))
        return Found(label=label, version=version, asset=assets[name])

    async def find_in_source(self, source: Source, version: Version, name: AssetName) -> Found:
        """One asset of a source, whichever of its labels has it.

        Raises:
            NotThereError: none has; the assets or versions that are there, are named.
        """
        assets: list[AssetName] = []
        for label in self.labels_of(source):
            found = self._shelf.releases[label].get(version, {})
            if name in found:
                return Found(label=label, version=version, asset=found[name])
            assets += found
        if assets:
            raise NotThereError(
                f"{source} {version} has no {name}", available=sorted(set(assets))[:_SHOWN]
            )
        versions = await self.offered_in_source(source)
        raise NotThereError(f"{source} has no {version}", available=[*map(str, versions)][:_SHOWN])

    async def offered_in_source(self, source: Source) -> list[Version]:
        """The versions that a list of `source` names, newest first.

        A version is named once it is complete for every provider of the source that is
        here: clusterctl takes the highest for each of them, so a half-copied upgrade would
        break the others. Where no version is common to all, those of any are named.

        Raises:
            NotThereError: nothing here has this source.
        """
        if source in self._offered:
            return self._offered[source]
        shelf, labels = self._shelf, self.labels_of(source)
        if not labels:
            raise NotThereError(
                f"no release here has the source {source}", available=self.sources[:_SHOWN]
            )
        providers = [label for label in labels if provider_of(label)] or labels
        by_label = [set(await self.offered(label)) for label in providers]
        by_label = [versions for versions in by_label if versions]
        common = set.intersection(*by_label) or set.union(*by_label) if by_label else set()
        offered = newest_first(common)
        if shelf is self._shelf:
            self._offered[source] = offered
        return offered

    async def withheld_in_source(self, source: Source) -> Mapping[Version, tuple[Label, ...]]:
        """Versions that are complete for some but not named: which labels lack each."""
        labels = [label for label in self.labels_of(source) if provider_of(label)]
        offered = set(await self.offered_in_source(source))
        by_label = {label: set(await self.offered(label)) for label in labels}
        return {
            version: tuple(label for label in labels if version not in by_label[label])
            for version in newest_first(set().union(*by_label.values()) - offered)
        }

    async def inspect_all(self) -> None:
        """Inspects every release, and keeps what was found for the next run."""
        async for _ in self.every_release():
            pass
        await self._inspector.save()

    async def blob(self, found: Found) -> Blob | None:
        """The bytes of an asset; None where it is too large to be held in memory.

        Raises:
            NotThereError, StorageError: as `Store.read`.
        """
        if found.asset.size > LARGE:
            return None
        return await self._blobs.blob(found.label, found.version, found.asset)

    def chunks(self, found: Found, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        """The bytes of a large asset from `start` up to `stop`, piece by piece."""
        return self._store.chunks(found.label, found.version, found.asset, start, stop)
