"""`capirepo publish` and `capirepo log`, as people and pipelines call them."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import pty
import socket
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest

from capirepo.core.tokens import Scope
from tests.support import (
    CAPIREPO,
    add_release,
    add_token,
    clean_environment,
    components,
    run_capirepo,
    serving_process,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support import Process

LABEL = "infrastructure-awesome"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A release that is ready: LABEL/VERSION."""
    return add_release(tmp_path / "out", LABEL, "v0.9.0")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "target"


def log_of(root: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(run_capirepo("log", root, "-o", "json").stdout)
    return entries


def files_in(root: Path) -> set[str]:
    return {
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.is_file() and ".capirepo" not in path.parts
    }


# Into a ROOT


def test_a_release_is_published_logged_and_published_again_without_harm(
    made: Path, target: Path
) -> None:
    done = run_capirepo("publish", made, "--to", target)
    assert (done.returncode, done.stdout.split()[0]) == (0, "published"), done.stderr
    assert files_in(target) == {f"{LABEL}/v0.9.0/{file.name}" for file in made.iterdir()}
    again = run_capirepo("publish", made, "--to", target)
    assert (again.returncode, again.stdout.split()[0]) == (0, "unchanged")
    entries = log_of(target)
    assert [entry["action"] for entry in entries] == ["publish"]
    assert set(entries[0]["assets"]) == {file.name for file in made.iterdir()}
    assert not list(target.glob(".capirepo/locks/*"))


def test_other_bytes_are_refused_and_the_others_are_published(
    tmp_path: Path, made: Path, target: Path
) -> None:
    run_capirepo("publish", made, "--to", target)
    (made / "more.txt").write_text("more")
    add_release(tmp_path / "out", LABEL, "v0.9.1")
    done = run_capirepo("publish", tmp_path / "out", "--to", target, "-o", "json")
    states = {one["version"]: one["state"] for one in json.loads(done.stdout)}
    assert (done.returncode, states) == (1, {"v0.9.0": "conflict", "v0.9.1": "listed"})
    text = run_capirepo("publish", tmp_path / "out", "--to", target)
    assert "a version of its own" in text.stderr
    assert [entry["version"] for entry in log_of(target)] == ["v0.9.0", "v0.9.1"]


def test_an_error_of_lint_is_refused_and_a_reason_takes_it_all_the_same(
    made: Path, target: Path
) -> None:
    (made / "infrastructure-components.yaml").unlink()
    (made / "cluster-template.yaml").write_text("a: &a [*a]\n")
    refused = run_capirepo("publish", made, "--to", target)
    assert (refused.returncode, files_in(target)) == (1, set())
    assert "components-missing" in refused.stderr
    assert log_of(target) == []
    forced = run_capirepo("publish", made, "--to", target, "--no-lint", "of 2022\x1b[31m")
    assert forced.returncode == 0
    assert [entry["reason"] for entry in log_of(target)] == ["of 2022?[31m"]
    empty = run_capirepo("publish", made, "--to", target, "--no-lint", " ")
    assert empty.returncode == 2


def test_a_reason_may_be_any_bytes(made: Path, target: Path) -> None:
    done = subprocess.run(
        [CAPIREPO, "publish", made, "--to", target, "--no-lint", b"\xff\xfe"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert log_of(target)[0]["reason"] == "??"


def test_warnings_are_refused_where_they_are_not_allowed(made: Path, target: Path) -> None:
    done = run_capirepo("publish", made, "--to", target, "--no-allow-warnings")
    assert (done.returncode, files_in(target)) == (1, set())


def test_a_whole_root_is_published(root: Path, target: Path) -> None:
    done = run_capirepo("publish", root, "--to", target)
    assert (done.returncode, files_in(target)) == (0, files_in(root)), done.stderr


def test_a_folder_of_githubs_is_published_as_its_labels(tmp_path: Path, target: Path) -> None:
    folder = tmp_path / "kubernetes-sigs" / "cluster-api" / "v1.9.0"
    core = add_release(tmp_path / "a", "cluster-api", "v1.9.0")
    boot = add_release(tmp_path / "b", "bootstrap-kubeadm", "v1.9.0")
    folder.mkdir(parents=True)
    for file in (*core.iterdir(), *boot.iterdir()):
        (folder / file.name).write_bytes(file.read_bytes())
    done = run_capirepo("publish", folder, "--to", target)
    assert done.returncode == 0, done.stderr
    assert files_in(target) == {
        "cluster-api/v1.9.0/core-components.yaml",
        "cluster-api/v1.9.0/metadata.yaml",
        "bootstrap-kubeadm/v1.9.0/bootstrap-components.yaml",
        "bootstrap-kubeadm/v1.9.0/metadata.yaml",
    }


def test_what_is_no_file_of_a_release_is_left_out_and_named(made: Path, target: Path) -> None:
    (made / ".DS_Store").write_bytes(b"")
    (made / "old").mkdir()
    done = run_capirepo("publish", made, "--to", target)
    assert (done.returncode, "left out of" in done.stderr) == (0, True)
    assert ".DS_Store, old/" in done.stderr
    assert len(files_in(target)) == 2


def test_a_name_that_no_asset_can_have_ends_it_before_anything_is_published(
    tmp_path: Path, made: Path, target: Path
) -> None:
    (add_release(tmp_path / "out", LABEL, "v0.9.1") / "a b.yaml").write_bytes(b"")
    done = run_capirepo("publish", tmp_path / "out", "--to", target)
    assert (done.returncode, "'a b.yaml' is no asset name" in done.stderr) == (2, True)
    assert made.exists()
    assert not target.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "nothing says whose release this is"),
        (["--label", LABEL], "nothing says which version this is"),
        (["--label", "nonsense", "--version", "v1.0.0"], "is no provider label"),
        (["--label", LABEL, "--version", "1.0"], "'1.0' is no version"),
    ],
)
def test_what_cannot_be_told_from_the_files_is_asked_for(
    tmp_path: Path, made: Path, target: Path, words: list[str], said: str
) -> None:
    done = run_capirepo("publish", made.rename(tmp_path / "dist"), "--to", target, *words)
    assert (done.returncode, said in done.stderr, target.exists()) == (2, True, False)


