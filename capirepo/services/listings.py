"""Which versions upstreams list: asked once in a while, and never waited for longer than a moment.

Rules kept here:
- a list counts for a while; then it is asked for anew, by one question however many ask us;
- whoever asks us waits a moment for the answer, and has the last one if it takes longer;
- of an upstream that cannot be asked nothing is listed, as nothing could be fetched either, until
  it answers again;
- what turned out to be no good release, or not to be there, is not listed for a while.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from capirepo.errors import CapirepoError, NotThereError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from capirepo.core.mirror import Origin
    from capirepo.core.version import Version
    from capirepo.outside import Upstream

log = logging.getLogger("capirepo.upstream")

RETRY_SECONDS: Final = 30.0
"""A list is asked for this often at most, whoever needs a new one and however badly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long things count, and are waited for, in seconds.

    Attributes:
        fresh: how long a list counts.
        absent: how long it is remembered that upstream has not got something.
        moment: how long a list of versions is waited for.
        fetch: how long a file is waited for.
    """

    fresh: float = 300.0
    absent: float = 300.0
    moment: float = 3.0
    fetch: float = 60.0


@dataclass(slots=True)
class _Listed:
    """What is known of one upstream.

    Attributes:
        versions: what it lists; None where it lists nothing, and only names find something.
        tag: of that list.
        asked: when it was asked last.
        down: whether it cannot be asked.
        asking: the question that is out.
        since: when that went out.
    """

    versions: frozenset[Version] | None = frozenset()
    tag: str = ""
    asked: float = float("-inf")
    down: bool = False
    asking: asyncio.Task[None] | None = field(default=None, repr=False)
    since: float = 0.0


class Listings:
    """The lists of all upstreams.

    Args:
        upstream_for: opens an upstream.
        patience: how long things count.
        clock: the time in seconds, which never goes back.
    """

    def __init__(
        self,
        upstream_for: Callable[[Origin], Upstream],
        patience: Patience,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._upstream_for = upstream_for
        self._patience = patience
        self._clock = clock
        self._listed: dict[Origin, _Listed] = {}

    async def versions(self, origin: Origin) -> Collection[Version]:
        """What an upstream lists; nothing while it cannot be asked."""
        known = await self._known(origin, self._patience.fresh)
        return () if known.down else known.versions or ()

    async def denies(self, origin: Origin, version: Version) -> bool:
        """Whether an upstream has just listed all that it has, and a version is not among it."""
        for age in (self._patience.fresh, 0.0):
            known = await self._known(origin, age)
            if known.down or known.versions is None or version in known.versions:
                return False
        return known.asking is None

    def doubt(self, origin: Origin) -> None:
        """Takes note that something of an upstream could not be fetched."""
        known = self._listed.setdefault(origin, _Listed())
        known.down, known.asked = True, self._clock()

    async def close(self) -> None:
        """Ends the questions that are out."""
        tasks = [known.asking for known in self._listed.values() if known.asking is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _known(self, origin: Origin, age: float) -> _Listed:
        """What is known of an upstream, asked anew where it is older than `age`."""
        known = self._listed.setdefault(origin, _Listed())
        now = self._clock()
        longest = RETRY_SECONDS if known.down else max(age, RETRY_SECONDS)
        if known.asking is None and now - known.asked >= longest:
            known.since = now
            known.asking = asyncio.create_task(self._ask(origin, known), name=f"list {origin}")
        if known.asking is not None:
            # Counted from when it went out: of many that ask, only the first wait at all.
            left = known.since + self._patience.moment - now
            await asyncio.wait([known.asking], timeout=max(left, 0.0))
        return known

    async def _ask(self, origin: Origin, known: _Listed) -> None:
        try:
            listing = await self._upstream_for(origin).versions(known.tag)
        except NotThereError as error:
            log.info("%s lists no versions: %s", origin, error)
            known.versions, known.tag, known.down = None, "", False
        except CapirepoError as error:
            if not known.down:
                log.warning("%s cannot be asked; what is here is served: %s", origin, error)
            known.down = True
        else:
            if known.down:
                log.warning("%s can be asked again", origin)
            known.down = False
            if not listing.unchanged:
                known.versions, known.tag = frozenset(listing.versions), listing.tag
        finally:
            known.asked, known.asking = self._clock(), None
