"""Mirroring into a real folder from an upstream that fails in many ways."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING

import pytest

from capirepo.core.mirror import Rule
from capirepo.core.names import CERT_MANAGER, CLUSTERCTL, CORE_LABEL, AssetName
from capirepo.core.version import parse_version
from capirepo.errors import StorageError
from capirepo.store.staging import STATE
from tests.services.upstreams import (
    LABEL,
    SOURCE,
    FakeUpstream,
    Ground,
    pinned,
    release,
    states,
    wanted,
)

if TYPE_CHECKING:
    from pathlib import Path

    from capirepo.core.mirror import Wanted

TEMPLATE = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: ${NAMESPACE}\n"
BAD = {"metadata.yaml": b"kind: Metadata\n", "infrastructure-components.yaml": b"a: [\n"}


async def test_every_file_comes_verified_and_the_record_says_from_where(tmp_path: Path) -> None:
    up = FakeUpstream({"v0.1.0": release(cluster_template__yaml=TEMPLATE)})
    ground = Ground(tmp_path, any=up)
    _, brought = await ground.run(wanted())
    assert states(brought) == ["listed"]
    folder = tmp_path / LABEL / "v0.1.0"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == up.releases["v0.1.0"]
    record = ground.ledger.record_of(LABEL, parse_version("v0.1.0"))
    assert record["via"] == "mirror"
    for name, about in record["assets"].items():
        stated = about["upstream"]
        assert about["sha256"] == stated["sha256"]
        assert stated["address"] == f"v0.1.0/{name}"
        assert stated["stamp"]
        assert stated["at"].endswith("Z")
    (entry, sound), *more = ground.journal.entries()
    assert not more
    assert sound
    assert entry["action"] == "mirror"
    assert entry["assets"].keys() == record["assets"].keys()


async def test_what_is_up_to_date_takes_one_question_a_source(tmp_path: Path) -> None:
    up = FakeUpstream({"v0.1.0": release(), "v0.2.0": release("v0.2.0")}, tag="a")
    ground = Ground(tmp_path, any=up)
    await ground.run(wanted())
    up.asked.clear()
    plan, brought = await ground.run(wanted())
    assert up.asked == ["versions"]
    assert not plan.orders
    assert not brought
    assert len(plan.held) == 2


async def test_what_is_wanted_by_its_version_and_here_takes_no_question(tmp_path: Path) -> None:
    up = FakeUpstream({"v0.1.0": release()})
    ground = Ground(tmp_path, any=up)
    await ground.run(wanted(LABEL, pinned("v0.1.0")))
    assert "versions" not in up.asked
    up.asked.clear()
    await ground.run(wanted(LABEL, pinned("v0.1.0")))
    assert not up.asked


async def test_a_new_release_comes_with_the_next_listing(tmp_path: Path) -> None:
    up = FakeUpstream({"v0.1.0": release()}, tag="a")
    ground = Ground(tmp_path, any=up)
    await ground.run(wanted())
    up.releases["v0.2.0"] = release("v0.2.0")
    up.tag = "b"
    up.asked.clear()
    _, brought = await ground.run(wanted())
    assert [str(one.version) for one in brought] == ["v0.2.0"]
    assert "assets v0.1.0" not in up.asked


async def test_of_one_file_that_fails_only_that_one_is_fetched_again(tmp_path: Path) -> None:
    templates = {f"cluster_template_{number}__yaml": TEMPLATE for number in range(8)}
    up = FakeUpstream(
        {"v0.1.0": release("v0.1.0", **templates)}, broken={"cluster-template-3.yaml"}
    )
    ground = Ground(tmp_path, any=up)
    _, brought = await ground.run(wanted())
    assert states(brought) == ["failed"]
    assert "502" in brought[0].reason
    assert not await ground.listed()
    assert len(up.opened) == 10
    up.broken.clear()
    _, brought = await ground.run(wanted())
    assert states(brought) == ["listed"]
    assert (brought[0].files, up.opened) == (1, ["cluster-template-3.yaml"])
    assert len(ground.files(LABEL, "v0.1.0")) == 10


@pytest.mark.parametrize("fault", ["lies", "cut", "empty", "short"])
async def test_a_file_that_is_not_what_was_stated_is_never_kept(tmp_path: Path, fault: str) -> None:
    up = FakeUpstream({"v0.1.0": release()})
    if fault == "lies":
        up.lies["metadata.yaml"] = "0" * 64
    elif fault == "cut":
        up.cut.add("metadata.yaml")
    elif fault == "empty":
        up.releases["v0.1.0"]["metadata.yaml"] = b""
    ground = Ground(tmp_path, any=up)
    plan = await ground.surveyor.plan([wanted()])
    if fault == "short":
        up.releases["v0.1.0"]["metadata.yaml"] = b"changed meanwhile"
    brought = await ground.bring(plan)
    assert states(brought) == ["failed"]
    assert "metadata.yaml" in brought[0].reason
    assert not await ground.listed()
    aside = tmp_path / STATE / "aside" / LABEL / "v0.1.0"
    assert [path.name for path in aside.iterdir()] == ["infrastructure-components.yaml"]
    assert not [*(tmp_path / STATE / "staging").iterdir()]


async def test_a_bad_release_stays_aside_and_is_named_again_without_a_question(
    tmp_path: Path,
) -> None:
    up = FakeUpstream({"v0.1.0": BAD, "v0.2.0": release("v0.2.0")}, tag="a")
    ground = Ground(tmp_path, any=up)
    _, brought = await ground.run(wanted())
    assert {str(one.version): one.state for one in brought} == {
        "v0.1.0": "aside",
        "v0.2.0": "listed",
    }
    assert await ground.listed() == ["v0.2.0"]
    up.asked.clear()
    plan, _ = await ground.run(wanted())
    assert up.asked == ["versions"]
    assert "kept aside" in plan.problems[0]


async def test_a_bad_release_that_upstream_mends_is_fetched_anew(tmp_path: Path) -> None:
    up = FakeUpstream({"v0.1.0": {**release(), "metadata.yaml": b"kind: x\n"}}, tag="a")
    ground = Ground(tmp_path, any=up)
    await ground.run(wanted())
    up.releases, up.tag = {"v0.1.0": release()}, "b"
    up.asked.clear()
    _, brought = await ground.run(wanted())
    assert states(brought) == ["listed"]
    assert up.opened == ["metadata.yaml"]


async def test_what_was_taken_from_aside_is_tried_again(tmp_path: Path) -> None:
    up = FakeUpstream({"v0.1.0": BAD}, tag="a")
    ground = Ground(tmp_path, any=up)
    await ground.run(wanted())
    await ground.intake.drop(LABEL, parse_version("v0.1.0"))
    _, brought = await ground.run(wanted())
    assert states(brought) == ["aside"]


async def test_one_upstream_that_is_down_hinders_no_other(tmp_path: Path) -> None:
    good = FakeUpstream({"v0.1.0": release()})
    ground = Ground(tmp_path, any=good, ipam_awesome=FakeUpstream(down=True))
    plan, brought = await ground.run(wanted(), wanted("ipam-awesome"))
    assert states(brought) == ["listed"]
    assert [problem for problem in plan.problems if "nobody answers" in problem] == [
        "fake ipam-awesome: nobody answers"
    ]
    assert plan.unsure == {"ipam-awesome"}


async def test_the_files_of_a_source_go_to_the_labels_whose_they_are(tmp_path: Path) -> None:
    files = {
        **release("v1.2.0", cluster_template__yaml=TEMPLATE),
        "ipam-components.yaml": release("v1.2.0")["infrastructure-components.yaml"],
        "unrelated.txt": b"x",
    }
    up = FakeUpstream({"v1.2.0": files})
    ground = Ground(tmp_path, any=up)
    await ground.run(*(wanted(label, source=SOURCE) for label in (LABEL, "ipam-awesome")))
    assert up.asked.count("versions") == 1
    assert up.asked.count("assets v1.2.0") == 1
    assert ground.files(LABEL, "v1.2.0") == [
        "cluster-template.yaml", "infrastructure-components.yaml", "metadata.yaml",
    ]  # fmt: skip
    assert ground.files("ipam-awesome", "v1.2.0") == ["ipam-components.yaml", "metadata.yaml"]


async def test_a_version_that_has_nothing_of_a_label_is_passed_over_until_the_listing_changes(
    tmp_path: Path,
) -> None:
    older = {"core-components.yaml": b"a: b\n", "metadata.yaml": b"a: b\n"}
    up = FakeUpstream({"v0.1.0": older, "v0.2.0": release("v0.2.0")}, tag="a")
    ground = Ground(tmp_path, any=up)
    one = wanted(source=SOURCE)
    plan, _ = await ground.run(one)
    assert plan.notes == ("infrastructure-awesome v0.1.0: upstream has no files of it",)
    assert not plan.problems
    assert not plan.unsure
    up.asked.clear()
    plan, _ = await ground.run(one)
    assert up.asked == ["versions"]
    assert plan.notes
    up.tag = "b"
    await ground.run(one)
    assert "assets v0.1.0" in up.asked


async def test_a_version_that_is_wanted_by_name_and_not_there_is_a_problem(tmp_path: Path) -> None:
    ground = Ground(tmp_path, any=FakeUpstream({"v0.1.0": release()}))
    plan, brought = await ground.run(wanted(LABEL, pinned("v0.1.0", "v9.0.0")))
    assert states(brought) == ["listed"]
    assert plan.problems == ("infrastructure-awesome v9.0.0: there is no v9.0.0",)


async def test_a_name_that_was_only_guessed_may_be_missing(tmp_path: Path) -> None:
    up = FakeUpstream({"v0.1.0": release()}, mute=True, guessed={"cluster-template.yaml"})
    ground = Ground(tmp_path, any=up)
    _, brought = await ground.run(wanted())
    assert states(brought) == ["listed"]
    del up.releases["v0.1.0"]["infrastructure-components.yaml"]
    up.guessed.add("infrastructure-components.yaml")
    up.releases["v0.1.1"] = up.releases["v0.1.0"]
    _, brought = await ground.run(wanted())
    assert states(brought) == ["absent"]
    assert await ground.listed() == ["v0.1.0"]
    assert not (tmp_path / STATE / "aside" / LABEL / "v0.1.1").exists()


async def test_clusterctl_follows_cluster_api_and_comes_for_the_platforms(tmp_path: Path) -> None:
    core = {
        "core-components.yaml": release()["infrastructure-components.yaml"],
        "clusterctl-linux-amd64": b"a program",
        "clusterctl-darwin-arm64": b"another",
        "clusterctl-windows-amd64.exe": b"a third",
    }
    versions = {
        v: {**core, "metadata.yaml": release(v)["metadata.yaml"]} for v in ("v1.1.0", "v1.2.0")
    }
    ground = Ground(tmp_path, any=FakeUpstream(versions))

    def wishes(*platforms: str) -> list[Wanted]:
        return [
            wanted(CORE_LABEL, Rule(latest=1), source=SOURCE),
            wanted(CLUSTERCTL, Rule(match=True), source=SOURCE, platforms=platforms),
        ]

    await ground.run(*wishes("linux/amd64"))
    assert await ground.listed(CLUSTERCTL) == ["v1.2.0"]
    assert ground.files(CLUSTERCTL, "v1.2.0") == ["clusterctl-linux-amd64"]
    # A platform that is wanted later is added to what is here.
    _, brought = await ground.run(*wishes("linux/amd64", "windows/amd64"))
    assert states(brought) == ["listed"]
    assert ground.files(CLUSTERCTL, "v1.2.0") == [
        "clusterctl-linux-amd64", "clusterctl-windows-amd64.exe",
    ]  # fmt: skip
    record = ground.ledger.record_of(CLUSTERCTL, parse_version("v1.2.0"))
    assert all("upstream" in one for one in record["assets"].values())
    plan, _ = await ground.run(*wishes("linux/arm64"))
    assert plan.problems == ("clusterctl v1.2.0: upstream has no clusterctl-linux-arm64",)


async def test_a_tool_needs_no_metadata(tmp_path: Path) -> None:
    up = FakeUpstream(
        {"v1.0.0": {"cert-manager.yaml": release()["infrastructure-components.yaml"]}}
    )
    ground = Ground(tmp_path, any=up)
    _, brought = await ground.run(wanted(CERT_MANAGER, pinned("v1.0.0")))
    assert states(brought) == ["listed"]


async def test_what_somebody_published_meanwhile_stays_as_it_is(tmp_path: Path) -> None:
    ground = Ground(tmp_path, any=FakeUpstream({"v0.1.0": release()}))
    plan = await ground.surveyor.plan([wanted()])
    theirs = {AssetName("infrastructure-components.yaml"): b"theirs"}
    await ground.store.add(LABEL, parse_version("v0.1.0"), theirs)
    await ground.bring(plan)
    assert ground.files(LABEL, "v0.1.0") == [*theirs]
    assert not (tmp_path / STATE / "aside" / LABEL / "v0.1.0").exists()


async def test_a_failing_disk_ends_the_run_and_the_next_one_converges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    up = FakeUpstream({f"v0.1.{patch}": release() for patch in range(6)})
    ground = Ground(tmp_path, any=up)

    calls = 0

    def full(_: int) -> None:
        nonlocal calls
        calls += 1
        # The first ones are for what was seen of the upstream, and for the folders of state.
        if calls > 8:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as failing:
        failing.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match="No space left"):
            await ground.run(wanted())
    assert not await ground.listed()
    assert not [*(tmp_path / STATE / "staging").iterdir()]
    _, brought = await ground.run(wanted())
    assert states(brought) == ["listed"] * 6


async def test_a_version_that_is_hardly_told_from_another_stays_aside(tmp_path: Path) -> None:
    ground = Ground(tmp_path, any=FakeUpstream({"v0.1.0": release(), "v0.1.0+build": release()}))
    _, brought = await ground.run(wanted())
    assert sorted(states(brought)) == ["aside", "listed"]


async def test_two_runs_at_once_bring_each_release_once(tmp_path: Path) -> None:
    up = FakeUpstream({f"v0.1.{patch}": release() for patch in range(4)})
    ground = Ground(tmp_path, any=up)

    async def one() -> list[str]:
        async with ground.sightings.alone(lambda: None):
            _, brought = await ground.run(wanted())
            return states(brought)

    assert sorted(map(len, await asyncio.gather(one(), one()))) == [0, 4]


async def test_what_was_seen_can_be_damaged_at_any_time(tmp_path: Path) -> None:
    up = FakeUpstream({"v0.1.0": release()}, tag="a")
    ground = Ground(tmp_path, any=up)
    await ground.run(wanted())
    for content in ("", "{", json.dumps({"origin": "x"})):
        (file,) = (tmp_path / STATE / "upstreams").iterdir()
        file.write_text(content)
        plan, _ = await ground.run(wanted())
        assert not plan.problems
        assert plan.held
