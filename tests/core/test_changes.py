"""What differs between the files of two releases."""

from __future__ import annotations

from capirepo.core.changes import State, compare, unified
from capirepo.core.names import AssetName


def test_files_are_new_changed_same_or_gone() -> None:
    before = {AssetName("a"): b"1", AssetName("b"): b"2", AssetName("c"): b"333"}
    after = {AssetName("a"): b"1", AssetName("b"): b"22", AssetName("d"): b""}
    found = [(one.name, one.size, one.state) for one in compare(before, after)]
    assert found == [
        ("a", 1, State.SAME),
        ("b", 2, State.CHANGED),
        ("c", 3, State.GONE),
        ("d", 0, State.NEW),
    ]


def test_a_difference_cannot_steer_a_terminal() -> None:
    lines = [*unified(b"a\nb\n", b"a\n\x1b[2J\xff\n", ("old", "new"))]
    assert lines[:2] == ["--- old", "+++ new"]
    assert "+?[2J\ufffd" in lines
    assert "-b" in lines
