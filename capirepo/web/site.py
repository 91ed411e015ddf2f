"""What every handler gets: the library, and where the repository is for its clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable

    from capirepo.core.clusterctl import Places
    from capirepo.services.desk import Desk
    from capirepo.services.library import Library
    from capirepo.services.uploads import Uploads
    from capirepo.web.auth import Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One served repository.

    Attributes:
        desk: where the faces ask.
        places: for the addresses in a clusterctl.yaml.
        ca_pem: the certificate that clients must trust.
        metrics: renders the metrics for Prometheus.
        ready: whether the repository could be read at the last look.
        gate: who may write, and read where that is private.
        uploads: takes files one at a time.
        upload_seconds: how long the body of an upload may stand still.
        deletes_listed: whether a release that is listed may be deleted over HTTP.
    """

    desk: Desk
    places: Places
    ca_pem: bytes
    metrics: Callable[[], bytes]
    ready: Callable[[], bool]
    gate: Gate
    uploads: Uploads
    upload_seconds: float = 30.0
    deletes_listed: bool = False


SITE: Final = web.AppKey("site", Site)


def desk_of(request: web.Request) -> Desk:
    """Where a face asks for what it was asked."""
    return request.app[SITE].desk


def library_of(request: web.Request) -> Library:
    """What is here, and nothing beyond."""
    return request.app[SITE].desk.library


def text(request: web.Request, name: str) -> str:
    """One decoded segment of the path."""
    return request.match_info[name]
