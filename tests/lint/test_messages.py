"""What lint says: the author's own words, a cure that fits them, nothing that only follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from capirepo.core import lint
from capirepo.core.names import parse_label
from tests.lint.base import CLUSTERCLASS, COMPONENTS, METADATA, TEMPLATE, TOPOLOGY
from tests.lint.case import CLEAN, added, candidate, changed
from tests.lint.cases import CASES

if TYPE_CHECKING:
    from collections.abc import Mapping


def said(files: Mapping[str, bytes], *rules: str) -> list[str]:
    """What lint says, without the places."""
    found = lint.run(candidate(files), lint.choose(rules))
    return [f"{one.finding.object}|{one.finding.message}|{one.finding.cure}" for one in found]


def test_a_variable_that_only_the_user_can_give_is_shown_as_it_stands() -> None:
    files = changed(
        TEMPLATE, ("kind: Cluster\n", "kind: Cluster\nspec: 1\n"), ("\nspec:\n", "\na:\n")
    )
    assert said(files) == ["Cluster ${CLUSTER_NAME}|spec is 1; a mapping is expected|"]


def test_nothing_else_is_said_of_a_file_whose_variables_cannot_be_read() -> None:
    files = changed(
        TEMPLATE,
        ("['${POD_CIDR:=192.168.0.0/16}']", '${POD_CIDR:=["192.168.0.0/16"]}'),
        ("${AWESOME_REGION}", "${AWESOME_REGION"),
        ("spec: {}", "spec: {"),
    )
    (only,) = said(files)
    assert only.startswith("|${AWESOME_REGION has no closing brace|close it; ")


@pytest.mark.parametrize("given", ["true", "yes", "1.10", "0x10"])
def test_a_value_without_quotes_is_to_be_quoted_as_it_was_written(given: str) -> None:
    kept = "control-plane: controller-manager"
    (only,) = said(changed(COMPONENTS, (kept, f"control-plane: {given}")))
    assert only == (
        f"Namespace awesome-system|label control-plane is {given}, no text|"
        f'write "{given}" with quotes'
    )


def test_a_label_that_clusterctl_reads_itself_is_told_once() -> None:
    name = "kind: Deployment\nmetadata:\n"
    files = changed(COMPONENTS, (name, f"{name}  annotations: {{enabled: off, all: [a]}}\n"))
    about = "Deployment awesome-controller-manager|metadata.annotations"
    assert said(files) == [
        f'{about}.enabled is False; text is expected|write "off" with quotes',
        f"{about}.all is a list; text is expected|",
    ]


@pytest.mark.parametrize(
    ("old", "new", "cure"),
    [
        ("replicas: 1", "replicas: '1'", "write 1 without quotes"),
        ("replicas: 1", "replicas: one", ""),
        ("replicas: 1", "replicas: 1.5", ""),
        ("replicas: 1", "replicas: 1\n  paused: 'true'", "write true without quotes"),
        ("replicas: 1", "replicas: 1\n  paused: 'yes'", ""),
    ],
)
def test_a_value_with_quotes_is_to_be_written_without(old: str, new: str, cure: str) -> None:
    (only,) = said(changed(COMPONENTS, (old, new)))
    assert only.endswith(f" is expected|{cure}")


@pytest.mark.parametrize(
    ("given", "cure"), [("'0'", "write 0 without quotes"), ("'x'", ""), ("0.5", ""), ("'00'", "")]
)
def test_a_number_of_a_series_is_to_be_written_without_quotes(given: str, cure: str) -> None:
    found = said(changed(METADATA, ("major: 0", f"major: {given}")), "metadata-types")
    told = f"|releaseSeries[0]: major and minor are whole numbers, not {given}|{cure}"
    assert found == [told]


@pytest.mark.parametrize(
    "indented", ["\t- a\n", "  b: c\n\td: e\n", "  - b\n  \tc: d\n", "  é: |\n\tx\n"]
)
@pytest.mark.parametrize("name", [TEMPLATE, METADATA])
def test_a_tab_is_called_a_tab(name: str, indented: str) -> None:
    files = {**CLEAN, name: f"a:\n{indented}".encode()}
    told = "|a tab stands where YAML takes only spaces|indent with spaces"
    assert told in said(files, "yaml-invalid")


def test_objects_of_another_label_are_told_once_for_each_label_with_their_number() -> None:
    label = "cluster.x-k8s.io/provider: infrastructure-"
    text = CLEAN[COMPONENTS].decode().replace(f"{label}awesome", f"{label}mine")
    text = text.replace(f"{label}mine", f"{label}ours", 1)
    files = {**CLEAN, COMPONENTS: text.encode()}
    cure = "let kustomize set it to infrastructure-awesome on all objects"
    begin, end = "has the label cluster.x-k8s.io/provider", "this is infrastructure-awesome"
    others = len(candidate(CLEAN).objects) - 2
    first, second = said(files)
    assert first == f"Namespace awesome-system|{begin} 'infrastructure-ours'; {end}|{cure}"
    assert second.partition("|")[2] == (
        f"{begin} 'infrastructure-mine', and so have {others} others; {end}|{cure}"
    )
    found = lint.run(candidate(files), lint.choose())
    assert all(one.finding.line for one in found)


def test_both_namespaces_are_named() -> None:
    more = (
        "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: more, "
        "labels: {cluster.x-k8s.io/provider: infrastructure-awesome}}\n"
    )
    (only,) = said(added(COMPONENTS, more), "namespace-many")
    assert only.startswith(
        "Namespace more|is a second Namespace; the first is awesome-system, in line 1|"
    )


def test_a_cluster_class_in_a_file_of_another_name_is_to_be_renamed() -> None:
    files = dict(CLEAN)
    files["clusterclass-mine.yaml"] = files.pop(CLUSTERCLASS)
    (only,) = said(files, "template-class")
    assert only == (
        "Cluster ${CLUSTER_NAME}|uses the ClusterClass quick-start, which stands in "
        f"clusterclass-mine.yaml; clusterctl looks for it in {CLUSTERCLASS}|"
        f"rename clusterclass-mine.yaml to {CLUSTERCLASS}"
    )
    files = changed(TOPOLOGY, ("class: quick-start", "class: slow"))
    (only,) = said(files, "template-class")
    assert only.endswith(
        "|uses the ClusterClass slow; there is quick-start|add clusterclass-slow.yaml"
    )


def test_an_object_that_stands_twice_in_a_template_is_found() -> None:
    machine = "kind: AwesomeMachineTemplate\nmetadata:\n  name: ${CLUSTER_NAME}-control-plane\n"
    parts = CLEAN[TEMPLATE].decode().split("---\n")
    (twice,) = (part for part in parts if machine in part)
    (only,) = said(added(TEMPLATE, f"---\n{twice}"))
    line = CLEAN[TEMPLATE].decode().partition(twice)[0].count("\n") + 1
    assert only == (
        "AwesomeMachineTemplate ${CLUSTER_NAME}-control-plane|stands twice; the other one is in "
        f"line {line}|leave one of them out"
    )
    other = twice.replace("${CLUSTER_NAME}-control", "${OTHER_NAME}-control", 1)
    assert said(added(TEMPLATE, f"---\n{other}")) == []


@pytest.mark.parametrize(
    ("label", "missing"),
    [
        ("bootstrap-a", True),
        ("control-plane-a", True),
        ("ipam-a", True),
        ("cluster-api", True),
        ("runtime-extension-a", False),
        ("addon-a", False),
    ],
)
def test_crds_are_missed_where_a_type_lives_by_its_kinds(label: str, missing: bool) -> None:  # noqa: FBT001 - a case
    read = lint.candidate(
        {COMPONENTS: CASES["crd-missing"].files[COMPONENTS]},
        label=parse_label(label),
        version=None,
        components=COMPONENTS,
    )
    assert bool(lint.run(read, lint.choose(["crd-missing"]))) is missing


def test_a_contract_that_nobody_takes_is_no_label_for_crds() -> None:
    text = CLEAN[COMPONENTS].decode().replace("    cluster.x-k8s.io/v1beta1: v1alpha1\n", "")
    files = {**changed(METADATA, ("v1beta1", "v1beta9")), COMPONENTS: text.encode()}
    assert said(files, "crd-contract-label") == []
    (only,) = said(files)
    assert "the contract of v0.2.0 is 'v1beta9'" in only
