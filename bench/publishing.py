"""How long an author waits: `capirepo publish` of a release with a megabyte of components."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Final

from bench import roots, tools
from bench.plan import in_turn, say
from bench.processes import run
from bench.rows import Bound, Row

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from bench.plan import Plan

NAMES: Final[dict[str, tuple[str, ...]]] = {"publish": ()}
_PUBLISH: Final = Bound(limit=500)


def rows(plan: Plan) -> Generator[Row]:
    """Milliseconds of the whole command: its start, lint, digests, syncs."""
    release = _large_release(roots.real_or_sample(plan.folder / "author"))
    size = sum(file.stat().st_size for file in release.iterdir())
    say(f"capirepo publish, {size // 1000} KB")
    numbers = itertools.count()

    def once() -> float:
        root = plan.folder / "published" / str(next(numbers))
        began = time.perf_counter()
        run([tools.capirepo(), "publish", release, "--to", root])
        return 1000 * (time.perf_counter() - began)

    (times,) = in_turn(plan.rounds, [once])
    what = f"capirepo publish {release.parent.name} {release.name} ({size // 1000} KB) into a ROOT"
    yield Row(name="publish", what=what, unit="ms", ours=times, bound=_PUBLISH)


def _large_release(root: Path) -> Path:
    """The newest of Cluster API's own, which has the most components of all."""
    files = root.glob("cluster-api/*/core-components.yaml")
    file = max(files, default=None)
    return file.parent if file else root / "infrastructure-awesome" / "v0.2.0"
