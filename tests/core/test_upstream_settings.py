"""Who may be fetched by a server, and from where."""

from __future__ import annotations

import pytest

from capirepo.config import parse_settings
from capirepo.core.mirror import Origin
from capirepo.core.names import CERT_MANAGER, CLUSTERCTL, CORE_LABEL, Label, Source
from capirepo.errors import BadInputError

AWESOME = Label("infrastructure-awesome")
SOURCES = "sources: {infrastructure-awesome: awesome-org/awesome}\n"
MIRROR = "mirror: [{provider: ipam-mine, upstream: 'https://releases.example.com'}]\n"


def origins(text: str) -> dict[Label, Origin]:
    return dict(parse_settings(text.encode(), "capirepo.yaml").origins())


def test_everybody_whom_clusterctl_knows_is_fetched_from_github() -> None:
    found = origins("")
    assert found[CORE_LABEL] == Origin(source=Source("kubernetes-sigs/cluster-api"))
    assert {CERT_MANAGER, CLUSTERCTL, Label("infrastructure-aws")} <= found.keys()


def test_a_private_provider_is_fetched_only_where_it_is_named() -> None:
    assert AWESOME not in origins(SOURCES)
    named = origins(f'{SOURCES}upstream: {{providers: ["*", awesome]}}\n')
    assert named[AWESOME] == Origin(source=Source("awesome-org/awesome"))
    assert CORE_LABEL in named


def test_only_whom_the_list_names_is_fetched() -> None:
    assert origins("upstream: {providers: [aws]}\n").keys() == {Label("infrastructure-aws")}
    assert not origins("upstream: {providers: []}\n")


@pytest.mark.parametrize("name", ["'*'", "mine", "ipam-mine"])
def test_what_is_mirrored_is_fetched_from_where_it_is_mirrored(name: str) -> None:
    found = origins(f"{MIRROR}upstream: {{providers: [{name}]}}\n")
    label = Label("ipam-mine")
    assert found[label] == Origin(address="https://releases.example.com", label=label)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{providers: [awz]}", "upstream.providers: .*awz"),
        ("{mode: both}", "upstream.mode is offline or cache"),
        ("{list_seconds: 1}", "list_seconds"),
        ("{fetch_wait: 0}", "fetch_wait"),
        ("{labels: [aws]}", "unknown key 'labels' in upstream"),
    ],
)
def test_what_is_wrong_is_said(text: str, sentence: str) -> None:
    with pytest.raises(BadInputError, match=sentence):
        origins(f"upstream: {text}\n")
