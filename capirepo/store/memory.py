"""Keeps the bytes of assets in memory, around any Store: least recently used go first."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from capirepo.core.blob import Blob, make_blob

if TYPE_CHECKING:
    from capirepo.core.names import Label
    from capirepo.core.release import Asset
    from capirepo.core.version import Version
    from capirepo.ports import Store


class _Key(NamedTuple):
    label: Label
    version: str
    asset: Asset  # its stamp is part of the key: changed bytes are another entry


class BlobCache:
    """Blobs of a store, at most `budget` bytes of them; each is read once however many ask."""

    def __init__(self, store: Store, budget: int) -> None:
        self._store = store
        self._budget = budget
        self._used = 0
        self._blobs: OrderedDict[_Key, Blob] = OrderedDict()
        self._reading: dict[_Key, asyncio.Task[Blob]] = {}

    @property
    def used(self) -> int:
        """Bytes held now."""
        return self._used

    async def blob(self, label: Label, version: Version, asset: Asset) -> Blob:
        """The asset, from memory or read now.

        Raises:
            NotThereError, StorageError: as `Store.read`.
        """
        key = _Key(label, version.text, asset)
        if (held := self._blobs.get(key)) is not None:
            self._blobs.move_to_end(key)
            return held
        task = self._reading.get(key)
        if task is None:
            task = asyncio.create_task(self._read(key, version), name=f"read {label} {version}")
            self._reading[key] = task
            task.add_done_callback(lambda _: self._reading.pop(key))
        # A client that leaves takes nothing from the others who wait.
        return await asyncio.shield(task)

    async def _read(self, key: _Key, version: Version) -> Blob:
        data = await self._store.read(key.label, version, key.asset)
        blob = await asyncio.to_thread(make_blob, data)
        self._blobs[key] = blob
        self._used += blob.weight
        while self._used > self._budget and len(self._blobs) > 1:
            _, oldest = self._blobs.popitem(last=False)
            self._used -= oldest.weight
        return blob
