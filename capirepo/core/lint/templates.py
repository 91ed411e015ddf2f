"""Rules about cluster templates and ClusterClasses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from capirepo.core.components import dig
from capirepo.core.lint.crds import CRD
from capirepo.core.lint.model import is_open
from capirepo.core.lint.rules import By, error, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from capirepo.core.lint.model import Candidate, File, Finding, Object

_CORE_GROUP: Final = "cluster.x-k8s.io"
# clusterctl looks at these two versions of Cluster only (`client/clusterclass.go`).
_CLASS: Final = {
    "cluster.x-k8s.io/v1beta1": ("spec", "topology", "class"),
    "cluster.x-k8s.io/v1beta2": ("spec", "topology", "classRef", "name"),
}


@warning
def template_empty(candidate: Candidate) -> Iterator[Finding]:
    """A template or a ClusterClass file has no object in it.

    `clusterctl generate cluster` prints nothing then, and says nothing. An interrupted build or
    download leaves such a file behind. Build it again, or leave it out of the release.
    """
    for file in _files(candidate):
        if not file.errors and not any(file.objects):
            yield file.finding("holds no object")


@warning
def template_without_cluster(candidate: Candidate) -> Iterator[Finding]:
    """A cluster template has no Cluster in it.

    `clusterctl generate cluster` prints it all the same; nothing comes of the other objects, as
    Cluster API's controllers wait for a Cluster to own them.
    """
    for file in candidate.templates:
        objects = list(file.objects)
        if objects and not any(_is(item, "Cluster") for item in objects):
            kinds = ", ".join(sorted({item.kind for item in objects}))
            yield file.finding(f"holds no Cluster: it holds {kinds}")


@error(By.API_SERVER)
def template_object_incomplete(candidate: Candidate) -> Iterator[Finding]:
    """An object of a template or of a ClusterClass has no apiVersion, no kind or no name.

    `clusterctl generate cluster` prints it as it is, and `kubectl apply` of that fails, after it
    has created the objects before it.
    """
    for item in _objects(candidate):
        if item.missing:
            yield item.finding(f"has no {' and no '.join(item.missing)}")


@error(By.API_SERVER)
def template_version(candidate: Candidate) -> Iterator[Finding]:
    """A template uses a version of a kind that the CRD of this release does not serve.

    Most often a new version of the API came, and the templates were left behind, or the other way
    round. The API server then knows no such kind, and the cluster is not created.
    """
    served = _served(candidate)
    for item in _objects(candidate):
        if is_open(item.kind) or is_open(item.api_version):
            continue
        versions = served.get((item.group, item.kind))
        if versions is not None and item.version not in versions:
            yield item.finding(
                f"has the version {item.version}; the CRD serves {', '.join(versions)}",
                "apiVersion",
            )


@warning
def template_kind(candidate: Candidate) -> Iterator[Finding]:
    """A template uses a kind that no CRD of this release has, though it has CRDs of that group.

    Most often the kind is misspelt, or its CRD was left out of the components. Providers share the
    groups of Cluster API, so it may be another provider's: then this is no mistake.
    """
    served = _served(candidate)
    groups = {group for group, _ in served}
    for item in _objects(candidate):
        known = item.group not in groups or (item.group, item.kind) in served
        if item.kind and not known and not is_open(item.kind):
            yield item.finding(
                f"is of a kind that no CRD of this release has, in {item.group}", "kind"
            )


@error(By.CLUSTERCTL)
def template_class(candidate: Candidate) -> Iterator[Finding]:
    """A template uses a ClusterClass that is not in the release.

    `clusterctl generate cluster` looks for clusterclass-NAME.yaml in the same release, and ends
    with an error where it is not there; a management cluster that has the class already is the
    exception. A template with

        spec:
          topology:
            class: quick-start

    needs clusterclass-quick-start.yaml beside it.
    """
    if not candidate.whole:
        return
    there = candidate.cluster_classes
    for file in candidate.templates:
        for item in file.objects:
            used = class_of(item)
            if used is None or is_open(used[1]) or used[1] in there:
                continue
            path, name = used
            if name:
                message, cure = _class_missing(there, name)
            else:
                message, cure = f"has a topology and names no ClusterClass in {'.'.join(path)}", ""
            yield item.finding(message, *path, cure=cure)


def _class_missing(there: Mapping[str, File], name: str) -> tuple[str, str]:
    """What to say of a ClusterClass that has no file of its name, and the cure."""
    wanted = f"clusterclass-{name}.yaml"
    for file in there.values():
        if any(_is(item, "ClusterClass") and item.name == name for item in file.objects):
            message = f"uses the ClusterClass {name}, which stands in {file.name}"
            return (
                f"{message}; clusterctl looks for it in {wanted}",
                f"rename {file.name} to {wanted}",
            )
    known = ", ".join(there) or "none"
    return f"uses the ClusterClass {name}; there is {known}", f"add {wanted}"


@warning
def clusterclass_name(candidate: Candidate) -> Iterator[Finding]:
    """clusterclass-NAME.yaml holds no ClusterClass of that name.

    clusterctl adds the file to every template whose Cluster uses the class NAME. If another one
    stands in it, the Cluster waits for a class that never comes. Rename the file or the class.

    Wrong, in clusterclass-quick-start.yaml:

        kind: ClusterClass
        metadata:
          name: awesome

    Right: the same in clusterclass-awesome.yaml, or here

        kind: ClusterClass
        metadata:
          name: quick-start
    """
    for name, file in candidate.cluster_classes.items():
        held = [item.name for item in file.objects if _is(item, "ClusterClass")]
        if not file.errors and name not in held and not any(map(is_open, held)):
            yield file.finding(
                f"holds the ClusterClass {', '.join(held)}, not {name}"
                if held
                else f"holds no ClusterClass {name}",
                cure="let the name of the file and metadata.name agree",
            )


def class_of(item: Object) -> tuple[tuple[str, ...], str] | None:
    """Where a Cluster says which ClusterClass it uses, and which; None where it uses none."""
    path = _CLASS.get(item.api_version)
    topology = item.get("spec", "topology")
    if path is None or item.kind != "Cluster" or topology is None:
        return None
    if not topology and item.version != "v1beta1":
        # An empty topology is none in v1beta2, and one without a class in v1beta1.
        return None
    name = item.get(*path)
    return path, name if isinstance(name, str) else ""


def _is(item: Object, kind: str) -> bool:
    return item.kind == kind and item.group == _CORE_GROUP


def _files(candidate: Candidate) -> Iterator[File]:
    yield from candidate.templates
    yield from candidate.cluster_classes.values()


def _objects(candidate: Candidate) -> Iterator[Object]:
    for file in _files(candidate):
        yield from file.objects


def _served(candidate: Candidate) -> Mapping[tuple[str, str], list[str]]:
    """The versions that the CRDs of the release serve, by group and kind."""
    served: dict[tuple[str, str], list[str]] = {}
    for item in candidate.of_kind(CRD):
        versions: list[Any] = item.sequence("spec", "versions")
        key = (str(item.get("spec", "group")), str(item.get("spec", "names", "kind")))
        served[key] = [str(dig(one, "name")) for one in versions if dig(one, "served") is not False]
    return served
