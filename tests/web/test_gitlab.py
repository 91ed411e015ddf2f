from __future__ import annotations

import asyncio
import subprocess
from typing import TYPE_CHECKING

import gitlab
import pytest

from tests.support import components

if TYPE_CHECKING:
    from tests.support import Served

BASE = "/api/v4/projects/capirepo%2Freleases"
FILE = f"{BASE}/packages/generic/infrastructure-awesome/v0.1.0/infrastructure-components.yaml"


@pytest.mark.parametrize("project", ["capirepo%2Freleases", "1", "Capirepo%2freleases"])
async def test_a_file_is_there_under_the_path_and_the_id_of_the_project(
    server: Served, project: str
) -> None:
    path = FILE.replace("capirepo%2Freleases", project)
    status, headers, body = await server.get(path)
    assert (status, body) == (200, components().encode())
    assert headers["Content-Disposition"].startswith("attachment")
    assert len(headers["X-Checksum-Sha256"]) == 64
    async with server.http.head(server.url + path) as answer:
        assert answer.status == 200


async def test_another_project_is_not_there_and_says_which_is(server: Served) -> None:
    status, _, body = await server.get(FILE.replace("capirepo%2Freleases", "a%2Fb"))
    assert status == 404
    assert b"capirepo/releases" in body


async def test_curl_reads_a_file(server: Served) -> None:
    done = await asyncio.to_thread(
        subprocess.run, ["curl", "-sSf", server.url + FILE], capture_output=True, check=True
    )
    assert done.stdout == components().encode()


async def test_the_library_of_gitlab_reads_lists_and_files(server: Served) -> None:
    def read() -> tuple[list[tuple[str, str]], list[str], bytes]:
        client = gitlab.Gitlab(server.url, private_token="any")
        project = client.projects.get("capirepo/releases")
        packages = project.packages.list(get_all=True, per_page=2)
        files = packages[0].package_files.list(get_all=True)
        body = project.generic_packages.download(
            "infrastructure-awesome", "v0.1.0", "infrastructure-components.yaml"
        )
        client.session.close()
        assert isinstance(body, bytes)
        return (
            [(one.name, one.version) for one in packages],
            [one.file_name for one in files],
            body,
        )

    packages, files, body = await asyncio.to_thread(read)
    assert packages == [
        ("infrastructure-awesome", version)
        for version in ("v0.3.0-rc.1", "v0.2.0", "v0.1.1", "v0.1.0")
    ]
    assert files == ["infrastructure-components.yaml", "metadata.yaml"]
    assert body == components().encode()


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("package_name=infrastructure-awesome", 4),
        ("package_name=other", 0),
        ("package_version=v0.1.0", 1),
        ("package_type=npm", 0),
        ("per_page=3", 3),
    ],
)
async def test_package_lists_can_be_narrowed(server: Served, query: str, count: int) -> None:
    status, headers, _ = await server.get(f"{BASE}/packages?{query}")
    assert status == 200
    assert len(await server.json(f"{BASE}/packages?{query}")) == count
    assert "X-Total" in headers


async def test_a_package_that_is_not_there_is_worded_as_gitlab_does(server: Served) -> None:
    body = await server.json(f"{BASE}/packages/7/package_files")
    assert body["message"] == "404 Package Not Found"
