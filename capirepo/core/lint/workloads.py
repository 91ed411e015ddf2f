"""Rules about Deployments and DaemonSets that only the API server checks."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from capirepo.core.components import WORKLOADS, dig
from capirepo.core.lint.model import is_open
from capirepo.core.lint.rules import By, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capirepo.core.lint.model import Candidate, Finding

_TEMPLATE_LABELS: Final = ("spec", "template", "metadata", "labels")


@error(By.API_SERVER)
def workload_selector(candidate: Candidate) -> Iterator[Finding]:
    """The selector of a Deployment is missing, or does not select its own Pods.

    Every label of spec.selector.matchLabels stands, with the same value, in
    spec.template.metadata.labels. Most often one of the two was renamed; kustomize's commonLabels
    keep them together. clusterctl does not look, and `init` ends halfway.

    Wrong:

        selector: {matchLabels: {app: awesome}}
        template: {metadata: {labels: {app: other}}}

    Right:

        selector: {matchLabels: {app: awesome}}
        template: {metadata: {labels: {app: awesome}}}
    """
    for item in candidate.of_kind(*WORKLOADS):
        selector = item.mapping("spec", "selector")
        wanted = item.mapping("spec", "selector", "matchLabels")
        given = item.mapping(*_TEMPLATE_LABELS)
        if not wanted and not selector.get("matchExpressions"):
            yield item.finding("has no selector", "spec", "selector")
        for key, value in wanted.items():
            if given.get(key) != value and not is_open(value) and not is_open(given.get(key)):
                there = f"have {given[key]!r}" if key in given else "have no such label"
                yield item.finding(
                    f"selects Pods with {key}: {value!r}; its own {there}",
                    *("spec", "selector", "matchLabels", key),
                )


@error(By.API_SERVER)
def workload_containers(candidate: Candidate) -> Iterator[Finding]:
    """A Deployment has no containers, or one without a name, or two of one name.

    clusterctl does not look, and `init` ends halfway. Most often a kustomize patch names a
    container that is called otherwise in the base, and so adds one instead of changing it.
    """
    for item in candidate.of_kind(*WORKLOADS):
        path = ("spec", "template", "spec", "containers")
        names = [dig(container, "name") for container in item.sequence(*path)]
        if not names:
            yield item.finding("has no containers", *path)
        for index, name in enumerate(names):
            if not name:
                yield item.finding("has a container without a name", *path, index)
        for name, times in Counter(map(str, filter(None, names))).items():
            if times > 1:
                yield item.finding(f"has {times} containers {name!r}", *path)
