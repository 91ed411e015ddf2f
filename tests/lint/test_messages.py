"""What lint says: the author's own words, a cure that fits them, nothing that only follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capirepo.core import lint
from tests.lint.base import TEMPLATE
from tests.lint.case import candidate, changed

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
