"""The head of a request, as bytes: found, and checked before anything parses it. Pure.

Rules kept here (RFC 9112, and what aiohttp stumbles over):
- lines end with CRLF; a bare LF is refused at once, because parsers differ about it;
- a head is printable ASCII: nothing else can be a host, an address or a token of ours;
- HTTP/1.0 and 1.1; another version is 505;
- the address is a path, or whole (`http://host/…`) for a host that we answer for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from capirepo.errors import BadInputError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Collection

MAX_HEAD: Final = 16 * 1024
END: Final = b"\r\n\r\n"

_BARE_LF: Final = re.compile(rb"(?<!\r)\n")
_LINE: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ ([!-~]+) (HTTP/[0-9.]+)")
_VERSIONS: Final = (b"HTTP/1.1", b"HTTP/1.0")
_UNPRINTABLE: Final = re.compile(rb"[^\t\r\n -~]")
_HOST: Final = re.compile(rb"\r\nhost:[ \t]*([^\r\n]*)", re.IGNORECASE)
_HOST_VALUE: Final = re.compile(rb"[A-Za-z0-9._:\[\]-]*[ \t]*")
_BODY: Final = re.compile(rb"\r\n(content-length|transfer-encoding)[ \t]*:", re.IGNORECASE)
_WHOLE: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*://(?P<host>[A-Za-z0-9._-]+)(:[0-9]{1,5})?(/.*)?"
)


class HeadError(BadInputError):
    """Bytes that are no head of a request.

    Attributes:
        status: what HTTP calls it.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def find_end(data: bytes | bytearray) -> int:
    """Where the head at the beginning of `data` ends; -1 where it is not all there yet.

    Raises:
        HeadError: it never can be a head: a bare LF, or too long.
    """
    end = data.find(END)
    head_so_far = len(data) if end < 0 else end
    if _BARE_LF.search(data, 0, head_so_far):
        raise HeadError("a line of this request ends without CR")
    if head_so_far > MAX_HEAD:
        raise HeadError("the head of this request is too long", 431)
    return end if end < 0 else end + len(END)


def check_head(head: bytes, hosts: Collection[str]) -> None:
    """Checks a whole head that is not of a CONNECT.

    Args:
        head: up to the empty line, and with it.
        hosts: whom we answer for, should the address name a host.

    Raises:
        RefusedError: an address at a host that we do not answer for.
        HeadError: anything else that is no request of HTTP/1.0 or 1.1.
    """
    line = _LINE.fullmatch(head, 0, head.find(b"\r\n"))
    if line is None:
        raise HeadError("this is no request line: METHOD ADDRESS HTTP/1.1 is expected")
    if line[2] not in _VERSIONS:
        raise HeadError(f"{line[2].decode()[:20]} is not spoken here; HTTP/1.1 is", 505)
    if _UNPRINTABLE.search(head):
        raise HeadError("a request's head is printable ASCII")
    if any(not _HOST_VALUE.fullmatch(value) for value in _HOST.findall(head)):
        raise HeadError("the Host of this request is no host")
    _check_address(line[1].decode(), hosts)


def may_have_body(head: bytes) -> bool:
    """Whether what follows a head may be its body."""
    return _BODY.search(head) is not None


def _check_address(address: str, hosts: Collection[str]) -> None:
    if "#" in address:
        raise HeadError("an address is sent without its #fragment")
    if address.startswith("/") or address == "*":
        return
    match = _WHOLE.fullmatch(address)
    if match is None:
        raise HeadError("the address of this request is neither a path nor http://HOST/PATH")
    if match["host"].lower() not in hosts:
        raise RefusedError(
            f"this proxy answers only for {', '.join(hosts)}, not for {match['host'][:100]}",
            cure="unset HTTP_PROXY, or put that host in NO_PROXY",
        )
