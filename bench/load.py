"""The load: wrk, what it reports, and a look with curl at what it is going to measure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bench.processes import run
from bench.rows import BenchError
from bench.server import connection_to

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

THREADS: Final = 1
CONNECTIONS: Final = 16
_RATE: Final = re.compile(r"^Requests/sec:\s+([0-9.]+)$", re.MULTILINE)
_TROUBLE: Final = re.compile(r"^\s*((?:Socket errors|Non-2xx or 3xx responses): .*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of wrk.

    Attributes:
        rate: requests a second.
        problems: socket errors, and answers that were no success.
    """

    rate: float
    problems: tuple[str, ...]


def wrk(program: Path, url: str, headers: Sequence[str], seconds: int) -> Run:
    """Asks for `url` as fast as it is answered."""
    said = run(
        [
            program,
            f"-t{THREADS}",
            f"-c{CONNECTIONS}",
            f"-d{seconds}s",
            *(part for header in headers for part in ("-H", header)),
            url,
        ]
    )
    rate = _RATE.search(said)
    if rate is None:
        raise BenchError(f"wrk says no rate: {said}")
    problems = tuple(f"{url}: {trouble}" for trouble in _TROUBLE.findall(said))
    return Run(rate=float(rate[1]), problems=problems)


def check_list(url: str) -> None:
    """Makes sure that `url` answers 200 with at least a line.

    Raises:
        BenchError: it answers otherwise.
    """
    connection = connection_to(url)
    connection.request("GET", urlsplit(url).path)
    answer = connection.getresponse()
    if answer.status != HTTPStatus.OK or not answer.read().strip():
        raise BenchError(f"{url} answers {answer.status}, and no list")
    connection.close()


def check(program: Path, url: str, headers: Sequence[str], ca: Path, wanted: Path) -> int:
    """Makes sure that `url` answers 200 with the bytes of the file `wanted`.

    Returns:
        How many bytes of body came over the wire, before any gzip was undone.

    Raises:
        BenchError: it answers otherwise.
    """
    into = ca.parent / "checked"
    try:
        told = run(
            [
                *(program, "--silent", "--show-error", "--noproxy", "*", "--cacert", ca),
                *(part for header in headers for part in ("--header", header)),
                *(["--compressed"] if any("gzip" in header for header in headers) else []),
                *("--output", into, "--write-out", "%{http_code} %{size_download}", url),
            ]
        )
        status, size = told.split()
        if status != "200":
            raise BenchError(f"{url} answers {status}, not 200")
        if into.read_bytes() != wanted.read_bytes():
            raise BenchError(f"{url} answers other bytes than {wanted.name} has")
    finally:
        into.unlink(missing_ok=True)
    return int(size)
