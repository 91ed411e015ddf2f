"""Sends assets and lists: ETag and 304, Range, HEAD, gzip, content types, cache rules.

Rules kept here (RFC 9110, 9111):
- release assets never change: `immutable`, for a year; lists are `no-cache` with an ETag;
- gzip only to clients that take it, with an ETag of its own, and never for a part;
- several ranges at once are answered with the whole, which the RFC allows.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final

import yaml
from aiohttp import web

from capirepo.errors import CapirepoError
from capirepo.web.site import desk_of

if TYPE_CHECKING:
    from capirepo.core.blob import Blob
    from capirepo.core.names import AssetName
    from capirepo.services.library import Found, Library

log = logging.getLogger("capirepo.http")

FACE: Final = web.ResponseKey("face", str)
PURE: Final = web.ResponseKey("pure", bool)

_IMMUTABLE: Final = "public, max-age=31536000, immutable"
_ALWAYS_ASK: Final = "no-cache"
_RANGE: Final = re.compile(r"bytes=(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})")
_TYPES: Final = {
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "pem": "application/x-pem-file",
}


def content_type(name: str) -> str:
    """By the ending of a name; RFC 9512 for YAML, and bytes for programs."""
    return _TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def face_of(response: web.StreamResponse) -> str:
    """Which face made a response."""
    face: str = response.get(FACE, "-")
    return face


def face_of_handler(request: web.Request) -> str:
    """Which face answers a request: it is named by the module of its handler."""
    return request.match_info.handler.__module__.rpartition(".")[2]


def is_pure(response: web.StreamResponse) -> bool:
    """Whether a response depends on nothing but its request and the repository."""
    pure: bool = response.get(PURE, False)
    return pure


async def asset(request: web.Request, library: Library, found: Found) -> web.StreamResponse:
    """Answers with an asset: from memory, or piece by piece where it is too large for that."""
    # What is not offered may yet be mended: it is not for ever.
    release = await library.release(found.label, found.version)
    caching = _IMMUTABLE if release.complete else _ALWAYS_ASK
    blob = await library.blob(found)
    if blob is None:
        return await _streamed(request, library, found, caching)
    return _whole(request, found.asset.name, blob, caching)


def _whole(request: web.Request, name: AssetName, blob: Blob, caching: str) -> web.Response:
    """Answers with an asset that is in memory."""
    gzipped = blob.gzipped if takes_gzip(request.headers.get("Accept-Encoding", "")) else None
    partial = _range_of(request, len(blob.body), f'"{blob.sha256}"')
    if partial is not None:
        gzipped = None
    etag = f'"{blob.sha256}{"-gz" if gzipped else ""}"'
    headers = _asset_headers(name, etag, caching)
    headers["X-Checksum-Sha256"] = blob.sha256
    if blob.gzipped is not None:
        headers["Vary"] = "Accept-Encoding"
    if _is_known(request, etag):
        return _response(304, headers)
    if partial is not None:
        return _part(headers, blob.body, partial)
    if gzipped is not None:
        headers["Content-Encoding"] = "gzip"
    return _response(200, headers, gzipped or blob.body)


async def _streamed(
    request: web.Request, library: Library, found: Found, caching: str
) -> web.StreamResponse:
    size = found.asset.size
    etag = f'"{size:x}-{found.asset.stamp & 0xFFFFFFFFFFFFFFFF:x}"'
    headers = _asset_headers(found.asset.name, etag, caching)
    if _is_known(request, headers["ETag"]):
        return _response(304, headers)
    first, last = _range_of(request, size, headers["ETag"]) or (0, size - 1)
    if first >= size:
        return _unsatisfiable(headers, size)
    if (first, last) != (0, size - 1):
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    response = web.StreamResponse(
        status=206 if "Content-Range" in headers else 200, headers=headers
    )
    response.content_length = last - first + 1
    async with aclosing(library.chunks(found, first, last + 1)) as pieces:
        # Before the head goes out, so that what is gone meanwhile is still a 404.
        piece = await anext(pieces, b"")
        response[FACE] = face_of_handler(request)
        await response.prepare(request)
        try:
            while piece and request.method != "HEAD":
                await response.write(piece)
                piece = await anext(pieces, b"")
            await response.write_eof()
        except ConnectionError:
            log.debug("%s: the client left", request.path)
        except CapirepoError as error:
            # The head promised more: all that is left is to cut it, so that nobody takes it whole.
            log.error("%s broke off: %s", request.path, error)  # noqa: TRY400 - no traceback
            if request.transport is not None:
                request.transport.abort()
    return response


def listing(request: web.Request, body: bytes, type_: str, **headers: str) -> web.Response:
    """Answers with something that is computed from the whole repository."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    about = {"Content-Type": type_, "ETag": etag, "Cache-Control": _ALWAYS_ASK}
    about |= {name.replace("_", "-"): value for name, value in headers.items()}
    if _is_known(request, etag):
        return _response(304, about)
    return _response(200, about, body)


