"""Uploads over the GitLab face: as its clients send them, and as nobody should."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import io
import json
import logging
import resource
from typing import TYPE_CHECKING, Any

import gitlab
import pytest

from capirepo.core.tokens import Scope
from capirepo.store.tokens import KeptTokens
from tests.support import add_token, components, metadata, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.support import Served

LABEL = "infrastructure-awesome"
API = "/api/v4/projects/1/packages"
PLACE = f"{API}/generic/{LABEL}/v0.4.0"
COMPONENTS = "infrastructure-components.yaml"
FILES = {
    "metadata.yaml": metadata("0.4=v1beta1").encode(),
    COMPONENTS: components().encode(),
    "cluster-template.yaml": b"apiVersion: cluster.x-k8s.io/v1beta1\nkind: Cluster\n"
    b"metadata:\n  name: ${CLUSTER_NAME}\n  namespace: ${NAMESPACE}\n",
}


class Writer:
    """Sends files to a server, with a token that may write."""

    def __init__(self, server: Served, token: str) -> None:
        self.server = server
        self.token = token

    async def put(self, path: str, data: Any, **headers: str) -> tuple[int, dict[str, Any]]:
        sent = {"PRIVATE-TOKEN": self.token, **{k.replace("_", "-"): v for k, v in headers.items()}}
        data = io.BytesIO(data) if isinstance(data, bytes) else data
        async with self.server.http.put(self.server.url + path, data=data, headers=sent) as answer:
            return answer.status, await answer.json(content_type=None)

    async def delete(self, path: str) -> int:
        headers = {"PRIVATE-TOKEN": self.token}
        async with self.server.http.delete(self.server.url + path, headers=headers) as answer:
            return answer.status

    async def all_of(self, names: list[str]) -> list[str]:
        """Sends some of FILES; the state after each."""
        return [(await self.put(f"{PLACE}/{name}", FILES[name]))[1]["state"] for name in names]

    def head(self, size: object, *more: str, name: str = "metadata.yaml") -> bytes:
        """The head of an upload, as bytes."""
        lines = [f"PUT {PLACE}/{name} HTTP/1.1", "Host: localhost", f"PRIVATE-TOKEN: {self.token}"]
        lines += [f"Content-Length: {size}"] if size is not None else []
        return "\r\n".join([*lines, *more, "", ""]).encode()

    async def raw(self, request: bytes) -> tuple[int, bytes]:
        answer = await self.server.raw(request)
        return int(answer.split()[1]), answer

    def inside(self) -> set[str]:
        """What lies in ROOT of v0.4.0 or of anything unfinished."""
        root = self.server.root
        found = [*root.glob(f"{LABEL}/v0.4*/*"), *root.glob(".capirepo/staging/*")]
        found += [*root.glob(".capirepo/pending/*/*"), *root.glob(".capirepo/locks/*")]
        return {str(path.relative_to(root)) for path in found}


@pytest.fixture
async def writer(root: Path) -> AsyncIterator[Writer]:
    token = add_token(root, "ci", Scope.WRITE)
    async with served(root) as server:
        yield Writer(server, token)


# As clients send them


@pytest.mark.parametrize("last", FILES)
async def test_a_release_is_listed_once_its_last_file_is_there_in_any_order(
    writer: Writer, last: str
) -> None:
    order = [name for name in FILES if name != last] + [last]
    states = await writer.all_of(order)
    needed = max(order.index("metadata.yaml"), order.index(COMPONENTS))
    assert states == ["pending" if number < needed else "listed" for number in range(3)]
    listed = await writer.server.json(f"/{LABEL}/v0.4.0/")
    assert {asset["name"] for asset in listed["assets"]} == set(FILES)


async def test_an_answer_says_what_is_missing_and_pending_is_not_listed(writer: Writer) -> None:
    status, told = await writer.put(f"{PLACE}/metadata.yaml", FILES["metadata.yaml"])
    assert (status, told["missing"]) == (201, [f"{COMPONENTS} is missing"])
    assert (await writer.server.get(f"{PLACE}/metadata.yaml"))[0] == 404
    versions = await writer.server.json(f"/{LABEL}")
    assert "v0.4.0" not in {one["version"] for one in versions["releases"]}


async def test_who_reads_right_after_the_answer_sees_the_release_everywhere(
    writer: Writer,
) -> None:
    lists = f"/github.com/capirepo.internal/{LABEL}/@v/list"
    latest = f"/{LABEL}/latest/metadata.yaml"
    before = [await writer.server.get(path) for path in (lists, latest)]
    assert b"v0.4.0" not in before[0][2]
    await writer.all_of(["metadata.yaml", COMPONENTS])
    assert b"v0.4.0" in (await writer.server.get(lists))[2]
    assert "v0.4.0" in (await writer.server.get(latest))[1]["Location"]


@pytest.mark.parametrize(
    "words",
    [
        ["-H", "PRIVATE-TOKEN: TOKEN", "-H", "Expect: 100-continue", "-T", "FILE"],
        ["-H", "PRIVATE-TOKEN: TOKEN", "-H", "Expect:", "-T", "FILE"],
        ["-H", "PRIVATE-TOKEN: TOKEN", "-X", "PUT", "--data-binary", "@FILE"],
        ["--header", "JOB-TOKEN: TOKEN", "--upload-file", "FILE"],
        ["--user", "gitlab-ci-token:TOKEN", "--upload-file", "FILE"],
    ],
)
async def test_curl_sends_a_file(writer: Writer, tmp_path: Path, words: list[str]) -> None:
    file = tmp_path / "metadata.yaml"
    file.write_bytes(FILES["metadata.yaml"])
    said = [one.replace("TOKEN: TOKEN", f"TOKEN: {writer.token}") for one in words]
    said = [one.replace(":TOKEN", f":{writer.token}").replace("FILE", str(file)) for one in said]
    status, body = await curl(*said, f"{writer.server.url}{PLACE}/metadata.yaml")
    assert (status, json.loads(body)["state"]) == (201, "pending")


async def test_the_library_of_gitlab_uploads_lists_and_deletes(
    writer: Writer, tmp_path: Path
) -> None:
    file = tmp_path / COMPONENTS
    file.write_bytes(FILES[COMPONENTS])

    def upload() -> tuple[str, dict[str, Any], list[str], list[str], int]:
        client = gitlab.Gitlab(writer.server.url, private_token=writer.token)
        packages = client.projects.get("capirepo/releases").generic_packages
        by_path = packages.upload(LABEL, "v0.4.0", COMPONENTS, path=file)
        project = client.projects.get("capirepo/releases")
        pending = project.packages.list(status="processing", get_all=True)
        files = [one.file_name for one in pending[0].package_files.list(get_all=True)]
        by_data = packages.upload(
            LABEL, "v0.4.0", "metadata.yaml",
            data=io.BytesIO(FILES["metadata.yaml"]), select="package_file",
        )  # fmt: skip
        left = project.packages.list(status="processing", get_all=True)
        return by_path.message, by_data.attributes, [pending[0].name], files, len(left)

    message, about, pending, files, left = await asyncio.to_thread(upload)
    assert message == "201 Created"
    assert about["file_sha256"] == hashlib.sha256(FILES["metadata.yaml"]).hexdigest()
    assert (pending, files, left) == ([LABEL], [COMPONENTS], 0)


async def test_who_asks_before_sending_is_told_that_it_is_not_there(writer: Writer) -> None:
    url = f"{writer.server.url}{PLACE}/metadata.yaml"
    async with writer.server.http.head(url) as answer:
        assert answer.status == 404
    assert (await writer.put(f"{PLACE}/metadata.yaml", FILES["metadata.yaml"]))[0] == 201


@pytest.mark.parametrize("way", ["through CONNECT to the GitLab host", "over the TLS port"])
async def test_an_upload_may_be_encrypted(writer: Writer, way: str, tmp_path: Path) -> None:
    file = tmp_path / "metadata.yaml"
    file.write_bytes(FILES["metadata.yaml"] + b"#" * 3_000_000)
    ca: list[object] = ["--cacert", writer.server.running.ca_file]
    where = (
        ["--proxy", writer.server.url, f"https://gitlab.capirepo.internal{PLACE}/metadata.yaml"]
        if "CONNECT" in way
        else [f"https://localhost:{writer.server.tls_port}{PLACE}/metadata.yaml"]
    )
    status, _ = await curl(*ca, "--header", f"PRIVATE-TOKEN: {writer.token}", "-T", file, *where)
    assert status == 201


# The same, others, and what may not change


async def test_the_same_bytes_again_are_fine_and_change_nothing(writer: Writer) -> None:
    for _ in range(2):
        assert (await writer.put(f"{PLACE}/metadata.yaml", FILES["metadata.yaml"]))[0] == 201
    await writer.put(f"{PLACE}/{COMPONENTS}", FILES[COMPONENTS])
    log = (writer.server.root / ".capirepo" / "audit.jsonl").read_bytes()
    status, told = await writer.put(f"{PLACE}/{COMPONENTS}", FILES[COMPONENTS])
    assert (status, told["state"], told["changed"]) == (201, "listed", False)
    assert (writer.server.root / ".capirepo" / "audit.jsonl").read_bytes() == log


@pytest.mark.parametrize("listed", [False, True])
async def test_other_bytes_are_refused_in_the_words_of_gitlab(writer: Writer, listed: bool) -> None:  # noqa: FBT001 - a parameter of the test
    await writer.all_of(["metadata.yaml", *([COMPONENTS] if listed else [])])
    status, told = await writer.put(f"{PLACE}/metadata.yaml", FILES["metadata.yaml"] + b"#\n")
    assert (status, told["message"]) == (409, "Duplicate package is not allowed")
    assert ("version of its own" in told["detail"]) is listed


async def test_a_file_may_be_added_to_a_listed_release_and_is_recorded(writer: Writer) -> None:
    await writer.all_of(list(FILES))
    status, _ = await writer.put(f"{PLACE}/NOTES.txt", b"notes")
    assert status == 201
    record = writer.server.root / ".capirepo" / "records" / LABEL / "v0.4.0.json"
    assert set(json.loads(record.read_bytes())["assets"]) == {*FILES, "NOTES.txt"}


async def test_of_two_uploads_of_one_file_one_has_it_and_the_other_is_told(writer: Writer) -> None:
    sent = [FILES["metadata.yaml"] + bytes([35, number + 48, 10]) for number in range(4)]
    answers = await asyncio.gather(*(writer.put(f"{PLACE}/metadata.yaml", one) for one in sent))
    assert sorted(status for status, _ in answers) == [201, 409, 409, 409]
    again = await asyncio.gather(
        *(writer.put(f"{PLACE}/{COMPONENTS}", FILES[COMPONENTS]) for _ in range(4))
    )
    assert [status for status, _ in again] == [201] * 4
    assert sum(told["changed"] for _, told in again) == 1


@pytest.mark.parametrize(
    ("version", "wanted"),
    [
        ("v1", 400),
        ("1.0.0.0", 400),
        ("v01.2.3", 400),
        ("V1.0.0", 400),
        ("v1.0.0%0A", 400),
        ("latest", 400),
        ("v18446744073709551616.0.0", 400),
        (f"v1.0.0-{'1' * 5000}", 400),
        ("v%D9%A1.0.0", 400),
        ("v0.2.0+build", 409),
        ("v0.3.0-RC.1", 409),
    ],
)
async def test_a_version_that_clients_could_not_tell_is_refused(
    writer: Writer, version: str, wanted: int
) -> None:
    path = f"{API}/generic/{LABEL}/{version}/notes.txt"
    status, told = await writer.put(path, b"notes")
    assert status == wanted, told
    assert writer.inside() == set()


async def test_twins_of_pending_versions_and_of_names_are_refused(writer: Writer) -> None:
    await writer.all_of(["metadata.yaml"])
    for path in (
        PLACE.replace("v0.4.0", "v0.4.0+b") + "/notes.txt",
        f"{PLACE}/Metadata.yaml",
    ):
        assert (await writer.put(path, FILES["metadata.yaml"]))[0] == 409


async def test_only_one_of_two_twins_that_come_at_once_is_listed(writer: Writer) -> None:
    path = f"{API}/generic/clusterctl"
    twins = ["v9.0.0", "v9.0.0+a", "v9.0.0+b"]
    answers = await asyncio.gather(
        *(writer.put(f"{path}/{one}/clusterctl-linux-amd64", b"program") for one in twins)
    )
    assert sorted(status for status, _ in answers) == [201, 409, 409]


# Taking back


async def test_what_is_pending_may_be_deleted_and_what_is_listed_not(writer: Writer) -> None:
    await writer.all_of(["metadata.yaml", "cluster-template.yaml"])
    package = (await writer.server.json(f"{API}?status=processing"))[0]["id"]
    files = await writer.server.json(f"{API}/{package}/package_files")
    assert await writer.delete(f"{API}/{package}/package_files/{files[0]['id']}") == 204
    assert await writer.delete(f"{API}/{package}/package_files/{files[0]['id']}") == 404
    assert await writer.delete(f"{API}/{package}") == 204
    assert await writer.delete(f"{API}/{package}") == 404
    assert writer.inside() == set()
    listed = (await writer.server.json(API))[0]["id"]
    assert await writer.delete(f"{API}/{listed}") == 403


async def test_with_its_last_file_a_pending_package_is_gone(writer: Writer) -> None:
    await writer.all_of(["metadata.yaml"])
    package = (await writer.server.json(f"{API}?status=processing"))[0]["id"]
    file = (await writer.server.json(f"{API}/{package}/package_files"))[0]["id"]
    assert await writer.delete(f"{API}/{package}/package_files/{file}") == 204
    assert await writer.server.json(f"{API}?status=processing") == []
    assert writer.inside() == set()


async def test_a_listed_release_may_be_deleted_where_the_configuration_says_so(
    root: Path,
) -> None:
    (root / "capirepo.yaml").write_text("publish: {delete: any}\n")
    token = add_token(root, "ci", Scope.WRITE)
    async with served(root) as server:
        writer = Writer(server, token)
        await writer.all_of(list(FILES))
        package = next(one for one in await server.json(API) if one["version"] == "v0.4.0")["id"]
        assert await writer.delete(f"{API}/{package}") == 204
        assert (await server.get(f"/{LABEL}/v0.4.0/"))[0] == 404
        assert not (root / ".capirepo" / "records" / LABEL).exists()
        assert await writer.all_of(list(FILES)) == ["pending", "listed", "listed"]


async def test_a_read_token_deletes_nothing(writer: Writer) -> None:
    await writer.all_of(["metadata.yaml"])
    package = (await writer.server.json(f"{API}?status=processing"))[0]["id"]
    writer.token = add_token(writer.server.root, "reader")
    assert await writer.delete(f"{API}/{package}") == 403
    writer.token = ""
    assert await writer.delete(f"{API}/{package}") == 401


# Bodies that are not what they should be


@pytest.mark.usefixtures("calm")
async def test_a_body_of_3_gb_is_refused_unread(writer: Writer) -> None:
    for more in ([], ["Expect: 100-continue"]):
        status, answer = await writer.raw(writer.head(3 << 30, *more))
        assert (status, b"Connection: close" in answer) == (413, True)
        assert b"100 Continue" not in answer
    assert writer.inside() == set()


@pytest.fixture
async def strict(root: Path) -> AsyncIterator[Writer]:
    """A server that takes a megabyte, and waits for a third of a second."""
    (root / "capirepo.yaml").write_text("publish: {megabytes: 1, seconds: 0.3}\n")
    token = add_token(root, "ci", Scope.WRITE)
    async with served(root) as server:
        yield Writer(server, token)


@pytest.mark.usefixtures("calm")
async def test_a_body_in_chunks_is_refused_as_soon_as_it_is_too_large(strict: Writer) -> None:
    head = strict.head(None, "Transfer-Encoding: chunked")
    chunk = b"40000\r\n" + b"x" * 0x40000 + b"\r\n"
    # It never ends.
    status, answer = await strict.raw(head + chunk * 5)
    assert (status, b"publish.megabytes" in answer) == (413, True)
    assert strict.inside() == set()


@pytest.mark.usefixtures("calm")
async def test_a_gzip_bomb_is_refused_before_it_is_unpacked(strict: Writer) -> None:
    bomb = gzip.compress(bytes(100 << 20))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    status, _ = await strict.put(f"{PLACE}/notes.txt", bomb, Content_Encoding="gzip")
    assert status == 413
    # 100 MB, were it unpacked; in KiB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60 << 10
    assert strict.inside() == set()


async def test_a_body_that_is_packed_is_kept_unpacked(writer: Writer) -> None:
    data = gzip.compress(FILES["metadata.yaml"])
    status, _ = await writer.put(f"{PLACE}/metadata.yaml", data, Content_Encoding="gzip")
    assert status == 201
    assert await writer.put(f"{PLACE}/metadata.yaml", FILES["metadata.yaml"])


async def test_an_encoding_that_nobody_unpacks_is_refused(writer: Writer) -> None:
    status, told = await writer.put(f"{PLACE}/notes.txt", b"x", Content_Encoding="compress")
    assert (status, "Content-Encoding" in told["message"]) == (400, True)


@pytest.mark.usefixtures("calm")
async def test_a_body_that_is_shorter_than_said_leaves_nothing(writer: Writer) -> None:
    reader, stream = await asyncio.open_connection("127.0.0.1", writer.server.port)
    stream.write(writer.head(1000) + FILES["metadata.yaml"])
    stream.write_eof()
    assert (await reader.read()).startswith((b"HTTP/1.1 400", b""))
    stream.close()
    await gone(writer)


@pytest.mark.usefixtures("calm")
async def test_a_client_that_leaves_in_its_body_leaves_nothing(writer: Writer) -> None:
    _, stream = await asyncio.open_connection("127.0.0.1", writer.server.port)
    # Enough for some of it to be on disk.
    stream.write(writer.head(1_000_000) + b"#" * 600_000)
    await stream.drain()
    staging = writer.server.root / ".capirepo" / "staging"
    async with asyncio.timeout(20):
        while not list(staging.glob("*/file")):
            await asyncio.sleep(0.01)  # between two tries of a condition that has an end
    stream.transport.abort()
    await gone(writer)
    assert (await writer.put(f"{PLACE}/metadata.yaml", FILES["metadata.yaml"]))[0] == 201


async def gone(writer: Writer) -> None:
    async with asyncio.timeout(20):
        while writer.inside():
            await asyncio.sleep(0.01)  # as above


@pytest.mark.usefixtures("calm")
async def test_a_body_that_stands_still_is_given_up(strict: Writer) -> None:
    status, answer = await strict.raw(strict.head(1000) + b"half")
    assert (status, b"nothing came for 0.3 seconds" in answer) == (408, True)
    assert strict.inside() == set()


async def test_an_empty_file_is_refused(writer: Writer) -> None:
    status, told = await writer.put(f"{PLACE}/metadata.yaml", b"")
    assert (status, "is empty" in told["message"]) == (400, True)


def digest(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({"X-Checksum-Sha256": hashlib.sha256(b"notes").hexdigest().upper()}, 201),
        ({"X-Checksum-Sha256": "0" * 64}, 400),
        ({"X-Checksum-Sha256": "no digest"}, 400),
        ({"Content-Digest": f"sha-256=:{digest(b'notes')}:"}, 201),
        ({"Content-Digest": f"sha-512=:AAAA:, sha-256=:{digest(b'notes')}:"}, 201),
        ({"Content-Digest": f"sha-256=:{digest(b'other')}:"}, 400),
        ({"Repr-Digest": "sha-256=:AAA:"}, 400),
    ],
)
async def test_a_checksum_that_comes_along_is_checked(
    writer: Writer, headers: dict[str, str], wanted: int
) -> None:
    status, _ = await writer.put(f"{PLACE}/notes.txt", b"notes", **headers)
    assert status == wanted
    assert bool(writer.inside()) is (wanted == 201)


# Who may


@pytest.mark.parametrize("size", [2, 300 << 20])
@pytest.mark.parametrize(
    ("token", "wanted"), [("", 401), ("wrong", 401), ("reader", 403), ("other", 403)]
)
async def test_who_may_not_write_is_told_so_whatever_is_sent(
    writer: Writer, tmp_path: Path, token: str, wanted: int, size: int
) -> None:
    root = writer.server.root
    tokens = {
        "reader": lambda: add_token(root, "reader"),
        "other": lambda: add_token(root, "other", Scope.WRITE, labels=("addon-*",)),
    }
    secret = tokens.get(token, lambda: token)()
    file = tmp_path / "file"
    with file.open("wb") as large:
        large.truncate(size)
    # Without Expect, curl sends without asking; it must be told in the middle of it.
    status, body = await curl(
        "--header", f"PRIVATE-TOKEN: {secret}", "--header", "Expect:",
        "-T", file, f"{writer.server.url}{PLACE}/notes.txt",
    )  # fmt: skip
    assert (status, json.loads(body)["status"]) == (wanted, wanted)
    assert writer.inside() == set()


async def test_the_library_of_gitlab_is_told_too_that_it_may_not(
    writer: Writer, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    with file.open("wb") as large:
        large.truncate(100 << 20)

    def upload() -> int:
        client = gitlab.Gitlab(writer.server.url, private_token="wrong")
        packages = gitlab.v4.objects.GenericPackageManager(
            client, client.projects.get(1, lazy=True)
        )
        with pytest.raises(gitlab.GitlabAuthenticationError) as refused:
            packages.upload(LABEL, "v0.4.0", "notes.txt", path=file)
        return int(refused.value.response_code or 0)

    assert await asyncio.to_thread(upload) == 401


async def test_a_token_that_is_no_ascii_is_refused(writer: Writer) -> None:
    request = writer.head(1).replace(writer.token.encode(), "schlüssel".encode())
    assert (await writer.raw(request + b"x"))[0] == 400


async def test_a_token_in_the_address_is_refused_and_never_logged(
    writer: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    status, _ = await writer.put(f"{PLACE}/notes.txt?private_token={writer.token}", b"x")
    assert status == 403
    assert writer.token not in caplog.text
    assert writer.inside() == set()


async def test_a_token_that_is_revoked_during_the_upload_is_refused(writer: Writer) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"half "
        KeptTokens(writer.server.root / ".capirepo" / "tokens.json").remove("ci")
        yield b"and half"

    status, _ = await writer.put(f"{PLACE}/notes.txt", body())
    assert status == 401
    assert writer.inside() == set()


# YAML of strangers


def chain() -> str:
    lines = ["a0: &a0 {k: v}"]
    lines += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 26)]
    return "\n".join(lines)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "deep [": lambda: b"[" * 100_000,
    "a chain of merges": lambda: chain().encode(),
    "billion laughs": lambda: b"a: &a [x,x]\n" + b"".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)},*{chr(97 + n)}]\n".encode()
        for n in range(20)
    ),
    "an alias to itself": lambda: b"a: &a [*a]",
    "a tag of Python": lambda: b"a: !!python/object/apply:os.system [id]",
    "a key twice": lambda: b"apiVersion: v1\napiVersion: v2\n",
    "NUL": lambda: b"a: \0",
    "bad UTF-8": lambda: b"a: \xff",
    "UTF-16": lambda: "a: b".encode("utf-16"),
    "200k documents": lambda: b"---\na: b\n" * 200_000,
    "a huge integer": lambda: b"a: " + b"9" * 100_000,
}  # fmt: skip


@pytest.mark.usefixtures("calm")
@pytest.mark.parametrize("name", ["metadata.yaml", COMPONENTS])
@pytest.mark.parametrize("what", HOSTILE)
async def test_hostile_yaml_is_refused_at_once_and_nothing_is_kept(
    writer: Writer, what: str, name: str
) -> None:
    status, told = await writer.put(f"{PLACE}/{name}", HOSTILE[what]())
    assert (status, told["problems"] != []) == (422, True), told
    assert writer.inside() == set()
    assert (await writer.put(f"{PLACE}/{name}", FILES[name]))[0] == 201


async def test_lint_is_passed_over_for_a_reason_that_is_kept(writer: Writer) -> None:
    files = {**FILES, "metadata.yaml": metadata("9.9=v1beta1").encode()}
    status, _ = await writer.put(f"{PLACE}/metadata.yaml", files["metadata.yaml"])
    assert status == 422
    for name, data in files.items():
        await writer.put(f"{PLACE}/{name}", data, X_Capirepo_No_Lint="it is from 2022")
    assert (writer.server.root / LABEL / "v0.4.0" / "metadata.yaml").exists()
    state = writer.server.root / ".capirepo"
    assert json.loads((state / "records" / LABEL / "v0.4.0.json").read_bytes())["noLint"]
    assert b"it is from 2022" in (state / "audit.jsonl").read_bytes()


# The connection


async def test_a_connection_ends_with_the_answer_to_its_upload(writer: Writer) -> None:
    data = FILES["metadata.yaml"]
    again = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    _, answer = await writer.raw(writer.head(len(data)) + data + again)
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.usefixtures("calm")
async def test_another_expectation_is_417_and_ends_the_connection(writer: Writer) -> None:
    again = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    status, answer = await writer.raw(writer.head(5, "Expect: cake") + b"12345" + again)
    assert (status, answer.count(b"HTTP/1.1 ")) == (417, 1)


@pytest.mark.usefixtures("calm")
async def test_who_waits_for_leave_and_may_not_write_is_told_so_instead(writer: Writer) -> None:
    writer.token = "wrong"
    status, answer = await writer.raw(writer.head(5, "Expect: 100-continue"))
    assert (status, b"100 Continue" in answer) == (401, False)


async def test_nobody_learns_a_token_from_the_audit_log(writer: Writer) -> None:
    await writer.all_of(list(FILES))
    text = (writer.server.root / ".capirepo" / "audit.jsonl").read_text()
    assert [json.loads(line)["who"] for line in text.splitlines()] == ["token ci"] * 4
    assert writer.token not in text


async def test_an_upload_to_a_folder_that_is_a_link_leads_nowhere(
    writer: Writer, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (writer.server.root / "addon-linked").symlink_to(tmp_path / "elsewhere")
    path = f"{API}/generic/addon-linked/v0.1.0"
    await writer.put(f"{path}/metadata.yaml", metadata("0.1=v1beta1").encode())
    status, told = await writer.put(f"{path}/addon-components.yaml", FILES[COMPONENTS])
    assert (status, "links are not followed" in told["message"]) == (503, True)
    assert not list((tmp_path / "elsewhere").iterdir())


async def curl(*words: object) -> tuple[int, bytes]:
    """Status and body of what curl is answered; fails where it gets no answer."""
    process = await asyncio.create_subprocess_exec(
        "curl", "-sS", "--noproxy", "", "-w", "\n%{http_code}", *map(str, words),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, said = await process.communicate()
    body, _, status = out.rpartition(b"\n")
    assert status != b"000", said
    return int(status), body
