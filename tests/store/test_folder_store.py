from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from capirepo.core.names import AssetName, Label
from capirepo.core.release import Asset
from capirepo.core.version import parse_version
from capirepo.errors import ConflictError, NotThereError, StorageError
from capirepo.store.fs import FolderStore
from capirepo.store.staging import STATE, staged, sweep
from tests.support import ROOT, add_release

if TYPE_CHECKING:
    from pathlib import Path

LABEL, VERSION = Label("infrastructure-awesome"), parse_version("v0.1.0")
NAME = AssetName("metadata.yaml")
FILES = {NAME: b"a", AssetName("infrastructure-components.yaml"): b"b"}


def asset(name: str = NAME, size: int = 1) -> Asset:
    return Asset(name=AssetName(name), size=size, stamp=0)


async def test_what_is_added_is_there_byte_for_byte_and_listed(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    assert await store.add(LABEL, VERSION, FILES)
    shelf = await store.scan()
    assert set(shelf.releases[LABEL][VERSION]) == set(FILES)
    for name, data in FILES.items():
        assert await store.read(LABEL, VERSION, asset(name)) == data


async def test_adding_the_same_again_is_fine_and_says_so(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    await store.add(LABEL, VERSION, FILES)
    assert await store.add(LABEL, VERSION, FILES) is False


@pytest.mark.parametrize(
    "files", [{**FILES, NAME: b"other"}, {NAME: b"a"}, {**FILES, AssetName("more.yaml"): b"c"}]
)
async def test_a_release_never_changes(tmp_path: Path, files: dict[AssetName, bytes]) -> None:
    store = FolderStore(tmp_path)
    await store.add(LABEL, VERSION, FILES)
    with pytest.raises(ConflictError, match="differs in"):
        await store.add(LABEL, VERSION, files)
    assert await store.read(LABEL, VERSION, asset()) == b"a"


async def test_of_many_who_add_at_once_one_is_first_and_nothing_is_mixed(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    attempts = [
        store.add(LABEL, VERSION, {name: bytes([65 + number]) for name in FILES})
        for number in range(8)
    ]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert outcomes.count(True) == 1
    assert sum(isinstance(outcome, ConflictError) for outcome in outcomes) == 7
    contents = {await store.read(LABEL, VERSION, asset(name)) for name in FILES}
    assert len(contents) == 1
    assert not list((tmp_path / STATE / "staging").iterdir())


async def test_a_failing_disk_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        await store.add(LABEL, VERSION, FILES)
    monkeypatch.undo()
    assert (await store.scan()).releases == {}
    assert not list(tmp_path.glob(f"{STATE}/staging/*"))
    assert await store.add(LABEL, VERSION, FILES)


@pytest.mark.skipif(sys.platform != "linux", reason="strace is Linux's")
@pytest.mark.parametrize("when", range(1, 8))
def test_a_kill_at_any_sync_leaves_the_release_wholly_there_or_wholly_absent(
    tmp_path: Path, when: int
) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("needs strace")
    # strace counts the calls of each thread apart: here one makes them all.
    script = (
        "import asyncio, concurrent.futures, pathlib, sys\n"
        "from tests.store.test_folder_store import *\n"
        "async def add():\n"
        "    one = concurrent.futures.ThreadPoolExecutor(1)\n"
        "    asyncio.get_running_loop().set_default_executor(one)\n"
        "    await FolderStore(pathlib.Path(sys.argv[1])).add(LABEL, VERSION, FILES)\n"
        "asyncio.run(add())\n"
    )
    inject = f"inject=fsync:signal=KILL:when={when}"
    killed = subprocess.run(
        [strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", inject,
         sys.executable, "-c", script, tmp_path],
        cwd=ROOT, check=False, capture_output=True, timeout=60,
    )  # fmt: skip
    assert killed.returncode == -9, killed.stderr
    store = FolderStore(tmp_path)
    sweep(tmp_path / STATE / "staging")
    found = asyncio.run(store.scan()).releases.get(LABEL, {})
    if found:
        assert set(found[VERSION]) == set(FILES)
    # Its name is made durable last: the state's two folders, two files, their folder, then
    # the label's and ROOT's.
    assert bool(found) is (when > 5)
    assert asyncio.run(store.add(LABEL, VERSION, FILES)) is (VERSION not in found)


async def test_what_a_killed_process_staged_is_swept_and_what_is_in_work_is_not(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path) as busy:
        (tmp_path / "left-behind").mkdir()
        assert sweep(tmp_path) == 1
        assert busy.exists()
    assert not list(tmp_path.iterdir())


async def test_names_that_are_none_of_ours_are_passed_over_and_named(tmp_path: Path) -> None:
    add_release(tmp_path, "infrastructure-awesome", "v0.1.0")
    add_release(tmp_path, "infrastructure-awesome", "1.0.0")
    (tmp_path / "infrastructure-awesome" / "latest").mkdir()
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "infrastructure-awesome" / "notes.txt").write_text("x")
    (tmp_path / "infrastructure-awesome" / "v0.1.0" / "a b.yaml").write_text("x")
    shelf = await FolderStore(tmp_path).scan()
    assert {stray.path for stray in shelf.strays} == {
        "lost+found/",
        "infrastructure-awesome/1.0.0/",
        "infrastructure-awesome/latest/",
        "infrastructure-awesome/notes.txt",
        "infrastructure-awesome/v0.1.0/a b.yaml",
    }
    assert [*shelf.releases] == [LABEL]


async def test_hidden_files_are_nobodys_business(tmp_path: Path) -> None:
    folder = add_release(tmp_path, "infrastructure-awesome", "v0.1.0")
    (folder / ".metadata.yaml.swp").write_text("x")
    (tmp_path / ".git").mkdir()
    shelf = await FolderStore(tmp_path).scan()
    assert shelf.strays == ()
    assert len(shelf.releases[LABEL][VERSION]) == 2


async def test_a_large_asset_comes_in_pieces_from_any_offset(tmp_path: Path) -> None:
    data = os.urandom(2_500_000)
    folder = add_release(tmp_path, "clusterctl", "v1.0.0")
    (folder / "program").write_bytes(data)
    store, large = FolderStore(tmp_path), asset("program", len(data))
    version = parse_version("v1.0.0")
    pieces = [
        piece async for piece in store.chunks(Label("clusterctl"), version, large, 7, 2_400_000)
    ]
    assert b"".join(pieces) == data[7:2_400_000]
    assert len(pieces) == 3


async def test_an_absent_asset_is_absent_and_no_fault_of_the_disk(tmp_path: Path) -> None:
    add_release(tmp_path, "infrastructure-awesome", "v0.1.0")
    with pytest.raises(NotThereError):
        await FolderStore(tmp_path).read(LABEL, VERSION, asset("nothing.yaml"))
    with pytest.raises(NotThereError):
        await FolderStore(tmp_path).read(LABEL, parse_version("v9.9.9"), asset())


async def test_a_changed_file_has_another_stamp(tmp_path: Path) -> None:
    folder = add_release(tmp_path, "infrastructure-awesome", "v0.1.0")
    store = FolderStore(tmp_path)
    before = await store.scan()
    assert await store.scan() == before
    (folder / "new").write_bytes((folder / "metadata.yaml").read_bytes())
    (folder / "new").replace(folder / "metadata.yaml")
    assert await store.scan() != before
