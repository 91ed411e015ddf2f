"""For each rule of lint a release that breaks it, and its clean twin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.lint.base import CLUSTERCLASS, COMPONENTS, METADATA, TEMPLATE, TOPOLOGY, release
from tests.lint.case import CLEAN, Case, added, changed, left_out
from tests.lint.cases_objects import CRDS, IMAGES, OBJECTS, WEBHOOKS
from tests.support import metadata

if TYPE_CHECKING:
    from collections.abc import Mapping

_ISSUER: Final = "kind: Issuer\nmetadata:\n  name: awesome-selfsigned-issuer\n"
_KIND: Final = "kind: AwesomeCluster\nmetadata:\n"


def _series(*given: str) -> dict[str, bytes]:
    """The clean release with other release series: `0.2=v1beta1`."""
    return {**CLEAN, METADATA: metadata(*given).encode()}


_FILES = {
    "version-form": Case(files=CLEAN, version="0.2", file=""),
    "components-missing": Case(files=left_out(COMPONENTS), file=""),
    "metadata-missing": Case(files=left_out(METADATA), file=""),
    "file-empty": Case(files={**CLEAN, COMPONENTS: b"# nothing\n"}),
    "file-too-large": Case(files=added(COMPONENTS, f"# {'x' * 1024 * 1024}\n")),
    "file-name": Case(
        files={**CLEAN, "cluster_template.yaml": b"a: b\n"}, file="cluster_template.yaml"
    ),
    "yaml-invalid": Case(
        files=changed(COMPONENTS, (_ISSUER, "kind: [Issuer\nmetadata:\n")), at="metadata:"
    ),
    "yaml-hostile": Case(files=changed(COMPONENTS, (_ISSUER, f"kind: A\n{_ISSUER}")), at="kind: I"),
    "yaml-dropped": Case(
        files=changed(COMPONENTS, ("selfSigned: {}\n---\n", "selfSigned: {}\n...\n")),
        at="apiVersion: cert-manager.io/v1",
    ),
    "yaml-not-object": Case(files=added(COMPONENTS, "---\n- listed\n"), at="- listed"),
    "variable-form": Case(
        files=changed(COMPONENTS, ("${AWESOME_LOG_LEVEL:=0}", "${AWESOME_LOG_LEVEL-0}")),
        at="- --v=${AWESOME_LOG_LEVEL-0}",
    ),
    "variable-required": Case(files=release({})),
    "variable-lines": Case(
        files=changed(
            COMPONENTS, ("${AWESOME_LOG_LEVEL:=0}", "${AWESOME_LOG_LEVEL:=0\n          1}")
        ),
        at="- --v=${AWESOME_LOG_LEVEL:=0",
    ),
    "variable-raw": Case(
        files=changed(COMPONENTS, ("replicas: 1", "replicas: ${AWESOME_REPLICAS:=1}")),
        at="replicas: ${AWESOME_REPLICAS:=1}",
        object="Deployment awesome-controller-manager",
        document=12,
        twin=changed(COMPONENTS, ("value: 'true'", "value: ${AWESOME_VERBOSE:=loud}")),
    ),
}
_METADATA = {
    "metadata-api-version": Case(
        files=changed(METADATA, ("v1alpha3", "v1beta1")), file=METADATA, at="apiVersion:"
    ),
    "metadata-kind": Case(
        files=changed(METADATA, ("kind: Metadata", "kind: Provider")), file=METADATA, at="kind:"
    ),
    "metadata-series-empty": Case(
        files=changed(METADATA, ("releaseSeries", "ReleaseSeries")),
        file=METADATA,
        at="apiVersion:",
    ),
    "metadata-types": Case(
        files=changed(METADATA, ("minor: 1", "minor: '1'")), file=METADATA, at="- major: 0"
    ),
    "metadata-documents": Case(
        files=added(METADATA, "---\na: b\n"), file=METADATA, at="apiVersion:"
    ),
    "metadata-no-series": Case(
        files=_series("0.1=v1beta1", "0.0=v1alpha4"), file=METADATA, at="releaseSeries:"
    ),
    "metadata-contract": Case(
        files=changed(METADATA, ("v1beta1", "v1beta9")), file=METADATA, at="contract: v1beta9"
    ),
    "metadata-contract-unknown": Case(
        files=changed(METADATA, ("v1alpha4", "v2alpha4")), file=METADATA, at="contract: v2alpha4"
    ),
    "metadata-series-duplicate": Case(
        files=added(METADATA, "- {major: 0, minor: 0, contract: v1alpha4}\n"),
        file=METADATA,
        at="- {major: 0, minor: 0",
    ),
    "metadata-series-order": Case(
        files=_series("0.1=v1beta1", "0.0=v1alpha4", "0.2=v1beta1"),
        file=METADATA,
        at="releaseSeries:",
    ),
    "metadata-series-above": Case(
        files=_series("0.3=v1beta1", "0.2=v1beta1"), file=METADATA, at="- major: 0"
    ),
}
_TEMPLATES = {
    "template-empty": Case(files={**CLEAN, TEMPLATE: b"# nothing\n"}, file=TEMPLATE),
    "template-without-cluster": Case(
        files=changed(TEMPLATE, ("kind: Cluster\n", "kind: MachinePool\n")), file=TEMPLATE
    ),
    "template-object-incomplete": Case(
        files=changed(TEMPLATE, (f"{_KIND}  name: ${{CLUSTER_NAME}}\n", _KIND)),
        file=TEMPLATE,
        at="apiVersion: infrastructure.cluster.x-k8s.io/v1alpha1",
        object="AwesomeCluster (no name)",
        document=2,
    ),
    "template-version": Case(
        files=changed(TEMPLATE, (f"v1alpha1\n{_KIND}", f"v1beta1\n{_KIND}")),
        file=TEMPLATE,
        at="apiVersion: infrastructure.cluster.x-k8s.io/v1beta1",
        object="AwesomeCluster ${CLUSTER_NAME}",
        document=2,
    ),
    "template-kind": Case(
        files=changed(TEMPLATE, (_KIND, _KIND.replace("Awesome", "Awsome"))),
        file=TEMPLATE,
        at="kind: AwsomeCluster",
        object="AwsomeCluster ${CLUSTER_NAME}",
        document=2,
    ),
    "template-class": Case(
        files=changed(TOPOLOGY, ("class: quick-start", "class: quicker-start")),
        file=TOPOLOGY,
        at="class: quicker-start",
        object="Cluster ${CLUSTER_NAME}",
        document=1,
    ),
    "clusterclass-name": Case(
        files=changed(CLUSTERCLASS, ("name: quick-start\n", "name: slow-start\n")),
        file=CLUSTERCLASS,
    ),
}  # fmt: skip

CASES: Final[Mapping[str, Case]] = {
    **_FILES, **_METADATA, **OBJECTS, **IMAGES, **CRDS, **WEBHOOKS, **_TEMPLATES
}  # fmt: skip
