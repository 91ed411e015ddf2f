"""Hostile and unusual HTTP/1 framing, and HTTP around the ready answers."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.support import Served, add_release, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("calm")

METADATA = "/infrastructure-awesome/v0.1.0/metadata.yaml"
COMPONENTS = "/infrastructure-awesome/v0.1.0/infrastructure-components.yaml"
SOURCE = "/capirepo.internal/infrastructure-awesome"
FACES = (
    "/", "/index.json", "/clusterctl.yaml", "/ca.pem", "/healthz", "/readyz", METADATA,
    "/infrastructure-awesome", "/infrastructure-awesome/latest", "/infrastructure-awesome/v0.1.0",
    "/infrastructure-big/v0.1.0/big.bin", "/api/v4/projects/1", "/api/v4/projects/1/packages",
    f"/api/v4/projects/1/packages/generic{METADATA}", f"/repos{SOURCE}", f"/repos{SOURCE}/releases",
    f"{SOURCE}/releases/download/v0.1.0/metadata.yaml", f"/repos{SOURCE}/releases/latest",
    f"{SOURCE}/releases/latest/download/metadata.yaml", f"/github.com{SOURCE}/@v/list",
    f"/repos{SOURCE}/contents/metadata.yaml?ref=v0.1.0", "/nothing", "/nothing/v0.1.0/x.yaml",
)  # fmt: skip
G, P = b"GET / HTTP/1.1\r\nHost: a\r\n", b"POST / HTTP/1.1\r\nHost: a\r\n"
N, C = b" / HTTP/1.1\r\nHost: ", b"\r\nConnection: close\r\n\r\n"
MALFORMED = {
    "GET": G + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST": P + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two": G + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
    "two in one": G + b"Content-Length: 5, 6\r\n\r\n12345",
    "plus": G + b"Content-Length: +3\r\n\r\nabc", "minus": G + b"Content-Length: -1\r\n\r\n",
    "huge": G + b"Content-Length: 99999999999999999999999\r\n\r\n",
    "xchunked": P + b"Transfer-Encoding: xchunked\r\n\r\n",
    "chunked is not the last": P + b"Transfer-Encoding: chunked, identity\r\n\r\n",
    "a chunk of no size": P + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "bare LF": b"GET / HTTP/1.1\nHost: a\n\n", "bare CR": G + b"X: a\rb\r\n\r\n",
    "one bare LF": b"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", "NUL": G + b"X: a\0b\r\n\r\n",
    "folded": G + b"X: y\r\n z\r\n\r\n", "space": b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    "no name": G + b": x\r\n\r\n", "two Hosts": G + b"Host: b\r\n\r\n",
    "no Host": b"GET / HTTP/1.1\r\n\r\n", "a 9 KB name": G + b"a" * 9000 + b": x\r\n\r\n",
    "odd Host": b"GET" + N + b"\xff" + C, "odd Host, path": b"GET /ca.pem" + N[2:] + b"\xff" + C,
    "space in Host": b"GET" + N + b"a b" + C, "markup": b"GET" + N + b"<a>" + C,
    "200 headers": G + b"X: 1\r\n" * 200 + b"\r\n", "9 KB": G + b"X: %09000d\r\n\r\n" % 0,
    "PRI": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "2.0": b"GET / HTTP/2.0\r\nHost: a" + C,
    "HTTP/0.9": b"GET /\r\n\r\n", "XTTP": b"GET / XTTP/1.1\r\nHost: a\r\n\r\n",
    "TLS on the plain port": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "unknown": G + b"Expect: nonsense" + C, "200-ok": G + b"Expect: 200-ok" + C,
    "odd Expect": G + b"Expect: \xff" + C, "no method": b"get / HTTP/1.1\r\nHost: a\r\n\r\n",
}  # fmt: skip
_VARYING = re.compile(rb"Date: .*\r\n|Content-Length: 0\r\n")
BOTH_PORTS = pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])


class Answer(NamedTuple):
    status: int
    head: bytes  # but for its Date, and a length of nothing
    body: bytes


class Wire:
    """One connection, in bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, *segments: bytes) -> None:
        """Each segment is a read of its own for the server, which runs in this very loop."""
        for segment in segments:
            self.writer.write(segment)
            for _ in range(3):
                await asyncio.sleep(0)

    async def ask(self, *segments: bytes, body: bool = True) -> Answer:
        await self.send(*segments)
        return await self.answer(body=body)

    async def answer(self, *, body: bool = True) -> Answer:
        async with asyncio.timeout(20):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)\ncontent-length: (\d+)", head)
            size = int(length[1]) if length and body else 0
            content = await self.reader.readexactly(size)
        return Answer(int(head.split()[1]), _VARYING.sub(b"", head), content)

    async def rest(self) -> bytes:
        async with asyncio.timeout(20):
            return await self.reader.read()


