"""Image references, and setting that of the controller in a components file.

Rules kept here:
- a reference names its registry, and a tag or a digest: what a short name means is decided
  by whoever pulls it;
- the controller is the container `manager`: the provider contract calls it so;
- only the characters of the reference change, so that comments, `${VARIABLES}` and quotes
  stay as they were rendered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NewType

import yaml

from capirepo.core import yamlguard
from capirepo.core.names import shown
from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

ImageReference = NewType("ImageReference", str)
"""`registry.example.com/org/manager:v0.1.0`: registry, path, and tag or digest."""

MANAGER: Final = "manager"
_WORKLOADS: Final = ("Deployment", "DaemonSet", "StatefulSet")
# The grammar of the distribution project (`reference/regexp.go`).
_LABEL: Final = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST: Final = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_PART: Final = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_IMAGE: Final = re.compile(
    rf"(?P<registry>{_HOST}|{_PART})/(?P<path>{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}))?"
)
_LONGEST_PATH: Final = 255
# In two parts: this is no address that anything here asks.
_DOCKER: Final = "docker" + ".io"
# Blanks and line breaks as YAML 1.1 has them: other spaces of Unicode are text.
_BLANKS: Final = " \t\r\n\x85\u2028\u2029"
_CURE: Final = "write it whole: registry.example.com/org/manager:v0.1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageChange:
    """One container whose image was set.

    Attributes:
        workload: its kind and name: `Deployment awesome-controller-manager`.
        before: what stood there; it may be the same.
    """

    workload: str
    before: str


@dataclass(frozen=True, slots=True)
class _Container:
    workload: str
    name: str
    image: yaml.Node | None


def parse_image(text: str) -> ImageReference:
    """The image reference that `text` spells.

    Raises:
        BadInputError: it leaves out the registry, or both tag and digest, or is none.
    """
    found = _IMAGE.fullmatch(text)
    if split_image(text) is None:
        long = found is not None and len(found["path"]) > _LONGEST_PATH
        short = found is not None or "/" not in text
        what = "names no registry" if short and not long else "is no image reference"
        raise BadInputError(f"the image {shown(text)} {what}", cure=_CURE)
    if found and not found["tag"] and not found["digest"]:
        raise BadInputError(f"the image {shown(text)} has neither tag nor digest", cure=_CURE)
    return ImageReference(text)


def split_image(text: str) -> re.Match[str] | None:
    """The registry, path, tag and digest of an image that is written in full; None for another.

    This is what clusterctl takes (`reference.ParseNamed`): the registry stands there, in the
    form that Docker itself would write.
    """
    found = _IMAGE.fullmatch(text)
    if found is None or len(found["path"]) > _LONGEST_PATH:
        return None
    # Without a dot, a port or capitals the first part is a path on Docker's own registry.
    registry = found["registry"]
    if not (set(".:") & set(registry) or registry == "localhost" or registry.lower() != registry):
        return None
    if registry == f"index.{_DOCKER}" or (registry == _DOCKER and "/" not in found["path"]):
        return None
    return found


def with_image(
    data: bytes, image: ImageReference, name: str
) -> tuple[bytes, tuple[ImageChange, ...]]:
    """`data` with the image of every container `manager`, and which those are.

    Args:
        data: a components file.
        image: what they shall run.
        name: of the file, for messages.

    Raises:
        BadInputError: `data` is not YAML that may be built, or there is no such container;
            the containers that there are, are named.
    """
    yamlguard.check(data, name)
    # libyaml does not count a byte order mark.
    mark = "\ufeff" if data.startswith(b"\xef\xbb\xbf") else ""
    text = data.decode("utf-8-sig")
    containers = [*_containers(text)]
    managers = [one for one in containers if one.name == MANAGER]
    if not managers:
        raise BadInputError(_no_manager(containers, name), cure="name the controller's so")
    changes = []
    for one in reversed(managers):
        if not isinstance(one.image, yaml.ScalarNode):
            raise BadInputError(f"{name}: the container manager of {one.workload} has no image")
        start, end = one.image.start_mark.index, one.image.end_mark.index
        # A block scalar ends where the next line begins.
        end = start + len(text[start:end].rstrip(_BLANKS))
        quote = one.image.style if one.image.style in ("'", '"') else ""
        text = f"{text[:start]}{quote}{image}{quote}{text[end:]}"
        changes.append(ImageChange(workload=one.workload, before=one.image.value))
    return (mark + text).encode(), tuple(reversed(changes))


def _no_manager(containers: list[_Container], name: str) -> str:
    if not containers:
        return f"{name} has no Deployment, DaemonSet or StatefulSet with a container {MANAGER}"
    there = ", ".join(sorted({f"{one.name} ({one.workload})" for one in containers})[:10])
    return f"{name} has no container {MANAGER}; there is: {there}"


def _containers(text: str) -> Iterator[_Container]:
    for document in yaml.compose_all(text, Loader=yaml.CSafeLoader):
        kind = _scalar(_get(document, "kind"))
        if kind not in _WORKLOADS:
            continue
        workload = f"{kind} {_scalar(_get(document, 'metadata', 'name'))}"
        listed = _get(document, "spec", "template", "spec", "containers")
        for item in listed.value if isinstance(listed, yaml.SequenceNode) else ():
            yield _Container(workload, _scalar(_get(item, "name")), _get(item, "image"))


def _get(node: yaml.Node | None, *path: str) -> yaml.Node | None:
    for wanted in path:
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((value for key, value in node.value if key.value == wanted), None)
    return node


def _scalar(node: yaml.Node | None) -> str:
    return node.value if isinstance(node, yaml.ScalarNode) else ""
