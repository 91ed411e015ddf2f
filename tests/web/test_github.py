from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import github
import pytest

from capirepo.services.library import LARGE
from tests.support import Served, add_release, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SOURCE = "kubernetes-sigs/cluster-api"


@pytest.fixture
async def core(tmp_path: Path) -> AsyncIterator[Served]:
    """One source with two labels, and many versions."""
    for patch in range(35):
        add_release(tmp_path, "cluster-api", f"v1.0.{patch}")
        add_release(tmp_path, "bootstrap-kubeadm", f"v1.0.{patch}")
    add_release(tmp_path, "cluster-api", "v1.1.0-rc.0")
    add_release(tmp_path, "bootstrap-kubeadm", "v1.1.0-rc.0")
    async with served(tmp_path) as running:
        yield running


async def test_an_asset_is_found_among_all_labels_of_its_source(core: Served) -> None:
    for name in ("core-components.yaml", "bootstrap-components.yaml", "metadata.yaml"):
        assert (await core.get(f"/{SOURCE}/releases/download/v1.0.3/{name}"))[0] == 200
    assert (await core.get(f"/{SOURCE}/releases/download/v1.0.3/x.yaml"))[0] == 404


async def test_latest_leads_to_the_tag_as_github_does(core: Served) -> None:
    status, headers, _ = await core.get(f"/{SOURCE}/releases/latest/download/metadata.yaml")
    assert status == 302
    assert headers["Location"] == f"/{SOURCE}/releases/download/v1.0.34/metadata.yaml"


async def test_owners_are_taken_in_any_case(core: Served) -> None:
    path = "/Kubernetes-SIGs/Cluster-API/releases/download/v1.0.3/metadata.yaml"
    assert (await core.get(path))[0] == 200


async def test_an_unknown_repository_has_no_releases_rather_than_being_absent(
    core: Served,
) -> None:
    status, _, body = await core.get("/repos/nobody/nothing/releases")
    assert (status, body) == (200, b"[]")
    assert (await core.get("/repos/nobody/nothing/releases/tags/v1.0.0"))[0] == 404
    assert (await core.get("/repos/nobody/nothing"))[0] == 404


async def test_the_library_of_github_pages_through_our_releases(core: Served) -> None:
    def read() -> tuple[list[str], str, str, list[str], bool]:
        client = github.Github(base_url=f"{core.url}/api/v3", per_page=10, lazy=False)
        repo = client.get_repo(SOURCE)
        tags = [release.tag_name for release in repo.get_releases()]
        by_tag = repo.get_release("v1.0.7")
        assets = [asset.name for asset in by_tag.get_assets()]
        first = next(iter(repo.get_releases()))
        client.close()
        return tags, repo.get_latest_release().tag_name, by_tag.tag_name, assets, first.prerelease

    tags, latest, by_tag, assets, prerelease = await asyncio.to_thread(read)
    assert tags == ["v1.1.0-rc.0", *(f"v1.0.{patch}" for patch in reversed(range(35)))]
    assert (latest, by_tag) == ("v1.0.34", "v1.0.7")
    assert assets == ["bootstrap-components.yaml", "core-components.yaml", "metadata.yaml"]
    assert prerelease


async def test_an_asset_has_an_id_under_which_its_bytes_are(core: Served) -> None:
    release = await core.json(f"/repos/{SOURCE}/releases/tags/v1.0.3")
    asset = next(one for one in release["assets"] if one["name"] == "core-components.yaml")
    path = f"/repos/{SOURCE}/releases/assets/{asset['id']}"
    about = await core.json(path)
    assert (about["name"], about["size"]) == (asset["name"], asset["size"])
    status, _, body = await core.get(path, headers={"Accept": "application/octet-stream"})
    assert (status, len(body)) == (200, asset["size"])
    assert (await core.get(f"/repos/{SOURCE}/releases/assets/1"))[0] == 404


async def test_one_release_has_the_digests_of_its_assets_and_a_list_has_none(core: Served) -> None:
    folder = core.root / "cluster-api" / "v1.0.3"
    digest = f"sha256:{hashlib.sha256((folder / 'core-components.yaml').read_bytes()).hexdigest()}"
    by_tag = await core.json(f"/repos/{SOURCE}/releases/tags/v1.0.3")
    for release in (by_tag, await core.json(f"/repos/{SOURCE}/releases/{by_tag['id']}")):
        stated = {one["name"]: one["digest"] for one in release["assets"]}
        assert stated["core-components.yaml"] == digest
        assert all(one.startswith("sha256:") for one in stated.values())
    number = next(one["id"] for one in by_tag["assets"] if one["digest"] == digest)
    asset = await core.json(f"/repos/{SOURCE}/releases/assets/{number}")
    assert (asset["digest"], asset["updated_at"]) == (digest, None)
    for release in await core.json(f"/repos/{SOURCE}/releases"):
        assert {one["digest"] for one in release["assets"]} == {None}


async def test_a_program_has_no_digest_and_a_file_that_is_gone_spoils_no_answer(
    core: Served,
) -> None:
    (core.root / "cluster-api" / "v1.0.4" / "core-components.yaml").unlink()
    assert (await core.get(f"/repos/{SOURCE}/releases/tags/v1.0.4"))[0] == 200
    folder = core.root / "clusterctl" / "v1.2.0"
    folder.mkdir(parents=True)
    with (folder / "clusterctl-linux-amd64").open("wb") as file:
        file.truncate(LARGE + 1)
    await core.until(f"/repos/{SOURCE}/releases/tags/v1.2.0", 200)
    (asset,) = (await core.json(f"/repos/{SOURCE}/releases/tags/v1.2.0"))["assets"]
    assert (asset["digest"], asset["size"]) == (None, LARGE + 1)


async def test_a_file_at_a_tag_is_an_asset_in_base64(core: Served) -> None:
    content = await core.json(f"/repos/{SOURCE}/contents/docs/metadata.yaml?ref=v1.0.3")
    assert content["encoding"] == "base64"
    assert (await core.get(f"/repos/{SOURCE}/contents/metadata.yaml?ref=main"))[0] == 404


@pytest.mark.parametrize(
    ("query", "count"),
    [("per_page=100", 36), ("per_page=0", 1), ("per_page=x", 30), ("page=99", 0), ("page=-1", 30)],
)
async def test_odd_pages_are_answered_and_never_a_fault(
    core: Served, query: str, count: int
) -> None:
    assert len(await core.json(f"/repos/{SOURCE}/releases?{query}")) == count


async def test_every_link_of_a_page_leads_to_a_page(core: Served) -> None:
    _, headers, _ = await core.get(f"/repos/{SOURCE}/releases?per_page=10&page=2")
    assert 'rel="next"' in headers["Link"]
    assert 'rel="prev"' in headers["Link"]
    assert "page=3" in headers["Link"]
