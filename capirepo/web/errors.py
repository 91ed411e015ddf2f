"""The one table that turns our exceptions into HTTP, and each face's way of saying it.

What is absent is 404, whatever the reason; a 5xx would cost a clusterctl user a minute of
retries; only what an upstream may have, and cannot give now, is worth it. GitLab's and
GitHub's clients look for `message` in a JSON body.
"""

from __future__ import annotations

import errno
import json
import logging
import math
from typing import TYPE_CHECKING, Final

from aiohttp import web

from capirepo.errors import (
    BadInputError,
    CapirepoError,
    ConflictError,
    MisdirectedError,
    NotThereError,
    RefusedError,
    StorageError,
    UnauthorizedError,
)
from capirepo.outside import UpstreamError
from capirepo.web.send import FACE, face_of_handler

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

STATUS: Final[dict[type[CapirepoError], int]] = {
    # A name that cannot exist is as absent as one that does not.
    BadInputError: 404,
    NotThereError: 404,
    UnauthorizedError: 401,
    RefusedError: 403,
    ConflictError: 409,
    MisdirectedError: 421,
    # What cannot be fetched now: see `_of_upstream` for what else it may be.
    UpstreamError: 502,
    StorageError: 503,
}

log = logging.getLogger("capirepo.http")


@web.middleware
async def errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answers for whatever a handler raised, and says which face it was."""
    response = await _answer(request, handler)
    return response if response.prepared else signed(request, response)


def signed(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """The response with our name on it, and that of the face that it is from."""
    response.headers["Server"] = "capirepo"
    response[FACE] = face_of_handler(request)
    return response


async def _answer(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except CapirepoError as error:
        return answer_to(request, error)
    except web.HTTPException as error:
        return _of_aiohttp(request, error)


def answer_to(request: web.Request, error: CapirepoError) -> web.Response:
    """The answer to a request that ended with an error of ours."""
    status = next(STATUS[kind] for kind in type(error).mro() if kind in STATUS)
    if isinstance(error, UpstreamError):
        return _of_upstream(request, error)
    if isinstance(error, StorageError):
        log.error("%s %s: %s", request.method, request.path, error)
        if getattr(error.__cause__, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            status = web.HTTPInsufficientStorage.status_code
    available = error.available if isinstance(error, NotThereError) else ()
    answer = refusal(request, status, str(error), available)
    if isinstance(error, UnauthorizedError):
        # Browsers then ask for a password, and `curl --netrc` sends the one that it has.
        answer.headers["WWW-Authenticate"] = 'Basic realm="capirepo"'
    return answer


def _of_upstream(request: web.Request, error: UpstreamError) -> web.Response:
    """The answer where an upstream is at fault: 504 where it is slow, 503 where it names a time."""
    status = STATUS[UpstreamError]
    if error.retry_after is not None:
        status = web.HTTPServiceUnavailable.status_code
    elif error.slow:
        status = web.HTTPGatewayTimeout.status_code
    answer = refusal(request, status, str(error))
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(math.ceil(error.retry_after))
    return answer


def refusal(
    request: web.Request, status: int, sentence: str, available: tuple[str, ...] = ()
) -> web.Response:
    """An answer that says no, as JSON where the client reads JSON, else as text."""
    if _reads_json(request):
        content: dict[str, object] = {"message": sentence, "status": status}
        if available:
            content["available"] = list(available)
        body, kind = json.dumps(content) + "\n", "application/json; charset=utf-8"
    else:
        there = f"there is: {', '.join(available)}\n" if available else ""
        body, kind = f"{sentence}\n{there}", "text/plain; charset=utf-8"
    return web.Response(
        status=status,
        body=body.encode(),
        headers={"Content-Type": kind, "Cache-Control": "no-cache"},
    )


def _reads_json(request: web.Request) -> bool:
    accept = request.headers.get("Accept", "")
    return "json" in accept or request.path.startswith(("/api/", "/repos/"))


def _of_aiohttp(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    if isinstance(error, web.HTTPRedirection):
        return web.Response(status=error.status, headers={"Location": error.headers["Location"]})
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        answer = refusal(request, error.status, f"{error.method} is not done here; {allowed} is")
        answer.headers["Allow"] = allowed
        # Its body, if any, is not read: the connection cannot go on.
        answer.force_close()
        return answer
    if error.status == web.HTTPNotFound.status_code:
        return refusal(
            request, error.status, "there is nothing at this address; / says what there is"
        )
    return refusal(request, error.status, error.reason)
