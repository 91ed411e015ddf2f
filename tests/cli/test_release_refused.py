"""`release` refused: every problem at once, in files that can be opened; and what is next."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import pytest

from tests.cli.test_release import IMAGE, TEMPLATE, content, release
from tests.support import (
    add_release,
    clean_environment,
    components,
    metadata,
    run_capirepo,
    serving_process,
)

OPEN = TEMPLATE.replace("${CLUSTER_NAME}", "${CLUSTER_NAME")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree whose components are rendered already, without templates."""
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "components.yaml").write_text(components(image="controller:latest"))
    (folder / "metadata.yaml").write_text(metadata("0.2=v1beta1"))
    return folder


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders go."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def put_kustomize(folder: Path, body: str) -> dict[str, str]:
    """The environment of a user whose kustomize does what `body` says."""
    folder.mkdir()
    (folder / "kustomize").write_text(f"#!/bin/sh\n{body}\n")
    (folder / "kustomize").chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


def put_flavor(tree: Path, text: str) -> None:
    folder = tree / "templates" / "flavors" / "topology"
    folder.mkdir(parents=True)
    (folder / "cluster.yaml").write_text(text)
    (folder / "kustomization.yaml").write_text("resources: [cluster.yaml]\n")


def test_every_problem_of_every_file_is_told_at_once(tree: Path) -> None:
    broken = components().replace("${LOG_LEVEL:=0}", "${LOG_LEVEL")
    (tree / "components.yaml").write_text(broken)
    (tree / "metadata.yaml").write_text(
        metadata("0.2=v1beta1").replace("minor: 2", "minor: two").replace("v1alpha3", "v1")
    )
    (tree / "templates").mkdir()
    (tree / "templates" / "cluster-template.yaml").write_text(OPEN)
    done = release(tree, "--out", "root", "-o", "json")
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    found = {(one["rule"], Path(one["file"]).name) for one in told["problems"]}
    assert found >= {
        ("metadata-types", "metadata.yaml"),
        ("metadata-api-version", "metadata.yaml"),
        ("variable-form", "infrastructure-components.yaml"),
        ("variable-form", "cluster-template.yaml"),
    }
    assert not (tree / "root").exists()


@pytest.mark.parametrize(
    ("text", "rule"),
    [("a: &a [*a]\n", "yaml-hostile"), ("[" * 1000, "yaml-hostile"), ("a: [\n", "yaml-invalid")],
    ids=["alias", "deep", "torn"],
)
def test_components_that_cannot_be_read_are_told_of_by_rule(
    tree: Path, text: str, rule: str
) -> None:
    (tree / "components.yaml").write_text(text)
    done = release(tree, "--out", "root")
    assert done.returncode == 1, done.stderr
    assert f"[{rule}]" in done.stdout
    assert "  image      not set: infrastructure-components.yaml, line " in done.stdout
    assert not (tree / "root").exists()


def test_nothing_goes_out_whose_image_was_not_set(tree: Path) -> None:
    text = components().replace('["--v=${LOG_LEVEL:=0}"]', "[${LOG_LEVEL:=a}]")
    (tree / "components.yaml").write_text(text)
    done = release(tree, "--out", "root")
    assert done.returncode == 2
    assert "the image cannot be set in components.yaml: " in done.stderr
    assert "into quotes" in done.stderr
    assert not (tree / "root").exists()


@pytest.mark.parametrize("text", ["a: [\n", "", "a: b\n---\nc: d\n", "releaseSeries: []\n"])
def test_a_metadata_that_is_none_is_told_of_by_rule_and_named_once(tree: Path, text: str) -> None:
    (tree / "metadata.yaml").write_text(text)
    done = release(tree, "--dry-run")
    assert done.returncode == 1, done.stderr
    assert "\nmetadata.yaml" in done.stdout
    assert "metadata.yaml: metadata.yaml" not in done.stdout
    assert "  contract " not in done.stdout