@pytest.mark.parametrize("version", ["v0.9.0+build", "v0.9.0-RC.1"])
def test_a_version_that_is_hardly_to_be_told_from_another_is_refused(
    tmp_path: Path, made: Path, target: Path, version: str
) -> None:
    for one in (made, add_release(tmp_path / "out", LABEL, "v0.9.0-rc.1")):
        run_capirepo("publish", one, "--to", target)
    twin = add_release(tmp_path / "twin", LABEL, version, metadata__yaml=series("0.9"))
    done = run_capirepo("publish", twin, "--to", target)
    assert (done.returncode, "hardly to be told" in done.stderr) == (1, True)


def series(number: str) -> str:
    major, minor = number.split(".")
    return (
        "apiVersion: clusterctl.cluster.x-k8s.io/v1alpha3\nkind: Metadata\nreleaseSeries:\n"
        f"- {{major: {major}, minor: {minor}, contract: v1beta1}}\n"
    )


def test_processes_that_publish_at_once_agree(made: Path, target: Path, tmp_path: Path) -> None:
    other = add_release(tmp_path / "other", LABEL, "v0.9.0")
    (other / "infrastructure-components.yaml").write_text(components(name="other"))
    starts = [
        subprocess.Popen(
            [CAPIREPO, "publish", folder, "--to", target, "-o", "json"],
            stdout=subprocess.PIPE, text=True,
        )
        for folder in (made, made, other)
    ]  # fmt: skip
    results = [json.loads(one.communicate(timeout=60)[0])[0] for one in starts]
    assert sum(one["added"] for one in results) == 1
    assert results[0]["state"] == results[1]["state"] != results[2]["state"]
    assert [entry["action"] for entry in log_of(target)] == ["publish"]
    assert run_capirepo("log", target).returncode == 0


