"""One request to a server that speaks GitLab's API, and what its answer means.

A server that says no before it has read all is listened to. The token of CAPIREPO_TOKEN is
shown to the server that is asked, and no redirect is followed.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from capirepo.cli.client import TOKEN_VARIABLE, not_trusted, token_of_user
from capirepo.core.names import printable, shown
from capirepo.errors import (
    BadInputError,
    CapirepoError,
    ConflictError,
    NotThereError,
    RefusedError,
    StorageError,
    UnauthorizedError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from urllib.parse import SplitResult

_SECONDS: Final = 60.0
_OURS: Final = "/api/v4/projects/1"
TAKEN: Final = (200, 201, 202)
_SERVER_ERROR: Final = 500
# What the end of a connection looks like to who is still sending.
_CUT_OFF: Final = (
    BrokenPipeError,
    ConnectionResetError,
    ssl.SSLEOFError,
    ssl.SSLZeroReturnError,
)
_ERRORS: Final[dict[int, type[CapirepoError]]] = {
    400: BadInputError,
    401: UnauthorizedError,
    403: RefusedError,
    404: NotThereError,
    409: ConflictError,
    413: BadInputError,
    422: BadInputError,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server says of one file.

    Attributes:
        status: of HTTP.
        told: the JSON that came with it; empty where none did, as GitLab and we send it.
        location: where it sends us.
    """

    status: int
    told: Any
    location: str = ""


def base_of(to: str) -> SplitResult:
    """The address of a project: of ours, or of a GitLab that `to` names in full.

    Raises:
        BadInputError: it is none.
    """
    try:
        parts = urlsplit(to.rstrip("/"))
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.username is not None:
        raise BadInputError(
            "a token does not belong into an address, where logs keep it",
            cure=f"set {TOKEN_VARIABLE} to it",
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise BadInputError(f"{to!r} is no address of a server", cure="write https://HOST[:PORT]")
    if not parts.path:
        return parts._replace(path=_OURS)
    if "/api/v4/projects/" not in parts.path:
        raise BadInputError(
            f"{to!r} has a path",
            cure="write https://HOST[:PORT], or the address of a GitLab project: "
            "https://HOST/api/v4/projects/ID",
        )
    return parts


def ask(
    base: SplitResult,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: Iterator[bytes] | None = None,
) -> Answer:
    """What a server says to one request.

    Raises:
        BadInputError: it shows a certificate that is not trusted.
        StorageError: nobody answers.
    """
    if token := token_of_user():
        headers = {**headers, "PRIVATE-TOKEN": token}
    kind = http.client.HTTPSConnection if base.scheme == "https" else http.client.HTTPConnection
    connection = kind(base.hostname or "", base.port, timeout=_SECONDS)
    server = where(base)
    try:
        with contextlib.suppress(*_CUT_OFF):
            connection.request(method, path, body=body, headers={**headers})
        # A server that has seen enough answers, and reads no more.
        response = connection.getresponse()
        told = response.read()
    except ssl.SSLCertVerificationError as error:
        raise not_trusted(server) from error
    except (OSError, http.client.HTTPException) as error:
        raise StorageError(
            f"no answer from {server}: {str(error) or type(error).__name__}"
        ) from error
    finally:
        connection.close()
    location = response.headers.get("Location", "")
    return Answer(status=response.status, told=_told(told), location=location)


def _told(body: bytes) -> Any:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict | list) else {}


def where(base: SplitResult) -> str:
    """The server, for people."""
    return f"{base.scheme}://{base.netloc}"


def error_of(there: str, name: str, answer: Answer) -> CapirepoError:
    """Why a file was not taken."""
    if answer.location:
        return BadInputError(
            f"{there} sends us to {shown(answer.location)}", cure="give that address instead"
        )
    kind = _ERRORS.get(answer.status, BadInputError)
    if answer.status >= _SERVER_ERROR:
        kind = StorageError
    if not answer.told:
        return kind(f"{there} answers {answer.status} to an upload: is that a capirepo?")
    said = printable(str(answer.told.get("detail") or answer.told.get("message") or answer.status))
    cure = f"set {TOKEN_VARIABLE} to a token that may write" if kind is UnauthorizedError else ""
    return kind(f"{name} was not taken: {said[:500]}", cure=cure)
