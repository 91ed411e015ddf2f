"""Starts servers and makes sure that they end, whatever happens meanwhile."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

from bench.rows import BenchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

PYTHON: Final = sys.executable
STOP_SECONDS: Final = 20.0
START_SECONDS: Final = 30.0


@contextlib.contextmanager
def started(command: Sequence[str | Path], log: Path) -> Iterator[subprocess.Popen[str]]:
    """A server for as long as the context lasts; its standard error goes into `log`.

    It has a session of its own, so that Ctrl-C reaches the bench alone, which then stops it.
    """
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [*map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment(),
            text=True,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise


def first_line(process: subprocess.Popen[str], what: str, log: Path) -> str:
    """What a server prints once it is up.

    Raises:
        BenchError: it prints nothing in time.
    """
    out = process.stdout
    if out is not None and select.select([out], [], [], START_SECONDS)[0]:
        line = out.readline()
        if line:
            return line
    raise BenchError(f"{what} does not come up: {tail(log)}")


def environment() -> dict[str, str]:
    """Ours, without what would change what a server of ours does, and how fast it starts."""
    return {
        name: value
        for name, value in os.environ.items()
        # Installed programs have their bytecode; a checkout writes its own at the first start.
        if not name.startswith("CAPIREPO_") and name != "PYTHONDONTWRITEBYTECODE"
    }


def run(command: Sequence[str | Path], environment: dict[str, str] | None = None) -> str:
    """Runs a program to its end and returns what it prints.

    Raises:
        BenchError: it fails; its last lines are named.
    """
    done = subprocess.run(
        [*map(str, command)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()[-500:]
        raise BenchError(f"`{' '.join(map(str, command))}` ended with {done.returncode}: {said}")
    return done.stdout.decode()


def free_port() -> int:
    """A port of loopback that nobody listens on, for who cannot be told to take any."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def wait_until(what: str, done: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    """Waits for `done`, asking every 5 ms.

    Raises:
        BenchError: it has not come about in time.
    """
    ends = time.monotonic() + seconds
    while not done():
        if time.monotonic() > ends:
            raise BenchError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.005)


def tail(log: Path) -> str:
    """The end of a log, for an error."""
    return log.read_text(errors="replace").strip()[-500:] or "(it said nothing)"
