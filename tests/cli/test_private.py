"""The command line and a server that is read with a token only."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

from tests.support import CAPIREPO, clean_environment, make_private, run_capirepo, serving_process

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support import Process


def status(server: Process, token: str) -> str:
    done = subprocess.run(
        ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", f"PRIVATE-TOKEN: {token}",
         f"{server.url}/index.json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def test_a_running_server_sees_tokens_come_and_go(root: Path, tmp_path: Path) -> None:
    make_private(root)
    state = tmp_path / "state"
    with serving_process(root, state=state) as server:
        token = run_capirepo("token", "create", "ci", root, "--state", state).stdout.strip()
        assert status(server, token) == "200"
        assert status(server, token[:-1]) == "401"
        assert run_capirepo("token", "revoke", "ci", root, "--state", state).returncode == 0
        assert status(server, token) == "401"


def test_the_banner_of_a_private_server_says_so(root: Path, tmp_path: Path) -> None:
    make_private(root)
    with subprocess.Popen(
        [CAPIREPO, "serve", root, "--listen", "127.0.0.1:0", "--tls-listen", "",
         "--state", tmp_path],
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        banner = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGTERM)
    assert "Reading takes a token, of which there are none yet" in banner[2]


def test_clients_of_a_private_server_show_the_token_that_they_are_given(
    root: Path, tmp_path: Path
) -> None:
    make_private(root)
    state = tmp_path / "state"
    token = run_capirepo("token", "create", "ci", root, "--state", state).stdout.strip()
    user = clean_environment(tmp_path)
    knowing = {**user, "CAPIREPO_TOKEN": token, "GITHUB_TOKEN": "the user's own"}
    with serving_process(root, state=state) as server:
        for words in (
            ["config", "--server", server.url],
            ["env", "--server", server.url],
            ["run", "--server", server.url, "--", "printenv", "GITHUB_TOKEN"],
        ):
            refused = run_capirepo(*words, env=user)
            assert refused.returncode == 2
            assert "401 Unauthorized" in refused.stderr
            assert "set CAPIREPO_TOKEN" in refused.stderr
            done = run_capirepo(*words, env=knowing)
            assert done.returncode == 0, done.stderr
        assert done.stdout == f"{token}\n"
        kept_away = {**knowing, "NO_PROXY": "github.com"}
        done = run_capirepo(*words, env=kept_away)
        assert done.stdout == "the user's own\n"
        done = run_capirepo(*words, env={**user, "CAPIREPO_TOKEN": "pässwörd"})
        assert "CAPIREPO_TOKEN holds no token" in done.stderr


def test_run_of_a_root_is_open_to_its_command_also_where_the_server_would_not_be(
    root: Path, tmp_path: Path
) -> None:
    make_private(root)
    script = 'curl -sSf "$GOPROXY/infrastructure-awesome/v0.1.0/metadata.yaml"'
    done = run_capirepo("run", "--state", tmp_path, root, "--", "sh", "-c", script)
    assert done.returncode == 0, done.stderr
    assert "kind: Metadata" in done.stdout
