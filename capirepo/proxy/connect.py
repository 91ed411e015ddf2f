"""What to answer to a CONNECT, and to a request by the host that it names. Pure.

Rules kept here:
- only hosts that we answer for, by name, and only port 443: we are no open proxy;
- nothing is resolved and nothing is dialled: a tunnel ends in this very process;
- a request inside TLS belongs to the host that the connection was opened for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from capirepo.errors import MisdirectedError, RefusedError
from capirepo.proxy.head import HeadError

if TYPE_CHECKING:
    from collections.abc import Collection

_LINE: Final = re.compile(rb"CONNECT ([!-~]{1,300}) HTTP/1\.[01]\r\n")
_AUTHORITY: Final = re.compile(r"(?P<host>[A-Za-z0-9.-]+):(?P<port>[0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A CONNECT that is granted: the host to present a certificate for."""

    host: str


def parse_connect(head: bytes, hosts: Collection[str]) -> Tunnel:
    """Decides on a CONNECT by its whole head, up to the empty line.

    Raises:
        HeadError: not a CONNECT request as RFC 9110 writes it.
        RefusedError: a host or a port that we do not answer for.
    """
    line = _LINE.match(head)
    match = _AUTHORITY.fullmatch(line[1].decode("ascii")) if line else None
    if match is None:
        raise HeadError("this is no CONNECT HOST:PORT HTTP/1.1")
    host, port = match["host"].lower(), match["port"]
    if host not in hosts:
        raise RefusedError(
            f"this proxy answers only for {', '.join(hosts)}, not for {host}",
            cure=f"put {host} in NO_PROXY, or, if it should be answered here, in proxy.hosts",
        )
    if port != "443":
        raise RefusedError(f"this proxy answers for {host} on port 443 only, not on {port}")
    return Tunnel(host)


def check_authority(opened_for: str | None, asked: str) -> None:
    """Checks that a request's Host is the one that its TLS connection was opened for.

    Args:
        opened_for: the CONNECT or SNI host; None on a plain connection.
        asked: the request's Host, with or without a port.

    Raises:
        MisdirectedError: they differ; the client should open another connection.
    """
    if opened_for is not None and asked.rpartition(":")[0].lower() != opened_for:
        name = asked.lower()
        if name != opened_for:
            raise MisdirectedError(
                f"this connection was opened for {opened_for}, not for {name[:100]}"
            )
