"""Mutants of fields: each important one is removed, null, and of every wrong type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.lint.base import COMPONENTS, REMOVED, Mutant, document, edited, release

if TYPE_CHECKING:
    from collections.abc import Iterator

_STRING, _INT, _FLOAT, _BOOL, _LIST, _MAP = "text", 7, 1.5, True, ["text"], {"key": "text"}
# What may stand in the place of a value, by its type.
_INSTEAD: Final[dict[type, tuple[Any, ...]]] = {
    str: (REMOVED, None, _INT, _BOOL, _LIST),
    int: (REMOVED, None, _STRING, _FLOAT, _BOOL),
    float: (REMOVED, None, _STRING, _BOOL),
    bool: (REMOVED, None, _STRING, _INT),
    list: (REMOVED, None, _STRING, _MAP),
    dict: (REMOVED, None, _STRING, _LIST),
}
_HEAD = ("apiVersion", "metadata", "metadata name")
_META = (
    "apiVersion", "kind", "metadata", "metadata name", "metadata labels",
    "metadata labels cluster.x-k8s.io/provider",
)  # fmt: skip
_WEBHOOK = (
    "webhooks", "webhooks 0", "webhooks 0 name", "webhooks 0 admissionReviewVersions",
    "webhooks 0 admissionReviewVersions 0", "webhooks 0 clientConfig",
    "webhooks 0 clientConfig service", "webhooks 0 clientConfig service name",
    "webhooks 0 clientConfig service path", "webhooks 0 failurePolicy",
    "webhooks 0 timeoutSeconds", "webhooks 0 rules", "webhooks 0 rules 0 operations",
)  # fmt: skip
_BINDING = (
    "roleRef", "roleRef apiGroup", "roleRef name", "subjects", "subjects 0", "subjects 0 kind",
    "subjects 0 namespace",
)  # fmt: skip
_POD = "spec template spec containers 0"
_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "Deployment": (
        *_META, "metadata namespace", "spec", "spec replicas", "spec selector",
        "spec selector matchLabels", "spec template", "spec template metadata labels",
        "spec template spec", "spec template spec serviceAccountName",
        "spec template spec terminationGracePeriodSeconds", "spec template spec initContainers",
        "spec template spec containers", _POD, f"{_POD} name", f"{_POD} image", f"{_POD} command",
        f"{_POD} args", f"{_POD} args 0", f"{_POD} env 1", f"{_POD} env 1 value",
        f"{_POD} ports 0 containerPort", f"{_POD} resources", f"{_POD} resources limits cpu",
        f"{_POD} resources requests memory", f"{_POD} readinessProbe httpGet port",
        f"{_POD} readinessProbe periodSeconds", f"{_POD} securityContext runAsUser",
        f"{_POD} securityContext allowPrivilegeEscalation", f"{_POD} volumeMounts 0 readOnly",
        "spec template spec volumes 0 secret defaultMode",
    ),
    "DaemonSet": (
        "apiVersion", "spec", "spec template", "spec template spec",
        "spec template spec hostNetwork", "spec template spec containers", f"{_POD} image",
    ),
    "ClusterRoleBinding": (*_HEAD, *_BINDING),
    "RoleBinding": (*_HEAD, "metadata namespace", *_BINDING),
    "MutatingWebhookConfiguration": (*_HEAD, "metadata annotations", *_WEBHOOK),
    "ValidatingWebhookConfiguration": (
        "metadata name", "metadata annotations", *_WEBHOOK[:2], "webhooks 0 clientConfig service",
        "webhooks 0 timeoutSeconds",
    ),
    "CustomResourceDefinition": (
        *_META, "metadata annotations", "spec", "spec group", "spec names", "spec names kind",
        "spec names shortNames", "spec scope", "spec preserveUnknownFields", "spec conversion",
        "spec conversion strategy", "spec conversion webhook",
        "spec conversion webhook conversionReviewVersions",
        "spec conversion webhook clientConfig", "spec conversion webhook clientConfig service",
        "spec conversion webhook clientConfig service port", "spec versions", "spec versions 0",
        "spec versions 0 name", "spec versions 0 served", "spec versions 0 schema",
        "spec versions 0 subresources", "spec versions 0 subresources status",
        "spec versions 0 additionalPrinterColumns 0 priority",
        "spec versions 0 schema openAPIV3Schema",
        "spec versions 0 schema openAPIV3Schema type",
        "spec versions 0 schema openAPIV3Schema required",
        "spec versions 0 schema openAPIV3Schema properties",
        "spec versions 0 schema openAPIV3Schema properties spec properties region minLength",
        "spec versions 0 schema openAPIV3Schema properties spec properties region default",
        "spec versions 0 schema openAPIV3Schema properties spec properties region",
    ),
    "Certificate": (
        *_META, "metadata namespace", "spec", "spec dnsNames", "spec dnsNames 0", "spec issuerRef",
        "spec secretName",
    ),
    "Namespace": _META,
    "Service": (*_HEAD, "metadata namespace", "spec", "spec ports"),
    "ServiceAccount": _HEAD,
    "Role": (*_HEAD, "rules"),
    "ClusterRole": (*_HEAD, "rules"),
    "Issuer": (*_HEAD, "spec"),
}  # fmt: skip


def mutants() -> Iterator[Mutant]:
    """All of them."""
    for kind, paths in _FIELDS.items():
        for path in paths:
            for name, content in _of_field(kind, path):
                files = release({COMPONENTS: content})
                yield Mutant(name=f"field/{kind} {path}: {name}", files=files)


def _of_field(kind: str, path: str) -> Iterator[tuple[str, str]]:
    for value in _INSTEAD[type(_value(kind, path))]:
        name = "null" if value is None else type(value).__name__
        name = "removed" if value is REMOVED else name
        yield name, edited(COMPONENTS, kind, path, value)


def _value(kind: str, path: str) -> Any:
    value: Any = document(COMPONENTS, kind)
    for step in path.split(" "):
        value = value[int(step) if isinstance(value, list) else step]
    return value
