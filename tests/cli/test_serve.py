from __future__ import annotations

import json
import signal
import socket
import subprocess
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.support import CAPIREPO, add_release, run_capirepo, serving_process

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly_when_told_to(root: Path, tmp_path: Path, number: signal.Signals) -> None:
    with serving_process(root, state=tmp_path / "state") as server:
        server.process.send_signal(number)
        out, err = server.process.communicate(timeout=20)
        assert server.process.returncode == 0
        assert (out, err) == ("", "capirepo: stopped\n")


def test_the_banner_says_where_it_serves_and_what_to_type_next(root: Path, tmp_path: Path) -> None:
    arguments = ["serve", root, "--listen", "127.0.0.1:0", "--tls-listen", "", "--state", tmp_path]
    with subprocess.Popen(
        [str(CAPIREPO), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(7)]
        process.terminate()
        process.communicate(timeout=20)
    banner = "".join(lines)
    assert "4 releases of 1 label" in banner
    assert "capirepo run --server http://127.0.0.1:" in banner
    assert "-- clusterctl config repositories" in banner


def test_the_access_log_is_for_people_or_for_programs(root: Path, tmp_path: Path) -> None:
    for style in ("text", "json"):
        state = tmp_path / style
        with serving_process(root, "--access-log", style, state=state) as server:
            for _ in range(2):  # the second comes from memory, and is logged all the same
                urllib.request.urlopen(f"{server.url}/index.json").read()
            server.process.terminate()
            lines = server.process.communicate(timeout=20)[1].splitlines()
        logged = [line for line in lines if "/index.json" in line]
        assert len(logged) == 2
        for line in logged:
            if style == "json":
                record = json.loads(line)
                assert (record["status"], record["path"], record["face"]) == (
                    200,
                    "/index.json",
                    "tree",
                )
            else:
                assert "GET 127.0.0.1" in line
                assert " 200 " in line


def test_a_broken_release_is_named_in_the_log(root: Path, tmp_path: Path) -> None:
    add_release(root, "infrastructure-awesome", "v0.7.0", metadata__yaml="")
    with serving_process(root, state=tmp_path) as server:
        assert server.process.stderr is not None
        line = server.process.stderr.readline()
    assert (
        "warning infrastructure-awesome v0.7.0 is not offered: metadata.yaml: holds no object"
        in line
    )


def test_a_port_in_use_is_one_line_and_exit_2(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        address = f"127.0.0.1:{busy.getsockname()[1]}"
        done = run_capirepo("serve", root, "--listen", address)
    assert done.returncode == 2
    assert done.stderr.startswith(f"capirepo: cannot listen on {address}: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        ("missing", "does not exist"),
        ("file", "is no folder"),
        ("unknown key", "unknown key 'lisen' in server; did you mean listen?"),
        ("bad value", "Expected `str`, got `int` - at `server.listen`"),
        ("not yaml", "capirepo.yaml, line"),
        ("bad source", "sources: 'x' is no source"),
        ("bad label", "sources: 'x' is no provider label"),
        ("bad gitlab", "gitlab.host"),
        ("bad address", "is no address to listen on"),
        ("open proxy", "proxy.hosts"),
        ("key alone", "belong together"),
        ("no certificate", "cannot use the certificate"),
    ],
)
def test_what_cannot_be_served_is_one_clear_line_and_exit_2(
    root: Path, prepare: str, sentence: str
) -> None:
    config = root / "capirepo.yaml"
    contents = {
        "unknown key": "server: {lisen: x}",
        "bad value": "server: {listen: 8080}",
        "not yaml": "server: [",
        "bad source": "sources: {infrastructure-x: x}",
        "bad label": "sources: {x: a/b}",
        "bad gitlab": "gitlab: {host: git.example.com}",
        "bad address": "server: {listen: nowhere}",
        "open proxy": "proxy: {hosts: ['*']}",
        "key alone": "server: {key: x}",
        "no certificate": "server: {key: x.pem, certificate: y.pem}",
    }
    if prepare in contents:
        config.write_text(contents[prepare])
    target = {"missing": root / "nothing", "file": config}.get(prepare, root)
    config.touch()
    done = run_capirepo("serve", target)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
