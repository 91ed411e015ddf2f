"""The repository as plain data: for `/index.json`, `capirepo list` and `capirepo show`."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from capirepo.core.clusterctl import Address
from capirepo.core.components import Manifest, read_manifest
from capirepo.core.names import Label, is_called, parse_label, provider_of
from capirepo.core.version import parse_version
from capirepo.errors import BadInputError, NotThereError
from capirepo.outside import UpstreamError
from capirepo.services.library import Found
from capirepo.services.tasks import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from capirepo.core.release import Asset, Release
    from capirepo.core.version import Version
    from capirepo.services.desk import Desk
    from capirepo.services.ledger import Ledger
    from capirepo.services.library import Library
    from capirepo.services.uploads import Uploads, Waiting

PENDING: Final = "pending"
_AT_ONCE: Final = 16
# Less than `capirepo run` waits for a clusterctl.yaml.
_SECONDS: Final = 15.0


async def index(library: Library) -> dict[str, Any]:
    """Everything there is: labels with their releases, and what is not offered and why."""
    labels = [await label_summary(library, label) for label in library.labels]
    withheld = [
        {"source": source, "version": str(version), "missing": list(missing)}
        for source in library.sources
        for version, missing in (await library.withheld_in_source(source)).items()
    ]
    return {
        "labels": labels,
        "withheld": withheld,
        "strays": [{"path": stray.path, "reason": stray.reason} for stray in library.strays],
    }


async def label_summary(library: Library, label: Label) -> dict[str, Any]:
    """One label: its provider, source, latest, and releases, newest first.

    Raises:
        NotThereError: it has no release.
    """
    releases = await library.releases(label)
    try:
        latest: str | None = str(await library.latest(label))
    except NotThereError:
        latest = None
    return _label_data(library, label, releases, latest)


def _label_data(
    library: Library, label: Label, releases: Sequence[Release] = (), latest: str | None = None
) -> dict[str, Any]:
    provider = provider_of(label)
    entry = library.catalog.entry(label)
    return {
        "label": label,
        "type": provider.type.value if provider else None,
        "name": provider.name if provider else label,
        "source": entry.source,
        "known": entry.known,
        "latest": latest,
        "releases": [release_summary(release) for release in releases],
    }


async def label_listing(desk: Desk, label: Label) -> dict[str, Any]:
    """The same, and where more can be fetched, under `upstream`, the versions that can.

    Raises:
        NotThereError: it has no release, here or there.
        UpstreamError: nothing is here, and nobody can be asked.
    """
    here = desk.library
    if not desk.fetches:
        return await label_summary(here, label)
    listed = await desk.listed(label)
    is_here = label in here.labels
    summary = await label_summary(here, label) if is_here else _label_data(here, label)
    held = {one["version"] for one in summary["releases"]}
    summary["upstream"] = [str(one) for one in listed if str(one) not in held]
    return summary


def release_summary(release: Release) -> dict[str, Any]:
    """One release: contract, completeness and assets."""
    return {
        "version": str(release.version),
        "contract": release.contract,
        "complete": release.complete,
        "problems": list(release.problems),
        "assets": [{"name": asset.name, "size": asset.size} for asset in release.assets.values()],
    }


async def release_listing(library: Library, release: Release) -> dict[str, Any]:
    """The same, with the digests of its assets; none of those that are too large to be held.

    Raises:
        StorageError: a file cannot be read.
    """
    summary = release_summary(release)
    for told, asset in zip(summary["assets"], release.assets.values(), strict=True):
        found = Found(label=release.label, version=release.version, asset=asset)
        blob = await library.blob(found)
        told["sha256"] = blob.sha256 if blob else None
    return summary


async def release_details(library: Library, release: Release) -> dict[str, Any]:
    """One release with what its files hold: images, variables, templates, objects.

    Raises:
        StorageError: a file cannot be read.
    """
    entry = library.catalog.entry(release.label)
    components = await _manifest(library, release, entry.components)
    templates = [
        {"flavor": flavor, "asset": name, **_variables(await _manifest(library, release, name))}
        for flavor, name in release.templates.items()
    ]
    return {
        "label": release.label,
        "source": entry.source,
        **release_summary(release),
        "assets": [
            {
                "name": asset.name,
                "size": asset.size,
                "sha256": await _digest(library, release, asset),
            }
            for asset in release.assets.values()
        ],
        "series": [
            {"major": series.major, "minor": series.minor, "contract": series.contract}
            for series in release.series.series
        ],
        "images": list(components.images) if components else [],
        **_variables(components),
        "namespaces": list(components.namespaces) if components else [],
        "objects": dict(components.kinds) if components else {},
        "templates": templates,
        "clusterClasses": [
            {"name": name, "asset": asset} for name, asset in release.cluster_classes.items()
        ],
    }


async def pending(uploads: Uploads, ledger: Ledger) -> list[dict[str, Any]]:
    """Every release that is still being uploaded: what it lacks, and who was last at it when."""
    waiting = await uploads.waiting()
    last = ledger.last_uploads() if waiting else {}
    return [_pending_summary(one, last.get((one.label, str(one.version)), {})) for one in waiting]


def _pending_summary(waiting: Waiting, last: dict[str, Any]) -> dict[str, Any]:
    return {
        "label": waiting.label,
        "version": str(waiting.version),
        "state": PENDING,
        "complete": False,
        "reasons": list(waiting.reasons),
        "since": last.get("time"),
        "by": last.get("who"),
        "assets": [{"name": asset.name, "size": asset.size} for asset in waiting.assets.values()],
    }


async def addresses(desk: Desk, wanted: Iterable[str] = (), *, known: bool = True) -> list[Address]:
    """What a clusterctl.yaml names: each label with a complete release, or those wanted.

    Args:
        desk: the repository; what is wanted is fetched if need be, and so are private providers
            of which nothing is here: clusterctl would not know of them.
        wanted: `LABEL`, `LABEL@VERSION` or, as clusterctl writes it, `LABEL:VERSION`; a
            provider's name alone does where one label has it. Nothing means everything.
        known: whether those that clusterctl knows by itself are named as well.

    Raises:
        BadInputError, NotThereError: something wanted is no label, or not there.
        UpstreamError: something wanted cannot be fetched now.
    """
    catalog, library = desk.library.catalog, desk.library
    chosen: list[tuple[Label, Version, bool]] = []
    for text in wanted:
        name, _, version = text.replace(":", "@", 1).partition("@")
        label = find_label(library, name)
        if version:
            release = await desk.release(label, parse_version(version))
            chosen.append((label, release.version, True))
        else:
            chosen.append((label, await desk.latest(label), False))
    if not chosen:
        labels = sorted({*library.labels, *desk.private})
        newest = await side_by_side(_AT_ONCE, partial(_newest, desk), labels, "newest of a label")
        found = zip(labels, newest, strict=True)
        chosen = [(label, version, False) for label, version in found if version]
    return [
        Address(
            label=label,
            version=version,
            source=catalog.entry(label).source,
            components=catalog.entry(label).components,
            pinned=pinned,
        )
        for label, version, pinned in chosen
        if known or not catalog.entry(label).known
    ]


async def _newest(desk: Desk, label: Label) -> Version | None:
    """What is named where nothing is asked for: what is here, else what comes in a moment."""
    latest = desk.library.latest if label in desk.library.labels else desk.latest
    with contextlib.suppress(NotThereError, UpstreamError, TimeoutError):
        async with asyncio.timeout(_SECONDS):
            return await latest(label)
    return None


def find_label(library: Library, text: str) -> Label:
    """The label that a person means: a label, or a provider's name that only one has.

    Raises:
        BadInputError, NotThereError: none is meant, or more than one.
    """
    named = [label for label in library.labels if is_called(label, text)]
    if text in named:
        return Label(text)
    if len(named) == 1:
        return named[0]
    if named:
        raise BadInputError(f"{text} may be {' or '.join(named)}", cure="give the whole label")
    try:
        return parse_label(text)
    except BadInputError as error:
        if library.labels:
            raise NotThereError(
                f"there is no provider {ascii(text)[:80]} in this repository",
                available=library.labels,
            ) from error
        raise


async def _digest(library: Library, release: Release, asset: Asset) -> str:
    found = Found(label=release.label, version=release.version, asset=asset)
    blob = await library.blob(found)
    if blob is not None:
        return blob.sha256
    digest = hashlib.sha256()
    async for piece in library.chunks(found, 0, asset.size):
        digest.update(piece)
    return digest.hexdigest()


async def _manifest(library: Library, release: Release, name: str) -> Manifest | None:
    asset = next((asset for asset in release.assets.values() if asset.name == name), None)
    if asset is None:
        return None
    blob = await library.blob(Found(label=release.label, version=release.version, asset=asset))
    if blob is None:
        return None
    try:
        return read_manifest(blob.body, name)
    except BadInputError:
        return None


def _variables(manifest: Manifest | None) -> dict[str, Any]:
    variables = manifest.variables if manifest else {}
    return {
        "variables": [
            {"name": name, "required": default is None, "default": default}
            for name, default in variables.items()
        ]
    }
