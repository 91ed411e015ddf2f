from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from capirepo.core.names import AssetName, Label
from capirepo.core.release import Asset
from capirepo.core.version import Version, parse_version
from capirepo.errors import NotThereError
from capirepo.ports import Shelf
from capirepo.store.memory import BlobCache

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

LABEL, VERSION = Label("infrastructure-awesome"), parse_version("v0.1.0")


class CountingStore:
    """A Store whose every asset is its own name, ten bytes long."""

    def __init__(self) -> None:
        self.reads = 0
        self.missing = False

    async def scan(self) -> Shelf:
        return Shelf(releases={})

    async def versions(self, label: Label) -> list[Version]:
        del label
        return []

    async def assets(self, label: Label, version: Version) -> Mapping[AssetName, Asset]:
        del label, version
        return {}

    async def read(self, label: Label, version: Version, asset: Asset) -> bytes:
        del label, version
        self.reads += 1
        await asyncio.sleep(0)
        if self.missing:
            raise NotThereError("gone")
        return asset.name[:10].ljust(10).encode()

    def chunks(
        self, label: Label, version: Version, asset: Asset, start: int, stop: int
    ) -> AsyncGenerator[bytes, None]:
        raise NotImplementedError

    async def add(self, label: Label, version: Version, files: Mapping[AssetName, bytes]) -> bool:
        raise NotImplementedError


def asset(name: str, stamp: int = 0) -> Asset:
    return Asset(name=AssetName(name), size=10, stamp=stamp)


async def test_an_asset_is_read_once_however_many_ask_at_once() -> None:
    store = CountingStore()
    cache = BlobCache(store, 1000)
    blobs = await asyncio.gather(*(cache.blob(LABEL, VERSION, asset("a")) for _ in range(50)))
    assert store.reads == 1
    assert len(set(map(id, blobs))) == 1


async def test_one_who_leaves_takes_nothing_from_the_others() -> None:
    cache = BlobCache(CountingStore(), 1000)
    first = asyncio.ensure_future(cache.blob(LABEL, VERSION, asset("a")))
    second = asyncio.ensure_future(cache.blob(LABEL, VERSION, asset("a")))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).body.strip() == b"a"


async def test_changed_bytes_are_read_anew() -> None:
    store = CountingStore()
    cache = BlobCache(store, 1000)
    await cache.blob(LABEL, VERSION, asset("a", 1))
    await cache.blob(LABEL, VERSION, asset("a", 2))
    assert store.reads == 2


async def test_the_least_recently_used_goes_first_and_the_budget_holds() -> None:
    store = CountingStore()
    cache = BlobCache(store, 25)
    for name in ("a", "b", "a", "c", "a"):
        await cache.blob(LABEL, VERSION, asset(name))
    assert store.reads == 3
    assert cache.used == 20
    await cache.blob(LABEL, VERSION, asset("b"))
    assert store.reads == 4


async def test_a_failed_read_is_not_remembered() -> None:
    store = CountingStore()
    cache = BlobCache(store, 1000)
    store.missing = True
    with pytest.raises(NotThereError):
        await cache.blob(LABEL, VERSION, asset("a"))
    store.missing = False
    assert (await cache.blob(LABEL, VERSION, asset("a"))).body
