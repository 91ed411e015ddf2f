"""Writes the table of docs/lint.md from the rules themselves: `python -m tests.docs.rule_table`."""

from __future__ import annotations

from itertools import dropwhile
from typing import TYPE_CHECKING

from capirepo.core.lint import By, choose
from tests.support import ROOT

if TYPE_CHECKING:
    from capirepo.core.lint import Rule

PAGE = ROOT / "docs" / "lint.md"
BEGIN = "| rule | severity | refused by | what is wrong |\n|---|---|---|---|\n"


def page() -> str:
    """The whole page, with the table as the rules are now."""
    before, begin, rest = PAGE.read_text().partition(BEGIN)
    after = dropwhile(lambda line: line.startswith("|"), rest.splitlines(keepends=True))
    return "".join((before, begin, *map(_row, choose()), *after))


def _row(rule: Rule) -> str:
    by = "" if rule.refused_by is By.NOBODY else rule.refused_by.value
    summary = rule.summary.replace("|", "\\|").replace("<", "&lt;")
    return f"| `{rule.id}` | {rule.severity.value} | {by} | {summary} |\n"


if __name__ == "__main__":
    PAGE.write_text(page())
