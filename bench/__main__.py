"""`python -m bench`: measures, prints a table, and fails where a wanted bound does not hold."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench import (
    itself,
    publishing,
    table,
    tools,
    versus_curl,
    versus_fetch,
    versus_file,
    versus_nginx,
    versus_yaml,
)
from bench.plan import Plan, say
from bench.rows import BenchError, Outcome
from capirepo import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.rows import Row

GROUPS = (versus_file, versus_nginx, versus_yaml, versus_curl, versus_fetch, itself, publishing)
NEEDS: Mapping[str, tuple[str, ...]] = {
    name: needed for group in GROUPS for name, needed in group.NAMES.items()
}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--only",
    multiple=True,
    type=click.Choice([*NEEDS]),
    help="Make only this measurement; may be given again.",
)
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="How often each side is measured, in turn, after a warm-up.",
)
@click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="A table for people, or JSON for programs.",
)
@click.option("--no-fail", is_flag=True, help="Exit with 0 even where a bound does not hold.")
def command(only: tuple[str, ...], rounds: int, output: str, *, no_fail: bool) -> None:
    """Measure capirepo against nginx, file:// and others, side by side, in a few minutes.

    Exit code 1 where a wanted bound does not hold, or something does not work.
    """
    # So that servers are stopped and folders removed then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    found = {tool: path for tool in tools.CURES if (path := tools.find(tool))}
    wanted = only or tuple(NEEDS)
    missing = {name: [tool for tool in NEEDS[name] if tool not in found] for name in wanted}
    left_out = [
        f"{name}: there is no {' and no '.join(absent)} here; "
        + "; ".join(tools.CURES[tool] for tool in absent)
        for name, absent in missing.items()
        if absent
    ]
    chosen = frozenset(name for name, absent in missing.items() if not absent)
    about = _about()
    try:
        with tempfile.TemporaryDirectory(prefix="capirepo-bench-") as folder:
            plan = Plan(rounds=rounds, chosen=chosen, folder=Path(folder), tools=found)
            rows, failures = _measure(plan)
    except KeyboardInterrupt:
        say("stopped")
        sys.exit(130)
    outcome = Outcome(rows=rows, failures=failures, left_out=left_out, about=about)
    (table.print_json if output == "json" else table.draw)(outcome)
    sys.exit(0 if outcome.passed or no_fail else 1)


def _measure(plan: Plan) -> tuple[list[Row], list[str]]:
    """The rows that were chosen, and what could not be measured, though it should."""
    rows: list[Row] = []
    failures: list[str] = []
    for group in GROUPS:
        if plan.chosen & group.NAMES.keys():
            # Closed here, so that Ctrl-C stops its servers before their folder is removed.
            with contextlib.closing(group.rows(plan)) as measured:
                try:
                    rows += measured
                except BenchError as error:
                    failures.append(str(error))
                    say(str(error))
    return rows, failures


def _about() -> str:
    return (
        f"capirepo {__version__}, Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"load before: {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    command()
