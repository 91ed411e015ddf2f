"""The tree face: `/{label}/{version}/{asset}`, for people, curl, `--config` and `--from`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import web

from capirepo.core.clusterctl import LATEST, Style, render_config
from capirepo.core.names import parse_asset, parse_label, shown
from capirepo.core.version import parse_version
from capirepo.errors import BadInputError, NotThereError
from capirepo.services import report
from capirepo.web import send
from capirepo.web.site import SITE, desk_of, library_of, text

if TYPE_CHECKING:
    from capirepo.core.version import Version

_SETTINGS: Final = {"style", "provider", "image-registry", "known"}


def routes() -> list[web.RouteDef]:
    """The addresses of this face."""
    return [
        web.get("/", about),
        web.get("/index.json", index),
        web.get("/clusterctl.yaml", clusterctl_yaml),
        web.get("/ca.pem", ca),
        web.get("/api/{rest:.*}", nothing),
        web.get("/{label}", label),
        web.get("/{label}/", label),
        web.get("/{label}/{version}", release),
        web.get("/{label}/{version}/", release),
        web.get("/{label}/{version}/{asset}", asset),
    ]


async def about(request: web.Request) -> web.Response:
    """What this is, for whoever opens it in a browser or with curl."""
    library = library_of(request)
    rows = []
    for name in library.labels:
        versions = await library.offered(name)
        shown = ", ".join(map(str, versions[:5])) + (", …" if len(versions) > 5 else "")  # noqa: PLR2004
        rows.append(f"  {name:<40} {shown or '(no complete release)'}")
    listing = "\n".join(rows) or "  (empty)"
    base = f"{request.scheme}://{request.host}"
    return send.as_text(
        request,
        f"capirepo: {library.count} release(s) of {len(library.labels)} label(s)\n\n{listing}\n\n"
        f"  {base}/index.json         everything, for programs\n"
        f"  {base}/clusterctl.yaml    for clusterctl --config\n"
        f"  {base}/LABEL/VERSION/ASSET, and LABEL/latest/ASSET\n",
    )


async def nothing(request: web.Request) -> web.Response:
    """What no API of ours has, so that nobody takes it for a label."""
    raise NotThereError(f"there is nothing at {shown(request.path)}; docs/http.md lists what is")


async def index(request: web.Request) -> web.Response:
    """Everything there is, as JSON."""
    return send.as_json(request, await report.index(library_of(request)))


async def ca(request: web.Request) -> web.Response:
    """The certificate that clients must trust; it can speak only for our hosts."""
    return send.listing(request, request.app[SITE].ca_pem, send.content_type("ca.pem"))


async def clusterctl_yaml(request: web.Request) -> web.Response:
    """A clusterctl.yaml that names the newest releases."""
    site = request.app[SITE]
    unknown = set(request.query) - _SETTINGS
    if unknown:
        raise BadInputError(
            f"unknown parameter {', '.join(sorted(map(ascii, unknown)))}",
            cure=f"known are {', '.join(sorted(_SETTINGS))}",
        )
    # Concrete versions, at a host that is nobody's: without the proxy these lead nowhere,
    # where GitHub's would lead to the real one.
    style = style_of(request.query.get("style", Style.GITLAB.value))
    # What `capirepo run` asks: clusterctl has the others on its own list.
    known = request.query.get("known", "true") != "false"
    wanted = request.query.getall("provider", [])
    addresses = await report.addresses(site.desk, wanted, known=known)
    registry = request.query.get("image-registry", "")
    content = render_config(addresses, style, site.places, image_registry=registry)
    return send.with_upstreams(request, send.as_yaml(request, content))


def style_of(name: str) -> Style:
    """The style of addresses that `name` means."""
    try:
        return Style(name)
    except ValueError:
        known = ", ".join(style.value for style in Style)
        raise BadInputError(f"there is no style {ascii(name)[:40]}", cure=f"take {known}") from None


async def label(request: web.Request) -> web.Response:
    """The releases of one label."""
    name = parse_label(text(request, "label"))
    listing = await report.label_listing(desk_of(request), name)
    return send.with_upstreams(request, send.as_json(request, listing))


async def release(request: web.Request) -> web.Response:
    """The assets of one release."""
    name, version = parse_label(text(request, "label")), text(request, "version")
    if version == LATEST:
        newest = await desk_of(request).latest(name)
        raise web.HTTPFound(f"/{name}/{newest}/")
    found = await desk_of(request).release(name, parse_version(version))
    listing = await report.release_listing(library_of(request), found)
    return send.as_json(request, listing)


async def asset(request: web.Request) -> web.StreamResponse:
    """One asset; `latest` in place of a version leads to the newest one."""
    desk = desk_of(request)
    name, wanted = parse_label(text(request, "label")), parse_asset(text(request, "asset"))
    if text(request, "version") == LATEST:
        newest: Version = await desk.latest(name, wanted)
        raise web.HTTPFound(f"/{name}/{newest}/{wanted}")
    version = parse_version(text(request, "version"))
    return await send.asset(request, desk.library, await desk.find(name, version, wanted))
