"""Where an upstream may lead us, and what goes along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from capirepo.outside import UpstreamError
from capirepo.upstream.wire import Outside, Secret
from tests.upstream.bad import (
    BODY,
    Bad,
    Places,
    answer,
    asset_at,
    bad_server,
    client,
    contexts,
    read,
    redirect,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from capirepo.upstream.http import Http

SECRET = Secret(headers={"Authorization": "Bearer t0ken"}, variable="GITHUB_TOKEN")
NAMES = ("a.example", "b.example", "inside.example")


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[tuple[Bad, Bad, Bad, Http]]:
    """Two public hosts and one that counts as private, and a client that trusts them."""
    server_side, trusting = contexts(tmp_path, *NAMES)
    async with (
        bad_server(tls=server_side) as a,
        bad_server(tls=server_side) as b,
        bad_server(tls=server_side, host="127.0.0.2") as inside,
    ):
        places = Places(
            {
                "a.example": ("127.0.0.1", a.port),
                "b.example": ("127.0.0.1", b.port),
                "inside.example": ("127.0.0.2", inside.port),
            }
        )
        way = Outside(resolver=places, tls=trusting, private=lambda address: address == "127.0.0.2")
        async with client(outside=way) as http:
            yield a, b, inside, http


async def test_a_token_is_not_sent_on_to_another_host(
    outside: tuple[Bad, Bad, Bad, Http],
) -> None:
    a, b, _, http = outside
    a.replies["/f"] = [redirect("/g")]
    a.replies["/g"] = [redirect("https://someone:else@b.example/h?signature=1")]
    b.replies["/h?signature=1"] = [answer()]
    async with http.open(asset_at("https://a.example/f"), secret=SECRET) as download:
        assert b"".join([piece async for piece in download.pieces]) == BODY
    assert ["t0ken" in head for head in a.asked + b.asked] == [True, True, False]
    assert "authorization" not in b.asked[0].lower()


async def test_what_a_redirect_carries_beside_its_path_is_not_told(
    outside: tuple[Bad, Bad, Bad, Http],
) -> None:
    a, b, _, http = outside
    a.replies["/f"] = [redirect("https://b.example/h?signature=1")]
    b.replies["*"] = [answer(length=9999)]
    with pytest.raises(UpstreamError) as error:
        await read(http, asset_at("https://a.example/f"))
    assert "signature" not in str(error.value) + error.value.address


@pytest.mark.parametrize(
    "target",
    [
        "https://inside.example/g",
        "https://127.0.0.2/g",
        "https://127.2/g",
        "https://0x7f.2/g",
        "https://2130706434/g",
        "https://nobody.example/g",
        "http://b.example/g",
        "http://a.example/g",
        "ftp://b.example/g",
        "file:///etc/passwd",
        "https://",
        "https://[",
        "",
    ],
)
async def test_a_redirect_to_a_private_or_plain_address_is_refused(
    outside: tuple[Bad, Bad, Bad, Http], target: str
) -> None:
    a, b, inside, http = outside
    a.replies["/f"] = [redirect(target)]
    inside.replies["/g"] = b.replies["/g"] = [answer()]
    with pytest.raises(UpstreamError):
        await read(http, asset_at("https://a.example/f"))
    assert inside.asked + b.asked == []


async def test_a_private_upstream_may_lead_to_private_addresses(
    outside: tuple[Bad, Bad, Bad, Http],
) -> None:
    _, b, inside, http = outside
    inside.replies["/f"] = [redirect("https://b.example/g")]
    b.replies["/g"] = [redirect("https://inside.example/h")]
    inside.replies["/h"] = [answer()]
    assert await read(http, asset_at("https://inside.example/f")) == BODY


async def test_redirects_in_a_circle_end(outside: tuple[Bad, Bad, Bad, Http]) -> None:
    a, b, _, http = outside
    a.replies["/f"] = [redirect("https://b.example/f")]
    b.replies["/f"] = [redirect("https://a.example/f")]
    with pytest.raises(UpstreamError, match="more than 5 times"):
        await read(http, asset_at("https://a.example/f"))
    assert len(a.asked + b.asked) == 6
