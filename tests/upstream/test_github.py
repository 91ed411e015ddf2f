"""GitHub as it answers, and as a bad one might: by the API, and without it."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from capirepo.core.names import AssetName
from capirepo.core.version import parse_version
from capirepo.errors import NotThereError
from capirepo.outside import RemoteAsset, UpstreamError
from capirepo.upstream.github import GithubUpstream
from capirepo.upstream.wire import NOTHING, Outside, Secret
from tests.upstream.bad import (
    BODY,
    Bad,
    Clock,
    Places,
    answer,
    bad_server,
    client,
    contexts,
    read_from,
    redirect,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from capirepo.upstream.http import Http

SECRET = Secret(headers={"Authorization": "Bearer t0ken"}, variable="GITHUB_TOKEN")
LIST = "/repos/Org/repo/releases?per_page=100"
V1 = parse_version("v1.0.0")
DOWNLOAD = "/Org/repo/releases/download/v1.0.0/metadata.yaml"
LIMIT = ("X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1000900")


class World:
    """Everything that is asked for, answered by one bad server."""

    def __init__(self, bad: Bad, http: Http, clock: Clock) -> None:
        self.bad = bad
        self.http = http
        self.clock = clock

    def upstream(
        self, *, secret: Secret = SECRET, goproxy: bool = False, repository: str = "Org/repo"
    ) -> GithubUpstream:
        return GithubUpstream(
            self.http,
            repository,
            names=[AssetName("metadata.yaml"), AssetName("core-components.yaml")],
            secret=secret,
            goproxy="https://goproxy.example" if goproxy else "",
            clock=self.clock.now,
        )

    def reply(self, path: str, content: Any, *headers: str) -> None:
        self.bad.replies[path] = [answer(json.dumps(content).encode(), *headers)]


def release(tag: str, *assets: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"tag_name": tag, "draft": False, "body": "words", "assets": list(assets), **more}


def asset(name: str = "metadata.yaml", **more: Any) -> dict[str, Any]:
    return {"name": name, "size": len(BODY), "state": "uploaded", **more}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    hosts = ("api.github.com", "github.com", "goproxy.example", "objects.example")
    server_side, trusting = contexts(tmp_path, *hosts)
    async with bad_server(tls=server_side) as bad:
        places = Places(dict.fromkeys(hosts, ("127.0.0.1", bad.port)))
        clock = Clock()
        outside = Outside(resolver=places, tls=trusting)
        async with client(clock, outside=outside) as http:
            yield World(bad, http, clock)


async def test_drafts_and_tags_that_are_no_canonical_version_are_left_out(world: World) -> None:
    tags = ["v1.0.0", "1.0.1", "v1", "test-v1.2.3", "latest", "v1.2.0-rc.1", "v1.1.0", "v1.0.0"]
    world.reply(LIST, [*map(release, tags), release("v9.0.0", draft=True)], 'ETag: W/"1"')
    listing = await world.upstream().versions()
    assert [*map(str, listing.versions)] == ["v1.2.0-rc.1", "v1.1.0", "v1.0.0"]
    assert listing.tag == 'W/"1"'


async def test_all_pages_are_read(world: World) -> None:
    base = "https://api.github.com/repositories/1/releases?page="
    world.reply(LIST, [release("v1.0.0")], f'Link: <{base}2>; rel="next", <{base}3>; rel="last"')
    path = "/repositories/1/releases?page="
    world.reply(f"{path}2", [release("v1.1.0")], f'Link: <{base}3>; rel="next"')
    world.reply(f"{path}3", [release("v1.2.0")], f'Link: <{base}2>; rel="prev"')
    listing = await world.upstream().versions()
    assert [*map(str, listing.versions)] == ["v1.2.0", "v1.1.0", "v1.0.0"]
    assert all("Authorization: Bearer t0ken" in head for head in world.bad.asked)


async def test_a_page_on_another_host_is_not_asked_for(world: World) -> None:
    for there in ("https://objects.example/stolen", "http://api.github.com/", "//objects.example/"):
        world.reply(LIST, [release("v1.0.0")], f'Link: <{there}>; rel="next"')
        with pytest.raises(UpstreamError):
            await world.upstream().versions()
    assert {head.split()[1] for head in world.bad.asked} == {LIST}


async def test_what_is_unchanged_costs_one_conditional_request(world: World) -> None:
    world.bad.replies[LIST] = [answer(b"", 'ETag: "1"', status="304 Not Modified", length=None)]
    listing = await world.upstream().versions('"1"')
    assert (listing.unchanged, listing.tag, listing.versions) == (True, '"1"', ())
    assert 'If-None-Match: "1"' in world.bad.asked[0]
    assert "Authorization: Bearer t0ken" in world.bad.asked[0]


async def test_size_digest_and_stamp_are_as_github_states_them(world: World) -> None:
    stated = asset(
        digest=f"sha256:{'A' * 64}",
        updated_at="2026-01-01T00:00:00Z",
        browser_download_url="https://127.0.0.1/elsewhere",
    )
    odd = [asset("a b.yaml"), asset("../x"), asset("new.yaml", state="starter")]
    world.reply(LIST, [release("v1.0.0", stated, *odd, asset("other.bin", digest="md5:1"))])
    upstream = world.upstream()
    await upstream.versions()
    first, second = await upstream.assets(V1)
    assert first == RemoteAsset(
        name=AssetName("metadata.yaml"),
        address=f"https://github.com{DOWNLOAD}",
        size=len(BODY),
        sha256="a" * 64,
        stamp="2026-01-01T00:00:00Z",
    )
    assert (second.name, second.sha256) == ("other.bin", "")
    assert len(world.bad.asked) == 1


async def test_a_list_is_used_for_its_assets_for_a_minute_only(world: World) -> None:
    world.reply(LIST, [release("v1.0.0", asset())])
    tag = "/repos/Org/repo/releases/tags/v1.0.0"
    world.reply(tag, release("v1.0.0", asset(), asset("new.yaml")))
    upstream = world.upstream()
    await upstream.versions()
    assert len(await upstream.assets(V1)) == 1
    world.clock.seconds += 61.0
    assert len(await upstream.assets(V1)) == 2


@pytest.mark.parametrize(
    "answered", [release("v1.0.1"), release("v1.0.0", draft=True)], ids=["another", "draft"]
)
async def test_another_release_than_was_asked_for_is_none(
    world: World, answered: dict[str, Any]
) -> None:
    world.reply("/repos/Org/repo/releases/tags/v1.0.0", answered)
    with pytest.raises(NotThereError):
        await world.upstream().assets(V1)


@pytest.mark.parametrize("content", [{}, [1], [{"tag_name": 1}], "x", None, [{"tag_name": "v1.0.0",
    "assets": [{"name": "a", "size": "b"}]}]])  # fmt: skip
async def test_json_of_another_shape_is_an_error(world: World, content: Any) -> None:
    world.reply(LIST, content)
    with pytest.raises(UpstreamError, match="does not answer as expected"):
        await world.upstream().versions()


async def test_a_file_of_a_private_repository_comes_by_the_api(world: World) -> None:
    by_api = "https://api.github.com/repos/Org/repo/releases/assets/7"
    world.reply(LIST, [release("v1.0.0", asset(url=by_api))])
    world.bad.replies["/repos/Org/repo/releases/assets/7"] = [
        redirect("https://objects.example/7?signature=1")
    ]
    world.bad.replies["/7?signature=1"] = [answer()]
    upstream = world.upstream()
    await upstream.versions()
    (file,) = await upstream.assets(V1)
    assert await read_from(upstream, file) == BODY
    asked = {head.split()[1]: "t0ken" in head for head in world.bad.asked[1:]}
    assert asked == {
        DOWNLOAD: False,
        "/repos/Org/repo/releases/assets/7": True,
        "/7?signature=1": False,
    }


async def test_a_reached_limit_leads_to_the_go_proxy_and_plain_downloads(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    world.bad.replies[LIST] = [answer(b"", *LIMIT, status="403 Forbidden")]
    world.bad.replies["/github.com/!org/repo/@v/list"] = [answer(b"v1.0.0\nv1.1.0\n")]
    world.bad.replies[DOWNLOAD] = [answer()]
    upstream = world.upstream(goproxy=True)
    assert [*map(str, (await upstream.versions()).versions)] == ["v1.1.0", "v1.0.0"]
    (file,) = await upstream.assets(V1)
    assert (file.name, file.size) == ("metadata.yaml", len(BODY))
    assert await read_from(upstream, file) == BODY
    # The limit is kept: the API was asked once, though both were tried.
    assert len(world.bad.asks_of(LIST)) == 1
    assert "asking the Go proxy instead" in caplog.text
    assert caplog.text.count("templates and ClusterClasses are not known without the API") == 1


async def test_a_limit_without_a_go_proxy_is_an_error_that_says_when(world: World) -> None:
    world.bad.replies[LIST] = [answer(b"", *LIMIT, status="403 Forbidden")]
    with pytest.raises(UpstreamError, match="GITHUB_TOKEN") as error:
        await world.upstream(secret=Secret(variable="GITHUB_TOKEN")).versions()
    assert error.value.retry_after == 900.0


async def test_a_wrong_token_is_an_error_and_not_passed_over(world: World) -> None:
    world.bad.replies[LIST] = [answer(b"", status="401 Unauthorized")]
    with pytest.raises(UpstreamError, match="GITHUB_TOKEN"):
        await world.upstream(goproxy=True).versions()


async def test_without_a_token_the_go_proxy_is_asked_for_every_major(world: World) -> None:
    lists = {
        "/github.com/!org/repo/@v/list": b"v1.0.0\nv2.0.0+incompatible\nnonsense\n",
        "/github.com/!org/repo/v2/@v/list": b"v2.1.0\n",
        "/github.com/!org/repo/v3/@v/list": b"v3.0.0-rc.0\n",
    }
    for path, body in lists.items():
        world.bad.replies[path] = [answer(body)]
    listing = await world.upstream(secret=NOTHING, goproxy=True).versions()
    assert [*map(str, listing.versions)] == ["v3.0.0-rc.0", "v2.1.0", "v2.0.0", "v1.0.0"]
    assert len(world.bad.asked) == 4


async def test_a_release_without_a_file_that_the_contract_names_is_none(world: World) -> None:
    world.bad.replies["*"] = [answer(status="404 Not Found")]
    with pytest.raises(NotThereError, match=r"has no release v1\.0\.0"):
        await world.upstream(secret=NOTHING, goproxy=True).assets(V1)
