from __future__ import annotations

import pytest

from capirepo.core.metadata import parse_metadata
from capirepo.core.version import parse_version
from tests.support import metadata


def test_a_version_has_the_contract_of_its_series() -> None:
    read = parse_metadata(metadata("0.1=v1beta1", "0.2=v1beta2").encode())
    assert read.problems == ()
    assert read.contract_of(parse_version("v0.2.7-rc.1")) == "v1beta2"
    assert read.contract_of(parse_version("v0.3.0")) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "holds no object"),
        ("[]", "holds no object"),
        ("a: [", "line 2, column 1"),
        (metadata("0.1=v1beta1").replace("v1alpha3", "v1alpha4"), "apiVersion is"),
        (metadata("0.1=v1beta1").replace("Metadata", "Provider"), "kind is 'Provider'"),
        (metadata(), "releaseSeries is empty"),
        (metadata("0.1=beta").replace("beta", "1"), "contract is 1"),
        (metadata("0.1=v1beta1").replace("minor: 1", "minor: one"), "whole numbers, not 'one'"),
        (metadata("0.1=v1beta1").replace("minor: 1", "minor: 3000000000"), "out of range"),
        (metadata("0.1=v1beta1").replace("minor: 1", "minor: true"), "not True"),
    ],
)
def test_what_clusterctl_refuses_is_a_problem_with_its_place(text: str, problem: str) -> None:
    problems = parse_metadata(text.encode()).problems
    assert len(problems) == 1
    assert problem in str(problems[0])
    assert "metadata.yaml" in str(problems[0])


def test_all_problems_are_told_at_once() -> None:
    text = "apiVersion: x\nkind: y\nreleaseSeries:\n- 1\n- {major: 1, minor: x}\n"
    assert len(parse_metadata(text.encode()).problems) == 4


def test_an_empty_kind_is_taken_as_clusterctl_takes_it() -> None:
    text = metadata("0.1=v1beta1").replace("kind: Metadata\n", "")
    assert parse_metadata(text.encode()).problems == ()
