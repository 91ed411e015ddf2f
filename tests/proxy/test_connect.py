"""CONNECT and absolute addresses: for our hosts only, never dialled."""

from __future__ import annotations

import asyncio
import gc
import socket
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from capirepo.proxy.certs import Certificates
from capirepo.proxy.head import MAX_HEAD
from tests.web.test_framing import BOTH_PORTS, METADATA, Wire, get, wire

if TYPE_CHECKING:
    import ssl

    from tests.support import Served

pytestmark = pytest.mark.usefixtures("calm")

HOST = "github.com"
LISTED = "github.com, api.github.com, gitlab.capirepo.internal"
REFUSED = {
    "unlisted host": "evil.example:443",
    "unlisted port": f"{HOST}:80",
    "a port with a zero": f"{HOST}:0443",
    "ourselves": "localhost:443",
    "IPv4": "192.0.2.1:443",
    "loopback": "127.0.0.1:443",
    "short loopback": "127.1:443",
    "loopback as a number": "2130706433:443",
    "octal": "0177.0.0.1:443",
    "link-local": "169.254.169.254:443",
    "unspecified": "0.0.0.0:443",
    "longer": f"{HOST}.evil:443",
    "suffix": f"evil{HOST}:443",
    "below": f"www.{HOST}:443",
    "trailing dot": f"{HOST}.:443",
    "Punycode": "xn--gthub-cta.com:443",
}
MALFORMED = {
    "IPv6": "[::1]:443",
    "mapped IPv4": "[::ffff:127.0.0.1]:443",
    "user": f"user@{HOST}:443",
    "user and password": f"{HOST}:443@evil.example:443",
    "percent": "g%69thub.com:443",
    "look-alike": "g\u0131thub.com:443",
    "no port": HOST,
    "empty port": f"{HOST}:",
    "huge port": f"{HOST}:4430000000",
    "no host": ":443",
    "any host": "*:443",
    "a path": f"{HOST}:443/",
    "an address": f"https://{HOST}:443",
    "two words": f"{HOST}:443 {HOST}:443",
    "301 bytes": "a" * 301,
    "nothing": "",
}


def connect(authority: str = f"{HOST}:443", *headers: str, version: str = "1.1") -> bytes:
    lines = (f"CONNECT {authority} HTTP/{version}", f"Host: {authority}", *headers, "")
    return "".join(f"{line}\r\n" for line in lines).encode()


async def blocking_tls(server: Served) -> ssl.SSLSocket:
    """A client of the TLS port that does nothing by itself."""
    raw = socket.create_connection(("127.0.0.1", server.tls_port))
    return await asyncio.to_thread(server.trusting().wrap_socket, raw, server_hostname="localhost")


async def tunnel(client: Wire, server: Served, sni: str | None = HOST, **options: Any) -> None:
    """Opens a tunnel for github.com, with TLS inside."""
    answer = await client.ask(connect(**options), body=False)
    assert answer.head.startswith(b"HTTP/1.1 200 ")
    context = server.trusting()
    context.check_hostname = sni is not None
    async with asyncio.timeout(20):
        await client.writer.start_tls(context, server_hostname=sni)


@BOTH_PORTS
@pytest.mark.parametrize("authority", REFUSED.values(), ids=REFUSED)
async def test_a_connect_for_others_is_403_with_a_sentence_and_a_cure_as_its_reason(
    server: Served, authority: str, *, tls: bool
) -> None:
    line, _, rest = (await server.raw(connect(authority), tls=tls)).partition(b"\r\n")
    host, _, port = authority.partition(":")
    if host == HOST:
        expected = f"this proxy answers for {HOST} on port 443 only, not on {port}"
    else:
        expected = f"this proxy answers only for {LISTED}, not for {host}; put {host} in NO_PROXY"
    assert line.startswith(f"HTTP/1.1 403 {expected}".encode())
    assert rest.endswith(line.removeprefix(b"HTTP/1.1 403 ") + b"\n")
    assert (await server.get(METADATA))[0] == 200


