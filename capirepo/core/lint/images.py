"""Rules about images, and the container that is the provider's controller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from capirepo.core.components import WORKLOADS, dig
from capirepo.core.images import MANAGER, split_image
from capirepo.core.lint.model import is_open
from capirepo.core.lint.rules import By, error, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capirepo.core.lint.model import Candidate, Finding, Object


class Image(NamedTuple):
    """An image of a container, and where it stands.

    Attributes:
        container: its name.
        path: where the image stands in the object.
    """

    item: Object
    container: str
    image: Any
    path: tuple[str | int, ...]


@error(By.CLUSTERCTL)
def image_form(candidate: Candidate) -> Iterator[Finding]:
    """An image is not written in full: REGISTRY/PATH:TAG.

    clusterctl parses the image of every container of Deployments and DaemonSets, so that users
    can have them from a registry of their own, and refuses the short forms that Docker takes.

    Wrong:

        image: manager:v1.0.0
        image: org/manager:v1.0.0

    Right:

        image: registry.example.com/org/manager:v1.0.0
    """
    for image in _images(candidate):
        if is_open(image.image):
            continue
        text = image.image if isinstance(image.image, str) else ""
        if split_image(text) is None:
            yield image.item.finding(
                f"container {image.container} has the image {text!r}"
                if text
                else f"container {image.container} has no image",
                *image.path,
                cure="write it in full: registry.example.com/org/manager:v1.0.0",
            )


@warning
def image_latest(candidate: Candidate) -> Iterator[Finding]:
    """An image has the tag latest, or none.

    The same release then installs other software tomorrow, and a site without internet cannot
    tell which one to mirror.
    """
    for image in _images(candidate):
        match = split_image(image.image) if isinstance(image.image, str) else None
        if match and not is_open(image.image) and not match["digest"]:
            tag = match["tag"]
            if tag is None or tag == "latest":
                yield image.item.finding(
                    f"container {image.container} has the image {image.image}, "
                    f"{'without a tag' if tag is None else 'which moves'}",
                    *image.path,
                    cure="name the version, or a digest",
                )


@warning
def image_tag(candidate: Candidate) -> Iterator[Finding]:
    """The manager's image has another tag than the version of the release.

    Most often the image was not set before the release was built.
    """
    if candidate.version is None:
        return
    # A tag cannot have a plus sign (clusterctl's SemverToOCIImageTag).
    wanted = str(candidate.version).replace("+", "_")
    for image in _images(candidate):
        match = split_image(image.image) if isinstance(image.image, str) else None
        if image.container != MANAGER or match is None or is_open(image.image):
            continue
        tag = match["tag"]
        if tag not in (None, "latest", wanted, wanted.removeprefix("v")):
            yield image.item.finding(
                f"the manager's image has the tag {tag}; this is {candidate.version}", *image.path
            )


@warning
def manager_missing(candidate: Candidate) -> Iterator[Finding]:
    """No container of a Deployment is called manager.

    The contract calls the provider's controller so; clusterctl looks for this name, for example
    to tell which Deployment is the provider's when it waits for it and when it upgrades.
    """
    file = candidate.components_file
    if file is None or not candidate.objects or not candidate.is_provider:
        return
    names = [
        str(dig(container, "name"))
        for item in candidate.of_kind("Deployment")
        for container in item.sequence("spec", "template", "spec", "containers")
    ]
    if MANAGER not in names:
        there = f"there is {', '.join(names)}" if names else "there is no Deployment"
        yield file.finding(
            f"no container of a Deployment is called {MANAGER}: {there}",
            cure=f"call the controller's container {MANAGER}",
        )


def _images(candidate: Candidate) -> Iterator[Image]:
    """Of the containers whose images clusterctl looks at."""
    for item in candidate.of_kind(*WORKLOADS):
        for group in ("containers", "initContainers"):
            path = ("spec", "template", "spec", group)
            for index, container in enumerate(item.sequence(*path)):
                yield Image(
                    item,
                    str(dig(container, "name")),
                    dig(container, "image"),
                    (*path, index, "image"),
                )
