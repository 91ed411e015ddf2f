"""Looks at the repository again and again, so that a change on disk is seen.

Looking is one walk over the folders. It is repeated every second, or after a hundred times
as long as the last look took, so that it costs a hundredth of a processor at most.
"""

from __future__ import annotations

import asyncio
import contextlib
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
        self._failing = ""
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
            try:
                if self._library.generation != seen:
                    seen = self._library.generation
                    await self._report()
                await self._rest(rest)
                rest = await self.look()
                self._failing = ""
            except StorageError as error:
                if str(error) != self._failing:
                    self._failing = str(error)
                    log.warning("%s", error)
            except Exception as error:  # noqa: BLE001 - whatever it is, the watch goes on
                self.ready = False
                log.error("the repository cannot be looked at: %r", error)  # noqa: TRY400
                await self._rest(SHORTEST)

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._again.wait()
        self._again.clear()

    async def _report(self) -> None:
        """Says what is wrong, each thing once for as long as it is."""
        sentences = [f"passed over {stray.path}: {stray.reason}" for stray in self._library.strays]
        await self._library.inspect_all()
        async for release in self._library.every_release():
            sentences += [f"{release} is not offered: {problem}" for problem in release.problems]
        for source in self._library.sources:
            for version, missing in (await self._library.withheld_in_source(source)).items():
                lacking = ", ".join(missing)
                sentences.append(
                    f"{version} of {source} is not listed: {lacking} has no such release"
                )
        for sentence in dict.fromkeys(sentences):
            if sentence not in self._said:
                log.warning("%s", sentence)
        self._said = set(sentences)
