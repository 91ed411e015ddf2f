"""Lint of a release of a megabyte, against one plain parse of the same file by PyYAML."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import yaml

from bench import crds, roots
from bench.plan import in_turn, say
from bench.rows import BenchError, Bound, Row
from capirepo.core import lint
from capirepo.core.names import Label

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from bench.plan import Plan

NAMES: Final[dict[str, tuple[str, ...]]] = {"lint": ()}
_FILE: Final = "core-components.yaml"
_SIZE: Final = 1_150_000
_BOUND: Final = Bound(limit=3.0)


def rows(plan: Plan) -> Generator[Row]:
    """Milliseconds of the processor's: reading, checking by every rule."""
    say("lint of a megabyte")
    label, data = _components()
    rules = lint.choose(ignore=["file-too-large", "metadata-missing"])

    def ours() -> None:
        read = lint.candidate({_FILE: data}, label=label, version=None, components=_FILE)
        if problems := lint.run(read, rules):
            raise BenchError(f"lint finds something in good components: {problems[0]}")

    def plain() -> None:
        for _ in yaml.load_all(data, Loader=yaml.CSafeLoader):
            pass

    mine, other = in_turn(plan.rounds, [lambda: _timed(ours), lambda: _timed(plain)])
    yield Row(
        name="lint",
        what=f"lint of {len(data) / 1e6:.1f} MB of components / one parse by PyYAML",
        unit="ms",
        ours=mine,
        other=other,
        bound=_BOUND,
    )


def _components() -> tuple[Label, bytes]:
    """Cluster API's own where they are there, else some like them, and whose they are."""
    for real in sorted(roots.REAL.rglob(_FILE), reverse=True):
        return Label("cluster-api"), real.read_bytes()
    return Label("infrastructure-bench"), crds.components(_SIZE).encode()


def _timed(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began)
