"""GitHub releases: by the REST API, else by the Go proxy's list and plain downloads.

Rules kept here:
- with a token the API is asked; without one, or where its limit is reached, the Go proxy,
  as clusterctl itself does, and what files there are is found out by their names;
- drafts, and tags that are no canonical version, are left out;
- an address of a download is made here, and not taken from an answer; where that is a 404,
  the API is asked for the file, which is the only way to those of a private repository.
"""

from __future__ import annotations

import contextlib
import logging
import re
import time
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from yarl import URL

from capirepo.core.names import parse_asset
from capirepo.core.version import Version, newest_first
from capirepo.errors import BadInputError, NotThereError
from capirepo.outside import Download, Listing, RemoteAsset, UpstreamError
from capirepo.upstream import troubles
from capirepo.upstream.lists import asked_for, check_ours, etag_in, named, tagged, versions_in
from capirepo.upstream.wire import NOTHING, Secret

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from capirepo.core.names import AssetName
    from capirepo.upstream.http import Http

GITHUB: Final = "https://github.com"
_API: Final = URL("https://api.github.com")
_JSON: Final = "application/vnd.github+json"
_MOST_PAGES: Final = 100
_MOST_MAJORS: Final = 20
# So long a list is used for the assets of its releases, which then cost no request.
_SECONDS: Final = 60.0

log = logging.getLogger("capirepo.upstream")


class _Asset(Struct):
    name: str
    size: int | None = None
    digest: str | None = None
    updated_at: str | None = None
    state: str = "uploaded"
    url: str = ""


class _Release(Struct):
    tag_name: str
    draft: bool = False
    assets: list[_Asset] = []


