"""What was seen of each upstream, so that the next run asks only for what is new.

One file of JSON an upstream. A file that is lost or damaged costs one whole answer.
"""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

import msgspec

from capirepo.core.version import parse_version
from capirepo.errors import BadInputError, StorageError
from capirepo.outside import Listing, Seen
from capirepo.store.locks import held
from capirepo.store.staging import replace_file

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path


class _File(msgspec.Struct, frozen=True, kw_only=True):
    origin: str
    tag: str
    versions: tuple[str, ...]
    absent: dict[str, str]
    aside: dict[str, str]


class FileSightings:
    """Sightings in a folder.

    Args:
        folder: for the files.
        lock: the file whose lock a mirror holds while it works.
    """

    def __init__(self, folder: Path, lock: Path) -> None:
        self._folder = folder
        self._lock = lock

    def recall(self, origin: str) -> Seen | None:
        """What was seen of an upstream; None where nothing is known that can be read."""
        with contextlib.suppress(OSError, msgspec.DecodeError, BadInputError):
            kept = msgspec.json.decode(self._file(origin).read_bytes(), type=_File)
            if kept.origin == origin:
                versions = tuple(map(parse_version, kept.versions))
                listing = Listing(versions=versions, tag=kept.tag)
                return Seen(listing=listing, absent=kept.absent, aside=kept.aside)
        return None

    def keep(self, origin: str, seen: Seen) -> None:
        """Takes note.

        Raises:
            StorageError: it cannot be written.
        """
        file = self._file(origin)
        listing = seen.listing
        content = msgspec.json.encode(
            _File(
                origin=origin,
                tag=listing.tag,
                versions=tuple(map(str, listing.versions)),
                absent=dict(seen.absent),
                aside=dict(seen.aside),
            )
        )
        try:
            replace_file(file, content, sync=True)
        except OSError as error:
            raise StorageError(f"cannot write {file}: {error.strerror}") from error

    @contextlib.asynccontextmanager
    async def alone(self, waiting: Callable[[], None]) -> AsyncIterator[None]:
        """No other mirror works meanwhile, in this process or another."""
        async with held(self._lock, None, waiting):
            yield

    def _file(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.json"
