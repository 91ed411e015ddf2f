"""The watch goes on, whatever lies in the repository."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from capirepo.services.inspection import Inspector
from tests.support import Served, add_release, components, metadata, served

if TYPE_CHECKING:
    from pathlib import Path

LIST = "/github.com/capirepo.internal/infrastructure-awesome/@v/list"


@pytest.mark.parametrize(
    "text",
    ["kind: !!bool x", 'a: !!int ""', "a: !!timestamp x", "a: !!float ''", "x: ${A!}", "a: [", ""],
)
async def test_odd_yaml_keeps_one_release_back_and_nothing_else(server: Served, text: str) -> None:
    add_release(server.root, "infrastructure-odd", "v0.1.0", infrastructure_components__yaml=text)
    add_release(server.root, "infrastructure-odd", "v0.2.0", metadata__yaml=text or "~")
    server.running.watch.look_soon()
    await server.until("/infrastructure-odd/v0.2.0/infrastructure-components.yaml", 200)
    index = await server.json("/index.json")
    odd = next(one for one in index["labels"] if one["label"] == "infrastructure-odd")
    assert [one["complete"] for one in odd["releases"]] == [False, False]
    add_release(server.root, "infrastructure-awesome", "v0.9.0")
    server.running.watch.look_soon()
    await server.until("/infrastructure-awesome/v0.9.0/metadata.yaml", 200)
    assert b"v0.9.0" in (await server.get(LIST))[2]


async def test_a_label_without_a_release_is_passed_over(root: Path) -> None:
    (root / "infrastructure-empty").mkdir()
    add_release(root, "cluster-api", "v1.0.0")
    (root / "bootstrap-kubeadm").mkdir()
    (root / "infrastructure-linked").symlink_to(root / "infrastructure-awesome")
    async with served(root) as server:
        index = await server.json("/index.json")
        listed = await server.get("/github.com/kubernetes-sigs/cluster-api/@v/list")
    assert {stray["path"] for stray in index["strays"]} == {
        "infrastructure-empty/",
        "bootstrap-kubeadm/",
        "infrastructure-linked",
    }
    assert listed[2] == b"v1.0.0\n"


async def test_a_name_that_is_no_text_is_shown_as_one(root: Path) -> None:
    (root / "infrastructure-awesome" / "v0.1.0").joinpath("x").write_text("")
    folder = os.fsencode(root / "infrastructure-awesome" / "v0.1.0")
    with open(folder + b"/caf\xe9.yaml", "wb"):  # noqa: ASYNC230, PTH123 - bytes, for once
        pass
    async with served(root) as server:
        (stray,) = (await server.json("/index.json"))["strays"]
    assert "caf" in stray["path"]
    assert stray["path"].isascii()


async def test_a_folder_that_fails_to_list_takes_nothing_away(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def failing(path: Path) -> object:
        if str(path).endswith("v0.2.0"):
            raise OSError(24, "Too many open files")
        return scandir(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", failing)
        server.running.watch.look_soon()
        await server.until("/readyz", 503)
        assert (await server.get("/infrastructure-awesome/v0.2.0/metadata.yaml"))[0] == 200
        assert b"v0.2.0" in (await server.get(LIST))[2]
    server.running.watch.look_soon()
    await server.until("/readyz", 200)


async def test_many_who_ask_for_a_new_label_have_each_release_inspected_once(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for patch in range(10):
        add_release(root, "ipam-new", f"v0.1.{patch}")
    inspected = []
    find_out = Inspector._find_out

    async def counting(inspector: Inspector, found: object) -> object:
        inspected.append(str(found))
        return await find_out(inspector, found)  # type: ignore[arg-type] # passed through

    monkeypatch.setattr(Inspector, "_find_out", counting)
    async with served(root) as server:
        await asyncio.gather(*(server.get("/ipam-new") for _ in range(30)))
    assert len(inspected) == len(set(inspected))


async def test_what_is_not_offered_is_not_for_ever(server: Served) -> None:
    folder = add_release(server.root, "ipam-x", "v0.1.0", metadata__yaml="a: [")
    server.running.watch.look_soon()
    path = "/ipam-x/v0.1.0/metadata.yaml"
    await server.until(path, 200)
    assert (await server.get(path))[1]["Cache-Control"] == "no-cache"
    (folder / "metadata.yaml").write_text(metadata("0.1=v1beta1"))
    server.running.watch.look_soon()
    async with asyncio.timeout(20):
        while "immutable" not in (await server.get(path))[1]["Cache-Control"]:
            await asyncio.sleep(0.02)


async def test_components_beyond_what_is_read_are_refused_unread(root: Path) -> None:
    folder = add_release(root, "ipam-huge", "v0.1.0")
    with (folder / "ipam-components.yaml").open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    assert components()
    async with served(root) as server:
        summary = await server.json("/ipam-huge")
    assert "too many for a provider's YAML" in summary["releases"][0]["problems"][0]
