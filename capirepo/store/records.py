"""What is known of each release beside its files: digests, who brought it, and how.

One file of JSON a release, in `.capirepo/records/`. A record can be lost without losing the
release: it says where it came from, not what it is.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capirepo.errors import StorageError
from capirepo.store.staging import sync_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capirepo.core.names import Label
    from capirepo.core.version import Version


class FileRecords:
    """Records in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, label: Label, version: Version) -> dict[str, Any]:
        """The record of a release; empty where there is none that can be read."""
        with contextlib.suppress(OSError, ValueError):
            content = json.loads(self._file(label, version).read_bytes())
            if isinstance(content, dict):
                return content
        return {}

    def write(self, label: Label, version: Version, record: Mapping[str, Any]) -> None:
        """Keeps a record in place of the one before; it is durable once this returns.

        Raises:
            StorageError: it cannot be written.
        """
        file = self._file(label, version)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=file.parent)
            try:
                with os.fdopen(descriptor, "w") as out:
                    json.dump(record, out, indent=1)
                    out.flush()
                    os.fsync(out.fileno())
                Path(name).chmod(0o644)
                Path(name).replace(file)
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise
            sync_folder(file.parent)
        except OSError as error:
            raise StorageError(f"cannot write {file}: {error.strerror}") from error

    def _file(self, label: Label, version: Version) -> Path:
        return self._folder / label / f"{version}.json"
