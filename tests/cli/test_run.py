from __future__ import annotations

import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from capirepo.cli.kubeconfig import api_server_hosts
from tests.support import (
    CAPIREPO,
    SAMPLE,
    add_release,
    clean_environment,
    run_capirepo,
    serving_process,
)

if TYPE_CHECKING:
    from pathlib import Path

SHOW = 'python3 -c "import os, json; print(json.dumps(dict(os.environ)))"'


def environment_within(root: Path, home: Path, **user: str) -> dict[str, str]:
    done = run_capirepo(
        "run", "--state", home / "state", root, "--", "sh", "-c", SHOW,
        env=clean_environment(home, **user),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_a_command_gets_the_environment_in_which_clusterctl_comes_to_us(
    root: Path, tmp_path: Path
) -> None:
    found = environment_within(root, tmp_path, NO_PROXY="internal.example.com")
    assert found["HTTPS_PROXY"].startswith("http://127.0.0.1:")
    assert found["GOPROXY"] == found["HTTPS_PROXY"]
    assert found["NO_PROXY"].startswith("internal.example.com,localhost,127.0.0.1")


def test_the_api_server_of_the_kubeconfig_in_use_is_not_asked_for_through_us(
    root: Path, tmp_path: Path
) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        "clusters: [{name: a, cluster: {server: 'https://api.example.com:6443'}}]"
    )
    found = environment_within(root, tmp_path, KUBECONFIG=str(kubeconfig))
    assert "api.example.com" in found["NO_PROXY"].split(",")


@pytest.mark.parametrize(
    ("arguments", "environment", "hosts"),
    [
        (["--kubeconfig", "{a}"], {"KUBECONFIG": "{b}"}, ["a.example.com"]),
        (["--kubeconfig={a}"], {}, ["a.example.com"]),
        ([], {"KUBECONFIG": "{b}:{a}"}, ["b.example.com", "a.example.com"]),
        ([], {"KUBECONFIG": "/nowhere"}, []),
        ([], {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, ["10.0.0.1"]),
        (["--kubeconfig"], {}, []),
    ],
)
def test_the_kubeconfig_in_use_is_the_one_that_clusterctl_would_use(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], hosts: list[str]
) -> None:
    files = {name: str(tmp_path / name) for name in ("a", "b")}
    for name in files:
        (tmp_path / name).write_text(
            f"clusters: [{{cluster: {{server: 'https://{name}.example.com'}}}}]"
        )
    given = {key: value.format(**files) for key, value in environment.items()}
    assert api_server_hosts(given, [one.format(**files) for one in arguments]) == hosts


@pytest.mark.parametrize(
    "content", ["", "[", "clusters: 1", "clusters: [1, {cluster: {server: 1}}]"]
)
def test_an_odd_kubeconfig_is_left_to_the_command_itself(tmp_path: Path, content: str) -> None:
    file = tmp_path / "config"
    file.write_text(content)
    assert api_server_hosts({"KUBECONFIG": str(file)}, []) == []


def test_private_providers_are_added_to_the_users_own_clusterctl_yaml(
    root: Path, tmp_path: Path
) -> None:
    config = tmp_path / ".config"
    (config / "cluster-api").mkdir(parents=True)
    (config / "other").mkdir()
    own = {"name": "mine", "type": "InfrastructureProvider", "url": "https://x"}
    (config / "cluster-api" / "clusterctl.yaml").write_text(
        yaml.safe_dump({"providers": [own], "MY_VARIABLE": "kept"})
    )
    (config / "cluster-api" / "overrides").mkdir()
    home = "$XDG_CONFIG_HOME"
    script = f'cat "{home}/cluster-api/clusterctl.yaml"; ls "{home}" "{home}/cluster-api" >&2'
    done = run_capirepo(
        "run", "--state", tmp_path / "state", root, "--", "sh", "-c", script,
        env=clean_environment(tmp_path),
    )  # fmt: skip
    merged = yaml.safe_load(done.stdout)
    assert merged["MY_VARIABLE"] == "kept"
    assert [one["name"] for one in merged["providers"]] == ["mine", "awesome"]
    assert "overrides" in done.stderr
    assert "other" in done.stderr


