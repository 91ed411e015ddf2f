"""A repository in a folder: the layout that clusterctl itself reads.

Rules kept here:
- a release appears by one rename of a folder that is synced already, and never changes;
- nothing is opened through a symbolic link, and only regular files are: folders are walked
  by descriptor, so that a parent swapped in between cannot lead out of ROOT;
- `.capirepo/` is ours and no part of the repository.
"""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from typing import TYPE_CHECKING, Final

import aiofiles

from capirepo.core.names import AssetName, Label, parse_asset, parse_label
from capirepo.core.release import Asset
from capirepo.core.version import Version, parse_version
from capirepo.errors import BadInputError, ConflictError, NotThereError, StorageError
from capirepo.ports import Shelf, Stray
from capirepo.store.staging import STATE, reveal, staged

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from pathlib import Path


_CHUNK: Final = 1 << 20
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a FIFO waits for its writer.
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LINK: Final = "is a link, and links are not followed: copy it"
_NO_VERSION: Final = "is no folder of a version; links are not followed"
_NO_FILE: Final = "is no file; folders have no meaning here, and links are not followed"
# What the system answers for "not there, or not of the kind that was meant".
_ABSENT: Final = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EMLINK, errno.ENXIO)

Assets = dict[AssetName, Asset]


class FolderStore:
    """A Store over one folder.

    Args:
        root: an existing folder; it may itself be reached through a symbolic link.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    async def scan(self) -> Shelf:
        """What there is now; names that are none of ours are strays."""
        return await asyncio.to_thread(self._scan)

    async def versions(self, label: Label) -> list[Version]:
        """The versions of one label, in no order."""
        return await asyncio.to_thread(self._versions, label)

    async def assets(self, label: Label, version: Version) -> Mapping[AssetName, Asset]:
        """What one release holds now; empty where it is not there."""
        return await asyncio.to_thread(self._assets, label, version)

    async def read(self, label: Label, version: Version, asset: Asset) -> bytes:
        """The bytes of one asset, whole."""
        return await asyncio.to_thread(self._read, label, version, asset.name)

    async def chunks(
        self, label: Label, version: Version, asset: Asset, start: int, stop: int
    ) -> AsyncGenerator[bytes, None]:
        """The bytes from `start` up to `stop`, a megabyte at a time."""
        descriptor = await asyncio.to_thread(self._open, label, version, asset.name)
        async with aiofiles.open(descriptor, "rb") as file:
            await file.seek(start)
            while start < stop:
                piece = await file.read(min(_CHUNK, stop - start))
                if not piece:
                    raise StorageError(f"{label}/{version}/{asset.name} became shorter meanwhile")
                start += len(piece)
                yield piece

    async def add(self, label: Label, version: Version, files: Mapping[AssetName, bytes]) -> bool:
        """Stages, syncs and renames a release into place."""
        there = await asyncio.to_thread(self._content, label, version)
        if there:
            return self._same(label, version, there, files)
        target = self.root / label / str(version)
        async with staged(self.root / STATE / "staging") as folder:
            for name, data in files.items():
                async with aiofiles.open(folder / name, "xb") as file:
                    await file.write(data)
                    await file.flush()
                    await asyncio.to_thread(os.fsync, file.fileno())
            try:
                await asyncio.to_thread(reveal, folder, target)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise StorageError(f"cannot write {target}: {error.strerror}") from error
            else:
                return True
        # Somebody else was first; a folder of a release is never empty, so it is whole.
        there = await asyncio.to_thread(self._content, label, version)
        return self._same(label, version, there, files)

    @staticmethod
    def _same(
        label: Label,
        version: Version,
        there: Mapping[AssetName, bytes],
        files: Mapping[AssetName, bytes],
    ) -> bool:
        if there == files:
            return False
        differing = sorted(name for name in {*there, *files} if there.get(name) != files.get(name))
        raise ConflictError(
            f"{label} {version} is there already and differs in {', '.join(differing)}",
            cure="a release never changes: give the new one a version of its own",
        )

    def _content(self, label: Label, version: Version) -> dict[AssetName, bytes]:
        return {name: self._read(label, version, name) for name in self._assets(label, version)}

    def _assets(self, label: Label, version: Version) -> Assets:
        folder = self.root / label / str(version)
        try:
            return _assets(folder, f"{label}/{version}")[0] if folder.is_dir() else {}
        except OSError as error:
            raise StorageError(f"cannot list {folder}: {error.strerror}") from error

    def _versions(self, label: Label) -> list[Version]:
        folder = self.root / label
        try:
            names, _ = _folders(folder) if folder.is_dir() else ([], [])
        except OSError as error:
            raise StorageError(f"cannot list {folder}: {error.strerror}") from error
        return list(_releases(folder, label, names, []))

    def _read(self, label: Label, version: Version, name: AssetName) -> bytes:
        with os.fdopen(self._open(label, version, name), "rb") as file:
            try:
                return file.read()
            except OSError as error:
                raise StorageError(
                    f"cannot read {label}/{version}/{name}: {error.strerror}"
                ) from error

    def _open(self, label: Label, version: Version, name: AssetName) -> int:
        shown = f"{label}/{version}/{name}"
        opened: list[int] = []
        try:
            opened.append(os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
            opened.append(os.open(label, _FOLDER, dir_fd=opened[-1]))
            opened.append(os.open(str(version), _FOLDER, dir_fd=opened[-1]))
            descriptor = os.open(name, _FILE, dir_fd=opened[-1])
        except OSError as error:
            if error.errno in _ABSENT:
                raise NotThereError(f"{shown} is not there") from error
            raise StorageError(f"cannot open {shown}: {error.strerror}") from error
        finally:
            for folder in opened:
                os.close(folder)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise NotThereError(f"{shown} is no regular file")
        return descriptor

    def _scan(self) -> Shelf:
        releases: dict[Label, dict[Version, Assets]] = {}
        strays: list[Stray] = []
        try:
            labels, others = _folders(self.root)
        except OSError as error:
            raise StorageError(f"cannot list {self.root}: {error.strerror}") from error
        strays += [
            Stray(path=other, reason=_LINK) for other in others if (self.root / other).is_symlink()
        ]
        for name in labels:
            try:
                label = parse_label(name)
                versions, others = _folders(self.root / name)
            except BadInputError as error:
                strays.append(Stray(path=f"{_shown(name)}/", reason=str(error)))
                continue
            except OSError as error:
                strays.append(_unlisted(f"{name}/", error))
                continue
            strays += [
                Stray(path=f"{name}/{_shown(other)}", reason=_NO_VERSION) for other in others
            ]
            found = _releases(self.root / name, label, versions, strays)
            if found:
                releases[label] = found
            elif not versions:
                strays.append(Stray(path=f"{name}/", reason="holds no release"))
        return Shelf(releases=releases, strays=tuple(strays))


def _releases(
    folder: Path, label: Label, names: list[str], strays: list[Stray]
) -> dict[Version, Assets]:
    found: dict[Version, Assets] = {}
    for name in names:
        path = f"{label}/{name}"
        try:
            version = parse_version(name)
            found[version], ours = _assets(folder / name, path)
            strays += ours
        except BadInputError as error:
            strays.append(Stray(path=f"{label}/{_shown(name)}/", reason=str(error)))
        except OSError as error:
            strays.append(_unlisted(f"{path}/", error))
    return found


def _unlisted(path: str, error: OSError) -> Stray:
    """Why a folder is passed over; where the disk is at fault, nothing is concluded from it."""
    if error.errno in (*_ABSENT, errno.EACCES, errno.EPERM):
        return Stray(path=path, reason=f"cannot list it: {error.strerror}")
    raise StorageError(f"cannot list {path}: {error.strerror}") from error


def _folders(path: Path) -> tuple[list[str], list[str]]:
    folders: list[str] = []
    others: list[str] = []
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            (folders if entry.is_dir(follow_symlinks=False) else others).append(entry.name)
    return sorted(folders), sorted(others)


def _assets(folder: Path, path: str) -> tuple[Assets, list[Stray]]:
    assets: Assets = {}
    strays = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            try:
                name = parse_asset(entry.name)
            except BadInputError as error:
                strays.append(Stray(path=f"{path}/{_shown(entry.name)}", reason=str(error)))
                continue
            if not entry.is_file(follow_symlinks=False):
                strays.append(Stray(path=f"{path}/{_shown(entry.name)}", reason=_NO_FILE))
                continue
            about = entry.stat(follow_symlinks=False)
            assets[name] = Asset(
                name=name,
                size=about.st_size,
                stamp=hash((about.st_mtime_ns, about.st_ino, about.st_size)),
            )
    return dict(sorted(assets.items())), strays


def _shown(name: str) -> str:
    # A name on disk is any bytes; a message and JSON are not.
    return ascii(name)[1:-1]
