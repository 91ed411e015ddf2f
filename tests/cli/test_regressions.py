"""What users ran into once."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.support import (
    CAPIREPO,
    SAMPLE,
    add_release,
    clean_environment,
    run_capirepo,
    serving_process,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def test_first_starts_at_the_same_time_share_one_ca(root: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = [*pool.map(lambda _: run_capirepo("ca", "export", root), range(4))]
    assert [one.returncode for one in done] == [0] * 4, [one.stderr for one in done]
    assert len({one.stdout for one in done}) == 1
    assert run_capirepo("ca", "export", root).stdout == done[0].stdout


def test_an_address_to_listen_on_is_no_reason_for_another_ca(root: Path) -> None:
    assert run_capirepo("ca", "export", root).returncode == 0
    # 127.0.0.9 is loopback as well, and not in the CA of now.
    arguments = ("--listen", "127.0.0.9:0", "--tls-listen", "127.0.0.9:0")
    with serving_process(root, *arguments, state=root / ".capirepo") as server:
        assert server.url.startswith("http://127.0.0.9:")


def test_names_of_ones_own_have_a_certificate(root: Path, tmp_path: Path) -> None:
    (root / "capirepo.yaml").write_text("server: {names: [mirror.example.com, 127.0.0.9]}")
    with serving_process(root, state=tmp_path) as server:
        port = str(server.banner["tls_url"]).rpartition(":")[2]
        done = subprocess.run(
            ["curl", "-sSf", "--cacert", str(server.banner["ca"]), "--resolve",
             f"mirror.example.com:{port}:127.0.0.1", f"https://mirror.example.com:{port}/healthz"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.stdout == "ok\n", done.stderr


def evaluated(script: str, environment: Mapping[str, str]) -> dict[str, str]:
    show = f"{sys.executable} -c 'import os, json; print(json.dumps(dict(os.environ)))'"
    done = subprocess.run(
        ["sh", "-c", f"{script}\n{show}"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_env_can_be_evaluated_again_and_for_another_server(tmp_path: Path) -> None:
    other = tmp_path / "other"
    add_release(other, "infrastructure-other", "v0.1.0")
    user = clean_environment(tmp_path)
    with (
        serving_process(SAMPLE, state=tmp_path / "a") as one,
        serving_process(other, state=tmp_path / "b") as two,
    ):
        command = f'eval "$({CAPIREPO} env --server'
        once = evaluated(f'{command} {one.url})"', user)
        # clusterctl keeps files of its own beside its configuration.
        Path(once["XDG_CONFIG_HOME"], "cluster-api", "version.yaml").write_text("x")
        twice = evaluated(f'{command} {one.url})"\n{command} {one.url})"', user)
        bundles = {Path(found["SSL_CERT_FILE"]).read_text() for found in (once, twice)}
        assert len(bundles) == 1
        moved = evaluated(f'{command} {one.url})"\n{command} {two.url})"', user)
    config = Path(moved["XDG_CONFIG_HOME"], "cluster-api", "clusterctl.yaml").read_text()
    assert [one["name"] for one in yaml.safe_load(config)["providers"]] == ["other"]


def test_env_without_a_server_stops_what_would_follow(tmp_path: Path) -> None:
    script = f'eval "$({CAPIREPO} env --server http://127.0.0.1:1)" && echo went on'
    done = subprocess.run(
        ["sh", "-c", script], env=clean_environment(tmp_path), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.stdout == ""
    assert "is `capirepo serve` running there?" in done.stderr


def test_another_web_server_is_not_taken_for_one_of_ours(tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        arguments, cwd=tmp_path, env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        port = process.stdout.readline().split(" port ")[1].split()[0]
        done = run_capirepo("run", "--server", f"http://127.0.0.1:{port}", "--", "true")
        process.terminate()
    assert done.returncode == 2
    assert "is that a capirepo?" in done.stderr
    assert "<" not in done.stderr


def test_asked_twice_it_stops_at_once(root: Path, tmp_path: Path) -> None:
    with (root / "infrastructure-awesome" / "v0.1.0" / "huge").open("wb") as file:
        file.truncate(1 << 30)
    with serving_process(root, state=tmp_path) as server:
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        with socket.create_connection(address) as stalled:
            stalled.sendall(b"GET /infrastructure-awesome/v0.1.0/huge HTTP/1.1\r\nHost: a\r\n\r\n")
            assert stalled.recv(12) == b"HTTP/1.1 200"
            for _ in range(200):
                server.process.send_signal(signal.SIGINT)
                try:
                    server.process.wait(0.05)
                except subprocess.TimeoutExpired:
                    continue
                break
        assert server.process.returncode not in (None, 0)


def test_ctrl_c_on_a_terminal_reaches_the_command_once(root: Path, tmp_path: Path) -> None:
    count = "n=0; trap 'n=$((n+1)); echo got $n' INT; echo ready; read line; echo end $n"
    pid, terminal = pty.fork()
    if pid == 0:
        words = ["run", "--state", str(tmp_path), str(root), "--", "sh", "-c", count]
        os.execv(CAPIREPO, [str(CAPIREPO), *words])
    seen = b""
    while b"ready" not in seen:
        seen += os.read(terminal, 1000)
    os.write(terminal, b"\x03")
    while b"got 1" not in seen:
        seen += os.read(terminal, 1000)
    os.write(terminal, b"\n")
    while b"end" not in seen:
        seen += os.read(terminal, 1000)
    os.waitpid(pid, 0)
    os.close(terminal)
    assert b"got 2" not in seen


def test_layout_goes_on_after_a_conflict_and_tells_all(tmp_path: Path) -> None:
    for version in ("v1.0.0", "v1.1.0"):
        release = tmp_path / "in" / "kubernetes-sigs" / "cluster-api" / version
        release.mkdir(parents=True)
        (release / "core-components.yaml").write_text("a: b")
    assert run_capirepo("layout", tmp_path / "in", tmp_path / "root").returncode == 0
    (tmp_path / "in/kubernetes-sigs/cluster-api/v1.0.0/core-components.yaml").write_text("c: d")
    shutil.rmtree(tmp_path / "root" / "cluster-api" / "v1.1.0")
    done = run_capirepo("layout", tmp_path / "in", tmp_path / "root")
    assert done.returncode == 1
    assert "differs in core-components.yaml" in done.stderr
    assert "added      cluster-api v1.1.0" in done.stdout


@pytest.mark.parametrize("arguments", [["list"], ["show", "awesome"]])
def test_piped_tables_are_not_wrapped(root: Path, arguments: list[str]) -> None:
    long = "v0.4.0-" + "a" * 100
    add_release(root, "infrastructure-awesome", long)
    done = run_capirepo(*arguments, root, env={**os.environ, "COLUMNS": "40"})
    assert long in done.stdout


def test_a_root_without_releases_is_pointed_out(tmp_path: Path) -> None:
    done = run_capirepo("list", tmp_path)
    assert "holds no release: LABEL/VERSION/ASSET" in done.stderr
