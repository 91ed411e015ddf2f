"""A server in cache mode, asked over sockets, whose upstream does what upstreams should not."""

from __future__ import annotations

import asyncio
import functools
import json
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from capirepo import mirroring
from capirepo.upstream.http import Http, Limits
from tests.support import Served, add_release, components, metadata, served
from tests.upstream.bad import Bad, answer, bad_server, chunked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LABEL = "infrastructure-awesome"
OTHER = "ipam-other"
SOURCE = "awesome-org/awesome"
TREE = f"/{LABEL}/v0.1.0"
COMPONENTS = f"{TREE}/infrastructure-components.yaml"
METADATA = f"{TREE}/metadata.yaml"
HELD = f"/{LABEL}/v0.0.1/metadata.yaml"
FILES = {
    "infrastructure-components.yaml": components().encode(),
    "metadata.yaml": metadata("0.1=v1beta1").encode(),
}


@dataclass
class Cache:
    """A server, and its upstream."""

    server: Served
    up: Bad

    def fetched(self, path: str) -> int:
        """How often upstream was asked for a file."""
        return sum(head.startswith("GET ") for head in self.up.asks_of(path))

    async def reached(self, path: str) -> None:
        """Waits until upstream has been asked for a file."""
        async with asyncio.timeout(20):
            while not self.fetched(path):
                await asyncio.sleep(0.01)  # between two looks at what comes over a socket

    @property
    def kept(self) -> list[str]:
        """What is in ROOT of the version that upstream has."""
        return sorted(path.name for path in (self.server.root / TREE[1:]).glob("*"))


def offer(up: Bad, label: str = LABEL, version: str = "v0.1.0", **files: bytes) -> None:
    """Has upstream publish a release."""
    up.replies[f"/{label}/versions"] = [answer(f"{version}\n".encode())]
    kind = label.partition("-")[0]
    given = {name.replace("infrastructure", kind): data for name, data in FILES.items()} | files
    for name, data in given.items():
        up.replies[f"/{label}/{version}/{name}"] = [answer(data)]


@pytest.fixture
async def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cache]:
    """A server with one release of its own, whose upstream has one more; nobody waits long."""
    limits = Limits(answer=1.0, tries=2, patience=0.0)
    quick = functools.partial(Http, limits=limits, sleep=lambda _: asyncio.sleep(0))
    monkeypatch.setattr(mirroring, "Http", quick)
    root = tmp_path / "root"
    add_release(root, LABEL, "v0.0.1")
    async with bad_server() as up:
        offer(up)
        offer(up, OTHER)
        address = f"http://127.0.0.1:{up.port}"
        settings = {
            "sources": {LABEL: SOURCE},
            "upstream": {"mode": "cache"},
            "mirror": [{"providers": [LABEL, OTHER], "upstream": address}],
        }
        (root / "capirepo.yaml").write_text(yaml.safe_dump(settings))
        async with served(root) as server:
            yield Cache(server, up)


# Every face


ASSETS = [
    METADATA,
    f"/{SOURCE}/releases/download/v0.1.0/metadata.yaml",
    f"/api/v4/projects/1/packages/generic/{LABEL}/v0.1.0/metadata.yaml",
]