@contextlib.asynccontextmanager
async def wire(
    server: Served, *, tls: bool = False, name: str = "localhost"
) -> AsyncIterator[Wire]:
    trust: dict[str, Any] = {"ssl": server.trusting(), "server_hostname": name} if tls else {}
    port = server.tls_port if tls else server.port
    reader, writer = await asyncio.open_connection("127.0.0.1", port, **trust)
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()


def get(path: str, *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    lines = (f"{method} {path} HTTP/{version}", "Host: localhost", *headers, "")
    return "".join(f"{line}\r\n" for line in lines).encode()


async def ready_answers(server: Served) -> int:
    count = re.search(rb"\ncapirepo_ready_answers_total (\d+)", (await server.get("/metrics"))[2])
    return int(count[1]) if count else 0


@BOTH_PORTS
@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED)
async def test_a_malformed_request_is_refused_at_once(
    server: Served, sent: bytes, *, tls: bool
) -> None:
    answer = await server.raw(sent, tls=tls)
    assert int(answer.split()[1]) in (400, 417, 431, 505)
    assert (await server.get(METADATA))[0] == 200


@BOTH_PORTS
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "pieces",
    [(b"0\r\n", b"X-Trailer: endless\r\n" * 1000), (b"", b"1\r\nx\r\n" * 10_000)],
    ids=["45 endless trailers", "46 more than a million chunks of one byte"],
)
async def test_an_endless_body_is_ended(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    pieces: tuple[bytes, bytes],
    *,
    tls: bool,
) -> None:
    monkeypatch.setattr("capirepo.proxy.engine._LINGER_SECONDS", 0.2)
    async with served(root) as server:
        async with wire(server, tls=tls) as client, asyncio.timeout(20):
            await client.send(get("/healthz", "Transfer-Encoding: chunked", method=method))
            with contextlib.suppress(ConnectionError):
                await client.send(pieces[0])
                while not client.writer.is_closing():
                    await client.send(pieces[1])
                    await client.writer.drain()
        assert (await server.get("/healthz"))[0] == 200


@BOTH_PORTS
async def test_ten_thousand_pipelined_requests_are_answered_in_order(
    server: Served, *, tls: bool
) -> None:
    paths = [METADATA, "/healthz", COMPONENTS, "/nothing"] * 2500
    async with wire(server, tls=tls) as client:
        expected = [await client.ask(get(path)) for path in paths[:4]]
        client.writer.write(b"".join(map(get, paths)))
        for number in range(len(paths)):
            assert await client.answer() == expected[number % 4], number


async def test_a_body_that_never_comes_ends_the_connection(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capirepo.proxy.engine._LINGER_SECONDS", 0.2)
    async with served(root) as server:
        answer = await server.raw(get("/healthz", "Content-Length: 100", method="PUT") + b"x")
        assert re.findall(rb"HTTP/1.1 \d+", answer) == [b"HTTP/1.1 405"]


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("bytes=5-2", 200), ("bytes=a-b", 200), ("lines=1-2", 200), ("bytes=--1", 200),
        ("bytes=" + "9" * 4000 + "-", 200), ("bytes=-", 200),
        ("bytes=99999-", 416), ("bytes=-0", 416), ("bytes=0-999999999", 206),
        ("bytes=" + ",".join(f"{n}-{n}" for n in range(1000)), 200),
    ],
    ids=lambda value: ascii(value)[:16],
)  # fmt: skip
async def test_a_bad_range_is_the_whole_or_416(server: Served, value: str, status: int) -> None:
    async with wire(server) as client:
        whole = await client.ask(get(METADATA))
        answer = await client.ask(get(METADATA, f"Range: {value}"))
        assert (answer.status, answer.body == whole.body) == (status, status != 416)
        assert await client.ask(get(METADATA)) == whole


