"""A local folder with releases: LABEL/VERSION/ASSET, as clusterctl's local repository has them.

Rules kept here:
- only regular files and folders are looked at, and hidden ones are nobody's business;
- a file that changes while it is read is an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import stat
from typing import TYPE_CHECKING, Final

import aiofiles

from capirepo.core.names import AssetName, Label, parse_asset
from capirepo.errors import BadInputError, NotThereError
from capirepo.outside import Download, Listing, RemoteAsset, UpstreamError
from capirepo.upstream.lists import check_ours, named, tagged, versions_in

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator
    from pathlib import Path

    from aiofiles.threadpool.binary import AsyncBufferedReader

    from capirepo.core.version import Version

_PIECE: Final = 1 << 20


class FolderUpstream:
    """One label of a folder.

    Args:
        folder: the folder in which the labels are.
        label: whose releases.
    """

    def __init__(self, folder: Path, label: Label) -> None:
        self._folder = folder.absolute() / label
        self.address = str(self._folder)

    async def versions(self, known: str = "") -> Listing:
        """What there is, newest first; `known` is the tag of an earlier listing."""
        return tagged(await asyncio.to_thread(self._versions), known)

    async def assets(self, version: Version) -> tuple[RemoteAsset, ...]:
        """The files of one release."""
        return await asyncio.to_thread(self._assets, version)

    async def asset(self, version: Version, name: AssetName) -> RemoteAsset:
        """One file of a release."""
        return named(await self.assets(version), name, f"{self.address} {version}")

    @contextlib.asynccontextmanager
    async def open(self, asset: RemoteAsset) -> AsyncIterator[Download]:
        """A file, to be read while this is open."""
        check_ours(asset, f"{self.address}/")
        async with contextlib.AsyncExitStack() as stack:
            with self._failing(asset.address):
                # Without O_NONBLOCK, opening a FIFO waits for its writer.
                opening = aiofiles.open(asset.address, "rb", opener=_opener)
                file = await stack.enter_async_context(opening)
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise NotThereError(f"{asset.address} is no file")
            size = about.st_size if asset.size is None else asset.size
            async with contextlib.aclosing(self._pieces(asset, file, size)) as pieces:
                yield Download(pieces=pieces, size=size, stamp=_stamp(about))

    async def _pieces(
        self, asset: RemoteAsset, file: AsyncBufferedReader, size: int
    ) -> AsyncGenerator[bytes, None]:
        count, digest = 0, hashlib.sha256()
        while count <= size:
            with self._failing(asset.address):
                piece = await file.read(_PIECE)
            if not piece:
                break
            count += len(piece)
            digest.update(piece)
            yield piece
        if count != size or asset.sha256.lower() not in ("", digest.hexdigest()):
            raise UpstreamError(
                f"{asset.address} is not the file that was stated", address=asset.address
            )

    def _versions(self) -> tuple[Version, ...]:
        with self._failing(self.address), os.scandir(self._folder) as entries:
            return versions_in(entry.name for entry in entries if entry.is_dir())

    def _assets(self, version: Version) -> tuple[RemoteAsset, ...]:
        folder = self._folder / str(version)
        found = []
        with self._failing(str(folder)), os.scandir(folder) as entries:
            for entry in entries:
                about = entry.stat(follow_symlinks=False)
                if entry.name.startswith(".") or not stat.S_ISREG(about.st_mode):
                    continue
                with contextlib.suppress(BadInputError):
                    found.append(
                        RemoteAsset(
                            name=parse_asset(entry.name),
                            address=entry.path,
                            size=about.st_size,
                            stamp=_stamp(about),
                        )
                    )
        return tuple(sorted(found, key=lambda asset: asset.name))

    @contextlib.contextmanager
    def _failing(self, address: str) -> Iterator[None]:
        """Says what the system says in our words."""
        try:
            yield
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotThereError(f"{address} is not there") from error
        except OSError as error:
            raise UpstreamError(
                f"cannot read {address}: {error.strerror}", address=address
            ) from error


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)


def _stamp(about: os.stat_result) -> str:
    return f"{about.st_size:x}-{about.st_mtime_ns:x}"
