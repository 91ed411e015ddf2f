"""Dawdling clients, leaving clients and stopping servers; `Ready`."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from capirepo.proxy.door import Door
from capirepo.proxy.ready import Answer, Ready
from capirepo.proxy.traffic import Line
from tests.proxy.test_connect import blocking_tls, connect
from tests.support import Process, Served, add_release, serving_process
from tests.web.test_framing import BOTH_PORTS, COMPONENTS, METADATA, get, wire

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL = "/infrastructure-big/v0.1.0/small.bin"
BIG = "/infrastructure-big/v0.1.0/big.bin"  # held in memory
HUGE = "/infrastructure-big/v0.1.0/huge.bin"  # streamed
SIZES = {SMALL: 40_000, BIG: 15 << 20, HUGE: 32 << 20}
DOOR = "capirepo.proxy.door"


@pytest.fixture
def root(root: Path) -> Path:
    """The small ROOT with assets that no buffer holds."""
    add_release(root, "infrastructure-big", "v0.1.0")
    for path, size in SIZES.items():
        with (root / path[1:]).open("wb") as file:
            file.truncate(size)
    return root


@pytest.fixture(autouse=True)
def doors(monkeypatch: pytest.MonkeyPatch) -> list[Door]:
    """Every door there was, the newest last; they are looked after often."""
    made: list[Door] = []
    make = Door.connection_made

    def connection_made(door: Door, transport: asyncio.BaseTransport) -> None:
        made.append(door)
        make(door, transport)

    monkeypatch.setattr(Door, "connection_made", connection_made)
    monkeypatch.setattr("capirepo.proxy.house.SWEEP_SECONDS", 0.02)
    return made


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


@BOTH_PORTS
@pytest.mark.parametrize("start", [get("/")[:-2], b"G", connect()[:-2]], ids=ascii)
@pytest.mark.parametrize("before", [0, 2])
async def test_slow_headers_are_408(
    monkeypatch: pytest.MonkeyPatch, server: Served, start: bytes, before: int, *, tls: bool
) -> None:
    async with wire(server, tls=tls) as client:
        for _ in range(before):
            assert (await client.ask(get(METADATA))).status == 200
        monkeypatch.setattr(f"{DOOR}.HEAD_SECONDS", 0.1)
        assert (await client.ask(start)).status == 408
        assert await client.rest() == b""


@pytest.mark.parametrize("start", [get("/")[:-2], b"GET /", connect()[:-2]], ids=ascii)
async def test_headers_that_drip_are_ended_as_well(
    monkeypatch: pytest.MonkeyPatch, server: Served, doors: list[Door], start: bytes
) -> None:
    monkeypatch.setattr(f"{DOOR}.HEAD_SECONDS", 0.2)
    async with wire(server) as client, asyncio.timeout(20):
        await client.send(start)
        while not doors or doors[-1]._transport is not None:
            client.writer.write(b"x")
            await asyncio.sleep(0.01)


@BOTH_PORTS
@pytest.mark.parametrize("before", [0, 1, 2], ids=["new", "after a cold one", "after a ready one"])
async def test_an_idle_connection_is_closed(
    monkeypatch: pytest.MonkeyPatch, server: Served, before: int, *, tls: bool
) -> None:
    async with wire(server, tls=tls) as client:
        for _ in range(before):
            assert (await client.ask(get(METADATA))).status == 200
        monkeypatch.setattr(f"{DOOR}.IDLE_SECONDS", 0.1)
        assert await client.rest() == b""


@BOTH_PORTS
@pytest.mark.parametrize("path", [BIG, HUGE], ids=["held in memory", "streamed"])
async def test_a_reader_that_never_reads_is_ended(
    monkeypatch: pytest.MonkeyPatch, server: Served, doors: list[Door], path: str, *, tls: bool
) -> None:
    for name in (f"{DOOR}.UNREAD_SECONDS", f"{DOOR}.IDLE_SECONDS"):
        monkeypatch.setattr(name, 0.2)
    monkeypatch.setattr("asyncio.constants.SSL_SHUTDOWN_TIMEOUT", 0.2)
    for number in (1, 2):  # the second answer is a ready one
        async with wire(server, tls=tls) as client:
            client.writer.write(get(path))
            await until(lambda: [door._transport for door in doors] == [None] * number)  # noqa: B023


async def test_a_reader_that_leaves_a_little_unread_is_ended(
    monkeypatch: pytest.MonkeyPatch, server: Served, doors: list[Door]
) -> None:
    for name in ("UNREAD_SECONDS", "IDLE_SECONDS"):
        monkeypatch.setattr(f"{DOOR}.{name}", 0.2)
    async with wire(server) as client:
        assert (await client.ask(get(SMALL))).status == 200
        transport = doors[-1]._transport
        assert transport is not None
        while not transport.get_write_buffer_size():
            await client.send(get(SMALL))
        await until(lambda: doors[-1]._transport is None, 2)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("header", ["Accept: */*", "Connection: close"])
async def test_a_slow_reader_gets_it_all(
    monkeypatch: pytest.MonkeyPatch, server: Served, header: str, *, tls: bool
) -> None:
    monkeypatch.setattr(f"{DOOR}.IDLE_SECONDS", 0.1)
    monkeypatch.setattr("asyncio.constants.SSL_SHUTDOWN_TIMEOUT", 0.1)
    async with wire(server, tls=tls) as client, asyncio.timeout(20):
        await client.send(get(BIG, header))
        await client.reader.readuntil(b"\r\n\r\n")
        got = 0
        while got < SIZES[BIG] and (piece := await client.reader.read(1 << 17)):
            got += len(piece)
            await asyncio.sleep(0.005)
        assert got == SIZES[BIG]


@pytest.mark.parametrize("goodbye", [False, True])
async def test_a_client_that_reads_no_more_hurts_nobody_else(
    monkeypatch: pytest.MonkeyPatch, server: Served, doors: list[Door], *, goodbye: bool
) -> None:
    monkeypatch.setattr(f"{DOOR}.HEAD_SECONDS", 0.3)
    with await blocking_tls(server) as client:
        if goodbye:
            client.sendall(get(BIG))
            await until(lambda: doors and doors[-1]._beneath[0].get_write_buffer_size())
            client.sendall(get(METADATA, "Connection: close"))
            client.setblocking(False)
            with contextlib.suppress(ssl.SSLError):
                client.unwrap()
        else:
            client.sendall(b"GET")
        for _ in range(2):
            async with wire(server) as other, asyncio.timeout(3):
                assert (await other.ask(b"GET")).status == 408


class Download:
    """A running download of a process; it goes on only where it is read."""

    def __init__(self, process: Process, path: str, *, tls: bool) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        self.socket.settimeout(20)
        url = str(process.banner["tls_url" if tls else "url"])
        self.socket.connect(("127.0.0.1", int(url.rpartition(":")[2])))
        if tls:
            trusting = ssl.create_default_context(cafile=process.banner["ca"])
            self.socket = trusting.wrap_socket(self.socket, server_hostname="localhost")
        self.socket.sendall(get(path))
        self.file = self.socket.makefile("rb")
        while self.file.readline() != b"\r\n":
            pass

    def rest(self, size: int) -> int:
        """How much of a body comes to a slow reader."""
        got = 0
        with self.socket, self.file, contextlib.suppress(OSError):
            while got < size and (piece := self.file.read1(1 << 16)):
                got += len(piece)
                time.sleep(0.001)
        return got


@pytest.mark.parametrize(
    ("path", "tls", "warm"),
    [(HUGE, False, False), (HUGE, True, False), (BIG, False, True),
     (BIG, True, False), (BIG, True, True)],
)  # fmt: skip
def test_sigterm_lets_downloads_finish(
    root: Path, tmp_path: Path, path: str, *, tls: bool, warm: bool
) -> None:
    size = SIZES[path]
    with serving_process(root, state=tmp_path / "state") as server:
        if warm:
            assert Download(server, path, tls=tls).rest(size) == size
        running = [Download(server, path, tls=tls) for _ in range(4)]
        server.process.send_signal(signal.SIGTERM)
        with ThreadPoolExecutor() as pool:
            assert list(pool.map(Download.rest, running, [size] * 4)) == [size] * 4
        assert server.process.wait(20) == 0
        assert server.process.stderr is not None
        assert "Traceback" not in server.process.stderr.read()


def descriptors_of(path: Path) -> list[str]:
    links = (link for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
    with contextlib.suppress(FileNotFoundError):
        return [link.name for link in links if link.resolve() == path]
    return []


@BOTH_PORTS
async def test_a_client_that_leaves_leaves_no_descriptor_open(
    server: Served, doors: list[Door], *, tls: bool
) -> None:
    file = server.root / HUGE[1:]
    async with wire(server, tls=tls) as client:
        await client.send(get(HUGE))
        await until(lambda: descriptors_of(file))
    await until(lambda: not descriptors_of(file) and doors[-1]._transport is None)


async def test_a_client_that_leaves_is_no_error(
    server: Served, doors: list[Door], caplog: pytest.LogCaptureFixture
) -> None:
    async with wire(server) as client:
        await client.send(get(HUGE))
        await client.reader.readuntil(b"\r\n\r\n")
    await until(lambda: doors[-1]._transport is None and not descriptors_of(server.root / HUGE[1:]))
    assert caplog.text == ""


PLAIN = (False, None)


def answer(body: bytes) -> Answer:
    line = Line(method="GET", host="h", path="/", face="tree", status=200, size=len(body))
    return Answer(head=b"HTTP/1.1 200 OK\r\n", body=body, close=False, line=line)


@pytest.mark.parametrize(("size", "most"), [(0, 4096), (1000, 1000)])
def test_ready_answers_are_bounded_in_number_and_in_bytes(size: int, most: int) -> None:
    ready = Ready(lambda: 1, 1_000_000)
    for number in range(10_000):
        ready.keep(PLAIN, b"%d" % number, answer(bytes(size)), 1)
        assert len(ready._answers) <= most
    assert ready.get(PLAIN, b"9999") is not None


def test_an_answer_beyond_the_budget_is_not_kept() -> None:
    ready = Ready(lambda: 1, 1000)
    ready.keep(PLAIN, b"GET", answer(bytes(1001)), 1)
    assert ready.get(PLAIN, b"GET") is None


def test_no_answer_of_an_older_generation_is_kept_or_given() -> None:
    now = 1
    ready = Ready(lambda: now, 1000)
    ready.keep(PLAIN, b"GET", answer(b"old"), 1)
    assert ready.get(PLAIN, b"GET") is not None
    now = 2
    assert ready.get(PLAIN, b"GET") is None
    ready.keep(PLAIN, b"GET", answer(b"old"), 1)
    assert ready.get(PLAIN, b"GET") is None


async def test_ready_answers_are_forgotten_when_the_repository_changes(server: Served) -> None:
    async with wire(server) as client, asyncio.timeout(20):
        before = [await client.ask(get("/index.json")) for _ in range(2)]
        assert before[0] == before[1]
        add_release(server.root, "infrastructure-awesome", "v0.4.0")
        server.running.watch.look_soon()
        while b'"v0.4.0"' not in (await client.ask(get("/index.json"))).body:
            await asyncio.sleep(0.01)


async def test_no_answer_is_kept_for_bytes_inside_of_another_request(server: Served) -> None:
    async with wire(server) as evil:
        await evil.ask(get("/healthz") + f"GET {COMPONENTS} HTTP/1.1\r\nX: ".encode())
        assert b"kind: Namespace" in (await evil.ask(get(METADATA))).body
    async with wire(server) as client:
        assert b"kind: Metadata" in (await client.ask(get(METADATA))).body


async def test_a_ready_answer_names_the_scheme_of_its_connection(server: Served) -> None:
    sent = get("/", "Connection: close")
    assert b"http://localhost/" in await server.raw(sent)
    assert b"https://localhost/" in await server.raw(sent, tls=True)
