from __future__ import annotations

import json
from typing import Any

import pytest

from capirepo.core.lock import Lock, parse_lock, render_lock
from capirepo.core.names import AssetName, Label
from capirepo.core.version import parse_version
from capirepo.errors import BadInputError

NAMES = ("metadata.yaml", "a.yaml")
LOCK: Lock = {
    Label(label): {
        parse_version(version): {AssetName(name): letter * 64 for name in NAMES}
        for version in ("v0.10.0", "v0.9.0")
    }
    for label, letter in (("ipam-b", "b"), ("infrastructure-a", "a"))
}


def test_what_was_locked_is_read_again() -> None:
    assert parse_lock(render_lock(LOCK).encode(), "capirepo.lock") == LOCK


def test_the_order_is_of_labels_versions_and_names_whatever_it_was() -> None:
    content = json.loads(render_lock(LOCK))
    assert [(one["label"], one["version"]) for one in content["releases"]] == [
        ("infrastructure-a", "v0.9.0"),
        ("infrastructure-a", "v0.10.0"),
        ("ipam-b", "v0.9.0"),
        ("ipam-b", "v0.10.0"),
    ]
    assert [*content["releases"][0]["assets"]] == sorted(NAMES)
    other = {label: dict(reversed(LOCK[label].items())) for label in reversed(LOCK)}
    assert render_lock(other) == render_lock(LOCK)


def release(**change: Any) -> dict[str, Any]:
    good = {"label": "ipam-b", "version": "v0.1.0", "assets": {"metadata.yaml": "0" * 64}}
    return {**good, **change}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"releases: []",
        json.dumps({"format": 2, "releases": []}).encode(),
        json.dumps({"format": 1, "releases": [release(label="b")]}).encode(),
        json.dumps({"format": 1, "releases": [release(version="0.1")]}).encode(),
        json.dumps({"format": 1, "releases": [release(assets={"../x": "0" * 64})]}).encode(),
        json.dumps({"format": 1, "releases": [release(assets={"x": "0"})]}).encode(),
        json.dumps({"format": 1, "releases": [release(more=1)]}).encode(),
    ],
)
def test_what_is_no_lock_file_is_refused_with_the_way_out(content: bytes) -> None:
    with pytest.raises(BadInputError, match=r"capirepo\.lock .*write it anew with `capirepo lock`"):
        parse_lock(content, "capirepo.lock")
