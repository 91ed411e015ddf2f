"""Lint and releases that people use: no error in any, and no warning that is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from capirepo.cli.folders import find_releases
from capirepo.core import lint
from capirepo.core.catalog import Catalog
from tests.clients.reading import REAL
from tests.support import SAMPLE

if TYPE_CHECKING:
    from pathlib import Path

    from capirepo.core.lint import Problem

# The larger ones are compressed for a ConfigMap. The CRDs are labelled for versions that they do
# not have: all of a kustomization are labelled alike.
KNOWN = {"file-too-large", "crd-contract-version"}


def problems(path: Path) -> list[Problem]:
    return [
        problem
        for release in find_releases(path, Catalog())
        for problem in lint.run(release.candidate(), lint.choose())
    ]


def test_lint_says_nothing_of_the_sample() -> None:
    assert problems(SAMPLE) == []


@pytest.mark.skipif(not REAL.exists(), reason="needs ../shared/real beside the checkout")
def test_lint_finds_no_error_in_real_releases() -> None:
    found = problems(REAL)
    assert [str(problem) for problem in found if problem.is_error] == []
    assert {problem.rule.id for problem in found} <= KNOWN
