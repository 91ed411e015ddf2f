"""Mutants by values of the right type: API versions, annotations, images, names, numbers."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from tests.lint.base import (
    COMPONENTS,
    REMOVED,
    Mutant,
    appended,
    document,
    dump,
    edited,
    release,
    rewritten,
    text,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONTAINER = "spec template spec containers 0"


def mutants() -> Iterator[Mutant]:
    """All of them."""
    for name, content in chain(
        _versions(),
        _annotations(),
        _namespaces(),
        _numbers(),
        _workloads(),
        _definitions(),
    ):
        yield Mutant(name=f"value/{name}", files=release({COMPONENTS: content}))


def _versions() -> Iterator[tuple[str, str]]:
    versions = {
        "Deployment": ("apps/v1beta1", "apps/v1beta2", "extensions/v1beta1", "apps/v2", "v1",
                       "example.com/v1", "apps/V1", "Apps/v1"),
        "DaemonSet": ("apps/v1beta2", "extensions/v1beta1", "apps/v2"),
        "ClusterRoleBinding": tuple(f"rbac.authorization.k8s.io/{version}"
                                    for version in ("v1beta1", "v1alpha1", "v2")),
        "RoleBinding": ("rbac.authorization.k8s.io/v1beta1", "example.com/v1"),
        "MutatingWebhookConfiguration": tuple(
            f"admissionregistration.k8s.io/{version}" for version in ("v1beta1", "v1alpha1", "v2")),
        "ValidatingWebhookConfiguration": tuple(
            f"admissionregistration.k8s.io/{version}" for version in ("v1beta1", "v1alpha1", "v2")),
        "CustomResourceDefinition": (
            "apiextensions.k8s.io/v1beta1", "apiextensions.k8s.io/v2", "example.com/v1"),
        "Certificate": ("cert-manager.io/v1alpha2", "certmanager.k8s.io/v1alpha1", "example.com/v1",
                        "certificates.networking.internal.knative.dev/v1"),
        "Issuer": ("cert-manager.io/v1alpha3",),
        "Namespace": ("v2", "example.com/v1"),
    }  # fmt: skip
    for kind, values in versions.items():
        for value in values:
            yield f"{kind} of {value}", edited(COMPONENTS, kind, "apiVersion", value)
    for kind in versions:
        yield f"{kind} in lower case", edited(COMPONENTS, kind, "kind", kind.lower())
        yield f"{kind} with a space", edited(COMPONENTS, kind, "kind", f"{kind} ")
        yield f"{kind} left out", without(COMPONENTS, kind)


def _annotations() -> Iterator[tuple[str, str]]:
    values: dict[str, Any] = {
        "without namespace": "awesome-serving-cert",
        "leading slash": "/awesome-serving-cert",
        "trailing slash": "awesome-system/",
        "slash only": "/",
        "two slashes": "awesome-system/certificate/awesome-serving-cert",
        "empty": "",
        "space": "awesome-system / awesome-serving-cert",
        "comma": "awesome-system,awesome-serving-cert",
        "another namespace": "other-system/awesome-serving-cert",
        "an unknown certificate": "awesome-system/none",
        "variables": "${NS:=awesome-system}/awesome-serving-cert",
        "variable with a slash": "${CERTIFICATE:=a/b}",
        "kustomize placeholder": "CERTIFICATE_NAMESPACE/CERTIFICATE_NAME",
        "older kustomize placeholder": "$(CERTIFICATE_NAMESPACE)/$(CERTIFICATE_NAME)",
        "null": None,
        "int": 7,
        "list": ["a"],
    }
    key = "cert-manager.io/inject-ca-from"
    kinds = (
        "CustomResourceDefinition", "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration", "Deployment",
    )  # fmt: skip
    for kind in kinds:
        for name, value in values.items():
            yield (
                f"{kind} inject-ca-from {name}",
                edited(COMPONENTS, kind, "metadata annotations", {key: value}),
            )
    beside = {key: "wrong", "other": 7}
    yield (
        "wrong inject-ca-from beside an int annotation, CustomResourceDefinition",
        edited(COMPONENTS, kinds[0], "metadata annotations", beside),
    )
    other = {"certmanager.k8s.io/inject-ca-from": "wrong"}
    yield "old inject-ca-from wrong", edited(COMPONENTS, kinds[0], "metadata annotations", other)
    secret = {"cert-manager.io/inject-ca-from-secret": "wrong"}
    yield (
        "inject-ca-from-secret wrong",
        edited(COMPONENTS, kinds[0], "metadata annotations", secret),
    )


def _namespaces() -> Iterator[tuple[str, str]]:
    second = dump({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}})
    nameless = dump({"apiVersion": "v1", "kind": "Namespace", "metadata": {}})
    yield "two Namespaces", appended(COMPONENTS, second)
    yield "the same Namespace twice", appended(COMPONENTS, dump(document(COMPONENTS, "Namespace")))
    yield "second Namespace without name", appended(COMPONENTS, nameless)
    yield "first Namespace without name", f"{nameless}---\n{text(COMPONENTS)}"
    yield "Namespace in a List", without(COMPONENTS, "Namespace") + "---\n" + dump(
        {"apiVersion": "v1", "kind": "List", "items": [document(COMPONENTS, "Namespace")]}
    )  # fmt: skip
    yield "Namespace last", without(COMPONENTS, "Namespace") + f"---\n{second}"
    for name in (
        "Upper",
        "under_score",
        "a" * 64,
        "",
        "-a",
        "a.b",
        "${NS:=awesome-system}",
        "${NS}",
    ):
        shown = name if len(name) < 40 else f"of {len(name)} letters"
        yield f"Namespace name {shown!r}", edited(COMPONENTS, "Namespace", "metadata name", name)
    yield "other namespace of a Deployment", edited(
        COMPONENTS, "Deployment", "metadata namespace", "other"
    )  # fmt: skip
    yield "other namespace of a subject", edited(
        COMPONENTS, "ClusterRoleBinding", "subjects 0 namespace", "other"
    )  # fmt: skip


def _numbers() -> Iterator[tuple[str, str]]:
    fields: dict[str, tuple[Any, ...]] = {
        "spec replicas": ("1", "-1", 2**31, 2**63, 2**64, 1e3, 1.0, -1, "${REPLICAS}", "one"),
        f"{_CONTAINER} ports 0 containerPort": ("9443", 0, 70000, 9443.0, 9443.5),
        f"{_CONTAINER} readinessProbe httpGet port": ("9440", 9440.0, 9440.5, 2**31, "healthz", -1),
        f"{_CONTAINER} resources limits cpu": (
            1, 0.5, "0.5", "1 cpu", "", "500M", "1e3", "-1", "0x1", "100x"),
        f"{_CONTAINER} resources limits": ({"cpu": None}, {"gpus": "2"}, []),
        f"{_CONTAINER} securityContext runAsUser": ("65532", 65532.0, -1),
        f"{_CONTAINER} securityContext allowPrivilegeEscalation": ("false", "no", 0),
        f"{_CONTAINER} env 1 value": (0, False, 1.5, "", None),
        f"{_CONTAINER} imagePullPolicy": ("Sometimes", ""),
        "spec template spec volumes 0 secret defaultMode": ("0644", 0o644, 1000),
    }  # fmt: skip
    for path, values in fields.items():
        last = " ".join(path.split(" ")[-2:])
        for value in values:
            changed = edited(COMPONENTS, "Deployment", path, value)
            yield f"{last} {value!r}", changed


def _workloads() -> Iterator[tuple[str, str]]:
    def deployment(path: str, value: Any) -> str:
        return edited(COMPONENTS, "Deployment", path, value)

    pod = "spec template spec"
    yield "no container called manager", deployment(f"{_CONTAINER} name", "controller")
    yield "no containers", deployment(f"{pod} containers", [])
    yield "container without name", deployment(f"{_CONTAINER} name", REMOVED)
    yield "Containers in another case", deployment(f"{pod} Containers", [{"image": "short"}])
    yield "Image in another case", deployment(f"{_CONTAINER} Image", "short")
    yield "unknown field", deployment("spec unknown", 7)
    yield "unknown pod field", deployment(f"{pod} unknown", {"a": [1]})
    yield "null among the containers", deployment(f"{pod} containers 0", None)
    yield "null among the args", deployment(f"{_CONTAINER} args 0", None)
    yield "int among the args", deployment(f"{_CONTAINER} args 0", 7)
    yield "selector that does not match", deployment("spec selector matchLabels", {"a": "b"})
    yield "creationTimestamp null", deployment("metadata creationTimestamp", None)
    yield "creationTimestamp string", deployment("metadata creationTimestamp", "today")
    yield "creationTimestamp int", deployment("metadata creationTimestamp", 7)
    yield "creationTimestamp empty", deployment("metadata creationTimestamp", "")
    yield "status", deployment("status", {"replicas": 1})
    yield "status wrongly typed", deployment("status", {"replicas": "1"})
    yield (
        "ownerReferences wrongly typed",
        deployment("metadata ownerReferences", [{"controller": 1}]),
    )
    yield "finalizers null", deployment("metadata finalizers", None)
    yield "managedFields", deployment("metadata managedFields", [{"fieldsV1": {"a": {}}}])
    for name in ("Upper_Case", "", "a" * 260, "${NAME:=manager}", "a/b"):
        shown = name if len(name) < 40 else f"of {len(name)} letters"
        yield f"Deployment name {shown!r}", deployment("metadata name", name)
    for value in ("a b", "a" * 64, "-a", "ä", "a/b"):
        shown = value if len(value) < 40 else f"of {len(value)} letters"
        yield f"label value {shown!r}", deployment("metadata labels control-plane", value)
    yield "label key with two slashes", deployment("metadata labels", {"a/b/c": "d"})


def _definitions() -> Iterator[tuple[str, str]]:
    crd = "CustomResourceDefinition"
    schema = "spec versions 0 schema openAPIV3Schema"
    region = f"{schema} properties spec properties region"

    def old(target: dict[str, Any]) -> dict[str, Any]:
        service = target["spec"].pop("conversion")["webhook"]["clientConfig"]
        target["spec"]["conversion"] = {"strategy": "Webhook", "webhookClientConfig": service}
        return {**target, "apiVersion": "apiextensions.k8s.io/v1beta1"}

    yield "CRD of v1beta1 in its own form", rewritten(COMPONENTS, crd, old)
    for name in ("awesomecluster.infrastructure.cluster.x-k8s.io", "awesomeclusters", "Upper"):
        yield f"CRD name {name!r}", edited(COMPONENTS, crd, "metadata name", name)
    edits: dict[str, tuple[str, Any]] = {
        "plural of other letters": ("spec names plural", "awesomes"),
        "scope unknown": ("spec scope", "Everywhere"),
        "no versions": ("spec versions", []),
        "nothing stored": ("spec versions 0 storage", False),
        "version name": ("spec versions 0 name", "alpha"),
        "no schema": ("spec versions 0 schema", {}),
        "schema type unknown": (f"{schema} type", "thing"),
        "schema type list": (f"{region} type", ["string", "null"]),
        "items list": (f"{region} items", [{"type": "string"}]),
        "items bool": (f"{region} items", True),
        "items map": (f"{region} items", {"type": "string"}),
        "additionalProperties bool": (f"{region} additionalProperties", False),
        "additionalProperties string": (f"{region} additionalProperties", "no"),
        "additionalProperties int": (f"{region} additionalProperties", 7),
        "additionalProperties map wrongly typed": (f"{region} additionalProperties", {"type": 7}),
        "additionalProperties in another case": (f"{region} additionalProperties", {"Type": 7}),
        "dependencies list": (f"{region} dependencies", {"a": ["b"]}),
        "dependencies int": (f"{region} dependencies", {"a": 7}),
        "enum of mixed types": (f"{region} enum", ["a", 1, None, {"b": [2]}]),
        "enum string": (f"{region} enum", "a"),
        "default map": (f"{region} default", {"a": [1]}),
        "minLength string": (f"{region} minLength", "1"),
        "minLength float": (f"{region} minLength", 1.5),
        "maximum string": (f"{region} maximum", "1"),
        "maximum float": (f"{region} maximum", 1.5),
        "pattern bad": (f"{region} pattern", "("),
        "pattern int": (f"{region} pattern", 7),
        "nullable string": (f"{region} nullable", "true"),
        "required string": (f"{schema} required", "spec"),
        "preserve unknown string": (f"{schema} x-kubernetes-preserve-unknown-fields", "true"),
        "int-or-string": (f"{region} x-kubernetes-int-or-string", True),
        "validation rule without rule": (f"{schema} x-kubernetes-validations", [{"message": "a"}]),
        "validation rule bad": (f"{schema} x-kubernetes-validations", [{"rule": "self..a"}]),
        "description list": (f"{schema} description", ["a"]),
        "unknown key": (f"{schema} unknown", 7),
        "$ref": (f"{region} $ref", "#/definitions/a"),
        "status null": ("status", None),
        "status of old generators": (
            "status", {"acceptedNames": {"kind": "", "plural": ""}, "conditions": [],
                       "storedVersions": []}),
        "status wrongly typed": ("status", {"conditions": "none"}),
        "strategy unknown": ("spec conversion strategy", "Magic"),
        "caBundle": ("spec conversion webhook clientConfig caBundle", "Cg=="),
        "caBundle not base64": ("spec conversion webhook clientConfig caBundle", "!"),
        "caBundle empty": ("spec conversion webhook clientConfig caBundle", ""),
        "caBundle int": ("spec conversion webhook clientConfig caBundle", 7),
        "caBundle list": ("spec conversion webhook clientConfig caBundle", [1]),
        "url instead of service": ("spec conversion webhook clientConfig",
                                   {"url": "https://example.com"}),
        "contract label left out": ("metadata labels", {"cluster.x-k8s.io/provider": "x"}),
        "contract label of an unknown version": ("metadata labels cluster.x-k8s.io/v1beta1", "v9"),
        "contract label int": ("metadata labels cluster.x-k8s.io/v1beta1", 1),
    }  # fmt: skip
    for name, (path, value) in edits.items():
        yield f"CRD {name}", edited(COMPONENTS, crd, path, value)
    names: dict[str, Any] = {
        "map": {"a": "b"}, "string": "a.awesome-system.svc", "empty": [], "null": None,
        "with an int": ["a", 7], "with null": ["a", None], "with a map": [{"a": "b"}],
        "of another namespace": ["a.other.svc"],
    }  # fmt: skip
    for name, value in names.items():
        yield f"dnsNames {name}", edited(COMPONENTS, "Certificate", "spec dnsNames", value)
