"""Rules about the objects of a components file: whole, in one namespace, each once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from capirepo.core.lint.model import is_open
from capirepo.core.lint.rules import By, error, warning
from capirepo.core.lint.typed import is_typed, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capirepo.core.lint.model import Candidate, Finding, Object

# clusterctl's IsResourceNamespaced (`internal/util/objs.go`): everything else it takes for
# namespaced.
CLUSTER_WIDE: Final = frozenset(
    {
        "Namespace",
        "Node",
        "PersistentVolume",
        "PodSecurityPolicy",
        "CertificateSigningRequest",
        "ClusterRoleBinding",
        "ClusterRole",
        "VolumeAttachment",
        "StorageClass",
        "CSIDriver",
        "CSINode",
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
        "CustomResourceDefinition",
        "PriorityClass",
        "RuntimeClass",
    }
)
PROVIDER_LABEL: Final = "cluster.x-k8s.io/provider"
# RBAC names may have colons; all others are at most this.
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
# Names that become a part of a host's name.
_PLAIN_NAMED: Final = frozenset({"Namespace", "Service"})
_RBAC: Final = frozenset({"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"})


@error(By.API_SERVER)
def object_incomplete(candidate: Candidate) -> Iterator[Finding]:
    """An object has no apiVersion, no kind, or no name.

    clusterctl passes it on as it is, and the API server refuses it halfway through the
    installation.
    """
    for item in candidate.objects:
        if item.missing:
            yield item.finding(f"has no {' and no '.join(item.missing)}")


@error(By.API_SERVER)
def object_name(candidate: Candidate) -> Iterator[Finding]:
    """The name of an object is none that Kubernetes takes.

    Lower case letters, digits, `-` and `.`, at most 253 of them, beginning and ending with a
    letter or a digit; for a Namespace and a Service at most 63, without dots. (RBAC takes more.)
    """
    for item in candidate.objects:
        name = item.name
        if not name or is_open(name) or item.kind in _RBAC:
            continue
        plain = item.kind in _PLAIN_NAMED and item.api_version == "v1"
        dotted = plain and "." in name
        if dotted or len(name) > (63 if plain else 253) or not _NAME.fullmatch(name):
            yield item.finding(
                f"has the name {name[:80]!r}, which Kubernetes does not take", "metadata", "name"
            )


@error(By.API_SERVER)
def object_list(candidate: Candidate) -> Iterator[Finding]:
    """An object is a List of others.

    `kubectl apply` takes a List apart; clusterctl does not, so its images are not found, its
    namespaces not set, and the API server refuses it.
    """
    for item in candidate.of_kind("List"):
        yield item.finding("is a List", cure="write its items as documents of their own")


@error(By.CLUSTERCTL)
def namespace_many(candidate: Candidate) -> Iterator[Finding]:
    """There is more than one Namespace.

    A provider lives in one namespace; clusterctl installs into the one that the components
    name, and refuses to choose.
    """
    # clusterctl counts from the first one that has a name.
    found = list(candidate.of_kind("Namespace"))
    first = next((index for index, item in enumerate(found) if item.name), len(found))
    for item in found[first + 1 :]:
        yield item.finding(
            f"is a second Namespace; the first is {found[first].name}, "
            f"in line {found[first].document.line()}",
            cure="leave one of them out: clusterctl takes one",
        )


@warning
def namespace_missing(candidate: Candidate) -> Iterator[Finding]:
    """There is no Namespace: every user must give --target-namespace.

    clusterctl installs into the namespace that the components name; without one it ends with
    `target namespace can't be defaulted`. kustomize writes it with a resource such as

        apiVersion: v1
        kind: Namespace
        metadata:
          name: awesome-system
    """
    file = candidate.components_file
    if file is not None and candidate.objects and candidate.is_provider:
        named = [item for item in candidate.of_kind("Namespace") if item.name]
        if not named:
            yield file.finding(
                "holds no Namespace", cure="add the one that the provider shall live in"
            )


@warning
def object_namespace(candidate: Candidate) -> Iterator[Finding]:
    """An object is in another namespace than the provider's.

    clusterctl moves every namespaced object into the provider's namespace, so what was meant
    for kube-system ends up there; what is installed with kubectl does not.
    """
    namespaces = [item.name for item in candidate.of_kind("Namespace") if item.name]
    if len(namespaces) != 1 or is_open(namespaces[0]):
        return
    for item in candidate.objects:
        if item.kind in CLUSTER_WIDE or not item.kind or is_open(item.namespace):
            continue
        if item.group.endswith("cluster.x-k8s.io") and not item.namespace:
            continue
        if item.namespace != namespaces[0]:
            where = f"namespace {item.namespace}" if item.namespace else "no namespace"
            yield item.finding(
                f"is in {where}, and clusterctl moves it to {namespaces[0]}",
                "metadata",
                "namespace",
            )


@warning
def object_duplicate(candidate: Candidate) -> Iterator[Finding]:
    """An object stands twice in a file; the later one replaces the earlier one.

    clusterctl creates the first and updates it with the second, so what only the first one says
    may be lost; `kubectl apply` of a template does the same. Most often two kustomize bases bring
    the same one: leave it out of one of them.
    """
    components = candidate.components_file
    read = (components, *candidate.templates, *candidate.cluster_classes.values())
    for file in filter(None, read):
        seen: dict[tuple[str, str, str, str], Object] = {}
        for item in file.objects:
            key = (item.group, item.kind, item.namespace, item.name)
            if item.name and key in seen:
                first = seen[key].document.line()
                yield item.finding(
                    f"stands twice; the other one is in line {first}", cure="leave one of them out"
                )
            seen.setdefault(key, item)


@warning
def label_provider(candidate: Candidate) -> Iterator[Finding]:
    """Objects do not carry the label cluster.x-k8s.io/provider with the provider's label.

    clusterctl adds it to what it installs. Who installs otherwise (kubectl, Helm, GitOps) has
    objects that `clusterctl move`, `delete` and `upgrade` do not know as the provider's. In
    config/default/kustomization.yaml, for the provider awesome:

        labels:
        - pairs:
            cluster.x-k8s.io/provider: infrastructure-awesome
    """
    cure = f"let kustomize set it to {candidate.label or 'TYPE-NAME'} on all objects"
    without: list[Object] = []
    others: dict[str, list[Object]] = {}
    for item in candidate.objects:
        given = item.mapping("metadata", "labels").get(PROVIDER_LABEL)
        if given is None:
            without.append(item)
        elif candidate.label is not None and given != candidate.label and not is_open(given):
            others.setdefault(ascii(given)[:80], []).append(item)
    for value, items in others.items():
        yield items[0].finding(
            f"has the label {PROVIDER_LABEL} {value}{_more(items, ', and so have')}; "
            f"this is {candidate.label}",
            *("metadata", "labels", PROVIDER_LABEL),
            cure=cure,
        )
    if without and candidate.is_provider:
        yield without[0].finding(
            f"has no label {PROVIDER_LABEL}{_more(without, ', nor have')}", cure=cure
        )


def _more(items: list[Object], begin: str) -> str:
    others = len(items) - 1
    return f"{begin} {others} {'others' if others > 1 else 'other'}" if others else ""


@error(By.API_SERVER)
def object_labels(candidate: Candidate) -> Iterator[Finding]:
    """A label or an annotation of an object is no text.

    YAML reads true, 1 and 1.10 as a boolean and as numbers: they need quotes, as in
    control-plane: "true". The API server refuses the object; where clusterctl installs it, it drops
    all labels of such an object without a word.

    Wrong:

        labels:
          enabled: true

    Right:

        labels:
          enabled: "true"

    Of Deployments and other objects that clusterctl reads itself, object-types tells the same.
    """
    for item in candidate.objects:
        if is_typed(item):
            continue
        for group in ("labels", "annotations"):
            for key, value in item.mapping("metadata", group).items():
                if not isinstance(value, str | None):
                    path = ("metadata", group, key)
                    written = item.document.written(*path)
                    yield item.finding(
                        f"{group[:-1]} {key} is {written or 'a list or a mapping'}, no text",
                        *path,
                        cure=quoted(written) if written else "",
                    )
