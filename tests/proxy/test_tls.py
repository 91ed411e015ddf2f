"""Our TLS: bounded, constrained, and never silently renewed."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import datetime as dt
import socket
import ssl
import sys
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from capirepo.errors import BadInputError
from capirepo.proxy.ca import Authority, Leaf, _pem_of, make_authority
from capirepo.proxy.certs import Certificates, load_own, new_context
from capirepo.wiring import authority_of
from tests.proxy.test_connect import blocking_tls, connect
from tests.support import Served, repository, run_capirepo, served
from tests.web.test_framing import get, wire

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = dt.datetime.now(dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
BIG = "/infrastructure-awesome/v0.1.0/big.bin"
OWN_HOST = "gitlab.capirepo.internal"
LONG_HOST = f"{'a' * 60}.{'b' * 60}.example"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return make_authority(tmp_path, ["github.com", "127.0.0.1", "localhost"], NOW)


def context_of(leaf: Leaf, folder: Path) -> ssl.SSLContext:
    (folder / "leaf.pem").write_bytes(leaf.chain + leaf.key)
    context = new_context()
    context.load_cert_chain(folder / "leaf.pem")
    return context


def shake_hands(server: ssl.SSLContext, ca_file: Path, name: str) -> str | None:
    """A handshake in memory, with Python's own verification; returns the version agreed on."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    trusting = ssl.create_default_context(cafile=str(ca_file))
    client = trusting.wrap_bio(down, up, server_hostname=name)
    sides = (client, server.wrap_bio(up, down, server_side=True))
    for side in sides * 4:
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()
    return client.version()


def hello(name: bytes) -> bytes:
    """A ClientHello with an SNI of any bytes."""
    stand_in, out = ("abcdefghi." * 30)[: len(name) - 1] + "z", ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=stand_in).do_handshake()
    return out.read().replace(stand_in.encode(), name)


