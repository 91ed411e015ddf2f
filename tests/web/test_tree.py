from __future__ import annotations

import asyncio
import gzip
import json
from typing import TYPE_CHECKING

import pytest
import yaml

from capirepo.services import library
from tests.support import Served, add_release, components, served

if TYPE_CHECKING:
    from pathlib import Path

ASSET = "/infrastructure-awesome/v0.1.0/infrastructure-components.yaml"


async def test_an_asset_is_its_bytes_immutable_with_a_digest(server: Served) -> None:
    status, headers, body = await server.get(ASSET, headers={"Accept-Encoding": "identity"})
    assert (status, body) == (200, components().encode())
    assert headers["Content-Type"] == "application/yaml"
    assert "immutable" in headers["Cache-Control"]
    assert headers["ETag"] == f'"{headers["X-Checksum-Sha256"]}"'


async def test_a_client_that_takes_gzip_gets_it_with_an_etag_of_its_own(root: Path) -> None:
    add_release(root, "ipam-big", "v0.1.0", ipam_components__yaml=components() * 50)
    async with served(root) as server:
        path = "/ipam-big/v0.1.0/ipam-components.yaml"
        _, headers, body = await server.get(path, headers={"Accept-Encoding": "gzip"})
        assert headers["Content-Encoding"] == "gzip"
        assert headers["Vary"] == "Accept-Encoding"
        assert gzip.decompress(body) == components().encode() * 50
        _, plain, _ = await server.get(path, headers={"Accept-Encoding": "gzip;q=0"})
        assert "Content-Encoding" not in plain
        assert plain["ETag"] != headers["ETag"]
        given = {"Accept-Encoding": "gzip", "If-None-Match": headers["ETag"]}
        assert (await server.get(path, headers=given))[0] == 304


@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', "*"])
async def test_who_has_it_already_gets_304(server: Served, form: str) -> None:
    etag = (await server.get(ASSET))[1]["ETag"]
    status, headers, body = await server.get(ASSET, headers={"If-None-Match": form.format(etag)})
    assert (status, body) == (304, b"")
    assert headers["ETag"] == etag


@pytest.mark.parametrize(
    ("given", "start", "stop"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=5-", 5, None),
        ("bytes=-7", -7, None),
        ("bytes=3-99999", 3, None),
    ],
)
async def test_a_range_is_a_part_of_the_plain_bytes(
    server: Served, given: str, start: int, stop: int | None
) -> None:
    status, headers, body = await server.get(ASSET, headers={"Range": given})
    whole = components().encode()
    assert (status, body) == (206, whole[start:stop])
    assert headers["Content-Range"].endswith(f"/{len(whole)}")


@pytest.mark.parametrize(
    "given", ["bytes=9-5", "bytes=a-b", "lines=1-2", "bytes=0-1,3-4", "bytes=-"]
)
async def test_a_range_that_is_none_is_answered_with_the_whole(server: Served, given: str) -> None:
    status, _, body = await server.get(ASSET, headers={"Range": given})
    assert (status, body) == (200, components().encode())


@pytest.mark.parametrize("given", ["bytes=99999-", "bytes=-0"])
async def test_a_range_past_the_end_is_416_with_the_size(server: Served, given: str) -> None:
    status, headers, _ = await server.get(ASSET, headers={"Range": given})
    assert status == 416
    assert headers["Content-Range"] == f"bytes */{len(components())}"


async def test_a_range_of_something_that_changed_is_the_whole(server: Served) -> None:
    given = {"Range": "bytes=0-1", "If-Range": '"other"'}
    assert (await server.get(ASSET, headers=given))[0] == 200


async def test_head_has_the_headers_of_get_and_no_body(server: Served) -> None:
    async with server.http.head(server.url + ASSET) as answer:
        assert answer.status == 200
        assert int(answer.headers["Content-Length"]) == len(components())
        assert await answer.read() == b""


async def test_an_asset_too_large_for_memory_is_streamed_with_ranges(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "LARGE", 10)
    async with served(root) as server:
        whole = components().encode()
        status, headers, body = await server.get(ASSET)
        assert (status, body) == (200, whole)
        part = await server.get(ASSET, headers={"Range": "bytes=2-4"})
        assert (part[0], part[2]) == (206, whole[2:5])
        past = await server.get(ASSET, headers={"Range": "bytes=99999-"})
        assert past[0] == 416
        known = await server.get(ASSET, headers={"If-None-Match": headers["ETag"]})
        assert known[0] == 304


