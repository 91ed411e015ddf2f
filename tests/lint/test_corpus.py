"""The corpus itself: that its base is good, and that every mutant of it is one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.clients import tools
from tests.lint.base import BASES
from tests.lint.mutants import MUTANTS, verdicts

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.clients
@pytest.mark.parametrize("version", ["v1.10.10", "v1.12.10", "v1.13.6", tools.NEWEST])
def test_the_base_is_accepted(version: str, tmp_path: Path) -> None:
    clusterctl = tools.require(tools.clusterctl, version)
    said = verdicts(clusterctl, BASES, tmp_path)
    assert {name: verdict.said for name, verdict in said.items() if not verdict.accepted} == {}


@pytest.mark.clients
def test_the_base_is_accepted_without_variables(tmp_path: Path) -> None:
    clusterctl = tools.require(tools.clusterctl, tools.NEWEST)
    (verdict,) = verdicts(clusterctl, BASES[:1], tmp_path, described=True).values()
    assert verdict.accepted, verdict.said


def test_every_mutant_has_a_name_of_its_own() -> None:
    assert [name for name, times in Counter(one.name for one in MUTANTS).items() if times > 1] == []
    assert len(MUTANTS) >= 300


def test_every_mutant_differs_from_the_base() -> None:
    assert [
        one.name for one in MUTANTS if any(replace(one, name=base.name) == base for base in BASES)
    ] == []
