"""Lint against the real clusterctl, over two thousand spoiled releases.

What lint calls an error of clusterctl's, clusterctl refuses; what lint passes, it accepts.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from capirepo.core import lint
from capirepo.core.names import Label
from capirepo.core.version import parse_version
from capirepo.errors import BadInputError
from tests.clients import tools
from tests.lint.base import CLUSTERCLASS, COMPONENTS, LABEL, METADATA, TEMPLATE, Mutant
from tests.lint.mutants import MUTANTS, verdicts

if TYPE_CHECKING:
    from pathlib import Path

    from capirepo.core.lint import Problem
    from capirepo.core.version import Version

# Where we differ from clusterctl on purpose, or where a release by itself cannot tell.
DELIBERATE = {
    "topology/class '${CLUSTER_CLASS_NAME}'": "the user says which class",
    "metadata/second broken document": "nobody means a second document, broken or not",
    "metadata/YAML 1.2 directive": "go-yaml knows YAML 1.1 only; libyaml takes both",
    "metadata/JSON with a trailing comma": "YAML takes the comma; clusterctl reads { as JSON",
    **{
        f"metadata/{asked}, {what} minor of the next contract": "it depends on the other releases"
        for asked in ("latest", "pinned")
        for what in ("next", "other")
    },
}


def problems(mutant: Mutant) -> tuple[Problem, ...]:
    try:
        version: Version | None = parse_version(mutant.version)
    except BadInputError:
        version = None
    candidate = lint.candidate(
        mutant.files,
        label=Label(LABEL),
        version=version,
        version_text=mutant.version,
        components=COMPONENTS,
    )
    return lint.run(candidate, lint.choose())


def is_read(mutant: Mutant, name: str) -> bool:
    """Whether the command that a mutant aims at reads this file; '' is the whole release."""
    if mutant.aims == "provider":
        return name in (METADATA, COMPONENTS, "")
    template = f"cluster-template-{mutant.flavor}.yaml" if mutant.flavor else TEMPLATE
    return name in (template, CLUSTERCLASS)


def disagreement(mutant: Mutant, *, accepted: bool, said: str) -> str:
    found = [one for one in problems(mutant) if is_read(mutant, one.finding.file)]
    errors = [one for one in found if one.is_error]
    ours = [one for one in errors if one.rule.refused_by is lint.By.CLUSTERCTL]
    if accepted and ours:
        return f"{mutant.name}: accepted, but lint says: {ours[0]}"
    # What the user gives may be wrong, and --target-namespace may be needed: lint warns of both.
    warned = {one.rule.id for one in found} & {"variable-required", "namespace-missing"}
    given = mutant.variables or (warned and not accepted)
    asked_for = mutant.aims == "provider" or any(
        name.startswith("cluster-template") and is_read(mutant, name) for name in mutant.files
    )
    if not accepted and not errors and not given and asked_for:
        return f"{mutant.name}: lint passes it, but clusterctl says: {said}"
    return ""


# A fraction of the corpus takes half a minute; with CAPIREPO_EVERY_MUTANT set, all of it is asked.
EVERY = bool(os.environ.get("CAPIREPO_EVERY_MUTANT"))


@pytest.mark.clients
@pytest.mark.parametrize(
    ("version", "part"),
    [(tools.NEWEST, slice(0, None, 4)), ("v1.13.6", slice(1, None, 12))],
)
def test_lint_and_the_real_clusterctl_agree(version: str, part: slice, tmp_path: Path) -> None:
    clusterctl = tools.require(tools.clusterctl, version)
    chosen = MUTANTS if EVERY else MUTANTS[part]
    judged = verdicts(clusterctl, chosen, tmp_path)
    differences = [
        told
        for mutant in chosen
        if mutant.name not in DELIBERATE
        and (
            told := disagreement(
                mutant, accepted=judged[mutant.name].accepted, said=judged[mutant.name].said
            )
        )
    ]
    assert not differences, "\n".join(differences)
    refused = sum(not verdict.accepted for verdict in judged.values())
    assert min(refused, len(judged) - refused) > len(judged) / 4


def test_nothing_in_the_corpus_stops_lint() -> None:
    for mutant in MUTANTS:
        assert isinstance(problems(mutant), tuple), mutant.name
