"""Who may write a label, and who may read where reading is private.

Rules kept here (clusterctl's `repository_gitlab.go`, `repository_github.go`, `goproxy.go`):
- without a valid token the tree and the GitLab face say 401, which ends clusterctl at once;
- downloads from github.com and version lists, for which clusterctl sends no token and retries
  anything but 404 for a minute, are 404;
- GitHub's API, for which it sends GITHUB_TOKEN, has nothing left for the nameless: of all
  answers only that of a used-up rate limit ends clusterctl at once, and tells its user to
  set that variable;
- what a token was needed for is kept by nobody: neither by us for the next one who asks, nor
  by a shared cache on the way.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from aiohttp import web

from capirepo.core.tokens import digest_of, written
from capirepo.errors import NotThereError, RefusedError, UnauthorizedError
from capirepo.web.credentials import HOW, refuse_in_address, secret_in
from capirepo.web.errors import refusal
from capirepo.web.send import PURE, face_of_handler
from capirepo.web.site import SITE

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Awaitable, Callable

    from capirepo.core.names import Label
    from capirepo.core.tokens import Token
    from capirepo.ports import Tokens

log = logging.getLogger("capirepo.http")

OPEN: Final = ("/healthz", "/readyz", "/ca.pem")
"""What everybody may read: whether we live, and whom to trust before a token is sent."""

_REST: Final = ("/repos/", "/api/v3/")
_REMIND_SECONDS: Final = 60.0
_GRANTED: Final = web.RequestKey("granted", bool)


class Gate:
    """What a server knows of tokens.

    Args:
        tokens: where they are found.
        private: whether reading takes one.
        now: the time.
    """

    def __init__(self, tokens: Tokens, *, private: bool, now: Callable[[], dt.datetime]) -> None:
        self.tokens = tokens
        self.private = private
        self.now = now
        self._reminded = -_REMIND_SECONDS

    def remind(self) -> None:
        """Says in the log, once in a while, why clusterctl finds nothing under github.com."""
        now = asyncio.get_running_loop().time()
        if now - self._reminded >= _REMIND_SECONDS:
            self._reminded = now
            log.warning(
                "auth.read is required, so downloads from github.com and version lists are closed "
                "to clusterctl, which sends no token for them; GITHUB_TOKEN opens GitHub's API to "
                "it, GITLAB_ACCESS_TOKEN the GitLab face"
            )


def writer_of(request: web.Request, label: Label) -> str:
    """The name of the token with which a request may write `label` now.

    Raises:
        UnauthorizedError: no token, or one that is wrong, revoked or expired.
        RefusedError: a token in the address, one that only reads, or one for other labels.
        StorageError: the tokens cannot be read.
    """
    token = _token_of(request)
    if token.may_write(label):
        return token.name
    log.warning("%s: token %s may not write %s", request.remote, token.name, label)
    if token.labels:
        raise RefusedError(
            f"403 Forbidden: token {token.name} may write {', '.join(token.labels)}, not {label}",
            cure=f"make one that may: capirepo token create NAME --scope write --label {label}",
        )
    raise RefusedError(
        f"403 Forbidden: token {token.name} may read, and write no label",
        cure="make one that may: capirepo token create NAME --scope write",
    )


def holder_of(request: web.Request) -> str:
    """The name of the valid token of a request; raises as `writer_of`."""
    return _token_of(request).name


@web.middleware
async def gatekeeper(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turns away tokens in addresses and, where reading is private, who has no token."""
    refuse_in_address(request)
    gate = request.app[SITE].gate
    if gate.private and request.path not in OPEN:
        try:
            _token_of(request)
        except UnauthorizedError as error:
            return _closed(request, error)
        request[_GRANTED] = True
    return await handler(request)


async def keep_private(request: web.Request, response: web.StreamResponse) -> None:
    """Has an answer that took a token kept by nobody but who asked; a signal of aiohttp."""
    if request.get(_GRANTED, False):
        response[PURE] = False
        caching = response.headers.get("Cache-Control", "no-cache").removeprefix("public, ")
        response.headers["Cache-Control"] = f"private, {caching}"


def _token_of(request: web.Request) -> Token:
    """The valid token of a request; raises as `writer_of`."""
    secret = secret_in(request)
    if not secret:
        raise UnauthorizedError("401 Unauthorized: no token was given", cure=HOW)
    try:
        return _valid(request.app[SITE].gate, secret)
    except UnauthorizedError as error:
        path = request.rel_url.raw_path
        log.warning("%s: %s %s: %s", request.remote, request.method, path, error)
        raise


def _valid(gate: Gate, secret: str) -> Token:
    token = gate.tokens.find(digest_of(secret))
    if token is None:
        raise UnauthorizedError(
            "401 Unauthorized: this token is wrong, or was revoked",
            cure="`capirepo token list` names those that there are",
        )
    if token.expires is not None and token.expired(gate.now()):
        raise UnauthorizedError(
            f"401 Unauthorized: token {token.name} expired at {written(token.expires)}",
            cure="`capirepo token create` makes another one",
        )
    return token


def _closed(request: web.Request, error: UnauthorizedError) -> web.Response:
    """What GitHub's and Go's clients take as final; the others are told by the table of errors."""
    face = face_of_handler(request)
    if face not in ("github", "goproxy"):
        raise error
    request.app[SITE].gate.remind()
    if not request.path.startswith(_REST):
        raise NotThereError(
            f"reading is private here, and clusterctl sends no token for this address "
            f"({error.args[0]})",
            cure="set GITHUB_TOKEN to a token of this server, or use its GitLab addresses",
        )
    answer = refusal(request, 403, f"{error}; clusterctl sends the one in GITHUB_TOKEN")
    answer.headers["X-RateLimit-Limit"] = answer.headers["X-RateLimit-Remaining"] = "0"
    return answer
