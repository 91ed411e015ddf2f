"""Which versions upstreams list: asked once in a while, and never waited for longer than a moment.

Rules kept here:
- a list counts for a while; then it is asked for anew, by one question however many ask us;
- whoever asks us waits a moment for the answer, and has the last one if it takes longer;
- of an upstream that cannot be asked nothing is listed, as nothing could be fetched either, until
  it answers again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from capirepo.errors import NotThereError
from capirepo.outside import UpstreamError
from capirepo.services.beyond import Offer
from capirepo.services.tasks import end_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from capirepo.core.mirror import Origin
    from capirepo.core.version import Version
    from capirepo.outside import Upstream

_LONG: Final = 20.0

log = logging.getLogger("capirepo.upstream")

RETRY_SECONDS: Final = 30.0
"""A list is asked for this often at most, whoever needs a new one and however badly."""


@dataclass(slots=True)
class _Listed:
    """What is known of one upstream.

    Attributes:
        versions: what it lists; None where it lists nothing, and only names find something.
        tag: of that list.
        asked: when it was asked last.
        trouble: why it cannot be asked; None while it can.
        asking: the question that is out.
        since: when that went out.
    """

    versions: frozenset[Version] | None = None
    tag: str = ""
    asked: float = float("-inf")
    trouble: UpstreamError | None = None
    asking: asyncio.Task[None] | None = field(default=None, repr=False)
    since: float = 0.0


class Listings:
    """The lists of all upstreams.

    Args:
        upstream_for: opens an upstream.
        fresh: how many seconds a list counts.
        moment: how many seconds it is waited for.
        clock: the time in seconds, which never goes back.
    """

    def __init__(
        self,
        upstream_for: Callable[[Origin], Upstream],
        fresh: float,
        moment: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._upstream_for = upstream_for
        self._fresh = fresh
        self._moment = moment
        self._clock = clock
        self._listed: dict[Origin, _Listed] = {}

    async def offer(self, origin: Origin) -> Offer:
        """What an upstream lists; nothing while it cannot be asked."""
        known = await self._known(origin, self._fresh)
        if known.trouble is not None:
            return Offer(trouble=known.trouble.again())
        if known.versions is not None or known.asking is None:
            return Offer(known.versions or frozenset())
        return Offer(
            trouble=UpstreamError(
                f"{origin} has not answered within {self._moment:g} seconds",
                address=str(origin),
                slow=True,
            )
        )

    async def denies(self, origin: Origin, version: Version) -> bool:
        """Whether an upstream has just listed all that it has, and a version is not among it."""
        for age in (self._fresh, 0.0):
            known = await self._known(origin, age)
            if known.asking is not None:
                # Whoever wants a file has more time than whoever wants a list.
                await asyncio.wait([known.asking], timeout=_LONG)
            if known.trouble or known.versions is None or version in known.versions:
                return False
        return known.asking is None

    def doubt(self, origin: Origin, trouble: UpstreamError) -> None:
        """Takes note that an upstream could not be asked for something."""
        known = self._listed.setdefault(origin, _Listed())
        known.trouble, known.asked = trouble.again(), self._clock()

    async def close(self) -> None:
        """Ends the questions that are out."""
        await end_all(known.asking for known in self._listed.values() if known.asking is not None)

    async def _known(self, origin: Origin, age: float) -> _Listed:
        """What is known of an upstream, asked anew where it is older than `age`."""
        known = self._listed.setdefault(origin, _Listed())
        now = self._clock()
        longest = RETRY_SECONDS if known.trouble else max(age, RETRY_SECONDS)
        if known.asking is None and now - known.asked >= longest:
            known.since = now
            known.asking = asyncio.create_task(self._ask(origin, known), name=f"list {origin}")
        if known.asking is not None:
            # Counted from when it went out: of many that ask, only the first wait at all.
            left = known.since + self._moment - now
            if left > 0:
                await asyncio.wait([known.asking], timeout=left)
        return known

    async def _ask(self, origin: Origin, known: _Listed) -> None:
        try:
            listing = await self._upstream_for(origin).versions(known.tag)
        except NotThereError as error:
            log.info("%s lists no versions: %s", origin, error)
            known.versions, known.tag, known.trouble = None, "", None
        except Exception as error:  # noqa: BLE001 - whatever an upstream makes us stumble over
            if known.trouble is None:
                log.warning("%s cannot be asked; what is here is served: %s", origin, error)
            known.trouble = UpstreamError.of(error, str(origin))
        else:
            if known.trouble is not None:
                log.warning("%s can be asked again", origin)
            known.trouble = None
            if not listing.unchanged:
                known.versions, known.tag = frozenset(listing.versions), listing.tag
        finally:
            known.asked, known.asking = self._clock(), None
