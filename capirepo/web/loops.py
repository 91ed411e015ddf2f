"""Turns away requests that this very server has sent, or that others send because of them."""

from __future__ import annotations

import logging
import re
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from aiohttp import hdrs, web

from capirepo.outside import VIA
from capirepo.web.errors import refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp.typedefs import Middleware

_SENTENCE = (
    "this server is led back to itself: by HTTPS_PROXY or GOPROXY in its own environment (start "
    "it in a shell in which `capirepo env` was not evaluated), or by an upstream that asks it"
)

_NAME: Final = re.compile(r"\bcapirepo-[0-9a-f]{16}\b")
_MOST: Final = 20

log = logging.getLogger("capirepo.http")


def new_name() -> str:
    """A name by which a server is known to whom it asks; nobody else has it."""
    return f"capirepo-{secrets.token_hex(8)}"


def against_loops(name: str) -> Middleware:
    """A middleware for a server that is known by `name` to whom it asks (RFC 9110 7.6.3)."""

    @web.middleware
    async def check(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        # Of all that may stand there only names of ours are believed, and passed on.
        known = _NAME.findall(" ".join(request.headers.getall(hdrs.VIA, ())))[:_MOST]
        if name in known:
            log.error("%s %s: %s", request.method, request.path, _SENTENCE)
            return refusal(request, HTTPStatus.LOOP_DETECTED, _SENTENCE)
        # Whoever is asked in turn must know of all who are waiting.
        VIA.set(tuple(known))
        return await handler(request)

    return check
