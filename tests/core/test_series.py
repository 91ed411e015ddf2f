"""A series is added to metadata.yaml, and nothing else in it changes."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capirepo.core.metadata import Metadata, parse_metadata
from capirepo.core.series import new_metadata, with_series
from capirepo.core.version import parse_version
from capirepo.errors import BadInputError
from tests.support import metadata

HEAD = "apiVersion: clusterctl.cluster.x-k8s.io/v1alpha3\nkind: Metadata\n"
V03 = parse_version("v0.3.0")

BLOCK = f"""\
# Kept by hand.
{HEAD}releaseSeries:
  # the last with the old API
  - major: 0
    minor: 2  # the second
    contract: v1beta1
    # and was not easy
  # the first
  - major: 0
    minor: 1
    contract: v1beta1
# the end
"""


def added(text: str, series: str = "0.3=v1beta2") -> str:
    """The text with a series, told by what was inserted."""
    number, contract = series.split("=")
    changed = with_series(text.encode(), parse_version(f"v{number}.0"), contract).decode()
    pieces = []
    matcher = difflib.SequenceMatcher(None, text, changed, autojunk=False)
    for kind, _, _, start, stop in matcher.get_opcodes():
        assert kind in ("equal", "insert")
        if kind == "insert":
            pieces.append(changed[start:stop])
    assert pieces
    return changed


def test_a_newer_series_is_put_first_where_the_newest_is_first() -> None:
    changed = added(BLOCK)
    new = "  - major: 0\n    minor: 3\n    contract: v1beta2\n"
    assert changed == BLOCK.replace("releaseSeries:\n", f"releaseSeries:\n{new}")


def test_a_series_between_two_leaves_both_their_comments() -> None:
    text = BLOCK.replace("minor: 2", "minor: 5")
    new = "  - major: 0\n    minor: 3\n    contract: v1beta2\n"
    assert added(text) == text.replace("not easy\n", f"not easy\n{new}")


def test_a_newer_series_is_put_last_where_the_newest_is_last() -> None:
    text = metadata("0.1=v1beta1", "0.2=v1beta1") + "# the end\n"
    new = "- major: 0\n  minor: 3\n  contract: v1beta2\n"
    assert added(text) == text.replace("# the end", f"{new}# the end")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "releaseSeries: [{major: 0, minor: 2, contract: v1beta1}]",
            "releaseSeries: [{major: 0, minor: 3, contract: v1beta2}, "
            "{major: 0, minor: 2, contract: v1beta1}]",
            id="flow",
        ),
        pytest.param(
            "releaseSeries: [{ contract: 'v1beta1', minor: 1 }, { contract: v1beta1, minor: 2 }]\n",
            "releaseSeries: [{ contract: 'v1beta1', minor: 1 }, { contract: v1beta1, minor: 2 }, "
            "{ contract: v1beta2, minor: 3, major: 0 }]\n",
            id="flow-ascending-other-order",
        ),
        pytest.param(
            "releaseSeries: [\n {minor: 1, contract: v1}, # a\n {minor: 2, contract: v1}, # b\n]",
            "releaseSeries: [\n {minor: 1, contract: v1}, # a\n {minor: 2, contract: v1}, # b\n"
            " {minor: 3, contract: v1beta2, major: 0},\n]",
            id="flow-lines-trailing-comma",
        ),
        pytest.param(
            "releaseSeries: [\n {minor: 1, contract: v1}, # a\n {minor: 2, contract: v1} # b\n]",
            "releaseSeries: [\n {minor: 1, contract: v1}, # a\n {minor: 2, contract: v1}, # b\n"
            " {minor: 3, contract: v1beta2, major: 0}\n]",
            id="flow-lines",
        ),
        pytest.param(
            "releaseSeries: [\n {minor: 1, contract: v1}, # a\n {minor: 5, contract: v1} # b\n]",
            "releaseSeries: [\n {minor: 1, contract: v1}, # a\n"
            " {minor: 3, contract: v1beta2, major: 0},\n {minor: 5, contract: v1} # b\n]",
            id="flow-lines-between",
        ),
        pytest.param(
            "releaseSeries:\n- {minor: 2, contract: v1}\n- {minor: 1, contract: v1}",
            "releaseSeries:\n- {minor: 3, contract: v1beta2, major: 0}\n"
            "- {minor: 2, contract: v1}\n- {minor: 1, contract: v1}",
            id="flow-in-block",
        ),
        pytest.param(
            "releaseSeries:\n- minor: 1\n  contract: v1\n- minor: 2\n  contract: v1",
            "releaseSeries:\n- minor: 1\n  contract: v1\n- minor: 2\n  contract: v1\n"
            "- minor: 3\n  contract: v1beta2\n  major: 0",
            id="no-line-end-at-the-end",
        ),
        pytest.param(
            'releaseSeries:\n      -    contract: "v1"\n           minor: 2\n',
            'releaseSeries:\n      -    contract: "v1beta2"\n           minor: 3\n'
            "           major: 0\n"
            '      -    contract: "v1"\n           minor: 2\n',
            id="wide",
        ),
        pytest.param(
            "releaseSeries:\n  -\n    # odd\n    minor: 2\n    contract: v1\n",
            "releaseSeries:\n  - minor: 3\n    contract: v1beta2\n    major: 0\n"
            "  -\n    # odd\n    minor: 2\n    contract: v1\n",
            id="a-dash-on-a-line-of-its-own",
        ),
        pytest.param(
            "releaseSeries:\n- minor: 1\n  contract: >-\n    v1\n- minor: 2\n  contract: v1\n---\n",
            "releaseSeries:\n- minor: 1\n  contract: >-\n    v1\n- minor: 2\n  contract: v1\n"
            "- minor: 3\n  contract: v1beta2\n  major: 0\n---\n",
            id="folded-and-a-second-document",
        ),
    ],
)  # fmt: skip
def test_it_is_written_as_its_neighbour_is(before: str, after: str) -> None:
    assert added(HEAD + before) == HEAD + after


def test_a_file_in_json_stays_one() -> None:
    text = (
        '{"apiVersion":"clusterctl.cluster.x-k8s.io/v1alpha3","kind":"Metadata",'
        '"releaseSeries":[{"major":0,"minor":2,"contract":"v1beta1"}]}'
    )
    new = '{"major": 0, "minor": 3, "contract": "v1beta2"}, '
    assert added(text) == text.replace("[", f"[{new}")


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\r\n", "\r"])
@pytest.mark.parametrize("series", ["0.3=v1beta1", "0.0=v1alpha4", "1.0=v1"])
def test_line_ends_and_a_byte_order_mark_are_kept(series: str, end: str, mark: str) -> None:
    text = mark + BLOCK.replace("\n", end)
    assert added(text, series) == mark + added(BLOCK, series).replace("\n", end)


def test_a_series_that_is_there_changes_no_byte() -> None:
    assert with_series(BLOCK.encode(), parse_version("v0.2.9"), "v1beta1") == BLOCK.encode()


@pytest.mark.parametrize(
    ("text", "version", "contract", "sentence"),
    [
        (BLOCK, "v0.2.0", "v1beta2", "series 0.2 has the contract v1beta1, not v1beta2"),
        (BLOCK, "v0.3.0", "beta", "'beta' is no contract"),
        (BLOCK, "v0.2147483648.0", "v1beta1", "beyond what a release series can name"),
        ("a: [", "v0.3.0", "v1beta1", "line 2, column 1"),
        (HEAD + "releaseSeries: []", "v0.3.0", "v1beta1", "releaseSeries is empty"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    text: str, version: str, contract: str, sentence: str
) -> None:
    with pytest.raises(BadInputError, match=sentence) as caught:
        with_series(text.encode(), parse_version(version), contract)
    assert "\n" not in str(caught.value)


def test_a_provider_without_metadata_gets_one() -> None:
    read = parse_metadata(new_metadata(V03, "v1beta1"))
    assert read.problems == ()
    assert read.contract_of(V03) == "v1beta1"


@pytest.mark.parametrize(
    ("version", "nearest"),
    [("v0.4.0", "0.3 (v1)"), ("v0.2.0", "0.1 (v1beta1)"), ("v0.0.1", "0.1 (v1beta1)")],
)
def test_the_nearest_series_is_the_one_below(version: str, nearest: str) -> None:
    read = parse_metadata(metadata("0.3=v1", "0.1=v1beta1").encode())
    assert str(read.nearest(parse_version(version))) == nearest
    assert Metadata().nearest(V03) is None


COMMENTS = st.sampled_from(["", "# a\n", "      # - major: 9\n", "\n", "  # b\n\n", "   \n"])
ENDS = st.sampled_from(["", " # x", "  "])
NUMBERS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 12)), min_size=1, max_size=6, unique=True
)


@st.composite
def files(draw: st.DrawFn) -> tuple[str, list[tuple[int, int]]]:
    """A metadata.yaml in a style of somebody's."""
    numbers = draw(NUMBERS)
    order = draw(st.sampled_from([None, True, False]))
    if order is not None:
        numbers.sort(reverse=order)
    indent = " " * draw(st.integers(0, 4))
    gap = " " * draw(st.integers(1, 3))
    flow = draw(st.sampled_from(["none", "item", "all"]))
    lines = draw(st.booleans())
    items = []
    for major, minor in numbers:
        pairs = [f"major: {major}", f"minor: {minor}", "contract: 'v1beta1'"]
        pairs = draw(st.permutations(pairs))
        if flow == "none":
            inner = ("\n" + indent + " " + gap).join(pair + draw(ENDS) for pair in pairs)
            items.append(f"{indent}-{gap}{inner}\n{draw(COMMENTS)}")
        elif flow == "item":
            items.append(f"{indent}-{gap}{{{', '.join(pairs)}}}{draw(ENDS)}\n{draw(COMMENTS)}")
        else:
            items.append(f"{{{','.join(pair + ' ' for pair in pairs)}}}")
    if flow == "all":
        joint = ",\n  " if lines else ", "
        tail = draw(st.sampled_from(["]", " ,]", "\n]", ",\n]", " # x\n]", ", # x\n]"]))
        start = "[\n  " if lines else "["
        body = f"releaseSeries: {start}{joint.join(items)}{tail}\n"
    else:
        body = f"releaseSeries:{draw(ENDS)}\n{draw(COMMENTS)}{''.join(items)}"
    tail = draw(st.sampled_from(["", "# the end\n", "---\n", "...\n", "x: [1]\n"]))
    text = draw(COMMENTS) + HEAD + body + tail
    if draw(st.booleans()):
        text = text.rstrip("\n")
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"]))), numbers


@given(files(), st.tuples(st.integers(0, 4), st.integers(0, 14)))
def test_nothing_changes_but_for_one_more_series(
    file: tuple[str, list[tuple[int, int]]], number: tuple[int, int]
) -> None:
    text, numbers = file
    before = parse_metadata(text.encode())
    assert before.problems == ()
    if number in numbers:
        return
    version = parse_version(f"v{number[0]}.{number[1]}.0")
    changed = with_series(text.encode(), version, "v1").decode()
    after = parse_metadata(changed.encode())
    assert [one for one in after.series if one.contract != "v1"] == list(before.series)
    found = [(one.major, one.minor) for one in after.series]
    assert sorted(found) == sorted([*numbers, number])
    for reverse in (True, False):
        if numbers == sorted(numbers, reverse=reverse) and len(numbers) > 1:
            assert found == sorted(found, reverse=reverse)
    # The old text is the new one less what was inserted, character for character.
    rest = iter(changed)
    assert all(character in rest for character in text)
    assert changed.count("#") == text.count("#")
    assert ("\r\n" in text) == ("\r\n" in changed)
