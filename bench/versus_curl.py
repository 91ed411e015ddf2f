"""`capirepo mirror` against `curl --parallel`, on the same files of the same server.

Ours is the whole command: Python starts, upstreams are asked what there is, each file is
fetched, hashed and synced, each release read by lint, noted, logged and renamed into ROOT. curl
is told all addresses, writes the files, and neither looks at them nor syncs them.

What ours takes beside the link hardly depends on the link: a second for its start, its questions
and the lint of what came last; and lint reads no more than some 8 MB a second on each core. So the
ratio falls as the link gets faster. The bound is for a link of 25 Mbit/s. Next to the server curl
is done before Python has started, whatever it does then: no bound could be held there.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench import roots, tools
from bench.distance import Link, away
from bench.nginx import nginx, site
from bench.plan import in_turn, say
from bench.processes import environment, run
from bench.rows import BenchError, Bound, Row
from capirepo.proxy.ca import LOOPBACK, make_authority

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from bench.plan import Plan

NAMES: Final = dict.fromkeys(("mirror", "mirror-near"), ("nginx", "curl"))
# Those of a mirror, to one host.
_CONNECTIONS: Final = 8
_LINKS: Final = (Link(megabits=25, milliseconds=30), Link(megabits=100, milliseconds=30))
_BOUND: Final = Bound(limit=0.8, at_least=True)
_MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """The files, where they are had, and where both sides put them.

    Attributes:
        sizes: by path.
    """

    tree: Path
    sizes: Mapping[str, int]
    url: str
    folder: Path
    curl: Path

    def ours(self) -> float:
        """Megabytes a second, into an empty ROOT."""
        root = self.folder / "ours"
        root.mkdir()
        labels = sorted({path.partition("/")[0] for path in self.sizes})
        (root / "capirepo.yaml").write_text(
            f"mirror: [{{providers: [{', '.join(labels)}], upstream: '{self.url}'}}]\n"
        )
        return self._timed([tools.capirepo(), "mirror", "--root", root], root)

    def other(self) -> float:
        """The same by curl, told every address."""
        into = self.folder / "curl"
        into.mkdir()
        config = into / "config"
        config.write_text(
            "".join(f'url = "{self.url}/{path}"\noutput = "{into / path}"\n' for path in self.sizes)
        )
        options = ("--silent", "--show-error", "--fail", "--create-dirs", "--noproxy", "*")
        parallel = ("--parallel", "--parallel-max", str(_CONNECTIONS))
        return self._timed([self.curl, *options, *parallel, "--config", config], into)

    def _timed(self, command: list[str | Path], folder: Path) -> float:
        # What the other side has left to be written must not be waited for by this one's syncs.
        os.sync()
        began = time.perf_counter()
        run(command, {**environment(), "NO_PROXY": "127.0.0.1"})
        seconds = time.perf_counter() - began
        wrong = [
            path
            for path in self.sizes
            if (self.tree / path).read_bytes() != (folder / path).read_bytes()
        ]
        shutil.rmtree(folder)
        if wrong:
            raise BenchError(f"{command[0]} brings other bytes of {', '.join(wrong)}")
        return sum(self.sizes.values()) / _MEGABYTE / seconds


def rows(plan: Plan) -> Generator[Row]:
    """Megabytes a second."""
    folder = plan.folder / "mirrored"
    tree = folder / "tree"
    sizes = roots.to_mirror(tree)
    size = sum(sizes.values()) / _MEGABYTE
    now = dt.datetime.now(dt.UTC)
    leaf = make_authority(folder / "ca", LOOPBACK, now).issue(LOOPBACK, now)
    served = site(tree)
    with contextlib.ExitStack() as stack:
        server = nginx(plan.tools["nginx"], folder / "nginx", [served], leaf.chain, leaf.key)
        stack.enter_context(server)
        places = [("mirror-near", "on this machine", served.url)]
        for link in _LINKS:
            log = folder / f"relay-{link.megabits:g}.log"
            url = stack.enter_context(away(link, served.port, log))
            places.append(("mirror", str(link), url))
        for name, where, url in places:
            if name not in plan.chosen:
                continue
            what = f"capirepo mirror of {len(sizes)} files, {size:.1f} MB, from nginx {where}"
            say(what)
            task = _Task(tree=tree, sizes=sizes, url=url, folder=folder, curl=plan.tools["curl"])
            ours, other = in_turn(plan.rounds, [task.ours, task.other])
            yield Row(
                name=name,
                what=f"{what} / curl --parallel of the same",
                unit="MB/s",
                ours=ours,
                other=other,
                bound=_BOUND if where == str(_LINKS[0]) else None,
            )
