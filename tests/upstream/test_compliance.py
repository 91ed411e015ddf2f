"""What every upstream must do, whatever it is: one suite for all of them."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from capirepo.core.catalog import Catalog, own_entry
from capirepo.core.names import AssetName, Label
from capirepo.core.version import parse_version
from capirepo.errors import NotThereError
from capirepo.outside import UpstreamError
from capirepo.services.library import LARGE
from capirepo.upstream.choose import Access, upstream_for
from capirepo.upstream.wire import Outside
from tests.support import Served, add_release, make_private, served
from tests.support import add_token as new_token
from tests.upstream.bad import Places, client, contexts, read_from

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from capirepo.outside import RemoteAsset, Upstream
    from capirepo.upstream.http import Http

LABEL = Label("infrastructure-awesome")
SOURCE = "Awesome-Org/cluster-api-provider-awesome"
CATALOG = Catalog([own_entry(LABEL, SOURCE)])
VERSIONS = ["v0.3.0-rc.1", "v0.2.0", "v0.1.1", "v0.1.0"]
NEW, ABSENT = parse_version("v0.4.0"), parse_version("v9.9.9")
V1 = parse_version("v0.1.0")
GITLAB = "https://gitlab.capirepo.internal/api/v4/projects/capirepo%2Freleases"
TREE = "https://tree.example/providers"
KINDS = [
    "github api", "github plain", "github api, no proxy", "gitlab", "capirepo", "tree", "index",
    "folder",
]  # fmt: skip

# Our own API of GitHub states neither digest nor time; test_github.py has what GitHub states.
STAMPED = [kind for kind in KINDS if "api" not in kind]


@dataclass
class World:
    """Releases in a folder, and every server that has them."""

    root: Path
    server: Served
    http: Http

    def upstream(self, kind: str, label: Label = LABEL, source: str = SOURCE) -> Upstream:
        environment = {"GITHUB_TOKEN": "t"} if kind == "github api" else {}
        if kind in ("github api", "github plain"):
            environment["GOPROXY"] = f"{self.server.url}/ignored,direct"
        if kind == "index":
            self.write_index()
        where = {
            "gitlab": GITLAB,
            "capirepo": self.server.url,
            "tree": TREE,
            "index": TREE,
            "folder": str(self.root),
        }.get(kind, source)
        return upstream_for(
            where, label, http=self.http, access=Access.of(environment), catalog=CATALOG
        )

    def write_index(self) -> None:
        releases = [
            {"version": folder.name, "assets": [{"name": file.name} for file in folder.iterdir()]}
            for folder in (self.root / LABEL).iterdir()
            if folder.is_dir()
        ]
        index = {"labels": [{"label": LABEL, "releases": releases}]}
        (self.root / "index.json").write_text(web.json_response(index).text or "")

    async def add(self, kind: str) -> None:
        add_release(self.root, LABEL, str(NEW))
        write_versions(self.root)
        if kind == "index":
            self.write_index()
        await self.server.until(f"/{LABEL}/{NEW}/", 200)


def write_versions(root: Path) -> None:
    folders = [one.name for one in (root / LABEL).iterdir() if one.is_dir()]
    (root / LABEL / "versions").write_text("\n".join(folders) + "\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    for version in VERSIONS:
        add_release(folder, LABEL, version, cluster_template__yaml="kind: Cluster\n")
    (folder / LABEL / "nonsense").mkdir()
    (folder / "capirepo.yaml").write_text(f"sources: {{{LABEL}: {SOURCE}}}\n")
    write_versions(folder)
    return folder


@pytest.fixture
async def world(root: Path, tmp_path: Path) -> AsyncIterator[World]:
    async with everything(root, tmp_path) as running:
        yield running


@contextlib.asynccontextmanager
async def everything(root: Path, folder: Path) -> AsyncIterator[World]:
    server_side, _ = contexts(folder / "ca", "tree.example")
    app = web.Application()
    app.router.add_static("/providers/", root)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_side)
    await site.start()
    try:
        async with served(root) as server:
            ours = ("127.0.0.1", server.tls_port)
            hosts = dict.fromkeys(
                ("github.com", "api.github.com", "gitlab.capirepo.internal"), ours
            )
            tree = ("127.0.0.1", runner.addresses[0][1])
            trusting = server.trusting()
            trusting.load_verify_locations(cafile=str(folder / "ca" / "ca.pem"))
            outside = Outside(resolver=Places({**hosts, "tree.example": tree}), tls=trusting)
            async with client(outside=outside) as http:
                yield World(root, server, http)
    finally:
        await runner.cleanup()


def asset_named(assets: tuple[RemoteAsset, ...], name: str) -> RemoteAsset:
    return next(asset for asset in assets if asset.name == name)


@pytest.mark.parametrize("kind", KINDS)
async def test_versions_are_listed_newest_first(world: World, kind: str) -> None:
    listing = await world.upstream(kind).versions()
    assert [*map(str, listing.versions)] == VERSIONS
    assert not listing.unchanged


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_known_is_unchanged_until_there_is_something_new(
    world: World, kind: str
) -> None:
    upstream = world.upstream(kind)
    first = await upstream.versions()
    assert first.tag
    second = await upstream.versions(first.tag)
    assert (second.unchanged, second.versions, second.tag) == (True, (), first.tag)
    await world.add(kind)
    third = await upstream.versions(first.tag)
    assert not third.unchanged
    assert third.versions[0] == NEW
    assert third.tag != first.tag


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("listed", [True, False])
async def test_every_file_comes_byte_for_byte_and_as_stated(
    world: World, kind: str, *, listed: bool
) -> None:
    upstream = world.upstream(kind)
    if listed:
        await upstream.versions()
    folder = world.root / LABEL / "v0.1.0"
    assets = await upstream.assets(V1)
    assert {asset.name for asset in assets} == {file.name for file in folder.iterdir()}
    for asset in assets:
        data = (folder / asset.name).read_bytes()
        assert asset.size == len(data)
        assert asset.sha256 in ("", hashlib.sha256(data).hexdigest())
        assert await read_from(upstream, asset) == data
        assert upstream.address in asset.address


@pytest.mark.parametrize("kind", KINDS)
async def test_one_file_is_found_by_its_name(world: World, kind: str) -> None:
    upstream = world.upstream(kind)
    folder = world.root / LABEL / "v0.1.0"
    for file in folder.iterdir():
        asset = await upstream.asset(V1, AssetName(file.name))
        assert asset == asset_named(await upstream.assets(V1), file.name)
        assert await read_from(upstream, asset) == file.read_bytes()
    for version, name in ((V1, "other.yaml"), (ABSENT, "metadata.yaml")):
        with pytest.raises(NotThereError):
            await upstream.asset(version, AssetName(name))


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_absent_is_not_there(world: World, kind: str) -> None:
    upstream = world.upstream(kind)
    with pytest.raises(NotThereError):
        await upstream.assets(ABSENT)
    there = asset_named(await upstream.assets(V1), "metadata.yaml")
    address = there.address.replace("metadata.yaml", "other.yaml")
    gone = replace(there, name=AssetName("other.yaml"), address=address)
    with pytest.raises(NotThereError):
        await read_from(upstream, gone)


@pytest.mark.parametrize("kind", KINDS)
async def test_who_has_nothing_has_no_versions(world: World, kind: str) -> None:
    nobody = Label("infrastructure-nobody")
    (world.root / LABEL / "versions").unlink()
    upstream = world.upstream(kind, nobody, "nobody/nothing")
    try:
        assert (await upstream.versions()).versions == ()
    except NotThereError:
        pass


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stated", [{"size": 3}, {"size": 10**6}, {"sha256": "0" * 64}])
async def test_a_file_that_is_not_as_stated_is_an_error(
    world: World, kind: str, stated: dict[str, Any]
) -> None:
    upstream = world.upstream(kind)
    asset = asset_named(await upstream.assets(V1), "metadata.yaml")
    with pytest.raises(UpstreamError):
        await read_from(upstream, replace(asset, **stated))


@pytest.mark.parametrize("kind", STAMPED)
async def test_a_file_that_upstream_changed_has_another_stamp_or_digest(
    world: World, kind: str
) -> None:
    upstream = world.upstream(kind)
    before = asset_named(await upstream.assets(V1), "metadata.yaml")
    file = world.root / LABEL / "v0.1.0" / "metadata.yaml"
    file.write_bytes(file.read_bytes() + b"# changed\n")
    await world.server.running.library.refresh()
    after = asset_named(await world.upstream(kind).assets(V1), "metadata.yaml")
    assert (before.stamp, before.sha256) != (after.stamp, after.sha256)


@pytest.mark.parametrize("kind", KINDS)
async def test_only_what_is_below_its_own_address_is_opened(world: World, kind: str) -> None:
    upstream = world.upstream(kind)
    asset = asset_named(await upstream.assets(V1), "metadata.yaml")
    for address in (
        "https://evil.example/metadata.yaml",
        "/etc/passwd",
        f"{upstream.address}/../../../capirepo.yaml",
        asset.address.replace("/v0.1.0/", "/../"),
    ):
        with pytest.raises(UpstreamError, match="is not an address of"):
            await read_from(upstream, replace(asset, address=address))


@pytest.mark.parametrize(
    ("kind", "variable"),
    [("github api", "GITHUB_TOKEN"), ("gitlab", "GITLAB_TOKEN"), ("gitlab", "CI_JOB_TOKEN"),
     ("capirepo", "CAPIREPO_TOKEN")],
)  # fmt: skip
async def test_what_is_private_is_read_with_a_token(
    root: Path, tmp_path: Path, kind: str, variable: str
) -> None:
    make_private(root)
    (root / "capirepo.yaml").write_text(
        f"auth: {{read: required}}\nsources: {{{LABEL}: {SOURCE}}}\n"
    )
    token = new_token(root, "reader")
    where = {"github api": SOURCE, "gitlab": GITLAB}.get(kind)
    async with everything(root, tmp_path) as world:
        for given in (token, ""):
            access = Access.of({variable: given})
            upstream = upstream_for(
                where or world.server.url, LABEL, http=world.http, access=access, catalog=CATALOG
            )
            if not given:
                with pytest.raises(UpstreamError, match=variable.replace("CI_JOB", "GITLAB")):
                    await upstream.versions()
                continue
            assert [*map(str, (await upstream.versions()).versions)] == VERSIONS
            for asset in await upstream.assets(V1):
                data = (root / LABEL / "v0.1.0" / asset.name).read_bytes()
                assert await read_from(upstream, asset) == data


async def test_another_capirepo_gives_what_it_does_not_offer_to_who_names_it(
    root: Path, tmp_path: Path
) -> None:
    folder = root / LABEL / "v0.5.0"
    folder.mkdir()
    (folder / "metadata.yaml").write_text("kind: Metadata\n")
    async with everything(root, tmp_path) as world:
        upstream = world.upstream("capirepo")
        listing = await upstream.versions()
        assert parse_version("v0.5.0") not in listing.versions
        (asset,) = await upstream.assets(parse_version("v0.5.0"))
        assert asset.sha256
        assert await read_from(upstream, asset) == b"kind: Metadata\n"


async def test_a_large_file_of_another_capirepo_has_size_and_stamp(
    root: Path, tmp_path: Path
) -> None:
    data = bytes(LARGE + 1)
    (root / LABEL / "v0.1.0" / "large.bin").write_bytes(data)
    async with everything(root, tmp_path) as world:
        upstream = world.upstream("capirepo")
        asset = asset_named(await upstream.assets(V1), "large.bin")
        assert (asset.size, asset.sha256) == (len(data), "")
        assert asset.stamp
        assert await read_from(upstream, asset) == data
