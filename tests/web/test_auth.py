"""Tokens of requests: every form of sending one, who may write, and reading that is private."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import logging
from typing import TYPE_CHECKING, Any

import gitlab
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from github import Auth, Github

from capirepo.core.names import parse_label
from capirepo.core.tokens import Scope
from capirepo.errors import RefusedError, StorageError, UnauthorizedError
from capirepo.store.tokens import KeptTokens
from capirepo.web.app import make_app
from capirepo.web.auth import Gate, writer_of
from capirepo.web.site import Site, text
from tests.support import add_token, components, make_private, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from tests.support import Served

LABEL = parse_label("infrastructure-awesome")
ASSET = f"/{LABEL}/v0.1.0/infrastructure-components.yaml"
PROJECT = "/api/v4/projects/capirepo%2Freleases"
PACKAGE = f"{PROJECT}/packages/generic{ASSET}"
SOURCE = f"capirepo.internal/{LABEL}"
DOWNLOAD = f"/{SOURCE}/releases/download/v0.1.0/metadata.yaml"
REST = f"/repos/{SOURCE}/releases"
VERSIONS = f"/github.com/{SOURCE}/@v/list"
OTHER = "capirepo_" + "0" * 64


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


FORMS: dict[str, Callable[[str], dict[str, str]]] = {
    "PRIVATE-TOKEN": lambda token: {"PRIVATE-TOKEN": token},
    "JOB-TOKEN": lambda token: {"JOB-TOKEN": token},
    "DEPLOY-TOKEN": lambda token: {"Deploy-Token": f" {token} "},
    "Bearer": lambda token: {"Authorization": f"Bearer {token}"},
    "bearer": lambda token: {"authorization": f"bearer  {token}"},
    "token": lambda token: {"Authorization": f"token {token}"},
    "Basic, as the password": lambda token: {"Authorization": basic("anyone", token)},
    "Basic, of nobody": lambda token: {"Authorization": basic("", token)},
    "Basic, as the user": lambda token: {"Authorization": basic(token, "")},
    "Basic, as the user, x-oauth-basic": lambda token: {
        "Authorization": basic(token, "x-oauth-basic")
    },
    "twice the same": lambda token: {"JOB-TOKEN": token, "Authorization": f"Bearer {token}"},
    "beside one that is empty": lambda token: {"PRIVATE-TOKEN": token, "JOB-TOKEN": ""},
}


class Clock:
    """The time, as a test would have it."""

    def __init__(self) -> None:
        self.now = dt.datetime.now(dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now


class Writing:
    """The application with one more route, for who writes a label; it answers with the name."""

    def __init__(self, root: Path) -> None:
        self.clock = Clock()
        self.tokens = KeptTokens(root / ".capirepo" / "tokens.json")
        gate = Gate(self.tokens, private=False, now=self.clock)
        none: Any = None
        site = Site(
            desk=none,
            places=none,
            ca_pem=b"",
            metrics=none,
            ready=lambda: True,
            gate=gate,
            uploads=none,
        )
        self.app = make_app(site)
        self.app.router.add_put("/write/{label}", write)

    def request(self, headers: Mapping[str, str], path: str = "/") -> web.Request:
        return make_mocked_request("PUT", path, headers=headers, app=self.app)


async def write(request: web.Request) -> web.Response:
    return web.Response(text=writer_of(request, parse_label(text(request, "label"))))


@pytest.fixture
def writing(root: Path) -> Writing:
    return Writing(root)


@pytest.mark.parametrize("form", FORMS)
def test_a_token_is_taken_in_every_form(root: Path, writing: Writing, form: str) -> None:
    token = add_token(root, "ci", Scope.WRITE)
    assert writer_of(writing.request(FORMS[form](token)), LABEL) == "ci"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"PRIVATE-TOKEN": ""},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic"},
        {"PRIVATE-TOKEN": "wrong"},
        {"PRIVATE-TOKEN": OTHER},
        {"PRIVATE-TOKEN": OTHER.upper()},
        {"Authorization": basic("a", "b")},
        {"Authorization": "Basic :::"},
        {"Authorization": "Basic ÿ"},
        {"Authorization": f"Basic {base64.b64encode(b'a:' + bytes([255, 254])).decode()}"},
        {"Authorization": basic("a", "pässwörd")},
        {"Authorization": "Digest username=a"},
        {"PRIVATE-TOKEN": "\x00"},
    ],
)
def test_no_token_and_wrong_ones_are_unauthorized_in_gitlabs_words(
    root: Path, writing: Writing, headers: dict[str, str]
) -> None:
    add_token(root, "ci", Scope.WRITE)
    with pytest.raises(UnauthorizedError, match="401 Unauthorized: "):
        writer_of(writing.request(headers), LABEL)


def test_several_tokens_that_differ_are_refused_even_where_one_is_right(
    root: Path, writing: Writing
) -> None:
    token = add_token(root, "ci", Scope.WRITE)
    for headers in (
        {"PRIVATE-TOKEN": token, "JOB-TOKEN": OTHER},
        {"PRIVATE-TOKEN": token, "Authorization": basic("a", "b")},
    ):
        with pytest.raises(UnauthorizedError, match="several tokens"):
            writer_of(writing.request(headers), LABEL)


@pytest.mark.parametrize(
    "query",
    [
        "private_token={}",
        "job_token={}",
        "deploy_token={}",
        "access_token={}",
        "page=1&Private_Token={}",
        "private%5Ftoken={}",
        "private_token=",
    ],
)
def test_a_token_in_the_address_is_refused_even_beside_a_right_one(
    root: Path, writing: Writing, query: str
) -> None:
    token = add_token(root, "ci", Scope.WRITE)
    request = writing.request({"PRIVATE-TOKEN": token}, f"/?{query.format(token)}")
    with pytest.raises(RefusedError) as raised:
        writer_of(request, LABEL)
    assert token not in str(raised.value)
    assert "revoke this one" in str(raised.value)


def test_a_token_writes_only_what_it_is_for(root: Path, writing: Writing) -> None:
    reading = add_token(root, "reader")
    limited = add_token(root, "team", Scope.WRITE, labels=("ipam-*", "addon-x"))
    with pytest.raises(RefusedError, match="token reader may read, and write no label"):
        writer_of(writing.request({"PRIVATE-TOKEN": reading}), LABEL)
    with pytest.raises(RefusedError, match=r"may write ipam-\*, addon-x, not infrastructure-awes"):
        writer_of(writing.request({"PRIVATE-TOKEN": limited}), LABEL)
    request = writing.request({"PRIVATE-TOKEN": limited})
    assert writer_of(request, parse_label("ipam-in-cluster")) == "team"


def test_a_token_is_good_until_it_expires(root: Path, writing: Writing) -> None:
    expires = writing.clock.now + dt.timedelta(seconds=10)
    request = writing.request(
        {"PRIVATE-TOKEN": add_token(root, "ci", Scope.WRITE, expires=expires)}
    )
    assert writer_of(request, LABEL) == "ci"
    writing.clock.now = expires
    with pytest.raises(UnauthorizedError, match="token ci expired at 20"):
        writer_of(request, LABEL)


def test_a_token_is_good_until_it_is_revoked(root: Path, writing: Writing) -> None:
    request = writing.request({"PRIVATE-TOKEN": add_token(root, "ci", Scope.WRITE)})
    assert writer_of(request, LABEL) == "ci"
    KeptTokens(root / ".capirepo" / "tokens.json").remove("ci")
    with pytest.raises(UnauthorizedError, match="wrong, or was revoked"):
        writer_of(request, LABEL)


def test_tokens_that_cannot_be_read_are_not_the_same_as_none(root: Path, writing: Writing) -> None:
    request = writing.request({"PRIVATE-TOKEN": add_token(root, "ci", Scope.WRITE)})
    (root / ".capirepo" / "tokens.json").write_text("{")
    with pytest.raises(StorageError, match="is damaged"):
        writer_of(request, LABEL)


def test_a_wrong_token_is_logged_with_who_sent_it_and_without_itself(
    writing: Writing, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(UnauthorizedError):
        writer_of(writing.request({"PRIVATE-TOKEN": OTHER}, "/write/x?page=1"), LABEL)
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert "PUT /write/x: 401 Unauthorized: this token is wrong" in record.getMessage()
    assert "capirepo_" not in record.getMessage()


async def test_who_may_not_write_is_told_so_as_http_and_gitlab_have_it(
    root: Path, writing: Writing
) -> None:
    right = add_token(root, "ci", Scope.WRITE)
    reading = add_token(root, "reader")
    async with TestClient(TestServer(writing.app)) as client:

        async def put(**headers: str) -> tuple[int, str, str]:
            path = f"/write/{LABEL}"
            async with client.put(path, data=b"x" * 10_000, headers=headers) as answer:
                asks = answer.headers.get("WWW-Authenticate", "")
                return answer.status, asks, await answer.text()

        assert await put(Authorization=f"Bearer {right}") == (200, "", "ci")
        status, asks, body = await put()
        assert (status, asks) == (401, 'Basic realm="capirepo"')
        assert body.startswith("401 Unauthorized")
        assert (await put(Authorization=f"Bearer {OTHER}"))[0] == 401
        status, asks, body = await put(Authorization=f"Bearer {reading}")
        assert (status, asks) == (403, "")
        assert "--scope write" in body


@pytest.fixture
async def private(root: Path) -> AsyncIterator[Served]:
    make_private(root)
    async with served(root) as running:
        yield running


CLOSED = {
    "/": 401,
    "/index.json": 401,
    "/clusterctl.yaml": 401,
    f"/{LABEL}": 401,
    f"/{LABEL}/latest/": 401,
    ASSET: 401,
    "/metrics": 401,
    PROJECT: 401,
    f"{PROJECT}/packages": 401,
    PACKAGE: 401,
    DOWNLOAD: 404,
    f"/{SOURCE}/releases/latest/download/metadata.yaml": 404,
    VERSIONS: 404,
    "/sigs.k8s.io/cluster-api/@v/list": 404,
    REST: 403,
    f"/api/v3{REST}": 403,
    f"{REST}/latest": 403,
    f"{REST}/tags/v0.1.0": 403,
    "/there/is/nothing/of/the/kind": 401,
    f"/{LABEL}/v9.9.9/metadata.yaml": 401,
}


@pytest.mark.parametrize("headers", [{}, {"Authorization": f"Bearer {OTHER}"}])
async def test_without_a_valid_token_nothing_is_read_and_every_client_ends_at_once(
    private: Served, headers: dict[str, str]
) -> None:
    for path, closed in CLOSED.items():
        status, answer, body = await private.get(path, headers=headers)
        assert status == closed, path
        assert b"401 Unauthorized: " in body, path
        assert b"v0.1.0" not in body, path
        assert b"Namespace" not in body, path
        assert ("WWW-Authenticate" in answer) is (closed == 401), path
        # go-github takes this, and this alone, as final for whatever was asked.
        assert (answer.get("X-RateLimit-Remaining") == "0") is (closed == 403), path


async def test_with_a_token_every_face_is_read_and_nobody_keeps_the_answers(
    private: Served,
) -> None:
    headers = {"Authorization": f"Bearer {add_token(private.root, 'reader')}"}
    for path in CLOSED:
        status, answer, _ = await private.get(path, headers=headers)
        assert status in (200, 302) or "nothing" in path or "v9" in path or "sigs" in path, path
        assert answer["Cache-Control"].startswith("private, "), path


async def test_everybody_may_see_whether_it_lives_and_whom_to_trust(private: Served) -> None:
    for path in ("/healthz", "/readyz", "/ca.pem"):
        assert (await private.get(path))[0] == 200
    assert (await private.get("/healthz/"))[0] == 401


async def test_a_token_that_is_revoked_or_expired_is_not_answered_from_memory(
    private: Served,
) -> None:
    expires = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)
    ending = {"PRIVATE-TOKEN": add_token(private.root, "ending", expires=expires)}
    revoked = {"PRIVATE-TOKEN": add_token(private.root, "revoked")}
    for path in (ASSET, PACKAGE, "/index.json", VERSIONS, DOWNLOAD):
        for headers in (ending, revoked, revoked, revoked):
            status, _, body = await private.get(path, headers=headers)
            assert status == 200 or headers is ending, body
    KeptTokens(private.root / ".capirepo" / "tokens.json").remove("revoked")
    for path in (ASSET, PACKAGE, "/index.json", VERSIONS, DOWNLOAD):
        assert (await private.get(path, headers=revoked))[0] in (401, 404), path
    async with asyncio.timeout(20):
        while (await private.get(ASSET, headers=ending))[0] == 200:
            await asyncio.sleep(0.05)  # between two tries of a condition that has an end


async def test_a_large_asset_is_streamed_to_who_has_a_token_and_kept_by_nobody(
    root: Path,
) -> None:
    (root / "capirepo.yaml").write_text("auth: {read: required}\ncache: {megabytes: 1}\n")
    large = root / LABEL / "v0.1.0" / "large.bin"
    with large.open("wb") as out:
        out.truncate(40 << 20)
    async with served(root) as server:
        path = f"/{LABEL}/v0.1.0/large.bin"
        assert (await server.get(path))[0] == 401
        headers = {"PRIVATE-TOKEN": add_token(root, "reader")}
        status, answer, body = await server.get(path, headers=headers)
        assert (status, len(body)) == (200, 40 << 20)
        assert answer["Cache-Control"].startswith("private, ")


async def test_on_an_open_server_any_token_reads_and_answers_are_public(server: Served) -> None:
    for headers in ({}, {"PRIVATE-TOKEN": "any"}, {"PRIVATE-TOKEN": "a", "JOB-TOKEN": "b"}):
        status, answer, _ = await server.get(ASSET, headers=headers)
        assert status == 200
        assert answer["Cache-Control"].startswith("public, ")


async def test_a_token_in_the_address_is_refused_on_an_open_server_too(server: Served) -> None:
    for path in (PACKAGE, ASSET, VERSIONS, "/healthz", "/nothing/at/all/here"):
        status, _, body = await server.get(f"{path}?private_token={OTHER}")
        assert status == 403, path
        assert b"PRIVATE-TOKEN" in body
        assert OTHER.encode() not in body


async def test_the_log_says_once_in_a_while_why_clusterctl_finds_nothing(
    private: Served, caplog: pytest.LogCaptureFixture
) -> None:
    for path in (VERSIONS, DOWNLOAD, REST, VERSIONS):
        await private.get(path)
    reminders = [one for one in caplog.records if "auth.read is required" in one.getMessage()]
    assert len(reminders) == 1


async def test_tokens_that_cannot_be_read_close_a_private_server_with_a_word(
    private: Served, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"PRIVATE-TOKEN": add_token(private.root, "reader")}
    assert (await private.get(ASSET, headers=headers))[0] == 200
    (private.root / ".capirepo" / "tokens.json").chmod(0o644)
    status, _, body = await private.get(ASSET, headers=headers)
    assert status == 503
    assert b"chmod 600" in body
    assert "chmod 600" in caplog.text
    assert (await private.get(ASSET))[0] == 401


async def test_a_private_server_does_not_start_with_tokens_that_cannot_be_read(root: Path) -> None:
    make_private(root)
    add_token(root, "reader")
    (root / ".capirepo" / "tokens.json").write_text("{")
    with pytest.raises(StorageError, match="is damaged"):
        async with served(root):
            pass


@pytest.mark.parametrize("how", ["private_token", "job_token", "oauth_token"])
async def test_the_library_of_gitlab_reads_with_every_kind_of_token(
    private: Served, how: str
) -> None:
    token = add_token(private.root, "reader")

    def read(value: str) -> object:
        kinds: dict[str, Any] = {how: value}
        client = gitlab.Gitlab(private.url, **kinds)
        try:
            project = client.projects.get("capirepo/releases")
            return project.generic_packages.download(
                LABEL, "v0.1.0", "infrastructure-components.yaml"
            )
        finally:
            client.session.close()

    assert await asyncio.to_thread(read, token) == components().encode()
    with pytest.raises(gitlab.GitlabAuthenticationError, match="401 Unauthorized"):
        await asyncio.to_thread(read, OTHER)


async def test_the_library_of_github_reads_with_a_token_and_is_told_so_without(
    private: Served,
) -> None:
    token = add_token(private.root, "reader")

    def tags(value: str | None) -> list[str]:
        auth = Auth.Token(value) if value else None
        with Github(base_url=f"{private.url}/api/v3", auth=auth, retry=None) as client:
            return [one.tag_name for one in client.get_repo(SOURCE).get_releases()]

    assert (await asyncio.to_thread(tags, token))[0] == "v0.3.0-rc.1"
    with pytest.raises(Exception, match="GITHUB_TOKEN"):
        await asyncio.to_thread(tags, None)


async def test_curl_reads_with_user_and_password(private: Served) -> None:
    token = add_token(private.root, "reader")
    for user in (f"anyone:{token}", f"{token}:"):
        process = await asyncio.create_subprocess_exec(
            "curl", "-sSf", "-u", user, private.url + ASSET, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate()
        assert out == components().encode()
