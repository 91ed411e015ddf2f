"""The GitHub face: releases of a source, under github.com and api.github.com.

Rules kept here (clusterctl's `repository_github.go`, go-github):
- an asset is looked for in every label of its source, as a GitHub release has them all;
- a list of releases is never 404, which clusterctl would retry for a minute, but empty;
- what is said of one release has the digests of its assets, each of which is read once for it;
  a list of releases has none: it would have all files read;
- `/api/v3` is the same, for clients that are given another host (GitHub Enterprise).
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from aiohttp import web

from capirepo.core.names import AssetName, Source, parse_asset, parse_source
from capirepo.core.version import parse_version
from capirepo.errors import NotThereError, StorageError
from capirepo.services.library import Found
from capirepo.web import send
from capirepo.web.numbers import id_of, page_of
from capirepo.web.site import desk_of, library_of, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capirepo.core.version import Version
    from capirepo.services.library import Library

_PAGE = 30
_ENTERPRISE = "/api/v3"


def routes() -> list[web.RouteDef]:
    """The addresses of this face."""
    pages = "/{owner}/{repo}/releases"
    rest = [
        web.get(f"{prefix}/repos/{{owner}}/{{repo}}{path}", handler)
        for prefix in ("", _ENTERPRISE)
        for path, handler in (
            ("", repository),
            ("/releases", releases),
            ("/releases/latest", latest_release),
            ("/releases/tags/{tag}", release_by_tag),
            ("/releases/assets/{id:[0-9]+}", asset_by_id),
            ("/releases/{id:[0-9]+}", release_by_id),
            ("/releases/{id:[0-9]+}/assets", assets_of_release),
            ("/contents/{path:.+}", contents),
        )
    ]
    return [
        web.get(f"{pages}/download/{{tag}}/{{asset}}", download),
        web.get(f"{pages}/latest/download/{{asset}}", download_latest),
        *rest,
    ]


async def download(request: web.Request) -> web.StreamResponse:
    """One asset by its tag."""
    return await send.asset(request, library_of(request), await _find(request))


async def download_latest(request: web.Request) -> web.StreamResponse:
    """One asset of the newest release: GitHub leads to the address with the tag."""
    source, name = _source(request), parse_asset(text(request, "asset"))
    version = await desk_of(request).latest_in_source(source)
    owner, repo = text(request, "owner"), text(request, "repo")
    raise web.HTTPFound(f"/{owner}/{repo}/releases/download/{version}/{name}")


async def repository(request: web.Request) -> web.Response:
    """A source, as a repository."""
    source = _source(request)
    if not desk_of(request).has_source(source):
        raise NotThereError("Not Found", available=library_of(request).sources)
    owner, _, name = source.partition("/")
    content = {
        "id": id_of("repository", source),
        "name": name,
        "full_name": source,
        "owner": {"login": owner, "id": id_of("owner", owner)},
        "private": False,
        "html_url": f"https://github.com/{source}",
        "url": _base(request, source),
        "default_branch": "main",
    }
    return send.as_json(request, content)


async def releases(request: web.Request) -> web.Response:
    """The releases that are offered, newest first, in pages."""
    source = _source(request)
    try:
        versions = await desk_of(request).listed_in_source(source)
    except NotThereError:
        versions = []
    page = page_of(request, versions, _PAGE)
    library = library_of(request)
    content = [
        _release(request, source, version, await _assets(library, source, version))
        for version in page.items
    ]
    links = page.links(request, f"{_base(request, source)}/releases")
    return send.with_upstreams(request, send.as_json(request, content, Link=links))


async def latest_release(request: web.Request) -> web.Response:
    """The newest release."""
    source = _source(request)
    version = await desk_of(request).latest_in_source(source)
    answer = send.as_json(request, await _whole_release(request, source, version))
    return send.with_upstreams(request, answer)


async def release_by_tag(request: web.Request) -> web.Response:
    """One release, complete or not, by its tag."""
    source, version = _source(request), parse_version(text(request, "tag"))
    await desk_of(request).fill(source, version)
    content = await _whole_release(request, source, version)
    if not content["assets"]:
        offered = await library_of(request).offered_in_source(source)
        raise NotThereError(f"{source} has no {version}", available=[*map(str, offered)])
    return send.as_json(request, content)


async def release_by_id(request: web.Request) -> web.Response:
    """One release by its id."""
    return send.as_json(request, await _by_id(request))


async def assets_of_release(request: web.Request) -> web.Response:
    """The assets of one release, in pages."""
    source = _source(request)
    content = await _by_id(request)
    page = page_of(request, content["assets"], _PAGE)
    base = f"{_base(request, source)}/releases/{content['id']}/assets"
    return send.as_json(request, page.items, Link=page.links(request, base))


async def asset_by_id(request: web.Request) -> web.StreamResponse:
    """One asset by its id: its bytes to who accepts bytes, else what is known of it."""
    source, library = _source(request), library_of(request)
    for label in library.labels_of(source):
        for release in await library.releases(label):
            for asset in release.assets.values():
                if str(_asset_id(source, release.version, asset.name)) == text(request, "id"):
                    return await _asset_as_accepted(
                        request, source, Found(label=label, version=release.version, asset=asset)
                    )
    raise NotThereError("Not Found")


async def _asset_as_accepted(
    request: web.Request, source: Source, found: Found
) -> web.StreamResponse:
    if "application/octet-stream" not in request.headers.get("Accept", ""):
        content = _asset(request, source, found)
        content["digest"] = await _digest(library_of(request), found)
        return send.as_json(request, content, Vary="Accept")
    response = await send.asset(request, library_of(request), found)
    if not response.prepared:
        response.headers["Vary"] = "Accept, Accept-Encoding"
    return response


async def contents(request: web.Request) -> web.Response:
    """One asset as a file of the repository at a tag, for `--from …/blob/{tag}/{asset}`."""
    source = _source(request)
    path, library = text(request, "path"), library_of(request)
    version = parse_version(request.query.get("ref", ""))
    *_, name = map(parse_asset, path.split("/"))
    found = await desk_of(request).find_in_source(source, version, name)
    blob = await library.blob(found)
    if blob is None:
        raise NotThereError(f"{name} is too large for this address", cure="download the asset")
    content = {
        "type": "file",
        "encoding": "base64",
        "size": found.asset.size,
        "name": name,
        "path": path,
        "content": base64.b64encode(blob.body).decode(),
        "sha": blob.sha256,
    }
    return send.as_json(request, content)


async def _find(request: web.Request) -> Found:
    version = parse_version(text(request, "tag"))
    name = parse_asset(text(request, "asset"))
    return await desk_of(request).find_in_source(_source(request), version, name)


def _source(request: web.Request) -> Source:
    return parse_source(f"{text(request, 'owner')}/{text(request, 'repo')}")


async def _by_id(request: web.Request) -> dict[str, Any]:
    source, library, desk = _source(request), library_of(request), desk_of(request)
    versions = {
        release.version: None
        for label in library.labels_of(source)
        for release in await library.releases(label)
    }
    if desk.fetches and desk.has_source(source):
        versions |= dict.fromkeys(await desk.listed_in_source(source))
    for version in versions:
        if str(id_of("release", source, version)) == text(request, "id"):
            await desk.fill(source, version)
            return await _whole_release(request, source, version)
    raise NotThereError("Not Found")


async def _whole_release(request: web.Request, source: Source, version: Version) -> dict[str, Any]:
    """One release, with the digests of its assets."""
    library = library_of(request)
    found = await _assets(library, source, version)
    content = _release(request, source, version, found)
    for asset in content["assets"]:
        asset["digest"] = await _digest(library, found[asset["name"]])
    return content


async def _assets(library: Library, source: Source, version: Version) -> dict[AssetName, Found]:
    """The assets of one version of all labels of a source; of one name, the first label's."""
    assets: dict[AssetName, Found] = {}
    for label in library.labels_of(source):
        for release in await library.releases(label):
            if release.version == version:
                for name, asset in release.assets.items():
                    found = Found(label=label, version=version, asset=asset)
                    assets.setdefault(name, found)
    return assets


