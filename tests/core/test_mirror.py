from __future__ import annotations

import pytest

from capirepo.core.catalog import Catalog, own_entry
from capirepo.core.mirror import Origin, Rule, Wanted, choose, labels_called
from capirepo.core.names import CLUSTERCTL, Label
from capirepo.core.ranges import parse_range
from capirepo.core.version import Version, parse_version
from capirepo.errors import BadInputError

LABEL = Label("infrastructure-awesome")
TEXTS = "v1.11.9 v1.12.0 v1.12.2 v1.12.10 v1.13.0-rc.1 v1.13.0 v1.13.5 v1.14.0-rc.0"
THERE = [parse_version(text) for text in TEXTS.split()]


def wanted(*rules: Rule, label: Label = LABEL, platforms: tuple[str, ...] = ()) -> Wanted:
    origin = Origin(address="/srv", label=label)
    return Wanted(label=label, origin=origin, rules=rules, platforms=platforms)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule(), "v1.13.5 v1.13.0 v1.12.10 v1.12.2 v1.12.0 v1.11.9"),
        (Rule(keep=1), "v1.13.5 v1.12.10 v1.11.9"),
        (Rule(range=parse_range(">=1.12,<1.14"), keep=2), "v1.13.5 v1.13.0 v1.12.10 v1.12.2"),
        (Rule(latest=1), "v1.13.5"),
        (Rule(latest=2), "v1.13.5 v1.12.10"),
        (Rule(latest=2, keep=2), "v1.13.5 v1.13.0 v1.12.10 v1.12.2"),
        (Rule(latest=1, prereleases=True), "v1.14.0-rc.0"),
        (Rule(range=parse_range(">=1.13.0-rc.1"), keep=1), "v1.14.0-rc.0 v1.13.5"),
        (Rule(range=parse_range(">=1.13.0-rc.1"), prereleases=False), "v1.13.5 v1.13.0"),
        (Rule(pinned=(parse_version("v9.0.0"),)), "v9.0.0"),
    ],
)
def test_a_rule_chooses_newest_first(rule: Rule, expected: str) -> None:
    choice = choose(wanted(rule), THERE)
    assert [*map(str, choice.versions)] == expected.split()
    assert not choice.problems


def test_the_rules_of_a_label_add_up() -> None:
    rules = (Rule(latest=1), Rule(pinned=(THERE[0],)), Rule(latest=1))
    assert choose(wanted(*rules), THERE).versions == (parse_version("v1.13.5"), THERE[0])


def test_match_follows_cluster_api() -> None:
    both = (THERE[1], THERE[2])
    assert set(choose(wanted(Rule(match=True)), THERE, both).versions) == set(both)


@pytest.mark.parametrize(
    ("rule", "there", "expected"),
    [
        (Rule(range=parse_range(">=2")), THERE, "no version in >=2; its newest is v1.14.0-rc.0"),
        (Rule(), [], "upstream has no version"),
        (Rule(latest=1), THERE[-1:], "has only pre-releases; `prereleases: true` takes them"),
        (Rule(match=True), THERE, "no version of cluster-api is wanted"),
    ],
)  # fmt: skip
def test_a_rule_that_finds_nothing_is_told_and_the_others_hold(
    rule: Rule, there: list[Version], expected: str
) -> None:
    choice = choose(wanted(rule, Rule(pinned=(THERE[0],))), there)
    assert choice.versions == (THERE[0],)
    (problem,) = choice.problems
    assert expected in problem


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("aws", "infrastructure-aws"),
        ("infrastructure-aws", "infrastructure-aws"),
        ("cluster-api", "cluster-api"),
        ("kubeadm", "bootstrap-kubeadm control-plane-kubeadm"),
        ("in-cluster", "ipam-in-cluster"),
        ("awesome", "infrastructure-awesome"),
    ],
)
def test_providers_are_named_as_clusterctl_names_them(name: str, labels: str) -> None:
    catalog = Catalog([own_entry("infrastructure-awesome", "awesome-org/awesome")])
    assert labels_called(catalog, name) == tuple(labels.split())


def test_a_name_that_nobody_has_is_refused_with_a_near_one() -> None:
    with pytest.raises(BadInputError, match="no provider is known as 'opnstack'; did you mean ope"):
        labels_called(Catalog(), "opnstack")
    with pytest.raises(BadInputError, match="one's own needs its label"):
        labels_called(Catalog(), "infrastructure-zzz")
    assert labels_called(Catalog(), "infrastructure-zzz", private=True) == ("infrastructure-zzz",)
    with pytest.raises(BadInputError, match="is no provider label"):
        labels_called(Catalog(), "zzz", private=True)


def test_of_clusterctl_only_the_platforms_come_that_are_wanted() -> None:
    one = wanted(label=CLUSTERCTL, platforms=("linux/amd64", "windows/amd64"))
    assert one.takes("clusterctl-linux-amd64")
    assert one.takes("clusterctl-windows-amd64.exe")
    assert not one.takes("clusterctl-darwin-arm64")
    assert wanted(label=CLUSTERCTL).takes("clusterctl-darwin-arm64")
    assert wanted().takes("cluster-template.yaml")
