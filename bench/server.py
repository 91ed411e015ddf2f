"""`capirepo serve` as users start it, on ports that the system chooses."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bench import tools
from bench.processes import first_line, started, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

_KIBIBYTE = 1024
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that is ready.

    Attributes:
        seconds: from its start to the first 200 of /readyz.
    """

    root: Path
    url: str
    tls_url: str
    ca: Path
    pid: int
    seconds: float

    @property
    def findings(self) -> Path:
        """The file that appears once every release has been looked into."""
        return self.root / ".capirepo" / "findings.json"

    def settle(self, seconds: float) -> None:
        """Waits until the work after a start is done, and `seconds` longer."""
        wait_until(f"{self.findings.name} of {self.root.name}", self.findings.exists, 120)
        time.sleep(seconds)

    def megabytes(self) -> float:
        """Its resident memory."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * _KIBIBYTE / _MEGABYTE


@contextlib.contextmanager
def serving(root: Path, log: Path, access_log: str = "off") -> Iterator[Served]:
    """Serves `root` for as long as the context lasts.

    Raises:
        BenchError: it does not come up.
    """
    command: list[str | Path] = [tools.capirepo(), "serve", root, "--output", "json"]
    command += ["--access-log", access_log]
    for option in ("--listen", "--tls-listen"):
        command += [option, "127.0.0.1:0"]
    began = time.perf_counter()
    with started(command, log) as process:
        banner = json.loads(first_line(process, "capirepo serve", log))
        wait_until("/readyz", lambda: _is_ready(banner["url"]))
        yield Served(
            root=root,
            url=banner["url"],
            tls_url=banner["tls_url"],
            ca=Path(banner["ca"]),
            pid=process.pid,
            seconds=time.perf_counter() - began,
        )


def connection_to(url: str) -> http.client.HTTPConnection:
    """A connection that stays open, whatever proxies the environment names."""
    parts = urlsplit(url)
    return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)


def _is_ready(url: str) -> bool:
    connection = connection_to(url)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()
