from __future__ import annotations

from pathlib import Path

import pytest

from capirepo.core.components import read_manifest
from capirepo.core.names import AssetName, Label, parse_label, provider_of
from capirepo.core.release import Asset, Release, inspect
from capirepo.core.version import parse_version
from tests.support import components, metadata

REAL = Path(__file__).parents[3] / "shared" / "real" / "kubernetes-sigs"


def inspected(label: str, version: str, **files: str) -> Release:
    contents = {
        AssetName(name.replace("_", "-").replace("--", ".")): text.encode()
        for name, text in files.items()
    }
    assets = {name: Asset(name=name, size=len(data), stamp=0) for name, data in contents.items()}
    release = Release(label=Label(label), version=parse_version(version), assets=assets)
    provider = provider_of(parse_label(label))
    wanted = provider.type.components if provider else AssetName(f"{label}.yaml")
    return inspect(release, wanted, contents)


def test_components_and_a_series_make_a_release_complete() -> None:
    release = inspected(
        "infrastructure-awesome",
        "v0.1.0",
        infrastructure_components__yaml=components(),
        metadata__yaml=metadata("0.1=v1beta1"),
    )
    assert release.complete
    assert release.contract == "v1beta1"


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"metadata__yaml": metadata("0.1=v1beta1")}, "infrastructure-components.yaml is missing"),
        ({"infrastructure_components__yaml": components()}, "metadata.yaml is missing"),
        (
            {
                "infrastructure_components__yaml": " \n",
                "metadata__yaml": metadata("0.1=v1beta1"),
            },
            "infrastructure-components.yaml is empty",
        ),
        (
            {
                "infrastructure_components__yaml": "a: [",
                "metadata__yaml": metadata("0.1=v1beta1"),
            },
            "infrastructure-components.yaml, line 2",
        ),
        (
            {
                "infrastructure_components__yaml": components(),
                "metadata__yaml": metadata("0.2=v1beta1"),
            },
            "no release series for v0.1.0: it names 0.2 (v1beta1)",
        ),
        ({}, "the folder is empty"),
    ],
)
def test_what_keeps_a_release_from_being_offered_is_said(
    files: dict[str, str], problem: str
) -> None:
    release = inspected("infrastructure-awesome", "v0.1.0", **files)
    assert not release.complete
    assert problem in release.problems[0]


def test_cert_manager_needs_its_one_file_and_no_metadata() -> None:
    assert inspected("cert-manager", "v1.21.1", cert_manager__yaml="a: b").complete
    assert not inspected("cert-manager", "v1.21.1", other__yaml="a: b").complete


def test_templates_and_cluster_classes_are_told_by_their_names() -> None:
    release = inspected(
        "infrastructure-awesome",
        "v0.1.0",
        cluster_template__yaml="a: b",
        cluster_template_dev_x__yaml="a: b",
        clusterclass_quick__yaml="a: b",
    )
    assert release.templates == {
        "": "cluster-template.yaml",
        "dev-x": "cluster-template-dev-x.yaml",
    }
    assert release.cluster_classes == {"quick": "clusterclass-quick.yaml"}


def test_images_are_those_of_deployments_and_daemonsets() -> None:
    text = (
        components(image="registry.example.com/a:1").replace(
            "      containers:", "      initContainers:\n      - image: b:2\n      containers:"
        )
        + "---\nkind: Job\nspec: {template: {spec: {containers: [{image: c:3}]}}}\n"
    )
    read = read_manifest(text.encode(), "x")
    assert read.images == ("b:2", "registry.example.com/a:1")
    assert read.namespaces == ("awesome-system",)
    assert read.variables == {"LOG_LEVEL": "0"}
    assert read.kinds == {"Deployment": 1, "Job": 1, "Namespace": 1}


@pytest.mark.skipif(not REAL.exists(), reason="needs ../shared/real beside the checkout")
def test_every_file_of_real_releases_can_be_read() -> None:
    files = sorted(REAL.glob("*/*/*.yaml"))
    assert files
    for file in files:
        read_manifest(file.read_bytes(), file.name)