def test_log_and_records_may_be_kept_elsewhere(made: Path, target: Path, tmp_path: Path) -> None:
    run_capirepo("publish", made, "--to", target, "--state", tmp_path / "state")
    assert log_of(target) == []
    done = run_capirepo("log", target, "--state", tmp_path / "state", "-o", "json")
    assert len(json.loads(done.stdout)) == 1


def test_tokens_that_come_and_go_are_in_the_log_and_their_secrets_are_not(root: Path) -> None:
    secret = run_capirepo("token", "create", "ci", root, "--scope", "write").stdout.strip()
    assert run_capirepo("token", "create", "ci", root).returncode == 2
    run_capirepo("token", "revoke", "ci", root)
    actions = [(entry["action"], entry["token"]) for entry in log_of(root)]
    assert actions == [
        ("token-create", "ci"), ("token-create", "ci"), ("failed", "ci"), ("token-revoke", "ci"),
    ]  # fmt: skip
    shown = run_capirepo("log", root).stdout
    assert "token-revoke" in shown
    assert secret not in shown + (root / ".capirepo" / "audit.jsonl").read_text()


# To a server


@pytest.fixture
def server(root: Path, tmp_path: Path) -> Iterator[Process]:
    with serving_process(root, state=tmp_path / "state") as process:
        yield process


@pytest.fixture
def user(tmp_path: Path) -> dict[str, str]:
    """The environment of a user with a token that may write."""
    token = run_capirepo(
        "token", "create", "ci", tmp_path / "root", "--scope", "write",
        "--state", tmp_path / "state",
    ).stdout.strip()  # fmt: skip
    return clean_environment(tmp_path, CAPIREPO_TOKEN=token)


def test_a_server_takes_a_release_and_takes_it_again(
    made: Path, root: Path, server: Process, user: dict[str, str]
) -> None:
    first = run_capirepo("publish", made, "--to", server.url, env=user)
    assert (first.returncode, first.stdout.split()[0]) == (0, "published"), first.stderr
    assert f"{LABEL}/v0.9.0/metadata.yaml" in files_in(root)
    again = run_capirepo("publish", made, "--to", server.url, "-o", "json", env=user)
    told = json.loads(again.stdout)[0]
    assert (again.returncode, told["state"], told["added"]) == (0, "listed", False)
    (made / "metadata.yaml").write_text(series("0.9"))
    other = run_capirepo("publish", made, "--to", server.url, "-o", "json", env=user)
    assert (other.returncode, json.loads(other.stdout)[0]["state"]) == (1, "conflict")


@pytest.mark.parametrize(
    ("token", "said"), [("", "401"), ("wrong", "401"), ("reader", "may read, and write no label")]
)
def test_a_server_that_says_no_is_listened_to_whatever_the_size(  # noqa: PLR0913, PLR0917 - fixtures
    made: Path, root: Path, server: Process, tmp_path: Path, token: str, said: str
) -> None:
    with (made / "program").open("wb") as file:
        file.truncate(100 << 20)
    if token == "reader":
        token = run_capirepo(
            "token", "create", "reader", root, "--state", tmp_path / "state"
        ).stdout.strip()
    env = clean_environment(tmp_path, CAPIREPO_TOKEN=token)
    done = run_capirepo("publish", made, "--to", server.url, env=env)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert "v0.9.0" not in " ".join(files_in(root))


