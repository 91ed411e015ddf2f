"""What differs between the files of two releases."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from capirepo.core.names import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from capirepo.core.names import AssetName


class State(Enum):
    """How a file compares with the one of the same name before it."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file of either release.

    Attributes:
        size: in bytes, of the later one; of one that is gone, what it had.
    """

    name: AssetName
    size: int
    state: State


def compare(
    before: Mapping[AssetName, bytes], after: Mapping[AssetName, bytes]
) -> tuple[Change, ...]:
    """The files of `after` and those that are gone, by name."""
    return tuple(
        Change(
            name=name,
            size=len(after.get(name, before.get(name, b""))),
            state=_state(before.get(name), after.get(name)),
        )
        for name in sorted({*before, *after})
    )


def _state(before: bytes | None, after: bytes | None) -> State:
    if after is None:
        return State.GONE
    if before is None:
        return State.NEW
    return State.SAME if before == after else State.CHANGED


def unified(before: bytes, after: bytes, names: tuple[str, str]) -> Iterator[str]:
    """The lines of a unified diff, without line ends; `names` are those of its head."""
    for line in difflib.unified_diff(_lines(before), _lines(after), *names, lineterm=""):
        yield printable(line.expandtabs())


def _lines(data: bytes) -> list[str]:
    return data.decode(errors="replace").split("\n")
