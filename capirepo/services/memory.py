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
    """Values by keys, each for the same time.

    Args:
        seconds: how long something is remembered.
        clock: the time in seconds, which never goes back.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        # The oldest first.
        self._kept: dict[Key, tuple[float, Value]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def recall(self, key: Key) -> Value | None:
        """What is remembered; None where nothing is (any more)."""
        until, value = self._kept.get(key, (0.0, None))
        return value if self._clock() < until else None

    def keep(self, key: Key, value: Value) -> None:
        """Remembers a value, and forgets what is too old."""
        now = self._clock()
        self._kept.pop(key, None)
        for oldest in tuple(self._kept):
            if self._kept[oldest][0] > now and len(self._kept) < MOST:
                break
            del self._kept[oldest]
        self._kept[key] = (now + self._seconds, value)
