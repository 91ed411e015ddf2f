"""What lint found, for people, programs, GitHub's annotations and code scanners."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from capirepo import __version__
from capirepo.core.lint.rules import RULES, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from capirepo.core.lint.rules import Rule

FORMATS: Final = ("text", "json", "sarif", "github")
_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One release that was checked.

    Attributes:
        title: what it is called: a path, or LABEL VERSION.
        places: by the name of a file, where it is; by '', where the release is. What is not there
            is named after the title.
    """

    title: str
    places: Mapping[str, str]
    problems: Sequence[Problem]

    def place(self, problem: Problem) -> str:
        """The path of the file that a problem is in; that of the release for one of it whole."""
        name, release = problem.finding.file, self.places.get("", self.title)
        return self.places.get(name, f"{release}/{name}") if name else release


def render(checked: Sequence[Checked], style: str) -> str:
    """What was found, in one of FORMATS; without a line end at the end."""
    if style == "json":
        return json.dumps(as_data(checked), indent=2)
    if style == "sarif":
        return json.dumps(_as_sarif(checked), indent=2)
    lines = _as_github if style == "github" else _as_text
    return "\n".join(line for one in checked for line in lines(one))


def as_data(checked: Sequence[Checked]) -> dict[str, Any]:
    """For programs."""
    found = [problem for one in checked for problem in one.problems]
    errors = sum(problem.is_error for problem in found)
    return {
        "errors": errors,
        "warnings": len(found) - errors,
        "releases": [
            {
                "release": one.title,
                "problems": [problem_data(problem, one.place(problem)) for problem in one.problems],
            }
            for one in checked
        ],
    }


def problem_data(problem: Problem, place: str) -> dict[str, Any]:
    """One problem, for programs."""
    found = problem.finding
    return {
        "rule": problem.rule.id,
        "severity": problem.rule.severity.value,
        "refusedBy": problem.rule.refused_by.value or None,
        "file": place,
        "line": found.line,
        "document": found.document,
        "object": found.object or None,
        "message": found.message,
        "cure": found.cure or None,
    }


def rule_data(rule: Rule) -> dict[str, Any]:
    """One rule, for programs."""
    return {
        "rule": rule.id,
        "severity": rule.severity.value,
        "refusedBy": rule.refused_by.value or None,
        "summary": rule.summary,
        "explanation": rule.explanation,
    }


def _as_text(one: Checked) -> Iterator[str]:
    for problem in one.problems:
        found = problem.finding
        line = f":{found.line}" if found.line else ""
        about = f"{found.object}: " if found.object else ""
        yield (
            f"{one.place(problem)}{line}: {problem.rule.severity.value}: {about}{found.message} "
            f"[{problem.rule.id}]"
        )
        if found.cure:
            yield f"    {found.cure}"


def _as_github(one: Checked) -> Iterator[str]:
    """Workflow commands: GitHub shows them at the lines of a pull request."""
    for problem in one.problems:
        found = problem.finding
        parameters = {"file": one.place(problem), "title": problem.rule.id}
        if found.line:
            parameters["line"] = str(found.line)
        given = ",".join(f"{key}={_escaped(value)}" for key, value in parameters.items())
        about = f"{found.object}: " if found.object else ""
        cure = f"\n{found.cure}" if found.cure else ""
        said = _escaped(f"{about}{found.message}{cure}", more="")
        yield f"::{problem.rule.severity.value} {given}::{said}"


def _escaped(text: str, more: str = ":,") -> str:
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _as_sarif(checked: Sequence[Checked]) -> dict[str, Any]:
    """SARIF 2.1.0, as code scanners read it."""
    order = list(RULES)
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "capirepo",
                        "version": __version__,
                        "rules": [_sarif_rule(rule) for rule in RULES.values()],
                    }
                },
                "results": [
                    _sarif_result(problem, one.place(problem), order.index(problem.rule.id))
                    for one in checked
                    for problem in one.problems
                ],
            }
        ],
    }


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.explanation or rule.summary},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _sarif_result(problem: Problem, place: str, index: int) -> dict[str, Any]:
    found = problem.finding
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": quote(place)}}}
    if found.line:
        location["physicalLocation"]["region"] = {"startLine": found.line}
    if found.object:
        location["logicalLocations"] = [{"fullyQualifiedName": found.object}]
    cure = f" {found.cure}" if found.cure else ""
    return {
        "ruleId": problem.rule.id,
        "ruleIndex": index,
        "level": problem.rule.severity.value,
        "message": {"text": f"{found.message}.{cure}"},
        "locations": [location],
    }