@pytest.mark.parametrize("path", ASSETS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_every_face_fetches_what_is_not_here(cache: Cache, path: str, method: str) -> None:
    async with cache.server.http.request(method, cache.server.url + path) as got:
        assert got.status == 200
        assert int(got.headers["Content-Length"]) == len(FILES["metadata.yaml"])
    assert cache.kept == sorted(FILES)
    assert (await cache.server.get(path))[2] == FILES["metadata.yaml"]
    assert cache.fetched(METADATA) == 1


@pytest.mark.parametrize(
    ("path", "target"),
    [
        (f"/{LABEL}/latest/metadata.yaml", METADATA),
        (f"/{LABEL}/latest/", f"{TREE}/"),
        (
            f"/{SOURCE}/releases/latest/download/metadata.yaml",
            f"/{SOURCE}/releases/download/v0.1.0/metadata.yaml",
        ),
    ],
)
async def test_latest_leads_to_what_upstream_has(cache: Cache, path: str, target: str) -> None:
    status, headers, _ = await cache.server.get(path)
    assert (status, headers["Location"]) == (302, target)
    assert cache.kept == sorted(FILES)


async def test_version_lists_are_merged_and_never_kept_ready(cache: Cache) -> None:
    path = f"/github.com/{SOURCE}/@v/list"
    for _ in range(3):
        assert (await cache.server.get(path))[2] == b"v0.1.0\nv0.0.1\n"
    assert [one["tag_name"] for one in await cache.server.json(f"/repos/{SOURCE}/releases")] == [
        "v0.1.0",
        "v0.0.1",
    ]
    assert await ready(cache) == 0
    for _ in range(3):
        assert (await cache.server.get(HELD))[0] == 200
    assert await ready(cache) == 2
    assert len(cache.up.asks_of(f"/{LABEL}/versions")) == 1


async def ready(cache: Cache) -> int:
    text = (await cache.server.get("/metrics"))[2].decode()
    found = re.search(r"^capirepo_ready_answers_total (\d+)", text, re.MULTILINE)
    assert found is not None
    return int(found[1])


async def test_the_rest_api_reads_a_release_that_is_not_here(cache: Cache) -> None:
    release = await cache.server.json(f"/repos/{SOURCE}/releases/tags/v0.1.0")
    assert {one["name"] for one in release["assets"]} == FILES.keys()
    (number,) = (one["id"] for one in release["assets"] if one["name"] == "metadata.yaml")
    path = f"/repos/{SOURCE}/releases/assets/{number}"
    got = await cache.server.get(path, headers={"Accept": "application/octet-stream"})
    assert got[2] == FILES["metadata.yaml"]
    newest = await cache.server.json(f"/repos/{SOURCE}/releases/latest")
    assert newest["tag_name"] == "v0.1.0"


async def test_a_clusterctl_yaml_names_a_private_provider_that_is_still_to_be_fetched(
    cache: Cache,
) -> None:
    content = yaml.safe_load((await cache.server.get("/clusterctl.yaml"))[2])
    assert {one["name"] for one in content["providers"]} == {"awesome", "other"}


async def test_the_metrics_count_what_is_fetched_and_what_fails(cache: Cache) -> None:
    cache.up.replies[f"/{OTHER}/v0.1.0/metadata.yaml"] = [answer(length=10**6)]
    await cache.server.get(METADATA)
    await cache.server.get(f"/{OTHER}/v0.1.0/metadata.yaml")
    text = (await cache.server.get("/metrics"))[2].decode()
    for name, count in (("releases", 1.0), ("files", 3.0), ("failures", 1.0)):
        assert f"capirepo_upstream_{name}_total {count}" in text


# What is absent


@pytest.mark.parametrize(
    "path",
    [
        f"/{LABEL}/v0.9.0/metadata.yaml",
        f"{TREE}/cluster-template-odd.yaml",
        f"{TREE}/other.yaml",
        "/infrastructure-nobody/v0.1.0/metadata.yaml",
        f"/{SOURCE}/releases/download/v0.9.0/metadata.yaml",
        "/evil/evil/releases/download/v0.1.0/metadata.yaml",
        "/github.com/evil/evil/@v/list",
        "/repos/evil/evil/releases/tags/v0.1.0",
    ],
)
async def test_what_upstream_has_not_is_404(cache: Cache, path: str) -> None:
    assert (await cache.server.get(path))[0] == 404
    asked = len(cache.up.asked)
    assert (await cache.server.get(path))[0] == 404
    assert len(cache.up.asked) == asked


async def test_queries_and_headers_make_no_other_file_of_one(cache: Cache) -> None:
    for number in range(20):
        headers = {"X-Forwarded-Host": f"h{number}", "Accept-Language": f"l{number}"}
        got = await cache.server.get(f"{METADATA}?x={number}", headers=headers)
        assert got[2] == FILES["metadata.yaml"]
    assert cache.fetched(METADATA) == 1
    for number in range(20):
        await cache.server.get(f"{TREE}/cluster-template-a.yaml?x={number}")
    assert len(cache.up.asks_of(f"{TREE}/cluster-template-a.yaml")) == 1


async def test_a_release_with_an_error_is_404_with_the_reason(cache: Cache) -> None:
    cache.up.replies[COMPONENTS] = [answer(b"a: [\n")]
    status, _, body = await cache.server.get(METADATA)
    assert status == 404
    assert b"kept aside" in body
    assert not cache.kept
    assert (await cache.server.get(f"/github.com/{SOURCE}/@v/list"))[2] == b"v0.0.1\n"


async def test_what_upstream_changes_afterwards_stays_as_it_is_here(cache: Cache) -> None:
    await cache.server.get(METADATA)
    cache.up.replies[METADATA] = [answer(b"something else")]
    assert (await cache.server.get(METADATA))[2] == FILES["metadata.yaml"]
    assert cache.fetched(METADATA) == 1


# What upstream does wrong


BROKEN = {
    "shorter than stated": answer(b"short", length=10**6),
    "an empty file": answer(b""),
    "chunks without an end": chunked(end=b""),
    "a chunk that is none": chunked(end=b"zz\r\n"),
    "no end but the connection's": answer(length=None),
    "gzip that nobody asked for": answer(b"\x1f\x8b", "Content-Encoding: gzip"),
    "another digest": answer(b"body", f"X-Checksum-Sha256: {'0' * 64}"),
    "a login page": answer(b"<!DOCTYPE html><html>log in</html>", "Content-Type: text/html"),
    "a page that does not say so": answer(b"<!DOCTYPE html><html>log in</html>"),
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "nothing": b"",
    "500": answer(status="500 Oops"),
    "502": answer(status="502 Bad Gateway"),
    "401": answer(status="401 Unauthorized"),
    "a loop": answer(b"", f"Location: {COMPONENTS}", status="302 Found"),
    "a way to plain http elsewhere": answer(
        b"", "Location: http://example.invalid/", status="302 Found"
    ),
}


@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN)
async def test_what_is_not_to_be_believed_is_502_and_not_kept(cache: Cache, reply: bytes) -> None:
    cache.up.replies[COMPONENTS] = [reply]
    for path in (COMPONENTS, METADATA):
        status, _, body = await cache.server.get(path)
        assert status == 502, body
        assert b"Traceback" not in body
    assert not cache.kept
    assert (await cache.server.get(HELD))[0] == 200
    listed = (await cache.server.get(f"/github.com/{SOURCE}/@v/list"))[2]
    assert listed == b"v0.0.1\n"


