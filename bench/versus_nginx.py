"""One process of ours against nginx with one worker, on the same files."""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import shutil
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from bench import load, roots
from bench.nginx import nginx, site
from bench.plan import in_turn, say
from bench.rows import BenchError, Bound, Row
from bench.server import serving
from capirepo.proxy.ca import CERTIFICATE, LOOPBACK, load_authority

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from bench.plan import Plan
    from bench.server import Served

_TOOLS: Final = ("nginx", "wrk", "curl")
NAMES: Final = dict.fromkeys(("large", "small", "handshake", "gzip", "logs"), _TOOLS)
SECONDS: Final = 2
_RELEASE: Final = "infrastructure-bench/v1.0.0"
_GZIP: Final = "Accept-Encoding: gzip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """One way in which nginx serves what we serve."""

    what: str
    url: str
    bound: Bound | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """One asset, asked for in one way."""

    name: str
    asset: str
    ours: str
    rivals: tuple[Rival, ...]
    headers: tuple[str, ...] = ()


def rows(plan: Plan) -> Generator[Row]:
    """Requests a second, by wrk."""
    root = roots.one_large(plan.folder)
    packed = _with_gzip(root, plan.folder / "packed")
    logs = plan.folder / "logs"
    logs.mkdir()
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(serving(root, logs / "quiet"))
        logged = stack.enter_context(serving(root, logs / "access", access_log="text"))
        quiet, static, logging = (
            site(root),
            site(packed, gzip_static=True),
            site(root, access_log=logs / "nginx"),
        )
        chain, key = _certificate(ours)
        program, prefix = plan.tools["nginx"], plan.folder / "nginx"
        stack.enter_context(nginx(program, prefix, [quiet, static, logging], chain, key))
        contests = (
            Contest(
                name="large",
                asset=roots.COMPONENTS,
                ours=ours.url,
                rivals=(Rival(what="1 MB, HTTP", url=quiet.url, bound=_at_least(1.0)),),
            ),
            Contest(
                name="small",
                asset=roots.SMALL,
                ours=ours.url,
                rivals=(Rival(what="1 KB, HTTP", url=quiet.url, bound=_at_least(0.3)),),
            ),
            Contest(
                name="handshake",
                asset=roots.SMALL,
                ours=ours.tls_url,
                # Measured: all but the first 16 handshakes are resumed, by nginx and by us alike.
                rivals=(
                    Rival(
                        what="1 KB, TLS, a connection each (wrk resumes sessions)",
                        url=quiet.tls_url,
                        bound=_at_least(0.33),
                    ),
                ),
                headers=("Connection: close",),
            ),
            Contest(
                name="gzip",
                asset=roots.COMPONENTS,
                ours=ours.tls_url,
                rivals=(
                    Rival(
                        what="1 MB, TLS, client takes gzip / nginx as stored",
                        url=quiet.tls_url,
                        bound=_at_least(1.0),
                    ),
                    Rival(
                        what="1 MB, TLS, client takes gzip / nginx gzip_static",
                        url=static.tls_url,
                    ),
                ),
                headers=(_GZIP,),
            ),
            Contest(
                name="logs",
                asset=roots.SMALL,
                ours=logged.url,
                rivals=(Rival(what="1 KB, HTTP, both with access logs", url=logging.url),),
            ),
        )
        for contest in contests:
            if contest.name in plan.chosen:
                say(f"nginx and capirepo: {contest.rivals[0].what}")
                yield from _measured(plan, contest, root, ours.ca)


def _measured(plan: Plan, contest: Contest, root: Path, ca: Path) -> Iterator[Row]:
    path = f"{_RELEASE}/{contest.asset}"
    urls = [f"{base}/{path}" for base in (contest.ours, *(one.url for one in contest.rivals))]
    sizes = [load.check(plan.tools["curl"], url, contest.headers, ca, root / path) for url in urls]
    if _GZIP in contest.headers and sizes[0] >= (root / path).stat().st_size:
        raise BenchError(f"{urls[0]} does not come as gzip, though the client takes it")
    wrk = partial(load.wrk, plan.tools["wrk"])
    sides = [partial(wrk, url, contest.headers, SECONDS) for url in urls]
    ours, *others = in_turn(plan.rounds, sides)
    for rival, theirs in zip(contest.rivals, others, strict=True):
        problems = dict.fromkeys(problem for one in (*ours, *theirs) for problem in one.problems)
        yield Row(
            name=contest.name,
            what=rival.what,
            unit="/s",
            ours=[one.rate for one in ours],
            other=[one.rate for one in theirs],
            bound=rival.bound,
            problems=tuple(problems),
        )


def _at_least(limit: float) -> Bound:
    return Bound(limit=limit, at_least=True)


def _with_gzip(root: Path, copy: Path) -> Path:
    """A copy of `root` with `x.gz` beside each `x`, at the level that we compress with."""
    shutil.copytree(root, copy)
    for file in list(copy.rglob("*.yaml")):
        packed = gzip.compress(file.read_bytes(), compresslevel=6, mtime=0)
        file.with_name(f"{file.name}.gz").write_bytes(packed)
    return copy


def _certificate(ours: Served) -> tuple[bytes, bytes]:
    """For nginx: chain and key by our own CA, so that both send the same in a handshake."""
    now = dt.datetime.now(dt.UTC)
    authority = load_authority(ours.ca.parent, LOOPBACK, now)
    if authority is None:
        raise BenchError(f"there is no {CERTIFICATE} beside {ours.ca}")
    leaf = authority.issue(LOOPBACK, now)
    return leaf.chain, leaf.key
