from __future__ import annotations

import asyncio
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support import add_release, clean_environment, served

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support import Served

LIST = "/github.com/capirepo.internal/infrastructure-awesome/@v/list"


async def test_all_versions_stand_in_the_base_list_newest_first(server: Served) -> None:
    status, _, body = await server.get(LIST)
    assert (status, body) == (200, b"v0.3.0-rc.1\nv0.2.0\nv0.1.1\nv0.1.0\n")


@pytest.mark.parametrize(
    "path",
    [
        LIST.replace("/@v", "/v2/@v"),
        "/github.com/nobody/nothing/@v/list",
        LIST.replace("list", "v0.1.0.zip"),
        LIST.replace("list", "v9.0.0.info"),
        "/sigs.k8s.io/cluster-api/@v/list",
        "/github.com/a/b/@latest",
    ],
)
async def test_everything_else_is_404_which_ends_a_clients_search(
    server: Served, path: str
) -> None:
    assert (await server.get(path))[0] == 404


async def test_clusterctls_own_versions_are_those_of_its_label(root: Path) -> None:
    add_release(root, "clusterctl", "v1.13.5", clusterctl_linux_amd64=b"\x7fELF")
    async with served(root) as server:
        assert (await server.get("/sigs.k8s.io/cluster-api/@v/list"))[2] == b"v1.13.5\n"


@pytest.mark.skipif(shutil.which("go") is None, reason="needs Go")
async def test_the_go_tool_lists_our_versions(tmp_path: Path) -> None:
    for version in ("v0.9.0", "v1.0.0", "v1.1.0-rc.0", "v1.1.0"):
        add_release(tmp_path / "root", "cluster-api", version)
    module = "github.com/kubernetes-sigs/cluster-api"
    async with served(tmp_path / "root") as server:
        environment = clean_environment(
            tmp_path, GOPROXY=server.url, GONOSUMDB="*", GOTOOLCHAIN="local"
        )
        done = await asyncio.to_thread(
            subprocess.run,
            ["go", "list", "-m", "-versions", module],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout.split() == [module, "v0.9.0", "v1.0.0", "v1.1.0-rc.0", "v1.1.0"]
