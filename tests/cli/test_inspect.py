"""`list`, `show`, `config`, `ca`, `layout`, and how the command line fails."""

from __future__ import annotations

import json
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.support import CAPIREPO, SAMPLE, add_release, components, run_capirepo, serving_process

if TYPE_CHECKING:
    from pathlib import Path


def test_list_is_newest_first_and_names_latest(root: Path) -> None:
    done = run_capirepo("list", root)
    rows = [line.split() for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert rows[0] == ["LABEL", "VERSION", "CONTRACT", "STATE"]
    assert [row[1] for row in rows[1:]] == ["v0.3.0-rc.1", "v0.2.0", "v0.1.1", "v0.1.0"]
    assert rows[2][-1] == "latest"


def test_list_finds_problems_and_says_so_with_exit_1(root: Path) -> None:
    add_release(root, "infrastructure-awesome", "v0.4.0", metadata__yaml="a: [")
    (root / "lost+found").mkdir()
    done = run_capirepo("list", root)
    assert done.returncode == 1
    assert "incomplete: metadata.yaml" in done.stdout
    assert "passed over lost+found/" in done.stdout


def test_list_is_for_programs_too(root: Path) -> None:
    content = json.loads(run_capirepo("list", root, "--output", "json").stdout)
    assert content["labels"][0]["latest"] == "v0.2.0"
    assert content["strays"] == content["withheld"] == []


def test_show_tells_a_release_whole() -> None:
    done = run_capirepo("show", "infrastructure-awesome@v0.2.0", SAMPLE, "-o", "json")
    content = json.loads(done.stdout)
    assert content["contract"] == "v1beta1"
    assert content["images"] == [
        "registry.example.com/awesome/cluster-api-awesome-controller:v0.2.0"
    ]
    assert {one["flavor"] for one in content["templates"]} == {"", "development", "topology"}
    assert content["clusterClasses"] == [{"name": "awesome", "asset": "clusterclass-awesome.yaml"}]
    assert content["namespaces"] == ["awesome-system"]
    required = [
        variable["name"]
        for template in content["templates"]
        if template["flavor"] == "development"
        for variable in template["variables"]
        if variable["required"]
    ]
    assert "AWESOME_ENDPOINT_HOST" in required
    table = run_capirepo("show", "infrastructure-awesome@latest", SAMPLE).stdout
    for word in ("v0.2.0", "awesome-system", "AWESOME_LOG_LEVEL", "(required)"):
        assert word in table


def test_show_takes_a_providers_name_and_tells_a_label(root: Path) -> None:
    done = run_capirepo("show", "awesome", root)
    assert done.returncode == 0
    assert "capirepo.internal/infrastructure-awesome" in done.stdout
    assert "v0.3.0-rc.1" in done.stdout


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("nothing", "there is: infrastructure-awesome"),
        ("awesome@v9.0.0", "there is: v0.3.0-rc.1, v0.2.0"),
        ("awesome@9", "is no version"),
    ],
)
def test_show_says_what_is_there_instead(root: Path, what: str, sentence: str) -> None:
    done = run_capirepo("show", what, root)
    assert done.returncode == 2
    assert sentence in done.stderr


def test_config_names_files_with_concrete_versions(root: Path) -> None:
    content = yaml.safe_load(run_capirepo("config", root).stdout)
    url = f"file://{root}/infrastructure-awesome/v0.2.0/infrastructure-components.yaml"
    assert content["providers"] == [
        {"name": "awesome", "type": "InfrastructureProvider", "url": url}
    ]


def test_config_takes_providers_styles_and_a_registry(root: Path) -> None:
    done = run_capirepo(
        "config", root, "--style", "gitlab", "--provider", "awesome@v0.1.0",
        "--image-registry", "registry.example.com",
    )  # fmt: skip
    content = yaml.safe_load(done.stdout)
    assert "/infrastructure-awesome/v0.1.0/" in content["providers"][0]["url"]
    assert content["providers"][0]["url"].startswith("https://gitlab.capirepo.internal/")
    assert content["images"]["all"]["repository"] == "registry.example.com"


def test_config_of_a_server_is_what_the_server_answers(root: Path, tmp_path: Path) -> None:
    with serving_process(root, state=tmp_path) as server:
        asked = run_capirepo("config", "--server", server.url, "--style", "gitlab").stdout
    assert asked == run_capirepo("config", root, "--style", "gitlab").stdout


