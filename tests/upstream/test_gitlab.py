"""GitLab as it answers: pages, packages that only look alike, files uploaded twice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from yarl import URL

from capirepo.core.names import Label
from capirepo.core.version import parse_version
from capirepo.errors import NotThereError
from capirepo.upstream.gitlab import GitlabUpstream
from capirepo.upstream.wire import Secret
from tests.upstream.bad import BODY, Bad, answer, bad_server, client, read_from

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LABEL = Label("infrastructure-awesome")
V1 = parse_version("v1.0.0")
NAMED = f"package_type=generic&package_name={LABEL}&per_page=100"
LIST = f"/api/v4/projects/a%2Fb/packages?{NAMED}&order_by=created_at&sort=desc"
ONE = f"/api/v4/projects/a%2Fb/packages?{NAMED}&package_version=v1.0.0"
FILES = "/api/v4/projects/a%2Fb/packages/7/package_files?per_page=100"


@pytest.fixture
async def bad() -> AsyncIterator[Bad]:
    async with bad_server() as server:
        yield server


def reply(bad: Bad, path: str, content: Any, *headers: str) -> None:
    bad.replies[path] = [answer(json.dumps(content).encode(), *headers)]


def package(version: str, number: int = 1, **more: Any) -> dict[str, Any]:
    return {"id": number, "name": LABEL, "version": version, "status": "default", **more}


async def test_pages_are_read_and_what_only_looks_alike_is_left_out(bad: Bad) -> None:
    alike = [
        package("v3.0.0", name=f"{LABEL}-too"),
        package("v4.0.0", status="processing"),
        package("5.0"),
        package("v1.0.0"),
    ]
    reply(bad, LIST, [package("v1.0.0"), *alike], "X-Next-Page: 2", 'ETag: W/"1"')
    reply(bad, f"{LIST}&page=2", [package("v2.0.0")], "X-Next-Page: ")
    async with client() as http:
        upstream = upstream_of(bad, http)
        listing = await upstream.versions()
    assert [*map(str, listing.versions)] == ["v2.0.0", "v1.0.0"]
    assert listing.tag == 'W/"1"'
    assert all("PRIVATE-TOKEN: t0ken" in head for head in bad.asked)


async def test_of_a_file_that_was_uploaded_twice_the_last_one_counts(bad: Bad) -> None:
    reply(bad, ONE, [package("v1.0.0", 6), package("v1.0.0", 7), package("v1.0.1", 8)])
    file = {"id": 1, "file_name": "metadata.yaml", "size": 1, "file_sha256": "0" * 64}
    again = {**file, "id": 2, "size": len(BODY), "file_sha256": None, "created_at": "2026"}
    reply(bad, FILES, [file, again, {**file, "file_name": ".hidden"}])
    path = f"/api/v4/projects/a%2Fb/packages/generic/{LABEL}/v1.0.0/metadata.yaml"
    bad.replies[path] = [answer()]
    async with client() as http:
        upstream = upstream_of(bad, http)
        (asset,) = await upstream.assets(V1)
        assert (asset.size, asset.sha256, asset.stamp) == (len(BODY), "", "2026")
        assert await read_from(upstream, asset) == BODY
    assert "PRIVATE-TOKEN: t0ken" in bad.asks_of(path)[0]


async def test_a_package_that_is_not_there_is_not_there(bad: Bad) -> None:
    reply(bad, ONE, [package("v1.0.0", name=f"{LABEL}-too")])
    async with client() as http:
        with pytest.raises(NotThereError, match=r"has no v1\.0\.0"):
            await upstream_of(bad, http).assets(V1)


async def test_a_project_that_may_be_private_is_said_to_be_so_to_who_shows_nothing(
    bad: Bad,
) -> None:
    async with client() as http:
        project = URL(f"http://127.0.0.1:{bad.port}/api/v4/projects/a%2Fb")
        upstream = GitlabUpstream(http, project, LABEL, secret=Secret(variable="GITLAB_TOKEN"))
        with pytest.raises(NotThereError, match="if it is private, set GITLAB_TOKEN"):
            await upstream.versions()
        with pytest.raises(NotThereError) as error:
            await upstream_of(bad, http).versions()
    assert error.value.cure == ""


def upstream_of(bad: Bad, http: Any) -> GitlabUpstream:
    project = URL(f"http://127.0.0.1:{bad.port}/api/v4/projects/a%2Fb")
    secret = Secret(headers={"PRIVATE-TOKEN": "t0ken"}, variable="GITLAB_TOKEN")
    return GitlabUpstream(http, project, LABEL, secret=secret)
