"""What lint says: the author's own words, a cure that fits them, nothing that only follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from capirepo.core import lint
from tests.lint.base import COMPONENTS, METADATA, TEMPLATE
from tests.lint.case import CLEAN, candidate, changed

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
