"""Keeps the files of a release that was not written where its author can open them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from capirepo.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capirepo.core.names import AssetName, Label
    from capirepo.core.version import Version


def keep(label: Label, version: Version, files: Mapping[AssetName, bytes]) -> Path:
    """Puts `files` into a new temporary folder, laid out as a ROOT; LABEL/VERSION in it.

    Nobody takes it away but the author, or the system with its other temporary files.

    Raises:
        StorageError: the disk fails.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="capirepo-release-"), label, str(version))
        folder.mkdir(parents=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)
    except OSError as error:
        raise StorageError(
            f"cannot keep the files of {label} {version} in a temporary folder: {error.strerror}",
            cure="name another one in TMPDIR",
        ) from error
    return folder
