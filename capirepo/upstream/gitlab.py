"""Generic packages of a GitLab project: a label is a package, an asset a package file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

from msgspec import Struct
from yarl import URL

from capirepo.core.names import parse_asset
from capirepo.errors import BadInputError, NotThereError
from capirepo.outside import Download, Listing, RemoteAsset, UpstreamError
from capirepo.upstream.lists import check_ours, etag_in, named, versions_in
from capirepo.upstream.wire import NOTHING, Secret

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from capirepo.core.names import AssetName, Label
    from capirepo.core.version import Version
    from capirepo.upstream.answer import Answer
    from capirepo.upstream.http import Http

_PAGE: Final = 100
_MOST_PAGES: Final = 1000
_JSON: Final = "application/json"
_USABLE: Final = "default"

# An instance may live below a path of its host.
_PROJECT: Final = re.compile(r"(/.+)?/api/v4/projects/[^/]+")

T = TypeVar("T")


class _Package(Struct):
    id: int
    name: str
    version: str | None = None
    status: str = _USABLE


class _File(Struct):
    id: int
    file_name: str
    size: int | None = None
    file_sha256: str | None = None
    created_at: str | None = None


class GitlabUpstream:
    """The packages of one label in one project.

    Args:
        http: the client.
        project: the address of the project, `https://HOST/api/v4/projects/ID`.
        label: the package.
        secret: the token, as PRIVATE-TOKEN or JOB-TOKEN.
    """

    def __init__(self, http: Http, project: URL, label: Label, *, secret: Secret = NOTHING) -> None:
        self.address = f"{project}/packages/generic/{label}"
        self._http = http
        self._project = project
        self._label = label
        self._secret = secret

    async def versions(self, known: str = "") -> Listing:
        """What there is, newest first; `known` is the tag of an earlier listing.

        Of a longer list than one page only the newest hundred are compared with `known`.
        """
        # The newest first, so that the first page is another one when something is new.
        url = self._packages() % {"order_by": "created_at", "sort": "desc"}
        page = await self._list(url, etag_in(known))
        tag = page.headers.get("ETag", "")
        if page.unchanged:
            return Listing(versions=(), tag=tag or known, unchanged=True)
        packages = await self._all(page, _Package)
        there = [one.version or "" for one in packages if self._is_ours(one)]
        return Listing(versions=versions_in(there), tag=tag)

    async def assets(self, version: Version) -> tuple[RemoteAsset, ...]:
        """The files of one release; of several with one name, the last that was uploaded."""
        url = self._packages() % {"package_version": str(version)}
        packages = await self._all(await self._list(url), _Package)
        numbers = [one.id for one in packages if self._is_ours(one) and one.version == str(version)]
        if not numbers:
            raise NotThereError(f"{self.address} has no {version}")
        url = self._project / "packages" / str(max(numbers)) / "package_files"
        files = await self._all(await self._list(url % {"per_page": _PAGE}), _File)
        found = {}
        for file in files:
            try:
                name = parse_asset(file.file_name)
            except BadInputError:
                continue
            found[name] = RemoteAsset(
                name=name,
                address=str(URL(self.address) / str(version) / name),
                size=file.size,
                sha256=(file.file_sha256 or "").lower(),
                stamp=file.created_at or str(file.id),
            )
        return tuple(found.values())

    async def asset(self, version: Version, name: AssetName) -> RemoteAsset:
        """One file of a release."""
        return named(await self.assets(version), name, f"{self.address} {version}")

    def open(self, asset: RemoteAsset) -> AbstractAsyncContextManager[Download]:
        """A file, to be read while this is open."""
        check_ours(asset, f"{self.address}/")
        return self._http.open(asset, secret=self._secret)

    def _packages(self) -> URL:
        return (
            self._project
            / "packages"
            % {
                "package_type": "generic",
                "package_name": self._label,
                "per_page": _PAGE,
            }
        )

    def _is_ours(self, package: _Package) -> bool:
        # GitLab looks for packages whose name has the wanted one in it.
        return package.name == self._label and package.status == _USABLE

    async def _list(self, url: URL, known: str = "") -> Answer:
        return await self._http.fetch_list(url, secret=self._secret, known=known, accept=_JSON)

    async def _all(self, page: Answer, kind: type[T]) -> list[T]:
        """What is on this page, and on all that come after it."""
        found = page.parsed(list[kind])  # type: ignore[valid-type]
        for _ in range(_MOST_PAGES):
            if page.next is None:
                return found
            page = await self._list(page.next)
            found += page.parsed(list[kind])  # type: ignore[valid-type]
        raise UpstreamError(f"{self.address} has no end of pages", address=self.address)


def project_of(url: URL) -> URL | None:
    """The project of a GitLab address, or of one below it; None where it is none."""
    match = _PROJECT.match(url.raw_path)
    return url.with_path(match[0], encoded=True) if match else None