def test_a_certificate_that_is_not_trusted_is_named_with_the_way_out(
    made: Path, server: Process, user: dict[str, str], tmp_path: Path
) -> None:
    url = str(server.banner["tls_url"])
    done = run_capirepo("publish", made, "--to", url, env=user)
    assert (done.returncode, "SSL_CERT_FILE" in done.stderr) == (2, True)
    ca = tmp_path / "state" / "ca" / "ca.pem"
    done = run_capirepo("publish", made, "--to", url, env={**user, "SSL_CERT_FILE": str(ca)})
    assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def strange_server(status: int, body: bytes, **headers: str) -> Iterator[str]:
    """A server that is no capirepo."""

    class Strange(http.server.BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Strange) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"<html>welcome</html>", "is that a capirepo?"),
        (405, b"<html>no</html>", "answers 405 to an upload: is that a capirepo?"),
        (502, b"", "answers 502"),
        (400, b'{"message": "no\x1b[31m"}'.replace(b"\x1b", b"\\u001b"), "not taken: no?[31m"),
        (308, b"", "sends us to 'https://elsewhere.example.com/'"),
    ],
)
def test_a_server_that_is_none_of_ours_is_no_success(
    made: Path, tmp_path: Path, status: int, body: bytes, said: str
) -> None:
    more = {"Location": "https://elsewhere.example.com/"} if status == 308 else {}
    with strange_server(status, body, **more) as url:
        done = run_capirepo("publish", made, "--to", url, env=clean_environment(tmp_path))
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_a_gitlab_that_takes_files_is_a_success(made: Path, tmp_path: Path) -> None:
    with strange_server(201, b'{"message": "201 Created"}') as url:
        done = run_capirepo(
            "publish", made, "--to", f"{url}/api/v4/projects/7", env=clean_environment(tmp_path)
        )
    assert (done.returncode, done.stdout.split()[0]) == (0, "published")


def test_a_server_that_dies_meanwhile_is_an_error_and_what_was_done_is_told(
    made: Path, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def die() -> None:
            connection, _ = listening.accept()
            connection.recv(100)
            connection.close()

        threading.Thread(target=die, daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        env = clean_environment(tmp_path)
        done = run_capirepo("publish", made, "--to", url, "-o", "json", env=env)
    assert (done.returncode, json.loads(done.stdout)) == (2, [])
    assert "no answer from" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("http://ci:secret@127.0.0.1:1", "CAPIREPO_TOKEN"),
        ("http://127.0.0.1:99999", "is no address of a server"),
        ("http://127.0.0.1:1/sub", "has a path"),
        ("ftp://127.0.0.1", "is no address of a server"),
        ("http://127.0.0.1:1", "no answer from"),
    ],
)
def test_an_address_that_is_none_is_said_so_and_shows_no_secret(
    made: Path, tmp_path: Path, to: str, said: str
) -> None:
    done = run_capirepo("publish", made, "--to", to, env=clean_environment(tmp_path))
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_progress_is_shown_on_a_terminal(made: Path, server: Process, user: dict[str, str]) -> None:
    shown = on_terminal([str(CAPIREPO), "publish", str(made), "--to", server.url], user)
    assert b"infrastructure-awesome v0.9.0" in shown


def on_terminal(words: list[str], env: dict[str, str]) -> bytes:
    ours, theirs = pty.openpty()
    with subprocess.Popen(words, env={**env, "TERM": "xterm"}, stderr=theirs, stdout=theirs):
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # how a terminal says that nobody is there any more
            while piece := os.read(ours, 4096):
                shown += piece
    os.close(ours)
    return shown


def test_a_token_may_be_for_some_labels_only(made: Path, root: Path, tmp_path: Path) -> None:
    token = add_token(root, "addons", Scope.WRITE, labels=("addon-*",))
    env = clean_environment(tmp_path, CAPIREPO_TOKEN=token)
    with serving_process(root, state=root / ".capirepo") as process:
        done = run_capirepo("publish", made, "--to", process.url, env=env)
    assert (done.returncode, "may write addon-*" in done.stderr) == (2, True)


def test_show_says_which_file_was_changed_after_it_was_published(made: Path, target: Path) -> None:
    run_capirepo("publish", made, "--to", target)
    shown = run_capirepo("show", f"{LABEL}@v0.9.0", target)
    assert shown.returncode == 0, shown.stdout
    with (target / LABEL / "v0.9.0" / "metadata.yaml").open("a") as file:
        file.write("# later\n")
    changed = run_capirepo("show", f"{LABEL}@v0.9.0", target)
    assert changed.returncode == 1
    assert "changed since it was published: metadata.yaml" in changed.stdout
