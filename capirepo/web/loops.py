"""Turns away requests that this very server has sent, or that others send because of them."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

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

_LONGEST = 1000

log = logging.getLogger("capirepo.http")


def against_loops(name: str) -> Middleware:
    """A middleware for a server that is known by `name` to whom it asks (RFC 9110 7.6.3)."""

    @web.middleware
    async def check(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if any(name in via for via in request.headers.getall(hdrs.VIA, ())):
            log.error("%s %s: %s", request.method, request.path, _SENTENCE)
            return refusal(request, HTTPStatus.LOOP_DETECTED, _SENTENCE)
        # Whoever is asked in turn must know of all who are waiting.
        VIA.set(", ".join(request.headers.getall(hdrs.VIA, ()))[:_LONGEST])
        return await handler(request)

    return check
