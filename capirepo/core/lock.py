"""capirepo.lock: exactly which releases a mirror brings, with the digest of each file.

JSON, because a program writes it; in a stable order and a file a line, because people read
how it changes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta, Struct

from capirepo.core.names import AssetName, Label, parse_asset, parse_label
from capirepo.core.version import Version, parse_version
from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_NAME: Final = "capirepo.lock"
_FORMAT: Final = 1
_CURE: Final = "write it anew with `capirepo lock`"

Lock = dict[Label, dict[Version, dict[AssetName, str]]]
"""The SHA-256 of each file, in hexadecimal, by label, version and name."""


class _Release(Struct, frozen=True, forbid_unknown_fields=True):
    label: str
    version: str
    assets: dict[str, Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]]


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    releases: tuple[_Release, ...]


def render_lock(lock: Mapping[Label, Mapping[Version, Mapping[AssetName, str]]]) -> str:
    """The text of a lock file: by label, then version, then name."""
    releases = [
        {
            "label": label,
            "version": str(version),
            "assets": dict(sorted(lock[label][version].items())),
        }
        for label in sorted(lock)
        for version in sorted(lock[label])
    ]
    return json.dumps({"format": _FORMAT, "releases": releases}, indent=1) + "\n"


def parse_lock(data: bytes, name: str) -> Lock:
    """Reads a lock file; `name` is used in messages.

    Raises:
        BadInputError: it is none.
    """
    lock: Lock = {}
    try:
        file = msgspec.json.decode(data, type=_File)
        for one in file.releases:
            label, version = parse_label(one.label), parse_version(one.version)
            files = {parse_asset(asset): digest for asset, digest in one.assets.items()}
            lock.setdefault(label, {}).setdefault(version, {}).update(files)
    except (msgspec.DecodeError, BadInputError) as error:
        raise BadInputError(f"{name} is no lock file: {error}", cure=_CURE) from error
    if file.format != _FORMAT:
        raise BadInputError(f"{name} has the format {file.format}; {_FORMAT} is known", cure=_CURE)
    return lock
