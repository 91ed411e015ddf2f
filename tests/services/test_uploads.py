"""Uploads to a server that is killed at any moment, or whose disk fails."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from capirepo.core.names import Label
from capirepo.core.tokens import Scope
from capirepo.core.version import parse_version
from capirepo.services.ledger import Author
from capirepo.store.fs import FolderStore
from capirepo.store.intake import FolderIntake
from tests.services.faults import Faults, faults
from tests.support import (
    add_release,
    add_token,
    components,
    metadata,
    run_capirepo,
    served,
    serving_process,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support import Process

__all__ = ["faults"]

LABEL, VERSION = "infrastructure-awesome", "v0.4.0"
COMPONENTS = "infrastructure-components.yaml"
FILES = {
    "metadata.yaml": metadata("0.4=v1beta1").encode(),
    COMPONENTS: components().encode(),
}
PLACE = f"/api/v4/projects/1/packages/generic/{LABEL}/{VERSION}"


def put(server: Process, token: str, name: str) -> tuple[int, dict[str, Any]]:
    """Status and answer; 0 where none came."""
    request = urllib.request.Request(
        f"{server.url}{PLACE}/{name}", FILES[name], {"PRIVATE-TOKEN": token}, method="PUT"
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    except (OSError, http.client.HTTPException):
        return 0, {}


def is_there(server: Process) -> bool:
    try:
        with urllib.request.urlopen(f"{server.url}/{LABEL}/{VERSION}/", timeout=30) as answer:
            return {one["name"] for one in json.load(answer)["assets"]} == set(FILES)
    except urllib.error.HTTPError:
        return False


def leftovers(root: Path) -> list[Path]:
    return [*root.glob(".capirepo/staging/*"), *root.glob(".capirepo/locks/*")]


@pytest.mark.parametrize(
    ("call", "when"),
    [*(("fsync", when) for when in range(1, 11)), ("link", 1), ("rename", 1), ("replace", 1)],
)
def test_a_server_that_is_killed_goes_on_where_it_was(
    faults: Faults, root: Path, call: str, when: int
) -> None:
    token, state = add_token(root, "ci", Scope.WRITE), root / ".capirepo"
    with serving_process(root, state=state) as server:
        assert put(server, token, "metadata.yaml")[0] == 201
        faults.at(call, "KILL", when)
        assert put(server, token, COMPONENTS)[0] == 0
        faults.none()
    release = root / LABEL / VERSION
    assert not release.exists() or {file.name for file in release.iterdir()} == set(FILES)
    with serving_process(root, state=state) as server:
        status, told = put(server, token, COMPONENTS)
        assert (status, told["state"]) == (201, "listed")
        assert is_there(server)
        assert put(server, token, "metadata.yaml")[0] == 201
    assert leftovers(root) == []
    assert run_capirepo("log", root).returncode == 0


@pytest.mark.parametrize(
    ("call", "error", "first", "last", "wanted"),
    [
        ("fsync", "ENOSPC", 1, 99, 507),
        ("fsync", "EIO", 1, 1, 503),
        ("fsync", "EIO", 2, 2, 503),
        ("fsync", "ENOSPC", 5, 99, 507),
        ("write", "ENOSPC", 1, 1, 507),
        ("link", "ENOSPC", 1, 1, 507),
        ("link", "EPERM", 1, 1, 201),
        # All of them, as what is found out about releases is replaced when that is done.
        ("replace", "EIO", 1, 99, 503),
        ("rename", "ENOSPC", 1, 1, 507),
        ("mkdir", "EROFS", 1, 99, 503),
    ],
)
def test_a_disk_that_fails_is_said_reads_go_on_and_a_later_try_goes_well(  # noqa: PLR0913, PLR0917 - what fails and how
    faults: Faults, root: Path, call: str, error: str, first: int, last: int, wanted: int
) -> None:
    token = add_token(root, "ci", Scope.WRITE)
    with serving_process(root, state=root / ".capirepo") as server:
        assert put(server, token, "metadata.yaml")[0] == 201
        faults.at(call, error, first, last)
        assert put(server, token, COMPONENTS)[0] == wanted
        urllib.request.urlopen(f"{server.url}/{LABEL}/v0.1.0/metadata.yaml", timeout=30).close()
        faults.none()
        assert leftovers(root) == []
        assert put(server, token, COMPONENTS)[1]["state"] == "listed"
        assert is_there(server)
    assert run_capirepo("log", root).returncode == 0


async def test_what_is_pending_and_complete_is_listed_when_the_server_starts(
    root: Path,
) -> None:
    add_release(root / ".capirepo" / "pending", LABEL, VERSION)
    add_release(root / ".capirepo" / "pending", LABEL, "v0.5.0")
    (root / ".capirepo" / "pending" / LABEL / "v0.5.0" / "metadata.yaml").unlink()
    # Of one that is listed already, nothing waits any more.
    add_release(root / ".capirepo" / "pending", LABEL, "v0.1.0")
    async with served(root) as server:
        await server.until(f"/{LABEL}/{VERSION}/", 200)
        pending = await server.json("/api/v4/projects/1/packages?status=processing")
        assert {one["version"] for one in pending} == {"v0.5.0"}
    assert {entry["action"] for entry in log_of(root)} == {"publish", "delete"}


def log_of(root: Path) -> list[dict[str, Any]]:
    text = (root / ".capirepo" / "audit.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


async def test_what_waits_says_why(root: Path) -> None:
    from capirepo.repository import make_publishing, open_repository

    waits = root / ".capirepo" / "pending"
    (add_release(waits, LABEL, VERSION) / "metadata.yaml").unlink()
    (add_release(waits, LABEL, "v0.5.0") / "metadata.yaml").write_text(metadata("9.9=v1beta1"))
    uploads = make_publishing(open_repository(root)).uploads
    waiting = {str(one.version): one.reasons for one in await uploads.waiting()}
    assert waiting[VERSION] == ("metadata.yaml is missing",)
    assert "no release series is for v0.5.0" in waiting["v0.5.0"][0]
    assert await uploads.resume(Author(who="capirepo", via="start")) == []


async def test_a_pending_release_is_not_listed_beside_its_twin(root: Path) -> None:
    from capirepo.repository import make_publishing, open_repository

    add_release(root / ".capirepo" / "pending", LABEL, "v0.1.0+build")
    uploads = make_publishing(open_repository(root)).uploads
    assert await uploads.resume(Author(who="capirepo", via="start")) == []
    assert parse_version("v0.1.0+build") not in await FolderStore(root).versions(Label(LABEL))
    assert await FolderIntake(root).pending.versions(Label(LABEL))
