"""Rules about webhooks, and the certificates that cert-manager makes for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from capirepo.core.components import dig
from capirepo.core.lint.crds import CRD
from capirepo.core.lint.model import is_open
from capirepo.core.lint.rules import By, error, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capirepo.core.lint.model import Candidate, Finding, Object

_INJECT: Final = "cert-manager.io/inject-ca-from"
_CONFIGURATIONS: Final = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
_CERTIFICATE_PARTS: Final = 2


@error(By.CLUSTERCTL)
def ca_injection_form(candidate: Candidate) -> Iterator[Finding]:
    """The annotation cert-manager.io/inject-ca-from is not NAMESPACE/CERTIFICATE.

    clusterctl puts the target namespace into it, and refuses what has not two parts. An example:
    cert-manager.io/inject-ca-from: awesome-system/awesome-serving-cert.
    """
    for item, given in _injections(candidate):
        if len(given.split("/")) != _CERTIFICATE_PARTS:
            yield item.finding(
                f"{_INJECT} is {given!r}; NAMESPACE/CERTIFICATE is expected",
                "metadata",
                "annotations",
                _INJECT,
            )


@warning
def ca_injection_certificate(candidate: Candidate) -> Iterator[Finding]:
    """The annotation cert-manager.io/inject-ca-from names a Certificate that is not there.

    cert-manager then never puts in a CA, and the API server cannot call the webhook.
    """
    certificates = {item.name for item in candidate.of_kind("Certificate")}
    for item, given in _injections(candidate):
        name = given.rpartition("/")[2]
        if "/" in given and name not in certificates and not is_open(name):
            there = ", ".join(sorted(certificates)) or "none"
            yield item.finding(
                f"{_INJECT} names the Certificate {name!r}; there is {there}",
                "metadata",
                "annotations",
                _INJECT,
            )


@warning
def webhook_service(candidate: Candidate) -> Iterator[Finding]:
    """A webhook calls a Service that is not in the release.

    Every request that the webhook is for then fails in the API server.
    """
    services = {item.name for item in candidate.of_kind("Service")}
    for item in candidate.of_kind(CRD, *_CONFIGURATIONS):
        for path, client in _clients(item):
            name = dig(client, "service", "name")
            if isinstance(name, str) and name not in services and not is_open(name):
                there = ", ".join(sorted(services)) or "none"
                yield item.finding(f"calls the Service {name!r}; there is {there}", *path)


@error(By.API_SERVER)
def webhook_version_gone(candidate: Candidate) -> Iterator[Finding]:
    """A webhook configuration or a CRD has the apiVersion v1beta1, gone since Kubernetes 1.22.

    clusterctl still reads it, and the API server knows no such kind. In v1 a webhook must say
    `sideEffects` and `admissionReviewVersions`, and a CRD has a schema for each version;
    `controller-gen` writes both.
    """
    for item in candidate.of_kind(CRD, *_CONFIGURATIONS):
        if item.version == "v1beta1":
            yield item.finding(f"has the apiVersion {item.api_version}", cure="move it to v1")


@error(By.CLUSTERCTL)
def certificate_names(candidate: Candidate) -> Iterator[Finding]:
    """The dnsNames of a Certificate are no list of texts; clusterctl changes them.

    It puts the target namespace into them, and ends with an error where it cannot. Right is a list:
    dnsNames: [awesome-webhook-service.awesome-system.svc].
    """
    for item in candidate.of_kind("Certificate"):
        spec = item.get("spec")
        if isinstance(spec, dict) and "dnsNames" not in spec:
            continue
        names = dig(spec, "dnsNames")
        listed = isinstance(names, list) and all(isinstance(name, str) for name in names)
        if "spec" in item.content and spec is not None and not listed:
            yield item.finding("dnsNames are no list of texts", "spec", "dnsNames")


def _injections(candidate: Candidate) -> Iterator[tuple[Object, str]]:
    for item in candidate.of_kind(CRD, *_CONFIGURATIONS):
        annotations = item.mapping("metadata", "annotations")
        given = annotations.get(_INJECT)
        if isinstance(given, str):
            yield item, given
        elif given is None and _INJECT in annotations:
            yield item, ""


def _clients(item: Object) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Where an object says how to call a webhook."""
    if item.kind == CRD:
        path: tuple[str | int, ...] = ("spec", "conversion", "webhook", "clientConfig")
        yield path, item.get(*path)
        return
    for index, webhook in enumerate(item.sequence("webhooks")):
        yield ("webhooks", index, "clientConfig"), dig(webhook, "clientConfig")
