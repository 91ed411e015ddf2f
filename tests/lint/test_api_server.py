"""Lint against a real API server, and against `clusterctl init`: who refuses what, does.

What clusterctl itself refuses is in test_differential.
"""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from capirepo.core import lint
from capirepo.core.variables import UNSET
from tests.clients import tools
from tests.clients.cluster import ApiServer, install_cert_manager_crds
from tests.lint.base import COMPONENTS, LABEL, METADATA, VERSION
from tests.lint.case import CLEAN, candidate
from tests.lint.cases import CASES
from tests.support import add_release, clean_environment, components, run_capirepo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

pytestmark = pytest.mark.clients

NAMESPACE = "{apiVersion: v1, kind: Namespace, metadata: {name: awesome-system}}"
CORE = "v1.13.5"


def rules_of(by: lint.By) -> list[str]:
    return [rule.id for rule in lint.RULES.values() if rule.refused_by is by]


@pytest.fixture(scope="module")
def server() -> Iterator[ApiServer]:
    with tools.require(ApiServer) as running:
        install_cert_manager_crds(running, tools.require(tools.cert_manager_crds))
        running.apply(NAMESPACE)
        crds = [item.content for item in candidate(CLEAN).of_kind("CustomResourceDefinition")]
        for crd in crds:
            # The webhook that converts does not run here.
            crd["spec"].pop("conversion", None)
        running.apply(yaml.safe_dump_all(crds))
        yield running


def objects(files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """Those that the server can know: of the components, and of the provider's own templates."""
    read = candidate(files)
    own = {crd.get("spec", "group") for crd in read.of_kind("CustomResourceDefinition")}
    found = [item.content for item in read.objects]
    for file in (*read.templates, *read.cluster_classes.values()):
        found += [item.content for item in file.objects if item.group in own]
    # What only the user can give needs to be a name that the server takes.
    named: list[dict[str, Any]] = json.loads(re.sub(rf"{UNSET}\.\w+\.", UNSET, json.dumps(found)))
    for content in named:
        if (content.get("metadata") or {}).get("namespace") == UNSET:
            content["metadata"]["namespace"] = "awesome-system"
    return named


@pytest.mark.parametrize("rule", rules_of(lint.By.API_SERVER))
def test_the_api_server_refuses_what_lint_says_it_refuses(rule: str, server: ApiServer) -> None:
    assert server.refusals(objects(CASES[rule].files))


def test_the_api_server_takes_the_clean_release(server: ApiServer) -> None:
    assert server.refusals(objects(CLEAN)) == []


def test_every_twin_is_the_clean_release_where_the_api_server_is_asked() -> None:
    assert all(CASES[rule].twin is CLEAN for rule in rules_of(lint.By.API_SERVER))


@pytest.mark.parametrize("rule", rules_of(lint.By.INIT))
def test_init_refuses_what_lint_says_it_refuses(rule: str, tmp_path: Path) -> None:
    said = {}
    for name, files in (("spoiled", CASES[rule].files), ("clean", CASES[rule].twin)):
        root = tmp_path / name
        core = components("capi", "registry.example.com/core:v1.13.5")
        add_release(root, "cluster-api", CORE, core_components__yaml=core.partition("---")[0])
        folder = root / LABEL / VERSION
        folder.mkdir(parents=True)
        for one in (COMPONENTS, METADATA):
            (folder / one).write_bytes(files[one])
        said[name] = _init(root)
    assert "invalid" in said["spoiled"]
    assert said["clean"] == ""


def _init(root: Path) -> str:
    """What `clusterctl init` says of a release where it refuses it."""
    config = root / "clusterctl.yaml"
    config.write_text(run_capirepo("config", root).stdout)
    clusterctl = tools.require(tools.clusterctl, "v1.13.6")
    with tools.require(ApiServer) as server:
        install_cert_manager_crds(server, tools.require(tools.cert_manager_crds))
        done = subprocess.run(
            [clusterctl, "--config", config, "init", "--core", f"cluster-api:{CORE}",
             "--bootstrap", "-", "--control-plane", "-", "--infrastructure", f"awesome:{VERSION}"],
            env=clean_environment(root, KUBECONFIG=str(server.kubeconfig)),
            check=False, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
    return done.stderr.rpartition("Error: ")[2] if done.returncode else ""
