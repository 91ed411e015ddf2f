"""What upstreams have that state little: versions from lines, files by the contract's names."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Final

from capirepo.core.metadata import METADATA
from capirepo.core.names import CLUSTERCTL, AssetName, ProviderType, provider_of
from capirepo.core.version import Version, newest_first, parse_version
from capirepo.errors import BadInputError, NotThereError
from capirepo.outside import Listing, RemoteAsset, UpstreamError
from capirepo.upstream.answer import stamp_of
from capirepo.upstream.wire import NOTHING, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yarl import URL

    from capirepo.core.catalog import Entry
    from capirepo.upstream.http import Http

TEMPLATE: Final = AssetName("cluster-template.yaml")
_PROGRAMS: Final = (
    "linux-amd64", "linux-arm64", "linux-ppc64le", "darwin-amd64", "darwin-arm64",
    "windows-amd64.exe",
)  # fmt: skip
_TAG: Final = "list:"


def versions_in(texts: Iterable[str]) -> tuple[Version, ...]:
    """Those of `texts` that are canonical versions, each once, newest first."""
    found = set()
    for text in texts:
        try:
            found.add(parse_version(text))
        except BadInputError:
            continue
    return tuple(newest_first(found))


def tagged(versions: tuple[Version, ...], known: str) -> Listing:
    """A listing whose tag is made of the versions, for upstreams that give none."""
    lines = "\n".join(map(str, versions)).encode()
    tag = _TAG + hashlib.sha256(lines).hexdigest()[:32]
    if tag == known:
        return Listing(versions=(), tag=tag, unchanged=True)
    return Listing(versions=versions, tag=tag)


def etag_in(known: str) -> str:
    """The tag of an earlier listing, unless it is one that `tagged` made."""
    return "" if known.startswith(_TAG) else known


def contract_names(entries: Iterable[Entry]) -> tuple[AssetName, ...]:
    """The names that the files of these labels have, as far as names are given by contract."""
    names: dict[AssetName, None] = {}
    for entry in entries:
        provider = provider_of(entry.label)
        if entry.label == CLUSTERCTL:
            names |= dict.fromkeys(AssetName(f"clusterctl-{one}") for one in _PROGRAMS)
            continue
        names[entry.components] = None
        if provider is not None:
            names[METADATA] = None
            if provider.type is ProviderType.INFRASTRUCTURE:
                names[TEMPLATE] = None
    return tuple(names)


def named(files: Iterable[RemoteAsset], name: AssetName, where: str) -> RemoteAsset:
    """The one of `files` with a name; `where` is the release that they are of.

    Raises:
        NotThereError: none has it.
    """
    for file in files:
        if file.name == name:
            return file
    raise NotThereError(f"{where} has no {name}")


async def asked_for(
    http: Http, base: URL, names: Iterable[AssetName], *, secret: Secret = NOTHING
) -> tuple[RemoteAsset, ...]:
    """Those of `names` that are below `base`, each with what its head says.

    Raises:
        UpstreamError: one of them cannot be asked for.
    """
    asking = [_asked_for(http, base, name, secret) for name in names]
    found = await asyncio.gather(*asking)
    return tuple(asset for asset in found if asset is not None)


async def _asked_for(http: Http, base: URL, name: AssetName, secret: Secret) -> RemoteAsset | None:
    address = base / name
    try:
        answer = await http.head(address, secret=secret)
    except NotThereError:
        return None
    length = answer.headers.get("Content-Length", "")
    return RemoteAsset(
        name=name,
        address=str(address),
        size=int(length) if length.isdigit() else None,
        sha256=answer.headers.get("X-Checksum-Sha256", "").lower(),
        stamp=stamp_of(answer.headers),
    )


def check_ours(asset: RemoteAsset, base: str) -> None:
    """Sees that an asset is from below `base`: a record or a lock file may say anything.

    Raises:
        UpstreamError: it is not.
    """
    rest = asset.address.removeprefix(base)
    if rest == asset.address or ".." in rest:
        raise UpstreamError(f"{asset.address} is not an address of {base}", address=asset.address)
