"""What a mirror does later: compare with upstream, prune, and keep to a lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from capirepo.core.mirror import Rule
from capirepo.core.names import AssetName, Label
from capirepo.core.version import parse_version
from capirepo.services.locking import make_lock
from tests.services.upstreams import (
    AUTHOR,
    LABEL,
    FakeUpstream,
    Ground,
    pinned,
    release,
    states,
    wanted,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from capirepo.core.lock import Lock
    from capirepo.core.version import Version
    from capirepo.outside import RemoteAsset

TEMPLATE = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: ${NAMESPACE}\n"
BAD = {"metadata.yaml": b"kind: Metadata\n", "infrastructure-components.yaml": b"a: [\n"}


def changed(up: FakeUpstream) -> None:
    up.releases["v0.1.0"]["metadata.yaml"] += b"# more\n"


def gone(up: FakeUpstream) -> None:
    del up.releases["v0.1.0"]["cluster-template.yaml"]


def added(up: FakeUpstream) -> None:
    up.releases["v0.1.0"]["cluster-template-new.yaml"] = TEMPLATE


def removed(up: FakeUpstream) -> None:
    del up.releases["v0.1.0"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (changed, "v0.1.0 metadata.yaml: upstream has "),
        (gone, "v0.1.0 cluster-template.yaml: upstream has it no more"),
        (added, "v0.1.0 cluster-template-new.yaml: upstream has it now, and had not"),
        (removed, "v0.1.0: there is no v0.1.0"),
    ],
)
async def test_what_upstream_changes_after_the_fact_is_told_and_ours_stays(
    tmp_path: Path, change: Callable[[FakeUpstream], None], told: str
) -> None:
    up = FakeUpstream(
        {"v0.1.0": release(cluster_template__yaml=TEMPLATE), "v0.2.0": release("v0.2.0")}
    )
    ground = Ground(tmp_path, any=up)
    await ground.run(wanted())
    before = ground.files(LABEL, "v0.1.0")
    compared = await ground.comparer.compare([wanted()])
    assert (compared.releases, compared.files, compared.changes) == (2, 5, ())
    change(up)
    compared = await ground.comparer.compare([wanted()])
    (said,) = compared.changes
    assert told in said
    _, brought = await ground.run(wanted())
    assert not brought
    assert ground.files(LABEL, "v0.1.0") == before


async def test_where_no_digest_is_stated_the_stamp_tells_and_else_nothing_does(
    tmp_path: Path,
) -> None:
    up = FakeUpstream({"v0.1.0": release()}, mute=True)
    ground = Ground(tmp_path, any=up)
    await ground.run(wanted())
    compared = await ground.comparer.compare([wanted()])
    assert (compared.files, compared.silent, compared.changes) == (0, 2, ())
    up.down = True
    compared = await ground.comparer.compare([wanted()])
    assert compared.problems == ("fake infrastructure-awesome v0.1.0: nobody answers",)


async def test_only_what_a_mirror_brought_and_nobody_wants_is_pruned(tmp_path: Path) -> None:
    up = FakeUpstream({f"v0.{minor}.0": release(f"v0.{minor}.0") for minor in (1, 2, 3)})
    ground = Ground(tmp_path, any=up)
    await ground.run(wanted())
    await ground.store.add(LABEL, parse_version("v0.0.1"), {AssetName("metadata.yaml"): b"own"})
    (tmp_path / LABEL / "v0.1.0" / "cluster-template-own.yaml").write_bytes(TEMPLATE)
    plan, _ = await ground.run(wanted(LABEL, Rule(latest=1)))
    prunable = await ground.pruner.find(plan.wanted, plan.unsure)
    assert [str(version) for _, version in prunable.releases] == ["v0.2.0"]
    assert prunable.kept == (
        "infrastructure-awesome v0.1.0: cluster-template-own.yaml came another way",
    )
    await ground.pruner.prune(*prunable.releases[0], AUTHOR)
    assert await ground.listed() == ["v0.0.1", "v0.1.0", "v0.3.0"]
    assert not ground.ledger.record_of(LABEL, parse_version("v0.2.0"))
    last = [entry for entry, _ in ground.journal.entries()][-1]
    assert (last["action"], last["version"], len(last["assets"])) == ("prune", "v0.2.0", 2)


@pytest.mark.parametrize("trouble", ["down", "absent", "aside", "failed"])
async def test_nothing_is_pruned_before_what_takes_its_place_is_here(
    tmp_path: Path, trouble: str
) -> None:
    up = FakeUpstream({"v0.1.0": release()})
    ground = Ground(tmp_path, any=up)
    one = wanted(LABEL, Rule(latest=1))
    await ground.run(one)
    up.releases["v0.2.0"] = {} if trouble == "absent" else release("v0.2.0")
    if trouble == "aside":
        up.releases["v0.2.0"] = BAD
    up.down = trouble == "down"
    up.broken = {"metadata.yaml"} if trouble == "failed" else set()
    plan, brought = await ground.run(one)
    unsure = plan.unsure | {done.label for done in brought if done.state != "listed"}
    prunable = await ground.pruner.find(plan.wanted, unsure)
    assert not prunable.releases
    assert len(prunable.kept) == 1


async def test_a_label_that_nobody_wants_is_pruned_unless_others_were_named(tmp_path: Path) -> None:
    ground = Ground(tmp_path, any=FakeUpstream({"v0.1.0": release()}))
    await ground.run(wanted())
    assert (await ground.pruner.find({}, ())).releases
    assert not (await ground.pruner.find({}, (), only=[Label("ipam-other")])).releases


async def test_a_file_that_only_the_lock_names_is_fetched_by_its_name(tmp_path: Path) -> None:
    up = FakeUpstream({"v0.1.0": release(cluster_template_odd__yaml=TEMPLATE)})
    first = Ground(tmp_path / "first", any=up)
    await first.run(wanted())
    made = await make_lock(first.store, first.ledger)
    listed = up.assets

    async def unlisted(version: Version) -> tuple[RemoteAsset, ...]:
        return tuple(one for one in await listed(version) if "odd" not in one.name)

    up.assets = unlisted  # type: ignore[method-assign]
    second = Ground(tmp_path / "second", any=up)
    plan, brought = await second.run(wanted(), lock=made.lock)
    assert (plan.problems, states(brought)) == ((), ["listed"])
    assert "cluster-template-odd.yaml" in second.files(LABEL, "v0.1.0")


async def test_the_lock_decides_what_comes_and_which_bytes(tmp_path: Path) -> None:
    up = FakeUpstream({"v0.1.0": release(), "v0.2.0": release("v0.2.0")})
    first = Ground(tmp_path / "first", any=up)
    await first.run(wanted(LABEL, pinned("v0.1.0")))
    made = await make_lock(first.store, first.ledger)
    assert not made.problems
    up.releases["v0.1.0"]["cluster-template.yaml"] = TEMPLATE
    up.asked.clear()
    second = Ground(tmp_path / "second", any=up)
    plan, brought = await second.run(wanted(), lock=made.lock)
    assert states(brought) == ["listed"]
    assert not plan.problems
    assert "versions" not in up.asked
    assert await second.listed() == ["v0.1.0"]
    assert "cluster-template.yaml" not in second.files(LABEL, "v0.1.0")
    assert (await make_lock(second.store, second.ledger)).lock == made.lock


@pytest.mark.parametrize("mute", [False, True])
async def test_other_bytes_than_the_locked_ones_never_come(tmp_path: Path, mute: bool) -> None:  # noqa: FBT001
    up = FakeUpstream({"v0.1.0": release()}, mute=mute)
    digests = {AssetName(name): "0" * 64 for name in release()}
    lock: Lock = {LABEL: {parse_version("v0.1.0"): digests}}
    ground = Ground(tmp_path, any=up)
    plan, brought = await ground.run(wanted(), lock=lock)
    told = " ".join([*plan.problems, *(one.reason for one in brought)])
    assert "0" * 64 in told
    assert not await ground.listed()
    assert bool(up.opened) is mute


async def test_what_is_here_and_not_as_locked_is_told(tmp_path: Path) -> None:
    ground = Ground(tmp_path, any=FakeUpstream({"v0.1.0": release()}))
    await ground.run(wanted())
    lock: Lock = {
        LABEL: {parse_version("v0.1.0"): {AssetName("metadata.yaml"): "0" * 64}},
        Label("ipam-b"): {parse_version("v0.1.0"): {AssetName("metadata.yaml"): "0" * 64}},
    }
    plan, _ = await ground.run(wanted(), lock=lock)
    assert len(plan.problems) == 2
    assert "the configuration does not want it" in plan.problems[0]
    assert "ours has the digest" in plan.problems[1]
