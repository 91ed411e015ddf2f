from __future__ import annotations

import pytest

from capirepo.core.catalog import Catalog, own_entry
from capirepo.core.layout import lay_out
from capirepo.core.names import Label, Source, parse_asset
from capirepo.errors import BadInputError

CORE = Source("kubernetes-sigs/cluster-api")


def test_one_source_has_several_labels_core_first_and_tools_last() -> None:
    labels = ["clusterctl", "infrastructure-docker", "bootstrap-kubeadm", "cluster-api"]
    assert Catalog().group(map(Label, labels))[CORE] == (
        "cluster-api",
        "bootstrap-kubeadm",
        "infrastructure-docker",
        "clusterctl",
    )


def test_a_provider_that_nobody_named_has_an_address_all_the_same() -> None:
    entry = Catalog().entry(Label("infrastructure-x"))
    assert entry.source == "capirepo.internal/infrastructure-x"
    assert entry.components == "infrastructure-components.yaml"
    assert not entry.known


def test_ones_own_entry_wins_over_the_shipped_one() -> None:
    own = own_entry("infrastructure-docker", "Me/Docker", "infra.yaml")
    entry = Catalog([own]).entry(Label("infrastructure-docker"))
    assert (entry.source, entry.components, entry.known) == ("me/docker", "infra.yaml", False)


def test_a_provider_that_moved_is_found_under_both_addresses() -> None:
    groups = Catalog().group([Label("addon-rancher-fleet")])
    assert set(groups) == {
        "rancher/cluster-api-addon-provider-fleet",
        "rancher-sandbox/cluster-api-addon-provider-fleet",
    }


@pytest.mark.parametrize("row", [("x", "a/b"), ("infrastructure-x", "a")])
def test_a_wrong_entry_is_refused(row: tuple[str, str]) -> None:
    with pytest.raises(BadInputError):
        own_entry(*row)


def test_the_files_of_a_github_release_go_to_their_labels() -> None:
    names = [
        "core-components.yaml",
        "infrastructure-components-development.yaml",
        "metadata.yaml",
        "cluster-template-development.yaml",
        "clusterclass-quick-start.yaml",
        "clusterctl-linux-amd64",
        "unknown.txt",
    ]
    assert lay_out(Catalog(), CORE, map(parse_asset, names)) == {
        "clusterctl": ["clusterctl-linux-amd64"],
        "cluster-api": ["core-components.yaml", "metadata.yaml"],
        "infrastructure-docker": [
            "infrastructure-components-development.yaml",
            "metadata.yaml",
            "cluster-template-development.yaml",
            "clusterclass-quick-start.yaml",
        ],
    }