class GithubUpstream:
    """The releases of one repository; the files of all its labels lie side by side.

    Args:
        http: the client.
        repository: OWNER/REPO.
        names: the files to ask for where nobody lists them.
        secret: the token for the API; none at all means that it is not asked if there is
            another way.
        goproxy: the address of a Go proxy; '' for none.
        clock: the time in seconds, which never goes back.
    """

    def __init__(  # noqa: PLR0913 - where it is, and how it is asked
        self,
        http: Http,
        repository: str,
        *,
        names: Sequence[AssetName],
        secret: Secret = NOTHING,
        goproxy: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = f"{GITHUB}/{repository}"
        self._http = http
        self._repository = repository
        self._names = tuple(names)
        self._secret = secret
        self._goproxy = goproxy
        self._clock = clock
        # By release, when its files were listed, and which.
        self._files: dict[Version, tuple[float, tuple[RemoteAsset, ...]]] = {}
        self._by_api: dict[str, URL] = {}
        self._told = False

    async def versions(self, known: str = "") -> Listing:
        """What there is, newest first; `known` is the tag of an earlier listing.

        Of a longer list than one page only the newest hundred are compared with `known`.
        """
        if self._asks_api:
            try:
                return await self._versions_of_api(etag_in(known))
            except UpstreamError as error:
                self._go_on_without(error)
        return tagged(await self._versions_of_goproxy(), known)

    async def assets(self, version: Version) -> tuple[RemoteAsset, ...]:
        """The files of one release."""
        if self._asks_api:
            try:
                return await self._assets_of_api(version)
            except UpstreamError as error:
                self._go_on_without(error)
        self._tell_of_templates()
        found = await asked_for(self._http, self._downloads(version), self._names)
        if not found:
            raise NotThereError(f"{self.address} has no release {version}")
        return found

    async def asset(self, version: Version, name: AssetName) -> RemoteAsset:
        """One file of a release, found by its name also where files are not listed."""
        where = f"{self.address} {version}"
        if self._asks_api:
            try:
                return named(await self._assets_of_api(version), name, where)
            except UpstreamError as error:
                self._go_on_without(error)
        return named(await asked_for(self._http, self._downloads(version), [name]), name, where)

    @contextlib.asynccontextmanager
    async def open(self, asset: RemoteAsset) -> AsyncIterator[Download]:
        """A file, to be read while this is open."""
        check_ours(asset, f"{self.address}/releases/download/")
        async with contextlib.AsyncExitStack() as stack:
            try:
                download = await stack.enter_async_context(self._http.open(asset))
            except NotThereError:
                # A private repository has its files behind the API only.
                url = self._by_api.get(asset.address)
                if url is None:
                    raise
                opening = self._http.open(asset, secret=self._secret, url=url)
                download = await stack.enter_async_context(opening)
            yield download

    @property
    def _asks_api(self) -> bool:
        return bool(self._secret.headers) or not self._goproxy

    def _go_on_without(self, error: UpstreamError) -> None:
        """Goes on by the other way where the API only wants to be asked less often."""
        if not troubles.is_limit(error) or not self._goproxy:
            raise error
        log.warning("%s; asking the Go proxy instead", error)

    def _tell_of_templates(self) -> None:
        if not self._told:
            self._told = True
            log.warning(
                "%s: templates and ClusterClasses are not known without the API, but for "
                "cluster-template.yaml; set GITHUB_TOKEN to have them all",
                self.address,
            )

    def _downloads(self, version: Version) -> URL:
        return URL(f"{self.address}/releases/download/") / str(version)

    async def _versions_of_api(self, known: str) -> Listing:
        url = _API / "repos" / self._repository / "releases" % {"per_page": 100}
        page = await self._http.fetch_list(url, secret=self._secret, known=known, accept=_JSON)
        tag = page.headers.get("ETag", "")
        if page.unchanged:
            return Listing(versions=(), tag=tag or known, unchanged=True)
        releases = page.parsed(list[_Release])
        for _ in range(_MOST_PAGES):
            if page.next is None:
                break
            page = await self._http.fetch_list(page.next, secret=self._secret, accept=_JSON)
            releases += page.parsed(list[_Release])
        listed = {}
        for release in releases:
            for version in versions_in([release.tag_name]):
                if not release.draft:
                    listed[version] = self._remote(version, release)
        now = self._clock()
        self._files = {version: (now, files) for version, files in listed.items()}
        return Listing(versions=tuple(newest_first(listed)), tag=tag)

    async def _assets_of_api(self, version: Version) -> tuple[RemoteAsset, ...]:
        at, files = self._files.get(version, (0.0, ()))
        # Where a list names no files, another capirepo has still to fetch them itself.
        if files and self._clock() < at + _SECONDS:
            return files
        url = _API / "repos" / self._repository / "releases/tags" / str(version)
        answer = await self._http.fetch_list(url, secret=self._secret, accept=_JSON)
        release = answer.parsed(_Release)
        if release.draft or release.tag_name != str(version):
            raise NotThereError(f"{self.address} has no release {version}")
        files = self._remote(version, release)
        # Whoever asks for one file after the other must not use up the limit.
        self._files[version] = (self._clock(), files)
        return files

    def _remote(self, version: Version, release: _Release) -> tuple[RemoteAsset, ...]:
        found = []
        for asset in release.assets:
            try:
                name = parse_asset(asset.name)
            except BadInputError:
                continue
            if asset.state != "uploaded":
                continue
            address = str(self._downloads(version) / name)
            if self._secret.headers and asset.url.startswith(f"{_API}/"):
                self._by_api[address] = URL(asset.url)
            kind, _, digest = (asset.digest or "").partition(":")
            found.append(
                RemoteAsset(
                    name=name,
                    address=address,
                    size=asset.size,
                    sha256=digest.lower() if kind == "sha256" else "",
                    stamp=asset.updated_at or "",
                )
            )
        return tuple(found)

    async def _versions_of_goproxy(self) -> tuple[Version, ...]:
        module = re.sub("[A-Z]", lambda match: f"!{match[0].lower()}", self._repository)
        found: list[str] = []
        for major in ("", *(f"/v{number}" for number in range(2, _MOST_MAJORS))):
            url = URL(f"{self._goproxy}/github.com/{module}{major}/@v/list")
            try:
                answer = await self._http.fetch_list(url)
            except NotThereError:
                if not major:
                    raise
                break
            lines = answer.body.decode(errors="replace").split()
            found += [line.removesuffix("+incompatible") for line in lines]
        return versions_in(found)


def source_of(address: str) -> str | None:
    """OWNER/REPO of a GitHub address, as written; None where it is no GitHub address.

    Raises:
        BadInputError: it is one, but of no repository.
    """
    match = re.fullmatch(r"https://github\.com/([^/]+/[^/]+?)(\.git|/releases(/.*)?)?/?", address)
    if match is not None:
        return match[1]
    if address.startswith(f"{GITHUB}/"):
        raise BadInputError(
            f"{address} is no address of releases", cure=f"write {GITHUB}/OWNER/REPO"
        )
    return None
