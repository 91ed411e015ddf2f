"""Takes in files one at a time, as uploads bring them, and makes a release of them.

Rules kept here:
- a file is staged and synced, then linked to its name, which fails where the name is taken:
  it is wholly there or wholly absent, and nothing is ever overwritten;
- files of a release that is not complete wait in `.capirepo/pending/`, out of the repository;
- they become a release by one rename of their folder;
- whoever works on a release holds the lock of its label, in this process and in others: two
  versions that are hardly to be told from each other are two of one label.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

from capirepo.errors import ConflictError, StorageError
from capirepo.ports import Received, Shelf, TooLargeError
from capirepo.store.fs import FolderStore
from capirepo.store.locks import held, sweep_locks
from capirepo.store.staging import (
    STATE,
    make_folders,
    refuse_links,
    reveal,
    staged,
    sweep,
    sync_folder,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator
    from pathlib import Path

    from capirepo.core.names import AssetName, Label
    from capirepo.core.version import Version
    from capirepo.ports import Store

PENDING: Final = "pending"
ASIDE: Final = "aside"
"""What a mirror brings waits apart from uploads, until it is whole and found to be good."""
STASH: Final = "stash"
"""So does what a server fetches: it and a mirror may be at it at the same time."""
STAGING: Final = "staging"
LOCKS: Final = "locks"
_LOCK_SECONDS: Final = 60.0
# What a file system without hard links answers: FAT, some of FUSE and of containers.
_NO_LINKS: Final = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
_NAME: Final = "file"
# Pieces come as small as a packet, and to have a thread do something costs more than to write one.
_BATCH: Final = 256 * 1024


class _Pending(FolderStore):
    """What waits; its folder is made with the first that does."""

    async def scan(self) -> Shelf:
        """What there is now."""
        return await super().scan() if self.root.is_dir() else Shelf(releases={})


class FolderIntake:
    """An Intake beside a FolderStore.

    Args:
        root: of the repository; what waits is kept on the same file system, for the rename.
        waits: the folder of what waits, in the state.

    Attributes:
        pending: what waits, as a store.
    """

    def __init__(self, root: Path, waits: str = PENDING) -> None:
        self._waits = root / STATE / waits
        self.pending: Store = _Pending(self._waits)
        self._root = root
        self._state = root / STATE
        self._queues: WeakValueDictionary[Label, asyncio.Lock] = WeakValueDictionary()

    @contextlib.asynccontextmanager
    async def receiving(self, pieces: AsyncIterable[bytes], most: int) -> AsyncIterator[Received]:
        """A file, on disk and synced; gone afterwards unless it was kept."""
        async with staged(self._state / STAGING) as folder:
            place, digest, size = folder / _NAME, hashlib.sha256(), 0
            batch: list[bytes] = []
            held = 0
            async for piece in pieces:
                size += len(piece)
                if size > most:
                    raise TooLargeError(most)
                batch.append(piece)
                held += len(piece)
                if held >= _BATCH:
                    await asyncio.to_thread(_append, place, batch, digest)
                    batch, held = [], 0
            await asyncio.to_thread(_append, place, batch, digest, last=True)
            yield Received(sha256=digest.hexdigest(), size=size, place=place)

    @contextlib.asynccontextmanager
    async def locked(self, label: Label) -> AsyncIterator[None]:
        """Nobody else works on the releases of this label."""
        # Those of this process queue up; only the first of them looks at the disk.
        queue = self._queues.setdefault(label, asyncio.Lock())
        async with queue, held(self._state / LOCKS / label, _LOCK_SECONDS):
            yield

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
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise ConflictError(f"{label} {version} is there already") from error
            raise StorageError(f"cannot write {path}: {error.strerror}") from error
        _remove_empty(self._waits / label)

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
        _remove_empty(folder, folder.parent)
        return True

    def _remove(self, folder: Path) -> bool:
        """Takes a folder out of sight with one rename, then takes it apart."""
        if not folder.is_dir():
            return False
        area = self._state / STAGING
        make_folders(area)
        # Whatever is in the staging area without a lock is swept at the next start.
        aside = tempfile.mkdtemp(prefix="removed-", dir=area)
        folder.rename(aside)
        sync_folder(folder.parent)
        shutil.rmtree(aside, ignore_errors=True)
        _remove_empty(folder.parent)
        return True


def sweep_state(root: Path) -> None:
    """Removes what killed processes left beside the releases: half-made ones, and locks."""
    sweep(root / STATE / STAGING)
    sweep_locks(root / STATE / LOCKS)


def _remove_empty(*folders: Path) -> None:
    """Removes each of the folders that has nothing in it, until one has."""
    with contextlib.suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _append(file: Path, batch: list[bytes], digest: hashlib._Hash, *, last: bool = False) -> None:
    """Writes and hashes what has come; durable with the last."""
    with file.open("ab") as out:
        for piece in batch:
            digest.update(piece)
            out.write(piece)
        if last:
            out.flush()
            os.fsync(out.fileno())


def _link(place: Path, folder: Path, name: AssetName) -> None:
    try:
        refuse_links(folder, folder.parent)
        make_folders(folder)
        try:
            os.link(place, folder / name)
        except FileExistsError:
            raise
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # No hard links here: the lock keeps others from taking the name in between.
            if (folder / name).exists():
                raise FileExistsError(errno.EEXIST, "exists", str(folder / name)) from error
            place.rename(folder / name)
        sync_folder(folder)
    except FileExistsError as error:
        raise ConflictError(f"{name} is there already") from error
    except OSError as error:
        raise StorageError(f"cannot write {folder.name}/{name}: {error.strerror}") from error
