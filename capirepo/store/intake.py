"""Takes in files one at a time, as uploads bring them, and makes a release of them.

Rules kept here:
- a file is staged and synced, then linked to its name, which fails where the name is taken:
  it is wholly there or wholly absent, and nothing is ever overwritten;
- files of a release that is not complete wait in `.capirepo/pending/`, out of the repository;
- they become a release by one rename of their folder;
- whoever works on a release holds its lock, in this process and in others.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
from typing import TYPE_CHECKING, Final

import aiofiles

from capirepo.errors import ConflictError, StorageError
from capirepo.ports import Received, Shelf, TooLargeError
from capirepo.store.fs import STATE, FolderStore
from capirepo.store.staging import reveal, staged, sync_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator
    from pathlib import Path

    from capirepo.core.names import AssetName, Label
    from capirepo.core.version import Version
    from capirepo.ports import Store

PENDING: Final = "pending"
_NAME: Final = "file"


class _Pending(FolderStore):
    """What waits; its folder is made with the first that does."""

    async def scan(self) -> Shelf:
        """What there is now."""
        return await super().scan() if self.root.is_dir() else Shelf(releases={})


class FolderIntake:
    """An Intake beside a FolderStore.

    Args:
        root: of the repository; what waits is kept on the same file system, for the rename.

    Attributes:
        pending: what waits, as a store.
    """

    def __init__(self, root: Path) -> None:
        self._waits = root / STATE / PENDING
        self.pending: Store = _Pending(self._waits)
        self._root = root
        self._state = root / STATE
        self._locks: dict[tuple[Label, Version], asyncio.Lock] = {}

    @contextlib.asynccontextmanager
    async def receiving(self, pieces: AsyncIterable[bytes], most: int) -> AsyncIterator[Received]:
        """A file, on disk and synced; gone afterwards unless it was kept."""
        async with staged(self._state / "staging") as folder:
            digest, size = hashlib.sha256(), 0
            async with aiofiles.open(folder / _NAME, "xb") as file:
                async for piece in pieces:
                    size += len(piece)
                    if size > most:
                        raise TooLargeError(most)
                    digest.update(piece)
                    await file.write(piece)
                await file.flush()
                await asyncio.to_thread(os.fsync, file.fileno())
            yield Received(sha256=digest.hexdigest(), size=size, place=folder / _NAME)

    @contextlib.asynccontextmanager
    async def locked(self, label: Label, version: Version) -> AsyncIterator[None]:
        """Nobody else works on this release."""
        lock = self._locks.setdefault((label, version), asyncio.Lock())
        async with lock:
            descriptor = await asyncio.to_thread(self._lock, label, version)
            try:
                yield
            finally:
                os.close(descriptor)

    async def keep(
        self, label: Label, version: Version, name: AssetName, received: Received, *, listed: bool
    ) -> None:
        """Gives a received file its name: in the release, or in what waits."""
        folder = self._root if listed else self._waits
        await asyncio.to_thread(_link, received.place, folder / label / str(version), name)

    async def reveal(self, label: Label, version: Version) -> None:
        """Makes a release of what waits."""
        path = f"{label}/{version}"
        try:
            await asyncio.to_thread(reveal, self._waits / path, self._root / path)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                raise ConflictError(f"{label} {version} is there already") from error
            raise StorageError(f"cannot write {path}: {error.strerror}") from error

    async def drop(
        self, label: Label, version: Version, name: AssetName | None = None, *, listed: bool = False
    ) -> bool:
        """Removes what waits, one file of it, or a whole release; False where it is not there."""
        folder = (self._root if listed else self._waits) / label / str(version)
        try:
            if name is None:
                return await asyncio.to_thread(self._remove, folder)
            await asyncio.to_thread((folder / name).unlink)
            await asyncio.to_thread(sync_folder, folder)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StorageError(f"cannot remove {label}/{version}: {error.strerror}") from error
        return True

    def _remove(self, folder: Path) -> bool:
        """Takes a folder out of sight with one rename, then takes it apart."""
        area = self._state / "staging"
        area.mkdir(parents=True, exist_ok=True)
        # Whatever is in the staging area without a lock is swept at the next start.
        aside = area / f"removed-{folder.parent.name}-{folder.name}-{os.getpid()}"
        if not folder.is_dir():
            return False
        folder.rename(aside)
        sync_folder(folder.parent)
        shutil.rmtree(aside, ignore_errors=True)
        with contextlib.suppress(OSError):
            folder.parent.rmdir()
        return True

    def _lock(self, label: Label, version: Version) -> int:
        area = self._state / "locks"
        try:
            area.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(
                area / f"{label}@{version}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644
            )
        except OSError as error:
            raise StorageError(f"cannot lock in {area}: {error.strerror}") from error
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return descriptor


def _link(place: Path, folder: Path, name: AssetName) -> None:
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            os.link(place, folder / name)
        except FileExistsError:
            raise
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
                raise
            # No hard links here: the lock keeps others from taking the name in between.
            if (folder / name).exists():
                raise FileExistsError(errno.EEXIST, "exists", str(folder / name)) from error
            place.rename(folder / name)
        sync_folder(folder)
        if made:
            sync_folder(folder.parent)
            sync_folder(folder.parent.parent)
    except FileExistsError as error:
        raise ConflictError(f"{name} is there already") from error
    except OSError as error:
        raise StorageError(f"cannot write {folder.name}/{name}: {error.strerror}") from error
