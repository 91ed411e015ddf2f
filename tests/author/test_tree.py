"""What a provider's tree shows by itself: its metadata.yaml and its templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from capirepo.author import tree
from capirepo.core import yamlguard
from capirepo.errors import BadInputError, StorageError

if TYPE_CHECKING:
    from pathlib import Path


def put(file: Path, text: str = "a: b\n") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_metadata_is_the_nearest_one_up_to_the_root_of_git(tmp_path: Path) -> None:
    put(tmp_path / "metadata.yaml")
    project = tmp_path / "project"
    origin = project / "config" / "default"
    origin.mkdir(parents=True)
    (project / ".git").mkdir()
    assert tree.find_metadata(origin) is None
    assert tree.top_of(origin) == project
    high = put(project / "metadata.yaml")
    assert tree.find_metadata(origin) == high
    near = put(project / "config" / "metadata.yaml")
    assert tree.find_metadata(origin) == near
    assert tree.find_metadata(origin / ".." / ".." / "config") == near


def test_without_git_the_search_ends_at_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = tmp_path / "project" / "config"
    origin.mkdir(parents=True)
    put(tmp_path / "metadata.yaml")
    monkeypatch.chdir(tmp_path / "project")
    assert tree.find_metadata(origin) is None
    monkeypatch.chdir(tmp_path)
    assert tree.find_metadata(origin) == tmp_path / "metadata.yaml"
    monkeypatch.chdir("/")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert tree.top_of(origin) == origin
    assert tree.find_metadata(origin) is None


def test_beside_a_rendered_file_is_beside_it(tmp_path: Path) -> None:
    metadata = put(tmp_path / "out" / "metadata.yaml")
    assert tree.find_metadata(put(tmp_path / "out" / "components.yaml")) == metadata


def test_templates_are_beside_the_metadata_or_at_the_top(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    origin = put(tmp_path / "provider" / "config" / "kustomization.yaml").parent
    metadata = put(tmp_path / "provider" / "metadata.yaml")
    assert tree.find_templates(origin, metadata) is None
    (tmp_path / "templates").mkdir()
    assert tree.find_templates(origin, metadata) == tmp_path / "templates"
    (tmp_path / "provider" / "templates").mkdir()
    assert tree.find_templates(origin, metadata) == tmp_path / "provider" / "templates"


def test_every_layout_of_templates_is_known_and_the_rest_is_named(tmp_path: Path) -> None:
    for name in (
        "cluster-template.yaml", "cluster-template-a.yaml", "clusterclass-x.yaml", "README.md",
        "cluster-template-old.yml", "clusterclass.yaml", ".hidden", "cluster-template-é.yaml",
        "cluster-template-b/kustomization.yaml", "clusterclass-y/Kustomization",
        "default/kustomization.yaml", "base/kustomization.yaml", "addons/cni.yaml",
        "flavors/base/kustomization.yaml", "flavors/a/kustomization.yaml",
        "flavors/c/kustomization.yml", "flavors/cluster-template-d/kustomization.yaml",
        "flavors/clusterclass-z/kustomization.yaml", "flavors/notes.txt", "flavors/empty/x.yaml",
    ):  # fmt: skip
        put(tmp_path / name)
    (tmp_path / "cluster-template-gone.yaml").symlink_to("nowhere")
    found = tree.collect(tmp_path)
    assert {name: str(place.relative_to(tmp_path)) for name, place in found.places.items()} == {
        "cluster-template.yaml": "cluster-template.yaml",
        "cluster-template-a.yaml": "cluster-template-a.yaml",
        "cluster-template-b.yaml": "cluster-template-b",
        "cluster-template-c.yaml": "flavors/c",
        "cluster-template-d.yaml": "flavors/cluster-template-d",
        "clusterclass-x.yaml": "clusterclass-x.yaml",
        "clusterclass-y.yaml": "clusterclass-y",
        "clusterclass-z.yaml": "flavors/clusterclass-z",
    }
    left = {one.path.removeprefix(f"{tmp_path}/"): one.reason for one in found.left_out}
    assert left.keys() == {
        "README.md", "cluster-template-old.yml", "clusterclass.yaml", "cluster-template-é.yaml",
        "cluster-template-gone.yaml", "default", "addons", "flavors/a", "flavors/notes.txt",
        "flavors/empty",
    }  # fmt: skip
    assert left["flavors/a"] == "cluster-template-a.yaml is taken from cluster-template-a.yaml"
    assert "cluster-template[-FLAVOR].yaml" in left["README.md"]
    assert "kustomization" in left["addons"]


def test_the_flavor_default_is_the_template_without_a_flavor(tmp_path: Path) -> None:
    put(tmp_path / "flavors" / "default" / "kustomization.yaml")
    assert [*tree.collect(tmp_path).places] == ["cluster-template.yaml"]


def test_no_folder_is_no_templates(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="is no folder"):
        tree.collect(tmp_path / "nothing")


def test_what_is_read_is_bounded(tmp_path: Path) -> None:
    large = tmp_path / "large.yaml"
    with large.open("wb") as file:
        file.truncate(yamlguard.MAX_BYTES + 1)
    with pytest.raises(BadInputError, match="is larger than"):
        tree.read(large)
    with pytest.raises(BadInputError, match="there is no file"):
        tree.read(tmp_path)


def test_a_file_is_replaced_whole_with_its_mode_and_its_link(tmp_path: Path) -> None:
    real = put(tmp_path / "real.yaml")
    real.chmod(0o640)
    link = tmp_path / "metadata.yaml"
    link.symlink_to("real.yaml")
    tree.write(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(one.name for one in tmp_path.iterdir()) == ["metadata.yaml", "real.yaml"]


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "metadata.yaml").mkdir()
    with pytest.raises(StorageError, match="cannot write"):
        tree.write(tmp_path / "metadata.yaml", b"new")
    assert [one.name for one in tmp_path.iterdir()] == ["metadata.yaml"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("cluster_template.yaml", "cluster-template.yaml"),
        ("Cluster-Template-HA.yml", "cluster-template-ha.yaml"),
        ("clustertemplates_ha.yaml", "cluster-template-ha.yaml"),
        ("cluster_class-x.yaml", "clusterclass-x.yaml"),
        ("cluster-class_x.yml", "clusterclass-x.yaml"),
        ("clusterclass.yaml", None),
        ("cluster_template.txt", None),
        ("README.md", None),
    ],
)
def test_a_misspelled_template_is_told_its_name(
    tmp_path: Path, name: str, meant: str | None
) -> None:
    put(tmp_path / name)
    (left,) = tree.collect(tmp_path).left_out
    assert left.reason.partition("; ")[2] == (f"is {meant} meant?" if meant else "")


def test_a_name_that_is_taken_was_not_meant(tmp_path: Path) -> None:
    put(tmp_path / "cluster_template.yaml")
    put(tmp_path / "cluster-template.yaml")
    (left,) = tree.collect(tmp_path).left_out
    assert "meant" not in left.reason


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("resources: [cluster.yaml]", "k/cluster.yaml"),
        ("resources: [cluster.yaml, ../base]", "k"),
        ("resources: [../base]", "k"),
        ("resources: [1]", "k"),
        ("resources: [", "k"),
        ("", "k"),
    ],
)
def test_what_a_kustomization_is_made_from_is_its_only_file(
    tmp_path: Path, text: str, source: str
) -> None:
    put(tmp_path / "k" / "kustomization.yaml", text)
    put(tmp_path / "k" / "cluster.yaml")
    (tmp_path / "base").mkdir()
    assert tree.source_of(tmp_path / "k") == tmp_path / source
