"""The one HTTP client: asks upstreams for lists and files, carefully.

Rules kept here:
- only what may heal is tried again, and not at once; a host that fails, or wants to be left
  alone, is left alone by everybody who asks through the same client;
- a host sees a few connections at a time; time counts from when it is our turn;
- what cannot be told from the whole file, or from the whole list, is an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Self, TypeVar

import aiohttp
from aiohttp import hdrs
from yarl import URL

from capirepo.errors import NotThereError
from capirepo.outside import Download, RemoteAsset, UpstreamError
from capirepo.upstream import body, troubles
from capirepo.upstream.answer import Answer, next_page, stamp_of
from capirepo.upstream.breaker import Breaker
from capirepo.upstream.wire import NOTHING, Outside, Secret, Wire

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

T = TypeVar("T")
Headers = dict[str, str]

_FIRST_WAIT: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is put up with.

    Attributes:
        answer: seconds that a request may take, beside what its bytes earn.
        rate: bytes that earn a second: whoever is slower in the long run is cut off.
        tries: how often a request is made at most.
        patience: the longest time in seconds that a host may ask us to wait, and we do.
        connections: how many a host sees at a time.
        list_bytes: how long a list may be.
    """

    answer: float = 30.0
    rate: float = 32 * 1024
    tries: int = 3
    patience: float = 10.0
    connections: int = 8
    list_bytes: int = 64 * 1024 * 1024


