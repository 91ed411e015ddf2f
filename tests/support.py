"""What many tests need: small releases in a folder, a server in this loop, one in a process."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import os
import ssl
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec

from capirepo.core.tokens import SECRET_BYTES, Scope, Token, digest_of, secret_of
from capirepo.repository import Repository, open_repository
from capirepo.store.tokens import KeptTokens
from capirepo.wiring import Running, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "sample-repo"
CAPIREPO = Path(sys.executable).with_name("capirepo")


def metadata(*series: str) -> str:
    """A metadata.yaml; a series is written `0.1=v1beta1`."""
    lines = ["apiVersion: clusterctl.cluster.x-k8s.io/v1alpha3", "kind: Metadata", "releaseSeries:"]
    for one in series:
        number, contract = one.split("=")
        major, minor = number.split(".")
        lines += [f"- major: {major}", f"  minor: {minor}", f"  contract: {contract}"]
    return "\n".join(lines) + "\n"


def components(name: str = "awesome", image: str = "registry.example.com/manager:v0.1.0") -> str:
    """A small components file."""
    return (
        f"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}-system\n---\n"
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n"
        f"  namespace: {name}-system\nspec:\n  selector: {{matchLabels: {{app: {name}}}}}\n"
        f"  template:\n    metadata: {{labels: {{app: {name}}}}}\n"
        "    spec:\n      containers:\n"
        f"      - name: manager\n        image: {image}\n"
        '        args: ["--v=${LOG_LEVEL:=0}"]\n'
    )


def add_release(root: Path, label: str, version: str, **files: str | bytes) -> Path:
    """Writes a complete release; `files` add to it, with `_` for `-` and `__` for `.`."""
    folder = root / label / version
    folder.mkdir(parents=True)
    kind = label.split("-", maxsplit=1)[0] if label != "cluster-api" else "core"
    kind = {"control": "control-plane", "runtime": "runtime-extension"}.get(kind, kind)
    series = ".".join(version.removeprefix("v").split(".")[:2])
    content: dict[str, str | bytes] = {
        "metadata.yaml": metadata(f"{series}=v1beta1"),
        f"{kind}-components.yaml": components(),
    }
    content |= {key.replace("__", ".").replace("_", "-"): value for key, value in files.items()}
    for name, data in content.items():
        (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    return folder


def add_token(
    root: Path,
    name: str,
    scope: Scope = Scope.READ,
    *,
    labels: tuple[str, ...] = (),
    expires: dt.datetime | None = None,
) -> str:
    """Creates a token in the state of a ROOT, and returns it."""
    secret = secret_of(os.urandom(SECRET_BYTES))
    KeptTokens(root / ".capirepo" / "tokens.json").add(
        Token(
            name=name,
            digest=digest_of(secret),
            scope=scope,
            labels=labels,
            created=dt.datetime.now(dt.UTC),
            expires=expires,
        )
    )
    return secret


def make_private(root: Path) -> None:
    """Has the configuration of a ROOT say that reading takes a token."""
    (root / "capirepo.yaml").write_text("auth: {read: required}\n")


def repository(root: Path, *, tls: bool = True, **server: Any) -> Repository:
    """A ROOT on ports of loopback that the system chooses."""
    opened = open_repository(root)
    listening = {
        "listen": "127.0.0.1:0",
        "tls_listen": "127.0.0.1:0" if tls else "",
        "access_log": "off",
    }
    changed = msgspec.structs.replace(opened.settings.server, **{**listening, **server})
    return replace(opened, settings=msgspec.structs.replace(opened.settings, server=changed))


@dataclass(frozen=True)
class Served:
    """A server in the loop of the test, and a client that trusts it."""

    root: Path
    running: Running
    http: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return self.running.url

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def tls_port(self) -> int:
        return int(self.running.tls_url.rpartition(":")[2])

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.running.ca_file))

    async def get(self, path: str, **options: Any) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of a GET, without following redirects."""
        async with self.http.get(self.url + path, allow_redirects=False, **options) as answer:
            return answer.status, answer.headers, await answer.read()

    async def json(self, path: str, **options: Any) -> Any:
        async with self.http.get(self.url + path, **options) as answer:
            return await answer.json(content_type=None)

    async def raw(self, request: bytes, *, tls: bool = False) -> bytes:
        """Everything that comes back for some bytes, until the server closes."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1",
            self.tls_port if tls else self.port,
            ssl=self.trusting() if tls else None,
            server_hostname="localhost" if tls else None,
        )
        try:
            writer.write(request)
            await writer.drain()
            async with asyncio.timeout(20):
                return await reader.read()
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def until(self, path: str, wanted: int) -> None:
        """Asks again and again until the status is the wanted one."""
        async with asyncio.timeout(20):
            while (await self.get(path))[0] != wanted:
                await asyncio.sleep(0.02)  # between two tries of a condition that has an end


@contextlib.asynccontextmanager
async def served(root: Path, **options: Any) -> AsyncIterator[Served]:
    """Serves a ROOT in this loop."""
    async with (
        serving(repository(root, **options)) as running,
        aiohttp.ClientSession(auto_decompress=False) as http,
    ):
        yield Served(root, running, http)


@dataclass(frozen=True)
class Process:
    """A `capirepo serve` of its own, and what its banner says."""

    process: subprocess.Popen[str]
    banner: Mapping[str, Any]

    @property
    def url(self) -> str:
        return str(self.banner["url"])


@contextlib.contextmanager
def serving_process(root: Path, *options: str, state: Path) -> Iterator[Process]:
    """Runs `capirepo serve` on free ports, as a user would."""
    arguments = [
        CAPIREPO, "serve", root, "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0",
        "--state", state, "--output", "json", "--access-log", "off", *options,
    ]  # fmt: skip
    with subprocess.Popen(
        list(map(str, arguments)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                assert process.stderr is not None
                raise AssertionError(process.stderr.read())
            yield Process(process, json.loads(line))
        finally:
            process.terminate()
            process.communicate(timeout=20)


def run_capirepo(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs `capirepo …` as a user would; never raises for an exit code."""
    given = {"capture_output": True, "text": True, "timeout": 120, **options}
    return subprocess.run([str(CAPIREPO), *map(str, arguments)], check=False, **given)


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """An environment of a user without any settings."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "CI") if name in os.environ}
    return {**kept, "HOME": str(home), "CLUSTERCTL_DISABLE_VERSIONCHECK": "true", **more}
