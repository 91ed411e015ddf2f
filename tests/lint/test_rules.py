"""Each rule finds its fault in a release that is good otherwise, and nothing in its clean twin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from capirepo.core import lint
from tests.lint.base import COMPONENTS, text
from tests.lint.case import CLEAN, REQUIRED, candidate
from tests.lint.cases import CASES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capirepo.core.lint import Finding, Problem
    from tests.lint.case import Case


def problems(files: Mapping[str, bytes], version: str = "v0.2.0") -> tuple[Problem, ...]:
    return lint.run(candidate(files, version), lint.choose())


def test_lint_says_nothing_of_a_good_release() -> None:
    assert problems(CLEAN) == ()


def test_every_rule_has_a_case_and_every_case_a_rule() -> None:
    assert set(CASES) == set(lint.RULES)


@pytest.mark.parametrize("rule", lint.RULES)
def test_a_rule_finds_its_fault_and_its_place(rule: str) -> None:
    case = CASES[rule]
    found = problems(case.files, case.version)
    ours = [problem.finding for problem in found if problem.rule.id == rule]
    assert ours, [str(problem) for problem in found]
    assert {problem.rule.id for problem in found} == {rule, *case.also}
    first = ours[0]
    assert (first.file, first.object, first.document) == (case.file, case.object, case.document)
    assert line_of(case, first).strip().startswith(case.at)
    assert bool(case.at) is bool(first.line)


def line_of(case: Case, finding: Finding) -> str:
    if not finding.line:
        return ""
    return case.files[finding.file].decode().splitlines()[finding.line - 1]


@pytest.mark.parametrize("rule", lint.RULES)
def test_a_rule_finds_nothing_in_the_twin(rule: str) -> None:
    assert problems(CASES[rule].twin) == ()


@pytest.mark.parametrize("rule", lint.RULES.values(), ids=lambda rule: rule.id)
def test_a_rule_says_why_and_how_to_mend_it(rule: lint.Rule) -> None:
    assert rule.summary.endswith((".", "?")), rule.summary
    assert "\n" not in rule.summary
    assert len(rule.explanation) > 60
    assert (rule.refused_by is lint.By.NOBODY) == (rule.severity is lint.Severity.WARNING)


FREQUENT = (
    "clusterclass-name",
    "crd-contract-label",
    "crd-contract-name",
    "crd-missing",
    "image-form",
    "label-provider",
    "metadata-no-series",
    "metadata-series-empty",
    "namespace-missing",
    "object-labels",
    "object-types",
    "template-class",
    "variable-form",
    "variable-required",
    "workload-selector",
    "yaml-invalid",
)


@pytest.mark.parametrize("rule", FREQUENT)
def test_a_rule_that_is_often_broken_has_an_example_as_a_block_of_its_own(rule: str) -> None:
    assert "\n\n    " in lint.RULES[rule].explanation


def test_the_variable_of_the_base_is_there_to_be_required() -> None:
    assert REQUIRED in text(COMPONENTS)


@pytest.mark.parametrize("before", ["", "# about\n", "---\n", "# about\n---\n", "a: b\n---\n"])
@pytest.mark.parametrize("between", ["", "---\n", "c: d\n---\n", "# about\n--- # more\n"])
def test_a_document_with_a_variable_is_found_in_its_place(before: str, between: str) -> None:
    deployment = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  replicas: ${N:=1}\n"
    )
    text = f"{before}e: ${{E:=f}}\n---\n{between}{deployment}"
    found = problems({**CLEAN, COMPONENTS: text.encode()})
    (raw,) = [one.finding for one in found if one.rule.id == "variable-raw"]
    selector = [one.finding for one in found if one.rule.id == "workload-selector"]
    assert raw.document == selector[0].document
    assert text.splitlines()[(raw.line or 0) - 1] == "  replicas: ${N:=1}"
