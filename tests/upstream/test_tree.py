"""Plain trees and folders: what they say, what they do not, and what they get wrong."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING

import pytest
from yarl import URL

from capirepo.core.names import AssetName, Label
from capirepo.core.version import parse_version
from capirepo.errors import NotThereError
from capirepo.outside import UpstreamError
from capirepo.upstream.folder import FolderUpstream
from capirepo.upstream.tree import ServedUpstream, TreeUpstream
from capirepo.upstream.wire import Secret
from tests.support import add_release
from tests.upstream.bad import BODY, Bad, answer, bad_server, client, read_from

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from capirepo.upstream.http import Http

LABEL = Label("infrastructure-awesome")
V1 = parse_version("v0.1.0")
NAMES = [AssetName("metadata.yaml"), AssetName("infrastructure-components.yaml")]
SECRET = Secret(headers={"Authorization": "Bearer t0ken"}, variable="CAPIREPO_TOKEN")


@pytest.fixture
async def bad() -> AsyncIterator[Bad]:
    async with bad_server() as server:
        yield server


def upstream_of(bad: Bad, http: Http) -> ServedUpstream:
    return ServedUpstream(http, upstream_base(bad), LABEL, names=NAMES, secret=SECRET)


def upstream_base(bad: Bad) -> URL:
    return URL(f"http://127.0.0.1:{bad.port}/base")


async def test_a_tree_that_does_not_say_its_versions_gives_those_that_are_named(bad: Bad) -> None:
    bad.replies[f"/base/{LABEL}/v0.1.0/metadata.yaml"] = [answer()]
    async with client() as http:
        upstream = upstream_of(bad, http)
        with pytest.raises(NotThereError, match="name the versions that are wanted"):
            await upstream.versions()
        (asset,) = await upstream.assets(V1)
        assert await read_from(upstream, asset) == BODY
    # Nobody who is not a capirepo sees the token for one.
    assert not any("t0ken" in head for head in bad.asked)


async def test_an_index_without_the_label_leaves_it_to_the_list_of_versions(bad: Bad) -> None:
    bad.replies["/base/index.json"] = [answer(b'{"labels": [{"label": "ipam-x"}]}')]
    bad.replies[f"/base/{LABEL}/versions"] = [answer(b"v0.1.0\r\n# old\nv0.2.0\n")]
    async with client() as http:
        listing = await upstream_of(bad, http).versions()
    assert [*map(str, listing.versions)] == ["v0.2.0", "v0.1.0"]


async def test_the_index_is_asked_once_for_the_versions_and_their_files(bad: Bad) -> None:
    files = [{"name": name} for name in NAMES]
    releases = [{"version": f"v0.{minor}.0", "assets": files} for minor in range(3)]
    index = {"labels": [{"label": LABEL, "releases": releases}]}
    bad.replies["/base/index.json"] = [answer(json.dumps(index).encode())]
    for minor in range(3):
        bad.replies[f"/base/{LABEL}/v0.{minor}.0/metadata.yaml"] = [answer()]
    async with client() as http:
        upstream = TreeUpstream(http, upstream_base(bad), LABEL, names=NAMES, clock=lambda: seconds)
        seconds = 0.0
        for version in (await upstream.versions()).versions:
            assert len(await upstream.assets(version)) == 1
        assert len(bad.asks_of("/base/index.json")) == 1
        seconds = 60.0
        await upstream.assets(V1)
        assert len(bad.asks_of("/base/index.json")) == 2


async def test_a_login_page_in_place_of_a_list_is_an_error(bad: Bad) -> None:
    bad.replies["*"] = [answer(b"<html>log in</html>", "Content-Type: text/html")]
    async with client() as http:
        with pytest.raises(UpstreamError, match="HTML"):
            await upstream_of(bad, http).versions()


async def test_a_server_that_cannot_be_asked_what_it_is_is_asked_again_later(bad: Bad) -> None:
    bad.replies["/base"] = [answer(status="500 Oh")]
    async with client() as http:
        upstream = upstream_of(bad, http)
        with pytest.raises(UpstreamError, match="500"):
            await upstream.versions()
        bad.replies["/base"] = [answer(b"", "Server: capirepo", status="401 Who")]
        bad.replies[f"/base/{LABEL}"] = [answer(b'{"label": "x", "releases": []}')]
        assert (await upstream.versions()).versions == ()
    assert "t0ken" in bad.asks_of(f"/base/{LABEL}")[0]


async def test_the_digest_in_a_head_is_held_against_the_bytes(bad: Bad) -> None:
    path = f"/base/{LABEL}/v0.1.0/metadata.yaml"
    bad.replies[path] = [answer(BODY, f"X-Checksum-Sha256: {'0' * 64}")]
    async with client() as http:
        upstream = upstream_of(bad, http)
        (asset,) = await upstream.assets(V1)
        assert asset.sha256 == "0" * 64
        bad.replies[path] = [answer()]
        with pytest.raises(UpstreamError, match="was stated"):
            await read_from(upstream, asset)


async def test_of_a_folder_only_plain_files_are_taken(tmp_path: Path) -> None:
    folder = add_release(tmp_path, LABEL, "v0.1.0")
    (folder / ".hidden.yaml").write_text("x")
    (folder / "a b.yaml").write_text("x")
    (folder / "more").mkdir()
    os.mkfifo(folder / "pipe.yaml")
    upstream = FolderUpstream(tmp_path, LABEL)
    assets = await upstream.assets(V1)
    assert sorted(asset.name for asset in assets) == sorted(NAMES)
    for name in ("more", "pipe.yaml"):
        odd = type(assets[0])(name=AssetName(name), address=f"{folder}/{name}")
        async with asyncio.timeout(10):
            with pytest.raises((NotThereError, UpstreamError)):
                await read_from(upstream, odd)


async def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    folder = add_release(tmp_path, LABEL, "v0.1.0", more__yaml=b"x" * 3_000_000)
    upstream = FolderUpstream(tmp_path, LABEL)
    asset = next(one for one in await upstream.assets(V1) if one.name == "more.yaml")

    async def cut_meanwhile() -> None:
        async with upstream.open(asset) as download:
            async for _ in download.pieces:
                os.truncate(folder / "more.yaml", 1_500_000)

    with pytest.raises(UpstreamError, match="not the file that was stated"):
        await cut_meanwhile()
