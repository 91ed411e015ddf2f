"""Runs lint in processes of its own, so that whatever else is done goes on meanwhile.

Rules kept here:
- what is small is read in a thread: to start a process takes as long as to read half a megabyte;
- a process ends with the one that has started it, however that ends: its input does;
- where there is no process to be had, or one ends early, lint runs in a thread after all.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING, BinaryIO, Final, Self

import msgspec

from capirepo.core import lint
from capirepo.core.layout import of_label
from capirepo.core.lint import RULES, Finding, Problem
from capirepo.core.names import Label
from capirepo.core.version import parse_version
from capirepo.services import admission

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Mapping

    from capirepo.core.catalog import Catalog
    from capirepo.core.version import Version

WORTH: Final = 512 * 1024
"""From how many bytes on a release is given to a process."""

# Nothing from the folder that we are called in is ever imported (-P).
_COMMAND: Final = (sys.executable, "-P", "-m", "capirepo.services.linting")
_LENGTH: Final = 8
_LOG: Final = logging.getLogger("capirepo")


class _Task(msgspec.Struct, frozen=True, kw_only=True):
    """A release that is to be read."""

    label: str
    version: str
    components: str
    files: dict[str, bytes]


class Linters:
    """The processes of whoever judges releases: as many as are judged at the same time."""

    def __init__(self) -> None:
        self._idle: list[Process] = []
        self._started: list[Process] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in self._idle:
            # Of its own accord it would take its time, to give back every object that it has.
            process.kill()
        for process in self._started:
            await process.wait()

    async def check(
        self, catalog: Catalog, label: Label, version: Version, files: Mapping[str, bytes]
    ) -> tuple[Problem, ...]:
        """Every problem that lint finds in the files of a whole release."""
        if sum(map(len, files.values())) >= WORTH:
            components = of_label(catalog, label, files).components
            task = _Task(
                label=label, version=str(version), components=components, files=dict(files)
            )
            try:
                return await self._ask(task)
            except (OSError, EOFError) as error:
                _LOG.warning("there is no process for lint, which goes on without: %r", error)
        return await admission.check(catalog, label, version, files)

    async def _ask(self, task: _Task) -> tuple[Problem, ...]:
        process = self._idle.pop() if self._idle else await self._start()
        try:
            answer = await _exchange(process, msgspec.msgpack.encode(task))
        except asyncio.CancelledError:
            # Nobody waits for what it is reading, and it may take seconds more.
            process.kill()
            raise
        self._idle.append(process)
        found = msgspec.msgpack.decode(answer, type=list[tuple[str, Finding]])
        return tuple(Problem(rule=RULES[rule], finding=finding) for rule, finding in found)

    async def _start(self) -> Process:
        # In a group of its own, so that Ctrl-C reaches us alone, who then end it.
        process = await asyncio.create_subprocess_exec(
            *_COMMAND,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            process_group=0,
        )
        self._started.append(process)
        return process


def answer_all(questions: BinaryIO, answers: BinaryIO) -> None:
    """Reads one release after the other, until no more come."""
    while length := int.from_bytes(questions.read(_LENGTH)):
        task = msgspec.msgpack.decode(questions.read(length), type=_Task)
        read = lint.candidate(
            task.files,
            label=Label(task.label),
            version=parse_version(task.version),
            components=task.components,
        )
        found = [(one.rule.id, one.finding) for one in lint.run(read, lint.choose())]
        answers.write(_framed(msgspec.msgpack.encode(found)))
        answers.flush()


def _framed(data: bytes) -> bytes:
    return len(data).to_bytes(_LENGTH) + data


async def _exchange(process: Process, question: bytes) -> bytes:
    writer, reader = process.stdin, process.stdout
    assert writer is not None  # noqa: S101 - both are pipes
    assert reader is not None  # noqa: S101 - as above
    writer.write(_framed(question))
    await writer.drain()
    return await reader.readexactly(int.from_bytes(await reader.readexactly(_LENGTH)))


if __name__ == "__main__":
    answer_all(sys.stdin.buffer, sys.stdout.buffer)
