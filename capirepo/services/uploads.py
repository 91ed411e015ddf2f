"""Makes a release of files that come one at a time, as CI jobs and GitLab's clients send them.

Files of a release that is not complete, or has errors, wait. The file that completes it makes
it a release. To one that is listed a file may still be added; none is ever replaced.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from capirepo.core.yamlguard import MAX_BYTES
from capirepo.errors import BadInputError, ConflictError, NotThereError, RefusedError
from capirepo.services import admission
from capirepo.services.ledger import Sum
from capirepo.services.publish import Outcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Mapping

    from capirepo.core.catalog import Catalog
    from capirepo.core.lint import Problem
    from capirepo.core.names import AssetName, Label
    from capirepo.core.release import Asset
    from capirepo.core.version import Version
    from capirepo.ports import Intake, Received, Store
    from capirepo.services.ledger import Author, Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The file of a release that an upload is for."""

    label: Label
    version: Version
    name: AssetName


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A release that is not complete, or not without errors, yet.

    Attributes:
        reasons: what is missing, and what lint says.
    """

    label: Label
    version: Version
    assets: Mapping[AssetName, Asset]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What is known of files that are, or may become, a release.

    Attributes:
        lacking: what must be there and is not.
        apart: what lint finds where others may come.
        problems: what it finds in all that is there, as a whole release if nothing is lacking.
    """

    lacking: tuple[str, ...]
    apart: tuple[Problem, ...]
    problems: tuple[Problem, ...]


