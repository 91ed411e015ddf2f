"""Sends releases to a server, file by file, as GitLab's clients do, and takes them back.

What makes a release complete comes last, so that nobody sees half of one; and of what is no
release in the end, nothing stays that was not there before.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from capirepo.cli.asking import TAKEN, Answer, ask, base_of, error_of, where
from capirepo.cli.client import get
from capirepo.core.metadata import METADATA
from capirepo.errors import CapirepoError, NotThereError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from urllib.parse import SplitResult

    from capirepo.core.names import AssetName, Label
    from capirepo.core.version import Version

_PIECE: Final = 64 * 1024
_FOUND_ERRORS: Final = 422


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
    base = base_of(to)
    place = f"{base.path}/packages/generic/{label}/{quote(str(version))}"
    last = [name for name in files if name in (METADATA, components)]
    last.sort(key=lambda name: name == components)
    order = [*(name for name in sorted(files) if name not in last), *last]
    answer = Answer(status=0, told={})
    whole, taken = False, []
    try:
        for name in order:
            path = f"{place}/{quote(name)}?select=package_file"
            answer = _put(base, path, files[name], no_lint, sent)
            if answer.status == _FOUND_ERRORS and "problems" in answer.told:
                break
            if answer.status not in TAKEN or not answer.told:
                raise error_of(where(base), name, answer)
            if answer.told.get("state") == "pending" and answer.told.get("changed"):
                taken.append(f"{answer.told['package_id']}/package_files/{answer.told['id']}")
        whole = answer.status in TAKEN
    finally:
        if not whole:
            _take_back(base, taken)
    return answer


def withdraw_release(
    to: str, label: Label, version: Version, name: str = "", *, listed: bool = False
) -> None:
    """Removes a pending release from a server, or one file of it; with `listed` a listed one too.

    Raises:
        NotThereError: it is not there.
        UnauthorizedError, RefusedError, BadInputError, StorageError: the server says no.
    """
    base = base_of(to)
    query = f"package_name={label}&package_version={quote(str(version), safe='')}"
    for status in ("processing", "default")[: 1 + listed]:
        told = _get(base, f"{base.path}/packages?{query}&status={status}")
        found = [
            one["id"] for one in told if one["name"] == label and one["version"] == str(version)
        ]
        if not found:
            continue
        path = f"{base.path}/packages/{found[0]}"
        if name:
            files = _get(base, f"{path}/package_files?per_page=100")
            ids = [one["id"] for one in files if one["file_name"] == name]
            if not ids:
                raise NotThereError(
                    f"{label} {version} has no {name}",
                    available=[one["file_name"] for one in files],
                )
            path = f"{path}/package_files/{ids[0]}"
        answer = ask(base, "DELETE", path, {})
        if answer.status != http.client.NO_CONTENT:
            raise error_of(where(base), "the removal", answer)
        return
    what = "" if listed else "pending "
    raise NotThereError(f"{to} has no {what}{label} {version}")


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


def _server(to: str) -> str:
    return where(base_of(to))


def _take_back(base: SplitResult, taken: list[str]) -> None:
    for path in taken:
        with contextlib.suppress(CapirepoError):
            ask(base, "DELETE", f"{base.path}/packages/{path}", {})


def _get(base: SplitResult, path: str) -> Any:
    answer = ask(base, "GET", path, {})
    if answer.status != http.client.OK:
        raise error_of(where(base), "the question", answer)
    return answer.told


def _put(
    base: SplitResult, path: str, data: bytes, no_lint: str, sent: Callable[[int], None]
) -> Answer:
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Length": str(len(data)),
        "X-Checksum-Sha256": hashlib.sha256(data).hexdigest(),
    }
    if no_lint:
        headers["X-Capirepo-No-Lint"] = no_lint
    return ask(base, "PUT", path, headers, _pieces(data, sent))


def _pieces(data: bytes, sent: Callable[[int], None]) -> Iterator[bytes]:
    for start in range(0, len(data), _PIECE):
        piece = data[start : start + _PIECE]
        yield piece
        sent(len(piece))
