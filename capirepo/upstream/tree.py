"""Servers with the addresses `BASE/LABEL/VERSION/ASSET`: another capirepo, or any https tree.

Rules kept here:
- a capirepo is told by the Server header of its answers; it names the files of a release with
  their digests, in one answer;
- of any other tree nothing is guessed from a page that lists it: versions are in an
  `index.json` as capirepo writes it, or in `LABEL/versions`, one a line; else only a version
  that is named can be had, and its files are those that the contract names;
- what a server says of a file's SHA-256 in X-Checksum-Sha256 is held against its bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from yarl import URL

from capirepo.core.names import AssetName, Label, parse_asset
from capirepo.core.version import newest_first
from capirepo.errors import BadInputError, NotThereError
from capirepo.outside import Download, Listing, RemoteAsset, Upstream
from capirepo.upstream.lists import asked_for, check_ours, etag_in, named, tagged, versions_in
from capirepo.upstream.wire import NOTHING, Secret

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence
    from contextlib import AbstractAsyncContextManager

    from capirepo.core.version import Version
    from capirepo.upstream.http import Http

_JSON: Final = "application/json"
_OURS: Final = "capirepo"
# A run asks for the files right after the versions: the same index need not come for each release.
_SECONDS: Final = 60.0


class _File(Struct):
    name: str
    size: int | None = None
    sha256: str | None = None


class _Release(Struct):
    version: str
    complete: bool = True
    assets: list[_File] = []


class _Releases(Struct):
    """What a server says of a label; `upstream` are the versions that it would fetch itself."""

    label: str
    releases: list[_Release] = []
    upstream: list[str] = []


class _Index(Struct):
    labels: list[_Releases] = []


class CapirepoUpstream:
    """One label of another capirepo.

    Args:
        http: the client.
        base: the address of the server.
        label: whose releases.
        secret: the token for reading, where it is private.
    """

    def __init__(self, http: Http, base: URL, label: Label, *, secret: Secret = NOTHING) -> None:
        self._label = base / label
        self.address = str(self._label)
        self._http = http
        self._secret = secret

    async def versions(self, known: str = "") -> Listing:
        """The complete releases, newest first; `known` is the tag of an earlier listing."""
        answer = await self._http.fetch_list(
            self._label, secret=self._secret, known=etag_in(known), accept=_JSON
        )
        tag = answer.headers.get("ETag", "")
        if answer.unchanged:
            return Listing(versions=(), tag=tag or known, unchanged=True)
        said = answer.parsed(_Releases)
        there = {*_complete(said.releases), *versions_in(said.upstream)}
        return Listing(versions=tuple(newest_first(there)), tag=tag)

    async def assets(self, version: Version) -> tuple[RemoteAsset, ...]:
        """The files of one release, with their digests; what is large states none."""
        base = self._label / str(version)
        answer = await self._http.fetch_list(base, secret=self._secret, accept=_JSON)
        files = answer.parsed(_Release).assets
        stated = {file.name: file for file in files if file.sha256}
        found = [
            RemoteAsset(
                name=name,
                address=str(base / name),
                size=stated[name].size,
                sha256=(stated[name].sha256 or "").lower(),
                # The tag that an asset of that digest has.
                stamp=f'"{stated[name].sha256}"',
            )
            for name in _names(stated.values())
        ]
        large = _names(file for file in files if not file.sha256)
        return (*found, *await asked_for(self._http, base, large, secret=self._secret))

    async def asset(self, version: Version, name: AssetName) -> RemoteAsset:
        """One file of a release."""
        base = self._label / str(version)
        found = await asked_for(self._http, base, [name], secret=self._secret)
        return named(found, name, f"{self.address} {version}")

    def open(self, asset: RemoteAsset) -> AbstractAsyncContextManager[Download]:
        """A file, to be read while this is open."""
        check_ours(asset, f"{self.address}/")
        return self._http.open(asset, secret=self._secret)


class TreeUpstream:
    """One label of a plain tree of files behind https.

    Args:
        http: the client.
        base: the address of the tree.
        label: whose releases.
        names: the files to ask for where nobody lists them.
        clock: seconds, for how long what was listed is believed.
    """

    def __init__(
        self,
        http: Http,
        base: URL,
        label: Label,
        *,
        names: Sequence[AssetName],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base = base
        self._label = label
        self.address = str(base / label)
        self._http = http
        self._names = tuple(names)
        self._clock = clock
        self._listed: dict[str, list[AssetName]] = {}
        self._listed_at = 0.0

    async def versions(self, known: str = "") -> Listing:
        """What the tree says that there is; a NotThereError where it does not say it."""
        releases = await self._index()
        if releases is not None:
            self._keep({one.version: _names(one.assets) for one in releases})
            return tagged(_complete(releases), known)
        try:
            answer = await self._http.fetch_list(URL(self.address) / "versions")
        except NotThereError as error:
            raise NotThereError(
                f"{self.address} does not say which versions there are: there is no "
                f"{self._base / 'index.json'} with it, and no {self.address}/versions",
                cure="name the versions that are wanted",
            ) from error
        named = answer.body.decode(errors="replace").split()
        self._keep({one: [] for one in named})
        return tagged(versions_in(named), known)

    async def assets(self, version: Version) -> tuple[RemoteAsset, ...]:
        """The files of one release: those that the index names, else those of the contract."""
        listed = self._listed
        if str(version) not in listed or self._clock() >= self._listed_at + _SECONDS:
            listed = {one.version: _names(one.assets) for one in await self._index() or []}
        names = listed.get(str(version)) or self._names
        found = await asked_for(self._http, URL(self.address) / str(version), names)
        if not found:
            raise NotThereError(f"{self.address} has no {version}")
        return found

    async def asset(self, version: Version, name: AssetName) -> RemoteAsset:
        """One file of a release, whether the index names it or not."""
        found = await asked_for(self._http, URL(self.address) / str(version), [name])
        return named(found, name, f"{self.address} {version}")

    def _keep(self, listed: dict[str, list[AssetName]]) -> None:
        self._listed, self._listed_at = listed, self._clock()

    def open(self, asset: RemoteAsset) -> AbstractAsyncContextManager[Download]:
        """A file, to be read while this is open."""
        check_ours(asset, f"{self.address}/")
        return self._http.open(asset)

    async def _index(self) -> list[_Release] | None:
        """What index.json says of the label; None where it says nothing."""
        try:
            answer = await self._http.fetch_list(self._base / "index.json")
        except NotThereError:
            return None
        labels = answer.parsed(_Index).labels
        return next((one.releases for one in labels if one.label == self._label), None)


class ServedUpstream:
    """One label of a server that is a capirepo or a plain tree: the first answer tells which.

    Args:
        http: the client.
        base: the address.
        label: whose releases.
        names: the files to ask for where nobody lists them.
        secret: the token, shown to a capirepo only.
    """

    def __init__(
        self,
        http: Http,
        base: URL,
        label: Label,
        *,
        names: Sequence[AssetName],
        secret: Secret = NOTHING,
    ) -> None:
        self.address = str(base / label)
        self._http = http
        self._base = base
        self._ours = CapirepoUpstream(http, base, label, secret=secret)
        self._plain = TreeUpstream(http, base, label, names=names)
        self._chosen: Upstream | None = None
        self._choosing = asyncio.Lock()

    async def versions(self, known: str = "") -> Listing:
        """What there is, newest first; `known` is the tag of an earlier listing."""
        return await (await self._choose()).versions(known)

    async def assets(self, version: Version) -> tuple[RemoteAsset, ...]:
        """The files of one release."""
        return await (await self._choose()).assets(version)

    async def asset(self, version: Version, name: AssetName) -> RemoteAsset:
        """One file of a release."""
        return await (await self._choose()).asset(version, name)

    @contextlib.asynccontextmanager
    async def open(self, asset: RemoteAsset) -> AsyncIterator[Download]:
        """A file, to be read while this is open."""
        async with (await self._choose()).open(asset) as download:
            yield download

    async def _choose(self) -> Upstream:
        async with self._choosing:
            if self._chosen is None:
                ours = await self._http.server(self._base) == _OURS
                self._chosen = self._ours if ours else self._plain
            return self._chosen


def _complete(releases: Iterable[_Release]) -> tuple[Version, ...]:
    return versions_in(release.version for release in releases if release.complete)


def _names(files: Iterable[_File]) -> list[AssetName]:
    names = []
    for file in files:
        try:
            names.append(parse_asset(file.name))
        except BadInputError:
            continue
    return names
