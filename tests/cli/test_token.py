from __future__ import annotations

import datetime as dt
import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from capirepo.store.tokens import KeptTokens
from tests.support import CAPIREPO, add_token, clean_environment, run_capirepo

if TYPE_CHECKING:
    from pathlib import Path


def listed(root: Path, *more: object) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(
        run_capirepo("token", "list", root, "-o", "json", *more).stdout
    )
    return found


def test_create_prints_the_token_alone_and_the_rest_on_standard_error(root: Path) -> None:
    done = run_capirepo("token", "create", "ci", root, "--scope", "write", "--label", "ipam-*")
    assert done.returncode == 0, done.stderr
    token = done.stdout.removesuffix("\n")
    assert token.startswith("capirepo_")
    assert token.isascii()
    assert token not in done.stderr
    assert "may read, and write ipam-*, until it is revoked" in done.stderr
    assert "only now" in done.stderr


def test_create_says_everything_as_json(root: Path) -> None:
    done = run_capirepo("token", "create", "ci", root, "--expires", "90d", "-o", "json")
    content = json.loads(done.stdout)
    assert content.pop("token").startswith("capirepo_")
    assert content["scopes"] == ["read"]
    assert content["expires"] > content["created"]
    assert [content] == listed(root)
    assert done.stderr == ""


def test_list_shows_who_may_what_until_when_and_never_a_secret(root: Path) -> None:
    token = run_capirepo(
        "token", "create", "ci", root, "--scope", "write", "--expires", "2999-01-01"
    ).stdout.strip()
    assert run_capirepo("token", "create", "reader", root).returncode == 0
    table = run_capirepo("token", "list", root).stdout
    assert "read, and write all labels" in table
    assert "2999-01-01T00:00:00Z" in table
    assert "valid" in table
    assert token not in table
    assert [one["name"] for one in listed(root)] == ["ci", "reader"]


def test_list_names_what_has_expired(root: Path) -> None:
    add_token(root, "old", expires=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    assert "expired" in run_capirepo("token", "list", root).stdout.splitlines()[1]
    assert [one["expired"] for one in listed(root)] == [True]


def test_without_tokens_list_says_how_to_make_one(root: Path) -> None:
    done = run_capirepo("token", "list", root)
    assert (done.returncode, done.stdout) == (0, "")
    assert "capirepo token create" in done.stderr
    assert listed(root) == []


def test_tokens_are_kept_where_the_state_is(root: Path, tmp_path: Path) -> None:
    state = tmp_path / "elsewhere"
    run_capirepo("token", "create", "a", root, "--state", state)
    environment = {**clean_environment(tmp_path), "CAPIREPO_STATE": str(state)}
    run_capirepo("token", "create", "b", root, env=environment)
    assert [one["name"] for one in listed(root, "--state", state)] == ["a", "b"]
    assert not (root / ".capirepo").exists()


def test_commands_at_once_lose_nothing(root: Path) -> None:
    processes = [
        subprocess.Popen(
            [CAPIREPO, "token", "create", f"t{number}", root],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for number in range(3)
    ]
    assert [process.wait(timeout=60) for process in processes] == [0] * 3
    assert len(listed(root)) == 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["create", "a b"], "is no name of a token"),
        (["create", "taken"], "there is a token taken already"),
        (["create", "x", "--expires", "soon"], "write a span such as 12h, 90d or 4w"),
        (["create", "x", "--expires", "2020-01-01"], "is of no use"),
        (["create", "x", "--label", "ipam-*"], "add --scope write"),
        (["create", "x", "--scope", "write", "--label", "IPAM"], "matches no label"),
        (["create", "x", "--scope", "admin"], "'admin' is not one of"),
        (["revoke", "nobody"], "there is: taken"),
    ],
)
def test_what_is_wrong_is_one_clear_line_and_exit_2(
    root: Path, arguments: list[str], sentence: str
) -> None:
    add_token(root, "taken")
    done = run_capirepo("token", *arguments[:2], root, *arguments[2:])
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    kept = KeptTokens(root / ".capirepo" / "tokens.json")
    assert [one.name for one in kept.all()] == ["taken"]


@pytest.mark.parametrize("command", [["list"], ["create", "b"], ["revoke", "a"]])
@pytest.mark.parametrize("damage", ["corrupt", "open"])
def test_a_file_of_tokens_gone_bad_is_a_clear_line_and_exit_2(
    root: Path, command: list[str], damage: str
) -> None:
    add_token(root, "a")
    file = root / ".capirepo" / "tokens.json"
    if damage == "corrupt":
        file.write_text('{"format": 1, "tok')
    else:
        file.chmod(0o644)
    before = file.read_bytes()
    done = run_capirepo("token", *command, root)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert ("is damaged" if damage == "corrupt" else "chmod 600") in done.stderr
    assert file.read_bytes() == before