async def _digest(library: Library, found: Found) -> str | None:
    """The digest of an asset, as GitHub writes it; None where it is too large to be held."""
    try:
        blob = await library.blob(found)
    except (NotThereError, StorageError):
        # Whoever asks for the file itself is told; the others can be had.
        return None
    return f"sha256:{blob.sha256}" if blob else None


def _release(
    request: web.Request, source: Source, version: Version, assets: Mapping[AssetName, Found]
) -> dict[str, Any]:
    number = id_of("release", source, version)
    page = f"https://github.com/{source}/releases"
    return {
        "id": number,
        "tag_name": str(version),
        "name": str(version),
        "draft": False,
        "prerelease": not version.stable,
        "target_commitish": "main",
        "body": "",
        "url": f"{_base(request, source)}/releases/{number}",
        "assets_url": f"{_base(request, source)}/releases/{number}/assets",
        "html_url": f"{page}/tag/{version}",
        "assets": [_asset(request, source, assets[name]) for name in sorted(assets)],
    }


def _asset(request: web.Request, source: Source, found: Found) -> dict[str, Any]:
    number = _asset_id(source, found.version, found.asset.name)
    return {
        "id": number,
        "name": found.asset.name,
        "label": found.label,
        "size": found.asset.size,
        "digest": None,
        "updated_at": None,
        "state": "uploaded",
        "content_type": send.content_type(found.asset.name),
        "url": f"{_base(request, source)}/releases/assets/{number}",
        "browser_download_url": (
            f"https://github.com/{source}/releases/download/{found.version}/{found.asset.name}"
        ),
    }


def _asset_id(source: Source, version: Version, name: AssetName) -> int:
    return id_of("asset", source, version, name)


def _base(request: web.Request, source: Source) -> str:
    prefix = _ENTERPRISE if request.path.startswith(_ENTERPRISE) else ""
    return f"{request.scheme}://{request.host}{prefix}/repos/{source}"