async def test_an_upstream_that_is_gone_takes_nothing_with_it(cache: Cache) -> None:
    await cache.server.get(METADATA)
    cache.up.replies.clear()
    cache.up.replies["*"] = [b""]
    assert (await cache.server.get(COMPONENTS))[2] == FILES["infrastructure-components.yaml"]
    assert (await cache.server.get(f"/{OTHER}/v0.1.0/metadata.yaml"))[0] == 502
    assert (await cache.server.get(f"/{LABEL}/latest/metadata.yaml"))[0] == 302


async def test_an_upstream_that_hangs_is_504_and_the_others_have_theirs(cache: Cache) -> None:
    cache.up.pausing[COMPONENTS] = asyncio.Event()
    slow = asyncio.create_task(cache.server.get(METADATA))
    await cache.reached(COMPONENTS)
    assert (await cache.server.get(f"/{OTHER}/v0.1.0/metadata.yaml"))[0] == 200
    assert (await cache.server.get(HELD))[0] == 200
    assert not slow.done()
    status, _, body = await slow
    assert status == 504
    assert b"in time" in body
    assert not cache.kept


async def test_an_upstream_that_drips_is_504(cache: Cache) -> None:
    cache.up.replies[COMPONENTS] = [answer(b"x" * 100_000)]
    waiting = asyncio.create_task(cache.server.get(METADATA))
    cache.up.dripping = True
    assert (await waiting)[0] == 504
    assert not cache.kept


@pytest.mark.parametrize(
    "reply",
    [
        answer(b"", "Retry-After: 120", status="429 Too Many Requests"),
        answer(b"", "Retry-After: 120", status="403 Forbidden"),
        answer(b"", "Retry-After: 120", status="503 Service Unavailable"),
    ],
)
async def test_a_limit_is_told_and_kept(cache: Cache, reply: bytes) -> None:
    cache.up.replies[COMPONENTS] = [reply]
    status, headers, _ = await cache.server.get(METADATA)
    assert status == 503
    assert 0 < int(headers["Retry-After"]) <= 120
    asked = len(cache.up.asks_of(COMPONENTS))
    for _ in range(20):
        status, headers, _ = await cache.server.get(METADATA)
        assert (status, "Retry-After" in headers) == (503, True)
    assert len(cache.up.asks_of(COMPONENTS)) == asked


async def test_many_who_come_while_upstream_fails_are_no_stampede(cache: Cache) -> None:
    cache.up.replies[COMPONENTS] = [answer(status="500 Oops")]
    answers = await asyncio.gather(*(cache.server.get(METADATA) for _ in range(50)))
    assert {status for status, _, _ in answers} == {502}
    assert len(cache.up.asks_of(COMPONENTS)) <= 2


# What clients do


