from __future__ import annotations

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capirepo.core.ranges import parse_range, pep440
from capirepo.core.version import parse_version
from capirepo.errors import BadInputError

NUMBER = st.integers(0, 12)
NUMBERS = st.tuples(NUMBER, NUMBER, NUMBER)
COMPARED = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def holds(text: str, version: str) -> bool:
    return parse_version(version) in parse_range(text)


@given(NUMBERS, NUMBERS, st.sampled_from(sorted(COMPARED)), st.sampled_from(["", "+build.7"]))
def test_a_range_holds_the_stable_versions_that_semver_says(
    given: tuple[int, int, int], bound: tuple[int, int, int], sign: str, build: str
) -> None:
    version = parse_version("v{}.{}.{}".format(*given) + build)
    text = "{}.{}.{}".format(*bound)
    expected = COMPARED[sign](version.parsed.compare(text), 0)
    assert (version in parse_range(sign + text)) is expected


PRE = st.one_of(
    st.just(""),
    st.builds("-{}.{}".format, st.sampled_from(["alpha", "beta", "rc"]), NUMBER),
)


@given(st.tuples(NUMBERS, PRE), st.tuples(NUMBERS, PRE))
def test_the_usual_pre_releases_are_in_the_same_order_for_packaging(
    one: tuple[tuple[int, int, int], str], other: tuple[tuple[int, int, int], str]
) -> None:
    a, b = (parse_version("v{}.{}.{}".format(*numbers) + pre) for numbers, pre in (one, other))
    assert (pep440(a) < pep440(b)) == (a.parsed.compare(b.parsed) < 0)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        (">=1.12", "v1.12.0", "v1.12.0-rc.1"),
        (">=1.12,<1.14", "v1.13.99", "v1.14.0-rc.1"),
        (" >= 1.12 , < 1.14 ", "v1.12.1", "v1.14.0"),
        (">=v1.12", "v1.12.0", "v1.11.9"),
        ("~=1.12.3", "v1.12.4", "v1.13.0"),
        ("==1.12.*", "v1.12.9", "v1.2.0"),
        ("==1.12.*", "v1.12.0-rc.1", "v1.13.0-rc.1"),
        (">=1.13.0-rc.1", "v1.13.0-rc.1", "v1.13.0-beta.3"),
        (">=1.13.0-alpha.0", "v1.13.0", "v1.13.0-dev.20251122"),
        (">1.12.0", "v1.13.0-nightly", "v1.12.0+build"),
    ],
)
def test_what_is_in_a_range_and_what_is_just_outside(text: str, inside: str, outside: str) -> None:
    assert holds(text, inside)
    assert not holds(text, outside)


@pytest.mark.parametrize(
    "text",
    [
        "1.12", "v1.12.1", "===1.12", ">=1.12.0-1", ">=1!1.12", ">=1.12.post1", ">=1.12.dev1",
        ">=1.12.0+x", ">=1.12.0.1", ">=1.12.*", "~=1", "", ",", ">=1.12,", ">=\u0661", "=>1.12",
        "latest",
    ],
)  # fmt: skip
def test_what_is_no_range_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadInputError, match=r'is no range of versions; write one like ">=1\.12'):
        parse_range(text)


@given(st.text(max_size=30))
def test_whatever_is_written_is_a_range_or_refused(text: str) -> None:
    try:
        found = parse_range(text)
    except BadInputError:
        return
    assert parse_version("v1.0.0") in found or parse_version("v1.0.0") not in found
    assert found.names_pre_release in (True, False)