@pytest.mark.parametrize("authority", MALFORMED.values(), ids=MALFORMED)
async def test_a_malformed_connect_is_400_with_a_sentence_as_its_reason(
    server: Served, authority: str
) -> None:
    answer = await server.raw(connect(authority))
    assert answer.startswith(b"HTTP/1.1 400 this is no CONNECT HOST:PORT HTTP/1.1\r\n")
    assert answer.count(b"HTTP/1.1 400") == 1


@pytest.mark.parametrize("version", ["2.0", "0.9", "1.2", "x"])
async def test_a_connect_of_another_version_is_refused(server: Served, version: str) -> None:
    assert (await server.raw(connect(version=version))).startswith(b"HTTP/1.1 400 ")


@BOTH_PORTS
async def test_a_tunnel_ends_here_and_serves(server: Served, *, tls: bool) -> None:
    """On the TLS port this is TLS in TLS."""
    expected = (await server.get(METADATA))[2]
    for authority in (f"{HOST}:443", "GitHub.COM:443"):
        async with wire(server, tls=tls) as client:
            await tunnel(client, server, authority=authority)
            for _ in range(2):
                for host in (HOST, f"{HOST}:443", "GITHUB.com"):
                    request = get(METADATA).replace(b"localhost", host.encode())
                    assert (await client.ask(request)).body == expected


async def test_no_name_is_ever_resolved(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*args: object, **_: object) -> NoReturn:
        pytest.fail(f"resolved {args}")

    for function in (
        "getaddrinfo",
        "gethostbyname",
        "gethostbyname_ex",
        "gethostbyaddr",
        "getfqdn",
    ):
        monkeypatch.setattr(socket, function, resolve)
    async with wire(server) as client:
        await tunnel(client, server)
        assert (await client.ask(get("/", version="1.0"))).status == 421
    for request in (get("/", version="1.0"), b"GET / HTTP/1.0\r\n\r\n", b"?\r\n\r\n"):
        assert await server.raw(request)


@BOTH_PORTS
async def test_another_host_than_that_of_the_tunnel_is_421(server: Served, *, tls: bool) -> None:
    async with wire(server, tls=tls) as client:
        await tunnel(client, server)
        for host in (
            "api.github.com",
            "localhost",
            "evil.example",
            f"{HOST}.",
            f"x.{HOST}",
            "",
            ":443",
        ):
            answer = await client.ask(get(METADATA).replace(b"localhost", host.encode()))
            assert answer.status == 421, host
            assert f"opened for {HOST}, not for {host}\n".encode() in answer.body
        assert (await client.ask(get(METADATA).replace(b"localhost", HOST.encode()))).status == 200


async def test_another_host_than_that_of_the_sni_is_421(server: Served) -> None:
    async with wire(server, tls=True, name=HOST) as client:
        request = get(METADATA)
        assert (await client.ask(request)).status == 421
        assert (await client.ask(request.replace(b"localhost", HOST.encode()))).status == 200
        assert (await client.ask(request)).status == 421
    async with wire(server, tls=True) as client:
        assert (await client.ask(request)).status == 200


async def test_an_answer_for_one_host_is_not_ready_for_another(server: Served) -> None:
    request = get(METADATA).replace(b"localhost", b"api.github.com")
    async with wire(server, tls=True, name="api.github.com") as client:
        assert [(await client.ask(request)).status for _ in range(2)] == [200, 200]
    async with wire(server, tls=True, name=HOST) as client:
        assert (await client.ask(request)).status == 421


@pytest.mark.parametrize("sni", ["api.github.com", "localhost", "evil.example", f"{HOST}.evil"])
async def test_another_sni_than_the_host_of_the_tunnel_is_refused(server: Served, sni: str) -> None:
    async with wire(server) as client:
        with pytest.raises(OSError, match=r".*"):
            await tunnel(client, server, sni)
    assert (await server.get(METADATA))[0] == 200


