"""Finds what upstream has changed in releases that were fetched from it; ours stay as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from capirepo.core.names import AssetName
from capirepo.core.release import is_template
from capirepo.errors import CapirepoError, NotThereError
from capirepo.services.ledger import FETCHED
from capirepo.services.plan import files_by_label, files_of
from capirepo.services.survey import PASSING, QUESTIONS
from capirepo.services.tasks import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from capirepo.core.catalog import Catalog
    from capirepo.core.mirror import Origin, Wanted
    from capirepo.core.version import Version
    from capirepo.outside import RemoteAsset, Upstream
    from capirepo.ports import Store
    from capirepo.services.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What a comparison with upstream has found.

    Attributes:
        releases: how many were compared.
        files: of how many files upstream states something to compare.
        silent: of how many it states nothing.
        changes: what is not as it was, in words.
        problems: whom nobody could ask.
    """

    releases: int
    files: int
    silent: int
    changes: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(slots=True)
class _Tally:
    files: int = 0
    silent: int = 0
    changes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Comparer:
    """Compares one repository with its upstreams."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        catalog: Catalog,
        upstream_for: Callable[[Origin], Upstream],
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._catalog = catalog
        self._upstream_for = upstream_for

    async def compare(self, wanted: Sequence[Wanted]) -> Compared:
        """Compares every release of the wanted labels that was fetched.

        Raises:
            StorageError: the repository cannot be read.
        """
        releases: dict[tuple[Origin, Version], list[Wanted]] = {}
        for one in wanted:
            for version in sorted(await self._store.versions(one.label), reverse=True):
                if self._ledger.record_of(one.label, version).get("via") in FETCHED:
                    releases.setdefault((one.origin, version), []).append(one)
        answers = await side_by_side(QUESTIONS, partial(self._ask, releases), releases, "compare")
        tally = _Tally()
        for ((origin, version), members), answer in zip(releases.items(), answers, strict=True):
            if isinstance(answer, NotThereError):
                tally.changes += [f"{one.label} {version}: {answer}" for one in members]
            elif isinstance(answer, CapirepoError):
                tally.problems.append(f"{origin} {version}: {answer}")
            else:
                placed = files_by_label(self._catalog, members, answer)
                for one in members:
                    self._one(tally, one, version, placed.get(one.label, ()))
        return Compared(
            releases=sum(map(len, releases.values())),
            files=tally.files,
            silent=tally.silent,
            changes=tuple(tally.changes),
            problems=tuple(tally.problems),
        )

    async def _ask(
        self,
        releases: Mapping[tuple[Origin, Version], Sequence[Wanted]],
        release: tuple[Origin, Version],
    ) -> tuple[RemoteAsset, ...] | CapirepoError:
        """The files of a release; also templates that were fetched by their name alone."""
        origin, version = release
        held = {
            AssetName(name)
            for one in releases[release]
            for name in self._ledger.record_of(one.label, version).get("assets", {})
            if is_template(name)
        }
        try:
            return await files_of(self._upstream_for(origin), version, held)
        except PASSING as error:
            return error

    def _one(
        self, tally: _Tally, wanted: Wanted, version: Version, files: Sequence[RemoteAsset]
    ) -> None:
        held = self._ledger.record_of(wanted.label, version).get("assets", {})
        fetched = {name: one for name, one in held.items() if "upstream" in one}
        there = {file.name: file for file in files}
        title = f"{wanted.label} {version}"
        for name, ours in fetched.items():
            file = there.get(name)
            if file is None:
                tally.changes.append(f"{title} {name}: upstream has it no more")
                continue
            told = _change(file, ours)
            tally.silent += told is None
            tally.files += told is not None
            if told:
                tally.changes.append(f"{title} {name}: {told}")
        tally.changes += [
            f"{title} {name}: upstream has it now, and had not"
            for name in there
            if name not in held and wanted.takes(name)
        ]


def _change(file: RemoteAsset, ours: dict[str, Any]) -> str | None:
    """How a file differs from ours; '' where it does not, None where nothing tells."""
    before = ours["upstream"]
    if file.sha256:
        same = file.sha256 == ours["sha256"]
        return "" if same else f"upstream has {file.sha256} now; ours is {ours['sha256']}"
    if file.size not in (None, ours["size"]):
        return f"upstream has {file.size} bytes now; ours has {ours['size']}"
    if file.stamp and before.get("stamp"):
        same = file.stamp == before["stamp"]
        return "" if same else f"upstream says it has changed ({before['stamp']}, {file.stamp} now)"
    return None
