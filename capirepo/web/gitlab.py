"""The GitLab face: generic packages, as GitLab's API v4 serves them.

One repository is one project; a label is a package, a version its version, an asset a
package file. clusterctl reads files; python-gitlab and CI jobs read the lists as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from capirepo.core.names import parse_asset, parse_label
from capirepo.core.version import parse_version
from capirepo.errors import NotThereError
from capirepo.services.library import Found
from capirepo.web import send
from capirepo.web.auth import holder_of
from capirepo.web.numbers import id_of, page_of
from capirepo.web.site import SITE, desk_of, library_of, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capirepo.core.names import AssetName, Label
    from capirepo.core.release import Asset
    from capirepo.core.version import Version

    Assets = Mapping[AssetName, Asset]

PROJECT: Final = "/api/v4/projects/{project}"
_PROJECT_ID = 1
_PAGE = 20
# GitLab's words for a package that can be used, and for one that is not whole yet.
_LISTED: Final = "default"
_PENDING: Final = "processing"


def routes() -> list[web.RouteDef]:
    """The addresses of this face."""
    return [
        web.get("/api/v4/user", user),
        web.get(PROJECT, project),
        web.get(f"{PROJECT}/packages", packages),
        web.get(f"{PROJECT}/packages/{{id:[0-9]+}}", package),
        web.get(f"{PROJECT}/packages/{{id:[0-9]+}}/package_files", package_files),
        web.get(f"{PROJECT}/packages/generic/{{label}}/{{version}}/{{asset}}", asset),
    ]


async def user(request: web.Request) -> web.Response:
    """Whose token this is: what clients ask first to see whether it is one."""
    name = holder_of(request)
    content = {"id": id_of("user", name), "username": name, "name": name, "state": "active"}
    answer = send.as_json(request, content)
    answer[send.PURE] = False
    return answer


async def project(request: web.Request) -> web.Response:
    """The project that this repository is."""
    path = check_project(request)
    content = {
        "id": _PROJECT_ID,
        "name": path.rpartition("/")[2],
        "path_with_namespace": path,
        "packages_enabled": True,
        "web_url": f"{request.scheme}://{request.host}/",
    }
    return send.as_json(request, content)


async def packages(request: web.Request) -> web.Response:
    """The complete releases, as packages; those that are pending with status=processing."""
    check_project(request)
    query = request.query
    found = []
    if query.get("package_type", "generic") == "generic":
        name, version = query.get("package_name", ""), query.get("package_version", "")
        status = query.get("status", _LISTED)
        found = [
            package_data(label, release_version, status)
            for label, release_version, _ in await _all(request, status)
            if name in label and version in ("", str(release_version))
        ]
    if query.get("sort") == "desc":
        found.reverse()
    page = page_of(request, found, _PAGE)
    return _as_json(
        request,
        query.get("status", _LISTED),
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
    label, version, _, status = await find_package(request)
    return _as_json(request, status, package_data(label, version, status))


async def package_files(request: web.Request) -> web.Response:
    """The assets of one release."""
    label, version, assets, status = await find_package(request)
    library = library_of(request)
    files = []
    for item in assets.values():
        digest = None
        if status == _LISTED:
            blob = await library.blob(Found(label=label, version=version, asset=item))
            digest = blob.sha256 if blob else None
        files.append(file_data(label, version, item.name, item.size, digest))
    page = page_of(request, files, _PAGE)
    return _as_json(request, status, page.items, X_Total=str(page.total))


async def asset(request: web.Request) -> web.StreamResponse:
    """One asset."""
    check_project(request)
    name, label = parse_asset(text(request, "asset")), parse_label(text(request, "label"))
    version = parse_version(text(request, "version"))
    desk = desk_of(request)
    response = await send.asset(request, desk.library, await desk.find(label, version, name))
    if not response.prepared:
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def check_project(request: web.Request) -> str:
    """The path of the one project; raises NotThereError where another one is asked for."""
    path = request.app[SITE].places.gitlab_project
    if text(request, "project").lower() not in (path.lower(), str(_PROJECT_ID)):
        raise NotThereError(
            "404 Project Not Found", available=[path], cure=f"this repository is project {path}"
        )
    return path


async def find_package(request: web.Request) -> tuple[Label, Version, Assets, str]:
    """The package with the id in the address, and its status."""
    check_project(request)
    for status in (_LISTED, _PENDING):
        for label, version, assets in await _all(request, status):
            if str(package_id(label, version)) == text(request, "id"):
                return label, version, assets, status
    raise NotThereError("404 Package Not Found")


async def _all(request: web.Request, status: str) -> list[tuple[Label, Version, Assets]]:
    site = request.app[SITE]
    if status == _PENDING:
        return [(one.label, one.version, one.assets) for one in await site.uploads.pending()]
    if status != _LISTED:
        return []
    return [
        (release.label, release.version, release.assets)
        async for release in site.desk.library.every_release()
        if release.complete
    ]


def _as_json(request: web.Request, status: str, content: object, **headers: str) -> web.Response:
    """An answer about packages of one status; that about pending ones is never kept ready."""
    answer = send.as_json(request, content, **headers)
    if status != _LISTED:
        # What is pending changes and the library does not.
        answer[send.PURE] = False
    return answer


def package_id(label: Label, version: Version) -> int:
    """The id of a release, as a package."""
    return id_of("package", label, version)


def file_data(
    label: Label, version: Version, name: AssetName, size: int, sha256: str | None
) -> dict[str, Any]:
    """One asset, as a package file."""
    return {
        "id": id_of("file", label, version, name),
        "package_id": package_id(label, version),
        "file_name": name,
        "size": size,
        "file_md5": None,
        "file_sha1": None,
        "file_sha256": sha256,
        "created_at": None,
    }


def package_data(label: Label, version: Version, status: str) -> dict[str, Any]:
    """One release, as a package."""
    return {
        "id": package_id(label, version),
        "name": label,
        "version": str(version),
        "package_type": "generic",
        "status": status,
        "created_at": None,
        "tags": [],
    }
