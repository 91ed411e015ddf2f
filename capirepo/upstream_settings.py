"""The section `upstream` of capirepo.yaml: how upstreams are asked, and what a server may fetch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta, Struct

from capirepo.core.mirror import Origin, labels_called
from capirepo.core.names import is_called, shown
from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from capirepo.core.catalog import Catalog
    from capirepo.core.mirror import Wanted
    from capirepo.core.names import Label

OFFLINE: Final = "offline"
CACHE: Final = "cache"
EVERYBODY: Final = "*"
"""Whoever clusterctl knows by itself, and whoever is mirrored."""

_ADDRESS: Final = r"^(https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/?)?$"
Seconds = Annotated[float, Meta(ge=0, le=86400)]


class UpstreamSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How upstreams are asked, and what a server fetches from them.

    Attributes:
        mode: offline, or cache where a server fetches what it is asked for and has not.
        providers: who may be fetched then: names as in `mirror`, and `*` for everybody whom
            clusterctl knows by itself or `mirror` names.
        list_seconds: how long an upstream's list of versions counts.
        absent_seconds: how long it is remembered that an upstream has not got something.
        list_wait: how many seconds a list of versions is waited for.
        fetch_wait: how many seconds a file is waited for.
        ca: a PEM file with CAs that are trusted beside those of the system.
        goproxy: the Go proxy for lists of versions; '' for that of $GOPROXY, if it is set.
    """

    mode: Annotated[str, Meta(pattern=r"^(offline|cache)$")] = OFFLINE
    providers: tuple[str, ...] = (EVERYBODY,)
    # More often than a list is asked for in any case would mean nothing.
    list_seconds: Annotated[float, Meta(ge=30, le=86400)] = 300.0
    absent_seconds: Seconds = 300.0
    list_wait: Seconds = 3.0
    fetch_wait: Annotated[float, Meta(ge=1, le=86400)] = 60.0
    ca: str = ""
    goproxy: Annotated[str, Meta(pattern=_ADDRESS)] = ""


def origins(
    names: Iterable[str], wanted: Iterable[Wanted], catalog: Catalog
) -> Mapping[Label, Origin]:
    """Who may be fetched, and from where.

    One's own `sources` are fetched only where they are named: whoever takes the name of a
    private provider at GitHub must not have it served here.

    Args:
        names: `upstream.providers`.
        wanted: what is mirrored; it says where from.
        catalog: knows all others.

    Raises:
        BadInputError: a name that nobody has.
    """
    mirrored = {one.label: one.origin for one in wanted}
    allowed: dict[Label, Origin] = {}
    for name in names:
        if name == EVERYBODY:
            labels = {entry.label for entry in catalog.entries() if entry.known} | mirrored.keys()
        else:
            labels = {label for label in mirrored if is_called(label, name)}
            labels = labels or _called(catalog, name)
        for label in sorted(labels):
            source = Origin(source=catalog.entry(label).source)
            allowed[label] = mirrored.get(label, source)
    return allowed


def _called(catalog: Catalog, name: str) -> set[Label]:
    try:
        return set(labels_called(catalog, name))
    except BadInputError as error:
        raise BadInputError(
            f"no provider is known as {shown(name)}",
            cure="* is everybody whom clusterctl knows; one's own must be in sources or in mirror",
        ) from error
