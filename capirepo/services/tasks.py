"""Runs things side by side, within a limit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

Given = TypeVar("Given")
Result = TypeVar("Result")


async def side_by_side(
    most: int, work: Callable[[Given], Awaitable[Result]], things: Iterable[Given], name: str
) -> list[Result]:
    """What `work` makes of each thing, in their order; at most `most` at once.

    The first that raises ends the others, and is what is raised here.
    """
    gate = asyncio.Semaphore(most)

    async def one(thing: Given) -> Result:
        async with gate:
            return await work(thing)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(thing), name=name) for thing in things]
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
    return [task.result() for task in tasks]