def with_upstreams(request: web.Request, response: web.Response) -> web.Response:
    """A listing of what upstreams list as well: that changes, and nothing here does."""
    if desk_of(request).fetches:
        response[PURE] = False
    return response


def as_json(request: web.Request, content: Any, **headers: str) -> web.Response:
    """A listing as JSON."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return listing(request, body, "application/json; charset=utf-8", **headers)


def as_yaml(request: web.Request, content: Any) -> web.Response:
    """A listing as YAML."""
    body: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    return listing(request, body.encode(), "application/yaml")


def as_text(request: web.Request, text: str) -> web.Response:
    """A listing as plain text."""
    return listing(request, text.encode(), "text/plain; charset=utf-8")


def takes_gzip(accept: str) -> bool:
    """Whether an Accept-Encoding takes gzip (RFC 9110 12.5.3)."""
    wanted = {}
    for part in accept.split(","):
        coding, _, parameter = part.partition(";")
        wanted[coding.strip().lower()] = parameter.replace(" ", "")
    for coding in ("gzip", "x-gzip", "*"):
        if coding in wanted:
            return not re.fullmatch(r"q=0(\.0*)?", wanted[coding])
    return False


def _asset_headers(name: AssetName, etag: str, caching: str) -> dict[str, str]:
    return {
        "Content-Type": content_type(name),
        "ETag": etag,
        "Cache-Control": caching,
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
    }


def _is_known(request: web.Request, etag: str) -> bool:
    given = request.headers.get("If-None-Match")
    if given is None:
        return False
    # Weak comparison (RFC 9110 13.1.2).
    return given.strip() == "*" or etag in {
        part.strip().removeprefix("W/") for part in given.split(",")
    }


def _range_of(request: web.Request, size: int, etag: str) -> tuple[int, int] | None:
    """The first and last byte that are asked for; None for the whole; past the end as given."""
    if request.method != "GET":
        # RFC 9110 14.2: for no other method.
        return None
    match = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if match is None or request.headers.get("If-Range", etag).strip() != etag:
        return None
    first, last = match["first"], match["last"]
    if first:
        start, stop = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < start:
            return None
        return start, stop
    if not last:
        return None
    length = int(last)
    return (max(size - length, 0), size - 1) if length else (size, size)


def _part(headers: dict[str, str], body: bytes, partial: tuple[int, int]) -> web.Response:
    first, last = partial
    if first >= len(body):
        return _unsatisfiable(headers, len(body))
    headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
    return _response(206, headers, body[first : last + 1])


def _unsatisfiable(headers: dict[str, str], size: int) -> web.Response:
    headers["Content-Range"] = f"bytes */{size}"
    headers["Content-Type"] = "text/plain; charset=utf-8"
    headers["Cache-Control"] = _ALWAYS_ASK
    return _response(416, headers, f"this asset has {size} bytes\n".encode())


def _response(status: int, headers: dict[str, str], body: bytes = b"") -> web.Response:
    response = web.Response(status=status, headers=headers, body=body)
    response[PURE] = status == web.HTTPOk.status_code
    return response
