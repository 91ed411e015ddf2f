from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from capirepo.core.tokens import Scope, Token, digest_of, secret_of
from capirepo.errors import ConflictError, NotThereError, StorageError
from capirepo.store.tokens import KeptTokens
from tests.support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


def token(name: str, number: int = 0) -> Token:
    return Token(
        name=name,
        digest=digest_of(secret_of(number.to_bytes(32))),
        scope=Scope.WRITE,
        labels=("infrastructure-*",),
        created=NOW,
        expires=NOW + dt.timedelta(days=1),
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "tokens.json"


def test_tokens_are_kept_with_all_that_they_may(file: Path) -> None:
    KeptTokens(file).add(token("b", 1))
    KeptTokens(file).add(token("a", 2))
    kept = KeptTokens(file)
    assert kept.all() == [token("a", 2), token("b", 1)]
    assert kept.find(token("b", 1).digest) == token("b", 1)
    assert kept.find("") is None


def test_no_secret_is_in_the_file_and_nobody_else_may_read_it(file: Path) -> None:
    KeptTokens(file).add(token("a"))
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"capirepo_" not in file.read_bytes()
    assert [*file.parent.iterdir()] == [file]


def test_where_there_is_no_file_there_are_no_tokens(file: Path) -> None:
    assert KeptTokens(file).all() == []
    assert not file.parent.exists()


def test_what_another_process_adds_and_removes_is_seen_at_once(file: Path) -> None:
    reader, writer = KeptTokens(file), KeptTokens(file)
    one = token("a")
    assert reader.find(one.digest) is None
    writer.add(one)
    assert reader.find(one.digest) == one
    writer.remove("a")
    assert reader.find(one.digest) is None
    writer.add(one)
    file.unlink()
    assert reader.find(one.digest) is None


def test_a_token_is_removed_by_its_name_or_its_id(file: Path) -> None:
    kept = KeptTokens(file)
    for number, name in enumerate("abc"):
        kept.add(token(name, number))
    assert kept.remove("a").name == "a"
    assert kept.remove(token("b", 1).id).name == "b"
    assert [one.name for one in kept.all()] == ["c"]
    with pytest.raises(NotThereError) as raised:
        kept.remove("a")
    assert raised.value.available == ("c",)


def test_a_name_is_taken_only_once(file: Path) -> None:
    KeptTokens(file).add(token("a"))
    with pytest.raises(ConflictError, match="capirepo token revoke a"):
        KeptTokens(file).add(token("a", 1))
    assert KeptTokens(file).all() == [token("a")]


def test_many_that_are_added_at_once_are_all_there(file: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        # Each with a descriptor of its own, as processes have.
        list(pool.map(lambda number: KeptTokens(file).add(token(f"t{number}", number)), range(40)))
    assert len(KeptTokens(file).all()) == 40


def written(**changes: object) -> bytes:
    """A file with one token, but for some `changes`."""
    good: dict[str, object] = {
        "name": "a",
        "sha256": "0" * 64,
        "scope": "read",
        "labels": [],
        "expires": None,
    }
    one = {**good, "created": "2026-01-01T00:00:00Z", **changes}
    return json.dumps({"format": 1, "tokens": [one]}).encode()


def test_a_file_as_it_should_be_is_read(file: Path) -> None:
    file.parent.mkdir()
    file.touch(mode=0o600)
    file.write_bytes(written())
    assert [one.name for one in KeptTokens(file).all()] == ["a"]


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"format": 2, "tokens": []}', b'{"format": 1}',
        b'{"format": 1, "tokens": [{"name": "a"}]}', b'{"format": 1, "tokens": [], "more": 1}',
        written(sha256="x"), written(scope="admin"), written(created="2026-01-01T00:00:00"),
        written(name="a b"), written(labels=["addon-*"]), written(more=1), written()[:-9],
    ],
)  # fmt: skip
def test_a_damaged_file_is_an_error_with_its_cure_and_never_no_tokens(
    file: Path, content: bytes
) -> None:
    kept = KeptTokens(file)
    kept.add(token("a"))
    assert kept.find(token("a").digest) is not None
    file.write_bytes(content)
    for _ in range(2):
        with pytest.raises(StorageError, match=r"is damaged: .*; put back a copy of it"):
            kept.find(token("a").digest)
    with pytest.raises(StorageError, match="is damaged"):
        KeptTokens(file).add(token("b", 1))
    assert file.read_bytes() == content


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o620])
def test_a_file_that_others_may_use_is_an_error_with_its_cure(file: Path, mode: int) -> None:
    kept = KeptTokens(file)
    kept.add(token("a"))
    assert kept.all()
    file.chmod(mode)
    with pytest.raises(StorageError, match=f"chmod 600 {file}"):
        kept.find(token("a").digest)
    file.chmod(0o600)
    assert kept.find(token("a").digest) is not None


def test_a_file_that_cannot_be_read_is_an_error_with_its_cure(file: Path) -> None:
    file.mkdir(parents=True)
    with pytest.raises(StorageError, match="as the user that serves"):
        KeptTokens(file).find("")


def test_a_state_that_cannot_be_written_is_an_error_with_its_cure(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    with pytest.raises(StorageError, match="--state"):
        KeptTokens(tmp_path / "state" / "tokens.json").add(token("a"))


@pytest.mark.parametrize("fault", ["signal=KILL", "error=ENOSPC"])
@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_kill_or_a_full_disk_loses_no_token_that_was_there(
    file: Path, call: str, fault: str
) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("needs strace")
    KeptTokens(file).add(token("a"))
    script = (
        "import pathlib, sys\n"
        "from tests.store.test_tokens import *\n"
        "KeptTokens(pathlib.Path(sys.argv[1])).add(token('b', 1))\n"
    )
    done = subprocess.run(
        [strace, "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
         "-e", f"inject={call}:{fault}:when=1", sys.executable, "-c", script, file],
        cwd=ROOT, check=False, capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode != 0
    # A kill at rename comes once it is done; whatever came of it, the next change goes well.
    assert token("a") in KeptTokens(file).all()
    KeptTokens(file).add(token("c", 2))
    assert [*file.parent.iterdir()] == [file]


def test_the_file_is_on_the_disk_before_its_name_and_the_name_before_the_answer(
    file: Path,
) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("needs strace")
    script = (
        "import pathlib, sys\n"
        "from tests.store.test_tokens import *\n"
        "KeptTokens(pathlib.Path(sys.argv[1])).add(token('a'))\n"
    )
    done = subprocess.run(
        [strace, "-f", "-qq", "-e", "trace=fsync,rename", sys.executable, "-c", script, file],
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    calls = [line.partition("(")[0].split()[-1] for line in done.stderr.splitlines()]
    assert calls == ["fsync", "rename", "fsync"]
