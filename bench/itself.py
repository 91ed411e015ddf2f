"""Figures of ours that stand alone: start, version lists, `--version`, memory."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Final

from bench import roots, tools
from bench.plan import in_turn, say
from bench.processes import run
from bench.rows import BenchError, Bound, Row
from bench.server import connection_to, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from bench.plan import Plan

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "start": (),
    "memory": ("/proc",),
    "lists": (),
    "version": (),
}
_MANY: Final = "2,000 releases"
_LIST: Final = "/github.com/capirepo.internal/infrastructure-bench0/@v/list"
_REQUESTS: Final = 200
_IDLE_SECONDS: Final = 5.0
_VERSION_RUNS: Final = 10
_START: Final = Bound(limit=1000)
_ONE_LIST: Final = Bound(limit=5)
_VERSION: Final = Bound(limit=150)
_MEMORY: Final = Bound(limit=100)


def rows(plan: Plan) -> Generator[Row]:
    """Milliseconds, and megabytes."""
    if plan.chosen & {"start", "memory", "lists"}:
        root = roots.many_small(plan.folder)
        if "start" in plan.chosen:
            yield _start(plan, root, "cold", lambda: shutil.rmtree(_state(root), True))
        yield from _of_one_server(plan, root)
        if "start" in plan.chosen:
            yield _start(plan, root, "warm", lambda: None)
    if "version" in plan.chosen:
        yield _version()


def _state(root: Path) -> Path:
    return root / ".capirepo"


def _start(plan: Plan, root: Path, what: str, prepare: Callable[[], None]) -> Row:
    """From exec to the first 200 of /readyz; cold is without any state, the CA among it."""
    say(f"start with {_MANY}, {what}")

    def once() -> float:
        prepare()
        with serving(root, plan.folder / "start.log") as ours:
            return 1000 * ours.seconds

    (times,) = in_turn(plan.rounds, [once])
    return Row(
        name="start", what=f"start to ready, {_MANY}, {what}", unit="ms", ours=times, bound=_START
    )


def _of_one_server(plan: Plan, root: Path) -> Iterator[Row]:
    say(f"memory and version lists with {_MANY}")
    sample = roots.sample(plan.folder / "sample")
    with (
        serving(root, plan.folder / "many.log") as many,
        serving(sample, plan.folder / "sample.log") as few,
    ):
        many.settle(0)
        few.settle(_IDLE_SECONDS if "memory" in plan.chosen else 0)
        if "memory" in plan.chosen:
            for what, ours in ((_MANY, many), ("sample-repo", few)):
                yield Row(
                    name="memory",
                    what=f"memory when idle, {what}",
                    unit="MB",
                    ours=[ours.megabytes()],
                    bound=_MEMORY,
                )
        if "lists" in plan.chosen:
            for what, query in (("each asked anew", "?n={}"), ("ready in memory", "")):
                yield Row(
                    name="lists",
                    what=f"version list of 100, {_MANY}, {what}",
                    unit="ms",
                    ours=_list_times(many.url, query),
                    bound=_ONE_LIST,
                )


def _list_times(url: str, query: str) -> list[float]:
    connection = connection_to(url)
    times = []
    for number in range(_REQUESTS):
        began = time.perf_counter()
        connection.request("GET", _LIST + query.format(number))
        lines = connection.getresponse().read().splitlines()
        times.append(1000 * (time.perf_counter() - began))
        if len(lines) != roots.MINORS * roots.PATCHES:
            raise BenchError(f"{_LIST} names {len(lines)} versions")
    connection.close()
    return times


def _version() -> Row:
    say("capirepo --version")

    def once() -> float:
        began = time.perf_counter()
        run([tools.capirepo(), "--version"])
        return 1000 * (time.perf_counter() - began)

    (times,) = in_turn(_VERSION_RUNS, [once])
    return Row(name="version", what="capirepo --version", unit="ms", ours=times, bound=_VERSION)
