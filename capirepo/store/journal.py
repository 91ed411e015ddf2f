"""The audit log: what was changed, by whom and when, in a file that only grows.

Rules kept here:
- an entry is one line of JSON, written with one write at the end of the file and synced;
- each entry carries a digest over itself and the digest of the one before, so that an entry
  that was changed or taken out is noticed; only that the last ones are gone cannot be;
- a line that a crash cut short is ended, never repaired.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
from typing import TYPE_CHECKING, Any, Final

from capirepo.errors import StorageError
from capirepo.store.staging import make_folders, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_TAIL: Final = 64 * 1024
_CHAIN: Final = "chain"


class FileJournal:
    """A Journal in one file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def append(self, entry: Mapping[str, Any]) -> None:
        """Writes an entry; it is durable once this returns.

        Raises:
            StorageError: it cannot be written.
        """
        try:
            made = not self.file.exists()
            make_folders(self.file.parent)
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            descriptor = os.open(self.file, flags, 0o640)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                _append(descriptor, entry)
            finally:
                os.close(descriptor)
            if made:
                sync_folder(self.file.parent)
        except OSError as error:
            raise StorageError(f"cannot write {self.file}: {error.strerror}") from error

    def entries(self) -> Iterator[tuple[dict[str, Any], bool]]:
        """Each entry, oldest first, and whether it and all before it are as they were written.

        Raises:
            StorageError: the file cannot be read.
        """
        try:
            with contextlib.suppress(FileNotFoundError), self.file.open("rb") as file:
                previous = ""
                for line in file:
                    entry = _parsed(line)
                    if entry is None:
                        # A line cut short by a crash: nothing was promised about it.
                        continue
                    chain = entry.pop(_CHAIN, "")
                    sound = chain == _chained(previous, entry)
                    previous = str(chain)
                    yield entry, sound
        except OSError as error:
            raise StorageError(f"cannot read {self.file}: {error.strerror}") from error


def _append(descriptor: int, entry: Mapping[str, Any]) -> None:
    previous, whole = _last(descriptor)
    chained = {**entry, _CHAIN: _chained(previous, entry)}
    line = ("" if whole else "\n") + json.dumps(chained, ensure_ascii=False) + "\n"
    data = line.encode()
    if os.write(descriptor, data) != len(data):
        raise OSError(errno.ENOSPC, "no space left for a whole line")
    os.fsync(descriptor)


def _last(descriptor: int) -> tuple[str, bool]:
    """The digest of the last entry, and whether the file ends with a whole line."""
    size, taken = os.fstat(descriptor).st_size, _TAIL
    while True:
        start = max(size - taken, 0)
        tail = os.pread(descriptor, taken, start)
        whole = tail.endswith(b"\n") or not tail
        # Where the file is longer, the first line of its tail is not all of that line.
        lines = tail.split(b"\n")[bool(start) :]
        entries = [one for one in map(_parsed, lines) if one is not None]
        if entries or not start:
            return (str(entries[-1].get(_CHAIN, "")) if entries else ""), whole
        taken *= 4


def _chained(previous: str, entry: Mapping[str, Any]) -> str:
    text = json.dumps(entry, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()[:32]


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