def test_a_provider_that_the_user_names_themselves_is_theirs(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / ".cluster-api"
    folder.mkdir()
    own = {"name": "awesome", "type": "InfrastructureProvider", "url": "https://mine"}
    (folder / "clusterctl.yaml").write_text(yaml.safe_dump({"providers": [own]}))
    done = run_capirepo(
        "run", "--state", tmp_path / "state", root, "--", "sh", "-c",
        'cat "$XDG_CONFIG_HOME/cluster-api/clusterctl.yaml"', env=clean_environment(tmp_path),
    )  # fmt: skip
    assert yaml.safe_load(done.stdout)["providers"] == [own]


def test_without_private_providers_the_users_configuration_stays_where_it_is(
    tmp_path: Path,
) -> None:
    add_release(tmp_path / "root", "cluster-api", "v1.0.0")
    assert "XDG_CONFIG_HOME" not in environment_within(tmp_path / "root", tmp_path)


@pytest.mark.parametrize(
    ("command", "code"),
    [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143), ("no-such-command-at-all", 127)],
)
def test_the_exit_code_of_the_command_is_ours(
    root: Path, tmp_path: Path, command: str, code: int
) -> None:
    words = ["sh", "-c", command] if " " in command else [command]
    done = run_capirepo("run", "--state", tmp_path, root, "--", *words)
    assert done.returncode == code
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_are_passed_on_to_the_command(
    root: Path, tmp_path: Path, number: signal.Signals
) -> None:
    name = number.name.removeprefix("SIG")
    script = f"trap 'exit 42' {name}; echo ready; while :; do sleep 0.05; done"
    with subprocess.Popen(
        [CAPIREPO, "run", "--state", tmp_path, root, "--", "sh", "-c", script],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.kill(process.pid, number)
        assert process.wait(timeout=20) == 42


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "after --"),
        (["a", "b", "--", "true"], "after --"),
        (["--server", "http://127.0.0.1:1", "root", "--", "true"], "not both"),
        (["--server", "http://127.0.0.1:1", "--", "true"], "is `capirepo serve` running there?"),
        (["--server", "nonsense", "--", "true"], "write http://HOST:PORT"),
        (["/nowhere", "--", "true"], "does not exist"),
    ],
)
def test_wrong_usage_is_said_in_words_and_exit_2(arguments: list[str], sentence: str) -> None:
    done = run_capirepo("run", *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_env_prints_what_run_sets(tmp_path: Path) -> None:
    with serving_process(SAMPLE, state=tmp_path / "state") as server:
        user = clean_environment(tmp_path, XDG_CACHE_HOME=str(tmp_path / "cache"))
        printed = run_capirepo("env", "--server", server.url, env=user)
        assert printed.returncode == 0, printed.stderr
        shell = subprocess.run(
            ["sh", "-c", f"{printed.stdout}\n{SHOW}"],
            env=user,
            capture_output=True,
            text=True,
            check=True,
        )
        exported = json.loads(shell.stdout)
        within = run_capirepo("run", "--server", server.url, "--", "sh", "-c", SHOW, env=user)
        ran = json.loads(within.stdout)
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "GOPROXY"):
        assert exported[name] == ran[name]
    # Those of `env` outlive it.
    assert os.path.exists(exported["SSL_CERT_FILE"])  # noqa: PTH110 - a string it is
    assert not os.path.exists(ran["SSL_CERT_FILE"])  # noqa: PTH110 - a string it is
    assert exported["XDG_CONFIG_HOME"].startswith(str(tmp_path / "cache"))


def test_the_ca_bundle_holds_what_the_user_trusts_already(root: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    own.write_text("# the user's own\n")
    done = run_capirepo(
        "run", "--state", tmp_path / "state", root, "--", "sh", "-c", 'cat "$SSL_CERT_FILE"',
        env=clean_environment(tmp_path, SSL_CERT_FILE=str(own)),
    )  # fmt: skip
    assert done.stdout.startswith("-----BEGIN CERTIFICATE-----")
    assert done.stdout.endswith("# the user's own\n")


def test_what_the_system_trusts_is_read_once_and_never_lost(root: Path, tmp_path: Path) -> None:
    found = environment_within(root, tmp_path)
    assert found["SSL_CERT_DIR"].startswith(found["SSL_CERT_FILE"].rpartition("/")[0])
    theirs = environment_within(root, tmp_path, SSL_CERT_DIR="/etc/ssl/certs")
    assert theirs["SSL_CERT_DIR"] == "/etc/ssl/certs"
