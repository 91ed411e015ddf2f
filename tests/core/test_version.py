from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capirepo.core.version import Version, latest, newest_first, parse_version
from capirepo.errors import BadInputError

TAGS = Path(__file__).parents[3] / "shared" / "real" / "release-tags.txt"


@pytest.mark.parametrize(
    "text",
    [
        "v1",
        "v1.2",
        "1.0.0.0",
        "1.0.0",
        "v01.2.3",
        "V1.0.0",
        "v1.0.0\n",
        "latest",
        f"v{1 << 64}.0.0",
        "v1.0.0-" + "9" * 5000,
        "v\u0661.0.0",
        "v1.0.0-\u0661",
        "v1.0.0-",
        "v1.0.0-01",
        "api/v1.14.0",
        "",
    ],
)
def test_what_clusterctl_cannot_ask_for_is_no_version(text: str) -> None:
    with pytest.raises(BadInputError, match=r"is no version; clusterctl asks for"):
        parse_version(text)


def test_latest_is_the_highest_stable_one_even_below_a_pre_release() -> None:
    versions = [*map(parse_version, ["v0.9.0", "v1.0.0", "v2.0.0-alpha.1", "v1.0.0-rc.1"])]
    assert str(latest(versions)) == "v1.0.0"


def test_latest_is_a_pre_release_only_where_there_is_no_stable_one() -> None:
    assert str(latest([*map(parse_version, ["v1.0.0-alpha.9", "v1.0.0-rc.1"])])) == "v1.0.0-rc.1"
    assert latest([]) is None


def test_order_is_semantic_and_not_alphabetical() -> None:
    versions = [*map(parse_version, ["v1.9.0", "v1.10.0", "v1.10.0-rc.2", "v1.10.0-rc.10"])]
    ordered = [*map(str, newest_first(versions))]
    assert ordered == ["v1.10.0", "v1.10.0-rc.10", "v1.10.0-rc.2", "v1.9.0"]


def test_versions_that_differ_in_build_only_are_two_and_keep_their_order() -> None:
    one, two = parse_version("v1.0.0+a"), parse_version("v1.0.0+b")
    assert one != two
    assert newest_first([one, two]) == newest_first([two, one])


numbers = st.integers(0, 10**6)
versions = st.builds(
    lambda a, b, c, pre: parse_version(f"v{a}.{b}.{c}{pre}"),
    numbers,
    numbers,
    numbers,
    st.sampled_from(["", "-rc.1", "-rc.10", "-alpha", "-1", "+b"]),
)


@given(st.lists(versions, max_size=12))
def test_any_list_has_one_order_and_its_latest_is_in_it(found: list[Version]) -> None:
    assert newest_first(found) == newest_first(list(reversed(found)))
    assert (latest(found) in found) is bool(found)


@pytest.mark.skipif(not TAGS.exists(), reason="needs ../shared/real beside the checkout")
def test_tags_of_real_providers_are_taken_or_refused_as_kubernetes_does() -> None:
    taken, refused = [], []
    for line in TAGS.read_text().splitlines():
        tag = line.split()[1]
        try:
            taken.append(parse_version(tag))
        except BadInputError:
            refused.append(tag)
    assert all("/" in tag or not tag.startswith("v") or tag.count(".") < 2 for tag in refused)
    assert len(taken) > 400
    stable = [version for version in taken if version.text.startswith("v1.") and version.stable]
    numbers = [
        tuple(map(int, str(one)[1:].split("+")[0].split("."))) for one in newest_first(stable)
    ]
    assert numbers == sorted(numbers, reverse=True)
