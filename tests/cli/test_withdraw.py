"""`withdraw`: what is pending goes, here and on a server; what is listed only when asked for."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from capirepo.core.tokens import Scope
from tests.support import SAMPLE, add_token, clean_environment, run_capirepo, serving_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RELEASE = SAMPLE / "infrastructure-awesome" / "v0.2.0"
WHAT = "infrastructure-awesome@v0.2.0"
PENDING = ".capirepo/pending/infrastructure-awesome/v0.2.0"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A ROOT in which a release has come but for its components."""
    folder = tmp_path / "root"
    shutil.copytree(RELEASE, folder / PENDING)
    (folder / PENDING / "infrastructure-components.yaml").unlink()
    return folder


@pytest.fixture
def server(root: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Its address, and the environment of who may write."""
    state = root / ".capirepo"
    token = add_token(root, "ci", Scope.WRITE)
    with serving_process(root, state=state) as running:
        yield running.url, clean_environment(root.parent, CAPIREPO_TOKEN=token)


def test_what_is_pending_is_removed_and_the_log_says_so(root: Path) -> None:
    assert run_capirepo("withdraw", WHAT, "--from", root).returncode == 0
    assert not (root / PENDING).exists()
    (entry,) = json.loads(run_capirepo("log", root, "-o", "json").stdout)
    assert (entry["action"], entry["version"]) == ("delete", "v0.2.0")
    again = run_capirepo("withdraw", WHAT, "--from", root)
    assert again.returncode == 2
    assert "there is no file of infrastructure-awesome v0.2.0" in again.stderr


def test_one_file_can_be_removed_alone(root: Path) -> None:
    run_capirepo("withdraw", WHAT, "--from", root, "--asset", "cluster-template.yaml")
    assert not (root / PENDING / "cluster-template.yaml").exists()
    assert (root / PENDING / "metadata.yaml").exists()


def test_a_listed_release_is_removed_only_when_that_is_said(root: Path) -> None:
    shutil.copytree(RELEASE, root / "infrastructure-awesome" / "v0.2.0")
    refused = run_capirepo("withdraw", WHAT, "--from", root)
    assert refused.returncode == 2
    assert "is listed" in refused.stderr
    assert run_capirepo("withdraw", WHAT, "--from", root, "--listed").returncode == 0
    assert not (root / "infrastructure-awesome" / "v0.2.0").exists()


def test_a_server_lets_go_of_what_is_pending(
    root: Path, server: tuple[str, dict[str, str]]
) -> None:
    url, environment = server
    asset = run_capirepo(
        "withdraw", WHAT, "--from", url, "--asset", "metadata.yaml", env=environment
    )
    assert asset.returncode == 0, asset.stderr
    assert not (root / PENDING / "metadata.yaml").exists()
    done = run_capirepo("withdraw", WHAT, "--from", url, env=environment)
    assert done.returncode == 0, done.stderr
    assert not (root / PENDING).exists()
    again = run_capirepo("withdraw", WHAT, "--from", url, env=environment)
    assert "has no pending infrastructure-awesome v0.2.0" in again.stderr


def test_a_server_keeps_what_is_listed(server: tuple[str, dict[str, str]]) -> None:
    url, environment = server
    given = ["--label", "infrastructure-awesome", "--version", "v0.1.9", "--to", url]
    assert run_capirepo("publish", RELEASE, *given, env=environment).returncode == 0
    what = "infrastructure-awesome@v0.1.9"
    kept = run_capirepo("withdraw", what, "--from", url, "--listed", env=environment)
    assert kept.returncode == 2
    assert "publish.delete: any" in kept.stderr


def test_what_could_not_be_published_leaves_nothing_behind(
    root: Path, server: tuple[str, dict[str, str]]
) -> None:
    url, environment = server
    # Another metadata.yaml waits there, which is met after the templates were sent.
    for file in (root / PENDING).iterdir():
        if file.name != "metadata.yaml":
            file.unlink()
    (root / PENDING / "metadata.yaml").write_bytes(b"# another\n")
    given = ["--label", "infrastructure-awesome", "--version", "v0.2.0", "--to", url]
    done = run_capirepo("publish", RELEASE, *given, env=environment)
    assert done.returncode == 1, done.stderr
    assert "capirepo withdraw" in done.stderr
    assert [file.name for file in (root / PENDING).iterdir()] == ["metadata.yaml"]
