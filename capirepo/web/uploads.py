"""The writing half of the GitLab face: uploads of single files, and their removal.

Rules kept here (GitLab's API v4, `generic_packages.rb`; curl, python-gitlab, CI jobs):
- PUT is 201, for the same bytes once more as well; other bytes under a name that is taken are
  refused in GitLab's words;
- what cannot be taken is refused before its body is read, also to who waits for 100 Continue;
- an answer says whether the release is listed, or pending and for want of what.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import re
from typing import TYPE_CHECKING, Any, Final

from aiohttp import hdrs, web

from capirepo.core.lint.report import problem_data
from capirepo.core.names import parse_asset, parse_label, shown
from capirepo.core.version import parse_version
from capirepo.errors import BadInputError, CapirepoError, ConflictError, NotThereError
from capirepo.ports import TooLargeError
from capirepo.services.ledger import Author
from capirepo.services.uploads import Target
from capirepo.web.auth import writer_of
from capirepo.web.errors import answer_to, refusal, signed
from capirepo.web.gitlab import PROJECT, check_project, file_data, find_package
from capirepo.web.numbers import id_of
from capirepo.web.site import SITE, library_of, text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from capirepo.core.names import AssetName, Label
    from capirepo.core.version import Version
    from capirepo.services.publish import Outcome

log = logging.getLogger("capirepo.http")

NO_LINT: Final = "X-Capirepo-No-Lint"
"""The header that says why lint is passed over; it is kept in the release's record."""

_PIECE: Final = 1 << 20
_ENCODINGS: Final = ("", "identity", "gzip", "deflate")
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")
# RFC 9530: Content-Digest and Repr-Digest are the same for a body that is not encoded.
_DIGEST: Final = re.compile(r"(?:.*,)?\s*sha-256=:(?P<value>[A-Za-z0-9+/=]+):.*")


class _TooSlowError(BadInputError):
    """Nothing came for too long."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"nothing came for {seconds:g} seconds", cure="send it again")


def routes() -> list[web.RouteDef]:
    """The addresses of this face."""
    return [
        web.put(
            f"{PROJECT}/packages/generic/{{label}}/{{version}}/{{asset}}",
            put,
            expect_handler=expect,
        ),
        web.delete(f"{PROJECT}/packages/{{id:[0-9]+}}", delete),
        web.delete(f"{PROJECT}/packages/{{id:[0-9]+}}/package_files/{{file:[0-9]+}}", delete_file),
    ]


async def expect(request: web.Request) -> web.StreamResponse | None:
    """Before a body that waits for leave: whoever may not send it is told so instead."""
    # No middleware has seen the request yet.
    if request.headers.get(hdrs.EXPECT, "").lower() != "100-continue":
        answer = refusal(request, 417, "only 100-continue may be expected")
        answer.force_close()
        return signed(request, answer)
    try:
        _permitted(request)
    except CapirepoError as error:
        answer = _refused(request, error)
        answer.force_close()
        return signed(request, answer)
    if request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return None


async def put(request: web.Request) -> web.Response:
    """Takes one file of a release."""
    try:
        target, author = _permitted(request)
        outcome = await request.app[SITE].uploads.upload(
            target, _pieces(request, target.label), author, _announced(request)
        )
    except (BadInputError, ConflictError) as error:
        return _refused(request, error)
    if outcome.state == "listed":
        # Whoever reads after the answer sees it.
        await library_of(request).refresh()
    place = f"{target.label}/{target.version}"
    problems = [
        problem_data(one, f"{place}/{one.finding.file}".rstrip("/")) for one in outcome.problems
    ]
    if outcome.state == "refused":
        first = outcome.errors[0]
        log.warning("%s %s was not taken from %s: %s", place, target.name, author.who, first)
        said = f"422 Unprocessable Entity: {first}"
        return _as_json({"message": said, "status": 422, "problems": problems}, 422)
    return _as_json({**_taken(request, target, outcome), "problems": problems}, 201)


async def delete(request: web.Request) -> web.Response:
    """Removes a pending package; a listed one only where the configuration allows it."""
    label, version, _, _ = await find_package(request)
    await _withdraw(request, label, version, None)
    return web.Response(status=204)


async def delete_file(request: web.Request) -> web.Response:
    """Removes one file of a pending package."""
    label, version, assets, _ = await find_package(request)
    for name in assets:
        if str(id_of("file", label, version, name)) == text(request, "file"):
            await _withdraw(request, label, version, name)
            return web.Response(status=204)
    raise NotThereError("404 Package file Not Found")


async def _withdraw(
    request: web.Request, label: Label, version: Version, name: AssetName | None
) -> None:
    site = request.app[SITE]
    author = Author(who=f"token {writer_of(request, label)}", via="http")
    await site.uploads.withdraw(label, version, author, name=name, listed=site.deletes_listed)
    await site.desk.library.refresh()


def _permitted(request: web.Request) -> tuple[Target, Author]:
    """What a request wants to write, once it is clear that it may.

    Raises:
        BadInputError: a name that is none, or a body that is too large.
        NotThereError: another project.
        UnauthorizedError, RefusedError: as `writer_of`.
    """
    check_project(request)
    target = Target(
        label=parse_label(text(request, "label")),
        version=parse_version(text(request, "version")),
        name=parse_asset(text(request, "asset")),
    )
    who = f"token {writer_of(request, target.label)}"
    most = request.app[SITE].uploads.most
    if request.content_length is not None and request.content_length > most:
        raise TooLargeError(most)
    encoding = request.headers.get(hdrs.CONTENT_ENCODING, "").strip().lower()
    if encoding not in _ENCODINGS:
        raise BadInputError(f"Content-Encoding is {shown(encoding)}", cure="send it as it is")
    reason = request.headers.get(NO_LINT, "").strip()
    return target, Author(who=who, via="http", no_lint=reason[:500])


async def _pieces(request: web.Request, label: Label) -> AsyncIterator[bytes]:
    """The body, piece by piece.

    Raises:
        BadInputError: it ends before it is whole, or does not come.
        UnauthorizedError, RefusedError: the token has lost its power meanwhile.
    """
    seconds = request.app[SITE].upload_seconds
    while True:
        try:
            async with asyncio.timeout(seconds):
                piece = await request.content.read(_PIECE)
        except TimeoutError:
            raise _TooSlowError(seconds) from None
        except (web.RequestPayloadError, ConnectionError, web.HTTPException) as error:
            raise BadInputError(
                "the body ended before it was whole", cure="send it again"
            ) from error
        if not piece:
            break
        yield piece
    # A body may take hours.
    writer_of(request, label)


def _announced(request: web.Request) -> str:
    """The SHA-256 that a request says its body has, in hexadecimal; '' for nothing."""
    given = request.headers.get("X-Checksum-Sha256", "").strip()
    if given:
        if not _SHA256.fullmatch(given):
            raise BadInputError(
                f"X-Checksum-Sha256 is {ascii(given)[:80]}", cure="send 64 hexadecimal digits"
            )
        return given.lower()
    for name in ("Content-Digest", "Repr-Digest"):
        match = _DIGEST.fullmatch(request.headers.get(name, ""))
        if match is not None:
            try:
                return base64.b64decode(match["value"], validate=True).hex()
            except ValueError:
                raise BadInputError(f"{name} is no base64", cure="see RFC 9530") from None
    return ""


def _taken(request: web.Request, target: Target, outcome: Outcome) -> dict[str, Any]:
    """What an answer says of a file that was taken."""
    told: dict[str, Any] = {
        "message": "201 Created",
        "state": outcome.state,
        "changed": outcome.changed,
        "missing": list(outcome.missing),
    }
    if request.query.get("select") == "package_file":
        held = outcome.held
        size, digest = (held.size, held.sha256) if held else (0, None)
        told |= file_data(target.label, target.version, target.name, size, digest)
    return told


def _refused(request: web.Request, error: CapirepoError) -> web.Response:
    """Says no to an upload, before or after its body."""
    if isinstance(error, ConflictError):
        told = {
            "message": "Duplicate package is not allowed",
            "status": 409,
            "detail": str(error),
        }
        return _as_json(told, 409)
    if isinstance(error, TooLargeError):
        answer = refusal(request, 413, str(error))
    elif isinstance(error, _TooSlowError):
        answer = refusal(request, 408, str(error))
    elif isinstance(error, BadInputError):
        answer = refusal(request, 400, str(error))
    else:
        answer = answer_to(request, error)
    # Whatever is left of the body is not read.
    answer.force_close()
    return answer


def _as_json(content: dict[str, Any], status: int) -> web.Response:
    answer = web.json_response(content, status=status)
    answer.headers["Cache-Control"] = "no-cache"
    return answer
