"""Which way leads to a host: directly or through a proxy; and which hosts are private.

Rules kept here:
- HTTPS_PROXY, HTTP_PROXY and NO_PROXY are read as Go reads them (`x/net/http/httpproxy`), so
  that one setting does for clusterctl and for us: a name stands for its subdomains too, one
  with a leading dot for these alone; addresses, networks and ports may be given; localhost
  and loopback addresses are never asked for through a proxy;
- every spelling of an address that a system may take for one counts as one (`127.1`).
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PRIVATE: Final = -4096
"""The number, none of the system's, of the OSError for a name with a private address."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxies:
    """The proxies of an environment.

    Attributes:
        https: for https:// addresses; '' for none.
        http: for http:// addresses; '' for none.
        none_for: the entries of NO_PROXY.
    """

    https: str = ""
    http: str = ""
    none_for: tuple[str, ...] = ()

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Proxies:
        """Those that the variables name; upper case wins.

        Raises:
            BadInputError: one of them is no address of a proxy.
        """

        def value(name: str) -> str:
            return environment.get(name) or environment.get(name.lower()) or ""

        return cls(
            https=_checked("HTTPS_PROXY", value("HTTPS_PROXY")),
            http=_checked("HTTP_PROXY", value("HTTP_PROXY")),
            none_for=tuple(part for one in value("NO_PROXY").split(",") if (part := one.strip())),
        )

    def for_address(self, url: URL) -> URL | None:
        """The proxy that leads to `url`; None where the way is direct."""
        proxy = self.https if url.scheme == "https" else self.http
        return None if not proxy or self._is_direct(url) else URL(proxy)

    def _is_direct(self, url: URL) -> bool:
        host, port = (url.host or "").lower().rstrip("."), url.port or 0
        address = address_of(host)
        if host == "localhost" or (address is not None and address.is_loopback):
            return True
        return any(_covers(entry.lower(), host, address, port) for entry in self.none_for)


def _checked(name: str, text: str) -> str:
    if not text:
        return ""
    # Go and curl take HOST:PORT as well.
    whole = text if "://" in text else f"http://{text}"
    try:
        url = URL(whole)
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise BadInputError(f"{name} is no address of a proxy", cure="write http://HOST:PORT")
    return whole


def _covers(entry: str, host: str, address: _Address | None, port: int) -> bool:
    if entry == "*":
        return True
    try:
        network = ipaddress.ip_network(entry, strict=False)
    except ValueError:
        pass
    else:
        return address is not None and address.version == network.version and address in network
    name, colon, number = entry.rpartition(":")
    if colon and number.isdigit():
        if int(number) != port:
            return False
        entry = name
    if address is not None:
        return address == address_of(entry.removeprefix("[").removesuffix("]"))
    entry = entry.removeprefix("*")
    if entry.startswith("."):
        return host.endswith(entry)
    return host == entry or host.endswith(f".{entry}")


def address_of(host: str) -> _Address | None:
    """The address that `host` spells, in any way that a system may read; None for a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def is_private(address: str) -> bool:
    """Whether an address is anything but one of the public internet."""
    found = address_of(address)
    if found is None:
        return False
    inside = getattr(found, "ipv4_mapped", None) or found
    return not inside.is_global or inside.is_multicast


class PublicResolver(AbstractResolver):
    """Resolves names, and knows none that lead to a private address.

    It stands where the connection is made, so that a name cannot lead to one address when it
    is looked at and to another when it is dialled.
    """

    def __init__(self, inner: AbstractResolver, private: Callable[[str], bool]) -> None:
        self._inner = inner
        self._private = private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """As the resolver within; raises OSError with PRIVATE where an address is private."""
        found = await self._inner.resolve(host, port, family)
        if any(self._private(one["host"]) for one in found):
            raise OSError(PRIVATE, f"{host} leads to a private address")
        return found

    async def close(self) -> None:
        """Nothing: the resolver within is another's."""
