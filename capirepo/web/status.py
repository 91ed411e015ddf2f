"""For whoever runs the server: is it alive, is it ready, what has it done."""

from __future__ import annotations

from aiohttp import web

from capirepo.web.site import SITE


def routes() -> list[web.RouteDef]:
    """The addresses of this face."""
    return [
        web.get("/healthz", healthz),
        web.get("/readyz", readyz),
        web.get("/metrics", metrics),
    ]


async def healthz(_: web.Request) -> web.Response:
    """The process answers."""
    return web.Response(text="ok\n")


async def readyz(request: web.Request) -> web.Response:
    """The repository can be read."""
    if request.app[SITE].ready():
        return web.Response(text="ok\n")
    return web.Response(status=503, text="the repository cannot be read; the log says why\n")


async def metrics(request: web.Request) -> web.Response:
    """Counters in the text format of Prometheus."""
    return web.Response(
        body=request.app[SITE].metrics(),
        headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
    )
