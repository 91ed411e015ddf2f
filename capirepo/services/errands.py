"""Sends couriers: one however many ask, and none where that is in vain.

Rules kept here:
- whoever leaves ends nothing, and whoever comes meanwhile waits for the same;
- what upstream has not, or has and is no good, is remembered for a while, and what could not be
  fetched for a moment;
- some are under way at once, and the others wait: each holds a part of memory and disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from capirepo.errors import StorageError
from capirepo.outside import UpstreamError
from capirepo.services.courier import Done, Errand, Lacking
from capirepo.services.memory import Memory
from capirepo.services.tasks import end_all

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from capirepo.core.names import Label
    from capirepo.core.version import Version
    from capirepo.services.courier import Courier
    from capirepo.services.listings import Listings

    Key = tuple[Label, Version, str]

# Whole releases, and single files: a flood of invented names must not keep releases waiting.
_AT_ONCE: Final = 16
_WAITING: Final = 200
# Whoever comes in the moment after a failure has the same answer, and upstream has its peace.
_FAILURE_SECONDS: Final = 5.0
_BAD_GATEWAY: Final = 502

log = logging.getLogger("capirepo.upstream")


class Errands:
    """What is under way, and what is known to be in vain.

    Args:
        courier: does them.
        listings: is told which upstreams are in trouble.
        arrived: has what is new looked at.
        absent: how many seconds it is remembered that something cannot be had.
        clock: the time in seconds, which never goes back.
    """

    def __init__(
        self,
        courier: Courier,
        listings: Listings,
        arrived: Callable[[], Awaitable[object]],
        absent: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._courier = courier
        self._listings = listings
        self._arrived = arrived
        self._gates = {whole: asyncio.Semaphore(_AT_ONCE) for whole in (True, False)}
        self._out: dict[Errand, asyncio.Task[Done]] = {}
        self._lacking: Memory[Key, Lacking] = Memory(absent, clock)
        self._failing: Memory[Key, StorageError] = Memory(_FAILURE_SECONDS, clock)

    async def run(self, errand: Errand) -> dict[Label, str]:
        """Has something fetched.

        Returns:
            By label, why it cannot be had.

        Raises:
            UpstreamError: it cannot be fetched now.
            StorageError: it cannot be kept.
        """
        reasons, rest = self._known(errand)
        if not rest.labels:
            return reasons
        done = await asyncio.shield(self._task(rest))
        if done.trouble is not None:
            raise _again(done.trouble)
        return reasons | {label: found.reason for label, found in done.lacking.items()}

    def send(self, errand: Errand) -> None:
        """Has something fetched that nobody waits for."""
        with contextlib.suppress(StorageError):
            _, rest = self._known(errand)
            if rest.labels:
                self._task(rest)

    def is_good(self, labels: Collection[Label], version: Version) -> bool:
        """Whether nothing is known against a version, which is more than that some lack it."""
        keys = [(label, version, "") for label in labels]
        lacking = [found for key in keys if (found := self._lacking.recall(key))]
        failing = any(self._failing.recall(key) for key in keys)
        return not (failing or len(lacking) == len(keys) or any(one.bad for one in lacking))

    async def close(self) -> None:
        """Ends what is under way; what was fetched so far is found by the next."""
        await end_all(self._out.values())

    def _known(self, errand: Errand) -> tuple[dict[Label, str], Errand]:
        """Why something cannot be had, as far as that is known, and what is left to be fetched.

        Raises:
            StorageError: it could not be fetched or kept a moment ago.
        """
        version, name = errand.version, errand.name
        known = {one: self._lacking.recall((one, version, name)) for one in errand.labels}
        labels = tuple(label for label, found in known.items() if not found)
        for label in labels:
            if (failed := self._failing.recall((label, version, name))) is not None:
                raise _again(failed)
        reasons = {label: found.reason for label, found in known.items() if found}
        return reasons, replace(errand, labels=labels)

    def _task(self, errand: Errand) -> asyncio.Task[Done]:
        """An errand under way, perhaps for others already."""
        task = self._out.get(errand)
        if task is None:
            if sum(bool(one.name) is bool(errand.name) for one in self._out) >= _WAITING:
                raise UpstreamError(
                    "too much is being fetched at once",
                    address=str(errand.origin),
                    retry_after=_FAILURE_SECONDS,
                    cure="ask again in a while",
                )
            task = asyncio.create_task(self._go(errand), name=f"fetch {errand}")
            self._out[errand] = task
            task.add_done_callback(lambda task: self._end(errand, task))
        return task

    def _end(self, errand: Errand, task: asyncio.Task[Done]) -> None:
        del self._out[errand]
        if not task.cancelled():
            # All who asked may have left: asyncio need not say that nobody wants to know.
            task.exception()

    async def _go(self, errand: Errand) -> Done:
        try:
            async with self._gates[not errand.name]:
                done = await self._courier.go(errand)
            # Also where somebody else has brought it.
            await self._arrived()
        except StorageError as error:
            done = Done({}, trouble=error)
        except Exception as error:  # noqa: BLE001 - whatever an upstream makes us stumble over
            done = Done({}, trouble=UpstreamError.of(error, str(errand.origin)))
        if done.trouble is not None:
            self._note_trouble(errand, done.trouble)
        for label, lacking in done.lacking.items():
            if lacking.listed:
                self._lacking.keep((label, errand.version, errand.name), lacking)
        return done

    def _note_trouble(self, errand: Errand, error: StorageError) -> None:
        """Takes note of a failure: the errand's, and its upstream's where it is more than that."""
        self._courier.counts.failures += 1
        log.warning("%s cannot be fetched: %s", errand, error)
        for label in errand.labels:
            self._failing.keep((label, errand.version, errand.name), _again(error))
        if not isinstance(error, UpstreamError):
            return
        host = error.status is None and error.__cause__ is not None
        if host or (error.status or 0) >= _BAD_GATEWAY or error.retry_after is not None:
            self._listings.doubt(errand.origin, error)


def _again(error: StorageError) -> StorageError:
    """The same error once more, for one more who asks; with this one go the requests of others."""
    if isinstance(error, UpstreamError):
        return error.again()
    again = StorageError(str(error))
    if isinstance(error.__cause__, OSError):
        again.__cause__ = OSError(error.__cause__.errno, error.__cause__.strerror)
    return again
