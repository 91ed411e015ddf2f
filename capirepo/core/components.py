"""What a components file or a template holds: objects, namespace, images, variables."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from capirepo.core import yamlguard
from capirepo.core.metadata import contract_order, is_contract
from capirepo.core.variables import substitute
from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from capirepo.core.yamlloader import Document

# What `clusterctl init list-images` and image overrides look at (`util/container/image.go`).
WORKLOADS: Final = ("Deployment", "DaemonSet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One YAML file of a release, read.

    Attributes:
        kinds: how many objects of each kind.
        namespaces: the names of its Namespace objects; clusterctl takes at most one.
        contracts: those that the labels of its CustomResourceDefinitions name, oldest first.
        images: as clusterctl lists them, sorted, each once.
        variables: each with its default; None where the user must give a value.
    """

    kinds: Mapping[str, int]
    namespaces: tuple[str, ...]
    contracts: tuple[str, ...]
    images: tuple[str, ...]
    variables: Mapping[str, str | None]


def read_manifest(data: bytes, name: str) -> Manifest:
    """Reads a components file or a template; `name` is used in messages.

    Raises:
        BadInputError: not YAML that may be built, or a variable that clusterctl cannot parse.
    """
    documents, variables = read_documents(data, name)
    objects = [doc.content for doc in documents if isinstance(doc.content, dict)]
    kinds = Counter(str(item.get("kind")) for item in objects)
    return Manifest(
        kinds=dict(sorted(kinds.items())),
        namespaces=tuple(
            str(dig(item, "metadata", "name"))
            for item in objects
            if item.get("kind") == "Namespace"
        ),
        contracts=tuple(
            sorted({one for item in objects for one in _contracts(item)}, key=contract_order)
        ),
        images=tuple(sorted({image for item in objects for image in _images(item)})),
        variables=variables,
    )


def read_documents(data: bytes, name: str) -> tuple[list[Document], dict[str, str | None]]:
    """The documents of a file as clusterctl reads them, defaults in place, and its variables.

    Raises:
        BadInputError: as `read_manifest`.
    """
    try:
        text, variables = substitute(yamlguard.text_of(data, name))
    except BadInputError as error:
        raise BadInputError(f"{name}, {error}") from error
    yamlguard.check_separators(text, name)
    return yamlguard.load_documents(text.encode(), name), variables


def dig(value: Any, *path: str | int) -> Any:
    """The value at `path`; None where there is none."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _contracts(item: dict[Any, Any]) -> Iterator[str]:
    """From labels such as `cluster.x-k8s.io/v1beta1: v1alpha1`."""
    labels = dig(item, "metadata", "labels")
    if item.get("kind") == "CustomResourceDefinition" and isinstance(labels, dict):
        for label in labels:
            group, _, contract = str(label).partition("/")
            if group == "cluster.x-k8s.io" and is_contract(contract):
                yield contract


def _images(item: dict[Any, Any]) -> Iterator[str]:
    if item.get("kind") not in WORKLOADS:
        return
    pod = dig(item, "spec", "template", "spec")
    for group in ("containers", "initContainers"):
        for container in dig(pod, group) or ():
            image = dig(container, "image")
            if isinstance(image, str):
                yield image
