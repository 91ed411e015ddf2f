"""Hostile addresses and stores: nothing outside ROOT is ever served."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from aiohttp.http_exceptions import HttpProcessingError

from capirepo.core.names import AssetName, parse_label
from capirepo.core.version import parse_version
from capirepo.errors import NotThereError, StorageError
from capirepo.store.fs import FolderStore
from tests.support import Served, served, serving_process
from tests.web.test_framing import get, wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET = b"the secret outside of ROOT"
METADATA = AssetName("metadata.yaml")
VERSION = parse_version("v0.1.0")
LABEL = parse_label("infrastructure-awesome")
GOOD = f"/{LABEL}/{VERSION}/{METADATA}"
VERSIONS = f"/github.com/capirepo.internal/{LABEL}/@v/list"
PLACES = (
    f"/{LABEL}/{VERSION}/%s",
    f"/api/v4/projects/1/packages/generic/{LABEL}/{VERSION}/%s",
    f"/capirepo.internal/{LABEL}/releases/download/{VERSION}/%s",
    f"/%s/{VERSION}/{METADATA}",
    f"/{LABEL}/%s/{METADATA}",
    f"/{LABEL}/%s",
    f"/repos/capirepo.internal/%s/releases/tags/{VERSION}",
    f"/github.com/%s/{LABEL}/@v/list",
    "/api/v4/projects/%s/packages",
    "/%s",
)
BAD_NAMES = {
    "dots": b"../../../outside.txt", "dots within": b"../v0.1.0/metadata.yaml",
    "encoded slash": b"..%2f..%2f..%2foutside.txt", "absolute": b"%2Fetc%2Fpasswd",
    "encoded dots": b"%2e%2e/%2e%2e/%2e%2e/outside.txt", "slashes": b"%2F%2F..%2Foutside.txt",
    "encoded twice": b"%252e%252e%252f%252e%252e%252foutside.txt",
    "backslash": b"..%5c..%5coutside.txt", "raw backslash": b"..\\..\\outside.txt",
    "NUL": b"metadata.yaml%00", "NUL and an ending": b"..%2f..%2foutside.txt%00.yaml",
    "raw NUL": b"metadata\x00.yaml", "LF": b"metadata.yaml%0a",
    "CR LF": b"metadata.yaml%0d%0aX-Injected:%20yes", "slash": b"..%c0%af..%c0%afoutside.txt",
    "more dots": b"%c0%ae%c0%ae/%c0%ae%c0%ae/outside.txt", "composed": b"caf%C3%A9.yaml",
    "full-width": b"%EF%BC%8E%EF%BC%8E%EF%BC%8Foutside.txt", "decomposed": b"cafe%CC%81.yaml",
    "raw full-width": "\uff0e\uff0e\uff0foutside.txt".encode(), "empty": b"/metadata.yaml",
    "bidi": b"metadata%E2%80%AE.yaml", "zero width": b"meta%E2%80%8Bdata.yaml",
    "dot": b"./metadata.yaml", "trailing dot": b"metadata.yaml.", "hidden": b".hidden",
    "trailing space": b"metadata.yaml%20", "trailing slash": b"metadata.yaml/",
    "bytes": b"a" * 251 + b".yaml", "8 KB": b"a" * 8192, "encoded": b"%2ehidden",
    "state": b"../../.capirepo/ca/ca.key", "device": b"CON", "stream": b"a:b",
    "encoded state": b"..%2f..%2f.capirepo%2fca%2fca.key",
    "device and an ending": b"nul.yaml", "#": b"metadata.yaml%23x",
    "stream of a file": b"metadata.yaml::$DATA", "other case": b"METADATA.yaml",
    "parameter": b"metadata.yaml;x", "encoded parameter": b"metadata.yaml%3bx",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _calm(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What aiohttp cannot parse may be logged; nothing else may end in an exception."""
    yield
    errors = [record.exc_info[1] for record in caplog.get_records("call") if record.exc_info]
    assert [error for error in errors if not isinstance(error, HttpProcessingError)] == []