async def test_latest_leads_to_the_newest_stable_release(server: Served) -> None:
    status, headers, _ = await server.get("/infrastructure-awesome/latest/metadata.yaml")
    assert (status, headers["Location"]) == (302, "/infrastructure-awesome/v0.2.0/metadata.yaml")
    status, headers, _ = await server.get("/infrastructure-awesome/latest")
    assert (status, headers["Location"]) == (302, "/infrastructure-awesome/v0.2.0/")


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/infrastructure-x/v0.1.0/metadata.yaml", "infrastructure-awesome"),
        ("/infrastructure-awesome/v9.0.0/metadata.yaml", "v0.2.0"),
        ("/infrastructure-awesome/v0.1.0/x.yaml", "metadata.yaml"),
    ],
)
async def test_what_is_absent_is_404_and_says_what_is_there(
    server: Served, path: str, there: str
) -> None:
    status, _, body = await server.get(path)
    assert status == 404
    assert there in body.decode()
    as_json = await server.get(path, headers={"Accept": "application/json"})
    assert there in json.loads(as_json[2])["available"]


async def test_a_list_is_never_stale(server: Served) -> None:
    _, headers, _ = await server.get("/index.json")
    assert headers["Cache-Control"] == "no-cache"
    status, _, _ = await server.get("/index.json", headers={"If-None-Match": headers["ETag"]})
    assert status == 304


async def test_a_release_copied_in_is_seen_without_a_restart(server: Served) -> None:
    assert (await server.get("/infrastructure-awesome/v0.5.0/metadata.yaml"))[0] == 404
    add_release(server.root, "infrastructure-awesome", "v0.5.0")
    server.running.watch.look_soon()
    await server.until("/infrastructure-awesome/v0.5.0/metadata.yaml", 200)
    assert (
        "v0.5.0"
        in (await server.get("/github.com/capirepo.internal/infrastructure-awesome/@v/list"))[
            2
        ].decode()
    )


async def test_a_broken_release_is_served_by_name_and_named_but_never_listed(
    server: Served, caplog: pytest.LogCaptureFixture
) -> None:
    add_release(server.root, "infrastructure-awesome", "v0.6.0", metadata__yaml="a: [")
    server.running.watch.look_soon()
    await server.until("/infrastructure-awesome/v0.6.0/metadata.yaml", 200)
    index = await server.json("/index.json")
    (label,) = index["labels"]
    broken = label["releases"][0]
    assert (broken["version"], broken["complete"]) == ("v0.6.0", False)
    assert "metadata.yaml, line 2" in broken["problems"][0]
    assert label["latest"] == "v0.2.0"
    listed = await server.get("/github.com/capirepo.internal/infrastructure-awesome/@v/list")
    assert b"v0.6.0" not in listed[2]
    async with asyncio.timeout(20):
        while "infrastructure-awesome v0.6.0 is not offered" not in caplog.text:
            await asyncio.sleep(0.02)  # the log comes once all releases were looked at


@pytest.mark.parametrize(
    ("query", "url"),
    [
        (
            "?style=github",
            (
                "https://github.com/capirepo.internal/infrastructure-awesome/releases/latest/"
                "infrastructure-components.yaml"
            ),
        ),
        (
            "?style=github&provider=awesome@v0.1.0",
            (
                "https://github.com/capirepo.internal/infrastructure-awesome/releases/v0.1.0/"
                "infrastructure-components.yaml"
            ),
        ),
        (
            "",
            (
                "https://gitlab.capirepo.internal/api/v4/projects/capirepo%2Freleases/packages/generic/"
                "infrastructure-awesome/v0.2.0/infrastructure-components.yaml"
            ),
        ),
    ],
)
async def test_clusterctl_yaml_names_the_newest_in_the_style_that_is_asked_for(
    server: Served, query: str, url: str
) -> None:
    _, headers, body = await server.get(f"/clusterctl.yaml{query}")
    assert yaml.safe_load(body)["providers"] == [
        {"name": "awesome", "type": "InfrastructureProvider", "url": url}
    ]
    assert headers["Cache-Control"] == "no-cache"


async def test_clusterctl_yaml_can_name_a_registry_for_all_images(server: Served) -> None:
    _, _, body = await server.get("/clusterctl.yaml?image-registry=registry.example.com/x")
    assert yaml.safe_load(body)["images"] == {"all": {"repository": "registry.example.com/x"}}


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("style=x", b"take github, gitlab, local"),
        ("stile=gitlab", b"known are image-registry, known, provider, style"),
        ("provider=nothing", b"there is: infrastructure-awesome"),
    ],
)
async def test_clusterctl_yaml_says_what_it_does_not_know(
    server: Served, query: str, sentence: bytes
) -> None:
    status, _, body = await server.get(f"/clusterctl.yaml?{query}")
    assert status == 404
    assert sentence in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_what_is_not_done_here_is_405_with_what_is(server: Served, method: str) -> None:
    async with server.http.request(method, server.url + ASSET, data=b"x") as answer:
        assert answer.status == 405
        assert "GET" in answer.headers["Allow"]


async def test_the_first_page_says_what_there_is(server: Served) -> None:
    _, _, body = await server.get("/")
    assert b"4 release(s) of 1 label(s)" in body
    assert b"infrastructure-awesome" in body
