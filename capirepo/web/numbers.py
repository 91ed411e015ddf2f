"""Numbers that APIs want and this repository does not have: stable ids, and pages."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import web

T = TypeVar("T")


def id_of(*parts: object) -> int:
    """A positive id of 48 bits, the same for the same parts on every server and for ever."""
    text = "\0".join(map(str, parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest()) or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """One page of a list.

    Attributes:
        items: those on this page.
        number: of this page; the first is 1.
        size: how many items a full page has.
        total: how many items there are on all pages.
    """

    items: Sequence[T]
    number: int
    size: int
    total: int

    @property
    def last(self) -> int:
        """The number of the last page; 1 of an empty list."""
        return max(1, -(-self.total // self.size))

    def links(self, request: web.Request, base: str) -> str:
        """The Link header (RFC 8288) that GitHub's and GitLab's clients follow."""
        targets = {"first": 1, "last": self.last}
        if self.number < self.last:
            targets["next"] = self.number + 1
        if self.number > 1:
            targets["prev"] = self.number - 1
        queries = {
            rel: request.rel_url.update_query(page=number, per_page=self.size).raw_query_string
            for rel, number in targets.items()
        }
        return ", ".join(f'<{base}?{query}>; rel="{rel}"' for rel, query in queries.items())


def page_of(request: web.Request, items: Sequence[T], default: int) -> Page[T]:
    """The page that `page` and `per_page` ask for; what is no number counts as not given."""
    number = _number(request.query.get("page"), 1)
    size = min(_number(request.query.get("per_page"), default), 100)
    start = (number - 1) * size
    return Page(items=items[start : start + size], number=number, size=size, total=len(items))


def _number(text: str | None, default: int) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:  # noqa: PLR2004 - digits
        return default
    return max(1, int(text))
