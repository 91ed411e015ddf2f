"""docs/lint.md and the hook for pre-commit: what they say is there, and works."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from capirepo.core.lint.report import FORMATS
from tests.docs import rule_table
from tests.support import ROOT, SAMPLE

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = rule_table.PAGE.read_text()
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def words(value: Any) -> Iterator[str]:
    """Every text in what was read of YAML."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from words(one)


SNIPPETS = [yaml.safe_load(block) for block in blocks("yaml")]
IN_CI = [one for one in words(SNIPPETS) if one.startswith("capirepo ")]


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-ec", script],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_table_of_rules_is_what_the_rules_say() -> None:
    assert rule_table.page() == PAGE, "run `make docs`"


def test_every_output_is_on_the_page() -> None:
    assert all(f"| `{style}` |" in PAGE for style in FORMATS)


@pytest.mark.parametrize("block", blocks("sh"))
def test_what_is_shown_works(block: str, tmp_path: Path) -> None:
    shutil.copytree(SAMPLE, tmp_path / "sample-repo")
    done = run(block, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_both_pipelines_have_commands() -> None:
    assert len(IN_CI) >= 4


@pytest.mark.parametrize("command", IN_CI)
def test_what_pipelines_run_works(command: str, tmp_path: Path) -> None:
    shutil.copytree(SAMPLE, tmp_path / "releases")
    done = run(command, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hook_that_the_page_names_is_there() -> None:
    (hooked,) = [one["repos"] for one in SNIPPETS if "repos" in one]
    assert hooked[0]["hooks"] == [{"id": HOOK["id"]}]
    assert HOOK["language"] == "python"
    # Files are few and one start is dear.
    assert HOOK["require_serial"] is True


@pytest.mark.parametrize(
    "path",
    [
        "metadata.yaml",
        "releases/infrastructure-awesome/v0.1.0/metadata.yaml",
        "out/infrastructure-components.yaml",
        "out/control-plane-components.yaml",
        "out/infrastructure-components-development.yaml",
        "templates/cluster-template.yaml",
        "templates/cluster-template-without-lb.yaml",
        "templates/clusterclass-quick-start.yaml",
    ],
)
def test_the_hook_takes_what_clusterctl_asks_for(path: str) -> None:
    assert re.search(HOOK["files"], path)


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "config/manager/manager.yaml",
        "kustomization.yaml",
        "object-metadata.yaml",
        "metadata.yaml.gz",
        "metadata.yml",
        "components.yaml",
        "cluster-templates/README.md",
        "templates/cluster-template/kustomization.yaml",
        "clusterclass.yaml",
    ],
)
def test_the_hook_takes_nothing_else(path: str) -> None:
    assert not re.search(HOOK["files"], path)


def test_the_hook_runs_on_the_files_that_it_takes(tmp_path: Path) -> None:
    shutil.copytree(SAMPLE, tmp_path / "releases")
    taken = [
        str(path.relative_to(tmp_path))
        for path in sorted(tmp_path.rglob("*"))
        if re.search(HOOK["files"], str(path.relative_to(tmp_path)))
    ]
    assert len(taken) > 20
    command = f"{HOOK['entry']} {shlex.join(taken)}"
    done = run(command, tmp_path)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout
    broken = tmp_path / taken[0]
    broken.write_text("a: [")
    assert run(command, tmp_path).returncode == 1
