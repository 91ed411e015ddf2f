"""The audit log, when it is interrupted, shared and tampered with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from capirepo.errors import StorageError
from capirepo.store.journal import FileJournal
from tests.support import ROOT, run_capirepo

if TYPE_CHECKING:
    from pathlib import Path


def numbers(journal: FileJournal) -> list[tuple[Any, bool]]:
    return [(entry["n"], sound) for entry, sound in journal.entries()]


@pytest.fixture
def journal(tmp_path: Path) -> FileJournal:
    return FileJournal(tmp_path / "state" / "audit.jsonl")


def test_entries_come_back_in_order_and_sound(journal: FileJournal) -> None:
    assert list(journal.entries()) == []
    for number in range(3):
        journal.append({"n": number, "why": "ä\n\u2028"})
    assert numbers(journal) == [(0, True), (1, True), (2, True)]


@pytest.mark.parametrize("cut", [1, 10, -1])
def test_a_line_that_a_crash_cut_short_is_ended_and_the_next_is_right(
    journal: FileJournal, cut: int
) -> None:
    for number in range(2):
        journal.append({"n": number})
    whole = journal.file.read_bytes()
    first, second = whole.splitlines(keepends=True)
    journal.file.write_bytes(first + second[:cut])
    journal.append({"n": 2})
    # Where only the end of its line is missing, an entry is there.
    there = [(1, True)] if cut < 0 else []
    assert numbers(journal) == [(0, True), *there, (2, True)]
    assert journal.file.read_bytes().startswith(first + second[:cut] + b"\n")


def test_an_entry_longer_than_any_that_is_usual_is_chained_to(journal: FileJournal) -> None:
    journal.append({"n": 0})
    journal.append({"n": 1, "assets": "x" * 300_000})
    journal.append({"n": 2})
    assert numbers(journal) == [(0, True), (1, True), (2, True)]


@pytest.mark.parametrize("what", ["changed", "taken out", "put in", "in another order"])
def test_what_is_tampered_with_is_noticed_and_exit_code_1(root: Path, what: str) -> None:
    journal = FileJournal(root / ".capirepo" / "audit.jsonl")
    for number in range(4):
        journal.append({"n": number, "label": "infrastructure-awesome"})
    lines = journal.file.read_bytes().splitlines(keepends=True)
    assert run_capirepo("log", root).returncode == 0
    changed = {
        "changed": [lines[0], lines[1].replace(b": 1,", b": 7,"), *lines[2:]],
        "taken out": [lines[0], *lines[2:]],
        "put in": [lines[0], json.dumps({"n": 9}).encode() + b"\n", *lines[1:]],
        "in another order": [lines[1], lines[0], *lines[2:]],
    }[what]
    journal.file.write_bytes(b"".join(changed))
    done = run_capirepo("log", root, "-o", "json")
    assert (done.returncode, "is not as it was written" in done.stderr) == (1, True)
    # What is filtered out of sight is checked all the same.
    assert run_capirepo("log", root, "--last", 1).returncode == 1


def test_processes_that_write_at_once_leave_whole_lines_and_a_sound_chain(
    journal: FileJournal,
) -> None:
    script = (
        "import sys, pathlib\n"
        "from capirepo.store.journal import FileJournal\n"
        "for n in range(30): FileJournal(pathlib.Path(sys.argv[1])).append({'n': n})\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", script, journal.file], cwd=ROOT) for _ in range(4)
    ]
    assert [one.wait(60) for one in writers] == [0] * 4
    found = numbers(journal)
    assert (len(found), all(sound for _, sound in found)) == (120, True)


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_disk_that_fails_is_an_error_and_the_log_goes_on(
    journal: FileJournal, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    journal.append({"n": 0})

    def full(descriptor: int, data: bytes = b"") -> int:
        real_write(descriptor, data[:7])
        raise OSError(28, "No space left on device")

    real_write = os.write
    monkeypatch.setattr(os, call, full)
    with pytest.raises(StorageError, match="No space left"):
        journal.append({"n": 1})
    monkeypatch.undo()
    journal.append({"n": 2})
    found = numbers(journal)
    assert (found[0], found[-1]) == ((0, True), (2, True))


def test_the_log_is_not_for_everybody(journal: FileJournal) -> None:
    journal.append({"n": 0})
    assert journal.file.stat().st_mode & 0o007 == 0
