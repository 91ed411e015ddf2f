"""Mutants of templates and ClusterClasses, and of the names that lead from one to the other."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from tests.lint.base import (
    CLUSTERCLASS,
    COMPONENTS,
    METADATA,
    REMOVED,
    TEMPLATE,
    TOPOLOGY,
    Mutant,
    appended,
    edited,
    release,
    rewritten,
    swapped,
    text,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEPLOYMENT = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"
    "spec: {template: {spec: {containers: [{name: a, image: busybox}]}}}\n"
)
_BINDING = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nsubjects: a\n"


def mutants() -> Iterator[Mutant]:
    """All of them."""
    for name, content in chain(_texts(), _objects()):
        files = release({TEMPLATE: content})
        yield Mutant(name=f"template/{name}", files=files, aims="cluster")
    for name, content in _topologies():
        files = release({TOPOLOGY: content})
        yield Mutant(name=f"topology/{name}", files=files, aims="cluster", flavor="topology")
    for name, content in _classes():
        files = release({CLUSTERCLASS: content})
        yield Mutant(name=f"clusterclass/{name}", files=files, aims="cluster", flavor="topology")
    yield from _files()


def _texts() -> Iterator[tuple[str, str | bytes]]:
    whole = text(TEMPLATE)
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    yield "empty file", ""
    yield "comments only", "# nothing\n"
    yield "separators only", "---\n---\n"
    yield "string", "template\n"
    yield "list", "- a\n"
    yield "HTML page", "<!DOCTYPE html>\n<html></html>\n"
    yield "404 text", "404: Not Found\n"
    yield "unclosed bracket", f"{whole}---\na: [\n"
    yield "separator with an object", f"{whole}--- {{a: b}}\n"
    yield "CRLF", whole.replace("\n", "\r\n")
    yield "BOM", b"\xef\xbb\xbf" + whole.encode()
    yield "UTF-16", whole.encode("utf-16")
    yield "Latin-1", f"# J\xfcrgen\n{whole}".encode("latin-1")
    yield "NUL", f"# a\0b\n{whole}"
    yield "duplicate key", swapped(TEMPLATE, "kind: Cluster", "kind: Secret\nkind: Cluster")
    yield "anchor and alias", f"{whole}---\n{config}data: &d {{a: b}}\nx: *d\n"
    yield "infinity", f"{whole}---\n{config}data: {{a: .inf}}\n"
    yield "null key", f"{whole}---\n{config}data: {{null: a}}\n"
    yield "broken variable", f"{whole}# ${{A\n"
    yield "dash default", f"{whole}# ${{A-b}}\n"
    yield "required variable in a comment", f"{whole}# ${{A}}\n"
    yield "lower case variable", f"{whole}# ${{a}}\n"
    yield "escaped variable", f"{whole}# $${{A\n"
    yield "value with a colon, unquoted", swapped(TEMPLATE, "${AWESOME_REGION}", "${A:=a: b}")
    yield "no variables", f"{config}"
    yield "script of kubeadm", f"{whole}---\n{config}data:\n  a: |\n    x=${{1}}; y=$(hostname)\n"
    yield "script with a bash form", f"{whole}---\n{config}data:\n  a: |\n    x=${{x[0]}}\n"
    yield "Jinja in a value", f"{whole}---\n{config}data:\n  a: '{{{{ ds.meta_data.hostname }}}}'\n"
    yield (
        "Jinja without quotes",
        f"{whole}---\n{config}data:\n  a: {{{{ ds.meta_data.hostname }}}}\n",
    )


def _objects() -> Iterator[tuple[str, str]]:
    def cluster(path: str, value: Any) -> str:
        return edited(TEMPLATE, "Cluster", path, value)

    yield "no Cluster", without(TEMPLATE, "Cluster")
    yield "two Clusters", f"{text(TEMPLATE)}---\n{text(TEMPLATE)}"
    yield "unknown kind", appended(TEMPLATE, "apiVersion: example.com/v1\nkind: A\n")
    yield "no kind", appended(TEMPLATE, "apiVersion: example.com/v1\n")
    yield "no apiVersion", appended(TEMPLATE, "kind: A\n")
    yield "empty map", appended(TEMPLATE, "{}\n")
    yield "List", appended(TEMPLATE, "apiVersion: v1\nkind: List\nitems: []\n")
    yield "Namespace", appended(TEMPLATE, "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n")
    yield "Deployment with a short image", appended(TEMPLATE, _DEPLOYMENT)
    yield "Deployment of an old version", appended(TEMPLATE, _DEPLOYMENT.replace("/v1", "/v1beta1"))
    yield (
        "ClusterRoleBinding wrongly typed",
        appended(TEMPLATE, _BINDING),
    )
    yield (
        "CustomResourceDefinition wrongly typed",
        appended(
            TEMPLATE,
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: a\n",
        ),
    )
    yield "inject-ca-from wrong", appended(
        TEMPLATE, "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
        "metadata: {annotations: {cert-manager.io/inject-ca-from: a}}\n",
    )  # fmt: skip
    values: dict[str, Any] = {
        "removed": REMOVED, "null": None, "string": "text", "int": 7, "bool": True,
        "list": ["text"], "map": {"key": "text"},
    }  # fmt: skip
    paths = (
        "apiVersion", "kind", "metadata", "metadata name", "metadata namespace", "spec",
        "spec clusterNetwork", "spec clusterNetwork pods", "spec clusterNetwork pods cidrBlocks",
        "spec infrastructureRef", "spec infrastructureRef kind", "spec controlPlaneRef",
    )  # fmt: skip
    for path in paths:
        for name, value in values.items():
            yield f"Cluster {path}: {name}", cluster(path, value)
    yield "another namespace", cluster("metadata namespace", "other")
    yield "name not of the variable", cluster("metadata name", "fixed")
    yield "labels int", cluster("metadata labels", {"a": 1})
    yield "unknown field", cluster("spec unknown", {"a": 1})
    yield "paused string", cluster("spec paused", "true")
    yield "paused variable", cluster("spec paused", "${PAUSED:=false}")
    yield "port string", cluster("spec clusterNetwork apiServerPort", "6443")
    yield "port variable", cluster("spec clusterNetwork apiServerPort", "${PORT:=6443}")
    yield "port float", cluster("spec clusterNetwork apiServerPort", 6443.5)
    yield "status wrongly typed", cluster("status", {"infrastructureReady": "yes"})
    versions = ("v1beta2", "v1beta1", "v1alpha4", "v1alpha3", "v1beta9", "v1")
    for version in versions:
        yield f"Cluster of {version}", cluster("apiVersion", f"cluster.x-k8s.io/{version}")
    yield "Cluster of another group", cluster("apiVersion", "example.com/v1beta1")
    replicas = "spec replicas"
    for name, value in {"string": "one", "null": None, "list": [1]}.items():
        yield (
            f"KubeadmControlPlane replicas {name}",
            edited(TEMPLATE, "KubeadmControlPlane", replicas, value),
        )
    yield "AwesomeCluster of an unknown version", edited(
        TEMPLATE, "AwesomeCluster", "apiVersion", "infrastructure.cluster.x-k8s.io/v9"
    )  # fmt: skip


def _topologies() -> Iterator[tuple[str, str]]:
    def topology(path: str, value: Any) -> str:
        return edited(TOPOLOGY, "Cluster", path, value)

    def newer(version: str, spec: Any) -> str:
        def change(target: dict[str, Any]) -> dict[str, Any]:
            return {**target, "apiVersion": f"cluster.x-k8s.io/{version}", "spec": spec}

        return rewritten(TOPOLOGY, "Cluster", change)

    fields = (
        "class", "version", "controlPlane", "controlPlane replicas", "workers",
        "workers machineDeployments", "workers machineDeployments 0",
        "workers machineDeployments 0 class", "workers machineDeployments 0 replicas", "variables",
        "variables 0 name", "variables 0 value",
    )  # fmt: skip
    values: dict[str, Any] = {
        "removed": REMOVED, "null": None, "string": "text", "int": 7, "float": 1.5,
        "list": ["text"], "map": {"key": "text"},
    }  # fmt: skip
    for field in fields:
        for name, value in values.items():
            yield f"{field}: {name}", topology(f"spec topology {field}", value)
    yield "topology null", topology("spec topology", None)
    yield "topology removed", topology("spec topology", REMOVED)
    yield "topology empty", topology("spec topology", {})
    yield "topology list", topology("spec topology", [])
    for name in (
        "", "missing", "Quick-Start", "../quick-start", "quick/start", "quick start",
        "${CLASS:=quick-start}", "${CLASS:=missing}", "${CLUSTER_CLASS_NAME}",
    ):  # fmt: skip
        yield f"class {name!r}", topology("spec topology class", name)
    yield "class namespace", topology("spec topology classNamespace", "shared")
    yield "no namespace", topology("metadata namespace", REMOVED)
    yield "another namespace", topology("metadata namespace", "other")
    yield "no name", topology("metadata name", REMOVED)
    yield "replicas quoted", topology("spec topology controlPlane replicas", "1")
    yield "two Clusters of one class", f"{text(TOPOLOGY)}---\n{text(TOPOLOGY)}"
    other = topology("spec topology class", "missing")
    yield "two Clusters, one class missing", f"{text(TOPOLOGY)}---\n{other}"
    yield "Cluster without topology beside it", f"{text(TOPOLOGY)}---\n{text(TEMPLATE)}"
    yield (
        "Cluster in a List",
        "apiVersion: v1\nkind: List\nitems:\n- "
        + topology("spec topology class", "missing").rstrip("\n").replace("\n", "\n  ")
        + "\n",
    )
    yield (
        "v1beta2 with classRef",
        newer("v1beta2", {"topology": {"classRef": {"name": "quick-start"}, "version": "v1.34.0"}}),
    )
    yield (
        "v1beta2 with class",
        newer("v1beta2", {"topology": {"class": "quick-start", "version": "v1.34.0"}}),
    )
    yield (
        "v1beta2 with a missing class",
        newer("v1beta2", {"topology": {"classRef": {"name": "missing"}, "version": "v1.34.0"}}),
    )
    yield "v1beta2 with classRef of a namespace", newer(
        "v1beta2", {"topology": {"classRef": {"name": "quick-start", "namespace": "shared"},
                                 "version": "v1.34.0"}}
    )  # fmt: skip
    yield (
        "v1beta2 with a string classRef",
        newer("v1beta2", {"topology": {"classRef": "quick-start", "version": "v1.34.0"}}),
    )
    yield "v1beta2 with an empty topology", newer("v1beta2", {"topology": {}})
    yield (
        "v1beta1 with classRef",
        newer("v1beta1", {"topology": {"classRef": {"name": "quick-start"}, "version": "v1.34.0"}}),
    )
    yield (
        "v1beta9 with a missing class",
        newer("v1beta9", {"topology": {"class": "missing", "version": "v1.34.0"}}),
    )
    yield (
        "v1alpha4 with a missing class",
        newer("v1alpha4", {"topology": {"class": "missing", "version": "v1.34.0"}}),
    )
    yield "class missing, in a comment", f"{text(TOPOLOGY)}# class: missing\n"


def _classes() -> Iterator[tuple[str, str | bytes]]:
    whole = text(CLUSTERCLASS)
    yield "empty file", ""
    yield "no ClusterClass", without(CLUSTERCLASS, "ClusterClass")
    yield (
        "ClusterClass of another name",
        edited(CLUSTERCLASS, "ClusterClass", "metadata name", "other"),
    )
    yield "not YAML", "{"
    yield "string", "template\n"
    yield "broken variable", f"{whole}# ${{\n"
    yield "required variable", f"{whole}# ${{A}}\n"
    yield "required variable of the template", f"{whole}# ${{AWESOME_REGION}}\n"
    yield "wrongly typed", edited(CLUSTERCLASS, "ClusterClass", "spec", "text")
    yield "workers list", edited(CLUSTERCLASS, "ClusterClass", "spec workers", ["a"])
    yield "template missing", without(CLUSTERCLASS, "AwesomeMachineTemplate")
    yield "another namespace", edited(CLUSTERCLASS, "ClusterClass", "metadata namespace", "other")
    yield "unknown version", edited(
        CLUSTERCLASS, "ClusterClass", "apiVersion", "cluster.x-k8s.io/v1beta9"
    )  # fmt: skip
    yield "a Cluster of a missing class in it", f"{whole}---\n" + edited(
        TOPOLOGY, "Cluster", "spec topology class", "missing"
    )  # fmt: skip
    yield (
        "Deployment wrongly typed in it",
        f"{whole}---\n{_DEPLOYMENT.replace('spec: {', 'spec: 7 #')}",
    )
    yield (
        "ClusterRoleBinding wrongly typed in it",
        (f"{whole}---\n{_BINDING}"),
    )


def _files() -> Iterator[Mutant]:
    cases: dict[str, tuple[str, dict[str, str | bytes | None]]] = {
        "flavor, file missing": ("large", {}),
        "default, file missing": ("", {TEMPLATE: None}),
        "ClusterClass, file missing": ("topology", {CLUSTERCLASS: None}),
        "ClusterClass, cluster-class- instead of clusterclass-": (
            "topology", {CLUSTERCLASS: None, "cluster-class-quick-start.yaml": text(CLUSTERCLASS)}),
        "ClusterClass, ending yml": (
            "topology", {CLUSTERCLASS: None, "clusterclass-quick-start.yml": text(CLUSTERCLASS)}),
        "ClusterClass, in the template itself": (
            "topology", {CLUSTERCLASS: None, TOPOLOGY: appended(TOPOLOGY, text(CLUSTERCLASS))}),
        "flavor, ending yml": ("large", {"cluster-template-large.yml": text(TEMPLATE)}),
        "flavor, file without cluster-": ("large", {"template-large.yaml": text(TEMPLATE)}),
        "flavor, in upper case": ("large", {"cluster-template-LARGE.yaml": text(TEMPLATE)}),
        "flavor, with a dot": ("a.b", {"cluster-template-a.b.yaml": text(TEMPLATE)}),
        "flavor, another one broken": ("", {"cluster-template-development.yaml": "{"}),
        "metadata.yaml missing": ("", {METADATA: None}),
        "metadata.yaml broken": ("", {METADATA: "{"}),
        "components missing": ("", {COMPONENTS: None}),
        "components broken": ("", {COMPONENTS: "{"}),
    }  # fmt: skip
    for name, (flavor, changed) in cases.items():
        yield Mutant(
            name=f"template file/{name}", files=release(changed), aims="cluster", flavor=flavor
        )
