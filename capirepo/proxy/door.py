"""The door: what happens to a connection before and around HTTP.

A door stands between a socket and aiohttp. It answers at once what is ready in memory,
ends CONNECT and its TLS in this very process, and shows out whoever dawdles; everything
else it hands to aiohttp's handler, and it keeps quiet until that one has answered.

States of a connection:
- idle: no request is under way; only here may a ready answer be given;
- asked: bytes of a request went to aiohttp, which has not begun with it;
- busy: aiohttp works on a request.
A connection that sends anything but one whole GET at a time (a body, a pipeline, a head in
pieces) is aiohttp's alone from then on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import ssl
from enum import Enum
from typing import TYPE_CHECKING, Final, cast

from capirepo.errors import BadInputError, CapirepoError
from capirepo.proxy.certs import HostContext
from capirepo.proxy.connect import MAX_HEAD, parse_connect
from capirepo.proxy.ready import is_whole_get
from capirepo.proxy.traffic import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from capirepo.proxy.certs import Certificates
    from capirepo.proxy.ready import Answer, Channel, Ready
    from capirepo.proxy.traffic import Traffic

log = logging.getLogger("capirepo.door")

HEAD_SECONDS: Final = 10.0
HANDSHAKE_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 75.0
UNREAD_SECONDS: Final = 60.0
_SWEEP_SECONDS: Final = 1.0
_ONE_WRITE: Final = 64 * 1024
_TLS_RECORD: Final = b"\x16"


class State(Enum):
    """Of a connection; see above."""

    IDLE = "idle"
    ASKED = "asked"
    BUSY = "busy"


class House:
    """What all doors share.

    Args:
        engine: makes aiohttp's protocol for one connection.
        hosts: whom CONNECT may ask for.
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
        self.doors: set[Door] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.spawn(self._watch(), "watch over connections")

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Runs `work` beside the rest; it is cancelled at shutdown."""
        task = self.loop.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Ends idle connections and all background work; busy ones are aiohttp's to end."""
        for door in list(self.doors):
            door.close_if_idle()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = self.loop.time()
            for door in list(self.doors):
                door.check(now)


