from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capirepo.core.variables import find_variables, substitute
from capirepo.errors import BadInputError


@pytest.mark.parametrize(
    ("text", "name", "default"),
    [
        ("${A}", "A", None),
        ("${ A }", "A", None),
        ("${A:=b}", "A", "b"),
        ("${A=b}", "A", "b"),
        ("${A:-b c}", "A", "b c"),
        ('${A:="x"}', "A", '"x"'),
        ("${A:=}", "A", None),
        ("${A:=${B}}", "A", "${B}"),
        ("${A:=a${B}c}", "A", "a${B}c"),
        ("${A:=$x}", "A", "$x"),
        ("${A^}", "A", None),
        ("${A^^}", "A", None),
        ("${A,,}", "A", None),
        ("${#A}", "A", None),
        ("${A:1}", "A", "1"),
        ("${A:1:2}", "A", "12"),
        ("${A#x}", "A", "x"),
        ("${A%%x*}", "A", "x*"),
        ("${A/b/c}", "A", "bc"),
        ("${A//b/}", "A", "b"),
        ("${A:?needed}", "A", "needed"),
        ("$$${A}", "A", None),
    ],
)
def test_every_form_of_envsubst_is_read(text: str, name: str, default: str | None) -> None:
    assert find_variables(f"key: {text}\n") == {name: default}


@pytest.mark.parametrize("text", ["$A", "$$", "$${A}", "{A}", "$ {A}", "$"])
def test_what_is_no_variable_is_text(text: str) -> None:
    assert find_variables(text) == {}


@pytest.mark.parametrize("text", ["${", "${}", "${A", "${A:=b", "${A!}", "${A.B}", "${-}", "${A:}"])
def test_what_clusterctl_cannot_parse_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(BadInputError, match="line 2"):
        find_variables(f"a: b\nkey: {text}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("${AWESOME-LOG:=0}", "${AWESOME-LOG:=0} has '-' after the name AWESOME; names have"),
        ("${A", "${A has no closing brace; close it"),
        ("${A\nb: ${B}", "${A has no closing brace; close it"),
        ("${A:=b", "${A:=b has an empty or unclosed argument; write $${"),
        ("${#A-}", "${#A-} has '-' where its closing brace is expected"),
        ("${}", "${} has no variable name; write $${"),
        ("${A:=${B!}}", "${B!} has '!' after the name B"),
        (f"${{{'A' * 100}!}}", f"${{{'A' * 58}… has '!' after the name {'A' * 60};"),
    ],
)
def test_the_text_that_is_wrong_is_shown_and_its_cure(text: str, said: str) -> None:
    with pytest.raises(BadInputError) as caught:
        find_variables(f"a: b\nkey: {text}\n")
    assert str(caught.value).startswith(f"line 2: {said}")


def test_the_line_is_where_a_variable_begins() -> None:
    with pytest.raises(BadInputError, match="line 2: "):
        find_variables("a: b\nkey: ${A:=\n\n\n")


def test_what_only_the_user_can_give_can_stand_by_its_name() -> None:
    assert substitute("${A}-${B:=c}-${D:=${E}}", str.lower)[0] == "a-c-e"


def test_the_first_appearance_gives_the_default() -> None:
    assert find_variables("${A:=1} ${B} ${A:=2}") == {"A": "1", "B": None}


@given(st.text(alphabet="${}AB:=-/#%^, \n\\", max_size=40))
def test_no_text_at_all_hangs_or_raises_anything_else(text: str) -> None:
    try:
        find_variables(text)
    except BadInputError:
        pass