def test_places_are_those_of_real_files(tree: Path, tmp_path: Path, kept: Path) -> None:
    put_flavor(tree, OPEN)
    (tree / "templates" / "cluster-template.yaml").write_text(OPEN)
    (tree / "components.yaml").write_text(components().replace("${LOG_LEVEL:=0}", "${LOG_LEVEL"))
    environment = put_kustomize(tmp_path / "bin", 'cat "$2/cluster.yaml"')
    before = content(tree)
    done = release(tree, "--out", tmp_path / "root", "-o", "json", env=environment)
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert (told["state"], told["dryRun"]) == ("refused", False)
    assert told["place"] == f"{tmp_path}/root/infrastructure-awesome/v0.2.0"
    folder = Path(told["kept"])
    assert folder.is_relative_to(kept)
    assert folder.parts[-2:] == ("infrastructure-awesome", "v0.2.0")
    assert content(folder).keys() == {one["name"] for one in told["files"]}
    # What the release has byte for byte is the author's own file.
    assert {one["file"] for one in told["problems"] if one["rule"] == "variable-form"} == {
        "templates/cluster-template.yaml",
        str(folder / "cluster-template-topology.yaml"),
        str(folder / "infrastructure-components.yaml"),
    }
    made_from = {one["name"]: one["madeFrom"] for one in told["files"]}
    assert made_from["cluster-template-topology.yaml"] == "templates/flavors/topology/cluster.yaml"
    drawn = release(tree, "--out", tmp_path / "root", env=environment).stdout
    assert f"The files are kept in {kept}/" in drawn
    assert (
        "cluster-template-topology.yaml is made from templates/flavors/topology/cluster.yaml"
        in drawn
    )
    assert content(tree) == before


def test_what_is_released_has_its_places_in_the_root_and_is_not_kept(
    tree: Path, tmp_path: Path, kept: Path
) -> None:
    other = IMAGE.replace("v0.2.0", "v0.1.9")
    for state in ("added", "unchanged"):
        done = release(tree, "--out", tmp_path / "root", image=other)
        assert done.returncode == 0, done.stderr
        made = tmp_path / "root" / "infrastructure-awesome" / "v0.2.0"
        assert f"{made}/infrastructure-components.yaml:" in done.stdout
        assert "[image-tag]" in done.stdout
        assert f"{state} {made}" in done.stdout
    assert [*kept.iterdir()] == []


def test_a_version_that_is_hardly_to_be_told_from_another_is_a_conflict(
    tree: Path, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    add_release(root, "infrastructure-awesome", "v0.2.0+a")
    done = release(tree, "--to", root, "--write-metadata", "-o", "json")
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert told["state"] == "conflict"
    assert "hardly to be told from it" in told["conflict"]


def test_no_folder_of_templates_is_remarked_upon(tree: Path) -> None:
    assert "templates  none: no folder templates" in release(tree, "--dry-run").stdout
    assert json.loads(release(tree, "--dry-run", "-o", "json").stdout)["noTemplates"] is True
    other = release(tree, "--dry-run", "--type", "bootstrap", "--name", "awesome")
    assert "templates  " not in other.stdout


def test_kubectls_words_come_without_the_frame_of_its_log(tree: Path, tmp_path: Path) -> None:
    put_flavor(tree, TEMPLATE)
    log = 'E1122 13:12:11.231759    1362 run.go:72] "command failed" err="no \\"x\\":\\nlook"'
    (tmp_path / "said").write_text(f"{log}\n")
    environment = put_kustomize(tmp_path / "bin", f"cat {tmp_path}/said >&2; exit 1")
    done = release(tree, "--dry-run", env=environment)
    assert done.returncode == 2
    assert done.stderr.endswith('topology:\n  no "x":\n  look\n')


def test_what_is_next_after_a_release_to_a_server_works_as_it_stands(
    tree: Path, tmp_path: Path
) -> None:
    root, state = tmp_path / "root", tmp_path / "state"
    root.mkdir()
    token = run_capirepo(
        "token", "create", "ci", root, "--scope", "write", "--state", state
    ).stdout.strip()
    with serving_process(root, state=state) as server:
        environment = clean_environment(tmp_path, CAPIREPO_TOKEN=token)
        done = release(tree, "--to", server.url, env=environment)
        assert done.returncode == 0, done.stderr
        line = done.stdout.partition("Next:\n")[2].splitlines()[0]
        program, *words = shlex.split(line)
        assert program == "capirepo"
        assert words[:3] == ["run", "--server", server.url]
        assert words[3:5] == ["--", "clusterctl"]
        tried = run_capirepo(*words[:4], "true", env=environment)
        assert tried.returncode == 0, tried.stderr
    assert "in the server's capirepo.yaml:" in done.stdout
    assert f"{server.url}/capirepo.yaml" not in done.stdout
