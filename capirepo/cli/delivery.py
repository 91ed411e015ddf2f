"""Where a release goes once its files are there: into a ROOT.

The commands that make releases know no more of it than this.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from capirepo.core.names import shown
from capirepo.core.version import Version, newest_first
from capirepo.errors import BadInputError, StorageError
from capirepo.store.fs import FolderStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capirepo.core.names import AssetName, Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A release that is in its place.

    Attributes:
        place: where it is, for people.
        added: False where the very same release was there already.
    """

    place: str
    added: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the place of a release holds before it is delivered.

    Attributes:
        there: the files of this very version; None where it is not there.
        previous: the highest version below it; None where there is none.
        files: those of `previous`.
    """

    there: Mapping[AssetName, bytes] | None = None
    previous: Version | None = None
    files: Mapping[AssetName, bytes] = field(default_factory=dict)


async def deliver(
    label: Label, version: Version, files: Mapping[AssetName, bytes], to: str
) -> Delivered:
    """Puts a release into the ROOT `to`, wholly or not at all.

    Raises:
        BadInputError: `to` is an address.
        ConflictError: the version is there with other files or other bytes.
        StorageError: the disk fails.
    """
    root = _root(to)
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make the folder {root}: {error.strerror}") from error
    added = await FolderStore(root).add(label, version, files)
    return Delivered(place=str(root / label / str(version)), added=added)


async def stored(label: Label, version: Version, to: str) -> Stored:
    """What the ROOT `to` holds of `version`, and of the version before it.

    Raises:
        BadInputError: `to` is an address.
        StorageError: the disk fails.
    """
    root = _root(to)
    if not root.exists():
        return Stored()
    store = FolderStore(root)
    releases = (await store.scan()).releases.get(label, {})

    async def content(wanted: Version) -> Mapping[AssetName, bytes]:
        assets = releases[wanted]
        return {name: await store.read(label, wanted, assets[name]) for name in assets}

    below = newest_first(one for one in releases if one < version)
    return Stored(
        there=await content(version) if releases.get(version) else None,
        previous=below[0] if below else None,
        files=await content(below[0]) if below else {},
    )


def _root(to: str) -> Path:
    if "://" in to:
        raise BadInputError(
            f"{shown(to)} is an address, and releases cannot be sent to one yet",
            cure="give the folder of a ROOT",
        )
    return Path(to)
