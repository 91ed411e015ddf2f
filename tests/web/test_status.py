from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from tests.support import Served


async def test_a_server_that_answers_is_healthy_and_ready(server: Served) -> None:
    assert (await server.get("/healthz"))[0] == 200
    assert (await server.get("/readyz"))[0] == 200


async def test_a_repository_that_cannot_be_listed_is_not_ready_but_serves_what_it_knows(
    server: Served,
) -> None:
    path = "/infrastructure-awesome/v0.1.0/metadata.yaml"
    assert (await server.get(path))[0] == 200
    shutil.move(server.root, server.root.with_name("away"))
    server.running.watch.look_soon()
    await server.until("/readyz", 503)
    assert (await server.get("/healthz"))[0] == 200
    assert (await server.get(path))[0] == 200
    shutil.move(server.root.with_name("away"), server.root)
    server.running.watch.look_soon()
    await server.until("/readyz", 200)


async def test_metrics_are_read_by_prometheus_and_count_each_face(server: Served) -> None:
    await server.get("/infrastructure-awesome/v0.1.0/metadata.yaml")
    await server.get("/infrastructure-awesome/v0.1.0/metadata.yaml")
    await server.get("/infrastructure-awesome/v9.0.0/metadata.yaml")
    _, _, body = await server.get("/metrics")
    families = {one.name: one for one in text_string_to_metric_families(body.decode())}
    counted = {
        (sample.labels["face"], sample.labels["status"]): sample.value
        for sample in families["capirepo_requests"].samples
    }
    assert counted["tree", "200"] == 2
    assert counted["tree", "404"] == 1
    assert families["capirepo_releases"].samples[0].value == 4
    assert families["capirepo_ready_answers"].samples[0].value == 1
    assert "process_resident_memory_bytes" in families
