"""Whatever bytes a server sends: the right ones come, or an error that says so."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from capirepo.errors import NotThereError
from capirepo.outside import UpstreamError
from capirepo.upstream.http import Limits
from capirepo.upstream.wire import Outside
from tests.upstream.bad import (
    BODY,
    Bad,
    Places,
    answer,
    asset_at,
    bad_server,
    chunked,
    client,
    read,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capirepo.upstream.http import Http

SHA256 = hashlib.sha256(BODY).hexdigest()
HEADERS = st.sampled_from(
    ["Content-Length: 1240", "Content-Length: 3", "Content-Length: x", "Transfer-Encoding: gzip",
     "Transfer-Encoding: chunked", "Content-Encoding: gzip", "Content-Encoding: identity",
     "Content-Encoding: br", "Connection: close", "Content-Type: text/html", "Content-Type: ;",
     "Retry-After: -1", "Retry-After: 9", "Location: /f", "Location: https://x.example/",
     "Location: https://[", f"X-Checksum-Sha256: {SHA256}", f"X-Checksum-Sha256: {'0' * 64}",
     "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: nan", "Link: <x>; rel=next", "Link: ,;<",
     "X-Next-Page: 2", "Upgrade: websocket", "Set-Cookie: a=b", "ETag: \xff", "Trailer: x"]
)  # fmt: skip
STATUSES = st.sampled_from(
    ["200 OK", "200 OK", "200 OK", "100 Continue", "101 Switch", "204 No", "206 Part", "301 There",
     "302 Found", "304 Same", "403 No", "404 No", "429 Slow", "500 Oh", "503 Busy", "999 ?"]
)  # fmt: skip
BODIES = st.sampled_from([BODY, BODY[:-1], BODY + b"x", b"", gzip.compress(BODY), b"<html>"])
ANSWERS = st.builds(
    lambda body, headers, status, length: answer(body, *headers, status=status, length=length),
    BODIES, st.lists(HEADERS, max_size=4), STATUSES, st.sampled_from([-1, -1, None, 0, 1241]),
)  # fmt: skip
WHOLE = st.sampled_from(
    [answer(), chunked(), answer(gzip.compress(BODY), "Content-Encoding: gzip")]
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """An answer that was whole, and then was not."""
    data = draw(st.one_of(WHOLE, ANSWERS))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data)))
        more = draw(st.binary(max_size=6))
        cut = draw(st.integers(0, 3))
        data = data[:at] + more + data[at + cut :]
    return data


ANYTHING = st.one_of(ANSWERS, damaged(), st.binary(max_size=300))


class Bench:
    """A bad server and a client, in a loop that stands still between two examples."""

    def __init__(self, runner: asyncio.Runner, bad: Bad, http: Http) -> None:
        self.run = runner.run
        self.bad = bad
        self.http = http
        self.address = f"http://127.0.0.1:{bad.port}/f"

    async def outcome(self, reply: bytes, **stated: Any) -> bytes | None:
        self.bad.replies["*"] = [reply]
        try:
            return await read(self.http, asset_at(self.address, **stated))
        except (UpstreamError, NotThereError):
            return None


class Patient:
    """A breaker that never breaks, so that every example is asked for."""

    def check(self, host: str) -> None: ...
    def failed(self, host: str, reason: str) -> None: ...
    def worked(self, host: str) -> None: ...
    def limit(self, host: str, seconds: float) -> None: ...


@pytest.fixture
def bench() -> Iterator[Bench]:
    with asyncio.Runner() as runner:
        stack = contextlib.AsyncExitStack()
        bad = runner.run(stack.enter_async_context(bad_server()))
        outside = Outside(resolver=Places({}))
        http = client(outside=outside, limits=Limits(tries=1, answer=2.0), breaker=Patient())  # type: ignore[arg-type]
        runner.run(stack.enter_async_context(http))
        yield Bench(runner, bad, http)
        runner.run(stack.aclose())


def test_the_right_bytes_come_or_an_error(bench: Bench) -> None:
    @settings(max_examples=400, deadline=None)
    @given(ANYTHING)
    def holds(reply: bytes) -> None:
        outcome = bench.run(bench.outcome(reply, size=len(BODY), sha256=SHA256))
        assert outcome in (None, BODY)

    holds()


def test_what_is_cut_anywhere_is_an_error_even_where_nothing_was_stated(bench: Bench) -> None:
    @settings(max_examples=200, deadline=None)
    @given(st.sampled_from([answer(), chunked()]), st.data())
    def holds(reply: bytes, data: st.DataObject) -> None:
        cut = reply[: data.draw(st.integers(0, len(reply) - 1))]
        outcome = bench.run(bench.outcome(cut))
        # The very last line of chunks may be missing: nothing of the file is.
        assert outcome is None or (outcome == BODY and cut + b"\r\n" in (reply, reply + b"\n"))

    holds()


def test_a_list_is_parsed_or_an_error(bench: Bench) -> None:
    @settings(max_examples=300, deadline=None)
    @given(ANYTHING)
    def holds(reply: bytes) -> None:
        bench.bad.replies["*"] = [reply]

        async def parsed() -> None:
            answered = await bench.http.fetch_list(URL(bench.address), known='"1"')
            if not answered.unchanged:
                answered.parsed(list[int])

        with contextlib.suppress(UpstreamError, NotThereError):
            bench.run(parsed())

    holds()
