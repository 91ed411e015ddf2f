"""The door: what happens to a connection before and around HTTP.

A door stands between a socket and aiohttp. It answers at once what is ready in memory,
ends CONNECT and its TLS in this very process, and shows out whoever dawdles; everything
else it hands to aiohttp's handler, and it keeps quiet until that one has answered.

A door hands over one head at a time, whole and checked, and holds back what a client sends
before it has its answer. States of a connection:
- idle: no request is under way;
- asked: the head of a request went to aiohttp, which has not begun with it;
- busy: aiohttp works on a request.
A connection on which a request may have a body is aiohttp's alone from then on, and ends
with its answer: where a body ends is for aiohttp to know.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from enum import Enum
from typing import TYPE_CHECKING, Final, cast

from capirepo.errors import RefusedError
from capirepo.proxy.certs import HostContext
from capirepo.proxy.connect import parse_connect
from capirepo.proxy.head import MAX_HEAD, HeadError, check_head, find_end, may_have_body
from capirepo.proxy.traffic import Line

if TYPE_CHECKING:
    from collections.abc import Callable

    from capirepo.proxy.house import House
    from capirepo.proxy.ready import Answer, Channel

HEAD_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 75.0
UNREAD_SECONDS: Final = 60.0
_ONE_WRITE: Final = 64 * 1024
_TLS_RECORD: Final = b"\x16"
_CONNECT: Final = b"CONNECT "


class State(Enum):
    """Of a connection; see above."""

    IDLE = "idle"
    ASKED = "asked"
    BUSY = "busy"


class Door(asyncio.Protocol):
    """One connection.

    Args:
        house: what it shares with the others.
        opened_for: the host of the CONNECT that this connection runs inside of.
        beneath: the transports that carry this one's TLS. What a client has not read yet
            waits there, where this one's own transport does not count it.
    """

    def __init__(
        self,
        house: House,
        opened_for: str | None = None,
        beneath: tuple[asyncio.Transport, ...] = (),
    ) -> None:
        self.opened_for = opened_for
        self._house = house
        self._beneath = beneath
        self._transport: asyncio.Transport | None = None
        self._client = "-"
        self._channel: Channel = (False, None)
        self._engine: asyncio.Protocol | None = None
        self._state = State.IDLE
        self.engine_only = False
        self._reading = True
        self._said_all = False
        self._held = b""
        self._head = b""
        self._has_all: Callable[[], bool] = lambda: True
        self._generation = 0
        self._since = 0.0
        self._unread = 0

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
        self._house.enter(self)
        self._go_on()

    def data_received(self, data: bytes) -> None:
        """Gives the ready answer, or takes what the client says into its turn."""
        if self._state is State.IDLE and not self._held and not self.engine_only:
            answer = self._house.ready.get(self._channel, data)
            transport = self._transport
            if answer and transport and self._reading and not transport.is_closing():
                self._give(answer)
                return
        if self.engine_only and self._engine is not None:
            self._hand_over(data)
            return
        if not self._held:
            self._since = self._house.loop.time()
        self._held += data
        self._go_on()

    def began(self, has_all: Callable[[], bool]) -> None:
        """Aiohttp begins with a request; `has_all` says whether its body is there to the end."""
        self._state = State.BUSY
        self._has_all = has_all
        if self._said_all and not has_all():
            self._end()
        self._generation = self._house.ready.generation()

    def ended(self, answer: Answer | None, *, last: bool) -> None:
        """Aiohttp has sent a response.

        Args:
            answer: the response as bytes, if it may be given again.
            last: whether aiohttp ends the connection now.
        """
        if answer is not None and self._head:
            self._house.ready.keep(self._channel, self._head, answer, self._generation)
        self._head = b""
        self._state = State.IDLE
        self._since = self._house.loop.time()
        if last:
            # It closes the transport; twice is once too often for CPython's TLS.
            self._held = b""
            self.engine_only = True
        elif self._house.closing:
            self._end()
        else:
            # Not from within aiohttp, which is not done with its last request yet.
            self._house.loop.call_soon(self._go_on)

    def pause_writing(self) -> None:
        """The client does not read: it gets no further answers until it does."""
        self._reading = False
        if self._engine is not None:
            self._engine.pause_writing()

    def resume_writing(self) -> None:
        """The client has read."""
        self._reading = True
        if self._engine is not None:
            self._engine.resume_writing()
        self._go_on()

    def eof_received(self) -> bool | None:
        """The client sends no more; on a plain connection it may still wait for its answer."""
        self._said_all = True
        waits = self._state is not State.IDLE or bool(self._held)
        # Who leaves in the middle of a body waits for nothing.
        left = self._state is State.BUSY and not self._has_all()
        return waits and not left and not self._channel[0]

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._house.leave(self)
        self._transport = None
        if self._engine is not None:
            self._engine.connection_lost(exc)

    def close_if_idle(self) -> None:
        """Ends the connection where no request is under way."""
        if self._state is State.IDLE:
            self._end()

    def cut(self) -> None:
        """Ends the connection at once, whatever is under way."""
        layers = (*self._beneath, self._transport)
        if layers[0] is not None:
            layers[0].abort()

    def check(self, now: float) -> None:
        """Ends the connection where the client has kept us waiting for too long."""
        if self._transport is None:
            return
        self._note_unread(now)
        waited = now - self._since
        if self._unread or self._transport.is_closing():
            if waited > UNREAD_SECONDS:
                self.cut()
        elif self._state is State.ASKED or (self._state is State.IDLE and self._held):
            if waited > HEAD_SECONDS:
                self._refuse(408, "the request did not arrive in time")
        elif self._state is State.IDLE and waited > IDLE_SECONDS:
            self._end()

    def _note_unread(self, now: float) -> None:
        """How much the client has yet to read; as long as it does read, it has time."""
        unread = sum(map(_waiting_in, (self._transport, *self._beneath)))
        if unread < self._unread or (unread and not self._unread):
            self._since = now
        self._unread = unread

    def _end(self) -> None:
        transport = self._transport
        if transport is None:
            return
        if not transport.is_closing():
            transport.close()
        if self._beneath and not any(map(_waiting_in, (transport, *self._beneath))):
            # TLS would wait for the client's goodbye, which some never say.
            self._beneath[0].close()

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
            self._held = b""
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

    def _go_on(self) -> None:
        """Takes heads from what is held, as long as their turn has come."""
        transport = self._transport
        while (
            transport is not None
            and not transport.is_closing()
            and self._held
            and self._reading
            and self._state is State.IDLE
            and not self.engine_only
        ):
            try:
                taken = self._take_one(transport)
            except HeadError as error:
                self._refuse(error.status, str(error))
            except RefusedError as error:
                self._refuse(403, str(error))
            else:
                if not taken:
                    break
        if self._said_all and self._state is State.IDLE and self._reading:
            self._end()
        if transport is not None and not transport.is_closing() and not self.engine_only:
            if len(self._held) > MAX_HEAD:
                transport.pause_reading()
            else:
                transport.resume_reading()

    def _take_one(self, transport: asyncio.Transport) -> bool:
        """Answers or hands over the first head that is held; False where it is not all there."""
        if self._held.startswith(_TLS_RECORD):
            raise HeadError("this is the plain port: use http:// here, or the TLS port")
        # A line too many after a body is forgiven (RFC 9112 2.2).
        self._held = self._held.lstrip(b"\r\n") if self._held[0] in b"\r\n" else self._held
        end = find_end(self._held)
        if end < 0:
            return False
        head, self._held = self._held[:end], self._held[end:]
        self._since = self._house.loop.time()
        if head.startswith(_CONNECT):
            self._connect(transport, head)
            return True
        answer = self._house.ready.get(self._channel, head)
        if answer is not None:
            self._give(answer)
            return True
        check_head(head, self._house.hosts)
        if may_have_body(head):
            self.engine_only = True
            head, self._held = head + self._held, b""
        elif head.startswith(b"GET "):
            self._head = head
        self._state = State.ASKED
        self._hand_over(head)
        return True

    def _hand_over(self, data: bytes) -> None:
        transport = cast("asyncio.Transport", self._transport)
        if self._engine is None:
            self._engine = self._house.engine()
            self._engine.connection_made(transport)
        if self._state is State.IDLE:
            self._state = State.ASKED
            self._since = self._house.loop.time()
        self._engine.data_received(data)

    def _connect(self, transport: asyncio.Transport, head: bytes) -> None:
        """Ends a tunnel here: TLS by a leaf of ours, and a door behind it."""
        if self._held:
            raise HeadError("bytes came before the tunnel was open")
        host = parse_connect(head, self._house.hosts).host
        try:
            context = self._house.certificates.context(host)
        except OSError as error:
            self._refuse(503, f"no certificate can be made: {error.strerror}")
            return
        transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self._record("CONNECT", host, 200)
        self._house.leave(self)
        # From here on the bytes are those of the handshake; this door has done its work.
        self.engine_only = True
        transport.pause_reading()
        inner = Door(self._house, host, (*self._beneath, transport))
        self._house.spawn(self._house.end_tls(transport, inner, context), f"tunnel for {host}")

    def _refuse(self, status: int, sentence: str) -> None:
        """Answers with the sentence as reason too: it is all that Go shows of a failed CONNECT."""
        if self._transport is None or self._transport.is_closing():
            return
        self._held = b""
        reason = sentence.encode("ascii", "replace").decode()
        body = f"{reason}\n"
        self._transport.write(
            f"HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
        )
        self._record("-", "-", status)
        self.engine_only = True
        self._transport.close()

    def _record(self, method: str, host: str, status: int) -> None:
        line = Line(method=method, host=host, path="", face="proxy", status=status, size=0)
        self._house.traffic.record(line, self._client, 0.0)


def _waiting_in(layer: asyncio.Transport | None) -> int:
    """Bytes that wait in a transport; none in a TLS of CPython 3.11 that was closed twice."""
    try:
        return layer.get_write_buffer_size() if layer is not None else 0
    except AttributeError:
        return 0
