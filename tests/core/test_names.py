from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capirepo.core.names import (
    Label,
    Provider,
    ProviderType,
    default_source,
    parse_asset,
    parse_label,
    parse_source,
    provider_of,
)
from capirepo.errors import BadInputError


@pytest.mark.parametrize(
    ("label", "kind", "name"),
    [
        ("cluster-api", ProviderType.CORE, "cluster-api"),
        ("bootstrap-kubeadm", ProviderType.BOOTSTRAP, "kubeadm"),
        ("control-plane-kubeadm", ProviderType.CONTROL_PLANE, "kubeadm"),
        ("infrastructure-awesome", ProviderType.INFRASTRUCTURE, "awesome"),
        ("ipam-in-cluster", ProviderType.IPAM, "in-cluster"),
        ("runtime-extension-nutanix", ProviderType.RUNTIME_EXTENSION, "nutanix"),
        ("addon-helm", ProviderType.ADDON, "helm"),
    ],
)
def test_a_label_and_its_provider_lead_to_each_other(
    label: str, kind: ProviderType, name: str
) -> None:
    provider = provider_of(parse_label(label))
    assert provider == Provider(type=kind, name=name)
    assert provider.label == label


@pytest.mark.parametrize(
    "text",
    [
        "",
        "awesome",
        "infrastructure-",
        "infrastructure-Awesome",
        "infrastructure--x",
        "infrastructure-a_b",
        "core-cluster-api",
        "infrastructure-" + "a" * 250,
        "infrastructure-a\n",
        "infrastructure-\u0661",
        ".capirepo",
    ],
)
def test_what_is_no_label_is_refused_with_the_way_out(text: str) -> None:
    with pytest.raises(BadInputError, match="is no provider label; a label is cluster-api"):
        parse_label(text)


def test_tools_are_labels_without_a_provider() -> None:
    assert provider_of(parse_label("cert-manager")) is None
    assert provider_of(parse_label("clusterctl")) is None


@given(st.text(max_size=60))
def test_a_parsed_asset_name_can_never_leave_its_folder(text: str) -> None:
    try:
        name = parse_asset(text)
    except BadInputError as error:
        assert str(error).isascii()  # noqa: PT017 - the message is the point
        return
    assert name.isascii()
    assert not set(name) & set("/\\\0:;#% \r\n")
    assert not name.startswith(".")
    assert ".." not in name


@pytest.mark.parametrize("text", ["CON", "con.yaml", "lpt1", "a:b", "x.", "..", ".hidden", "a b"])
def test_names_that_mean_something_to_a_system_are_no_assets(text: str) -> None:
    with pytest.raises(BadInputError):
        parse_asset(text)


def test_a_source_is_the_same_in_any_case() -> None:
    assert parse_source("Nutanix-Cloud/CAPX") == "nutanix-cloud/capx"


@pytest.mark.parametrize("text", ["", "owner", "a/b/c", "../x", "a/..", "/b", "a/", "a b/c"])
def test_what_is_no_source_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="OWNER/REPO"):
        parse_source(text)


def test_a_default_source_is_an_address_that_nobody_can_register_at_github() -> None:
    owner, _, repo = default_source(Label("infrastructure-x")).partition("/")
    assert "." in owner  # a GitHub owner has letters, digits and dashes
    assert repo == "infrastructure-x"
