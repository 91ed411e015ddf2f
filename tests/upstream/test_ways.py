"""Proxies and NO_PROXY as Go reads them, private addresses, and the way through a proxy."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from yarl import URL

from capirepo.errors import BadInputError
from capirepo.outside import UpstreamError
from capirepo.upstream.ways import Proxies, is_private
from capirepo.upstream.wire import Outside, Secret, trusting
from tests.support import served
from tests.upstream.bad import BODY, Places, answer, asset_at, bad_server, client, read

if TYPE_CHECKING:
    from pathlib import Path

SECRET = Secret(headers={"Authorization": "Bearer t0ken"})
PROXY = {"HTTPS_PROXY": "http://proxy.example:3128", "HTTP_PROXY": "plain.example:80"}

# From the tests of golang.org/x/net/http/httpproxy, and its documentation.
DIRECT = [
    ("", "https://example.com/", False),
    ("", "http://localhost/", True),
    ("", "http://127.0.0.1/", True),
    ("", "http://127.0.0.2/", True),
    ("", "http://[::1]/", True),
    ("", "http://[::2]/", False),
    ("*", "https://example.com/", True),
    ("example.com", "https://example.com/", True),
    ("example.com", "https://EXAMPLE.com./", True),
    ("example.com", "https://www.example.com/", True),
    ("example.com", "https://notexample.com/", False),
    (".example.com", "https://example.com/", False),
    (".example.com", "https://www.example.com/", True),
    ("*.example.com", "https://example.com/", False),
    ("*.example.com", "https://www.example.com/", True),
    ("example.com:443", "https://example.com/", True),
    ("example.com:80", "https://example.com/", False),
    ("example.com:8443", "https://example.com:8443/", True),
    ("192.0.2.7", "https://192.0.2.7/", True),
    ("192.0.2.7:443", "https://192.0.2.7/", True),
    ("192.0.2.7:80", "https://192.0.2.7/", False),
    ("192.0.2.0/24", "https://192.0.2.7/", True),
    ("192.0.2.0/24", "https://192.0.3.7/", False),
    ("2001:db8::/32", "https://[2001:db8::1]/", True),
    ("[2001:db8::1]:443", "https://[2001:db8::1]/", True),
    ("192.0.2.0/24", "https://example.com/", False),
    (" other.example , example.com ,", "https://example.com/", True),
]


@pytest.mark.parametrize(("none_for", "address", "direct"), DIRECT)
def test_no_proxy_is_read_as_go_reads_it(none_for: str, address: str, *, direct: bool) -> None:
    proxies = Proxies.of({**PROXY, "NO_PROXY": none_for})
    assert (proxies.for_address(URL(address)) is None) is direct


def test_each_scheme_has_its_proxy_in_either_case() -> None:
    proxies = Proxies.of({"https_proxy": "http://a.example:1", "HTTP_PROXY": "b.example:2"})
    assert proxies.for_address(URL("https://x.example/")) == URL("http://a.example:1")
    assert proxies.for_address(URL("http://x.example/")) == URL("http://b.example:2")
    assert Proxies.of({}).for_address(URL("https://x.example/")) is None


@pytest.mark.parametrize("text", ["socks5://a.example", "http://", "http://[", "://"])
def test_what_is_no_proxy_is_an_error(text: str) -> None:
    with pytest.raises(BadInputError, match="HTTPS_PROXY"):
        Proxies.of({"HTTPS_PROXY": text})


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.169.254", "0.0.0.0", "::1",
     "100.64.0.1", "fe80::1", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "224.0.0.1", "::",
     "10.1", "0x7f000001", "2130706433", "255.255.255.255"],
)  # fmt: skip
def test_an_address_that_is_not_of_the_public_internet_is_private(address: str) -> None:
    assert is_private(address)


@pytest.mark.parametrize("address", ["140.82.121.4", "2606:50c0:8000::154", "1.1", "github.com"])
def test_others_are_not(address: str) -> None:
    assert not is_private(address)


async def test_a_proxy_is_asked_and_given_its_password_and_no_token() -> None:
    async with bad_server() as proxy:
        address = f"http://me:secret@127.0.0.1:{proxy.port}"
        proxies = Proxies.of({"HTTP_PROXY": address, "HTTPS_PROXY": address})
        async with client(outside=Outside(proxies=proxies)) as http:
            proxy.replies["*"] = [answer()]
            assert await read(http, asset_at("http://a.example/f")) == BODY
            proxy.replies["*"] = [answer(status="407 Who are you")]
            with pytest.raises(UpstreamError, match="the proxy answers 407"):
                await http.head(URL("https://a.example/f"), secret=SECRET)
    assert proxy.asked[0].startswith("GET http://a.example/f ")
    assert proxy.asked[1].startswith("CONNECT a.example:443 ")
    login = f"Proxy-Authorization: Basic {base64.b64encode(b'me:secret').decode()}"
    assert [head.count(login) for head in proxy.asked] == [1, 1]
    assert "t0ken" not in proxy.asked[1]


async def test_https_goes_through_connect(root: Path) -> None:
    async with served(root) as server:
        proxies = Proxies.of({"HTTPS_PROXY": server.url})
        # Nobody looks up github.com here: the proxy is asked for it.
        way = Outside(proxies=proxies, tls=server.trusting(), resolver=Places({}))
        address = "https://github.com/capirepo.internal/infrastructure-awesome"
        async with client(outside=way) as http:
            name = f"{address}/releases/download/v0.1.0/metadata.yaml"
            assert b"releaseSeries" in await read(http, asset_at(name))
            with pytest.raises(UpstreamError, match="the proxy answers 403"):
                await http.head(URL("https://evil.example/"))


def test_a_ca_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nonsense")
    for file in (tmp_path / "ca.pem", tmp_path / "none.pem"):
        with pytest.raises(BadInputError, match=file.name):
            trusting(str(file))
