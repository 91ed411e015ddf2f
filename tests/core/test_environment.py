from __future__ import annotations

import subprocess

from capirepo.core.environment import (
    ClientFiles,
    as_exports,
    client_environment,
    shadowed,
)

SERVER = "http://mirror.example.com:8080"


def test_clients_come_to_us_but_for_what_must_stay_direct() -> None:
    found = client_environment(
        {}, server=SERVER, files=ClientFiles(ca_bundle="/ca"), direct_hosts=["10.0.0.1"]
    )
    assert found["HTTPS_PROXY"] == found["https_proxy"] == found["GOPROXY"] == SERVER
    assert found["SSL_CERT_FILE"] == "/ca"
    assert found["NO_PROXY"] == "localhost,127.0.0.1,::1,mirror.example.com,10.0.0.1"
    assert "XDG_CONFIG_HOME" not in found
    assert "SSL_CERT_DIR" not in found


def test_what_the_user_had_in_no_proxy_stays_first() -> None:
    user = {"no_proxy": "a.example, 10.0.0.0/8,localhost"}
    found = client_environment(user, server=SERVER, files=ClientFiles(ca_bundle=""))
    assert found["NO_PROXY"].startswith("a.example,10.0.0.0/8,localhost,127.0.0.1")
    assert found["NO_PROXY"].count("localhost") == 1
    assert found["no_proxy"] == found["NO_PROXY"]


def test_a_no_proxy_that_keeps_hosts_away_from_us_is_noticed() -> None:
    hosts = ["github.com", "api.github.com"]
    assert shadowed({"NO_PROXY": "*"}, hosts) == hosts
    assert shadowed({"NO_PROXY": ".github.com"}, hosts) == hosts
    assert shadowed({"NO_PROXY": "api.github.com"}, hosts) == ["api.github.com"]
    assert shadowed({"NO_PROXY": "hub.com,10.0.0.0/8"}, hosts) == []


def test_exports_survive_a_shell_whatever_is_in_them() -> None:
    value = 'it\'s $HOME `x` "y"'
    script = as_exports({"A": value}) + 'printf %s "$A"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == value
