"""Files that come one at a time, the locks around them, and what is left of both."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from capirepo.core.names import AssetName, Label
from capirepo.core.version import parse_version
from capirepo.errors import ConflictError, StorageError
from capirepo.ports import TooLargeError
from capirepo.store.intake import FolderIntake, sweep_state
from capirepo.store.locks import held
from capirepo.store.staging import STATE
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LABEL, VERSION = Label("infrastructure-awesome"), parse_version("v0.1.0")
NAME = AssetName("metadata.yaml")
PENDING = f"{STATE}/pending/{LABEL}/{VERSION}/{NAME}"


async def pieces(*data: bytes) -> AsyncIterator[bytes]:
    for one in data:
        yield one


async def keep(intake: FolderIntake, data: bytes = b"a", *, listed: bool = False) -> None:
    async with intake.receiving(pieces(data), 10) as received:
        await intake.keep(LABEL, VERSION, NAME, received, listed=listed)


def staged(root: Path) -> list[Path]:
    return list(root.glob(f"{STATE}/staging/*"))


async def test_what_is_kept_waits_out_of_sight_until_it_is_revealed(tmp_path: Path) -> None:
    intake = FolderIntake(tmp_path)
    await keep(intake)
    assert (tmp_path / PENDING).read_bytes() == b"a"
    assert set(await intake.pending.assets(LABEL, VERSION)) == {NAME}
    await intake.reveal(LABEL, VERSION)
    assert (tmp_path / LABEL / str(VERSION) / NAME).read_bytes() == b"a"
    assert (await intake.pending.scan()).releases == {}
    assert not list((tmp_path / STATE / "pending").iterdir())
    assert not staged(tmp_path)


@pytest.mark.parametrize("listed", [False, True])
async def test_nothing_is_ever_overwritten(tmp_path: Path, listed: bool) -> None:  # noqa: FBT001 - a parameter of the test
    intake = FolderIntake(tmp_path)
    await keep(intake, listed=listed)
    with pytest.raises(ConflictError):
        await keep(intake, b"b", listed=listed)
    folder = tmp_path if listed else tmp_path / STATE / "pending"
    assert (folder / LABEL / str(VERSION) / NAME).read_bytes() == b"a"


async def test_a_release_is_never_revealed_over_another(tmp_path: Path) -> None:
    intake = FolderIntake(tmp_path)
    await keep(intake)
    await keep(intake, b"b", listed=True)
    with pytest.raises(ConflictError):
        await intake.reveal(LABEL, VERSION)
    assert (tmp_path / LABEL / str(VERSION) / NAME).read_bytes() == b"b"


async def test_what_is_too_large_is_given_up_at_that_piece(tmp_path: Path) -> None:
    taken = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            taken.append(1)
            yield b"x" * 4

    with pytest.raises(TooLargeError):
        async with FolderIntake(tmp_path).receiving(endless(), 10):
            pass
    assert len(taken) == 3
    assert not staged(tmp_path)


@pytest.mark.parametrize("error", [1, 38, 95])
async def test_a_disk_without_hard_links_is_written_by_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    def none(*_: object) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "link", none)
    intake = FolderIntake(tmp_path)
    await keep(intake)
    with pytest.raises(ConflictError):
        await keep(intake, b"b")
    assert (tmp_path / PENDING).read_bytes() == b"a"
    assert not staged(tmp_path)


@pytest.mark.parametrize("call", ["fsync", "link", "rename"])
async def test_a_disk_that_fails_is_an_error_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    intake = FolderIntake(tmp_path)
    if call == "rename":
        await keep(intake)
    calls = []

    def failing(*given: object, **_: object) -> None:
        calls.append(given)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path if call == "rename" else os, call, failing)
    with pytest.raises(StorageError, match="Input/output error"):
        await (intake.reveal(LABEL, VERSION) if call == "rename" else keep(intake))
    monkeypatch.undo()
    # A sync that has failed once says nothing when it is asked again.
    assert len(calls) == 1
    assert not (tmp_path / LABEL).exists()
    assert not staged(tmp_path)


async def test_what_is_dropped_is_gone_with_its_empty_folders(tmp_path: Path) -> None:
    intake = FolderIntake(tmp_path)
    assert not await intake.drop(LABEL, VERSION)
    assert not await intake.drop(LABEL, VERSION, NAME)
    for name in (None, NAME):
        await keep(intake)
        assert await intake.drop(LABEL, VERSION, name)
        assert not list((tmp_path / STATE / "pending").iterdir())
    await keep(intake, listed=True)
    assert await intake.drop(LABEL, VERSION, listed=True)
    assert not (tmp_path / LABEL).exists()


async def test_only_one_at_a_time_works_on_a_label_and_no_lock_is_left(tmp_path: Path) -> None:
    busy, most = 0, 0

    async def work(intake: FolderIntake) -> None:
        nonlocal busy, most
        async with intake.locked(LABEL):
            busy += 1
            most = max(most, busy)
            await asyncio.sleep(0)
            busy -= 1

    # Two intakes share no more than two processes do.
    one, other = FolderIntake(tmp_path), FolderIntake(tmp_path)
    await asyncio.gather(*(work(intake) for intake in [one, other] * 10))
    assert most == 1
    assert not list((tmp_path / STATE / "locks").iterdir())


async def test_a_lock_that_is_not_let_go_is_waited_for_no_longer_than_said(tmp_path: Path) -> None:
    async with held(tmp_path / "lock", 1):
        with pytest.raises(StorageError, match="another process has held"):
            async with held(tmp_path / "lock", 0.05):
                pass


async def test_who_gives_up_waiting_for_a_lock_leaves_it_free(tmp_path: Path) -> None:
    async def wait() -> None:
        async with held(tmp_path / "lock", 60):
            raise AssertionError

    async with held(tmp_path / "lock", 1):
        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
    async with held(tmp_path / "lock", 1):
        pass


async def test_a_lock_of_a_killed_process_is_free_and_what_it_left_is_swept(
    tmp_path: Path,
) -> None:
    script = (
        "import asyncio, pathlib, sys\n"
        "from capirepo.store.intake import FolderIntake\n"
        "async def hold():\n"
        "    intake = FolderIntake(pathlib.Path(sys.argv[1]))\n"
        "    async with intake.locked(sys.argv[2]):\n"
        "        print(flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(hold())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, tmp_path, LABEL, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    sweep_state(tmp_path)
    assert (tmp_path / STATE / "locks" / LABEL).exists()
    process.kill()
    await process.wait()
    (tmp_path / STATE / "staging").mkdir(exist_ok=True)
    (tmp_path / STATE / "staging" / "removed-x").mkdir()
    (tmp_path / STATE / "staging" / "a stray file").write_bytes(b"")
    sweep_state(tmp_path)
    assert not list((tmp_path / STATE / "locks").iterdir())
    assert [one.name for one in staged(tmp_path)] == ["a stray file"]
    async with FolderIntake(tmp_path).locked(LABEL):
        pass


async def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / LABEL).symlink_to(tmp_path / "elsewhere")
    intake = FolderIntake(tmp_path)
    with pytest.raises(StorageError, match="links are not followed"):
        await keep(intake, listed=True)
    await keep(intake)
    with pytest.raises(StorageError, match="links are not followed"):
        await intake.reveal(LABEL, VERSION)
    assert not list((tmp_path / "elsewhere").iterdir())
