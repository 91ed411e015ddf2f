"""Fixtures of the tests of services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.services.caches import Cache

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.services.upstreams import FakeUpstream


@pytest.fixture
async def caches(tmp_path: Path) -> AsyncIterator[Any]:
    made: list[Cache] = []

    def make(upstream: FakeUpstream, **options: Any) -> Cache:
        made.append(Cache(tmp_path / "root", upstream, **options))
        return made[-1]

    yield make
    for cache in made:
        await cache.close()
