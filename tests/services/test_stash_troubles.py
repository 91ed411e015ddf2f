"""What happens where an upstream, a disk or a client fails."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from capirepo.core.names import AssetName
from capirepo.core.version import Version, parse_version
from capirepo.errors import NotThereError, StorageError
from capirepo.outside import UpstreamError
from capirepo.services.memory import MOST, Memory
from capirepo.store.staging import STATE
from tests.services.caches import (
    COMPONENTS,
    METADATA,
    SOURCE,
    TEMPLATE,
    V1,
    V2,
    V3,
    Clock,
    add_held,
)
from tests.services.upstreams import LABEL, FakeUpstream, release

if TYPE_CHECKING:
    from pathlib import Path

    from capirepo.outside import RemoteAsset


async def test_what_is_here_is_served_whatever_has_become_of_upstream(
    caches: Any, tmp_path: Path
) -> None:
    up = FakeUpstream({"v0.1.0": release()}, down=True)
    cache = caches(up)
    add_held(tmp_path / "root")
    await cache.library.refresh()
    assert (await cache.desk.find_in_source(SOURCE, V2, METADATA)).version == V2
    await cache.desk.fill(SOURCE, V2)
    assert not up.asked
    assert await cache.desk.latest(LABEL) == V2
    with pytest.raises(UpstreamError, match="nobody answers"):
        await cache.desk.find_in_source(SOURCE, V1, METADATA)
    with pytest.raises(UpstreamError, match="nobody answers"):
        await cache.desk.fill(SOURCE, V1)


async def test_what_is_not_as_stated_is_not_kept(caches: Any) -> None:
    up = FakeUpstream({"v0.1.0": release()}, lies={COMPONENTS: "0" * 64})
    cache = caches(up)
    with pytest.raises(UpstreamError, match="upstream states"):
        await cache.desk.find(LABEL, V1, METADATA)
    assert not (cache.ground.root / LABEL).exists()


async def test_a_disk_of_ours_that_fails_is_no_fault_of_upstream(
    caches: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    up = FakeUpstream({"v0.1.0": release()})
    cache = caches(up)

    def full(*_: object) -> None:
        raise StorageError("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(cache.ground.intake, "reveal", full)
        with pytest.raises(StorageError, match="no space") as caught:
            await cache.desk.find(LABEL, V1, METADATA)
    assert not isinstance(caught.value, UpstreamError)
    with monkeypatch.context() as patched:
        patched.setattr(cache.ground.intake, "reveal", full)
        add_held(cache.ground.root)
        await cache.library.refresh()
        up.releases["v0.3.0"] = release("v0.3.0")
        cache.clock.now += 1000
        assert await cache.desk.latest(LABEL) == V2
    # It is remembered for a moment only: once there is space, it comes.
    with pytest.raises(StorageError, match="no space"):
        await cache.desk.find(LABEL, V3, METADATA)
    cache.clock.now += 6
    assert (await cache.desk.find(LABEL, V3, METADATA)).version == V3
    assert (await cache.desk.find(LABEL, V1, METADATA)).version == V1


async def test_a_flood_of_invented_names_keeps_no_release_waiting(caches: Any) -> None:
    class Stuck(FakeUpstream):
        async def asset(self, version: Version, name: AssetName) -> RemoteAsset:
            self.asked.append(f"asset {version} {name}")
            await asyncio.Event().wait()
            raise NotThereError(name)

    up = Stuck({"v0.1.0": release(), "v0.2.0": release("v0.2.0")})
    cache = caches(up)
    await cache.desk.find(LABEL, V1, METADATA)
    names = [AssetName(f"cluster-template-{number}.yaml") for number in range(300)]
    flood = [asyncio.create_task(cache.desk.find(LABEL, V1, name)) for name in names]
    assert (await cache.desk.find(LABEL, V2, METADATA)).version == V2
    turned_away = [task for task in flood if task.done()]
    assert len(turned_away) == 100
    assert all(isinstance(task.exception(), UpstreamError) for task in turned_away)
    for task in flood:
        task.cancel()
    await asyncio.gather(*flood, return_exceptions=True)
    assert len(up.asked) < 50


async def test_while_the_list_is_out_no_version_is_asked_for(caches: Any) -> None:
    class Late(FakeUpstream):
        answered = asyncio.Event()

        async def versions(self, known: str = "") -> Any:
            listing = await super().versions(known)
            await self.answered.wait()
            return listing

    up = Late({"v0.1.0": release()})
    up.answered = asyncio.Event()
    cache = caches(up, moment=0.01)
    invented = [
        asyncio.create_task(cache.desk.find(LABEL, parse_version(f"v9.{number}.0"), METADATA))
        for number in range(20)
    ]
    real = asyncio.create_task(cache.desk.find(LABEL, V1, METADATA))
    await asyncio.wait([real], timeout=0.05)
    up.answered.set()
    answers = await asyncio.gather(*invented, return_exceptions=True)
    assert all(isinstance(answer, NotThereError) for answer in answers)
    assert (await real).version == V1
    assert [one for one in up.asked if one.startswith("assets")] == ["assets v0.1.0"]


@pytest.mark.parametrize("method", ["versions", "assets", "asset"])
async def test_what_nobody_foresaw_of_an_upstream_is_its_trouble_and_no_others(
    caches: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    up = FakeUpstream({"v0.1.0": release()})
    cache = caches(up)
    if method == "asset":
        await cache.desk.find(LABEL, V1, METADATA)
    add_held(tmp_path / "root")
    await cache.library.refresh()

    async def odd(*_: object) -> None:
        up.asked.append("odd")
        raise ValueError("an odd answer")

    monkeypatch.setattr(up, method, odd)
    if method == "versions":
        assert await cache.desk.listed_in_source(SOURCE) == [V2]
        assert (await cache.desk.find(LABEL, V1, METADATA)).version == V1
        return
    name = TEMPLATE if method == "asset" else METADATA
    for _ in range(3):
        with pytest.raises(UpstreamError, match="an odd answer"):
            await cache.desk.find(LABEL, V1, name)
    assert up.asked.count("odd") == 1
    assert await cache.desk.latest(LABEL) == V2


async def test_a_root_that_is_gone_is_not_made_anew(caches: Any, tmp_path: Path) -> None:
    cache = caches(FakeUpstream({"v0.1.0": release()}))
    (tmp_path / "root").rename(tmp_path / "elsewhere")
    with pytest.raises(StorageError):
        await cache.desk.find(LABEL, V1, METADATA)
    assert not (tmp_path / "root").exists()


async def test_notes_that_a_disk_has_half_lost_are_as_none(caches: Any) -> None:
    up = FakeUpstream({"v0.1.0": release()}, broken={COMPONENTS})
    cache = caches(up)
    with pytest.raises(UpstreamError):
        await cache.desk.find(LABEL, V1, METADATA)
    (file,) = (cache.ground.root / STATE / "fetched").rglob("*.json")
    for damaged in ('{"metadata.yaml": {}}', '{"metadata.yaml": {"size": 1, "upstream": 3}}'):
        file.write_text(damaged)
        cache.clock.now += 6
        with pytest.raises(UpstreamError):
            await cache.desk.find(LABEL, V1, METADATA)
    up.broken.clear()
    cache.clock.now += 6
    assert (await cache.desk.find(LABEL, V1, METADATA)).version == V1


async def test_what_was_remembered_keeps_nobody_alive(caches: Any) -> None:
    up = FakeUpstream(down=True)
    cache = caches(up)
    with pytest.raises(UpstreamError) as caught:
        await cache.desk.find(LABEL, V1, METADATA)
    (_, kept), *_ = cache.errands._failing._kept.values()
    assert kept is not caught.value
    assert kept.__traceback__ is None
    assert kept.__context__ is None


def test_memory_forgets_what_is_old_and_what_is_too_much() -> None:
    clock = Clock()
    memory: Memory[int, str] = Memory(10.0, clock)
    memory.keep(1, "one")
    clock.now += 11
    memory.keep(2, "two")
    assert (memory.recall(1), memory.recall(2), len(memory)) == (None, "two", 1)
    for number in range(MOST + 5):
        memory.keep(number + 10, "more")
    assert len(memory) == MOST
    assert memory.recall(MOST + 14) == "more"
