"""One line of the table: what was measured, round by round, and the bound it must hold."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


class BenchError(Exception):
    """Something that is measured does not work; the text says what and how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What is wanted of a ratio, or of a figure that stands alone."""

    limit: float
    at_least: bool = False

    def holds(self, value: float) -> bool:
        """Whether `value` is within the bound."""
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One comparison, or one figure of ours that stands alone.

    Attributes:
        name: of the measurement, for `--only`; several rows may share it.
        unit: of `ours` and `other`: /s, ms, MB or MB/s.
        ours: one value a round.
        other: the same of what we are compared with; empty for a figure that stands alone.
        bound: of the median ratio, or of the median of `ours`; None for information only.
        problems: why the numbers cannot be trusted; the row fails with any.
    """

    name: str
    what: str
    unit: str
    ours: Sequence[float]
    other: Sequence[float] = ()
    bound: Bound | None = None
    problems: tuple[str, ...] = ()

    @property
    def ratios(self) -> list[float]:
        """Ours by the other's, round by round; empty for a figure that stands alone."""
        if not self.other:
            return []
        return [one / another for one, another in zip(self.ours, self.other, strict=True)]

    @property
    def judged(self) -> Sequence[float]:
        """The values whose median the bound is about."""
        return self.ratios or self.ours

    @property
    def passed(self) -> bool | None:
        """Whether the bound holds; None where there is none."""
        if self.problems:
            return False
        return self.bound.holds(statistics.median(self.judged)) if self.bound else None

    def plain(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return {
            "name": self.name,
            "what": self.what,
            "unit": self.unit,
            "ours": summary(self.ours),
            "other": summary(self.other) if self.other else None,
            "ratio": summary(self.ratios) if self.other else None,
            "wanted": {"at_least" if self.bound.at_least else "at_most": self.bound.limit}
            if self.bound
            else None,
            "ok": self.passed,
            "problems": list(self.problems),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything that a run of the bench has to say.

    Attributes:
        failures: what could not be measured, though it should work.
        left_out: what was not measured for want of a tool, and how to get that.
        about: what it was measured on.
    """

    rows: Sequence[Row]
    failures: Sequence[str]
    left_out: Sequence[str]
    about: str

    @property
    def passed(self) -> bool:
        """Whether everything works and every bound holds."""
        return not self.failures and all(row.passed is not False for row in self.rows)


def summary(values: Sequence[float]) -> dict[str, float]:
    """Median, least and greatest."""
    return {
        "median": round(statistics.median(values), 4),
        "min": round(min(values), 4),
        "max": round(max(values), 4),
    }
