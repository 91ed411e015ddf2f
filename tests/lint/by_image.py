"""Mutants of image references: clusterctl takes only such as name their registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lint.base import COMPONENTS, REMOVED, Mutant, edited, release

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIGEST = "sha256:" + "0123456789abcdef" * 4
_CONTAINER = "spec template spec containers 0"
_IMAGES = (
    "busybox", "busybox:1.36", "awesome/manager", "awesome/manager:v0.2.0", "library/busybox:1",
    "registry.example.com/manager", "registry.example.com/manager:v0.2.0",
    "registry.example.com/a/b/c/d/manager:v0.2.0", "registry.example.com:5000/manager:v0.2.0",
    "registry.example.com:5000/manager", "localhost/manager:v1", "localhost:5000/manager:v1",
    "127.0.0.1:5000/manager:v1", "[::1]:5000/manager:v1", "registry/manager:v1",
    "registry:5000/manager:v1", "Registry.Example.com/manager:v1", "REGISTRY/manager:v1",
    "registry.example.com/Manager:v1", "registry.example.com/awesome/MANAGER",
    f"registry.example.com/manager@{_DIGEST}", f"registry.example.com/manager:v1@{_DIGEST}",
    "registry.example.com/manager@sha256:0123", f"registry.example.com/manager@md5:{'0' * 32}",
    f"registry.example.com/manager@sha512:{'0' * 128}", f"registry.example.com/manager@{_DIGEST}0",
    f"registry.example.com/manager@{_DIGEST.upper()}", _DIGEST, _DIGEST.removeprefix("sha256:"),
    f"registry.example.com/manager@{_DIGEST}:v1", "registry.example.com/manager:",
    "registry.example.com/manager:v1:v2", "registry.example.com/manager:v1+build",
    "registry.example.com/manager:.v1", "registry.example.com/manager:-v1",
    "registry.example.com/manager:v_1", f"registry.example.com/manager:{'v' * 128}",
    f"registry.example.com/manager:{'v' * 129}", "registry.example.com/man ager:v1",
    " registry.example.com/manager:v1", "registry.example.com/manager:v1 ",
    "registry.example.com/manager:v1\n", "registry.example.com//manager:v1",
    "registry.example.com/manager/:v1", "/manager:v1", "registry.example.com/",
    "registry.example.com",
    "https://registry.example.com/manager:v1", "registry.example.com/mana_ger:v1",
    "registry.example.com/mana__ger:v1", "registry.example.com/mana___ger:v1",
    "registry.example.com/mana--ger:v1", "registry.example.com/mana..ger:v1",
    "registry.example.com/_manager:v1", "registry.example.com/manager-:v1",
    "registry_example.com/manager:v1", "registry.example.com:port/manager:v1",
    "registry.example.com:/manager:v1", "-registry.example.com/manager:v1",
    "registry.example.com./manager:v1", "xn--mnchen-3ya.example.com/manager:v1",
    "münchen.example.com/manager:v1", f"registry.example.com/{'m' * 255}:v1",
    f"registry.example.com/{'m' * 256}:v1", "", "latest", ":v1", "@", "<image>", "IMAGE_TAG",
)  # fmt: skip


def mutants() -> Iterator[Mutant]:
    """All of them."""
    for name, content in _images():
        yield Mutant(name=f"image/{name}", files=release({COMPONENTS: content}))


def _images() -> Iterator[tuple[str, str]]:
    for image in _IMAGES:
        shown = image if len(image) < 70 else f"{image[:60]}… of {len(image)}"
        yield repr(shown), edited(COMPONENTS, "Deployment", f"{_CONTAINER} image", image)
    for image in (
        "registry.example.com/manager:${TAG:=v0.2.0}", "${IMAGE:=registry.example.com/manager:v1}",
        "${IMAGE:=manager:v1}", "${REGISTRY:=registry.example.com}/manager:v1",
        "registry.example.com/manager:${TAG}", "${IMAGE}",
        "registry.example.com/manager:${TAG:=a b}",
        "registry.example.com/manager:$TAG", "registry.example.com/manager:$(TAG)",
        "registry.example.com/manager:$${TAG}",
    ):  # fmt: skip
        yield image, edited(COMPONENTS, "Deployment", f"{_CONTAINER} image", image)
    init = "spec template spec initContainers 0 image"
    for kind, path in (("Deployment", init), ("DaemonSet", f"{_CONTAINER} image")):
        place = "init container" if path == init else kind
        yield f"{place}, removed", edited(COMPONENTS, kind, path, REMOVED)
        for image in ("busybox", "", "registry.example.com/Upper:v1"):
            yield f"{place}, {image!r}", edited(COMPONENTS, kind, path, image)
