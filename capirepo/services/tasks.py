"""Runs things side by side, within a limit, and ends what runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

Given = TypeVar("Given")
Result = TypeVar("Result")


async def end_all(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancels tasks, and waits until each has come to its end."""
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)


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
