"""For each rule about objects a release that breaks it."""

from __future__ import annotations

from typing import Final

from tests.lint.base import COMPONENTS, LABEL
from tests.lint.case import CLEAN, Case, added, changed

_GROUP: Final = "infrastructure.cluster.x-k8s.io"
_AGGREGATE: Final = "    cluster.x-k8s.io/aggregate-to-manager: 'true'\n"
_ISSUER: Final = "kind: Issuer\nmetadata:\n  name: awesome-selfsigned-issuer\n"
_IN_NAMESPACE: Final = f"{_ISSUER}  namespace: awesome-system\n"
_SIDECAR: Final = "      - name: sidecar\n        image: registry.example.com/sidecar:v1\n"


def _other_group(*, covered: bool) -> dict[str, bytes]:
    """A provider whose CRDs are in a group that Cluster API does not know."""
    files = {name: data.replace(_GROUP.encode(), b"example.com") for name, data in CLEAN.items()}
    if not covered:
        files[COMPONENTS] = files[COMPONENTS].replace(_AGGREGATE.encode(), b"")
    return files


def _namespaces(*names: str) -> dict[str, bytes]:
    """The clean release with other Namespaces in place of its own."""
    _, _, rest = CLEAN[COMPONENTS].decode().partition("---\n")
    parts = [
        f"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n"
        f"  labels: {{cluster.x-k8s.io/provider: {LABEL}}}\n"
        for name in names
    ]
    return {**CLEAN, COMPONENTS: "---\n".join((*parts, rest)).encode()}


def _without_crds() -> dict[str, bytes]:
    parts = CLEAN[COMPONENTS].decode().split("---\n")
    kept = [part for part in parts if "kind: CustomResourceDefinition\n" not in part]
    assert 0 < len(kept) < len(parts)
    return {**CLEAN, COMPONENTS: "---\n".join(kept).encode()}