async def answer_to(server: Served, sent: bytes) -> bytes:
    """The first bytes that come back on the TLS port; none where it only hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.tls_port)
    async with asyncio.timeout(20):
        writer.write(sent)
        with contextlib.closing(writer.transport), contextlib.suppress(ConnectionResetError):
            return await reader.read(7)
    return b""


@pytest.mark.parametrize("name", ["github.com", "127.0.0.1", "localhost"])
def test_a_leaf_for_our_names_is_trusted(authority: Authority, tmp_path: Path, name: str) -> None:
    context = context_of(authority.issue([name], NOW), tmp_path)
    assert shake_hands(context, tmp_path / "ca.pem", name) in ("TLSv1.2", "TLSv1.3")


@pytest.mark.parametrize(
    "names", [["evil.example"], ["10.0.0.1"], ["github.com", "evil.example"], ["*.evil.example"]]
)
def test_a_leaf_for_another_name_is_refused_by_openssl(
    authority: Authority, tmp_path: Path, names: list[str]
) -> None:
    context = context_of(authority.issue(names, NOW), tmp_path)
    name = names[0].replace("*", "www")
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        shake_hands(context, tmp_path / "ca.pem", name)


def test_a_leaf_is_backdated_short_lived_and_never_outlives_its_ca(authority: Authority) -> None:
    end = authority.certificate.not_valid_after_utc
    for now, life in ((NOW, 7 * DAY), (end - DAY, DAY), (end - HOUR, HOUR)):
        leaf = authority.issue([LONG_HOST], now)
        certificate = x509.load_pem_x509_certificate(leaf.chain)
        assert certificate.not_valid_before_utc == (now - HOUR).replace(microsecond=0)
        assert certificate.not_valid_after_utc == (now + life).replace(microsecond=0)
        assert now < leaf.renew_at < certificate.not_valid_after_utc
        assert list(certificate.subject) == []


def test_the_cache_of_leaves_is_bounded_and_renews_them(authority: Authority) -> None:
    clock = [NOW]
    hosts = [f"h{number}.example" for number in range(200)]
    certificates = Certificates(
        authority, hosts=hosts, addresses=["localhost"], own=None, now=lambda: clock[0]
    )
    contexts = [certificates.context(host) for host in hosts]
    assert certificates.kept == 128
    assert certificates.context(hosts[-1]) is contexts[-1]
    assert certificates.context(hosts[0]) is not contexts[0]
    clock[0] += 3 * DAY
    assert certificates.context(hosts[-1]) is contexts[-1]
    clock[0] += DAY
    assert certificates.context(hosts[-1]) is not contexts[-1]
    assert certificates.kept == 128


async def test_a_flood_of_unknown_names_makes_no_leaf(server: Served) -> None:
    for number in range(200):
        assert (await answer_to(server, hello(b"h%d.evil.example" % number)))[:1] != b"\x16"
    assert b"\ncapirepo_leaves 0.0\n" in (await server.get("/metrics"))[2]
    async with wire(server, tls=True, name="github.com"):
        assert b"\ncapirepo_leaves 1.0\n" in (await server.get("/metrics"))[2]


@pytest.mark.parametrize(
    "name",
    [b"evil.example", b"github.com.evil", b"github.com.", b"*.github.com", b".github.com",
     b"www.github.com", b"git\x00hub.com", b"a" * 64 + b".example", LONG_HOST.encode(), b"a" * 255,
     b"\xff" * 12],
    ids=lambda name: ascii(name)[2:30],
)  # fmt: skip
async def test_a_name_that_is_only_like_ours_gets_no_certificate(
    server: Served, monkeypatch: pytest.MonkeyPatch, name: bytes
) -> None:
    # CPython cannot raise out of its own decoding; the command line logs it in one line.
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    # asyncio drops the alert unrecognized_name, so that the client sees the end only.
    assert await answer_to(server, hello(name)) in (b"", b"\x15\x03\x03\0\x02\x02\x70")


async def test_an_sni_of_any_case_is_the_same_name(server: Served) -> None:
    assert (await answer_to(server, hello(b"GitHub.COM")))[:1] == b"\x16"
    assert (await answer_to(server, hello(b"LocalHost")))[:1] == b"\x16"


async def test_a_host_of_more_than_64_characters_has_its_leaf(root: Path) -> None:
    (root / "capirepo.yaml").write_text(f"proxy: {{hosts: [{LONG_HOST}]}}\n")
    async with served(root) as server, wire(server, tls=True, name=LONG_HOST) as client:
        request = get("/healthz").replace(b"localhost", LONG_HOST.encode())
        assert (await client.ask(request)).status == 200


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
async def test_a_tunnel_without_a_client_hello_is_ended(
    server: Served, monkeypatch: pytest.MonkeyPatch, *, tls: bool
) -> None:
    monkeypatch.setattr("capirepo.proxy.house.HANDSHAKE_SECONDS", 0.05)
    for begun in (b"", hello(b"github.com")[:40]):
        async with wire(server, tls=tls) as client, asyncio.timeout(2):
            await client.ask(connect(), body=False)
            await client.send(begun)
            assert await client.rest() == b""


async def test_a_silent_tunnel_over_tls_frees_its_socket(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await blocking_tls(server)
    monkeypatch.setattr("capirepo.proxy.house.HANDSHAKE_SECONDS", 0.05)
    client.sendall(connect())
    with socket.socket(fileno=client.detach()) as raw:  # what is said inside of TLS is not heard
        raw.settimeout(3)
        while await asyncio.to_thread(raw.recv, 4096):
            pass


async def test_the_tls_port_ends_who_says_nothing(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capirepo.proxy.house.HANDSHAKE_SECONDS", 0.05)
    assert [await answer_to(server, sent) for sent in (b"", b"\x16\x03")] == [b"", b""]


@pytest.mark.parametrize("size", [1, 15 << 20])
async def test_an_idle_client_does_not_hold_up_the_end(root: Path, size: int) -> None:
    (root / BIG[1:]).write_bytes(bytes(size))
    with contextlib.ExitStack() as stack:
        async with asyncio.timeout(4), served(root) as server:
            client = stack.enter_context(await blocking_tls(server))
            client.settimeout(3)
            client.sendall(get(BIG, "Connection: close"))
            await asyncio.to_thread(client.recv, 1)
            reading = asyncio.create_task(asyncio.to_thread(client.makefile("rb").read, size))
        await reading


async def test_a_certificate_of_ones_own_is_shown_for_its_hosts_only(
    root: Path, tmp_path: Path
) -> None:
    theirs = make_authority(tmp_path / "theirs", [OWN_HOST], NOW)
    context_of(theirs.issue([OWN_HOST], NOW), tmp_path)
    own = str(tmp_path / "leaf.pem")
    async with served(root, certificate=own, key=own) as server:
        trusting = ssl.create_default_context(cafile=str(tmp_path / "theirs" / "ca.pem"))
        for name in (OWN_HOST, None):  # None: no SNI
            trusting.check_hostname = name is not None
            _, writer = await asyncio.open_connection("127.0.0.1", server.tls_port)
            await writer.start_tls(trusting, server_hostname=name)
            names = writer.get_extra_info("peercert")["subjectAltName"]
            assert names == (("DNS", OWN_HOST),)
            writer.transport.abort()
        async with wire(server, tls=True, name="github.com") as client:
            assert (await client.ask(get("/"))).status == 421


@pytest.mark.parametrize(
    "files", ["leaf ca.key", "leaf none", "none leaf", "ca.key leaf", "ca.pem ca.key"]
)
def test_a_certificate_of_ones_own_that_cannot_be_used_is_an_error(
    authority: Authority, tmp_path: Path, files: str
) -> None:
    leaf = authority.issue(["github.com"], NOW)
    (tmp_path / "leaf").write_bytes(leaf.chain + leaf.key)
    certificate, key = (tmp_path / name for name in files.split())
    with pytest.raises(BadInputError, match=certificate.name):
        load_own(certificate, key)


def wrote(name: str, data: bytes) -> Callable[[Path], object]:
    return lambda ca: (ca / name).write_bytes(data)


def remade(now: dt.datetime) -> Callable[[Path], object]:
    return lambda ca: make_authority(ca, ["a.b"], now, replace=True)


def garbled(old: str, new: str) -> Callable[[Path], object]:
    def garble(ca: Path) -> None:
        certificate = x509.load_pem_x509_certificate((ca / "ca.pem").read_bytes())
        der = certificate.public_bytes(serialization.Encoding.DER).hex()
        body = base64.encodebytes(bytes.fromhex(der.replace(old, new))).decode()
        pem = f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"
        (ca / "ca.pem").write_text(pem)

    return garble


OTHER_KEY = _pem_of(ec.generate_private_key(ec.SECP256R1()))
DAMAGED: dict[str, Any] = {
    "key missing": (lambda ca: (ca / "ca.key").unlink(), "only ca.pem of the two files"),
    "certificate missing": (lambda ca: (ca / "ca.pem").unlink(), "only ca.key of the two files"),
    "key readable by the group": (lambda ca: (ca / "ca.key").chmod(0o640), "mode 0640.*chmod 600"),
    "key cut": (wrote("ca.key", OTHER_KEY[:99]), "damaged"),
    "key of another": (wrote("ca.key", OTHER_KEY), "not the key of"),
    "certificate cut": (wrote("ca.pem", b"-----BEGIN CERTIFICATE-----\nMIIB\n"), "damaged"),
    "expired": (remade(NOW - 3651 * DAY), "valid from .* today is"),
    "not valid yet": (remade(NOW + DAY), "valid from .* today is"),
    "for other hosts": (remade(NOW), "not speak for github.com"),
    "no constraints": (garbled("0603551d1e", "0603551d63"), "damaged"),
    "odd kind of key": (garbled("2a8648ce3d0201", "2a8648ce3d0209"), "damaged"),
    "odd version": (garbled("a003020102", "a003020107"), "damaged"),
    "not what was signed": (garbled(b"capirepo".hex(), b"capirepO".hex()), "damaged"),
}


@pytest.mark.parametrize(("damage", "sentence"), DAMAGED.values(), ids=DAMAGED)
def test_a_ca_that_cannot_be_used_is_an_error_with_a_cure_and_stays(
    root: Path, damage: Callable[[Path], object], sentence: str
) -> None:
    authority_of(repository(root))
    folder = root / ".capirepo" / "ca"
    damage(folder)
    before = {file: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(BadInputError, match=sentence) as error:
        authority_of(repository(root))
    assert {file: file.read_bytes() for file in folder.iterdir()} == before
    assert "`capirepo ca new` makes another" in error.value.cure


def test_serve_says_the_cure_and_no_traceback(root: Path) -> None:
    authority_of(repository(root))
    (root / ".capirepo" / "ca" / "ca.key").chmod(0o644)
    result = run_capirepo("serve", root, "--listen", "127.0.0.1:0", "--tls-listen", "")
    assert (result.returncode, result.stdout) == (2, "")
    assert "chmod 600" in result.stderr
    assert "Traceback" not in result.stderr


async def test_a_certificate_of_ones_own_is_held_to_its_host_as_ours_are(
    root: Path, tmp_path: Path
) -> None:
    theirs = make_authority(tmp_path / "theirs", ["example.com"], NOW)
    context_of(theirs.issue(["a.example.com", "b.example.com"], NOW), tmp_path)
    own = str(tmp_path / "leaf.pem")
    trusting = ssl.create_default_context(cafile=str(tmp_path / "theirs" / "ca.pem"))
    async with served(root, certificate=own, key=own) as server:
        for host, status in (("a.example.com", b"200"), ("b.example.com", b"421")):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", server.tls_port, ssl=trusting, server_hostname="a.example.com"
            )
            writer.write(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert (await reader.readline()).split()[1] == status
            writer.transport.abort()


def test_a_renewed_certificate_is_taken_up_and_a_broken_one_is_not(
    authority: Authority, tmp_path: Path
) -> None:
    files = tmp_path / "own.pem"

    def renew() -> None:
        leaf = authority.issue(["github.com"], NOW)
        files.write_bytes(leaf.key + leaf.chain)

    renew()
    now = NOW
    certificates = Certificates(
        authority,
        hosts=["github.com"],
        addresses=["localhost"],
        own=load_own(files, files),
        now=lambda: now,
    )
    first = certificates.context("github.com")
    assert certificates.context("github.com") is first
    now += DAY
    files.write_bytes(b"half")
    assert certificates.context("github.com") is first
    now += DAY
    renew()
    assert certificates.context("github.com") is not first
