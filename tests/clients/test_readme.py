"""Every command of the README is run as it stands there, in a copy of the project."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.clients import tools
from tests.support import ROOT, add_release, clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project as a clone would have it, with the environment of this test run as .venv."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    for name in listed:
        if (ROOT / name).is_file():
            target = tmp_path / "capirepo" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    made = tmp_path / "capirepo"
    (made / ".venv").symlink_to(sys.prefix)
    # What is installed is the state of the project: nothing is fetched again.
    os.utime(made / "pyproject.toml", (0, 0))
    return made


@pytest.fixture
def make_serve(copy: Path) -> Iterator[str]:
    """`make serve`, up: what it has printed."""
    for port in (8080, 8443):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                pytest.skip(f"something else listens on port {port}, which `make serve` takes")
    environment = clean_environment(copy.parent)
    with subprocess.Popen(
        ["make", "serve"], cwd=copy, env=environment, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        printed = ""
        for line in process.stdout:
            printed += line
            if "Ctrl-C stops" in line:
                break
        yield printed
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=20)


def test_the_readme_does_what_it_says(copy: Path, make_serve: str) -> None:
    assert BLOCKS[0].startswith("make serve")
    assert BLOCKS[-1] == "make test\n"
    # By then github.com is the server of `make serve`: the internet of this test.
    add_release(copy / "sample-repo", "infrastructure-aws", "v9.8.7")
    programs = copy.parent / "bin"
    programs.mkdir()
    (programs / "clusterctl").symlink_to(tools.require(tools.clusterctl, tools.NEWEST))
    script = "set -eu\n" + "".join(f"echo '@@'\n{block}" for block in BLOCKS[1:-1])
    environment = clean_environment(copy.parent)
    environment["PATH"] = f"{programs}:{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=copy, env=environment, check=False,
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "capirepo run --server http://127.0.0.1:8080 -- clusterctl" in make_serve
    outputs = done.stdout.split("@@\n")[1:]
    assert "Version:            v0.2.0" in outputs[0]
    assert "URL:                https://github.com/awesome-org/" in outputs[0]
    assert "infrastructure-mine" in outputs[1]
    assert "Version:            v0.1.0" in outputs[1]
    assert "awesome" in outputs[2]
    assert outputs[3].count("Version:            v9.8.7") == 2
    assert outputs[4].count("published  infrastructure-mine v0.1.0") == 2
    assert "token ci" in outputs[4]
    assert '"contract": "v1beta1"' in outputs[5]
    assert "Version:            v0.1.1" in outputs[6]
    assert "Version:            v0.1.1" in outputs[7]
    assert "releaseSeries" in outputs[8]
    assert "BEGIN CERTIFICATE" in outputs[9]


def test_the_page_on_caching_shows_what_the_readme_shows() -> None:
    shown = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "cache.md").read_text(), re.DOTALL)
    assert shown
    assert set(shown) <= set(BLOCKS)


def test_make_test_is_the_suite() -> None:
    printed = subprocess.run(
        ["make", "--dry-run", "--always-make", "test"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "pytest -m 'not clients'" in printed
