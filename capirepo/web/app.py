"""The routes of all faces, in one application.

Addresses of different faces never collide, so the Host decides nothing: a curl without
any proxy reads the same releases at the same paths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from capirepo.web import github, gitlab, goproxy, status, tree, uploads
from capirepo.web.auth import gatekeeper, keep_private
from capirepo.web.errors import errors
from capirepo.web.site import SITE, Site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp.typedefs import Middleware


def make_app(
    site: Site, *, outside: Sequence[Middleware] = (), inside: Sequence[Middleware] = ()
) -> web.Application:
    """The application for one repository.

    Args:
        site: what the handlers get.
        outside: middlewares that see every request before anything else does.
        inside: middlewares whose errors are answered like those of handlers.
    """
    app = web.Application(middlewares=[*outside, errors, *inside, gatekeeper])
    app.on_response_prepare.append(keep_private)
    app[SITE] = site
    # The tree comes last: its first segment takes any word.
    for face in (status, gitlab, uploads, github, goproxy, tree):
        app.add_routes(face.routes())
    return app
