"""Removes releases that a mirror brought and the configuration no longer wants.

Rules kept here:
- only what a mirror brought, whole, is removed: a file that somebody added keeps its release;
- nothing of a label is removed while it is not known, or not here, what is to be in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from capirepo.services.admission import sum_of
from capirepo.services.ledger import MIRROR

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from capirepo.core.names import Label
    from capirepo.core.version import Version
    from capirepo.ports import Intake, Store
    from capirepo.services.ledger import Author, Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Prunable:
    """What may be removed, and what stays although nobody wants it.

    Attributes:
        releases: by label and version, newest first.
        kept: label and version, and why it stays.
    """

    releases: tuple[tuple[Label, Version], ...]
    kept: tuple[str, ...]


class Pruner:
    """Prunes one repository."""

    def __init__(self, store: Store, intake: Intake, ledger: Ledger) -> None:
        self._store = store
        self._intake = intake
        self._ledger = ledger

    async def find(
        self,
        wanted: Mapping[Label, Collection[Version]],
        unsure: Collection[Label],
        only: Collection[Label] | None = None,
    ) -> Prunable:
        """What is not wanted.

        Args:
            wanted: every version that is, by label.
            unsure: labels of which nothing may be removed now.
            only: the labels that matter; None for all that there are.

        Raises:
            StorageError: the repository cannot be read.
        """
        releases, kept = [], []
        shelf = await self._store.scan()
        for label, versions in sorted(shelf.releases.items()):
            if only is not None and label not in only:
                continue
            for version in sorted(versions.keys() - set(wanted.get(label, ())), reverse=True):
                record = self._ledger.record_of(label, version)
                if record.get("via") != MIRROR:
                    continue
                fetched = {name for name, one in record["assets"].items() if "upstream" in one}
                if label in unsure:
                    kept.append(f"{label} {version}: not all that is wanted of {label} is here")
                elif more := sorted(versions[version].keys() - fetched):
                    kept.append(f"{label} {version}: {', '.join(more)} came another way")
                else:
                    releases.append((label, version))
        return Prunable(releases=tuple(releases), kept=tuple(kept))

    async def prune(self, label: Label, version: Version, author: Author) -> None:
        """Removes a release.

        Raises:
            StorageError: the disk fails.
        """
        async with self._intake.locked(label):
            assets = await self._store.assets(label, version)
            sums = {
                name: await sum_of(self._store, label, version, asset)
                for name, asset in assets.items()
            }
            async with self._ledger.noted("prune", label, version, author, sums):
                await self._intake.drop(label, version, listed=True)
            await self._ledger.forget(label, version)
