"""The renderer is a program of strangers: it may be missing, fail, flood, lie or hang."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from typing import TYPE_CHECKING

import pytest

from capirepo.author.kustomize import Renderer, find_renderer, render
from capirepo.core import yamlguard
from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path


def program(folder: Path, body: str, name: str = "kustomize") -> Renderer:
    """A program that does what `body` says, in sh."""
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return Renderer(arguments=(str(file), "build"))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "default"
    folder.mkdir()
    (folder / "kustomization.yaml").write_text("resources: []\n")
    return folder


async def refused(renderer: Renderer, folder: Path) -> str:
    with pytest.raises(BadInputError) as caught:
        await render(renderer, folder)
    return str(caught.value)


async def test_it_gets_the_folder_and_what_it_prints_comes_back(tree: Path, tmp_path: Path) -> None:
    renderer = program(tmp_path / "bin", 'echo "a: $1 $2 $#"; echo "# Warning: old" >&2')
    rendered = await render(renderer, tree)
    assert rendered.data == f"a: build {tree} 2\n".encode()
    assert rendered.remarks == ("# Warning: old",)


async def test_a_folder_is_never_an_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "-o"
    folder.mkdir()
    (folder / "Kustomization").write_text("")
    monkeypatch.chdir(tmp_path)
    rendered = await render(program(tmp_path / "bin", 'echo "$2"'), folder.relative_to(tmp_path))
    assert rendered.data == b"./-o\n"


async def test_a_folder_without_a_kustomization_is_refused_before_anything_runs(
    tmp_path: Path,
) -> None:
    renderer = program(tmp_path / "bin", f"touch {tmp_path}/ran")
    assert "has no kustomization.yaml" in await refused(renderer, tmp_path)
    assert not (tmp_path / "ran").exists()


async def test_it_fails_with_its_own_words(tree: Path, tmp_path: Path) -> None:
    body = 'printf "Error: no such file\\n\\033[31mred\\n" >&2; exit 3'
    said = await refused(program(tmp_path / "bin", body), tree)
    assert said.endswith("Error: no such file\n  ?[31mred")
    assert f"kustomize build cannot render {tree}" in said
    silent = await refused(program(tmp_path / "bin", "exit 3"), tree)
    assert "exit code 3, without a word" in silent


async def test_what_it_says_is_bounded(tree: Path, tmp_path: Path) -> None:
    body = "yes complaint | head -c 5000000 >&2; exit 1"
    said = await refused(program(tmp_path / "bin", body), tree)
    assert len(said) < 1000


async def test_a_long_line_ends_with_a_word(tree: Path, tmp_path: Path) -> None:
    said = await refused(program(tmp_path / "bin", f"echo {'complaint ' * 200} >&2; exit 1"), tree)
    assert said.endswith(" complaint…")
    said = await refused(program(tmp_path / "bin", f"echo {'x' * 2000} >&2; exit 1"), tree)
    assert said.endswith("xxx…")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('E1122 13:12:11.231759    1362 run.go:72] "command failed" err="a \\"b\\""', 'a "b"'),
        ('E1122 13:12:11.231759    1362 run.go:72] "command failed" err="a \\x1b"', '"a \\x1b"'),
        ('W1122 13:12:11.2 7 x.go:7] "old" field="y"', '"old" field="y"'),
        ("Error: E1122 is odd", "Error: E1122 is odd"),
    ],
)
async def test_a_log_has_no_frame(tree: Path, tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "said").write_text(line)
    program_ = program(tmp_path / "bin", f"cat {tmp_path}/said >&2; exit 1")
    assert (await refused(program_, tree)).endswith(f":\n  {said}")


async def test_what_it_prints_is_bounded(tree: Path, tmp_path: Path) -> None:
    said = await refused(program(tmp_path / "bin", "exec yes 'a: b'"), tree)
    assert f"prints more than {yamlguard.MAX_BYTES} bytes" in said


def test_nothing_of_a_program_that_floods_outlives_the_loop(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A pipe that is still open then complains with a traceback, which would reach the user.
    complaints: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    flooding = program(tmp_path / "bin", "exec yes 'a: b'")
    assert "prints more than" in asyncio.run(refused(flooding, tree))
    gc.collect()
    assert complaints == []


async def test_nothing_at_all_is_no_release(tree: Path, tmp_path: Path) -> None:
    assert "prints nothing" in await refused(program(tmp_path / "bin", "echo"), tree)


async def test_it_and_what_it_started_end_with_its_time(tree: Path, tmp_path: Path) -> None:
    # The child holds the pipe `alive` open for as long as it lives.
    os.mkfifo(tmp_path / "alive")
    alive = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    body = f"exec 3>{tmp_path}/alive; sleep 1000 & wait"
    renderer = program(tmp_path / "bin", body)
    said = await refused(Renderer(arguments=renderer.arguments, seconds=0.3), tree)
    assert "was not done with" in said
    assert "--timeout" in said
    os.set_blocking(alive, True)
    async with asyncio.timeout(20):
        assert await asyncio.to_thread(os.read, alive, 1) == b""
    os.close(alive)


async def test_it_ends_when_nobody_waits_any_more(tree: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "alive")
    renderer = program(tmp_path / "bin", f"exec 3>{tmp_path}/alive; echo >&3; sleep 1000")
    waiting = asyncio.create_task(render(renderer, tree), name="rendering")
    async with asyncio.timeout(20):
        alive = await asyncio.to_thread(os.open, tmp_path / "alive", os.O_RDONLY)
        assert await asyncio.to_thread(os.read, alive, 1) == b"\n"
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await asyncio.to_thread(os.read, alive, 1) == b""
    os.close(alive)


async def test_what_cannot_be_run_is_named(tree: Path, tmp_path: Path) -> None:
    renderer = program(tmp_path / "bin", "")
    (tmp_path / "bin" / "kustomize").write_bytes(b"\x7fELF")
    assert "cannot run kustomize build" in await refused(renderer, tree)


def test_kustomize_is_preferred_and_kubectl_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(BadInputError, match="neither kustomize nor kubectl is on PATH"):
        find_renderer()
    program(tmp_path / "bin", "", "kubectl")
    assert find_renderer().name == "kubectl kustomize"
    program(tmp_path / "bin", "", "kustomize")
    assert find_renderer().name == "kustomize build"
