"""What a host says: a list, the page after it, and what it states of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import msgspec
from aiohttp import hdrs
from yarl import URL

from capirepo.outside import UpstreamError
from capirepo.upstream import troubles

if TYPE_CHECKING:
    from collections.abc import Mapping

    import aiohttp

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A list, or what is said of a file; `url` is the one that was asked for."""

    url: URL
    headers: Mapping[str, str]
    body: bytes = b""
    unchanged: bool = False
    next: URL | None = None

    def parsed(self, kind: type[T]) -> T:
        """The body as JSON of a certain shape.

        Raises:
            UpstreamError: it is none.
        """
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            where = troubles.plain(self.url)
            raise UpstreamError(
                f"{where} does not answer as expected: {error}", address=where
            ) from error


def next_page(url: URL, response: aiohttp.ClientResponse) -> URL | None:
    """The next page of a list, as a Link header or GitLab's own names it; None for none.

    Raises:
        UpstreamError: it is on another host, or at no address.
    """
    where = troubles.plain(url)
    try:
        links = response.links
        target = URL(str(links["next"]["url"])) if "url" in links.get("next", {}) else None
    except ValueError as error:
        raise UpstreamError(f"{where} has its next page nowhere", address=where) from error
    if target is not None:
        if not target.absolute or target.origin() != url.origin():
            raise UpstreamError(f"{where} has its next page on another host", address=where)
        return target
    number = response.headers.get("X-Next-Page", "")
    return url.update_query(page=number) if number.isdigit() else None


def stamp_of(headers: Mapping[str, str]) -> str:
    """What changes where the file does: ETag, else Last-Modified; '' for neither."""
    return headers.get(hdrs.ETAG) or headers.get(hdrs.LAST_MODIFIED) or ""
