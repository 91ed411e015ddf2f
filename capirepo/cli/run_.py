"""`capirepo run`: runs a command whose clusterctl reads its providers from us."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from capirepo.cli.clientside import variables_for
from capirepo.cli.options import (
    config_option,
    in_mode,
    log_in_lines,
    point_out_if_empty,
    state_option,
    upstream_option,
)
from capirepo.errors import BadInputError
from capirepo.repository import Repository, open_repository
from capirepo.wiring import on_free_ports, serving

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PASSED_ON: Final = (
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGQUIT,
    signal.SIGINT,
)
_NOT_FOUND: Final = 127
_NOT_EXECUTABLE: Final = 126
_SIGNALLED: Final = 128


@click.command(
    "run",
    epilog="Examples:\n\n\b\n"
    "  capirepo run sample-repo -- clusterctl generate provider -i awesome\n"
    "  capirepo run --upstream cache cache -- clusterctl generate provider -i aws\n"
    "  capirepo run --server http://127.0.0.1:8080 -- clusterctl init -i awesome\n"
    "  capirepo run -- sh -c 'clusterctl config repositories'",
)
@click.option("--server", metavar="URL", help="A running server, in place of serving ROOT.")
@upstream_option
@config_option
@state_option
@click.argument("words", nargs=-1, metavar="[ROOT] -- COMMAND [ARG]...", type=click.UNPROCESSED)
def command(
    server: str | None,
    upstream: str | None,
    config: Path | None,
    state: Path | None,
    words: tuple[str, ...],
) -> int:
    """Run COMMAND so that its clusterctl reads providers from ROOT, or from a server.

    Without --server, ROOT (the current folder, if not given) is served on free ports of
    loopback for just as long. COMMAND gets HTTPS_PROXY, SSL_CERT_FILE, NO_PROXY and GOPROXY;
    where there are private providers, also an XDG_CONFIG_HOME whose clusterctl.yaml is yours
    with them added. Its exit code is ours; signals are passed on. With --upstream cache, what
    ROOT has not is fetched from where it is published, once, checked, and kept in ROOT.

    A server that is private is shown the token in CAPIREPO_TOKEN, by clusterctl as GITHUB_TOKEN.
    ROOT is open to COMMAND, and to whoever is on this machine meanwhile, also where it says
    `auth.read: required`.
    """
    root, arguments = _split(words, sys.argv)
    if server:
        if root is not None or upstream is not None:
            raise click.UsageError(
                "give either --server or ROOT with what it is served with, not both"
            )
        return asyncio.run(_run(server, arguments))
    log_in_lines(logging.WARNING)
    repository = in_mode(open_repository(Path(root or "."), config, state), upstream)
    if repository.settings.caches:
        # What is fetched takes its time: whoever waits is told what for.
        logging.getLogger("capirepo.upstream").setLevel(logging.INFO)
    return asyncio.run(_serve_and_run(_quiet(repository), arguments))


def _split(words: Sequence[str], argv: Sequence[str]) -> tuple[str | None, list[str]]:
    # click swallows the `--`, so where it stood is read from the command line itself.
    tail = list(argv[argv.index("--") + 1 :]) if "--" in argv else []
    before = list(words[: len(words) - len(tail)])
    if not tail or len(before) > 1:
        raise click.UsageError(
            "write the command after --, as in: capirepo run ROOT -- clusterctl …"
        )
    return (before[0] if before else None), tail


def _quiet(repository: Repository) -> Repository:
    server = msgspec.structs.replace(repository.settings.server, access_log="off")
    settings = msgspec.structs.replace(repository.settings, server=server)
    return on_free_ports(replace(repository, settings=settings))


async def _serve_and_run(repository: Repository, arguments: list[str]) -> int:
    async with serving(repository) as running:
        point_out_if_empty(repository, running.library)
        return await _run(running.url, arguments)


async def _run(server: str, arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="capirepo-") as folder:
        # In a thread: the server that is asked may be in this very process.
        variables = await asyncio.to_thread(variables_for, server, Path(folder), arguments)
        return await _child(arguments, variables)


async def _child(arguments: Sequence[str], variables: Mapping[str, str]) -> int:
    signals: asyncio.Queue[int] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    # Before the command starts, so that no signal falls between the two.
    for number in _PASSED_ON:
        loop.add_signal_handler(number, signals.put_nowait, number)
    try:
        process = await asyncio.create_subprocess_exec(*arguments, env={**os.environ, **variables})
    except FileNotFoundError:
        raise _UnrunnableError(
            f"there is no command {arguments[0]!r} on PATH", _NOT_FOUND
        ) from None
    except OSError as error:
        raise _UnrunnableError(
            f"cannot run {arguments[0]!r}: {error.strerror}", _NOT_EXECUTABLE
        ) from error
    passing_on = loop.create_task(_pass_on(signals, process), name="pass signals on")
    try:
        code = await process.wait()
    finally:
        passing_on.cancel()
    return code if code >= 0 else _SIGNALLED - code


async def _pass_on(signals: asyncio.Queue[int], process: asyncio.subprocess.Process) -> None:
    while True:
        number = await signals.get()
        if number != signal.SIGINT or not _in_foreground():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)


def _in_foreground() -> bool:
    """Whether Ctrl-C reaches the command as well: a terminal sends it to the whole group."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


class _UnrunnableError(BadInputError):
    """A command that cannot be run; shells have codes of their own for that."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code