@pytest.fixture
def root(root: Path) -> Path:
    """The small ROOT with secrets beside it, hidden in it, and names that are none of ours."""
    (root.parent / "outside.txt").write_bytes(SECRET)
    for name in (".hidden", "CON", "a:b", "café.yaml", "cafe\u0301.yaml", "metadata.yaml;x"):
        (root / LABEL / str(VERSION) / name).write_bytes(SECRET)
    return root


async def asked(server: Served, target: bytes) -> tuple[int, bytes]:
    """Status and all bytes of the answer to a target that no client would send."""
    answer = await server.raw(
        b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    assert len(re.findall(rb"(?m)^HTTP/1", answer)) == 1, answer
    return int(answer.split()[1]), answer


def content(root: Path) -> dict[str, bytes]:
    """Every file of a ROOT but the state, byte for byte."""
    # The server may be writing its state: what is in there comes and goes.
    tops = [top for top in root.iterdir() if top.name != ".capirepo"]
    files = [file for top in tops for file in (top, *top.rglob("*"))]
    return {
        str(file): file.read_bytes()
        for file in files
        if stat.S_ISREG(file.lstat().st_mode)
        and not any(part.is_symlink() for part in file.parents)
    }


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES)
async def test_a_hostile_name_is_absent_in_every_place_of_every_face(
    server: Served, name: bytes
) -> None:
    before = content(server.root)
    for place in PLACES:
        status, answer = await asked(server, place.encode() % name)
        assert status in (400, 404), place
        assert SECRET not in answer, place
        assert b"PRIVATE KEY" not in answer, place
        assert b"\nX-Injected" not in answer, place
    assert (await server.get(GOOD))[0] == 200
    assert content(server.root) == before


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES)
async def test_a_hostile_path_of_a_repository_is_absent(server: Served, name: bytes) -> None:
    address = f"/repos/capirepo.internal/{LABEL}/contents/%s?ref={VERSION}"
    status, answer = await asked(server, address.encode() % name)
    assert SECRET not in answer
    assert status in (400, 404)


async def test_a_raw_fragment_is_refused(server: Served) -> None:
    status, _ = await asked(server, f"{GOOD}#x".encode())
    assert status in (400, 404)


async def test_twins_in_the_store_that_differ_in_case_are_two_assets(root: Path) -> None:
    twin = root / LABEL / str(VERSION) / "Metadata.yaml"
    twin.write_bytes(b"another one\n")
    if (root / LABEL / str(VERSION) / METADATA).read_bytes() == b"another one\n":
        pytest.skip("this disk does not tell upper case from lower case")
    async with served(root) as server:
        assert (await server.get(f"/{LABEL}/{VERSION}/Metadata.yaml"))[2] == b"another one\n"
        assert b"kind: Metadata" in (await server.get(GOOD))[2]


async def test_a_link_in_the_store_is_not_followed(root: Path) -> None:
    outside = root.parent / "outside" / "v9.9.9"
    outside.mkdir(parents=True)
    (outside / METADATA).write_bytes(SECRET)
    (root / LABEL / str(VERSION) / "asset.yaml").symlink_to(root.parent / "outside.txt")
    (root / LABEL / str(VERSION) / "inside.yaml").symlink_to(METADATA)
    (root / LABEL / "v9.9.9").symlink_to(outside)
    (root / "infrastructure-linked").symlink_to(outside.parent)
    async with served(root) as server:
        for path in (
            f"/{LABEL}/{VERSION}/asset.yaml",
            f"/{LABEL}/{VERSION}/inside.yaml",
            f"/{LABEL}/v9.9.9/{METADATA}",
            f"/{LABEL}/v9.9.9",
            f"/infrastructure-linked/v9.9.9/{METADATA}",
            "/infrastructure-linked",
        ):
            status, _, body = await server.get(path)
            assert (status, SECRET in body) == (404, False), path
        assert "v9.9.9" not in str((await server.json("/index.json"))["labels"])
        assert (await server.get(GOOD))[0] == 200


