"""Lint in processes of its own: it finds the same, and its processes end."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from typing import TYPE_CHECKING

import pytest

from capirepo.core.catalog import Catalog
from capirepo.core.version import parse_version
from capirepo.services import admission, linting
from capirepo.services.linting import Linters
from capirepo.store.staging import STATE
from tests.services.upstreams import LABEL, FakeUpstream, Ground, release, states, wanted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from capirepo.core.lint import Problem
    from capirepo.core.names import Label
    from capirepo.core.version import Version

V1 = parse_version("v0.1.0")
CATALOG = Catalog([])
BAD = {"metadata.yaml": b"kind: Metadata\n", "infrastructure-components.yaml": b"a: b\n---\na: [\n"}


def large(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same, so large that it is worth a process."""
    name = "infrastructure-components.yaml"
    return {**files, name: b"#" * linting.WORTH + b"\n" + files[name]}


@pytest.mark.parametrize("files", [release(), BAD])
async def test_a_process_finds_what_a_thread_finds(files: Mapping[str, bytes]) -> None:
    files = large(files)
    async with Linters() as linters:
        for _ in range(2):
            found = await linters.check(CATALOG, LABEL, V1, files)
            assert found == await admission.check(CATALOG, LABEL, V1, files)


async def test_many_at_once_are_told_apart() -> None:
    async with Linters() as linters:
        several = [large(release()), large(BAD), large(release()), BAD]
        asked = (linters.check(CATALOG, LABEL, V1, files) for files in several)
        found = await asyncio.gather(*asked)
    bad = [any(problem.is_error for problem in problems) for problems in found]
    assert bad == [False, True, False, True]


@pytest.mark.parametrize("broken", ["killed", "not there"])
async def test_without_a_process_lint_goes_on_and_it_is_told(
    broken: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    start = asyncio.create_subprocess_exec

    async def ended(*arguments: str, **named: int) -> asyncio.subprocess.Process:
        process = await start(*arguments, **named)  # type: ignore[arg-type]
        os.kill(process.pid, signal.SIGKILL)
        return process

    if broken == "killed":
        monkeypatch.setattr(asyncio, "create_subprocess_exec", ended)
    else:
        monkeypatch.setattr(linting, "_COMMAND", ("/nowhere/python",))
    async with Linters() as linters:
        found = await linters.check(CATALOG, LABEL, V1, large(BAD))
    assert [one.rule.id for one in found]
    assert "goes on without" in caplog.text


async def test_who_waits_no_longer_leaves_no_process() -> None:
    async with Linters() as linters:
        files = large({**release(), "cluster-template.yaml": b"a: [b, c]\n---\n" * 200_000})
        asking = asyncio.create_task(linters.check(CATALOG, LABEL, V1, files), name="ask")
        async with asyncio.timeout(20):
            while not linters._started:
                await asyncio.sleep(0.01)  # until there is one to be ended
        (first,) = linters._started
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        # What it was asked before is not taken for the answer to this.
        assert await linters.check(CATALOG, LABEL, V1, large(BAD))
        assert await first.wait() < 0


def test_questions_are_answered_until_there_are_no_more() -> None:
    answers = io.BytesIO()
    linting.answer_all(io.BytesIO(), answers)
    assert not answers.getvalue()


async def test_what_changes_while_it_is_read_is_not_listed(tmp_path: Path) -> None:
    ground = Ground(tmp_path, any=FakeUpstream({"v0.1.0": release()}))

    async def slow(
        catalog: Catalog, label: Label, version: Version, files: Mapping[str, bytes]
    ) -> tuple[Problem, ...]:
        found = await admission.check(catalog, label, version, files)
        file = tmp_path / STATE / "aside" / label / str(version) / "metadata.yaml"
        file.write_bytes(b"changed")
        return found

    ground.mirror._check = slow
    _, brought = await ground.run(wanted())
    assert states(brought) == ["aside"]
    assert "changed while lint read them" in brought[0].reason
    assert not await ground.listed()
