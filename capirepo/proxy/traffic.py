"""Counts and logs every answered request, whichever way it was answered.

No line of a log has a token in it, whatever a client sent and however it was answered.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
import sys
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TextIO

from capirepo.core.tokens import hidden

if TYPE_CHECKING:
    from collections.abc import Callable

_FLUSH_AFTER: Final = 0.25  # seconds; a log that a person watches should not feel slow
_FLUSH_LINES: Final = 512
# aiohttp quotes what it could not parse, and a header that it could not parse may be a token.
_QUOTED: Final = re.compile(r"\s*\bb['\"]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One answered request.

    Attributes:
        face: which shape it was answered in: tree, gitlab, github, goproxy, status, proxy.
        host: the Host that was asked for.
        size: of the body, in bytes.
    """

    method: str
    host: str
    path: str
    face: str
    status: int
    size: int


class Traffic:
    """The counters, and the access log.

    Args:
        style: text, json or off.
        later: runs a function after some seconds (`loop.call_later`).
        out: where the log goes; standard error, so that output stays output.
    """

    def __init__(
        self,
        style: str,
        later: Callable[[float, Callable[[], None]], Any],
        out: TextIO | None = None,
    ) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()
        self.bytes_sent: Counter[str] = Counter()
        self.from_memory = 0
        self._format = {"text": _text, "json": _json}.get(style)
        self._later = later
        self._out = out or sys.stderr
        self._lines: list[str] = []

    def record(self, line: Line, client: str, seconds: float | None = None) -> None:
        """Takes note of one answer; `seconds` is None where it was ready in memory."""
        self.requests[line.face, line.status] += 1
        self.bytes_sent[line.face] += line.size
        self.from_memory += seconds is None
        if self._format is not None:
            self._write(self._format(line, client, seconds or 0.0))

    def flush(self) -> None:
        """Writes what is waiting to be written."""
        lines, self._lines = self._lines, []
        try:
            self._out.write("".join(lines))
            self._out.flush()
        except (OSError, ValueError):
            # Nobody reads the log any more; that is no reason to stop serving.
            self._format = None

    def _write(self, text: str) -> None:
        self._lines.append(text)
        if len(self._lines) == 1:
            self._later(_FLUSH_AFTER, self.flush)
        elif len(self._lines) == _FLUSH_LINES:
            self.flush()


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(line: Line, client: str, seconds: float) -> str:
    asked = ascii(hidden(f"{line.host}{line.path}"))[1:-1]
    return (
        f"{_now()} {client} {line.method} {asked} {line.status} "
        f"{line.size} {seconds * 1000:.1f}ms {line.face}\n"
    )


def _json(line: Line, client: str, seconds: float) -> str:
    record = {
        "time": _now(),
        "client": client,
        "method": line.method,
        "host": hidden(line.host),
        "path": hidden(line.path),
        "status": line.status,
        "bytes": line.size,
        "milliseconds": round(seconds * 1000, 3),
        "face": line.face,
    }
    return json.dumps(record) + "\n"


class OneLine(logging.Formatter):
    """Log records as one line each: what clients send is no reason for a traceback."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")

    def format(self, record: logging.LogRecord) -> str:
        """The record in one line, with the error's last line where there is one."""
        moment = dt.datetime.fromtimestamp(record.created, dt.UTC)
        text = f"{moment:%Y-%m-%dT%H:%M:%SZ} {record.levelname.lower()} {record.getMessage()}"
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            text += f": {type(error).__name__}: {_QUOTED.split(str(error))[0]}"
        return hidden(text).replace("\r", "\\r").replace("\n", "\\n")
