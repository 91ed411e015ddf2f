"""The metrics of a server, as Prometheus reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.core import Metric

    from capirepo.proxy.certs import Certificates
    from capirepo.proxy.traffic import Traffic
    from capirepo.services.courier import Counts
    from capirepo.services.library import Library
    from capirepo.store.memory import BlobCache


class Numbers(Collector):
    """Reads the numbers where they are counted, when they are asked for."""

    def __init__(
        self,
        library: Library,
        traffic: Traffic,
        blobs: BlobCache,
        certificates: Certificates,
        fetched: Counts | None,
    ) -> None:
        self._library = library
        self._traffic = traffic
        self._blobs = blobs
        self._certificates = certificates
        self._fetched = fetched

    def collect(self) -> Iterator[Metric]:
        """All metrics of ours."""
        requests = CounterMetricFamily(
            "capirepo_requests", "Requests answered.", labels=["face", "status"]
        )
        for (face, status), count in sorted(self._traffic.requests.items()):
            requests.add_metric([face, str(status)], count)
        yield requests
        sent = CounterMetricFamily("capirepo_sent_bytes", "Bytes of bodies sent.", labels=["face"])
        for face, count in sorted(self._traffic.bytes_sent.items()):
            sent.add_metric([face], count)
        yield sent
        yield CounterMetricFamily(
            "capirepo_ready_answers",
            "Requests answered with bytes that were ready in memory.",
            self._traffic.from_memory,
        )
        yield GaugeMetricFamily("capirepo_labels", "Labels.", len(self._library.labels))
        yield GaugeMetricFamily("capirepo_releases", "Releases.", self._library.count)
        yield GaugeMetricFamily(
            "capirepo_memory_bytes", "Bytes of assets held in memory.", self._blobs.used
        )
        yield GaugeMetricFamily(
            "capirepo_leaves", "TLS certificates held in memory.", self._certificates.kept
        )
        yield from self._of_upstreams()

    def _of_upstreams(self) -> Iterator[Metric]:
        if (fetched := self._fetched) is None:
            return
        for name, meaning, count in (
            ("releases", "Releases fetched and listed.", fetched.releases),
            ("files", "Files fetched.", fetched.files),
            ("bytes", "Bytes of the files fetched.", fetched.size),
            (
                "refused",
                "Releases and files fetched that are no good, and not listed.",
                fetched.refused,
            ),
            ("failures", "Errands on which something could not be fetched.", fetched.failures),
        ):
            yield CounterMetricFamily(f"capirepo_upstream_{name}", meaning, count)


def renderer(numbers: Numbers) -> Callable[[], bytes]:
    """Makes the text of `/metrics`, with those of the process itself."""
    registry = CollectorRegistry()
    for collector in (numbers, PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
        registry.register(collector)
    return lambda: generate_latest(registry)
