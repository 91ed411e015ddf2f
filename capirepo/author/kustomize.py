"""Renders a kustomization with the user's own kustomize, or with kubectl's.

Rules kept here:
- no shell; the program and all that it starts are gone when we are done;
- its time and its output are bounded, and what it says reaches the user as it said it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from capirepo.core.names import printable
from capirepo.core.yamlguard import MAX_BYTES
from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path

SECONDS: Final = 120.0
"""How long one rendering may take: it may have bases to fetch."""

# kustomize's own three names (`konfig.RecognizedKustomizationFileNames`).
FILES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_CHUNK: Final = 1 << 16
_LINES: Final = 8
_LONGEST: Final = 1000
# kubectl fails through klog: `E1122 13:12:11.1   17 run.go:72] "command failed" err="…"`.
_KLOG: Final = re.compile(r"[IWEF]\d{4} [\d:.]+ +\d+ [^\s:]+:\d+\] ")
_FAILED: Final = '"command failed" err='
_GRACE: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Renderer:
    """A program that renders: `kustomize build`, or `kubectl kustomize`.

    Attributes:
        arguments: what comes before the folder.
        seconds: how long each rendering may take.
    """

    arguments: tuple[str, ...]
    seconds: float = SECONDS

    @property
    def name(self) -> str:
        """As the user would type it."""
        return " ".join([os.path.basename(self.arguments[0]), *self.arguments[1:]])  # noqa: PTH119 - a string


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What came of a kustomization.

    Attributes:
        remarks: what the program said besides, such as that a field is deprecated.
    """

    data: bytes
    remarks: tuple[str, ...]


def is_kustomization(folder: Path) -> bool:
    """Whether `folder` is one that kustomize renders."""
    return any((folder / name).is_file() for name in FILES)


def require_kustomization(folder: Path) -> None:
    """Says so where kustomize would find nothing to render.

    Raises:
        BadInputError: `folder` has no kustomization.yaml.
    """
    if not is_kustomization(folder):
        raise BadInputError(
            f"{folder} has no kustomization.yaml",
            cure="give the folder that `kustomize build` takes, or a rendered YAML file",
        )


def find_renderer(seconds: float = SECONDS) -> Renderer:
    """What there is on PATH; kustomize first, because kubectl has an older one built in.

    Raises:
        BadInputError: neither is there.
    """
    for program, argument in (("kustomize", "build"), ("kubectl", "kustomize")):
        if found := shutil.which(program):
            return Renderer(arguments=(found, argument), seconds=seconds)
    raise BadInputError(
        "a kustomization is to be rendered, and neither kustomize nor kubectl is on PATH",
        cure="install one of the two, or give a file with the components that is rendered already",
    )


async def render(renderer: Renderer, folder: Path) -> Rendered:
    """What `kustomize build` prints for `folder`.

    Raises:
        BadInputError: `folder` has no kustomization.yaml, the program fails (with its own
            words), prints nothing or too much, or takes too long.
    """
    require_kustomization(folder)
    # A path that begins with a dash must not be taken for an option.
    arguments = [*renderer.arguments, os.path.join(os.curdir, folder)]  # noqa: PTH118 - Path drops it
    try:
        async with asyncio.timeout(renderer.seconds):
            ended = await _run(arguments)
    except TimeoutError:
        raise BadInputError(
            f"{renderer.name} was not done with {folder} in {renderer.seconds:g} s",
            cure="does it wait for a remote base? give it longer with --timeout",
        ) from None
    except OSError as error:
        raise BadInputError(f"cannot run {renderer.name}: {error.strerror}") from error
    if len(ended.data) > MAX_BYTES:
        raise BadInputError(f"{renderer.name} prints more than {MAX_BYTES} bytes for {folder}")
    words = _readable(ended.errors)
    if ended.code:
        said = "\n  ".join(words[-_LINES:]) or f"exit code {ended.code}, without a word"
        raise BadInputError(f"{renderer.name} cannot render {folder}:\n  {said}")
    if not ended.data.strip():
        raise BadInputError(f"{renderer.name} prints nothing for {folder}")
    return Rendered(data=ended.data, remarks=tuple(words[:_LINES]))


class _Ended(NamedTuple):
    data: bytes
    errors: bytes = b""
    code: int = 0


async def _run(arguments: list[str]) -> _Ended:
    """What a program printed; where that is too much, only that it is."""
    process = await _start(arguments)
    assert process.stdout is not None  # noqa: S101 - asked for above
    assert process.stderr is not None  # noqa: S101 - asked for above
    errors = asyncio.create_task(_tail(process.stderr), name="what the renderer says")
    try:
        data = await _head(process.stdout)
        if len(data) > MAX_BYTES:
            return _Ended(data)
        return _Ended(data, await errors, await process.wait())
    finally:
        errors.cancel()
        _end(process)
        _let_go(process)
        # Its end is seen at once; should it not be, nobody waits for it.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _GRACE)


async def _start(arguments: list[str]) -> asyncio.subprocess.Process:
    # A session of its own, so that what it starts (git, plugins) can be ended with it.
    starting = asyncio.create_task(
        asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        ),
        name="start the renderer",
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        # Cancelled by itself, asyncio would end the program but not what it has started.
        with contextlib.suppress(OSError):
            _end(await starting)
        raise


def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _let_go(process: asyncio.subprocess.Process) -> None:
    """Closes our ends of its pipes, which may be full, or held by a daemon that was started.

    Python waits for them to be read to their end, and complains of them with a traceback if the
    loop is closed before; asyncio has no public way from a process to its transport.
    """
    transport = cast("asyncio.SubprocessTransport", process._transport)  # type: ignore[attr-defined]  # noqa: SLF001
    for descriptor in (1, 2):
        if pipe := transport.get_pipe_transport(descriptor):
            pipe.close()


async def _head(stream: asyncio.StreamReader) -> bytes:
    """All of a stream, or just more than is allowed."""
    pieces, size = [], 0
    while size <= MAX_BYTES and (piece := await stream.read(_CHUNK)):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


async def _tail(stream: asyncio.StreamReader) -> bytes:
    """The end of a stream, read to its end so that nobody waits for us."""
    kept = b""
    while piece := await stream.read(_CHUNK):
        kept = (kept + piece)[-_CHUNK:]
    return kept


def _readable(data: bytes) -> list[str]:
    """Lines without a log's frame, and without what would steer a terminal."""
    lines = data.decode(errors="replace").expandtabs().splitlines()
    said = [one for line in lines for one in _unframed(line).expandtabs().splitlines()]
    return [_shortened(printable(line)) for line in said if line.strip()]


def _unframed(line: str) -> str:
    """What klog has in its frame; another line is itself."""
    head = _KLOG.match(line)
    if head is None:
        return line
    said = line[head.end() :]
    if not said.startswith(_FAILED):
        return said
    said = said.removeprefix(_FAILED)
    try:
        # Go quotes as JSON does, but for what is hardly ever in an error.
        return str(json.loads(said))
    except ValueError:
        return said


def _shortened(line: str) -> str:
    """A line that is not too long, or its first words and an ellipsis."""
    if len(line) <= _LONGEST:
        return line
    words, _, _ = line[:_LONGEST].rpartition(" ")
    return f"{words or line[: _LONGEST - 1]}…"
