"""The token of a request, in every form in which GitLab's and GitHub's clients send one.

Rules kept here (GitLab's REST authentication, GitHub's, RFC 7617):
- one request has one token: several that differ are refused, not chosen from;
- Basic carries it as the password of any user, or as the user of an empty password;
- a token in the address is refused: logs and histories on its way have seen it.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from capirepo.core.tokens import QUERY_NAMES
from capirepo.errors import RefusedError, UnauthorizedError

if TYPE_CHECKING:
    from aiohttp import web

HEADERS: Final = ("Private-Token", "Job-Token", "Deploy-Token")
HOW: Final = "send a token as PRIVATE-TOKEN, as Authorization: Bearer, or as the password of Basic"

# What GitHub's users write in place of no password.
_NO_PASSWORD: Final = ("", "x-oauth-basic")


def refuse_in_address(request: web.Request) -> None:
    """Checks that no token stands in the address.

    Raises:
        RefusedError: one does.
    """
    if not request.query_string:
        return
    found = [name for name in request.query if name.lower() in QUERY_NAMES]
    if found:
        raise RefusedError(
            f"a token does not belong into an address, where logs keep it: {found[0].lower()}",
            cure=f"{HOW}, and revoke this one",
        )


def secret_in(request: web.Request) -> str:
    """The token that a request carries, as it stands there; '' for none.

    Raises:
        RefusedError: it stands in the address.
        UnauthorizedError: there are several that differ, or it cannot be read.
    """
    refuse_in_address(request)
    secrets = {value.strip() for name in HEADERS for value in request.headers.getall(name, [])}
    secrets |= {_authorization(one) for one in request.headers.getall("Authorization", [])}
    secrets.discard("")
    if len(secrets) > 1:
        raise UnauthorizedError(
            "401 Unauthorized: this request has several tokens", cure="send one"
        )
    return secrets.pop() if secrets else ""


def _authorization(value: str) -> str:
    scheme, _, credentials = value.strip().partition(" ")
    match scheme.lower():
        case "bearer" | "token":
            return credentials.strip()
        case "basic":
            return _basic(credentials.strip())
        case "":
            return ""
        case _:
            raise UnauthorizedError(
                "401 Unauthorized: this kind of Authorization is not taken here", cure=HOW
            )


def _basic(credentials: str) -> str:
    try:
        user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except ValueError:
        raise UnauthorizedError(
            "401 Unauthorized: the Basic credentials are no base64 of USER:TOKEN in UTF-8"
        ) from None
    return user if password in _NO_PASSWORD else password
