"""Leaves a host alone that fails again and again, or that asks to be left alone for a while.

Rules kept here:
- after some failures in a row a host is not asked for a while; then one request is let
  through, and what becomes of it decides for all the others;
- a rate limit holds until the moment that the host named, whatever else is asked of it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from capirepo.outside import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class _Host:
    failures: int = 0
    closed_until: float = 0.0
    limited_until: float = 0.0
    reason: str = ""


class Breaker:
    """What is remembered of hosts; one for all that ask.

    Args:
        failures: how many in a row are enough.
        seconds: how long a host that failed is left alone.
        clock: the time in seconds, which never goes back.
    """

    def __init__(
        self,
        *,
        failures: int = 5,
        seconds: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = failures
        self._seconds = seconds
        self._clock = clock
        self._hosts: dict[str, _Host] = {}

    def check(self, host: str) -> None:
        """Lets a request through, or not.

        Raises:
            UpstreamError: the host is left alone; `retry_after` says for how much longer.
        """
        known = self._hosts.get(host)
        if known is None:
            return
        now = self._clock()
        if now < known.limited_until:
            raise UpstreamError(
                f"{host} limits how often it is asked",
                address=host,
                status=429,
                retry_after=known.limited_until - now,
                cure=f"ask again in {known.limited_until - now:.0f} s",
            )
        if now < known.closed_until:
            raise UpstreamError(
                f"{host} failed {known.failures} times in a row: {known.reason}",
                address=host,
                retry_after=known.closed_until - now,
                cure=f"it is asked again in {known.closed_until - now:.0f} s",
            )
        if known.failures >= self._most:
            # Whoever comes while this one is out waits for what becomes of it.
            known.closed_until = now + self._seconds

    def failed(self, host: str, reason: str) -> None:
        """Takes note that a host did not answer, or not to the end."""
        known = self._hosts.setdefault(host, _Host())
        known.failures += 1
        known.reason = reason
        if known.failures >= self._most:
            known.closed_until = self._clock() + self._seconds

    def worked(self, host: str) -> None:
        """Takes note that a host answered, be it with a no."""
        known = self._hosts.get(host)
        if known is not None:
            known.failures, known.closed_until = 0, 0.0

    def limit(self, host: str, seconds: float) -> None:
        """Takes note that a host wants to be left alone."""
        known = self._hosts.setdefault(host, _Host())
        known.limited_until = max(known.limited_until, self._clock() + seconds)
