"""Fixtures that many tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp.http_exceptions import HttpProcessingError

from tests.support import Served, add_release, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small ROOT: one private provider with two minors and a pre-release."""
    folder = tmp_path / "root"
    for version in ("v0.1.0", "v0.1.1", "v0.2.0", "v0.3.0-rc.1"):
        add_release(folder, "infrastructure-awesome", version)
    return folder


@pytest.fixture
async def server(root: Path) -> AsyncIterator[Served]:
    """The small ROOT, served."""
    async with served(root) as running:
        yield running


@pytest.fixture
def calm(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What aiohttp cannot parse may be logged; nothing else may end in an exception."""
    yield
    errors = [record.exc_info[1] for record in caplog.get_records("call") if record.exc_info]
    assert [error for error in errors if not isinstance(error, HttpProcessingError)] == []