@pytest.mark.parametrize("protocol", ["websocket", "h2c"])
async def test_an_upgrade_is_not_taken_up(server: Served, protocol: str) -> None:
    upgrade = ("Connection: Upgrade", f"Upgrade: {protocol}", "Sec-WebSocket-Version: 13")
    async with wire(server) as client:
        plain = await client.ask(get(METADATA))
        for headers in (upgrade, upgrade, ()):
            assert await client.ask(get(METADATA, *headers)) == plain


async def test_head_is_get_without_a_body_on_every_face(root: Path) -> None:
    big = add_release(root, "infrastructure-big", "v0.1.0") / "big.bin"
    with big.open("wb") as file:
        file.truncate(17 << 20)
    async with served(root) as server, wire(server) as client:
        for path in FACES:
            answers = [await client.ask(get(path)) for _ in range(2)]
            head = await client.ask(get(path, method="HEAD"), body=False)
            assert [head._replace(body=answers[0].body)] * 2 == answers, path


@BOTH_PORTS
async def test_a_request_in_pieces_is_the_same_request(server: Served, *, tls: bool) -> None:
    whole = get(METADATA, "Accept: */*")
    async with wire(server, tls=tls) as client:
        expected = await client.ask(whole)
        assert await client.ask(whole) == expected
    for cut in range(1, len(whole), 7 if tls else 1):
        async with wire(server, tls=tls) as client:
            for _ in range(2):
                assert await client.ask(whole[:cut], whole[cut:]) == expected
            assert await client.ask(whole) == expected
    async with wire(server, tls=tls) as client:
        assert await client.ask(*(bytes([byte]) for byte in whole)) == expected


async def test_two_requests_in_one_segment_are_answered_in_order(server: Served) -> None:
    paths = (METADATA, COMPONENTS)
    for warm in (False, True):
        async with wire(server) as client:
            await client.send(b"".join(map(get, paths)))
            both = [await client.answer() for _ in paths]
            assert [await client.ask(get(path)) for path in paths] == both, warm
        async with wire(server) as client:
            assert [await client.ask(get(path)) for path in paths] == both, warm


@BOTH_PORTS
async def test_a_ready_answer_is_the_cold_one_again(server: Served, *, tls: bool) -> None:
    before = await ready_answers(server)
    async with wire(server, tls=tls) as client:
        cold = [await client.ask(get(path)) for path in (METADATA, "/nothing", COMPONENTS)]
        assert [await client.ask(get(path)) for path in (METADATA, "/nothing", COMPONENTS)] == cold
    assert await ready_answers(server) == before + 2


@BOTH_PORTS
@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_a_ready_answer_closes_where_the_cold_one_does(
    server: Served, version: str, *, tls: bool
) -> None:
    closing = [] if version == "1.0" else ["Connection: close"]
    sent = get(METADATA, *closing, version=version)
    cold, warm = [await server.raw(sent, tls=tls) for _ in range(2)]
    assert cold.partition(b"\r\n\r\n")[2] == warm.partition(b"\r\n\r\n")[2] != b""
    async with wire(server, tls=tls) as client:
        kept = get(METADATA, "Connection: keep-alive", version=version)
        assert await client.ask(kept) == await client.ask(kept)


@pytest.mark.parametrize("header", ["Content-Length: {}", "Transfer-Encoding: chunked"])
async def test_a_body_is_never_taken_for_a_request(server: Served, header: str) -> None:
    body = get("/index.json")
    before, after = (b"%x\r\n" % len(body), b"\r\n0\r\n\r\n") if "chunked" in header else (b"", b"")
    async with wire(server) as client:
        await client.ask(body)
    for _ in ("cold", "ready"):
        async with wire(server) as client:
            await client.ask(get("/clusterctl.yaml", header.format(len(body))))
            await client.send(before, body, after, get("/healthz", "Connection: close"))
            with contextlib.suppress(ConnectionResetError):  # the connection ends with its answer
                assert b"labels" not in await client.rest()


async def test_nothing_is_answered_after_connection_close(server: Served) -> None:
    async with wire(server) as client:
        await client.ask(get(METADATA))
    answers = await server.raw(get(COMPONENTS, "Connection: close") + get(METADATA))
    assert answers.count(b"HTTP/1.1 200 ") == 1


async def test_a_client_that_says_no_more_gets_all_its_answers(server: Served) -> None:
    async with wire(server) as client:
        client.writer.write(get("/index.json") + get(METADATA))
        client.writer.write_eof()
        assert (await client.rest()).count(b"HTTP/1.1 200 ") == 2
