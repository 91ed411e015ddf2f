"""What may become a release: complete, without errors, and told easily from all others."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from capirepo.core import lint
from capirepo.core.layout import of_label
from capirepo.core.release import missing_assets
from capirepo.core.yamlguard import MAX_BYTES
from capirepo.errors import ConflictError
from capirepo.services.ledger import Sum

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from capirepo.core.catalog import Catalog
    from capirepo.core.lint import Candidate, Problem
    from capirepo.core.names import AssetName, Label
    from capirepo.core.release import Asset
    from capirepo.core.version import Version
    from capirepo.ports import Store


def is_read(name: str) -> bool:
    """Whether lint reads a file of this name; of others it matters that they are there."""
    return name.endswith((".yaml", ".yml"))


def missing(catalog: Catalog, label: Label, files: Collection[str]) -> tuple[str, ...]:
    """What must be there and is not, in words."""
    return missing_assets(label, catalog.entry(label).components, files)


async def check(
    catalog: Catalog, label: Label, version: Version, files: Mapping[str, bytes]
) -> tuple[Problem, ...]:
    """Every problem that lint finds in the files of a whole release."""

    def run() -> tuple[Problem, ...]:
        return lint.run(_read(catalog, label, version, files), lint.choose())

    return await asyncio.to_thread(run)


async def check_parts(
    catalog: Catalog, label: Label, version: Version, files: Mapping[str, bytes]
) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Every problem of files to which others may come, and of the same as a whole release."""

    def run() -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
        # Reading them is what takes its time; the rules do not.
        whole = _read(catalog, label, version, files)
        rules = lint.choose()
        return lint.run(replace(whole, whole=False), rules), lint.run(whole, rules)

    return await asyncio.to_thread(run)


async def check_twins(stores: Iterable[Store], label: Label, version: Version) -> None:
    """Refuses a version that differs from another only in case, or only in +build.

    Raises:
        ConflictError: there is such a one.
    """
    for store in stores:
        for other in await store.versions(label):
            same_order = not version.parsed.compare(other.parsed)
            if other != version and (same_order or str(other).lower() == str(version).lower()):
                raise ConflictError(
                    f"{label} has {other}, and {version} is hardly to be told from it",
                    cure="clients and some disks take one for the other: choose another version",
                )


def check_names(names: Iterable[AssetName]) -> None:
    """Refuses names that differ only in case: some disks take one for the other.

    Raises:
        ConflictError: there are such.
    """
    seen: dict[str, AssetName] = {}
    for name in names:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise ConflictError(f"{other} and {name} differ only in case", cure="rename one")


async def contents(
    store: Store, label: Label, version: Version, assets: Mapping[AssetName, Asset]
) -> dict[str, bytes]:
    """What lint reads; of other files, that they are there."""
    return {
        name: await store.read(label, version, asset)
        if is_read(name) and asset.size <= MAX_BYTES
        else b""
        for name, asset in assets.items()
    }


async def sum_of(store: Store, label: Label, version: Version, asset: Asset) -> Sum:
    """What identifies the bytes of a file, read anew."""
    digest = hashlib.sha256()
    async for piece in store.chunks(label, version, asset, 0, asset.size):
        digest.update(piece)
    return Sum(sha256=digest.hexdigest(), size=asset.size)


def _read(
    catalog: Catalog, label: Label, version: Version, files: Mapping[str, bytes]
) -> Candidate:
    components = of_label(catalog, label, files).components
    return lint.candidate(files, label=label, version=version, components=components)
