"""How `capirepo mirror` asks upstreams: over TLS, with and without a token, as it is configured."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_mirror import ENTRY, LABEL, content, mirror, root, up
from tests.support import clean_environment, run_capirepo, serving_process

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["root", "up"]


def test_a_server_over_tls_is_trusted_where_the_configuration_names_its_ca(
    up: Path, root: Path, tmp_path: Path
) -> None:
    with serving_process(up, state=tmp_path / "state") as server:
        wanted = f"mirror: [{{provider: {LABEL}, upstream: '{server.banner['tls_url']}'}}]\n"
        (root / "capirepo.yaml").write_text(wanted)
        done = mirror(root)
        assert done.returncode == 1
        assert "certificate" in done.stderr
        shutil.copy(server.banner["ca"], root / "ca.pem")
        (root / "capirepo.yaml").write_text(f"{wanted}upstream: {{ca: ca.pem}}\n")
        done = mirror(root)
        assert done.returncode == 0, done.stderr
    assert content(root) == content(up)


def test_without_a_token_what_the_contract_names_comes_by_the_go_proxy(
    up: Path, root: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (up / "capirepo.yaml").write_text(f"sources: {{{LABEL}: awesome-org/one}}\n")
    (root / "capirepo.yaml").write_text(
        f"mirror: [{{provider: {LABEL}, source: awesome-org/one, versions: '>=0.1'}}]\n"
    )
    plain = clean_environment(home)
    with serving_process(up, state=tmp_path / "state") as server:
        told = run_capirepo("env", "--server", server.url, "--output", "json", env=plain).stdout
        done = mirror(
            root, env=plain | {name: one for name, one in json.loads(told).items() if one}
        )
    assert done.returncode == 0, done.stderr
    assert content(root) == content(up)
    assert "set GITHUB_TOKEN to have them all" in done.stderr


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("upstream: {goproxy: proxy.example.com}", "upstream.goproxy is the address of a Go proxy"),
        ("upstream: {ca: gone.pem}", "cannot read certificates from"),
        ("upstream: {cert: a}", "unknown key 'cert' in upstream"),
    ],
)
def test_how_upstreams_are_asked_is_checked(root: Path, section: str, told: str) -> None:
    (root / "capirepo.yaml").write_text(f"{ENTRY % ''}{section}\n")
    done = mirror(root)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr
