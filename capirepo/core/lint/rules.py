"""The register of rules: each is one function over a candidate, and its docstring explains it.

An error is what clusterctl or the API server refuses, or what we do not take ourselves; a
warning is what hurts later. Ids are the functions' names, and do not change.
"""

from __future__ import annotations

import difflib
import inspect
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from capirepo.core.lint.model import Candidate, Finding

    Check = Callable[[Candidate], Iterator[Finding]]


class Severity(Enum):
    """How bad a problem is."""

    ERROR = "error"
    WARNING = "warning"


class By(Enum):
    """Who refuses what an error is about."""

    CLUSTERCTL = "clusterctl"
    INIT = "clusterctl init"
    API_SERVER = "the API server"
    CAPIREPO = "capirepo"
    NOBODY = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        refused_by: who refuses a release that breaks it; NOBODY for a warning.
        summary: what is wrong, in one line.
        explanation: why, since when, and what to do.
    """

    id: str
    severity: Severity
    refused_by: By
    summary: str
    explanation: str
    check: Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A rule that is broken, and where."""

    rule: Rule
    finding: Finding

    @property
    def is_error(self) -> bool:
        """Whether it keeps a release from being published."""
        return self.rule.severity is Severity.ERROR

    def __str__(self) -> str:
        found = self.finding
        place = ", ".join(
            part for part in (found.file, f"line {found.line}" if found.line else "") if part
        )
        cure = f"; {found.cure}" if found.cure else ""
        return f"{place + ': ' if place else ''}{found.message}{cure} [{self.rule.id}]"


RULES: Final[dict[str, Rule]] = {}


def error(by: By) -> Callable[[Check], Check]:
    """Registers a rule that `by` enforces."""
    return lambda check: _register(check, Severity.ERROR, by)


def warning(check: Check) -> Check:
    """Registers a rule that nobody enforces."""
    return _register(check, Severity.WARNING, By.NOBODY)


def _register(check: Check, severity: Severity, by: By) -> Check:
    summary, _, rest = inspect.cleandoc(check.__doc__ or "").partition("\n")
    rule_id = check.__name__.replace("_", "-")
    RULES[rule_id] = Rule(
        id=rule_id,
        severity=severity,
        refused_by=by,
        summary=summary,
        explanation=rest.strip(),
        check=check,
    )
    return check


def choose(select: Sequence[str] = (), ignore: Sequence[str] = ()) -> tuple[Rule, ...]:
    """The rules to run, by their ids.

    Args:
        select: ids, or what ids begin with (`metadata` is all of metadata-…), or `error` and
            `warning`; nothing means all.
        ignore: the same, taken away again.

    Raises:
        BadInputError: something that no rule is called.
    """
    for word in (*select, *ignore):
        if not any(_is_meant(rule, word) for rule in RULES.values()):
            raise _no_rule(word)
    return tuple(
        rule
        for _, rule in sorted(RULES.items())
        if (not select or any(_is_meant(rule, word) for word in select))
        and not any(_is_meant(rule, word) for word in ignore)
    )


def _no_rule(word: str) -> BadInputError:
    groups = sorted({rule.partition("-")[0] for rule in RULES})
    severities = [severity.value for severity in Severity]
    near = difflib.get_close_matches(word[:60], [*RULES, *groups, *severities], n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    return BadInputError(
        f"there is no rule {ascii(word)[:60]}",
        cure=f"{meant}`capirepo rule` lists them; the groups are {', '.join(groups)}, "
        f"and {' and '.join(severities)}",
    )


def _is_meant(rule: Rule, word: str) -> bool:
    return word in (rule.id, rule.severity.value) or rule.id.startswith(f"{word}-")


def run(candidate: Candidate, rules: Iterable[Rule]) -> tuple[Problem, ...]:
    """Every problem of a candidate, file by file, in the order of lines."""
    problems = [
        Problem(rule=rule, finding=finding) for rule in rules for finding in rule.check(candidate)
    ]
    return tuple(sorted(problems, key=lambda found: (found.finding.file, found.finding.line or 0)))