class Http:
    """The client; one for all upstreams, so that hosts are left alone by all of them.

    Args:
        outside: how the outside is reached.
        limits: how much is put up with.
        breaker: what is remembered of hosts.
        sleep: waits for some seconds.
        now: seconds since 1970, as hosts name times.
        chance: a number from 0 to 1, so that not all try again at the same moment.
    """

    def __init__(  # noqa: PLR0913 - what tests hand in
        self,
        outside: Outside | None = None,
        *,
        limits: Limits | None = None,
        breaker: Breaker | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        now: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._wire = Wire(outside or Outside())
        self._limits = limits or Limits()
        self._breaker = breaker or Breaker()
        self._sleep, self._now, self._chance = sleep, now, chance
        self._turns: dict[str, asyncio.Semaphore] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends all connections; what is asked afterwards opens new ones."""
        await self._wire.close()

    async def fetch_list(
        self, url: URL, *, secret: Secret = NOTHING, known: str = "", accept: str = "*/*"
    ) -> Answer:
        """A list, whole; `known` is the ETag of the one that we have.

        Raises:
            NotThereError: upstream says no.
            UpstreamError: it cannot be asked, or is not to be believed.
        """
        headers: Headers = {hdrs.ACCEPT: accept, hdrs.ACCEPT_ENCODING: "gzip"}
        if known:
            headers[hdrs.IF_NONE_MATCH] = known

        async def attempt() -> Answer:
            patience = self._patience()
            response = await self._wire.exchange(hdrs.METH_GET, url, headers, secret, patience)
            with contextlib.closing(response):
                unchanged = response.status == HTTPStatus.NOT_MODIFIED
                self._expect(url, response, secret, unchanged=bool(known))
                data = b""
                if not unchanged:
                    data = await body.whole(response, patience, self._limits.list_bytes)
                return Answer(
                    url=url,
                    headers=response.headers,
                    body=data,
                    unchanged=unchanged,
                    next=next_page(url, response),
                )

        async with self._turn(url):
            return await self._persist(url, attempt)

    async def server(self, url: URL) -> str:
        """What a host calls itself in its Server header; '' where it does not.

        Raises:
            UpstreamError: it cannot be asked.
        """

        async def attempt() -> str:
            response = await self._wire.exchange(hdrs.METH_HEAD, url, {}, NOTHING, self._patience())
            with contextlib.closing(response):
                if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    self._expect(url, response, NOTHING)
                return response.headers.get(hdrs.SERVER, "")

        async with self._turn(url):
            return await self._persist(url, attempt)

    async def head(self, url: URL, *, secret: Secret = NOTHING) -> Answer:
        """What is said of a file; raises as `fetch_list`."""
        headers: Headers = {hdrs.ACCEPT_ENCODING: "identity"}

        async def attempt() -> Answer:
            response = await self._wire.exchange(
                hdrs.METH_HEAD, url, headers, secret, self._patience()
            )
            with contextlib.closing(response):
                self._expect(url, response, secret)
                return Answer(url=url, headers=response.headers)

        async with self._turn(url):
            return await self._persist(url, attempt)

    @contextlib.asynccontextmanager
    async def open(
        self, asset: RemoteAsset, *, secret: Secret = NOTHING, url: URL | None = None
    ) -> AsyncIterator[Download]:
        """A file; its pieces end with an error unless all of it came.

        Args:
            asset: what is known of it.
            secret: what to show.
            url: where it is, unless at its address.

        Raises:
            NotThereError, UpstreamError: as `fetch_list`, here and while it is read.
        """
        own = url or URL(asset.address)
        headers: Headers = {
            hdrs.ACCEPT: "application/octet-stream",
            hdrs.ACCEPT_ENCODING: "identity",
        }
        patience = self._patience()

        async def attempt() -> tuple[aiohttp.ClientResponse, int | None, str]:
            nonlocal patience
            patience = self._patience()
            response = await self._wire.exchange(hdrs.METH_GET, own, headers, secret, patience)
            try:
                self._expect(own, response, secret)
                return response, body.check_head(response, asset), body.digest_of(response, asset)
            except BaseException:
                response.close()
                raise

        async with self._turn(own):
            response, size, sha256 = await self._persist(own, attempt, whole=False)
            coming = body.pieces(response, patience, size=size, sha256=sha256)
            with contextlib.closing(response):
                async with contextlib.aclosing(self._watched(own, coming)) as pieces:
                    yield Download(pieces=pieces, size=size, stamp=stamp_of(response.headers))

    async def _watched(
        self, url: URL, coming: AsyncGenerator[bytes, None]
    ) -> AsyncGenerator[bytes, None]:
        async with contextlib.aclosing(coming):
            try:
                async for piece in coming:
                    yield piece
            except UpstreamError as error:
                self._note(url, error)
                raise
        self._breaker.worked(_host(url))

    def _patience(self) -> body.Patience:
        return body.Patience(self._limits.answer, self._limits.rate)

    @contextlib.asynccontextmanager
    async def _turn(self, url: URL) -> AsyncIterator[None]:
        turns = self._turns.setdefault(_host(url), asyncio.Semaphore(self._limits.connections))
        async with turns:
            yield

    async def _persist(
        self, url: URL, attempt: Callable[[], Awaitable[T]], *, whole: bool = True
    ) -> T:
        """Tries again while that may help; `whole` where nothing is left to be read then."""
        tried = 0
        while True:
            tried += 1
            try:
                self._breaker.check(_host(url))
                result = await attempt()
            except NotThereError:
                self._breaker.worked(_host(url))
                raise
            except UpstreamError as error:
                self._note(url, error)
                wait = self._wait(error, tried)
                if wait is None:
                    raise
            else:
                if whole:
                    self._breaker.worked(_host(url))
                return result
            await self._sleep(wait)

    def _note(self, url: URL, error: UpstreamError) -> None:
        if troubles.is_limit(error):
            self._breaker.limit(_host(url), error.retry_after or 0.0)
        elif troubles.is_failure(error):
            self._breaker.failed(_host(url), str(error))

    def _wait(self, error: UpstreamError, tried: int) -> float | None:
        if tried >= self._limits.tries:
            return None
        if error.retry_after is not None:
            short = error.retry_after <= self._limits.patience
            return error.retry_after + self._chance() * _FIRST_WAIT if short else None
        if not troubles.may_heal(error):
            return None
        return float(_FIRST_WAIT * 2 ** (tried - 1) * (0.5 + self._chance()))

    def _expect(
        self,
        url: URL,
        response: aiohttp.ClientResponse,
        secret: Secret,
        *,
        unchanged: bool = False,
    ) -> None:
        if response.status == HTTPStatus.OK:
            return
        if unchanged and response.status == HTTPStatus.NOT_MODIFIED:
            return
        raise troubles.of_status(
            url, response.status, response.headers, now=self._now(), secret=secret
        )


def _host(url: URL) -> str:
    return f"{url.host}:{url.port}"
