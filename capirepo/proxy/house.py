"""What all doors of a server share: the work beside them, the watch over them, TLS."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from capirepo.proxy.certs import Certificates
    from capirepo.proxy.door import Door
    from capirepo.proxy.ready import Ready
    from capirepo.proxy.traffic import Traffic

log = logging.getLogger("capirepo.door")

HANDSHAKE_SECONDS: Final = 10.0
SWEEP_SECONDS: Final = 1.0
_LAST_SWEEP_SECONDS: Final = 0.05
# However slowly a client takes the rest: doors see to those who do not take it at all.
_SHUTDOWN_SECONDS: Final = 3600.0


class House:
    """One server's doors.

    Args:
        engine: makes aiohttp's protocol for one connection.
        hosts: whom CONNECT may ask for.
        certificates: chooses the certificate of each handshake.
        ready: answers whose bytes are ready.
        traffic: takes note of each answer.
    """

    def __init__(
        self,
        *,
        engine: Callable[[], asyncio.Protocol],
        hosts: tuple[str, ...],
        certificates: Certificates,
        ready: Ready,
        traffic: Traffic,
    ) -> None:
        self.engine = engine
        self.hosts = hosts
        self.certificates = certificates
        self.ready = ready
        self.traffic = traffic
        self.loop = asyncio.get_running_loop()
        self.closing = False
        self._doors: set[Door] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.spawn(self._watch(), "watch over connections")

    def enter(self, door: Door) -> None:
        """A connection is there."""
        self._doors.add(door)

    def leave(self, door: Door) -> None:
        """A connection is gone, or goes on inside of another."""
        self._doors.discard(door)

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Runs `work` beside the rest; it is cancelled at shutdown."""
        task = self.loop.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def end_tls(
        self, transport: asyncio.Transport, door: Door, context: ssl.SSLContext
    ) -> None:
        """Shakes hands as the server; `door` gets the connection once that is done."""
        try:
            # A limit of our own: CPython 3.11 loses asyncio's inside of another TLS.
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                tls = await self.loop.start_tls(
                    transport,
                    door,
                    context,
                    server_side=True,
                    ssl_handshake_timeout=2 * HANDSHAKE_SECONDS,
                    ssl_shutdown_timeout=_SHUTDOWN_SECONDS,
                )
            if tls is not None:
                door.connection_made(tls)
        except ssl.SSLError as error:
            hint = "; does the client trust our CA (SSL_CERT_FILE)?" * ("ALERT" in str(error))
            log.warning("TLS with %s: %s%s", _client_of(transport), error.reason, hint)
        except OSError as error:
            log.info("TLS with %s: %s", _client_of(transport), str(error) or "the client left")
        except TypeError:
            # CPython 3.11 stumbles over a handshake that fails inside of another TLS.
            log.info("TLS with %s: the handshake failed", _client_of(transport))
        else:
            return
        # Not politely: a client that shook no hands says no goodbye.
        door.cut()

    async def close(self, seconds: float) -> None:
        """Ends idle connections at once, and busy ones once they have their answer.

        Bytes on their way to a client are waited for, `seconds` at the most.
        """
        self.closing = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._doors:
                    # Again and again: who has read all meanwhile need not say goodbye.
                    for door in list(self._doors):
                        door.close_if_idle()
                    await asyncio.sleep(_LAST_SWEEP_SECONDS)
        for door in list(self._doors):
            log.warning("a download did not end in time: cut")
            door.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("%s: %r", task.get_name(), task.exception())

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = self.loop.time()
            for door in list(self._doors):
                try:
                    door.check(now)
                except Exception as error:  # noqa: BLE001 - one door must not end the watch over all
                    log.error("a connection is given up: %r", error)  # noqa: TRY400
                    self.leave(door)
                    door.cut()


class TlsEntry(asyncio.Protocol):
    """A connection to the TLS port, before its handshake."""

    def __init__(
        self,
        house: House,
        context: ssl.SSLContext,
        make_door: Callable[[asyncio.Transport], Door],
    ) -> None:
        self._house = house
        self._context = context
        self._make_door = make_door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Has the handshake done, and a door put behind it."""
        plain = cast("asyncio.Transport", transport)
        # What the client says now is for the handshake to read.
        plain.pause_reading()
        work = self._house.end_tls(plain, self._make_door(plain), self._context)
        self._house.spawn(work, "end TLS of a client")


def _client_of(transport: asyncio.Transport) -> str:
    return str((transport.get_extra_info("peername") or "-")[0])
