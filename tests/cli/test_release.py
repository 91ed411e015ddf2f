"""`release`: what it makes of a tree, what it leaves alone, and how it fails."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from capirepo.core.metadata import parse_metadata
from capirepo.core.version import parse_version
from tests.support import add_release, components, metadata, run_capirepo

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

IMAGE = "registry.example.com/org/manager:v0.2.0"
TEMPLATE = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${CLUSTER_NAME}\n"
CRD = (
    "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
    "metadata:\n  name: xs.example.com\n  labels:\n"
    "    cluster.x-k8s.io/v1beta1: v1\n    cluster.x-k8s.io/v1beta2: v1\n    other: a\n"
    "spec:\n  group: example.com\n  names: {kind: X, plural: xs}\n  scope: Namespaced\n"
    "  versions: [{name: v1, served: true, storage: true}]\n"
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree whose components are rendered already."""
    folder = tmp_path / "tree"
    (folder / "templates").mkdir(parents=True)
    (folder / "components.yaml").write_text(components(image="controller:latest # set"))
    (folder / "metadata.yaml").write_text("# ours\n" + metadata("0.1=v1beta1"))
    (folder / "templates" / "cluster-template.yaml").write_text(TEMPLATE)
    return folder


@pytest.fixture(autouse=True)
def kept(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporary folders go where pytest takes them away."""
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("temporary")))


def release(
    tree: Path, *arguments: object, version: str = "v0.2.0", image: str = IMAGE, **options: Any
) -> subprocess.CompletedProcess[str]:
    given: list[object] = ["--version", version, "--image", image]
    if "--from" not in arguments:
        given += ["--from", "components.yaml"]
    if "--type" not in arguments:
        given += ["--type", "infrastructure", "--name", "awesome"]
    return run_capirepo("release", *given, *arguments, cwd=tree, **options)


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_a_release_is_made_that_can_be_installed(tree: Path, tmp_path: Path) -> None:
    done = release(tree, "--out", tmp_path / "root")
    assert done.returncode == 0, done.stderr
    made = tmp_path / "root" / "infrastructure-awesome" / "v0.2.0"
    assert content(made).keys() == {
        "cluster-template.yaml", "infrastructure-components.yaml", "metadata.yaml",
    }  # fmt: skip
    rendered = (made / "infrastructure-components.yaml").read_text()
    assert rendered == components(image=f"{IMAGE} # set")
    assert run_capirepo("list", tmp_path / "root").returncode == 0
    for words in (
        f"{IMAGE} in Deployment awesome (was controller:latest)",
        "v1beta1, as series 0.1 has it",
        f"added {made}",
        f"capirepo run {tmp_path}/root -- clusterctl generate provider --infrastructure awesome:",
        "infrastructure-awesome: OWNER/REPO",
    ):
        assert words in done.stdout


def test_the_very_same_again_is_fine_and_other_bytes_are_refused(
    tree: Path, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    assert release(tree, "--out", root).returncode == 0
    before = content(root)
    again = release(tree, "--to", root)
    assert again.returncode == 0
    assert f"unchanged {root}" in again.stdout
    other = release(tree, "--to", root, image=IMAGE.replace("v0.2.0", "v0.2.1"))
    assert other.returncode == 1
    assert "differs in infrastructure-components.yaml" in other.stdout
    tried = release(tree, "--to", root, "--dry-run", image=IMAGE.replace("v0.2.0", "v0.2.1"))
    assert tried.returncode == 1
    assert tried.stdout.splitlines()[-1] == other.stdout.splitlines()[-1]
    assert content(root) == before


def test_a_dry_run_compares_with_the_version_before_and_writes_nothing(
    tree: Path, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    for version in ("v0.1.0", "v0.1.1", "v0.3.0"):
        add_release(root, "infrastructure-awesome", version, odd__yaml="a: b\n")
    before = content(tmp_path)
    done = release(tree, "--to", root, "--dry-run", "--write-metadata")
    assert done.returncode == 0, done.stderr
    assert content(tmp_path) == before
    assert "compared with v0.1.1" in done.stdout
    states = {
        line.split()[0]: line.split()[-1] for line in done.stdout.splitlines() if " bytes " in line
    }
    assert states == {
        "cluster-template.yaml": "new",
        "infrastructure-components.yaml": "changed",
        "metadata.yaml": "changed",
        "odd.yaml": "gone",
    }
    assert f"\n+        image: {IMAGE} # set\n" in done.stdout
    assert "\x1b" not in done.stdout
    short = release(tree, "--to", root, "--dry-run", "--diff-lines", "3").stdout
    assert "more lines; --diff-lines 0 shows all" in short
    assert IMAGE not in short.partition("compared")[2]
    whole = release(tree, "--to", root, "--dry-run", "--diff-lines", "0").stdout
    assert "--diff-lines" not in whole
    colours = {**os.environ, "FORCE_COLOR": "1", "TERM": "xterm"}
    drawn = release(tree, "--to", root, "--dry-run", env=colours).stdout
    assert "\x1b[32m+        image:" in drawn


def test_a_dry_run_needs_no_root(tree: Path) -> None:
    content = json.loads(release(tree, "--dry-run", "-o", "json").stdout)
    assert content["state"] == "new"
    assert content["dryRun"] is True
    assert content["previous"] is None
    assert content["contract"] == "v1beta1"
    assert content["metadata"] == {"file": "metadata.yaml", "seriesAdded": True, "written": False}
    assert [one["state"] for one in content["files"]] == ["new"] * 3
    assert content["images"][0]["before"] == "controller:latest"


def test_a_file_of_metadata_with_the_series_is_taken_byte_for_byte(
    tree: Path, tmp_path: Path
) -> None:
    file = tree / "metadata.yaml"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    done = release(tree, "--out", tmp_path / "root", "--write-metadata", version="v0.1.7")
    assert "metadata.yaml, as it is" in done.stdout
    made = tmp_path / "root" / "infrastructure-awesome" / "v0.1.7" / "metadata.yaml"
    assert made.read_bytes() == file.read_bytes()


def test_the_trees_own_metadata_is_written_only_when_asked_for(tree: Path, tmp_path: Path) -> None:
    file, before = tree / "metadata.yaml", (tree / "metadata.yaml").read_bytes()
    done = release(tree, "--out", tmp_path / "root")
    assert "metadata.yaml is as it was: --write-metadata writes it" in done.stdout
    assert file.read_bytes() == before
    done = release(tree, "--out", tmp_path / "root", "--write-metadata")
    assert "series 0.2 is added, and written to metadata.yaml" in done.stdout
    made = tmp_path / "root" / "infrastructure-awesome" / "v0.2.0" / "metadata.yaml"
    assert file.read_bytes() == made.read_bytes() != before
    assert file.read_text().startswith("# ours\n")


@pytest.mark.parametrize(
    ("more", "arguments", "contract", "because"),
    [
        ("", (), "v1beta1", "for nothing says another"),
        (CRD, (), "v1beta2", "as the labels of the CustomResourceDefinitions say"),
        (CRD, ("--contract", "v1beta1"), "v1beta1", "as --contract says"),
    ],
)
def test_without_metadata_one_is_made(
    tree: Path, more: str, arguments: tuple[str, ...], contract: str, because: str
) -> None:
    (tree / "metadata.yaml").unlink()
    with (tree / "components.yaml").open("a") as file:
        file.write(more)
    done = release(tree, "--out", "root", "--write-metadata", *arguments)
    assert f"{contract}, {because}" in done.stdout, done.stderr
    made = parse_metadata((tree / "metadata.yaml").read_bytes())
    assert made.contract_of(parse_version("v0.2.0")) == contract


def test_a_label_that_has_an_address_keeps_it(tree: Path, root: Path) -> None:
    (root / "capirepo.yaml").write_text(
        "sources: {infrastructure-awesome: {source: a/b, components: odd.yaml}}"
    )
    done = release(tree, "--to", root, version="v0.4.0")
    assert "Clients look for it under a/b." in done.stdout
    assert (root / "infrastructure-awesome" / "v0.4.0" / "odd.yaml").exists()


def test_core_has_no_name_and_only_infrastructure_has_templates(tree: Path) -> None:
    done = release(tree, "--out", "root", "--type", "core")
    assert done.returncode == 0, done.stderr
    assert content(tree / "root" / "cluster-api").keys() == {
        "v0.2.0/core-components.yaml", "v0.2.0/metadata.yaml",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "--out DIR or --to ROOT|URL; or --dry-run"),
        (("--out", "a", "--to", "b"), "not both"),
        (("--to", "missing"), "ROOT missing is no folder"),
        (("--to", "http://127.0.0.1:9"), "no answer from http://127.0.0.1:9"),
        (("--out", "components.yaml/x"), "cannot make the folder"),
        (("--out", "blocked"), "cannot lock "),
        (("--dry-run", "--type", "ipam"), "--name"),
        (("--dry-run", "--type", "ipam", "--name", "No"), "'ipam-No' is no provider label"),
        (("--dry-run", "--type", "core", "--name", "x"), "is called cluster-api"),
        (("--dry-run", "--type", "ipam", "--name", "ipam-x"), "did you mean --name x?"),
        (("--dry-run", "--type", "ipam", "--name", "x", "--templates", "templates"),
         "cannot have templates"),
        (("--dry-run", "--contract", "beta"), "'beta' is no contract"),
        (("--dry-run", "--from", "missing"), "does not exist"),
        (("--dry-run", "--from", "templates"), "has no kustomization.yaml"),
        (("--dry-run", "--from", "k/kustomization.yaml"), "give its folder: k"),
        (("--dry-run", "--from", "metadata.yaml"), "with a container manager"),
        (("--dry-run", "--from", "/dev/zero"), "there is no file /dev/zero"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line(
    tree: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    (tree / "k").mkdir()
    (tree / "k" / "kustomization.yaml").write_text("")
    (tree / "blocked").mkdir()
    (tree / "blocked" / ".capirepo").write_text("no folder")
    before = content(tree)
    done = release(tree, *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert content(tree) == before


@pytest.mark.parametrize(
    ("version", "image", "sentence"),
    [
        ("0.2.0", IMAGE, "clusterctl asks for semantic versions with a leading v"),
        ("v0.2.0", "org/manager:v1", "names no registry"),
        ("v0.2.0", "registry.example.com/manager", "neither tag nor digest"),
    ],
)
def test_a_version_and_an_image_are_whole(
    tree: Path, version: str, image: str, sentence: str
) -> None:
    done = release(tree, "--dry-run", version=version, image=image)
    assert done.returncode == 2
    assert sentence in done.stderr


def test_a_series_keeps_its_contract(tree: Path) -> None:
    done = release(tree, "--dry-run", "--contract", "v1beta2", version="v0.1.1")
    assert done.returncode == 2
    assert "metadata.yaml: series 0.1 has the contract v1beta1, not v1beta2" in done.stderr


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (None, "neither kustomize nor kubectl is on PATH"),
        ("echo 'Error: no such resource' >&2; exit 1", "kustomize build cannot render k:\n  Error"),
        ("exec yes", "prints more than"),
        ("exec sleep 1000", "was not done with k in 0.2 s"),
    ],
    ids=["missing", "failing", "endless", "hanging"],
)
def test_a_renderer_that_does_not_do_is_no_reason_for_a_traceback(
    tree: Path, body: str | None, sentence: str
) -> None:
    (tree / "k").mkdir()
    (tree / "k" / "kustomization.yaml").write_text("")
    programs = tree / "bin"
    programs.mkdir()
    if body is not None:
        (programs / "kustomize").write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{body}\n")
        (programs / "kustomize").chmod(0o755)
    bounded = ["--timeout", "0.2"] if "0.2 s" in sentence else []
    user = {**os.environ, "PATH": str(programs)}
    done = release(tree, "--from", "k", "--out", "root", *bounded, env=user)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tree / "root").exists()
