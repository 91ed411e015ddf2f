"""What upstreams do wrong, and what comes of it."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
from typing import TYPE_CHECKING

import pytest
from yarl import URL

from capirepo.errors import NotThereError
from capirepo.outside import UpstreamError
from capirepo.upstream.breaker import Breaker
from capirepo.upstream.http import Limits
from capirepo.upstream.wire import Outside, Secret
from tests.upstream.bad import (
    BODY,
    IMPATIENT,
    Bad,
    Clock,
    Places,
    answer,
    asset_at,
    bad_server,
    chunked,
    client,
    contexts,
    read,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SHA256 = hashlib.sha256(BODY).hexdigest()
SECRET = Secret(headers={"Authorization": "Bearer t0ken"}, variable="GITHUB_TOKEN")


@pytest.fixture
async def bad() -> AsyncIterator[Bad]:
    async with bad_server() as server:
        yield server


def at(bad: Bad, path: str = "/f") -> str:
    return f"http://127.0.0.1:{bad.port}{path}"


@pytest.mark.parametrize("reply", [answer(), chunked()], ids=["length", "chunks"])
async def test_what_is_whole_and_as_stated_comes(bad: Bad, reply: bytes) -> None:
    bad.replies["/f"] = [reply]
    async with client() as http:
        assert await read(http, asset_at(at(bad), size=len(BODY), sha256=SHA256)) == BODY
        assert await read(http, asset_at(at(bad))) == BODY
    assert "accept-encoding: identity" in bad.asked[0].lower()


BROKEN = {
    "length": (answer(BODY[:-1], length=len(BODY)), "broke off"),
    "chunk": (chunked()[:-40], "broke off"),
    "no last chunk": (chunked(end=b""), "broke off"),
    "close": (answer(length=None), "where its answer ends"),
    "gzip": (answer(gzip.compress(BODY), "Content-Encoding: gzip"), "gzip"),
    "gzip cut": (answer(gzip.compress(BODY)[:-9], "Content-Encoding: gzip"), "gzip"),
    "longer than stated": (answer(BODY + b"x"), "1241 bytes, and 1240 were stated"),
    "longer in chunks": (chunked(BODY + b"x"), "more than the 1240 bytes"),
    "shorter in chunks": (chunked(BODY[:-1]), "1239 of 1240 bytes"),
    "other bytes": (answer(BODY[:-1] + b"x"), "and .* was stated"),
    "another digest": (answer(BODY, f"X-Checksum-Sha256: {'0' * 64}"), "and .* was stated"),
    "HTML": (answer(BODY, "Content-Type: text/html; charset=utf-8"), "page of HTML"),
    "HTML unnamed": (answer(b"\n<!DOCTYPE html>\n".ljust(len(BODY))), "page of HTML"),
    "HTML in chunks": (chunked(b"<html>".ljust(len(BODY))), "page of HTML"),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", "HTTP as expected"),
    "nothing": (b"", "broke off before it answered"),
    "huge header": (answer(BODY, f"X: {'x' * 9000}"), "HTTP as expected"),
    "part": (answer(BODY, status="206 Partial Content"), "answers 206"),
    "no content": (answer(b"", status="204 No Content", length=None), "answers 204"),
    "forbidden": (answer(status="403 Forbidden"), "does not let us read"),
    "error": (answer(status="500 Oh"), "answers 500"),
}


@pytest.mark.parametrize(("reply", "sentence"), BROKEN.values(), ids=BROKEN)
async def test_what_is_not_whole_or_not_as_stated_is_an_error(
    bad: Bad, reply: bytes, sentence: str
) -> None:
    bad.replies["/f"] = [reply]
    async with client() as http:
        with pytest.raises(UpstreamError, match=sentence) as error:
            await read(http, asset_at(at(bad), size=len(BODY), sha256=SHA256))
    assert error.value.address == at(bad)


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone"])
async def test_a_no_is_a_no_and_is_asked_for_once(bad: Bad, status: str) -> None:
    bad.replies["/f"] = [answer(status=status)]
    async with client() as http:
        with pytest.raises(NotThereError):
            await read(http, asset_at(at(bad)))
        with pytest.raises(NotThereError):
            await http.head(URL(at(bad)))
    assert len(bad.asked) == 2


@pytest.mark.parametrize("begun", [b"", answer(length=999)[:-300]], ids=["no answer", "half"])
async def test_who_hangs_is_cut_off_by_the_deadline(bad: Bad, begun: bytes) -> None:
    bad.replies["/f"], bad.hanging = [begun], True
    async with client(limits=IMPATIENT) as http, asyncio.timeout(10):
        with pytest.raises(UpstreamError, match="in time"):
            await read(http, asset_at(at(bad)))


async def test_who_drips_is_cut_off_and_other_files_come_meanwhile(bad: Bad) -> None:
    bad.replies["/f"], bad.dripping = [answer(b"x" * 100_000)], True
    # Long enough for a busy machine; what drips would take ten minutes.
    limits = Limits(answer=2.0, tries=1)
    async with bad_server() as good, client(limits=limits) as http, asyncio.timeout(30):
        good.replies["/f"] = [answer()]
        dripping = asyncio.create_task(read(http, asset_at(at(bad))))
        assert await read(http, asset_at(at(good))) == BODY
        with pytest.raises(UpstreamError, match="in time"):
            await dripping


async def test_time_in_which_we_are_busy_ourselves_does_not_count(bad: Bad) -> None:
    bad.replies["/f"] = [answer()]
    limits = Limits(answer=1.0, tries=1)
    async with client(limits=limits) as http, http.open(asset_at(at(bad))) as download:
        await asyncio.sleep(1.1)  # longer than the deadline
        assert b"".join([piece async for piece in download.pieces]) == BODY


async def test_what_may_heal_is_tried_again(bad: Bad) -> None:
    clock = Clock()
    bad.replies["/f"] = [answer(status="503 Busy"), b"", answer()]
    async with client(clock) as http:
        assert await read(http, asset_at(at(bad))) == BODY
    assert clock.slept == [0.5, 1.0]


@pytest.mark.parametrize("status", ["400 Bad", "401 No", "403 No", "418 Teapot", "500 Oh"])
async def test_what_does_not_heal_is_asked_for_once(bad: Bad, status: str) -> None:
    bad.replies["/f"] = [answer(status=status)]
    async with client() as http:
        with pytest.raises(UpstreamError) as error:
            await read(http, asset_at(at(bad)))
    assert error.value.status == int(status[:3])
    assert len(bad.asked) == 1


async def test_nobody_there_is_tried_three_times() -> None:
    clock = Clock()
    async with bad_server() as gone:
        address = at(gone)
    async with client(clock) as http:
        with pytest.raises(UpstreamError, match="cannot be reached"):
            await read(http, asset_at(address))
    assert len(clock.slept) == 2
    async with client(clock, outside=Outside(resolver=Places({}))) as http:
        with pytest.raises(UpstreamError, match="not known") as error:
            await http.head(URL("https://a.example/"))
    assert error.value.status is None


async def test_a_certificate_that_is_not_trusted_is_named_and_not_tried_again(
    tmp_path: Path,
) -> None:
    server_side, _ = contexts(tmp_path, "a.example")
    clock = Clock()
    async with bad_server(tls=server_side) as server:
        outside = Outside(resolver=Places({"a.example": ("127.0.0.1", server.port)}))
        async with client(clock, outside=outside) as http:
            with pytest.raises(UpstreamError, match="SSL_CERT_FILE"):
                await http.head(URL("https://a.example/"))
    assert clock.slept == []


async def test_a_host_that_fails_again_and_again_is_left_alone_for_a_while(bad: Bad) -> None:
    clock = Clock()
    bad.replies["/f"] = [answer(status="502 Bad")]
    breaker = Breaker(failures=3, seconds=30.0, clock=clock.now)
    async with client(clock, breaker=breaker, limits=Limits(tries=1)) as http:
        for _ in range(3):
            with pytest.raises(UpstreamError, match="502"):
                await http.head(URL(at(bad)))
        with pytest.raises(UpstreamError, match="3 times in a row") as error:
            await http.head(URL(at(bad)))
        assert error.value.retry_after == 30.0
        assert len(bad.asked) == 3
        clock.seconds += 30.0
        bad.replies["/f"] = [answer(b"")]
        await http.head(URL(at(bad)))
        await http.head(URL(at(bad)))


async def test_bodies_that_break_off_count_as_well(bad: Bad) -> None:
    clock = Clock()
    bad.replies["/f"] = [answer(length=9999)]
    async with client(clock, breaker=Breaker(failures=3, clock=clock.now)) as http:
        for _ in range(3):
            with pytest.raises(UpstreamError, match="broke off"):
                await read(http, asset_at(at(bad)))
        with pytest.raises(UpstreamError, match="in a row"):
            await read(http, asset_at(at(bad)))


LIMITED = {
    "429 seconds": (["Retry-After: 7"], "429 Slow down", 7.0),
    "403 seconds": (["Retry-After: 7"], "403 Forbidden", 7.0),
    "503 seconds": (["Retry-After: 7"], "503 Busy", 7.0),
    "429 date": (["Retry-After: Mon, 12 Jan 1970 13:46:47 GMT"], "429 Slow down", 7.0),
    "403 reset": (
        ["X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1000007"],
        "403 Forbidden",
        7.0,
    ),
}


@pytest.mark.parametrize(("headers", "status", "seconds"), LIMITED.values(), ids=LIMITED)
async def test_a_short_limit_is_waited_out(
    bad: Bad, headers: list[str], status: str, seconds: float
) -> None:
    clock = Clock()
    bad.replies["/f"] = [answer(b"", *headers, status=status), answer()]
    async with client(clock) as http:
        assert await read(http, asset_at(at(bad))) == BODY
    assert clock.slept == [seconds + 0.25]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (["Retry-After: 600"], 600.0),
        (["X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1000600"], 600.0),
        ([], 60.0),
        (["Retry-After: whenever"], 60.0),
        (["X-RateLimit-Remaining: 0", "X-RateLimit-Reset: nan"], 60.0),
        (["Retry-After: 99999999999999999999999"], 3600.0),
    ],
)
async def test_a_long_limit_is_told_and_kept_without_asking(
    bad: Bad, headers: list[str], seconds: float
) -> None:
    clock = Clock()
    bad.replies["*"] = [answer(b"", *headers, status="429 Slow down")]
    async with client(clock) as http:
        with pytest.raises(UpstreamError) as error:
            await http.fetch_list(URL(at(bad)), secret=SECRET)
        assert (error.value.status, error.value.retry_after) == (429, seconds)
        assert "GITHUB_TOKEN" in str(error.value)
        clock.seconds += 10.0
        outcomes = await asyncio.gather(
            *(read(http, asset_at(at(bad, f"/{n}"))) for n in range(20)), return_exceptions=True
        )
    assert {getattr(one, "retry_after", None) for one in outcomes} == {seconds - 10.0}
    assert len(bad.asked) == 1


async def test_a_client_that_leaves_frees_its_connection(bad: Bad) -> None:
    bad.replies["/f"], bad.hanging = [answer(length=9999)], True
    async with client(limits=Limits(connections=1)) as http:
        for _ in range(3):
            async with http.open(asset_at(at(bad))) as download:
                assert await anext(aiter(download.pieces))
        task = asyncio.create_task(read(http, asset_at(at(bad))))
        async with asyncio.timeout(10):
            while len(bad.asked) < 4:
                await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        bad.replies["/f"], bad.hanging = [answer()], False
        assert await read(http, asset_at(at(bad))) == BODY


async def test_a_host_sees_a_few_connections_at_a_time(bad: Bad) -> None:
    bad.replies["*"], bad.hanging = [b""], True
    limits = Limits(connections=3, answer=0.2, tries=1)
    async with client(limits=limits, breaker=Breaker(failures=1)) as http:
        outcomes = await asyncio.gather(
            *(http.head(URL(at(bad, f"/{n}"))) for n in range(20)), return_exceptions=True
        )
    assert all(isinstance(one, UpstreamError) for one in outcomes)
    assert len(bad.asked) == 3


async def test_a_list_may_be_gzip_and_is_whole_or_an_error(bad: Bad) -> None:
    packed = gzip.compress(b"[1, 2]")
    bad.replies["/ok"] = [answer(packed, "Content-Encoding: gzip")]
    bad.replies["/cut"] = [answer(packed[:-9], "Content-Encoding: gzip")]
    bad.replies["/odd"] = [answer(b"nonsense", "Content-Encoding: gzip")]
    bad.replies["/bomb"] = [answer(gzip.compress(bytes(1 << 20)), "Content-Encoding: gzip")]
    bad.replies["/br"] = [answer(packed, "Content-Encoding: br")]
    bad.replies["/long"] = [answer(bytes(2048))]
    bad.replies["/deep"] = [answer(b"[" * 1000)]
    bad.replies["/other"] = [answer(b'{"a": 1}')]
    async with client(limits=Limits(list_bytes=1024)) as http:
        assert (await http.fetch_list(URL(at(bad, "/ok")))).parsed(list[int]) == [1, 2]
        for path in ("/cut", "/odd", "/bomb", "/br", "/long", "/deep", "/other"):
            with pytest.raises(UpstreamError):
                (await http.fetch_list(URL(at(bad, path)))).parsed(list[int])


async def test_no_cookie_is_kept(bad: Bad) -> None:
    bad.replies["/f"] = [answer(BODY, "Set-Cookie: a=b")]
    async with client() as http:
        for _ in range(2):
            await read(http, asset_at(at(bad)))
    assert not any("cookie" in head.lower() for head in bad.asked)
