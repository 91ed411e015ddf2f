"""What is not here is fetched: once, only where it may be, never at the cost of what is here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from capirepo.core.mirror import Wanted
from capirepo.core.names import CLUSTERCTL, AssetName
from capirepo.errors import NotThereError
from capirepo.outside import UpstreamError
from tests.services.caches import (
    BOOTSTRAP,
    COMPONENTS,
    GOOD_TEMPLATE,
    METADATA,
    SOURCE,
    TEMPLATE,
    V1,
    V2,
    Slow,
    add_held,
    both,
)
from tests.services.upstreams import LABEL, FakeUpstream, release

if TYPE_CHECKING:
    from pathlib import Path

    from capirepo.core.version import Version
    from capirepo.outside import RemoteAsset


async def test_what_is_asked_for_comes_whole_and_stays_when_upstream_is_gone(caches: Any) -> None:
    up = FakeUpstream({"v0.1.0": release(cluster_template__yaml=GOOD_TEMPLATE)})
    cache = caches(up)
    found = await cache.desk.find_in_source(SOURCE, V1, COMPONENTS)
    assert found.asset.size == len(up.releases["v0.1.0"][COMPONENTS])
    assert cache.ground.files(LABEL, "v0.1.0") == sorted(up.releases["v0.1.0"])
    up.down = True
    for name in up.releases["v0.1.0"]:
        await cache.desk.find(LABEL, V1, AssetName(name))
    record = cache.ground.ledger.record_of(LABEL, V1)
    assert record["via"] == "cache"
    assert all("upstream" in about for about in record["assets"].values())


async def test_however_many_ask_each_file_is_fetched_once(caches: Any) -> None:
    up = Slow({"v0.1.0": release()})
    cache = caches(up)
    asking = [
        asyncio.create_task(cache.desk.find_in_source(SOURCE, V1, name))
        for name in (METADATA, COMPONENTS) * 50
    ]
    await up.reached.wait()
    up.may.set()
    assert {one.asset.name for one in await asyncio.gather(*asking)} == {METADATA, COMPONENTS}
    assert up.asked.count("assets v0.1.0") == 1
    assert up.opened == [COMPONENTS, METADATA]


async def test_whoever_leaves_takes_nothing_from_the_others(caches: Any) -> None:
    up = Slow({"v0.1.0": release()})
    cache = caches(up)
    first = asyncio.create_task(cache.desk.find(LABEL, V1, METADATA))
    await up.reached.wait()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    second = asyncio.create_task(cache.desk.find(LABEL, V1, METADATA))
    up.may.set()
    assert (await second).asset.name == METADATA
    assert up.asked.count("assets v0.1.0") == 1


async def test_what_comes_too_late_for_its_client_is_there_for_the_next(caches: Any) -> None:
    up = Slow({"v0.1.0": release()})
    cache = caches(up, seconds=0.1)
    with pytest.raises(UpstreamError, match="still being fetched") as caught:
        await cache.desk.find(LABEL, V1, METADATA)
    assert caught.value.slow
    up.may.set()
    (task,) = cache.errands._out.values()
    await task
    assert (await cache.desk.find(LABEL, V1, METADATA)).version == V1
    assert up.asked.count("assets v0.1.0") == 1


async def test_the_providers_of_one_source_come_together(caches: Any) -> None:
    up = FakeUpstream({"v0.1.0": both()})
    cache = caches(up, labels=(LABEL, BOOTSTRAP))
    await cache.desk.find(BOOTSTRAP, V1, METADATA)
    assert cache.library.labels == [BOOTSTRAP, LABEL]
    assert await cache.library.offered_in_source(SOURCE) == [V1]


async def test_whoever_is_new_is_brought_level_with_the_newest_that_is_here(caches: Any) -> None:
    up = FakeUpstream({"v0.1.0": both(), "v0.2.0": release("v0.2.0") | both()})
    up.releases["v0.2.0"]["metadata.yaml"] = release("v0.2.0")["metadata.yaml"]
    before = caches(up, labels=(LABEL,))
    await before.desk.find(LABEL, V2, METADATA)
    cache = caches(up, labels=(LABEL, BOOTSTRAP))
    await cache.library.refresh()
    await cache.desk.find(BOOTSTRAP, V1, METADATA)
    await asyncio.gather(*cache.errands._out.values())
    up.down = True
    assert await cache.library.offered_in_source(SOURCE) == [V2, V1]


async def test_only_what_is_lacking_of_a_source_is_fetched(caches: Any) -> None:
    up = FakeUpstream({"v0.1.0": both()})
    cache = caches(up, labels=(BOOTSTRAP,))
    await cache.desk.find(BOOTSTRAP, V1, METADATA)
    up.asked.clear()
    more = caches(up, labels=(LABEL, BOOTSTRAP))
    await more.library.refresh()
    await more.desk.find_in_source(SOURCE, V1, COMPONENTS)
    assert up.opened == [COMPONENTS, METADATA]


async def test_a_template_that_upstream_does_not_list_comes_by_its_name(caches: Any) -> None:
    up = FakeUpstream({"v0.1.0": release()})
    cache = caches(up)
    await cache.desk.find(LABEL, V1, METADATA)
    up.releases["v0.1.0"][TEMPLATE] = GOOD_TEMPLATE
    assert (await cache.desk.find_in_source(SOURCE, V1, TEMPLATE)).label == LABEL
    assert cache.ground.ledger.record_of(LABEL, V1)["assets"].keys() == {
        METADATA, COMPONENTS, TEMPLATE,
    }  # fmt: skip


async def test_what_upstream_changes_of_what_was_fetched_is_told(caches: Any) -> None:
    up = FakeUpstream({"v0.1.0": release()})
    cache = caches(up)
    await cache.desk.find(LABEL, V1, METADATA)
    up.releases["v0.1.0"][TEMPLATE] = GOOD_TEMPLATE
    await cache.desk.find(LABEL, V1, TEMPLATE)
    listed = up.assets

    async def unlisted(version: Version) -> tuple[RemoteAsset, ...]:
        return tuple(file for file in await listed(version) if file.name != TEMPLATE)

    up.assets = unlisted  # type: ignore[method-assign]
    wish = Wanted(label=LABEL, origin=cache.origins[LABEL], rules=())
    same = await cache.ground.comparer.compare([wish])
    assert (same.releases, same.files, same.changes) == (1, 3, ())
    up.releases["v0.1.0"][TEMPLATE] = GOOD_TEMPLATE + b"#\n"
    changed = await cache.ground.comparer.compare([wish])
    assert [TEMPLATE in one for one in changed.changes] == [True]


async def test_a_template_with_an_error_is_not_added_to_its_release(caches: Any) -> None:
    up = FakeUpstream({"v0.1.0": release()})
    cache = caches(up)
    await cache.desk.find(LABEL, V1, METADATA)
    up.releases["v0.1.0"][TEMPLATE] = b"a: [\n"
    with pytest.raises(NotThereError, match=r"cluster-template-odd\.yaml"):
        await cache.desk.find(LABEL, V1, TEMPLATE)
    assert cache.ground.files(LABEL, "v0.1.0") == [COMPONENTS, METADATA]
    up.asked.clear()
    with pytest.raises(NotThereError):
        await cache.desk.find(LABEL, V1, TEMPLATE)
    assert not up.asked


async def test_a_release_of_ones_own_is_never_mixed_with_upstreams(
    caches: Any, tmp_path: Path
) -> None:
    up = FakeUpstream({"v0.2.0": release("v0.2.0")})
    cache = caches(up)
    add_held(tmp_path / "root")
    up.releases["v0.2.0"][TEMPLATE] = GOOD_TEMPLATE
    with pytest.raises(NotThereError):
        await cache.desk.find(LABEL, V2, TEMPLATE)
    assert not up.asked


async def test_of_clusterctl_only_the_program_that_is_asked_for_comes(caches: Any) -> None:
    programs = {"clusterctl-linux-amd64": b"one", "clusterctl-darwin-arm64": b"two"}
    up = FakeUpstream({"v0.1.0": {**release(), **programs}})
    cache = caches(up, labels=(LABEL, CLUSTERCTL))
    for name in programs:
        await cache.desk.find_in_source(SOURCE, V1, AssetName(name))
        assert up.opened == [name]
    assert cache.ground.files(CLUSTERCTL, "v0.1.0") == sorted(programs)
    assert cache.library.labels == [CLUSTERCTL]


async def test_the_latest_clusterctl_is_the_newest_that_has_the_program(caches: Any) -> None:
    program = AssetName("clusterctl-linux-amd64")
    up = FakeUpstream({"v0.1.0": {**release(), program: b"one"}, "v0.2.0": release("v0.2.0")})
    cache = caches(up, labels=(LABEL, CLUSTERCTL))
    assert await cache.desk.latest(CLUSTERCTL, program) == V1
    assert cache.library.labels == [CLUSTERCTL]
    up.asked.clear()
    with pytest.raises(NotThereError):
        await cache.desk.release(CLUSTERCTL, V2)
    assert not up.asked


async def test_what_was_brought_by_somebody_else_is_found_at_once(
    caches: Any, tmp_path: Path
) -> None:
    up = FakeUpstream({"v0.1.0": release()})
    cache = caches(up)
    add_held(tmp_path / "root")
    assert (await cache.desk.find_in_source(SOURCE, V2, METADATA)).version == V2
    assert not up.asked


async def test_a_file_that_somebody_else_adds_meanwhile_is_no_trouble(
    caches: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    up = FakeUpstream({"v0.1.0": release()})
    cache = caches(up)
    await cache.desk.find(LABEL, V1, METADATA)
    up.releases["v0.1.0"][TEMPLATE] = GOOD_TEMPLATE
    asked = up.asset

    async def late(version: Version, name: AssetName) -> RemoteAsset:
        (cache.ground.root / LABEL / str(version) / name).write_bytes(GOOD_TEMPLATE)
        return await asked(version, name)

    monkeypatch.setattr(up, "asset", late)
    assert (await cache.desk.find(LABEL, V1, TEMPLATE)).asset.name == TEMPLATE
    assert [entry["action"] for entry, _ in cache.ground.journal.entries()] == ["cache"]


async def test_labels_at_an_address_of_their_own_are_fetched_by_themselves(caches: Any) -> None:
    up = FakeUpstream({"v0.1.0": release()})
    cache = caches(up, labels=(LABEL, BOOTSTRAP), source=None)
    await cache.desk.find(LABEL, V1, METADATA)
    assert cache.library.labels == [LABEL]


async def test_two_servers_of_one_root_fetch_a_release_once(caches: Any) -> None:
    up = Slow({"v0.1.0": release()})
    one, other = caches(up), caches(up)
    asking = [asyncio.create_task(each.desk.find(LABEL, V1, METADATA)) for each in (one, other)]
    await up.reached.wait()
    up.may.set()
    assert {found.version for found in await asyncio.gather(*asking)} == {V1}
    assert up.opened == [COMPONENTS, METADATA]
