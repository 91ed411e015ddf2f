"""Makes a release of files that come one at a time, as CI jobs and GitLab's clients send them.

Files of a release that is not complete, or has errors, wait. The file that completes it makes
it a release. To one that is listed a file may still be added; none is ever replaced.
"""

from __future__ import annotations

import asyncio
import hashlib
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
            if sha256 and sha256.lower() != received.sha256:
                raise BadInputError(
                    f"{target.name} arrived as {received.sha256}; {sha256} was announced",
                    cure="send it again",
                )
            async with self._intake.locked(target.label, target.version):
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
        async with self._intake.locked(label, version):
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
                one: await _sum(home, label, version, asset)
                for one, asset in found.items()
                if name in (None, one)
            }
            await self._ledger.note("delete", label, version, author, sums=sums)
            await self._intake.drop(label, version, name, listed=bool(there))

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
        pending = self._intake.pending
        files = await self._contents(pending, one.label, one.version, one.assets)
        lacking = admission.missing(self._catalog, one.label, files)
        problems = await admission.check(
            self._catalog, one.label, one.version, files, whole=not lacking
        )
        reasons = (*lacking, *(str(found) for found in problems if found.is_error))
        return replace(one, reasons=reasons or ("nothing: upload any of its files once more",))

    async def _take(self, target: Target, received: Received, author: Author) -> Outcome:
        """Gives a received file its place; the release is locked."""
        label, version, name = target.label, target.version, target.name
        there = await self._store.assets(label, version)
        home = self._store if there else self._intake.pending
        beside = there or await home.assets(label, version)
        if name in beside:
            other = await _sum(home, label, version, beside[name])
            if other.sha256 != received.sha256:
                raise ConflictError(
                    f"{label} {version} has another {name}",
                    cure="a release never changes: give the new one a version of its own"
                    if there
                    else "delete the pending one first",
                )
        else:
            admission.check_names([*beside, name])
            if not there:
                await admission.check_twins([self._store, home], label, version)
        files = await self._contents(home, label, version, beside)
        files[name] = (
            await asyncio.to_thread(received.place.read_bytes) if _fits(received, name) else b""
        )
        problems = await admission.check(self._catalog, label, version, files, whole=False)
        wrong = tuple(one for one in problems if one.finding.file == name)
        if not author.no_lint and any(one.is_error for one in wrong):
            return Outcome(state="refused", problems=wrong)
        new, held = name not in beside, Sum(sha256=received.sha256, size=received.size)
        if new:
            sums = {name: held}
            await self._ledger.note("upload", label, version, author, sums=sums)
            if there:
                await self._ledger.record(label, version, author, sums)
            await self._intake.keep(label, version, name, received, listed=bool(there))
        if there:
            return Outcome(state="listed", changed=new, held=held, problems=problems)
        outcome = await self._list_if_complete(label, version, files, author)
        return replace(outcome, held=held, changed=new or outcome.changed)

    async def _list_if_complete(
        self,
        label: Label,
        version: Version,
        files: Mapping[str, bytes],
        author: Author,
    ) -> Outcome:
        lacking = admission.missing(self._catalog, label, files)
        problems = await admission.check(self._catalog, label, version, files, whole=not lacking)
        broken = any(one.is_error for one in problems) and not author.no_lint
        if lacking or broken:
            return Outcome(state="pending", missing=lacking, problems=problems)
        pending = self._intake.pending
        assets = await pending.assets(label, version)
        sums = {name: await _sum(pending, label, version, one) for name, one in assets.items()}
        await self._ledger.note("publish", label, version, author, sums=sums)
        await self._ledger.record(label, version, author, sums, anew=True)
        await self._intake.reveal(label, version)
        return Outcome(state="listed", changed=True, problems=problems)

    async def _contents(
        self, store: Store, label: Label, version: Version, assets: Mapping[AssetName, Asset]
    ) -> dict[str, bytes]:
        """What lint reads; of other files, that they are there."""
        return {
            name: await store.read(label, version, asset)
            if admission.is_read(name) and asset.size <= MAX_BYTES
            else b""
            for name, asset in assets.items()
        }


def _fits(received: Received, name: str) -> bool:
    return admission.is_read(name) and received.size <= MAX_BYTES


async def _sum(store: Store, label: Label, version: Version, asset: Asset) -> Sum:
    digest = hashlib.sha256()
    async for piece in store.chunks(label, version, asset, 0, asset.size):
        digest.update(piece)
    return Sum(sha256=digest.hexdigest(), size=asset.size)
