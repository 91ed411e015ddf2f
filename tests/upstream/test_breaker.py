from __future__ import annotations

import pytest

from capirepo.outside import UpstreamError
from capirepo.upstream.breaker import Breaker
from tests.upstream.bad import Clock


def refused(breaker: Breaker, host: str = "a") -> float | None:
    """For how much longer a host is left alone; None where it is not."""
    try:
        breaker.check(host)
    except UpstreamError as error:
        return error.retry_after
    return None


def test_some_failures_in_a_row_close_the_way_to_this_host_only() -> None:
    clock = Clock()
    breaker = Breaker(failures=2, seconds=30.0, clock=clock.now)
    breaker.failed("a", "it broke")
    breaker.worked("a")
    breaker.failed("a", "it broke")
    assert refused(breaker) is None
    breaker.failed("a", "it broke")
    assert refused(breaker) == 30.0
    assert refused(breaker, "b") is None


@pytest.mark.parametrize("works", [True, False])
def test_after_a_while_one_is_let_through_and_decides(*, works: bool) -> None:
    clock = Clock()
    breaker = Breaker(failures=1, seconds=30.0, clock=clock.now)
    breaker.failed("a", "it broke")
    clock.seconds += 30.0
    assert refused(breaker) is None
    assert refused(breaker) == 30.0
    breaker.worked("a") if works else breaker.failed("a", "it broke")
    assert refused(breaker) == (None if works else 30.0)


def test_one_that_was_let_through_and_never_came_back_does_not_close_it_for_ever() -> None:
    clock = Clock()
    breaker = Breaker(failures=1, seconds=30.0, clock=clock.now)
    breaker.failed("a", "it broke")
    for _ in range(3):
        clock.seconds += 30.0
        assert refused(breaker) is None


def test_a_limit_holds_whatever_else_works_and_the_longer_one_counts() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock.now)
    breaker.limit("a", 60.0)
    breaker.limit("a", 5.0)
    breaker.worked("a")
    clock.seconds += 10.0
    assert refused(breaker) == 50.0
    clock.seconds += 50.0
    assert refused(breaker) is None
