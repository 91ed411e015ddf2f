"""Image references, and setting that of the container manager."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from capirepo.core.images import parse_image, with_image
from capirepo.errors import BadInputError

DIGEST = "sha256:" + "0123456789abcdef" * 4
IMAGE = parse_image("registry.example.com/org/manager:v0.1.0")


@pytest.mark.parametrize(
    "text",
    [
        "registry.example.com/manager:v1",
        "registry.example.com:5000/a/b-c/d__e.f:V_1.0-rc.1",
        "localhost/manager:latest",
        "localhost:5000/manager:v1",
        f"registry.example.com/manager@{DIGEST}",
        f"registry.example.com/manager:v1@{DIGEST}",
    ],
)
def test_a_whole_reference_is_taken(text: str) -> None:
    assert parse_image(text) == text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("controller:latest", "names no registry"),
        ("nginx", "names no registry"),
        ("org/manager:v1", "names no registry"),
        ("registry.example.com/manager", "has neither tag nor digest"),
        ("registry.example.com/manager@sha256:abc", "is no image reference"),
        ("registry.example.com/Manager:v1", "is no image reference"),
        ("registry.example.com/manager:", "is no image reference"),
        ("registry.example.com//manager:v1", "is no image reference"),
        ("https://registry.example.com/manager:v1", "is no image reference"),
        ("registry.example.com/manager:v1\n", "is no image reference"),
        ("registry.example.com/manager:${TAG}", "is no image reference"),
        ("registry.example.com/manager:v\u0661", "is no image reference"),
        ("registry.example.com/" + "a" * 600 + ":v1", "is no image reference"),
        ("", "names no registry"),
    ],
)
def test_anything_less_is_refused_with_the_cure(text: str, sentence: str) -> None:
    with pytest.raises(BadInputError, match=sentence) as caught:
        parse_image(text)
    assert "registry.example.com/org/manager:v0.1.0" in str(caught.value)
    assert "\n" not in str(caught.value)


def workload(image: str, *, kind: str = "Deployment", name: str = "manager") -> str:
    return (
        f"# image: controller:latest\nkind: {kind} # the controller\nmetadata: {{name: one}}\n"
        "spec:\n  template:\n    spec:\n      initContainers: [{name: manager, image: a}]\n"
        "      containers:\n      - args: ['--image=controller:latest', \"${A:=b}\"]\n"
        f"        image: {image}\n        name: {name}\n      - {{name: other, image: b}}\n"
    )


@pytest.mark.parametrize("kind", ["Deployment", "DaemonSet", "StatefulSet"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("controller:latest # set", "{} # set"),
        ("'controller:latest'", "'{}'"),
        ('"controller:latest"', '"{}"'),
        ("${IMAGE:=controller:latest}", "{}"),
        (">-\n          controller:latest", "{}"),
        ("!!str controller:latest", "{}"),
        ("''", "'{}'"),
    ],
)
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_only_the_reference_changes(kind: str, before: str, after: str, start: str) -> None:
    text = start + "a: ü\r\n---\n" + workload(before, kind=kind)
    data, changes = with_image(text.encode(), IMAGE, "x.yaml")
    assert data.decode() == text.replace(f" {before}\n", f" {after.format(IMAGE)}\n")
    assert [one.workload for one in changes] == [f"{kind} one"]
    assert all(one.before in before for one in changes)


def test_every_manager_gets_it_and_what_has_it_is_named_too() -> None:
    text = "---\n".join([workload("a"), workload(IMAGE), workload("c", kind="ConfigMap")])
    data, changes = with_image(text.encode(), IMAGE, "x.yaml")
    assert [one.before for one in changes] == ["a", IMAGE]
    assert data.decode() == text.replace("        image: a\n", f"        image: {IMAGE}\n")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (workload("a", name="controller"), "there is: controller (Deployment one), other"),
        ("kind: Namespace\n", "no Deployment, DaemonSet or StatefulSet"),
        ("kind: Deployment\nspec: []\n", "no Deployment, DaemonSet or StatefulSet"),
        (workload("[a]"), "the container manager of Deployment one has no image"),
        (workload("a").replace("        image: a\n", ""), "has no image"),
        ("a: &a [*a]", "uses a YAML alias"),
        ("[" * 200, "beyond 64 levels"),
        ("a: [", "x.yaml, line 2"),
    ],
)
def test_it_is_never_silently_left(text: str, sentence: str) -> None:
    with pytest.raises(BadInputError) as caught:
        with_image(text.encode(), IMAGE, "x.yaml")
    assert sentence in str(caught.value)


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)


@given(st.lists(TEXT, min_size=1, max_size=4), st.booleans())
@example(names=["\xa0"], wide=True)
@example(names=["a\u3000", "\u2028"], wide=True)
def test_whatever_stands_around_it_stays(names: list[str], wide: bool) -> None:  # noqa: FBT001 - hypothesis'
    objects = [
        {
            "kind": "Deployment",
            "metadata": {"name": name, "annotations": {name: name}},
            "spec": {"template": {"spec": {"containers": [{"name": "manager", "image": name}]}}},
        }
        for name in names
    ]
    text = yaml.safe_dump_all(objects, allow_unicode=wide, default_flow_style=None)
    data, _ = with_image(text.encode(), IMAGE, "x.yaml")
    for item in objects:
        item["spec"]["template"]["spec"]["containers"][0]["image"] = IMAGE  # type: ignore[index]
    assert [*yaml.safe_load_all(data)] == objects
