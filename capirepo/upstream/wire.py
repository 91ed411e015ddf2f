"""The way of one request to a host: connections, proxies, redirects.

Rules kept here:
- a token goes to the host that it is for, and never along with a redirect to another one;
- a redirect leads to https, or stays where it is; never to a private address, unless the
  upstream is one itself; at most five times; no cookies.

Proxies and the trust in certificates come from what is handed in: aiohttp's own reading of
the environment knows no networks and no ports in NO_PROXY, and would take passwords for
other hosts from .netrc.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from aiohttp import hdrs
from yarl import URL

import capirepo
from capirepo.errors import BadInputError
from capirepo.outside import VIA, UpstreamError
from capirepo.upstream import troubles
from capirepo.upstream.ways import Proxies, PublicResolver, address_of, is_private

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiohttp.abc import AbstractResolver

    from capirepo.upstream.body import Patience

_REDIRECTS: Final = (301, 302, 303, 307, 308)
_MOST_REDIRECTS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """What is shown to a host, so that it lets us read.

    Attributes:
        headers: with the token; empty for none.
        variable: the environment variable that the token is from, for messages.
    """

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    variable: str = ""


NOTHING: Final = Secret()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """How the outside is reached.

    Attributes:
        proxies: which hosts are asked through which proxy.
        tls: whom to trust; None for whom the system and SSL_CERT_FILE name.
        resolver: looks up names; None for the system's.
        private: whether an address is one that no redirect may lead to.
        connect: seconds until a connection stands.
        via: by what name we are known to whom we ask (RFC 9110 7.6.3), so that a server that
            asks itself sees it; '' for none.
    """

    proxies: Proxies = Proxies()  # noqa: RUF009 - frozen
    tls: ssl.SSLContext | None = None
    resolver: AbstractResolver | None = None
    private: Callable[[str], bool] = is_private
    connect: float = 10.0
    via: str = ""


class Wire:
    """Connections to the outside, opened when they are needed."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._resolver: AbstractResolver | None = None
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def close(self) -> None:
        """Ends all connections; what is asked afterwards opens new ones."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()
        if self._resolver is not None and self._outside.resolver is None:
            await self._resolver.close()
        self._resolver = None

    async def exchange(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        secret: Secret,
        patience: Patience,
    ) -> aiohttp.ClientResponse:
        """The answer to a request, whatever its status; its body is still to be read.

        Raises:
            UpstreamError: there is none within the time, or the way to it is refused.
        """
        at = url
        for _ in range(_MOST_REDIRECTS + 1):
            own = at.origin() == url.origin()
            sent = {**headers, **self._via(), **(secret.headers if own else {})}
            response = await self._request(method, url, at, sent, patience)
            if response.status not in _REDIRECTS:
                return response
            response.close()
            at = _led(at, response.headers.get(hdrs.LOCATION, ""))
        where = troubles.plain(url)
        raise UpstreamError(f"{where} leads on more than {_MOST_REDIRECTS} times", address=where)

    def _via(self) -> dict[str, str]:
        """By whom a request goes that is made because of another."""
        if not self._outside.via:
            return {}
        return {hdrs.VIA: ", ".join(f"1.1 {one}" for one in (*VIA.get(), self._outside.via))}

    async def _request(
        self,
        method: str,
        own: URL,
        at: URL,
        headers: Mapping[str, str],
        patience: Patience,
    ) -> aiohttp.ClientResponse:
        try:
            async with patience.waiting():
                proxy = self._outside.proxies.for_address(at)
                trusted = at.host == own.host or await self._is_private(own)
                literal = address_of(at.host or "")
                if not trusted and literal is not None and self._outside.private(str(literal)):
                    raise _private(at)
                session = self._session(public=not trusted and proxy is None)
                return await session.request(
                    method, at, allow_redirects=False, **_through(at, proxy, headers)
                )
        except troubles.EXPECTED as error:
            raise troubles.of_exception(at, error) from error

    async def _is_private(self, url: URL) -> bool:
        host = url.host or ""
        if (address := address_of(host)) is not None:
            return self._outside.private(str(address))
        if self._outside.proxies.for_address(url) is not None:
            return False
        found = await self._looked_up().resolve(host, url.port or 0)
        return any(self._outside.private(one["host"]) for one in found)

    def _looked_up(self) -> AbstractResolver:
        if self._resolver is None:
            self._resolver = self._outside.resolver or aiohttp.DefaultResolver()
        return self._resolver

    def _session(self, *, public: bool) -> aiohttp.ClientSession:
        session = self._sessions.get(public)
        if session is None:
            inner = self._looked_up()
            # One each, so that no connection to a private address is taken for a public one's.
            connector = aiohttp.TCPConnector(
                limit=0,
                # True is what aiohttp has made already: to read all CAs again takes 35 ms.
                ssl=self._outside.tls or True,
                resolver=PublicResolver(inner, self._outside.private) if public else inner,
            )
            session = self._sessions[public] = aiohttp.ClientSession(
                connector=connector,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={hdrs.USER_AGENT: f"capirepo/{capirepo.__version__}"},
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._outside.connect),
            )
        return session


def trusting(ca_file: str = "") -> ssl.SSLContext:
    """Whom to trust: the system, or SSL_CERT_FILE where it is set; and `ca_file` beside.

    Raises:
        BadInputError: `ca_file` cannot be read, or holds no certificate.
    """
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise BadInputError(
                f"cannot read certificates from {ca_file!r}: {reason}",
                cure="give a PEM file with the certificate of a CA",
            ) from error
    return context


def _through(at: URL, proxy: URL | None, headers: Mapping[str, str]) -> dict[str, Any]:
    """The headers of a request, and what aiohttp wants to know of the proxy."""
    if proxy is None:
        return {"headers": headers}
    given = {"headers": headers, "proxy": proxy.with_user(None)}
    if proxy.user is None:
        return given
    secret = aiohttp.encode_basic_auth(proxy.user, proxy.password or "")
    login = {hdrs.PROXY_AUTHORIZATION: secret}
    # The proxy reads the request itself where there is no tunnel.
    if at.scheme == "https":
        return {**given, "proxy_headers": login}
    return {**given, "headers": {**headers, **login}}


def _led(at: URL, location: str) -> URL:
    where = troubles.plain(at)
    try:
        target = at.join(URL(location)).with_user(None)
        same = target.origin() == at.origin()
    except ValueError as error:
        raise UpstreamError(f"{where} leads nowhere", address=where) from error
    if not location or not (same or target.scheme == "https"):
        raise UpstreamError(
            f"{where} leads to {troubles.plain(target)}, which is not https", address=where
        )
    return target


def _private(at: URL) -> UpstreamError:
    where = troubles.plain(at)
    return UpstreamError(
        f"{where} is not asked: an address that an upstream leads to must not be a private one",
        address=where,
    )
