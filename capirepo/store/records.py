"""What is known of each release beside its files: digests, who brought it, and how.

One file of JSON a release, in `.capirepo/records/LABEL/`. A record can be lost without losing the
release: it says where it came from, not what it is.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from capirepo.errors import StorageError
from capirepo.store.staging import replace_file, sync_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from capirepo.core.names import Label
    from capirepo.core.version import Version


class FileRecords:
    """Records in a folder.

    Args:
        folder: for the files.
        lasting: whether a record must be durable; one that only saves work need not be.
    """

    def __init__(self, folder: Path, *, lasting: bool = True) -> None:
        self._folder = folder
        self._lasting = lasting

    def read(self, label: Label, version: Version) -> dict[str, Any]:
        """The record of a release; empty where there is none that can be read."""
        with contextlib.suppress(OSError, ValueError):
            content = json.loads(self._file(label, version).read_bytes())
            if isinstance(content, dict):
                return content
        return {}

    def write(self, label: Label, version: Version, record: Mapping[str, Any]) -> None:
        """Keeps a record in place of the one before.

        Whoever writes one holds the lock of its label.

        Raises:
            StorageError: it cannot be written.
        """
        file = self._file(label, version)
        try:
            replace_file(file, json.dumps(record, indent=1).encode(), sync=self._lasting)
            if self._lasting:
                sync_folder(file.parent)
        except OSError as error:
            raise StorageError(f"cannot write {file}: {error.strerror}") from error

    def remove(self, label: Label, version: Version) -> None:
        """Forgets a release, where there is a record of it; never fails."""
        file = self._file(label, version)
        with contextlib.suppress(OSError):
            file.unlink()
            file.parent.rmdir()

    def _file(self, label: Label, version: Version) -> Path:
        return self._folder / label / f"{version}.json"