class Uploads:
    """Takes uploads into one repository.

    Args:
        store: where releases are.
        intake: where files wait.
        ledger: takes note of every change.
        catalog: says which components file each label has.
        most: how many bytes a file may have.
    """

    def __init__(
        self, store: Store, intake: Intake, ledger: Ledger, catalog: Catalog, most: int
    ) -> None:
        self.most = most
        self._store = store
        self._intake = intake
        self._ledger = ledger
        self._catalog = catalog

    async def upload(
        self, target: Target, pieces: AsyncIterable[bytes], author: Author, sha256: str = ""
    ) -> Outcome:
        """Takes one file; its release is listed once it is complete and has no error.

        Args:
            target: which file.
            pieces: its bytes.
            author: who sends it.
            sha256: what the sender says it is, in hexadecimal; '' for nothing.

        Raises:
            BadInputError: the file is empty, too large, or not what the sender says.
            ConflictError: the name is taken by other bytes.
            StorageError: it cannot be written.
        """
        async with self._intake.receiving(pieces, self.most) as received:
            if not received.size:
                raise BadInputError(f"{target.name} is empty", cure="send its bytes as the body")
            if admission.is_read(target.name) and received.size > MAX_BYTES:
                raise BadInputError(
                    f"{target.name} has {received.size} bytes; of YAML at most {MAX_BYTES} are read"
                )
            if sha256 and sha256.lower() != received.sha256:
                raise BadInputError(
                    f"{target.name} arrived as {received.sha256}; {sha256} was announced",
                    cure="send it again",
                )
            async with self._intake.locked(target.label):
                return await self._take(target, received, author)

    async def withdraw(
        self,
        label: Label,
        version: Version,
        author: Author,
        *,
        name: AssetName | None = None,
        listed: bool = False,
    ) -> None:
        """Removes what waits; a release that is listed only where `listed` allows it.

        Raises:
            RefusedError: it is listed.
            NotThereError: it is not there.
        """
        async with self._intake.locked(label):
            there = await self._store.assets(label, version)
            if there and not listed:
                raise RefusedError(
                    f"{label} {version} is listed, and a release is not taken back",
                    cure="`publish.delete: any` in capirepo.yaml allows it",
                )
            found = there or await self._intake.pending.assets(label, version)
            if not found or (name is not None and name not in found):
                raise NotThereError(f"there is no {name or 'file'} of {label} {version}")
            home = self._store if there else self._intake.pending
            sums = {
                one: await admission.sum_of(home, label, version, asset)
                for one, asset in found.items()
                if name in (None, one)
            }
            async with self._ledger.noted("delete", label, version, author, sums):
                await self._intake.drop(label, version, name, listed=bool(there))
            if there:
                whole = sums.keys() == found.keys()
                await self._ledger.forget(label, version, None if whole else sums.keys())

    async def resume(self, author: Author) -> list[Waiting]:
        """Finishes what a crash left: lists what is complete, drops what is listed already.

        Returns:
            What was listed.
        """
        listed = []
        for one in await self.pending():
            label, version = one.label, one.version
            async with self._intake.locked(label):
                if await self._store.assets(label, version):
                    reason = "pending files: the release is listed"
                    await self._ledger.note("delete", label, version, author, reason=reason)
                    await self._intake.drop(label, version)
                    continue
                assets = await self._intake.pending.assets(label, version)
                files = await admission.contents(self._intake.pending, label, version, assets)
                seen = await self._look(label, version, files)
                with contextlib.suppress(ConflictError):
                    if (await self._list_if_complete(label, version, seen, author)).changed:
                        listed.append(one)
        return listed

    async def pending(self) -> list[Waiting]:
        """What waits, by label and version, without asking why."""
        shelf = await self._intake.pending.scan()
        return [
            Waiting(label=label, version=version, assets=assets)
            for label, versions in shelf.releases.items()
            for version, assets in versions.items()
        ]

    async def waiting(self) -> list[Waiting]:
        """What waits and why, by label and version."""
        return [await self._reasons(one) for one in await self.pending()]

    async def _reasons(self, one: Waiting) -> Waiting:
        files = await admission.contents(self._intake.pending, one.label, one.version, one.assets)
        seen = await self._look(one.label, one.version, files)
        reasons = (*seen.lacking, *(str(found) for found in seen.problems if found.is_error))
        return replace(one, reasons=reasons or ("nothing: upload any of its files once more",))

    async def _take(self, target: Target, received: Received, author: Author) -> Outcome:
        """Gives a received file its place; its label is locked."""
        label, version, name = target.label, target.version, target.name
        there = await self._store.assets(label, version)
        home = self._store if there else self._intake.pending
        beside = there or await home.assets(label, version)
        held = Sum(sha256=received.sha256, size=received.size)
        new = name not in beside
        if new:
            admission.check_names([*beside, name])
            if not there:
                await admission.check_twins([self._store, home], label, version)
        else:
            await self._check_same(target, held, beside[name], listed=bool(there))
        files = await admission.contents(home, label, version, beside)
        if new:
            files[name] = await _content(received, name)
        seen = await self._look(label, version, files)
        wrong = tuple(one for one in seen.apart if one.finding.file == name)
        if new and not author.no_lint and any(one.is_error for one in wrong):
            return Outcome(state="refused", problems=wrong)
        if new:
            async with self._ledger.noted("upload", label, version, author, {name: held}):
                if there:
                    await self._ledger.record(label, version, author, {name: held})
                await self._intake.keep(label, version, name, received, listed=bool(there))
        if there:
            outcome = Outcome(
                # One that was made by hand may lack something.
                state="pending" if seen.lacking else "listed",
                missing=seen.lacking,
                problems=seen.apart,
            )
        else:
            outcome = await self._list_if_complete(label, version, seen, author)
        return replace(outcome, held=held, changed=new or outcome.changed)

    async def _check_same(self, target: Target, held: Sum, asset: Asset, *, listed: bool) -> None:
        """Refuses other bytes than those that have the name already."""
        home = self._store if listed else self._intake.pending
        if await admission.sum_of(home, target.label, target.version, asset) != held:
            raise ConflictError(
                f"{target.label} {target.version} has another {target.name}",
                cure="a release never changes: give the new one a version of its own"
                if listed
                else f"`capirepo withdraw {target.label}@{target.version}` removes what is pending",
            )

    async def _list_if_complete(
        self, label: Label, version: Version, seen: _Seen, author: Author
    ) -> Outcome:
        """Makes a release of what is pending, where nothing is missing or wrong."""
        broken = any(one.is_error for one in seen.problems) and not author.no_lint
        if seen.lacking or broken:
            return Outcome(state="pending", missing=seen.lacking, problems=seen.problems)
        pending = self._intake.pending
        # Another one may have been published while this one was pending.
        await admission.check_twins([self._store], label, version)
        assets = await pending.assets(label, version)
        sums = {
            name: await admission.sum_of(pending, label, version, one)
            for name, one in assets.items()
        }
        async with self._ledger.noted("publish", label, version, author, sums):
            await self._ledger.record(label, version, author, sums, anew=True)
            await self._intake.reveal(label, version)
        return Outcome(state="listed", changed=True, problems=seen.problems)

    async def _look(self, label: Label, version: Version, files: Mapping[str, bytes]) -> _Seen:
        lacking = admission.missing(self._catalog, label, files)
        apart, whole = await admission.check_parts(self._catalog, label, version, files)
        return _Seen(lacking=lacking, apart=apart, problems=apart if lacking else whole)


async def _content(received: Received, name: AssetName) -> bytes:
    """What lint reads of a file that was received."""
    if not admission.is_read(name):
        return b""
    return await asyncio.to_thread(received.place.read_bytes)
