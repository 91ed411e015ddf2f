"""Sends releases to a server, file by file, as GitLab's clients do.

Rules kept here:
- what makes a release complete comes last, so that nobody sees half of one;
- a server that says no before it has read all is listened to.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from capirepo.cli.client import TOKEN_VARIABLE, get, token_of_user
from capirepo.core.metadata import METADATA
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
    from collections.abc import Callable, Iterator, Mapping
    from urllib.parse import SplitResult

    from capirepo.core.names import AssetName, Label
    from capirepo.core.version import Version

_SECONDS: Final = 60.0
_PIECE: Final = 64 * 1024
_OURS: Final = "/api/v4/projects/1"
_TAKEN: Final = (200, 201, 202)
_FOUND_ERRORS: Final = 422
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
    told: Mapping[str, Any]
    location: str = ""


def send_release(  # noqa: PLR0913 - what is sent, and how
    to: str,
    label: Label,
    version: Version,
    files: Mapping[AssetName, bytes],
    *,
    components: str,
    no_lint: str = "",
    sent: Callable[[int], None] = lambda _: None,
) -> Answer:
    """Sends a release, file by file.

    Returns:
        What the server says of the last file; or of the first in which its lint finds errors.

    Args:
        to: `http(s)://HOST[:PORT]` of a capirepo, or the address of a GitLab project
            (`…/api/v4/projects/ID`).
        label: whose it is.
        version: of the release.
        files: by name.
        components: the name of its components file.
        no_lint: why the server shall pass over lint.
        sent: is told how many bytes have gone out.

    Raises:
        BadInputError, UnauthorizedError, RefusedError, ConflictError, NotThereError,
        StorageError: the server says no, or nobody answers.
    """
    base = _base(to)
    last = [name for name in files if name in (METADATA, components)]
    last.sort(key=lambda name: name == components)
    order = [*(name for name in sorted(files) if name not in last), *last]
    answer = Answer(status=0, told={})
    for name in order:
        path = f"{base.path}/packages/generic/{label}/{quote(str(version))}/{quote(name)}"
        answer = _put(base, path, files[name], no_lint, sent)
        if answer.status == _FOUND_ERRORS and "problems" in answer.told:
            break
        if answer.status not in _TAKEN or not answer.told:
            raise _error(f"{base.scheme}://{base.netloc}", name, answer)
    return answer


def fetch_release(to: str, label: Label, version: Version) -> dict[str, bytes]:
    """The files of a release on a server; empty where it is not there."""
    server = _server(to)
    try:
        told = json.loads(get(server, f"/{label}/{version}/"))
    except NotThereError:
        return {}
    return {
        asset["name"]: get(server, f"/{label}/{version}/{asset['name']}")
        for asset in told["assets"]
    }


def versions_at(to: str, label: Label) -> list[str]:
    """The versions of a label on a server."""
    try:
        told = json.loads(get(_server(to), f"/{label}"))
    except NotThereError:
        return []
    return [release["version"] for release in told["releases"]]


def is_address(to: str) -> bool:
    """Whether releases go to a server, and not into a folder."""
    return "://" in to


def _server(to: str) -> str:
    parts = _base(to)
    return f"{parts.scheme}://{parts.netloc}"


def _base(to: str) -> SplitResult:
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


def _put(
    base: SplitResult, path: str, data: bytes, no_lint: str, sent: Callable[[int], None]
) -> Answer:
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Length": str(len(data)),
        "X-Checksum-Sha256": hashlib.sha256(data).hexdigest(),
    }
    if token := token_of_user():
        headers["PRIVATE-TOKEN"] = token
    if no_lint:
        headers["X-Capirepo-No-Lint"] = no_lint
    kind = http.client.HTTPSConnection if base.scheme == "https" else http.client.HTTPConnection
    connection = kind(base.hostname or "", base.port, timeout=_SECONDS)
    where = f"{base.scheme}://{base.netloc}"
    try:
        with contextlib.suppress(*_CUT_OFF):
            connection.request("PUT", path, body=_pieces(data, sent), headers=headers)
        # A server that has seen enough answers, and reads no more.
        response = connection.getresponse()
        body = response.read()
    except ssl.SSLCertVerificationError as error:
        raise BadInputError(
            f"{where} shows a certificate that is not trusted",
            cure="use its http:// address, or set SSL_CERT_FILE to its CA",
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise StorageError(
            f"no answer from {where}: {str(error) or type(error).__name__}"
        ) from error
    finally:
        connection.close()
    location = response.headers.get("Location", "")
    return Answer(status=response.status, told=_told(body), location=location)


def _pieces(data: bytes, sent: Callable[[int], None]) -> Iterator[bytes]:
    for start in range(0, len(data), _PIECE):
        piece = data[start : start + _PIECE]
        yield piece
        sent(len(piece))


def _told(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _error(where: str, name: str, answer: Answer) -> CapirepoError:
    """Why a file was not taken."""
    if answer.location:
        return BadInputError(
            f"{where} sends us to {shown(answer.location)}", cure="give that address instead"
        )
    kind = _ERRORS.get(answer.status, BadInputError)
    if answer.status >= _SERVER_ERROR:
        kind = StorageError
    if not answer.told:
        return kind(f"{where} answers {answer.status} to an upload: is that a capirepo?")
    said = printable(str(answer.told.get("detail") or answer.told.get("message") or answer.status))
    cure = f"set {TOKEN_VARIABLE} to a token that may write" if kind is UnauthorizedError else ""
    return kind(f"{name} was not taken: {said[:500]}", cure=cure)
