"""aiohttp behind the doors: tells a door when a request begins and when it has ended."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from capirepo.proxy.connect import check_authority
from capirepo.proxy.door import Door
from capirepo.proxy.ready import Answer, head_of
from capirepo.proxy.traffic import Line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from capirepo.proxy.traffic import Traffic

log = logging.getLogger("capirepo.http")

_MAX_LINE: Final = 8190
_LINGER_SECONDS: Final = 2.0


@web.middleware
async def announce(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """The outermost middleware: the door learns that work on a request begins."""
    door = door_of(request)
    if door is not None:
        door.began(request.content.is_eof)
    response = await handler(request)
    if door is not None and door.engine_only and not response.prepared:
        response.force_close()
    return response


def make_runner(
    app: web.Application,
    traffic: Traffic,
    *,
    face_of: Callable[[web.StreamResponse], str],
    is_pure: Callable[[web.StreamResponse], bool],
) -> web.AppRunner:
    """Aiohttp's server for `app`, once it is set up; its `server` makes protocols for doors.

    Args:
        app: answers the requests.
        traffic: takes note of each answer.
        face_of: which face made a response.
        is_pure: whether a response depends on nothing but its request and the repository.
    """

    class Ending(AbstractAccessLogger):
        """aiohttp calls this once a response is sent, however it came about."""

        def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
            line = Line(
                method=request.method,
                host=request.host,
                path=request.raw_path,
                face=face_of(response),
                status=response.status,
                size=_size_of(request, response),
            )
            traffic.record(line, request.remote or "-", time)
            door = door_of(request)
            if door is not None:
                answer = _answer(request, response, line) if is_pure(response) else None
                door.ended(answer, last=not response.keep_alive)

    return web.AppRunner(
        app,
        access_log_class=Ending,
        logger=log,
        # Doors have waited for what may take long.
        shutdown_timeout=1.0,
        lingering_time=_LINGER_SECONDS,
        max_line_size=_MAX_LINE,
        max_field_size=_MAX_LINE,
    )


def door_of(request: web.BaseRequest) -> Door | None:
    """The door that a request came through; None once the client has left."""
    transport = request.transport
    protocol = transport.get_protocol() if transport is not None else None
    return protocol if isinstance(protocol, Door) else None


def _size_of(request: web.BaseRequest, response: web.StreamResponse) -> int:
    # aiohttp's own count takes the head in.
    unsent = request.method == "HEAD" or response.status == web.HTTPNotModified.status_code
    return 0 if unsent else response.content_length or 0


def _answer(request: web.BaseRequest, response: web.StreamResponse, line: Line) -> Answer | None:
    """The response as bytes, where it may be given again to the same request."""
    body = response.body if isinstance(response, web.Response) else None
    if request.version != (1, 1) or not isinstance(body, bytes):
        return None
    return Answer(
        head=head_of(response.status, response.reason, response.headers),
        body=body,
        close=not response.keep_alive,
        line=line,
    )


@web.middleware
async def guard(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turns away what came through the wrong door: its Host is not whom the door was opened for."""
    door = door_of(request)
    check_authority(door.opened_for if door is not None else None, request.host)
    return await handler(request)
