"""Reads the body of an answer, and believes nothing of it.

Rules kept here:
- a body that ends when the connection does is not read: nobody can tell whether it is whole;
- size and digest are compared with what was stated, wherever anybody stated it;
- time is earned by bytes that come: who sends slower than `rate` is cut off, whether it
  sends nothing or a byte now and then;
- a page of HTML is what a login or an error looks like, and is no file of a release.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import zlib
from typing import TYPE_CHECKING, Final

from capirepo.core.names import shown
from capirepo.outside import RemoteAsset, UpstreamError
from capirepo.upstream import troubles

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from aiohttp import ClientResponse

_BEGINNING: Final = 64
_HTML: Final = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html)[\s>]", re.IGNORECASE)
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")
_ZLIB_OF_GZIP: Final = 31


class Patience:
    """The time that one answer may take; only time that we wait for the other side counts.

    Args:
        seconds: for a request, before any byte of its body.
        rate: bytes that buy one second more.
    """

    def __init__(self, seconds: float, rate: float) -> None:
        self._left = seconds
        self._rate = rate

    @contextlib.asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """Waits for the other side; raises TimeoutError where there is no time left."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        async with asyncio.timeout(max(self._left, 0.0)):
            yield
        self._left -= loop.time() - begun

    def earn(self, count: int) -> None:
        """Takes note of bytes that came."""
        self._left += count / self._rate


def check_head(response: ClientResponse, asset: RemoteAsset | None = None) -> int | None:
    """The size that the body must have; None where nobody says it.

    Args:
        response: an answer whose body is still to be read.
        asset: what was stated of the file; None for a list.

    Raises:
        UpstreamError: it cannot be the file, or cannot be read to a sure end.
    """
    length = response.content_length
    if length is None and not response.content.is_eof() and not _is_chunked(response):
        raise _refused(response, "does not say where its answer ends")
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding != "identity" and (asset is not None or coding != "gzip"):
        raise _refused(response, f"sends {shown(coding)}, which was not asked for")
    if response.content_type in ("text/html", "application/xhtml+xml"):
        raise _refused(response, "answers with a page of HTML: a login, or an error")
    if asset is None or asset.size is None:
        return length
    if length is not None and length != asset.size:
        raise _refused(response, f"has {length} bytes, and {asset.size} were stated")
    return asset.size


def digest_of(response: ClientResponse, asset: RemoteAsset) -> str:
    """The SHA-256 that the file must have, in hexadecimal; '' where nobody says it.

    Raises:
        UpstreamError: two are stated, and differ.
    """
    told = response.headers.get("X-Checksum-Sha256", "").strip()
    told = told.lower() if _SHA256.fullmatch(told) else ""
    stated = asset.sha256.lower()
    if stated and told and stated != told:
        raise _refused(response, f"has the SHA-256 {told}, and {stated} was stated")
    return stated or told


async def pieces(
    response: ClientResponse, patience: Patience, *, size: int | None, sha256: str = ""
) -> AsyncGenerator[bytes, None]:
    """The body, as it comes.

    Args:
        response: an answer that `check_head` let pass.
        patience: how long it may take.
        size: in bytes; None where it is not known.
        sha256: in hexadecimal; '' where it is not known.

    Raises:
        UpstreamError: at the latest at the end, where it is not what was stated.
    """
    # Whoever keeps the pieces hashes them anyway.
    digest = hashlib.sha256() if sha256 else None
    count, begun = 0, b""
    while piece := await _next(response, patience):
        count += len(piece)
        if size is not None and count > size:
            raise _refused(response, f"sends more than the {size} bytes that were stated")
        if len(begun) < _BEGINNING:
            begun += piece[: _BEGINNING - len(begun)]
            if _HTML.match(begun):
                raise _refused(response, "answers with a page of HTML: a login, or an error")
        if digest is not None:
            digest.update(piece)
        yield piece
    if size is not None and count != size:
        raise _refused(response, f"sent {count} of {size} bytes")
    if digest is not None and digest.hexdigest() != sha256:
        raise _refused(response, f"has the SHA-256 {digest.hexdigest()}, and {sha256} was stated")


async def whole(response: ClientResponse, patience: Patience, most: int) -> bytes:
    """A list, unpacked, of at most `most` bytes.

    Raises:
        UpstreamError: it is longer, or not what was stated.
    """
    size = check_head(response)
    kept = bytearray()
    async with contextlib.aclosing(pieces(response, patience, size=size)) as coming:
        async for piece in coming:
            kept += piece
            if len(kept) > most:
                raise _refused(response, f"sends a list of more than {most} bytes")
    if response.headers.get("Content-Encoding", "").strip().lower() != "gzip":
        return bytes(kept)
    return _unpacked(response, bytes(kept), most)


def _unpacked(response: ClientResponse, packed: bytes, most: int) -> bytes:
    unpacker = zlib.decompressobj(_ZLIB_OF_GZIP)
    try:
        data = unpacker.decompress(packed, most)
    except zlib.error as error:
        raise _refused(response, "sends damaged gzip") from error
    if not unpacker.eof:
        raise _refused(response, f"sends gzip that is cut, or of more than {most} bytes")
    return data


async def _next(response: ClientResponse, patience: Patience) -> bytes:
    content = response.content
    try:
        # What has come already is had without a timer.
        if (piece := content.read_nowait()) or content.at_eof():
            return piece
        async with patience.waiting():
            return await content.readany()
    except troubles.EXPECTED as error:
        raise troubles.of_exception(response.url, error) from error


def _is_chunked(response: ClientResponse) -> bool:
    return "chunked" in response.headers.get("Transfer-Encoding", "").lower()


def _refused(response: ClientResponse, reason: str) -> UpstreamError:
    where = troubles.plain(response.url)
    return UpstreamError(f"{where} {reason}", address=where)