@pytest.mark.parametrize("kind", ["link", "FIFO", "folder"])
@pytest.mark.parametrize("part", [LABEL, f"{LABEL}/{VERSION}", f"{LABEL}/{VERSION}/{METADATA}"])
async def test_what_is_swapped_between_a_look_and_a_read_is_absent(
    root: Path, part: str, kind: str
) -> None:
    outside = root.parent / "outside" / LABEL / str(VERSION)
    outside.mkdir(parents=True)
    (outside / METADATA).write_bytes(SECRET)
    store = FolderStore(root)
    asset = (await store.scan()).releases[LABEL][VERSION][METADATA]
    (root / part).rename(root.parent / "gone")
    if kind == "link":
        (root / part).symlink_to(root.parent / "outside" / part)
    else:
        (os.mkfifo if kind == "FIFO" else os.mkdir)(root / part)
    with pytest.raises(NotThereError):
        await store.read(LABEL, VERSION, asset)
    with pytest.raises(NotThereError):
        await anext(aiter(store.chunks(LABEL, VERSION, asset, 0, asset.size)))


async def test_a_read_that_has_begun_goes_on_with_the_file_that_it_began_with(
    root: Path,
) -> None:
    big = root / LABEL / str(VERSION) / "big.bin"
    big.write_bytes(b"a" * (3 << 20))
    store = FolderStore(root)
    asset = (await store.scan()).releases[LABEL][VERSION][AssetName("big.bin")]
    got = b""
    async for piece in store.chunks(LABEL, VERSION, asset, 0, asset.size):
        if not got:
            big.unlink()
            big.symlink_to(root.parent / "outside.txt")
        got += piece
    assert got == b"a" * (3 << 20)


def _device(path: Path) -> None:
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("only root makes devices")


def _socket(path: Path) -> None:
    os.chdir(path.parent)  # the path of a socket is limited to 107 bytes
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(path.name)


@pytest.mark.parametrize("make", [os.mkfifo, _device, _socket], ids=["FIFO", "device", "socket"])
@pytest.mark.parametrize(
    "place", ["infrastructure-odd", f"{LABEL}/v9.9.9", f"{LABEL}/{VERSION}/odd.yaml"]
)
async def test_what_is_no_file_is_absent_and_hangs_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], place: str
) -> None:
    monkeypatch.chdir(root)
    make(root / place)
    async with served(root) as server:
        for target in (f"/{place}", f"/{place}/{METADATA}"):
            assert (await server.get(target))[0] == 404, target
        assert (await server.get(GOOD))[0] == 200


@pytest.fixture
def huge(root: Path) -> Path:
    """An asset that is streamed."""
    file = root / LABEL / str(VERSION) / "huge.bin"
    with file.open("wb") as out:
        out.truncate(48 << 20)
    return file


async def test_a_download_that_breaks_is_cut_and_nothing_is_put_in_its_place(
    huge: Path, server: Served
) -> None:
    async with wire(server) as client, asyncio.timeout(3):
        await client.send(get(GOOD.replace(METADATA, huge.name)))
        await client.reader.readuntil(b"\r\n\r\n")
        os.truncate(huge, 47 << 20)
        assert set(await client.rest()) == {0}


async def test_a_large_asset_that_is_gone_is_404(huge: Path, server: Served) -> None:
    async with wire(server) as client:
        huge.unlink()
        asked = get(GOOD.replace(METADATA, huge.name))
        assert (await client.ask(asked, body=False)).status == 404


async def test_a_release_is_offered_again_once_it_can_be_read(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> bytes:
        raise StorageError("cannot open it: Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(FolderStore, "read", fail)
        async with served(root) as server:
            assert b"v0.1.0" not in (await server.get(VERSIONS))[2]
    async with served(root) as server:
        assert b"v0.1.0" in (await server.get(VERSIONS))[2]


def test_a_server_without_descriptors_recovers_by_itself(root: Path, tmp_path: Path) -> None:
    with serving_process(root, state=tmp_path / "state") as server, ExitStack() as stack:
        assert server.process.stderr is not None
        said = stack.enter_context(ThreadPoolExecutor()).submit(server.process.stderr.read)
        address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (40, 40))
        crowd = [socket.create_connection(address, 20) for _ in range(60)]
        with crowd.pop() as last:  # it waits at the door, unanswered
            last.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            for client in crowd:
                client.close()
            assert last.recv(12) == b"HTTP/1.1 200"
        server.process.terminate()
        assert "Traceback" not in said.result(20)
        assert server.process.wait(20) == 0
