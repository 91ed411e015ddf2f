"""A server that answers with whatever bytes a test wants, and what a test hands to the client."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp.abc import AbstractResolver, ResolveResult

from capirepo.core.names import AssetName
from capirepo.outside import RemoteAsset
from capirepo.proxy.ca import make_authority
from capirepo.upstream.breaker import Breaker
from capirepo.upstream.http import Http, Limits

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from capirepo.outside import Upstream
    from capirepo.upstream.wire import Outside

BODY = b"apiVersion: v1\nkind: Namespace\n" * 40
LIMITS = Limits(answer=20.0)
IMPATIENT = Limits(answer=0.05, tries=1)


def answer(
    body: bytes = BODY, *headers: str, status: str = "200 OK", length: int | None = -1
) -> bytes:
    """An HTTP answer; `length` is the real one unless given, None for none."""
    lines = [f"HTTP/1.1 {status}", *headers]
    if length is not None:
        lines.append(f"Content-Length: {len(body) if length < 0 else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunked(body: bytes = BODY, end: bytes = b"0\r\n\r\n") -> bytes:
    """A body in one chunk."""
    head = answer(b"", "Transfer-Encoding: chunked", length=None)
    return head + b"%x\r\n%s\r\n%s" % (len(body), body, end)


def redirect(to: str) -> bytes:
    return answer(b"", f"Location: {to}", status="302 Found")


@dataclass
class Bad:
    """The server.

    Attributes:
        replies: what is answered, by path, one after the other; the last one again and again.
        asked: the head of each request.
        hanging: whether a connection stays open after its answer, and says nothing more.
        dripping: whether what is left of an answer comes a byte at a time.
        pausing: by path, what is waited for in the middle of the body of a GET.
    """

    replies: dict[str, list[bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    hanging: bool = False
    dripping: bool = False
    pausing: dict[str, asyncio.Event] = field(default_factory=dict)
    port: int = 0

    def asks_of(self, path: str) -> list[str]:
        return [head for head in self.asked if head.split()[1] == path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(head)
            path = head.split()[1]
            replies = self.replies.get(path) or self.replies.get("*") or [answer(status="404 No")]
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
            begun = reply.find(b"\r\n\r\n") + 4
            if head.startswith("HEAD "):
                reply = reply[:begun]
            if self.dripping:
                writer.write(reply[:begun])
                for one in reply[begun:]:
                    writer.write(bytes([one]))
                    await writer.drain()
                    await asyncio.sleep(0.005)  # this is what dripping is
            elif path in self.pausing and head.startswith("GET "):
                writer.write(reply[:-10])
                await writer.drain()
                await self.pausing[path].wait()
                writer.write(reply[-10:])
                await writer.drain()
            else:
                writer.write(reply)
                await writer.drain()
            if self.hanging:
                await reader.read()
        writer.close()


@contextlib.asynccontextmanager
async def bad_server(
    *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Bad]:
    """Runs the server on a free port."""
    bad = Bad()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await bad.serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(serve, host, 0, ssl=tls)
    bad.port = server.sockets[0].getsockname()[1]
    try:
        yield bad
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Places(AbstractResolver):
    """Knows hosts, and on which address and port of this machine they are."""

    def __init__(self, places: Mapping[str, tuple[str, int]]) -> None:
        self.places = dict(places)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily | int = 0
    ) -> list[ResolveResult]:
        if host not in self.places:
            raise OSError(-2, "Name or service not known")
        address, at = self.places[host]
        return [
            ResolveResult(
                hostname=host, host=address, port=at or port, family=family, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        pass


@dataclass
class Clock:
    """A time that moves when somebody sleeps."""

    seconds: float = 1_000_000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


def client(
    clock: Clock | None = None,
    *,
    outside: Outside | None = None,
    limits: Limits = LIMITS,
    breaker: Breaker | None = None,
) -> Http:
    """A client whose time does not pass by itself, and whose chance is always the same."""
    clock = clock or Clock()
    return Http(
        outside,
        limits=limits,
        breaker=breaker or Breaker(clock=clock.now),
        sleep=clock.sleep,
        now=clock.now,
        chance=lambda: 0.5,
    )


def asset_at(address: str, name: str = "metadata.yaml", **stated: object) -> RemoteAsset:
    return RemoteAsset(name=AssetName(name), address=address, **stated)  # type: ignore[arg-type]


async def read(http: Http, asset: RemoteAsset) -> bytes:
    """All pieces of a file."""
    async with http.open(asset) as download:
        return b"".join([piece async for piece in download.pieces])


async def read_from(upstream: Upstream, asset: RemoteAsset) -> bytes:
    async with upstream.open(asset) as download:
        return b"".join([piece async for piece in download.pieces])


def contexts(folder: Path, *names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS for a server of these names, and for a client that trusts it."""
    now = dt.datetime.now(dt.UTC)
    leaf = make_authority(folder, names, now).issue(names, now)
    (folder / "leaf.pem").write_bytes(leaf.chain + leaf.key)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "leaf.pem")
    return server, ssl.create_default_context(cafile=str(folder / "ca.pem"))
