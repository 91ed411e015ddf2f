"""The GitLab face: generic packages, as GitLab's API v4 serves them.

One repository is one project; a label is a package, a version its version, an asset a
package file. clusterctl reads files; python-gitlab and CI jobs read the lists as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from capirepo.core.names import parse_asset, parse_label
from capirepo.core.version import parse_version
from capirepo.errors import NotThereError
from capirepo.services.library import Found
from capirepo.web import send
from capirepo.web.numbers import id_of, page_of
from capirepo.web.site import SITE, library_of, text

if TYPE_CHECKING:
    from capirepo.core.release import Release

_PROJECT = "/api/v4/projects/{project}"
_PROJECT_ID = 1
_PAGE = 20


def routes() -> list[web.RouteDef]:
    """The addresses of this face."""
    return [
        web.get(_PROJECT, project),
        web.get(f"{_PROJECT}/packages", packages),
        web.get(f"{_PROJECT}/packages/{{id:[0-9]+}}", package),
        web.get(f"{_PROJECT}/packages/{{id:[0-9]+}}/package_files", package_files),
        web.get(f"{_PROJECT}/packages/generic/{{label}}/{{version}}/{{asset}}", asset),
    ]


async def project(request: web.Request) -> web.Response:
    """The project that this repository is."""
    path = _check_project(request)
    content = {
        "id": _PROJECT_ID,
        "name": path.rpartition("/")[2],
        "path_with_namespace": path,
        "packages_enabled": True,
        "web_url": f"{request.scheme}://{request.host}/",
    }
    return send.as_json(request, content)


async def packages(request: web.Request) -> web.Response:
    """The complete releases, as packages."""
    _check_project(request)
    query = request.query
    found = []
    if query.get("package_type", "generic") == "generic":
        name, version = query.get("package_name", ""), query.get("package_version", "")
        found = [
            _package(release)
            async for release in library_of(request).every_release()
            if release.complete and name in release.label and version in ("", str(release.version))
        ]
    if query.get("sort") == "desc":
        found.reverse()
    page = page_of(request, found, _PAGE)
    return send.as_json(
        request,
        page.items,
        Link=page.links(request, f"{request.scheme}://{request.host}{request.rel_url.raw_path}"),
        X_Total=str(page.total),
        X_Total_Pages=str(page.last),
        X_Page=str(page.number),
        X_Per_Page=str(page.size),
        X_Next_Page=str(page.number + 1) if page.number < page.last else "",
        X_Prev_Page=str(page.number - 1) if page.number > 1 else "",
    )


async def package(request: web.Request) -> web.Response:
    """One release, as a package."""
    return send.as_json(request, _package(await _release(request)))


async def package_files(request: web.Request) -> web.Response:
    """The assets of one release."""
    release, library = await _release(request), library_of(request)
    files = []
    for item in release.assets.values():
        found = Found(label=release.label, version=release.version, asset=item)
        blob = await library.blob(found)
        files.append(
            {
                "id": id_of("file", release.label, release.version, item.name),
                "package_id": _id(release),
                "file_name": item.name,
                "size": item.size,
                "file_md5": None,
                "file_sha1": None,
                "file_sha256": blob.sha256 if blob else None,
                "created_at": None,
            }
        )
    page = page_of(request, files, _PAGE)
    return send.as_json(request, page.items, X_Total=str(page.total))


async def asset(request: web.Request) -> web.StreamResponse:
    """One asset."""
    _check_project(request)
    name, label = parse_asset(text(request, "asset")), parse_label(text(request, "label"))
    version = parse_version(text(request, "version"))
    library = library_of(request)
    response = await send.asset(request, library, await library.find(label, version, name))
    if not response.prepared:
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _check_project(request: web.Request) -> str:
    path = request.app[SITE].places.gitlab_project
    if text(request, "project").lower() not in (path.lower(), str(_PROJECT_ID)):
        raise NotThereError(
            "404 Project Not Found", available=[path], cure=f"this repository is project {path}"
        )
    return path


async def _release(request: web.Request) -> Release:
    _check_project(request)
    async for release in library_of(request).every_release():
        if release.complete and str(_id(release)) == text(request, "id"):
            return release
    raise NotThereError("404 Package Not Found")


def _id(release: Release) -> int:
    return id_of("package", release.label, release.version)


def _package(release: Release) -> dict[str, Any]:
    return {
        "id": _id(release),
        "name": release.label,
        "version": str(release.version),
        "package_type": "generic",
        "status": "default",
        "created_at": None,
        "tags": [],
    }
