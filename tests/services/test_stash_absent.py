"""What is not fetched: what may not be, what upstream has not, and what is no good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from capirepo.core.names import AssetName, Source
from capirepo.core.version import Version, parse_version
from capirepo.errors import NotThereError
from tests.services.caches import (
    BAD,
    BOOTSTRAP,
    GOOD_TEMPLATE,
    METADATA,
    SOURCE,
    TEMPLATE,
    V1,
    V2,
    both,
)
from tests.services.upstreams import LABEL, FakeUpstream, release
from tests.support import components

if TYPE_CHECKING:
    from capirepo.outside import RemoteAsset


async def test_nobody_is_asked_for_a_label_that_is_not_allowed(caches: Any) -> None:
    up = FakeUpstream({"v0.1.0": both()})
    cache = caches(up, labels=(BOOTSTRAP,))
    for asking in (
        cache.desk.find(LABEL, V1, METADATA),
        cache.desk.find_in_source(Source("evil/evil"), V1, METADATA),
        cache.desk.listed_in_source(Source("evil/evil")),
        cache.desk.latest(LABEL),
        cache.desk.release(LABEL, V1),
    ):
        with pytest.raises(NotThereError):
            await asking
    assert not up.asked
    with pytest.raises(NotThereError, match=r"upstream\.providers does not say"):
        await cache.desk.find(LABEL, V1, METADATA)


@pytest.mark.parametrize("name", ["other.yaml", "infrastructure-components.yaml.sig", "a.tar.gz"])
async def test_nobody_is_asked_for_a_file_that_the_contract_does_not_have(
    caches: Any, name: str
) -> None:
    up = FakeUpstream({"v0.1.0": {**release(), name: b"x"}})
    cache = caches(up)
    await cache.desk.find(LABEL, V1, METADATA)
    up.asked.clear()
    with pytest.raises(NotThereError):
        await cache.desk.find_in_source(SOURCE, V1, AssetName(name))
    assert not up.asked


async def test_a_version_that_upstream_does_not_list_takes_no_question_of_its_own(
    caches: Any,
) -> None:
    up = FakeUpstream({"v0.1.0": release()})
    cache = caches(up)
    for number in range(50):
        with pytest.raises(NotThereError, match="lists no"):
            await cache.desk.find(LABEL, parse_version(f"v9.{number}.0"), METADATA)
    assert up.asked == ["versions"]


async def test_a_version_that_is_new_upstream_is_found_by_looking_once_more(caches: Any) -> None:
    up = FakeUpstream({"v0.1.0": release()})
    cache = caches(up)
    assert await cache.desk.listed_in_source(SOURCE) == [V1]
    up.releases["v0.2.0"] = release("v0.2.0")
    cache.clock.now += 31
    assert (await cache.desk.find(LABEL, V2, METADATA)).version == V2


async def test_what_upstream_has_not_is_remembered_for_a_while(caches: Any) -> None:
    up = FakeUpstream({"v0.1.0": release()})
    cache = caches(up, absent=100.0)
    await cache.desk.find(LABEL, V1, METADATA)
    up.asked.clear()
    for _ in range(3):
        with pytest.raises(NotThereError, match="there is no cluster-template-odd"):
            await cache.desk.find(LABEL, V1, TEMPLATE)
    assert up.asked == [f"asset v0.1.0 {TEMPLATE}"]
    cache.clock.now += 101
    up.releases["v0.1.0"][TEMPLATE] = GOOD_TEMPLATE
    assert (await cache.desk.find(LABEL, V1, TEMPLATE)).asset.name == TEMPLATE


async def test_a_file_that_is_too_large_is_absent_with_the_reason(caches: Any) -> None:
    up = FakeUpstream({"v0.1.0": release(cluster_template__yaml=b"#" * (2 << 20))})
    cache = caches(up)
    for _ in range(3):
        with pytest.raises(NotThereError, match="more than 1048576 bytes"):
            await cache.desk.find(LABEL, V1, METADATA)
    assert up.asked.count("assets v0.1.0") == 1


async def test_a_file_that_upstream_only_seems_to_have_is_remembered_as_absent(
    caches: Any,
) -> None:
    up = FakeUpstream({"v0.1.0": release()}, mute=True)
    cache = caches(up)
    await cache.desk.find(LABEL, V1, METADATA)

    async def seems(version: Version, name: AssetName) -> RemoteAsset:
        up.asked.append("asset")
        return up._stated(str(version), name, b"")

    up.asset = seems  # type: ignore[method-assign]
    for _ in range(3):
        with pytest.raises(NotThereError, match="upstream has no cluster-template-odd"):
            await cache.desk.find(LABEL, V1, TEMPLATE)
    assert up.asked.count("asset") == 1
    assert cache.counts.releases == 1


async def test_that_a_version_is_not_listed_yet_is_not_remembered(caches: Any) -> None:
    up = FakeUpstream({"v0.1.0": release()})
    cache = caches(up, absent=10_000.0)
    with pytest.raises(NotThereError, match="lists no"):
        await cache.desk.find(LABEL, V2, METADATA)
    up.releases["v0.2.0"] = release("v0.2.0")
    cache.clock.now += 31
    assert (await cache.desk.find(LABEL, V2, METADATA)).version == V2


@pytest.mark.parametrize(("bootstrap", "count"), [(components(), 1), ("a: [\n", 0)])
async def test_a_source_is_listed_as_far_as_all_its_providers_are_good(
    caches: Any, bootstrap: str, count: int
) -> None:
    up = FakeUpstream({"v0.1.0": release() | {"bootstrap-components.yaml": bootstrap.encode()}})
    cache = caches(up, labels=(LABEL, BOOTSTRAP))
    assert (await cache.desk.find(LABEL, V1, METADATA)).version == V1
    offer = await cache.desk._beyond.versions((LABEL, BOOTSTRAP))
    assert len(offer.versions) == count


async def test_a_provider_that_a_version_lacks_keeps_nothing_from_being_listed(
    caches: Any,
) -> None:
    up = FakeUpstream({"v0.1.0": release()})
    cache = caches(up, labels=(LABEL, BOOTSTRAP))
    await cache.desk.find(LABEL, V1, METADATA)
    assert await cache.desk.listed_in_source(SOURCE) == [V1]
    with pytest.raises(NotThereError, match="has no files of it"):
        await cache.desk.find(BOOTSTRAP, V1, METADATA)


async def test_a_bad_release_is_absent_with_its_reason_and_no_longer_listed(caches: Any) -> None:
    up = FakeUpstream({"v0.1.0": release(), "v0.2.0": BAD})
    cache = caches(up)
    assert await cache.desk.listed_in_source(SOURCE) == [V2, V1]
    with pytest.raises(NotThereError, match="kept aside"):
        await cache.desk.find_in_source(SOURCE, V2, METADATA)
    assert not (cache.ground.root / LABEL).exists()
    assert await cache.desk.listed_in_source(SOURCE) == [V1]
    assert await cache.desk.latest_in_source(SOURCE) == V1
