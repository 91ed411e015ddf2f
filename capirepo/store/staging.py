"""What is put together before it is seen: a release in a folder, a file beside the one before.

A staging folder is locked for as long as somebody works in it, so that what a killed
process left behind can be told from what another process is writing, and swept.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from capirepo.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


STATE: Final = ".capirepo"
"""The folder of the state, in ROOT."""


@contextlib.asynccontextmanager
async def staged(area: Path) -> AsyncIterator[Path]:
    """A new folder inside `area`, gone afterwards unless it was renamed away.

    Raises:
        StorageError: the disk is full, read-only or failing, here or in the body.
    """
    try:
        folder, lock = await asyncio.to_thread(_make, area)
    except OSError as error:
        raise StorageError(f"cannot stage in {area}: {error.strerror}") from error
    try:
        yield folder
    except OSError as error:
        raise StorageError(f"cannot write in {area}: {error.strerror}") from error
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        os.close(lock)


def sweep(area: Path) -> int:
    """Removes what killed processes left in `area`; returns how many folders."""
    swept = 0
    with contextlib.suppress(OSError):
        for folder in list(area.iterdir()):
            # One that is gone meanwhile, or is none, is no reason to leave the others.
            with contextlib.suppress(OSError):
                lock = _lock(folder)
                if lock is not None:
                    shutil.rmtree(folder, ignore_errors=True)
                    os.close(lock)
                    swept += 1
    return swept


def make_folders(folder: Path) -> None:
    """Makes a folder and those above it, as far as they are not there, each name durable.

    Never what the state is in: a ROOT that is gone is a disk that is not mounted.
    """
    if not folder.is_dir():
        if folder.name != STATE:
            make_folders(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def replace_file(file: Path, data: bytes, *, sync: bool) -> None:
    """Puts a file in place of the one before, whole; its folder is made where it is not there.

    Only one process at a time may do so.

    Args:
        file: its name.
        data: what is to be in it.
        sync: whether half a file must not come back after a power cut with the name of a whole
            one. That the new one is there by then takes a `sync_folder` as well.

    Raises:
        OSError: it cannot be written; the one before is there still.
    """
    # Always of this name: what a killed process leaves is written over by the next.
    beside = file.with_name(f".{file.name}")
    make_folders(file.parent)
    try:
        with beside.open("wb") as out:
            out.write(data)
            out.flush()
            if sync:
                os.fsync(out.fileno())
        beside.replace(file)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Makes the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def reveal(staged_folder: Path, target: Path) -> None:
    """Makes the staged folder the release: its names are synced before, its own name after.

    Raises:
        OSError: the target is there and not empty, or a link leads to it; nothing is ever
            overwritten.
    """
    sync_folder(staged_folder)
    refuse_links(target.parent)
    made = not target.parent.exists()
    target.parent.mkdir(exist_ok=True)
    try:
        staged_folder.rename(target)
    except OSError:
        if made:
            with contextlib.suppress(OSError):
                target.parent.rmdir()
        raise
    sync_folder(target.parent)
    if made:
        sync_folder(target.parent.parent)


def refuse_links(*folders: Path) -> None:
    """Sees to it that nothing is written through a link, which may lead out of ROOT.

    Raises:
        OSError: one of the folders is a link.
    """
    for folder in folders:
        if folder.is_symlink():
            raise OSError(errno.ELOOP, f"{folder.name} is a link, and links are not followed")


def _make(area: Path) -> tuple[Path, int]:
    make_folders(area)
    while True:
        folder = Path(tempfile.mkdtemp(dir=area))
        # Between the two lines another process may sweep it: then it is made once more.
        with contextlib.suppress(FileNotFoundError):
            lock = _lock(folder)
            if lock is not None:
                if os.fstat(lock).st_nlink:
                    # mkdtemp makes it private; what is published is for everybody.
                    folder.chmod(0o755)
                    return folder, lock
                os.close(lock)


def _lock(folder: Path) -> int | None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
