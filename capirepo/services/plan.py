"""The plan of a mirror: what is to be fetched, what is there, and what cannot be had."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from capirepo.core.catalog import Catalog
from capirepo.core.layout import lay_out
from capirepo.core.mirror import program_for
from capirepo.errors import NotThereError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from capirepo.core.mirror import Origin, Wanted
    from capirepo.core.names import AssetName, Label
    from capirepo.core.version import Version
    from capirepo.outside import RemoteAsset, Seen, Upstream


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One release that is to be fetched.

    Attributes:
        files: what is to be fetched of it.
        locked: the SHA-256 that a file must have, for those that the lock file names.
        adds: whether it is listed already, and only lacks these files.
    """

    label: Label
    version: Version
    origin: Origin
    upstream: Upstream
    files: tuple[RemoteAsset, ...]
    locked: Mapping[AssetName, str] = field(default_factory=dict)
    adds: bool = False

    @property
    def size(self) -> int | None:
        """In bytes; None where upstream does not state it for every file."""
        sizes = [file.size for file in self.files]
        known = [size for size in sizes if size is not None]
        return sum(known) if len(known) == len(sizes) else None

    def __str__(self) -> str:
        return f"{self.label} {self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a mirror is to do.

    Attributes:
        orders: what is to be fetched.
        held: what is wanted and there.
        wanted: every version that is wanted, by label.
        problems: what cannot be had as it is wanted, and whom nobody could ask.
        notes: what is passed over, and need not worry anybody.
        unsure: labels about which something is not known; nothing of them is ever pruned.
        seen: of each upstream that was asked for its versions.
    """

    orders: tuple[Order, ...]
    held: tuple[tuple[Label, Version], ...]
    wanted: Mapping[Label, frozenset[Version]]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    unsure: frozenset[Label]
    seen: Mapping[Origin, Seen]

    @classmethod
    def of(cls, orders: Sequence[Order]) -> Plan:
        """Just these orders, with nobody asked before."""
        return cls(
            orders=tuple(orders),
            held=(),
            wanted={},
            problems=(),
            notes=(),
            unsure=frozenset(),
            seen={},
        )


async def files_of(
    upstream: Upstream, version: Version, names: Iterable[AssetName]
) -> tuple[RemoteAsset, ...]:
    """The files of a release, and those of `names` that upstream has without listing them.

    Raises:
        NotThereError, UpstreamError: as `Upstream.assets`.
    """
    files = list(await upstream.assets(version))
    for name in sorted({*names} - {file.name for file in files}):
        with contextlib.suppress(NotThereError):
            files.append(await upstream.asset(version, name))
    return tuple(files)


def files_by_label(
    catalog: Catalog, wanted: Sequence[Wanted], files: Sequence[RemoteAsset]
) -> Mapping[Label, Sequence[RemoteAsset]]:
    """The files of one release of an upstream, by the label that they belong to."""
    source = wanted[0].origin.source
    if source is None:
        return {one.label: files for one in wanted}
    by_name = {file.name: file for file in files}
    # Whose source is another one in the catalog is looked for here all the same.
    here = Catalog(replace(catalog.entry(one.label), source=source) for one in wanted)
    return {
        label: [by_name[name] for name in names]
        for label, names in lay_out(here, source, by_name).items()
    }


def lacking_programs(wanted: Wanted, files: Sequence[RemoteAsset]) -> list[str]:
    """The programs that are wanted and not there."""
    stems = {file.name.removesuffix(".exe") for file in files}
    return [
        f"upstream has no {program}"
        for platform in wanted.platforms
        if files and (program := program_for(platform)) not in stems
    ]


def against_lock(files: Sequence[RemoteAsset], locked: Mapping[AssetName, str]) -> list[str]:
    """What the lock file names and upstream has not, or not as it was."""
    there = {file.name: file for file in files}
    problems = [
        f"upstream has no {name}, the lock names it" for name in locked if name not in there
    ]
    problems += [
        f"upstream states {file.sha256} for {name}, the lock {digest}"
        for name, digest in locked.items()
        if (file := there.get(name)) and file.sha256 not in ("", digest)
    ]
    return problems
