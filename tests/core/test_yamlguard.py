from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capirepo.core import yamlguard
from capirepo.errors import BadInputError

MERGE_CHAIN = b"a0: &a0 {x: 1}\n" + b"".join(
    b"a%d: &a%d {<<: [*a%d, *a%d]}\n" % (i, i, i - 1, i - 1) for i in range(1, 27)
)
BILLION_LAUGHS = b"a: &a [l]\n" + b"".join(
    b"%c: &%c [*%c,*%c]\n" % (c, c, c - 1, c - 1) for c in range(98, 120)
)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"[" * 100_000, id="68-deep"),
        pytest.param(b"- " * 100_000, id="68-deep-block"),
        pytest.param(MERGE_CHAIN, id="69-merge-chain"),
        pytest.param(BILLION_LAUGHS, id="70-billion-laughs"),
        pytest.param(b"a: &a [*a]", id="71-alias-to-itself"),
        pytest.param(b"a: !!python/object:os.system {}", id="72-python-object"),
        pytest.param(b"a: 1\nb: 2\na: 3\n", id="73-duplicate-key"),
        pytest.param(b"a: b\x00c", id="74-nul"),
        pytest.param(b"a: \xff\xfe\xfa", id="75-bad-utf-8"),
        pytest.param("a: b".encode("utf-16"), id="76-utf-16"),
        pytest.param(b"---\na\n" * 200_000, id="77-200k-documents"),
        pytest.param(b"a: " + b"9" * 5000, id="78-huge-integer"),
        pytest.param(b"a: [", id="not-yaml"),
        pytest.param(b"? {a: b}\n: c", id="unhashable-key"),
    ],
)
def test_hostile_yaml_is_refused_with_one_sentence(data: bytes) -> None:
    with pytest.raises(BadInputError) as caught:
        yamlguard.load_all(data, "x.yaml")
    assert "x.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_byte_order_mark_is_taken_as_clusterctl_takes_it() -> None:
    assert yamlguard.load_all(b"\xef\xbb\xbfa: 1", "x") == [{"a": 1}]


def test_documents_are_read_in_order_and_empty_ones_left_out() -> None:
    assert yamlguard.load_all(b"---\na: 1\n---\n---\nb: 2\n", "x") == [{"a": 1}, {"b": 2}]


ODD_VALUES = st.builds(
    lambda tag, value: f"a: !!{tag} {value}\n".encode(),
    st.sampled_from(
        ["bool", "int", "float", "timestamp", "binary", "null", "set", "omap", "pairs"]
    ),
    st.sampled_from(["x", "''", "-", "0x", "1:99:99", "2026-99-99", "[]", "{}", "~", "=="]),
)


@given(ODD_VALUES | st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything_else(data: bytes) -> None:
    try:
        yamlguard.load_all(data, "x")
    except BadInputError:
        pass
