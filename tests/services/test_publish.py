"""Publishing into a ROOT, killed at any moment and on disks that fail."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from capirepo.store.intake import sweep_state
from tests.services.faults import Faults, faults
from tests.support import CAPIREPO, add_release, run_capirepo

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["faults"]

LABEL, VERSION = "infrastructure-awesome", "v0.9.0"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return add_release(tmp_path / "out", LABEL, VERSION)


def check_and_try_again(made: Path, target: Path) -> None:
    """Wholly there or wholly absent; the log is sound; the same again goes well."""
    wanted = {file.name: file.read_bytes() for file in made.iterdir()}
    release = target / LABEL / VERSION
    if release.exists():
        assert {file.name: file.read_bytes() for file in release.iterdir()} == wanted
    sweep_state(target)
    assert not [*target.glob(".capirepo/staging/*"), *target.glob(".capirepo/locks/*")]
    done = run_capirepo("publish", made, "--to", target)
    assert (done.returncode, done.stdout.split()[0]) in {(0, "published"), (0, "unchanged")}
    assert {file.name: file.read_bytes() for file in release.iterdir()} == wanted
    assert run_capirepo("log", target).returncode == 0


@pytest.mark.parametrize(
    ("call", "when"),
    [
        *(("fsync", when) for when in range(1, 15)),
        *(("rename", when) for when in (1,)),
        *(("replace", when) for when in (1,)),
        *(("write", when) for when in (1,)),
    ],
)
def test_a_kill_at_any_moment_leaves_all_or_nothing(
    faults: Faults, made: Path, tmp_path: Path, call: str, when: int
) -> None:
    target = tmp_path / "target"
    faults.at(call, "KILL", when)
    killed = run_capirepo("publish", made, "--to", target)
    assert killed.returncode == -9, killed.stderr
    faults.none()
    check_and_try_again(made, target)


def test_a_kill_before_the_answer_leaves_a_release(
    faults: Faults, made: Path, tmp_path: Path
) -> None:
    # Fourteen syncs there are, and the last one is that of the release's name.
    faults.at("fsync", "KILL", 15)
    assert run_capirepo("publish", made, "--to", tmp_path / "other").returncode == 0
    faults.at("fsync", "KILL", 14)
    assert run_capirepo("publish", made, "--to", tmp_path / "target").returncode == -9
    assert (tmp_path / "target" / LABEL / VERSION).exists()


@pytest.mark.parametrize(
    ("call", "error", "first", "last", "said"),
    [
        *(("fsync", "EIO", when, when, "Input/output error") for when in (1, 4, 7, 10, 12, 14)),
        ("fsync", "ENOSPC", 8, 99, "No space left"),
        ("write", "ENOSPC", 1, 1, "No space left"),
        ("replace", "EIO", 1, 1, "Input/output error"),
        ("rename", "ENOSPC", 1, 1, "No space left"),
        ("mkdir", "EROFS", 2, 99, "Read-only file system"),
    ],
)
def test_a_disk_that_fails_is_said_and_a_later_try_goes_well(  # noqa: PLR0913, PLR0917 - what fails and how
    faults: Faults,
    made: Path,
    tmp_path: Path,
    call: str,
    error: str,
    first: int,
    last: int,
    said: str,
) -> None:
    target = tmp_path / "target"
    faults.at(call, error, first, last)
    done = run_capirepo("publish", made, "--to", target)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not [*target.glob(".capirepo/staging/*"), *target.glob(".capirepo/locks/*")]
    faults.none()
    check_and_try_again(made, target)


def test_what_failed_is_in_the_log(faults: Faults, made: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    faults.at("rename", "EIO", 1)
    run_capirepo("publish", made, "--to", target)
    shown = run_capirepo("log", target, "--action", "failed").stdout
    assert "publish: cannot write" in re.sub(r"\s+", " ", shown)


def test_a_disk_that_is_full_takes_nothing_and_says_so(made: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "none", target], check=False
    )
    if mounted.returncode:
        pytest.skip("needs to mount a tmpfs")
    try:
        (made / "program").write_bytes(bytes(1 << 20))
        done = run_capirepo("publish", made, "--to", target)
        assert (done.returncode, "No space left" in done.stderr) == (2, True)
        assert not (target / LABEL).exists()
        assert not list(target.glob(".capirepo/staging/*"))
        (made / "program").unlink()
        check_and_try_again(made, target)
    finally:
        subprocess.run(["umount", target], check=True)


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_everything_is_on_the_disk_in_its_order(made: Path, tmp_path: Path) -> None:
    """The log, the bytes, their names, the name of the release, the answer."""
    target = tmp_path / "target"
    done = subprocess.run(
        ["strace", "-f", "-qq", "-y", "-e", "trace=fsync,rename,write",
         CAPIREPO, "publish", made, "--to", target],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = done.stderr.splitlines()

    def at(pattern: str) -> int:
        found = [number for number, line in enumerate(lines) if re.search(pattern, line)]
        assert found, (pattern, lines)
        return found[-1]

    order = [
        at(r"fsync\(\d+<.*audit\.jsonl>"),
        at(r"rename\(.*/records/.*json"),
        at(r"fsync\(\d+<.*/staging/[^/]*/metadata\.yaml>"),
        at(r"fsync\(\d+<.*/staging/[^/]*>\)"),
        at(rf'rename\(.*{LABEL}/{VERSION}"\)'),
        at(rf"fsync\(\d+<.*target/{LABEL}>\)"),
        at(r"fsync\(\d+<.*target>\)"),
        at(r"write\(1<.*published"),
    ]
    assert order == sorted(order)
