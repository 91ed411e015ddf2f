"""Draws the rows: a table on a terminal, the same in plain text elsewhere, or JSON."""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.rows import Outcome, Row

_PLAIN_WIDTH = 160
_MARKS = {True: "[green]yes[/]", False: "[bold red]NO[/]", None: "-"}


def draw(outcome: Outcome) -> None:
    """Prints the table, then what is wrong, then what was left out."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_PLAIN_WIDTH)
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal else box.ASCII2)
    table.add_column("what", overflow="fold")
    for heading in ("ours", "other", "ratio", "wanted"):
        table.add_column(heading, justify="right")
    table.add_column("ok?", justify="center")
    for row in outcome.rows:
        table.add_row(
            escape(row.what),
            _middle(row.ours, row.unit) if row.other else _spread(row.ours, row.unit),
            _middle(row.other, row.unit) if row.other else "-",
            _spread(row.ratios, "x") if row.other else "-",
            _wanted(row),
            _MARKS[row.passed],
        )
    console.print(table)
    console.print(f"{outcome.about}; median (least..greatest)", soft_wrap=True)
    problems = [f"{row.what}: {problem}" for row in outcome.rows for problem in row.problems]
    for problem in (*problems, *outcome.failures):
        console.print(f"[bold red]PROBLEM[/] {escape(problem)}", soft_wrap=True)
    for sentence in outcome.left_out:
        console.print(f"left out {escape(sentence)}", soft_wrap=True)


def print_json(outcome: Outcome) -> None:
    """Prints everything, for programs."""
    content = {
        "about": outcome.about,
        "rows": [row.plain() for row in outcome.rows],
        "failures": list(outcome.failures),
        "left_out": list(outcome.left_out),
        "ok": outcome.passed,
    }
    print(json.dumps(content, indent=2))


def _number(value: float, unit: str) -> str:
    if unit == "x":
        return f"{value:.2f}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _with_unit(text: str, unit: str) -> str:
    return f"{text}{'' if unit in {'x', '/s'} else ' '}{unit}"


def _middle(values: Sequence[float], unit: str) -> str:
    return _with_unit(_number(statistics.median(values), unit), unit)


def _spread(values: Sequence[float], unit: str) -> str:
    if len(values) == 1:
        return _middle(values, unit)
    return f"{_middle(values, unit)} ({_number(min(values), unit)}..{_number(max(values), unit)})"


def _wanted(row: Row) -> str:
    if row.bound is None:
        return "-"
    unit = "x" if row.other else row.unit
    word = "at least" if row.bound.at_least else "at most"
    return f"{word} {_with_unit(_number(row.bound.limit, unit), unit)}"