OBJECTS: Final = {
    "object-types": Case(
        files=changed(COMPONENTS, ("containerPort: 9443", "containerPort: https")),
        at="containerPort: https",
        object="Deployment awesome-controller-manager",
        document=12,
    ),
    "object-api-version": Case(
        files=changed(COMPONENTS, ("apps/v1\nkind: Dep", "apps/v1beta1\nkind: Dep")),
        at="apiVersion: apps/v1beta1",
        object="Deployment awesome-controller-manager",
        document=12,
    ),
    "object-incomplete": Case(
        files=changed(COMPONENTS, (_ISSUER, "kind: Issuer\nmetadata:\n")),
        at="apiVersion: cert-manager.io/v1",
        object="Issuer (no name)",
        document=14,
    ),
    "object-name": Case(
        files=changed(COMPONENTS, (_ISSUER, _ISSUER.replace("-selfsigned", "_selfsigned"))),
        at="name: awesome_selfsigned-issuer",
        object="Issuer awesome_selfsigned-issuer",
        document=14,
    ),
    "object-list": Case(
        files=added(
            COMPONENTS,
            f"---\napiVersion: v1\nkind: List\nmetadata: {{name: a, namespace: awesome-system,\n"
            f"  labels: {{cluster.x-k8s.io/provider: {LABEL}}}}}\nitems: []\n",
        ),
        at="apiVersion: v1",
        object="List a",
        document=18,
    ),
    "namespace-many": Case(
        files=_namespaces("awesome-system", "more-system"),
        at="apiVersion: v1",
        object="Namespace more-system",
        document=2,
    ),
    "namespace-missing": Case(files=_namespaces()),
    "object-namespace": Case(
        files=changed(
            COMPONENTS,
            (f"{_ISSUER}  namespace: awesome-system", f"{_ISSUER}  namespace: kube-system"),
        ),
        at="namespace: kube-system",
        object="Issuer awesome-selfsigned-issuer",
        document=14,
    ),
    "object-duplicate": Case(
        files=added(
            COMPONENTS,
            "---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: awesome-manager\n"
            f"  namespace: awesome-system\n  labels: {{cluster.x-k8s.io/provider: {LABEL}}}\n",
        ),
        at="apiVersion: v1",
        object="ServiceAccount awesome-manager",
        document=18,
    ),
    "label-provider": Case(
        files=changed(
            COMPONENTS,
            (
                f"{_IN_NAMESPACE}  labels:\n    cluster.x-k8s.io/provider: {LABEL}\n",
                _IN_NAMESPACE,
            ),
        ),
        at="apiVersion: cert-manager.io/v1",
        object="Issuer awesome-selfsigned-issuer",
        document=14,
    ),
    "object-labels": Case(
        files=changed(COMPONENTS, ("control-plane: controller-manager", "control-plane: true")),
        at="control-plane: true",
        object="Namespace awesome-system",
        document=1,
    ),
    "workload-selector": Case(
        files=changed(
            COMPONENTS, ("matchLabels:\n      app: awesome", "matchLabels:\n      app: other")
        ),
        at="app: other",
        object="DaemonSet awesome-node-agent",
        document=13,
    ),
    "workload-containers": Case(
        files=changed(
            COMPONENTS,
            (
                "      containers:\n      - name: agent\n",
                "      containers:\n      - {name: agent, ",
            ),
            ("image: registry.example.com/awesome/agent:v0.2.0", "image: r.example.com/a:v1}\n"),
            ("r.example.com/a:v1}\n", "r.example.com/a:v1}\n" + _SIDECAR + _SIDECAR),
        ),
        at="containers:",
        object="DaemonSet awesome-node-agent",
        document=13,
    ),
}
IMAGES: Final = {
    "image-form": Case(
        files=changed(COMPONENTS, ("registry.example.com/awesome/manager", "awesome/manager")),
        at="image: awesome/manager:v0.2.0",
        object="Deployment awesome-controller-manager",
        document=12,
    ),
    "image-latest": Case(
        files=changed(COMPONENTS, ("agent:v0.2.0", "agent:latest")),
        at="image: registry.example.com/awesome/agent:latest",
        object="DaemonSet awesome-node-agent",
        document=13,
    ),
    "image-tag": Case(
        files=changed(COMPONENTS, ("manager:v0.2.0", "manager:v0.1.9")),
        at="image: registry.example.com/awesome/manager:v0.1.9",
        object="Deployment awesome-controller-manager",
        document=12,
    ),
    "manager-missing": Case(files=changed(COMPONENTS, ("- name: manager", "- name: controller"))),
}
CRDS: Final = {
    "crd-missing": Case(files=_without_crds()),
    "crd-name": Case(
        files=changed(COMPONENTS, ("plural: awesomeclusters", "plural: awesomeclusterz")),
        at="name: awesomeclusters",
        object=f"CustomResourceDefinition awesomeclusters.{_GROUP}",
        document=2,
    ),
    "crd-contract-name": Case(
        files=changed(
            COMPONENTS,
            (f"name: awesomeclusters.{_GROUP}", f"name: awcs.{_GROUP}"),
            ("plural: awesomeclusters", "plural: awcs"),
        ),
        at=f"name: awcs.{_GROUP}",
        object=f"CustomResourceDefinition awcs.{_GROUP}",
        document=2,
    ),
    "crd-versions": Case(
        files=changed(COMPONENTS, ("storage: true", "storage: false")),
        at="versions:",
        object=f"CustomResourceDefinition awesomeclusters.{_GROUP}",
        document=2,
    ),
    "crd-contract-label": Case(
        files=changed(COMPONENTS, ("    cluster.x-k8s.io/v1beta1: v1alpha1\n", "")),
        at="labels:",
        object=f"CustomResourceDefinition awesomeclusters.{_GROUP}",
        document=2,
    ),
    "crd-contract-version": Case(
        files=changed(COMPONENTS, ("v1beta1: v1alpha1", "v1beta1: v1alpha1_v1alpha2")),
        at="cluster.x-k8s.io/v1beta1: v1alpha1_v1alpha2",
        object=f"CustomResourceDefinition awesomeclusters.{_GROUP}",
        document=2,
    ),
    "rbac-aggregation": Case(
        files=_other_group(covered=False),
        at="apiVersion: apiextensions.k8s.io/v1",
        object="CustomResourceDefinition awesomeclustertemplates.example.com",
        document=5,
        twin=_other_group(covered=True),
    ),
}
_INJECT: Final = "cert-manager.io/inject-ca-from: awesome-system/awesome-serving-cert"
WEBHOOKS: Final = {
    "ca-injection-form": Case(
        files=changed(COMPONENTS, (_INJECT, "cert-manager.io/inject-ca-from: awesome")),
        at="cert-manager.io/inject-ca-from: awesome",
        object=f"CustomResourceDefinition awesomeclusters.{_GROUP}",
        document=2,
    ),
    "ca-injection-certificate": Case(
        files=changed(COMPONENTS, (_INJECT, f"{_INJECT}ificate")),
        at=f"{_INJECT}ificate",
        object=f"CustomResourceDefinition awesomeclusters.{_GROUP}",
        document=2,
    ),
    "webhook-service": Case(
        files=changed(COMPONENTS, ("name: awesome-webhook-service", "name: awesome-webhooks")),
        at="clientConfig:",
        object=f"CustomResourceDefinition awesomeclusters.{_GROUP}",
        document=2,
    ),
    "webhook-version-gone": Case(
        files=changed(
            COMPONENTS, ("apiVersion: admissionregistration.k8s.io/v1\nkind: Mut",
                         "apiVersion: admissionregistration.k8s.io/v1beta1\nkind: Mut")
        ),
        at="apiVersion: admissionregistration.k8s.io/v1beta1",
        object="MutatingWebhookConfiguration awesome-mutating-webhook-configuration",
        document=16,
    ),
    "certificate-names": Case(
        files=changed(
            COMPONENTS,
            ("dnsNames:\n  - awesome-webhook-service.awesome-system.svc\n", "dnsNames:\n  - 8\n"),
        ),
        at="dnsNames:",
        object="Certificate awesome-serving-cert",
        document=15,
    ),
}  # fmt: skip
