"""clusterctl through CONNECT and TLS, against the same clusterctl on `file://`."""

from __future__ import annotations

import json
import os
import statistics
import time
from typing import TYPE_CHECKING, Final

from bench import roots, tools
from bench.plan import in_turn, say
from bench.processes import run
from bench.rows import BenchError, Bound, Row
from bench.server import serving

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from bench.plan import Plan

CLUSTERCTL: Final = "clusterctl"
NAMES: Final = {CLUSTERCTL: ("clusterctl",)}
_BOUND: Final = Bound(limit=1.10)
# One run takes a third of a second and varies by a tenth: a round is the median of several.
_RUNS_A_ROUND: Final = 7


def rows(plan: Plan) -> Generator[Row]:
    """Milliseconds of `clusterctl generate provider`."""
    root = roots.real_or_sample(plan.folder)
    name, size = _largest_provider(root)
    home = plan.folder / "home"
    home.mkdir()
    plain = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home)}
    plain["CLUSTERCTL_DISABLE_VERSIONCHECK"] = "true"
    config = plan.folder / "local.yaml"
    config.write_text(run([tools.capirepo(), "config", root], plain))
    generate: list[str | Path] = [plan.tools["clusterctl"], "generate", "provider", "-i", name]
    say(f"clusterctl generate provider -i {name}")
    with serving(root, plan.folder / "serve.log") as ours:
        ours.settle(0)
        told = run([tools.capirepo(), "env", "--server", ours.url, "--output", "json"], plain)
        through = plain | json.loads(told)
        local = plain | {"GOPROXY": "off"}
        from_file: list[str | Path] = [*generate, "--config", config]
        if run(generate, through) != run(from_file, local):
            raise BenchError("clusterctl prints something else through CONNECT than from file://")

        def round_of() -> tuple[float, float]:
            timed = in_turn(
                _RUNS_A_ROUND,
                [lambda: _milliseconds(generate, through), lambda: _milliseconds(from_file, local)],
                warm=False,
            )
            return statistics.median(timed[0]), statistics.median(timed[1])

        (rounds,) = in_turn(plan.rounds, [round_of], warm=False)
    yield Row(
        name=CLUSTERCTL,
        what=f"clusterctl generate provider -i {name} ({size // 1000} KB): CONNECT / file://",
        unit="ms",
        ours=[one for one, _ in rounds],
        other=[other for _, other in rounds],
        bound=_BOUND,
    )


def _largest_provider(root: Path) -> tuple[str, int]:
    """The infrastructure provider with the most bytes of components, by clusterctl's name."""
    files = root.glob("infrastructure-*/*/infrastructure-components*.yaml")
    file = max(files, key=lambda file: file.stat().st_size)
    return file.parts[-3].removeprefix("infrastructure-"), file.stat().st_size


def _milliseconds(command: list[str | Path], environment: dict[str, str]) -> float:
    began = time.perf_counter()
    run(command, environment)
    return 1000 * (time.perf_counter() - began)
