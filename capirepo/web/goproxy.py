"""The Go proxy face: `/github.com/{owner}/{repo}/@v/list`, clusterctl's version lists.

Rules kept here (clusterctl's `internal/goproxy`, and the Go module reference):
- only 200 and 404 are final; anything else costs the client a minute;
- every version stands in the base list, whatever its major, and `/v2` and up are 404,
  which ends clusterctl's search;
- the Go tool writes upper case in an address as `!` and the lower case letter.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiohttp import web

from capirepo.core.names import CLUSTERCTL, Source, parse_source
from capirepo.core.version import parse_version
from capirepo.errors import NotThereError
from capirepo.web import send
from capirepo.web.site import desk_of, text

if TYPE_CHECKING:
    from capirepo.core.version import Version


def routes() -> list[web.RouteDef]:
    """The addresses of this face."""
    return [
        web.get("/github.com/{owner}/{repo}/@v/list", versions),
        web.get("/github.com/{owner}/{repo}/@v/{version}.{kind:info|mod}", version),
        web.get("/sigs.k8s.io/cluster-api/@v/list", clusterctl_versions),
        web.get("/{module:(github\\.com|sigs\\.k8s\\.io)/.+}/@v/{rest:.+}", nothing_else),
    ]


async def versions(request: web.Request) -> web.Response:
    """The versions of a source, one a line."""
    source = _source(f"{text(request, 'owner')}/{text(request, 'repo')}")
    listed = await desk_of(request).listed_in_source(source)
    return _lines(request, listed)


async def version(request: web.Request) -> web.Response:
    """What `go list -m -versions` reads of the newest version before it prints any."""
    module = f"{text(request, 'owner')}/{text(request, 'repo')}"
    wanted = parse_version(text(request, "version"))
    if wanted not in await desk_of(request).listed_in_source(_source(module)):
        raise NotThereError(f"{module} has no {wanted}")
    if text(request, "kind") == "info":
        answer = send.as_json(request, {"Version": str(wanted)})
    else:
        answer = send.as_text(request, f"module github.com/{_unescaped(module)}\n")
    return send.with_upstreams(request, answer)


async def clusterctl_versions(request: web.Request) -> web.Response:
    """The versions of clusterctl itself, which it looks up on every call."""
    return _lines(request, await desk_of(request).listed(CLUSTERCTL))


def _lines(request: web.Request, versions: list[Version]) -> web.Response:
    text = "".join(f"{version}\n" for version in versions)
    return send.with_upstreams(request, send.as_text(request, text))


def _source(module: str) -> Source:
    return parse_source(_unescaped(module))


def _unescaped(module: str) -> str:
    return re.sub("!([a-z])", lambda match: match[1].upper(), module)


async def nothing_else(request: web.Request) -> web.Response:
    """Everything else that a Go proxy has: modules, which these repositories are not."""
    raise NotThereError(
        f"{text(request, 'module')} has no {text(request, 'rest')} here",
        cure="this face has versions of providers, and no modules",
    )
