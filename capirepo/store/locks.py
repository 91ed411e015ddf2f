"""Locks that hold between processes, as files that are there only while they are held.

Rules kept here:
- the system lets go of a lock when its process ends, however it ends; what is left then is
  a file that nobody holds, and it is swept at the next start;
- a lock is removed while it is held, so whoever gets hold of one looks whether it is still
  there: two that hold one name never hold two files.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from typing import TYPE_CHECKING, Final

from capirepo.errors import StorageError
from capirepo.store.staging import make_folders

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

_PAUSE_SECONDS: Final = 0.01


@contextlib.asynccontextmanager
async def held(
    file: Path, seconds: float | None, waiting: Callable[[], None] = lambda: None
) -> AsyncIterator[None]:
    """Nobody else, in this process or another, holds `file` meanwhile.

    Args:
        file: is there while it is held.
        seconds: how long to wait for somebody else; None for as long as it takes.
        waiting: is called once where somebody else has to be waited for.

    Raises:
        StorageError: somebody else holds it for more than `seconds`, or the disk fails.
    """
    descriptor = await _get(file, seconds, waiting)
    try:
        yield
    finally:
        _let_go(file, descriptor)


def sweep_locks(area: Path) -> int:
    """Removes the locks that killed processes left in `area`; returns how many."""
    swept = 0
    with contextlib.suppress(OSError):
        for file in list(area.iterdir()):
            with contextlib.suppress(OSError):
                descriptor = _try(file)
                if descriptor is not None:
                    _let_go(file, descriptor)
                    swept += 1
    return swept


async def _get(file: Path, seconds: float | None, waiting: Callable[[], None]) -> int:
    try:
        make_folders(file.parent)
        descriptor = _try(file)
        if descriptor is not None:
            return descriptor
        waiting()
        async with asyncio.timeout(seconds):
            # Not waited for in a thread: those are few, and reading needs them.
            while (descriptor := _try(file)) is None:  # noqa: ASYNC110 - another process sets no event
                await asyncio.sleep(_PAUSE_SECONDS)
    except TimeoutError:
        raise StorageError(
            f"another process has held {file} for {seconds:.0f} seconds",
            cure="try again; if it hangs, end that process",
        ) from None
    except OSError as error:
        raise StorageError(f"cannot lock in {file.parent}: {error.strerror}") from error
    return descriptor


def _try(file: Path) -> int | None:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_nlink:
            return descriptor
    except BlockingIOError:
        pass
    except OSError:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _let_go(file: Path, descriptor: int) -> None:
    with contextlib.suppress(OSError):
        file.unlink()
    os.close(descriptor)