def test_config_leads_cert_manager_to_its_one_version(root: Path) -> None:
    add_release(root, "cert-manager", "v1.21.1", cert_manager__yaml="a: b")
    content = yaml.safe_load(run_capirepo("config", root, "--style", "github").stdout)
    assert content["cert-manager"]["version"] == "v1.21.1"
    assert content["cert-manager"]["url"].endswith("/releases/v1.21.1/cert-manager.yaml")


def test_the_ca_is_made_once_and_its_key_is_private(root: Path) -> None:
    first = run_capirepo("ca", "export", root).stdout
    assert run_capirepo("ca", "export", root).stdout == first
    key = root / ".capirepo" / "ca" / "ca.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    shown = json.loads(run_capirepo("ca", "show", root, "-o", "json").stdout)
    assert shown["names"][:2] == ["github.com", "api.github.com"]
    openssl = subprocess.run(
        ["openssl", "x509", "-noout", "-text"],
        input=first, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "Name Constraints: critical" in openssl


def test_a_new_ca_is_made_only_when_asked_for(root: Path) -> None:
    first = run_capirepo("ca", "export", root).stdout
    assert run_capirepo("ca", "new", root, "--yes").returncode == 0
    assert run_capirepo("ca", "export", root).stdout != first


def test_a_ca_for_other_hosts_is_refused_with_the_cure(root: Path) -> None:
    run_capirepo("ca", "export", root)
    (root / "capirepo.yaml").write_text("proxy: {hosts: [goproxy.example.com]}")
    done = run_capirepo("ca", "show", root)
    assert done.returncode == 2
    assert "may not speak for goproxy.example.com" in done.stderr
    assert "capirepo ca new" in done.stderr


def test_layout_puts_each_file_where_its_label_is(tmp_path: Path) -> None:
    release = tmp_path / "in" / "kubernetes-sigs" / "cluster-api" / "v1.0.0"
    release.mkdir(parents=True)
    for name in ("core-components.yaml", "bootstrap-components.yaml", "metadata.yaml", "odd.txt"):
        (release / name).write_text(components())
    done = run_capirepo("layout", tmp_path / "in", tmp_path / "root")
    assert done.returncode == 1
    assert "added      cluster-api v1.0.0" in done.stdout
    assert "no label of kubernetes-sigs/cluster-api has odd.txt" in done.stderr
    made = sorted(
        str(path.relative_to(tmp_path / "root")) for path in (tmp_path / "root").glob("*/*/*")
    )
    assert [path for path in made if not path.startswith(".")] == [
        "bootstrap-kubeadm/v1.0.0/bootstrap-components.yaml",
        "bootstrap-kubeadm/v1.0.0/metadata.yaml",
        "cluster-api/v1.0.0/core-components.yaml",
        "cluster-api/v1.0.0/metadata.yaml",
    ]
    again = run_capirepo("layout", tmp_path / "in", tmp_path / "root", "-o", "json")
    assert json.loads(again.stdout)["unchanged"] == [
        "cluster-api v1.0.0",
        "bootstrap-kubeadm v1.0.0",
    ]


def test_a_near_miss_is_pointed_out() -> None:
    done = run_capirepo("lst")
    assert done.returncode == 2
    assert "did you mean list?" in done.stderr


def test_output_may_be_cut_off_without_a_complaint(root: Path) -> None:
    done = subprocess.run(
        f"{CAPIREPO} list {root} --output json | head -1",
        shell=True, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "{\n"
    assert done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_for_the_shell(shell: str) -> None:
    assert "_CAPIREPO_COMPLETE" in run_capirepo("completion", shell).stdout


def test_it_is_a_plugin_of_clusterctl() -> None:
    plugin = CAPIREPO.with_name("clusterctl-capirepo")
    done = subprocess.run([plugin, "--help"], capture_output=True, text=True, check=True)
    assert "Usage: clusterctl capirepo" in done.stdout


def test_a_root_that_cannot_be_written_is_listed_all_the_same(root: Path) -> None:
    (root / ".capirepo").write_text("not a folder")
    assert run_capirepo("list", root).returncode == 0
