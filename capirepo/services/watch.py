"""Looks at the repository again and again, so that a change on disk is seen.

Looking is one walk over the folders. It is repeated every second, or after a hundred times
as long as the last look took, so that it costs a hundredth of a processor at most.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

from capirepo.errors import StorageError

if TYPE_CHECKING:
    from capirepo.services.library import Library

log = logging.getLogger("capirepo.library")

SHORTEST: Final = 1.0
_REST: Final = 100


class Watch:
    """Keeps a library up to date.

    Attributes:
        ready: whether the last look succeeded.
    """

    def __init__(self, library: Library) -> None:
        self.ready = False
        self._library = library
        self._said: set[str] = set()
        self._again = asyncio.Event()

    async def look(self) -> float:
        """Looks once; returns how many seconds to rest before the next look.

        Raises:
            StorageError: the repository cannot be listed.
        """
        started = time.perf_counter()
        try:
            await self._library.refresh()
        except StorageError:
            self.ready = False
            raise
        self.ready = True
        return max(SHORTEST, _REST * (time.perf_counter() - started))

    def look_soon(self) -> None:
        """Asks for a look now (SIGHUP)."""
        self._again.set()

    async def keep_looking(self) -> None:
        """Looks until cancelled; reads what is new, and reports what is wrong with it."""
        seen, rest = -1, SHORTEST
        while True:
            if self._library.generation != seen:
                seen = self._library.generation
                await self._report()
            try:
                async with asyncio.timeout(rest):
                    await self._again.wait()
            except TimeoutError:
                pass
            self._again.clear()
            try:
                rest = await self.look()
            except StorageError as error:
                self._say(str(error))

    async def _report(self) -> None:
        for stray in self._library.strays:
            self._say(f"passed over {stray.path}: {stray.reason}")
        await self._library.inspect_all()
        async for release in self._library.every_release():
            for problem in release.problems:
                self._say(f"{release} is not offered: {problem}")
        for source in self._library.sources:
            for version, missing in (await self._library.withheld_in_source(source)).items():
                self._say(
                    f"{version} of {source} is not listed: {', '.join(missing)} has no such release"
                )

    def _say(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            log.warning("%s", sentence)