async def test_the_first_of_many_leaves_and_the_others_have_their_file(cache: Cache) -> None:
    cache.up.pausing[COMPONENTS] = asyncio.Event()
    _, writer = await asyncio.open_connection("127.0.0.1", cache.server.port)
    writer.write(f"GET {COMPONENTS} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    await cache.reached(COMPONENTS)
    others = [asyncio.create_task(cache.server.get(COMPONENTS)) for _ in range(20)]
    writer.transport.abort()
    await writer.wait_closed()
    cache.up.pausing[COMPONENTS].set()
    body = FILES["infrastructure-components.yaml"]
    assert {(status, got) for status, _, got in await asyncio.gather(*others)} == {(200, body)}
    assert cache.fetched(COMPONENTS) == 1
    assert not [*(cache.server.root / ".capirepo" / "staging").glob("*/*")]


async def test_what_the_server_itself_has_asked_is_508(cache: Cache) -> None:
    await cache.server.get(METADATA)
    (via,) = {match[1] for head in cache.up.asked if (match := re.search("Via: (.*)\r", head))}
    status, _, body = await cache.server.get(
        f"/{OTHER}/v0.1.0/metadata.yaml", headers={"Via": f"1.0 fred, {via}"}
    )
    assert status == 508
    assert b"led back to itself" in body
    assert (await cache.server.get(METADATA, headers={"Via": "1.0 fred"}))[0] == 200


async def test_nothing_of_a_client_goes_upstream(cache: Cache) -> None:
    head = f"GET {METADATA} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    hostile = b"Via: 1.1 evil\r\nCookie: a=b\r\nAuthorization: Bearer x\r\n\r\n"
    assert b" 200 OK\r\n" in await cache.server.raw(head.encode() + hostile)
    for asked in cache.up.asked:
        assert not re.search("evil|Cookie|Authorization", asked)


@pytest.fixture
async def chained(cache: Cache, tmp_path: Path) -> AsyncIterator[Served]:
    """A second server, whose upstream is the first."""
    root = tmp_path / "chained"
    root.mkdir()
    settings = {
        "sources": {LABEL: SOURCE},
        "upstream": {"mode": "cache"},
        "mirror": [{"providers": [LABEL], "upstream": cache.server.url}],
    }
    (root / "capirepo.yaml").write_text(yaml.safe_dump(settings))
    async with served(root) as server:
        yield server


async def test_a_server_that_fetches_from_another_has_what_that_one_would_fetch(
    cache: Cache, chained: Served
) -> None:
    assert (await chained.get(f"/github.com/{SOURCE}/@v/list"))[2] == b"v0.1.0\nv0.0.1\n"
    assert (await chained.get(METADATA))[2] == FILES["metadata.yaml"]
    assert cache.kept == sorted(FILES)
    assert cache.fetched(METADATA) == 1


async def test_servers_that_fetch_from_each_other_end_at_once_and_say_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    roots = [tmp_path / "one", tmp_path / "other"]

    def configure(root: Path, upstream: str) -> None:
        root.mkdir()
        entry = {"provider": LABEL, "versions": ["v0.1.0"], "upstream": upstream}
        settings = {"upstream": {"mode": "cache", "providers": [LABEL]}, "mirror": [entry]}
        (root / "capirepo.yaml").write_text(yaml.safe_dump(settings))

    configure(roots[0], f"http://127.0.0.1:{port}")
    async with served(roots[0]) as one:
        configure(roots[1], one.url)
        async with served(roots[1], listen=f"127.0.0.1:{port}") as other, asyncio.timeout(20):
            status, _, body = await other.get(METADATA)
    # The breaker may have seen enough of it by then.
    assert status in (502, 503), body
    assert "led back to itself" in caplog.text


async def test_what_is_wrong_is_said_as_clients_read_it(cache: Cache) -> None:
    cache.up.replies[COMPONENTS] = [answer(status="500 Oops")]
    path = f"/api/v4/projects/1/packages/generic/{LABEL}/v0.1.0/metadata.yaml"
    status, _, body = await cache.server.get(path)
    assert status == 502
    assert "answers 500" in json.loads(body)["message"]


async def test_offline_nobody_is_asked(cache: Cache) -> None:
    file = cache.server.root / "capirepo.yaml"
    settings: dict[str, Any] = yaml.safe_load(file.read_text())
    settings["upstream"]["mode"] = "offline"
    file.write_text(yaml.safe_dump(settings))
    async with served(cache.server.root) as server:
        for path in (*ASSETS, f"{TREE}/"):
            assert (await server.get(path))[0] == 404
        assert (await server.get(f"/github.com/{SOURCE}/@v/list"))[2] == b"v0.0.1\n"
    assert not cache.up.asked
