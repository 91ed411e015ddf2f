"""A server in cache mode: what many cost who ask for the same at once, and what a hit costs.

A cold asset: 200 clients ask at the same moment for a megabyte that is not here, of a version that
the server has listed before, as clusterctl asks for lists first. Upstream, another capirepo at a
distance, must be asked for it once. They are compared with one curl that fetches
the same over the same link. What the last of them waits is what upstream takes, what lint takes to
read the release, and what 200 MB take from one process to another on this machine.

A hit: the same asset of the same release, from a server that would fetch and from one that would
not.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import time
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bench import load, roots
from bench.distance import Link, away
from bench.plan import in_turn, say
from bench.processes import run
from bench.rows import BenchError, Bound, Row
from bench.server import serving

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from bench.plan import Plan
    from bench.server import Served

NAMES: Final[dict[str, tuple[str, ...]]] = {"cold": ("curl",), "hit": ("wrk", "curl")}
_CLIENTS: Final = 200
_LINK: Final = Link(megabits=20, milliseconds=30)
_RELEASE: Final = "infrastructure-far/v1.0.0"
_ASSET: Final = f"/{_RELEASE}/{roots.COMPONENTS}"
_LIST: Final = "/github.com/capirepo.internal/infrastructure-far/@v/list"
# The slowest may take half as long again as one fetch, and this.
_GRACE: Final = 200.0
_COLD: Final = Bound(limit=1.5)
_HIT: Final = Bound(limit=1 / 1.05, at_least=True)
_SECONDS: Final = 60.0
_WRK_SECONDS: Final = 2
_LOG_SECONDS: Final = 0.5


def rows(plan: Plan) -> Generator[Row]:
    """Milliseconds until the last of many is served; requests a second."""
    upstream = roots.to_fetch(plan.folder / "fetched")
    if "cold" in plan.chosen:
        yield _cold(plan, upstream)
    if "hit" in plan.chosen:
        yield from _hit(plan, upstream)


def _cold(plan: Plan, upstream: Path) -> Row:
    say(f"{_CLIENTS} clients on a cold asset, {_LINK}")
    size = (upstream / _ASSET[1:]).stat().st_size
    log, empty = plan.folder / "upstream.log", plan.folder / "empty"
    asked: list[int] = []
    with contextlib.ExitStack() as stack:
        far = stack.enter_context(serving(upstream, log, access_log="text"))
        port = urlsplit(far.url).port or 0
        url = stack.enter_context(away(_LINK, port, plan.folder / "relay.log"))

        def ours() -> float:
            before = _requests(log)
            with _caching(empty, url, plan.folder / "cold.log") as cache:
                load.check_list(cache.url + _LIST)
                seconds = asyncio.run(_slowest(cache.url, size))
            shutil.rmtree(empty)
            asked.append(_requests(log) - before)
            return 1000 * seconds - _GRACE

        def other() -> float:
            began = time.perf_counter()
            into = plan.folder / "direct"
            options = ("--silent", "--show-error", "--fail", "--noproxy", "*")
            run([plan.tools["curl"], *options, "--output", into, url + _ASSET])
            return 1000 * (time.perf_counter() - began)

        mine, direct = in_turn(plan.rounds, [ours, other])
    problems = () if set(asked) == {1} else (f"upstream was asked {asked} times for the asset",)
    return Row(
        name="cold",
        what=f"1 MB from {_LINK}: the slowest of {_CLIENTS}, less {_GRACE:.0f} ms / one curl",
        unit="ms",
        ours=mine,
        other=direct,
        bound=_COLD,
        problems=problems,
    )


def _hit(plan: Plan, upstream: Path) -> Iterator[Row]:
    say("a hit in cache mode and offline")
    with contextlib.ExitStack() as stack:
        roots_of = [shutil.copytree(upstream, plan.folder / name) for name in ("on", "off")]
        far = stack.enter_context(serving(upstream, plan.folder / "near.log"))
        cache = stack.enter_context(_caching(roots_of[0], far.url, plan.folder / "on.log"))
        offline = stack.enter_context(serving(roots_of[1], plan.folder / "off.log"))
        for what, asset in (("1 MB", roots.COMPONENTS), ("200 bytes", "metadata.yaml")):
            path = f"{_RELEASE}/{asset}"
            urls = [f"{server.url}/{path}" for server in (cache, offline)]
            for url in urls:
                load.check(plan.tools["curl"], url, (), cache.ca, upstream / path)
            wrk = partial(load.wrk, plan.tools["wrk"])
            sides = [partial(wrk, url, (), _WRK_SECONDS) for url in urls]
            # Both do the same, so that all that differs is what else goes on: it takes more rounds.
            mine, other = in_turn(2 * plan.rounds, sides)
            yield Row(
                name="hit",
                what=f"a hit of {what}, in cache mode / offline",
                unit="/s",
                ours=[one.rate for one in mine],
                other=[one.rate for one in other],
                bound=_HIT,
                problems=tuple(dict.fromkeys(sum((one.problems for one in (*mine, *other)), ()))),
            )


def _caching(root: Path, upstream: str, log: Path) -> contextlib.AbstractContextManager[Served]:
    """A server that fetches what it has not from `upstream`."""
    root.mkdir(exist_ok=True)
    (root / "capirepo.yaml").write_text(
        "upstream: {mode: cache}\n"
        f"mirror: [{{provider: infrastructure-far, upstream: '{upstream}'}}]\n"
    )
    return serving(root, log)


def _requests(log: Path) -> int:
    """How often the asset was fetched from upstream, as its access log has it."""
    # It is written with a delay.
    time.sleep(_LOG_SECONDS)
    return len(re.findall(rf" GET \S*{re.escape(_ASSET)} ", log.read_text()))


class _Client(asyncio.Protocol):
    """Asks once, and counts what comes: nothing is kept, so that it costs next to nothing."""

    def __init__(self, size: int) -> None:
        self.whole = asyncio.get_running_loop().create_future()
        self._size = size
        self._head = b""
        self._body = -1

    def data_received(self, data: bytes) -> None:
        if self._body < 0:
            self._head += data
            head, found, body = self._head.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 200 "):
                self._end(BenchError(f"a client got {head[:80]!r}"))
            self._body, data = 0, body
        self._body += len(data)
        if self._body >= self._size:
            self._end(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._end(BenchError(f"a client lost its connection: {error}"))

    def _end(self, error: BenchError | None) -> None:
        if self.whole.done():
            return
        if error is None:
            self.whole.set_result(None)
        else:
            self.whole.set_exception(error)


async def _slowest(url: str, size: int) -> float:
    """Seconds from when all have asked until the last has the whole."""
    parts, loop = urlsplit(url), asyncio.get_running_loop()
    connections = [
        await loop.create_connection(lambda: _Client(size), parts.hostname or "", parts.port or 0)
        for _ in range(_CLIENTS)
    ]
    request = f"GET {_ASSET} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    began = loop.time()
    for transport, _ in connections:
        transport.write(request)
    async with asyncio.timeout(_SECONDS):
        await asyncio.gather(*(client.whole for _, client in connections))
    seconds = loop.time() - began
    for transport, _ in connections:
        transport.abort()
    return seconds