class Door(asyncio.Protocol):
    """One connection.

    Args:
        opened_for: the host of the CONNECT that this connection runs inside of.
    """

    def __init__(self, house: House, opened_for: str | None = None) -> None:
        self.opened_for = opened_for
        self._house = house
        self._transport: asyncio.Transport | None = None
        self._client = "-"
        self._channel: Channel = (False, None)
        self._engine: asyncio.Protocol | None = None
        self._state = State.IDLE
        self._engine_only = False
        self._early = b""
        self._connect_head = b""
        self._head = b""
        self._generation = 0
        self._since = 0.0
        self._unread: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes over a new connection, plain or with its TLS done."""
        self._transport = cast("asyncio.Transport", transport)
        self._client = (transport.get_extra_info("peername") or "-")[0]
        self._since = self._house.loop.time()
        connection = transport.get_extra_info("ssl_object")
        if self.opened_for is None and connection is not None:
            context = connection.context
            self.opened_for = context.host if isinstance(context, HostContext) else None
        self._channel = (connection is not None, self.opened_for)
        self._house.doors.add(self)
        if self._early:
            self.data_received(b"")

    def data_received(self, data: bytes) -> None:
        """Answers what is ready, takes a CONNECT, or hands the bytes to aiohttp."""
        if self._transport is None:
            # The client's first request can come along with the end of its handshake.
            self._early += data
            return
        if self._early:
            data, self._early = self._early + data, b""
        if self._state is State.IDLE and not self._engine_only:
            answer = self._house.ready.get(self._channel, data)
            if answer is not None:
                self._give(answer)
                return
            if self._connect_head or data.startswith(b"CONNECT "):
                self._connect(data)
                return
            if data.startswith(_TLS_RECORD):
                self._refuse(400, "this is the plain port: use http:// here, or the TLS port")
                return
        self._pass_on(data)

    def began(self) -> None:
        """Aiohttp begins with a request."""
        self._state = State.BUSY
        self._generation = self._house.ready.generation()

    def ended(self, answer: Answer | None) -> None:
        """Aiohttp has sent a response; `answer` is the same, if it may be given again."""
        if answer is not None and self._head:
            self._house.ready.keep(self._channel, self._head, answer, self._generation)
        self._head = b""
        self._state = State.IDLE
        self._since = self._house.loop.time()

    def pause_writing(self) -> None:
        """The client does not read: neither do we, from now on."""
        if self._transport is not None:
            self._unread = self._transport.get_write_buffer_size()
            self._since = self._house.loop.time()
            if self._state is State.IDLE:
                self._transport.pause_reading()
        if self._engine is not None:
            self._engine.pause_writing()

    def resume_writing(self) -> None:
        """The client has read."""
        self._unread = None
        if self._transport is not None and self._state is State.IDLE:
            self._transport.resume_reading()
        if self._engine is not None:
            self._engine.resume_writing()

    def eof_received(self) -> bool | None:
        """The client sends no more."""
        return self._engine.eof_received() if self._engine is not None else None

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._house.doors.discard(self)
        self._transport = None
        if self._engine is not None:
            self._engine.connection_lost(exc)

    def close_if_idle(self) -> None:
        """Ends the connection where no request is under way."""
        if self._state is State.IDLE and self._transport is not None:
            self._transport.close()

    def check(self, now: float) -> None:
        """Ends the connection where the client has kept us waiting for too long."""
        if self._transport is None:
            return
        waited = now - self._since
        if self._unread is not None:
            unread = self._transport.get_write_buffer_size()
            if unread < self._unread:
                self._unread, self._since = unread, now
            elif waited > UNREAD_SECONDS:
                self._transport.abort()
        elif self._state is State.ASKED or self._connect_head:
            if waited > HEAD_SECONDS:
                self._refuse(408, "the request did not arrive in time")
        elif self._state is State.IDLE and waited > IDLE_SECONDS:
            self._transport.close()

    def _give(self, answer: Answer) -> None:
        transport = cast("asyncio.Transport", self._transport)
        head = answer.head + self._house.ready.date()
        if len(answer.body) < _ONE_WRITE:
            transport.write(head + answer.body)
        else:
            self._write_both(transport, head, answer.body)
        self._since = self._house.loop.time()
        self._house.traffic.record(answer.line, self._client)
        if answer.close:
            transport.close()

    def _write_both(self, transport: asyncio.Transport, head: bytes, body: bytes) -> None:
        """Writes a head and a large body, in one system call where that is possible.

        A head in a packet of its own wakes the client twice, and joining the two copies the
        body: for a megabyte this is a fifth of the throughput.
        """
        written = 0
        if not self._channel[0] and not transport.get_write_buffer_size():
            with contextlib.suppress(OSError):
                written = os.writev(transport.get_extra_info("socket").fileno(), (head, body))
        if written < len(head):
            transport.write(head[written:])
        if written < len(head) + len(body):
            transport.write(memoryview(body)[max(written - len(head), 0) :])

    def _pass_on(self, data: bytes) -> None:
        transport = cast("asyncio.Transport", self._transport)
        if self._engine is None:
            self._engine = self._house.engine()
            self._engine.connection_made(transport)
        if self._state is State.IDLE:
            self._state = State.ASKED
            self._since = self._house.loop.time()
            if is_whole_get(data):
                self._head = data
            else:
                self._engine_only = True
        else:
            self._engine_only = True
            self._head = b""
        self._engine.data_received(data)

    def _connect(self, data: bytes) -> None:
        if not self._connect_head:
            self._since = self._house.loop.time()
        self._connect_head += data
        head, end, rest = self._connect_head.partition(b"\r\n\r\n")
        if not end:
            if len(head) > MAX_HEAD:
                self._refuse(431, "the head of this request is too long")
            return
        try:
            if rest or len(head) > MAX_HEAD:
                raise BadInputError("bytes came before the tunnel was open")
            tunnel = parse_connect(head + end, self._house.hosts)
        except CapirepoError as error:
            self._refuse(400 if isinstance(error, BadInputError) else 403, str(error))
            return
        self._house.spawn(self._open(tunnel.host), f"tunnel for {tunnel.host}")

    async def _open(self, host: str) -> None:
        """Ends the tunnel here: TLS by a leaf of ours, and a door behind it."""
        transport = cast("asyncio.Transport", self._transport)
        transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self._record("CONNECT", host, 200)
        self._house.doors.discard(self)
        door = Door(self._house, opened_for=host)
        try:
            tls = await self._house.loop.start_tls(
                transport,
                door,
                self._house.certificates.context(host),
                server_side=True,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
            )
        except ssl.SSLError as error:
            hint = "; does the client trust our CA (SSL_CERT_FILE)?" * ("alert" in str(error))
            log.warning("TLS with %s for %s: %s%s", self._client, host, error.reason, hint)
        except OSError as error:
            log.info("TLS with %s for %s: %s", self._client, host, str(error) or "the client left")
        else:
            if tls is not None:
                door.connection_made(tls)

    def _refuse(self, status: int, sentence: str) -> None:
        """Answers with the sentence as reason too: it is all that Go shows of a failed CONNECT."""
        if self._transport is None:
            return
        method = "CONNECT" if self._connect_head else "-"
        self._connect_head = b""
        reason = sentence.encode("ascii", "replace").decode()
        body = f"{reason}\n"
        self._transport.write(
            f"HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
        )
        self._record(method, "-", status)
        self._engine_only = True
        with contextlib.suppress(OSError):
            self._transport.close()

    def _record(self, method: str, host: str, status: int) -> None:
        line = Line(method=method, host=host, path="", face="proxy", status=status, size=0)
        self._house.traffic.record(line, self._client, 0.0)