async def test_without_sni_the_tunnel_has_the_certificate_of_its_host(server: Served) -> None:
    async with wire(server) as client:
        await tunnel(client, server, None)
        certificate = client.writer.get_extra_info("peercert")
        assert certificate["subjectAltName"] == (("DNS", HOST),)
        assert (await client.ask(get(METADATA).replace(b"localhost", HOST.encode()))).status == 200


@pytest.mark.parametrize("extra", [b"x", b"\x16\x03\x01\x02\x00", get(METADATA)], ids=ascii)
async def test_bytes_after_the_head_of_a_connect_are_refused(server: Served, extra: bytes) -> None:
    answer = await server.raw(connect() + extra)
    assert answer.startswith(b"HTTP/1.1 400 bytes came before the tunnel was open\r\n")


async def test_what_is_no_tls_inside_of_a_tunnel_is_ended(server: Served) -> None:
    async with wire(server) as client:
        await client.ask(connect(), body=False)
        await client.send(get(METADATA))
        assert b"HTTP/1.1" not in await client.rest()
    assert (await server.get(METADATA))[0] == 200


@pytest.mark.parametrize("cut", range(8, len(connect()), 5))
async def test_a_connect_in_pieces_is_the_same_connect(server: Served, cut: int) -> None:
    async with wire(server) as client:
        assert (await client.ask(connect()[:cut], connect()[cut:], body=False)).status == 200


async def test_a_connect_in_bytes_is_the_same_connect(server: Served) -> None:
    async with wire(server) as client:
        pieces = [bytes([byte]) for byte in connect()]
        assert (await client.ask(*pieces, body=False)).status == 200


async def test_a_connect_without_an_end_is_431(server: Served) -> None:
    async with wire(server) as client:
        answer = await client.ask(*[connect(HOST, "X: " + "a" * MAX_HEAD)[:-4]] * 2)
        assert answer.status == 431


async def test_a_connect_with_too_long_a_head_is_431(server: Served) -> None:
    answer = await server.raw(connect(f"{HOST}:443", "X: " + "a" * MAX_HEAD))
    assert answer.startswith(b"HTTP/1.1 431 ")


async def test_a_tunnel_without_a_leaf_is_refused(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> NoReturn:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(Certificates, "context", fail)
    async with wire(server) as client:
        assert (await client.ask(connect())).status == 503
        assert await client.rest() == b""


@pytest.mark.parametrize("said", [b"this is no ClientHello", b""])
async def test_tls_in_tls_that_fails_is_ended_calmly(
    server: Served, caplog: pytest.LogCaptureFixture, said: bytes
) -> None:
    async with wire(server, tls=True) as client:
        await client.ask(connect(), body=False)
        await client.send(said)
        client.writer.close()
        await client.rest()
    gc.collect()
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_an_absolute_address_of_ours_is_served(server: Served, scheme: str) -> None:
    expected = (await server.get(METADATA))[2]
    async with wire(server) as client:
        assert (await client.ask(get(f"{scheme}://{HOST}{METADATA}"))).body == expected


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1", "127.1", "169.254.169.254", f"{HOST}.evil", f"{HOST}.", "a" * 70,
     "evil.example:443", "xn--", "xn--a"],
)  # fmt: skip
async def test_an_absolute_address_of_others_is_403_with_a_cure(server: Served, host: str) -> None:
    answer = await server.raw(get(f"http://{host}{METADATA}"))
    assert answer.startswith(f"HTTP/1.1 403 this proxy answers only for {LISTED}, not".encode())
    assert b"unset HTTP_PROXY, or put that host in NO_PROXY" in answer


@pytest.mark.parametrize(
    "host",
    ["", "[::1", "[::1]", f"{HOST}:x", f"{HOST}:999999", f"{HOST}@evil.example", f"evil@{HOST}",
     f"{HOST}:443@evil.example", f"{HOST}\\evil", "g%69thub.com", "\u00e9.example", "\x7f"],
)  # fmt: skip
async def test_a_malformed_absolute_address_is_400(server: Served, host: str) -> None:
    assert (await server.raw(get(f"http://{host}{METADATA}"))).startswith(b"HTTP/1.1 400 ")
