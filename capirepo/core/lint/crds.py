"""Rules about CustomResourceDefinitions: their names, versions and contract labels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from capirepo.core.components import dig
from capirepo.core.lint.metadata import TAKEN
from capirepo.core.lint.rules import By, error, warning
from capirepo.core.metadata import is_contract
from capirepo.core.names import ProviderType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capirepo.core.lint.model import Candidate, Finding, Object

CRD: Final = "CustomResourceDefinition"
CONTRACT_PREFIX: Final = "cluster.x-k8s.io/"
_SKIP: Final = "clusterctl.cluster.x-k8s.io/skip-crd-name-preflight-check"
_AGGREGATE: Final = "cluster.x-k8s.io/aggregate-to-manager"
# The groups that Cluster API's own ClusterRole names.
_OWN_GROUPS: Final = re.compile(
    r"((addons|bootstrap|controlplane|infrastructure|ipam|runtime)\.)?cluster\.x-k8s\.io"
)
# Types whose CRDs Cluster API's core controllers work with.
_REFERENCED: Final = (
    ProviderType.BOOTSTRAP,
    ProviderType.CONTROL_PLANE,
    ProviderType.INFRASTRUCTURE,
)
_WITH_KINDS: Final = (*_REFERENCED, ProviderType.CORE, ProviderType.IPAM)
# Endings whose plural is beyond doubt (gobuffalo/flect); about others nothing is said.
_PLAIN: Final = re.compile(r".*(er|ine|late|ool|fig|lane|ing|ent|ion|set|ace|nce|ork|age|et|up|ck|ble|int|rol|rd|key|ay)")  # fmt: skip # noqa: E501


@error(By.API_SERVER)
def crd_name(candidate: Candidate) -> Iterator[Finding]:
    """The name of a CRD is not PLURAL.GROUP.

    metadata.name repeats spec.names.plural and spec.group:
    awesomeclusters.infrastructure.cluster.x-k8s.io.
    """
    for item in candidate.of_kind(CRD):
        group, plural = item.get("spec", "group"), item.get("spec", "names", "plural")
        if isinstance(group, str) and isinstance(plural, str) and item.name:
            wanted = f"{plural}.{group}"
            if item.name != wanted:
                yield item.finding(f"must be called {wanted}", "metadata", "name")


@error(By.INIT)
def crd_contract_name(candidate: Candidate) -> Iterator[Finding]:
    """The name of a CRD is not the one that the contract wants for its kind.

    Cluster API finds the CRD of a kind by its name: the kind in lower case, in the plural, and
    the group. `clusterctl init` refuses others. A CRD that no object of Cluster API refers to
    may be called otherwise, with the annotation
    clusterctl.cluster.x-k8s.io/skip-crd-name-preflight-check.

    Wrong, for the kind AwesomeCluster:

        metadata:
          name: awesomecluster.infrastructure.cluster.x-k8s.io

    Right:

        metadata:
          name: awesomeclusters.infrastructure.cluster.x-k8s.io
    """
    for item in candidate.of_kind(CRD):
        kind, group = item.get("spec", "names", "kind"), item.get("spec", "group")
        if not isinstance(kind, str) or not isinstance(group, str):
            continue
        plural = pluralize(kind.lower())
        if plural is None or _SKIP in item.mapping("metadata", "annotations"):
            continue
        if item.name and item.name != f"{plural}.{group}":
            yield item.finding(
                f"must be called {plural}.{group}, after its kind {kind}",
                "metadata",
                "name",
                cure=f"or annotate it with {_SKIP}, if Cluster API never refers to it",
            )


@error(By.API_SERVER)
def crd_versions(candidate: Candidate) -> Iterator[Finding]:
    """A CRD has no versions, a version twice, or not exactly one that is stored.

    The API server keeps objects in one version, the one with storage: true, and converts to the
    others. For kubebuilder it is the type with the marker +kubebuilder:storageversion.
    """
    for item in candidate.of_kind(CRD):
        if item.version != "v1":
            continue
        versions = item.sequence("spec", "versions")
        stored = [one for one in versions if dig(one, "storage") is True]
        names = [str(dig(one, "name")) for one in versions]
        if len(stored) != 1:
            yield item.finding(
                f"has {len(stored)} versions with storage: true; exactly one is expected",
                "spec",
                "versions",
            )
        if len(set(names)) != len(names):
            yield item.finding("has a version twice", "spec", "versions")


@warning
def crd_missing(candidate: Candidate) -> Iterator[Finding]:
    """The components hold no CRD, though the provider's type lives by its own kinds.

    Bootstrap, control plane, infrastructure and IPAM providers are used through objects of their
    kinds, and Cluster API's core consists of them. Without CRDs the API server knows no such kind.
    Most often `config/crd` is not among the resources of the kustomization that was built:

        resources:
        - ../crd
        - ../rbac
        - ../manager
    """
    file = candidate.components_file
    if file is None or not candidate.objects or candidate.type not in _WITH_KINDS:
        return
    if not any(candidate.of_kind(CRD)):
        yield file.finding(f"holds no {CRD}", cure="build it with config/crd among its resources")


@warning
def crd_contract_label(candidate: Candidate) -> Iterator[Finding]:
    """A CRD has no label for the contract of this version.

    Cluster API learns from cluster.x-k8s.io/CONTRACT: VERSION which version of a CRD speaks
    which contract. Without it, it finds no version, and clusters stay in Provisioning. The
    label goes on every CRD that Cluster API refers to; with kustomize in config/crd:

        labels:
        - pairs:
            cluster.x-k8s.io/v1beta1: v1alpha1_v1beta1
    """
    contract = contract_of(candidate)
    if contract not in TAKEN or candidate.type not in _REFERENCED:
        return
    for item in candidate.of_kind(CRD):
        labels = item.mapping("metadata", "labels")
        # v1beta2 objects are found by v1beta1 labels as well, as long as Cluster API has both.
        near = [contract, "v1beta1"] if contract == "v1beta2" else [contract]
        if not any(CONTRACT_PREFIX + one in labels for one in near):
            yield item.finding(
                f"has no label {CONTRACT_PREFIX}{contract}, the contract of this version",
                "metadata",
                "labels",
                cure=f"label it with the versions that keep it: "
                f"{CONTRACT_PREFIX}{contract}: {'_'.join(_versions(item)) or 'v1alpha1'}",
            )


@warning
def crd_contract_version(candidate: Candidate) -> Iterator[Finding]:
    """A contract label names a version that the CRD does not serve.

    Cluster API takes the newest version that the label names, and does not look whether the CRD
    serves it: it then asks for objects that the API server does not know. Several versions are
    joined by underscores: cluster.x-k8s.io/v1beta1: v1alpha1_v1beta1. (Where nothing of Cluster API
    refers to the CRD, nobody asks, and the label can be left out.)
    """
    for item in candidate.of_kind(CRD):
        served = _versions(item)
        for key, value in item.mapping("metadata", "labels").items():
            contract = key.removeprefix(CONTRACT_PREFIX)
            if key == contract or not is_contract(contract):
                continue
            absent = [one for one in str(value).split("_") if one not in served]
            if absent:
                yield item.finding(
                    f"label {key} names {', '.join(absent)}; served are {', '.join(served)}",
                    "metadata",
                    "labels",
                    key,
                )


@warning
def rbac_aggregation(candidate: Candidate) -> Iterator[Finding]:
    """No ClusterRole lets Cluster API's controllers work with the provider's CRDs.

    Cluster API's own role knows the groups that end with cluster.x-k8s.io. A provider whose
    CRDs are in another group needs a ClusterRole for them with the label
    cluster.x-k8s.io/aggregate-to-manager: "true".
    """
    if candidate.type not in _REFERENCED:
        return
    groups = {str(item.get("spec", "group")): item for item in candidate.of_kind(CRD)}
    covered = {
        str(group)
        for role in candidate.of_kind("ClusterRole")
        if str(role.mapping("metadata", "labels").get(_AGGREGATE)) == "true"
        for rule in role.sequence("rules")
        for group in (dig(rule, "apiGroups") or ())
    }
    for group, item in groups.items():
        if not _OWN_GROUPS.fullmatch(group) and group not in covered and "*" not in covered:
            yield item.finding(
                f'no ClusterRole with the label {_AGGREGATE}: "true" is for the group {group}',
                cure="add one with the verbs that the contract names",
            )


def contract_of(candidate: Candidate) -> str | None:
    """The contract of the candidate's version; None where metadata.yaml does not say."""
    return candidate.series.contract_of(candidate.version) if candidate.version else None


def pluralize(word: str) -> str | None:
    """The plural as Cluster API's CalculateCRDName makes it; None where that is not certain."""
    if word.endswith(("ss", "ch", "sh")):
        return f"{word}es"
    if word.endswith("y") and not word.endswith(("ay", "ey", "oy", "uy")):
        return f"{word[:-1]}ies"
    return f"{word}s" if _PLAIN.fullmatch(word) else None


def _versions(item: Object) -> list[str]:
    versions: list[Any] = item.sequence("spec", "versions")
    return [str(dig(one, "name")) for one in versions if dig(one, "served") is not False]
