"""Lists and `latest` name what is here and what can be had."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from capirepo.outside import UpstreamError
from tests.services.caches import (
    COMPONENTS,
    METADATA,
    SOURCE,
    V1,
    V2,
    V3,
    Slow,
    add_held,
)
from tests.services.upstreams import LABEL, FakeUpstream, release

if TYPE_CHECKING:
    from pathlib import Path


async def test_lists_name_what_is_here_and_what_can_be_had(caches: Any) -> None:
    up = FakeUpstream({"v0.1.0": release(), "v0.3.0": release("v0.3.0")})
    cache = caches(up)
    await cache.desk.find(LABEL, V1, METADATA)
    del up.releases["v0.1.0"]
    cache.clock.now += 1000
    assert await cache.desk.listed_in_source(SOURCE) == [V3, V1]
    assert await cache.desk.listed(LABEL) == [V3, V1]


async def test_a_list_is_asked_for_once_in_a_while(caches: Any) -> None:
    up = FakeUpstream({"v0.1.0": release()}, tag="a")
    cache = caches(up, fresh=100.0)
    await asyncio.gather(*(cache.desk.listed_in_source(SOURCE) for _ in range(20)))
    assert up.asked == ["versions"]
    cache.clock.now += 101
    assert await cache.desk.listed_in_source(SOURCE) == [V1]
    assert up.asked == ["versions"] * 2


async def test_an_upstream_that_does_not_answer_is_waited_for_by_one_and_not_for_long(
    caches: Any, tmp_path: Path
) -> None:
    class Hanging(FakeUpstream):
        async def versions(self, known: str = "") -> Any:
            self.asked.append(f"versions {known}".strip())
            await asyncio.Event().wait()

    up = Hanging({"v0.1.0": release()})
    cache = caches(up, moment=0.05)
    add_held(tmp_path / "root")
    await cache.library.refresh()
    assert await cache.desk.listed_in_source(SOURCE) == [V2]
    cache.clock.now += 1
    # It has an answer without ever giving the question a chance to be answered.
    asking = cache.desk.listed_in_source(SOURCE)
    with pytest.raises(StopIteration) as stopped:
        asking.send(None)
    assert stopped.value.value == [V2]
    assert up.asked == ["versions"]


async def test_while_upstream_is_down_only_what_is_here_is_listed(caches: Any) -> None:
    up = FakeUpstream({"v0.1.0": release(), "v0.2.0": release("v0.2.0")})
    cache = caches(up)
    await cache.desk.find(LABEL, V1, METADATA)
    assert await cache.desk.listed_in_source(SOURCE) == [V2, V1]
    up.down = True
    cache.clock.now += 1000
    assert await cache.desk.listed_in_source(SOURCE) == [V1]
    assert await cache.desk.latest(LABEL) == V1
    up.down = False
    cache.clock.now += 31
    assert await cache.desk.listed_in_source(SOURCE) == [V2, V1]


async def test_a_release_that_cannot_be_fetched_is_not_listed_for_that_moment(caches: Any) -> None:
    up = FakeUpstream({"v0.1.0": release(), "v0.2.0": release("v0.2.0")}, cut={METADATA})
    cache = caches(up)
    with pytest.raises(UpstreamError, match="ended early"):
        await cache.desk.find(LABEL, V2, METADATA)
    assert await cache.desk.listed_in_source(SOURCE) == [V1]
    up.asked.clear()
    with pytest.raises(UpstreamError, match="ended early"):
        await cache.desk.find(LABEL, V2, METADATA)
    assert not up.asked
    up.cut.clear()
    cache.clock.now += 6
    assert (await cache.desk.find(LABEL, V2, METADATA)).version == V2


async def test_latest_is_here_once_it_is_named(caches: Any) -> None:
    up = FakeUpstream({"v0.1.0": release(), "v0.2.0": release("v0.2.0"), "v0.3.0": {}})
    cache = caches(up)
    assert await cache.desk.latest(LABEL) == V2
    assert cache.ground.files(LABEL, "v0.2.0") == [COMPONENTS, METADATA]


async def test_a_newer_version_is_waited_for_only_a_moment_where_one_is_here(
    caches: Any, tmp_path: Path
) -> None:
    up = Slow({"v0.3.0": release("v0.3.0")})
    cache = caches(up, latest=0.05)
    add_held(tmp_path / "root")
    await cache.library.refresh()
    assert await cache.desk.latest(LABEL) == V2
    up.may.set()
    (task,) = cache.errands._out.values()
    await task
    assert await cache.desk.latest(LABEL) == V3


async def test_latest_is_the_newest_that_is_here_where_upstream_fails(
    caches: Any, tmp_path: Path
) -> None:
    up = FakeUpstream({"v0.3.0": release("v0.3.0")}, broken={METADATA})
    cache = caches(up)
    with pytest.raises(UpstreamError):
        await cache.desk.latest(LABEL)
    add_held(tmp_path / "root")
    await cache.library.refresh()
    cache.clock.now += 100
    assert await cache.desk.latest(LABEL) == V2
    assert await cache.desk.latest_in_source(SOURCE) == V2


async def test_an_empty_root_says_why_nothing_can_be_had(caches: Any) -> None:
    cache = caches(FakeUpstream(down=True))
    for asking in (
        cache.desk.listed_in_source(SOURCE),
        cache.desk.listed(LABEL),
        cache.desk.latest(LABEL),
        cache.desk.latest_in_source(SOURCE),
    ):
        with pytest.raises(UpstreamError, match="nobody answers"):
            await asking


async def test_an_empty_root_says_that_upstream_is_slow(caches: Any) -> None:
    class Hanging(FakeUpstream):
        async def versions(self, known: str = "") -> Any:  # noqa: ARG002 - the protocol
            await asyncio.Event().wait()

    cache = caches(Hanging(), moment=0.05)
    with pytest.raises(UpstreamError, match=r"not answered within 0\.05") as caught:
        await cache.desk.listed_in_source(SOURCE)
    assert caught.value.slow
