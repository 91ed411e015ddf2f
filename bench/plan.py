"""What a run of the bench shall do, and the rounds in which it does it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run.

    Attributes:
        rounds: how often each side of a comparison is measured.
        chosen: the names of the measurements to make.
        folder: a temporary one, for everything that is made.
        tools: the programs, by name.
    """

    rounds: int
    chosen: frozenset[str]
    folder: Path
    tools: Mapping[str, Path]


def in_turn(rounds: int, sides: Sequence[Callable[[], T]], *, warm: bool = True) -> list[list[T]]:
    """Measures the sides A B A B ..., so that whatever else goes on disturbs them alike.

    Args:
        rounds: how often.
        sides: what to measure.
        warm: whether a first round goes before, whose outcome is left out.

    Returns:
        For each side, what it returned round by round.
    """
    if warm:
        for side in sides:
            side()
    outcome: list[list[T]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, values in zip(sides, outcome, strict=True):
            values.append(side())
    return outcome


def say(sentence: str) -> None:
    """Tells on standard error how far we are."""
    print(f"bench: {sentence}", file=sys.stderr, flush=True)
