"""From a source tree to what clusterctl generates: with the commands of docs/authors.md."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.clients import tools
from tests.clients.reading import cluster_commands, provider_commands, run_all, through
from tests.support import CAPIREPO, ROOT, clean_environment, run_capirepo

if TYPE_CHECKING:
    from pathlib import Path

PROVIDER = ROOT / "tests" / "fixtures" / "provider"
BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "authors.md").read_text(), re.DOTALL)
IMAGE = "registry.example.com/org/manager:v0.1.0"
LABEL = "infrastructure-awesome"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The provider, in a git repository of its own."""
    made = tmp_path / "provider"
    shutil.copytree(PROVIDER, made)
    for words in (["init"], ["add", "."]):
        subprocess.run(["git", *words], cwd=made, check=True, capture_output=True)
    return made


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A user with capirepo, kustomize and clusterctl on PATH."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "capirepo").symlink_to(CAPIREPO)
    (programs / "kustomize").symlink_to(tools.require(tools.kustomize))
    (programs / "clusterctl").symlink_to(tools.require(tools.clusterctl, tools.NEWEST))
    home = tmp_path / "home"
    home.mkdir()
    found = clean_environment(home)
    return {**found, "PATH": f"{programs}:{found['PATH']}"}


@pytest.fixture
def made(tree: Path, environment: dict[str, str], tmp_path: Path) -> Path:
    """A ROOT with a release of the provider."""
    done = run_capirepo(
        "release", "--from", "config/default", "--type", "infrastructure", "--name", "awesome",
        "--version", "v0.1.0", "--image", IMAGE, "--out", tmp_path / "root",
        cwd=tree, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return tmp_path / "root"


def test_every_command_for_authors_does_what_the_page_says(
    tree: Path, environment: dict[str, str]
) -> None:
    script = "set -eu\n" + "".join(f"echo '== next'\n{block}" for block in BLOCKS)
    done = subprocess.run(
        ["bash", "-c", script], cwd=tree, env=environment, check=False,
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    outputs = done.stdout.split("== next\n")[1:]
    page = (ROOT / "docs" / "authors.md").read_text()
    shown = page.partition("--out my-repo\n```\n```\n")[2].partition("```")[0]
    assert outputs[0].startswith(shown)
    assert "Version:            v0.1.0" in outputs[1]
    assert "class: awesome" in outputs[1]
    assert "series 0.2 is added in the release only" in outputs[2]
    assert "series 0.2 is added, and written to metadata.yaml" in outputs[3]
    assert "metadata.yaml | 3 +++" in outputs[3]
    assert "v0.2.1" in outputs[4]
    assert json.loads((tree / "release.json").read_text())["previous"] == "v0.2.0"


def objects(text: str) -> dict[tuple[str, str], dict[str, Any]]:
    return {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(text) if one}


def test_clusterctl_generates_from_what_was_released(made: Path, tmp_path: Path) -> None:
    clusterctl = tools.require(tools.clusterctl, tools.NEWEST)
    commands = {
        **provider_commands(LABEL, ["v0.1.0"]),  # type: ignore[arg-type]
        **cluster_commands("awesome:v0.1.0", ["", "topology"]),
    }
    home = tmp_path / "clusterctl"
    home.mkdir()
    found = run_all(clusterctl, commands, home=home, wrap=through(made))
    assert {name: one.err for name, one in found.items() if one.code} == {}
    provider = objects(found[f"{LABEL} latest"].out)
    deployment = provider["Deployment", "awesome-controller-manager"]
    containers = deployment["spec"]["template"]["spec"]["containers"]
    assert [one["image"] for one in containers] == [IMAGE]
    assert "--v=0" in containers[0]["args"]
    cluster = objects(found["awesome:v0.1.0 flavor 'topology'"].out)
    assert ("ClusterClass", "awesome") in cluster
    assert cluster["Cluster", "demo"]["spec"]["topology"]["class"] == "awesome"
    assert ("AwesomeCluster", "demo") in objects(found["awesome:v0.1.0 flavor ''"].out)


def test_what_is_rendered_keeps_the_provider_contract(made: Path) -> None:
    text = (made / LABEL / "v0.1.0" / "infrastructure-components.yaml").read_text()
    there = objects(text)
    assert [name for kind, name in there if kind == "Namespace"] == ["awesome-system"]
    labels = {key: one["metadata"]["labels"] for key, one in there.items()}
    assert {one.get("cluster.x-k8s.io/provider") for one in labels.values()} == {LABEL}
    contracts = {
        one.get("cluster.x-k8s.io/v1beta1")
        for (kind, _), one in labels.items()
        if kind == "CustomResourceDefinition"
    }
    assert contracts == {"v1alpha1"}
    role = labels["ClusterRole", "awesome-aggregated-manager-role"]
    assert role["cluster.x-k8s.io/aggregate-to-manager"] == "true"
    webhooks = there["ValidatingWebhookConfiguration", "awesome-validating-webhook-configuration"]
    injected = webhooks["metadata"]["annotations"]["cert-manager.io/inject-ca-from"]
    assert injected == "awesome-system/awesome-serving-cert"
    certificate = there["Certificate", "awesome-serving-cert"]["spec"]
    assert ("Issuer", certificate["issuerRef"]["name"]) in there
    service = webhooks["webhooks"][0]["clientConfig"]["service"]
    assert f"{service['name']}.{service['namespace']}.svc" in certificate["dnsNames"]
    assert ("Service", service["name"]) in there
    assert "${AWESOME_LOG_LEVEL:=0}" in text
    assert "controller:latest" not in text
