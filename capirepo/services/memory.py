"""Remembers things for a while, and not too many of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Key = TypeVar("Key", bound="Hashable")
Value = TypeVar("Value")

MOST: Final = 10_000
"""How many things are remembered; the oldest go first."""


class Memory(Generic[Key, Value]):
    """Values by keys, each for some time.

    Args:
        clock: the time in seconds, which never goes back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: dict[Key, tuple[float, Value]] = {}

    def recall(self, key: Key) -> Value | None:
        """What is remembered; None where nothing is (any more)."""
        until, value = self._kept.get(key, (0.0, None))
        if value is not None and self._clock() >= until:
            del self._kept[key]
            return None
        return value

    def keep(self, key: Key, value: Value, seconds: float) -> None:
        """Remembers a value for some seconds."""
        self._kept.pop(key, None)
        self._kept[key] = (self._clock() + seconds, value)
        if len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]
