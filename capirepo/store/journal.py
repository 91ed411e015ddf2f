"""The audit log: what was changed, by whom and when, in a file that only grows.

Rules kept here:
- an entry is one line of JSON, written with one write at the end of the file and synced;
- each entry carries a digest over itself and the digest of the one before, so that an entry
  that was changed or taken out is noticed;
- a line that a crash cut short is ended, never repaired.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from typing import TYPE_CHECKING, Any, Final

from capirepo.errors import StorageError
from capirepo.store.staging import sync_folder

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
            self.file.parent.mkdir(parents=True, exist_ok=True)
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
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, _TAIL, max(size - _TAIL, 0))
    whole = tail.endswith(b"\n") or not tail
    lines = [one for one in map(_parsed, tail.splitlines()) if one is not None]
    previous = str(lines[-1].get(_CHAIN, "")) if lines else ""
    chained = {**entry, _CHAIN: _chained(previous, entry)}
    line = ("" if whole else "\n") + json.dumps(chained, ensure_ascii=False) + "\n"
    data = line.encode()
    if os.write(descriptor, data) != len(data):
        raise OSError(28, "no space left for a whole line")
    os.fsync(descriptor)


def _chained(previous: str, entry: Mapping[str, Any]) -> str:
    text = json.dumps(entry, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()[:32]


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
