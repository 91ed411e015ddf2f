"""`clusterctl init` and upgrades through us, with a real API server, a real etcd, no internet.

Old clusterctls take contract v1beta1 only, so they get a core of ours in place of the real one.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from capirepo.core.catalog import Catalog
from capirepo.core.names import Label
from tests.clients import tools
from tests.clients.cluster import ApiServer, install_cert_manager_crds
from tests.clients.reading import REAL, through
from tests.support import SAMPLE, add_release, clean_environment, components, run_capirepo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.clients

REAL_LABELS = (
    "cluster-api",
    "bootstrap-kubeadm",
    "control-plane-kubeadm",
    "infrastructure-docker",
)
# clusterctl 1.7 looks for this kind before it does anything.
CLUSTERS = """---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: clusters.cluster.x-k8s.io
  labels: {cluster.x-k8s.io/v1beta1: v1beta1}
spec:
  group: cluster.x-k8s.io
  names: {kind: Cluster, listKind: ClusterList, plural: clusters, singular: cluster}
  scope: Namespaced
  versions:
  - name: v1beta1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""


@dataclass(frozen=True)
class Story:
    """A repository, and what is first and then of its core providers."""

    root: Path
    older: str
    newer: str
    contract: str


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The real providers and the sample's."""
    if not REAL.exists():
        pytest.skip("needs ../shared/real beside the checkout")
    root = tmp_path_factory.mktemp("real")
    done = run_capirepo("layout", REAL, root)
    assert done.returncode == 0, done.stderr
    _add_sample(root)
    return Story(root, "v1.13.4", "v1.13.5", "v1beta2")


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Small core providers of contract v1beta1, and the sample's."""
    root = tmp_path_factory.mktemp("old")
    for version in ("v1.7.8", "v1.7.9"):
        for label in REAL_LABELS:
            text = components(label, f"registry.example.com/{label}:{version}") + (
                CLUSTERS if label == "cluster-api" else ""
            )
            name = Catalog().entry(Label(label)).components
            add_release(root, label, version, **{name.replace(".", "__"): text})
    _add_sample(root)
    return Story(root, "v1.7.8", "v1.7.9", "v1beta1")


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with tools.require(ApiServer) as running:
        install_cert_manager_crds(running, tools.require(tools.cert_manager_crds))
        yield running


@pytest.mark.parametrize("version", tools.CLUSTERCTL_VERSIONS)
def test_init_upgrade_plan_and_upgrade_apply_work_through_us(
    version: str, server: ApiServer, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    clusterctl = tools.require(tools.clusterctl, version)
    story: Story = request.getfixturevalue("old" if version in ("v1.7.9", "v1.10.10") else "real")

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [*map(str, through("--state", tmp_path / "state", story.root)), clusterctl, *arguments],
            env=clean_environment(tmp_path, KUBECONFIG=str(server.kubeconfig)),
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    chosen = [
        f"--core=cluster-api:{story.older}",
        f"--bootstrap=kubeadm:{story.older}",
        f"--control-plane=kubeadm:{story.older}",
        f"--infrastructure=docker:{story.older},awesome:v0.1.0",
        "--ipam=awesome:v0.1.0",
    ]
    run("init", *chosen)
    older = dict.fromkeys(REAL_LABELS, story.older)
    awesome = {"infrastructure-awesome": "v0.1.0", "ipam-awesome": "v0.1.0"}
    assert _installed(server) == {**older, **awesome}

    images = run("init", "list-images", *chosen)
    assert "registry.example.com/awesome/cluster-api-awesome-controller:v0.1.0" in images

    plan = run("upgrade", "plan")
    for name, newest in (("docker", story.newer), ("awesome", "v0.2.0"), ("awesome", "v0.1.1")):
        assert any(name in line and newest in line for line in plan.splitlines()), plan

    run("upgrade", "apply", "--contract", story.contract)
    newer = dict.fromkeys(REAL_LABELS, story.newer)
    assert _installed(server) == {
        **newer,
        "infrastructure-awesome": "v0.2.0",
        "ipam-awesome": "v0.1.1",
    }
    assert "v0.2.0" in _image(server, "awesome-system", "awesome-controller-manager")


def _add_sample(root: Path) -> None:
    shutil.copy(SAMPLE / "capirepo.yaml", root)
    for label in ("infrastructure-awesome", "ipam-awesome"):
        shutil.copytree(SAMPLE / label, root / label)


def _installed(server: ApiServer) -> dict[str, str]:
    found = server.get("/apis/clusterctl.cluster.x-k8s.io/v1alpha3/providers")["items"]
    return {one["metadata"]["name"]: one["version"] for one in found}


def _image(server: ApiServer, namespace: str, name: str) -> str:
    found = server.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"])
