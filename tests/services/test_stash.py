"""What is not here is fetched: once, only where it may be, never at the cost of what is here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from capirepo.core.catalog import Catalog, own_entry
from capirepo.core.mirror import Origin
from capirepo.core.names import CLUSTERCTL, AssetName, Label, Source
from capirepo.core.version import Version, parse_version
from capirepo.errors import NotThereError, StorageError
from capirepo.outside import UpstreamError
from capirepo.services.courier import Courier
from capirepo.services.desk import Desk
from capirepo.services.errands import Errands
from capirepo.services.library import Library
from capirepo.services.listings import Listings
from capirepo.services.memory import MOST, Memory
from capirepo.services.stash import Stash
from capirepo.store.findings import KeptFindings
from capirepo.store.fs import STATE
from capirepo.store.locks import held
from capirepo.store.memory import BlobCache
from tests.services.upstreams import LABEL, FakeUpstream, Ground, release
from tests.support import components, metadata

if TYPE_CHECKING:
    import contextlib
    from collections.abc import AsyncIterator, Iterable, Mapping
    from pathlib import Path

    from capirepo.outside import RemoteAsset
    from capirepo.services.courier import Errand

SOURCE = Source("awesome-org/cluster-api-provider-awesome")
BOOTSTRAP = Label("bootstrap-awesome")
METADATA = AssetName("metadata.yaml")
COMPONENTS = AssetName("infrastructure-components.yaml")
TEMPLATE = AssetName("cluster-template-odd.yaml")
GOOD_TEMPLATE = (
    b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: ${NAMESPACE}\n"
)
V1, V2, V3 = map(parse_version, ("v0.1.0", "v0.2.0", "v0.3.0"))
BAD = {"metadata.yaml": b"kind: Metadata\n", "infrastructure-components.yaml": b"a: [\n"}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Slow(FakeUpstream):
    """An upstream whose answers wait until they may come."""

    def __init__(self, releases: dict[str, dict[str, bytes]]) -> None:
        super().__init__(releases)
        self.may = asyncio.Event()
        self.reached = asyncio.Event()

    async def assets(self, version: Version) -> tuple[RemoteAsset, ...]:
        self.reached.set()
        await self.may.wait()
        return await super().assets(version)


class Cache:
    """A ROOT that fetches from one upstream in memory."""

    def __init__(
        self,
        root: Path,
        upstream: FakeUpstream,
        labels: Iterable[Label] = (LABEL,),
        source: Source | None = SOURCE,
        **patience: float,
    ) -> None:
        ground = Ground(root, any=upstream)
        self.ground, self.clock = ground, Clock()
        self.origins: Mapping[Label, Origin] = {
            one: Origin(source=source) if source else Origin(address="fake", label=one)
            for one in labels
        }
        entries = [own_entry(str(one), SOURCE) for one in (LABEL, BOOTSTRAP)]
        catalog = Catalog([*entries, own_entry(CLUSTERCTL, SOURCE)])
        findings = KeptFindings(root / STATE / "findings.json")
        self.library = Library(ground.store, BlobCache(ground.store, 1 << 20), findings, catalog)
        self.listings = Listings(
            lambda _: upstream,
            patience.get("fresh", 300.0),
            patience.get("moment", 3.0),
            self.clock,
        )

        def alone(errand: Errand) -> contextlib.AbstractAsyncContextManager[None]:
            return held(root / STATE / "locks" / f"fetch {errand.version}", None)

        arrived, absent = self.library.refresh, patience.get("absent", 300.0)
        courier = Courier(
            catalog, ground.store, ground.mirror, self.listings, lambda _: upstream, alone
        )
        self.counts = courier.counts
        self.errands = Errands(courier, self.listings, arrived, absent, self.clock)
        stash = Stash(self.origins, catalog, ground.store, self.listings, self.errands, arrived)
        self.desk = Desk(self.library, stash, patience.get("seconds", 60.0))

    async def close(self) -> None:
        await self.errands.close()
        await self.listings.close()


@pytest.fixture
async def caches(tmp_path: Path) -> AsyncIterator[Any]:
    made: list[Cache] = []

    def make(upstream: FakeUpstream, **options: Any) -> Cache:
        made.append(Cache(tmp_path / "root", upstream, **options))
        return made[-1]

    yield make
    for cache in made:
        await cache.close()


def both() -> dict[str, bytes]:
    """One release of a source with two providers."""
    return release() | {"bootstrap-components.yaml": components().encode()}


# What is fetched


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


# What is not fetched


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


# What is listed


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


# What fails


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
    # Nothing of that is remembered: once there is space, it comes.
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


def add_held(root: Path) -> None:
    """A release that upstream does not have."""
    folder = root / LABEL / "v0.2.0"
    folder.mkdir(parents=True)
    (folder / METADATA).write_text(metadata("0.2=v1beta1"))
    (folder / COMPONENTS).write_text(components())
