"""Makes a release of files that are all at hand.

Rules kept here and in uploads.py:
- what lint calls an error never becomes a release, unless somebody says why it shall;
- a release appears whole and never changes: the same again is fine, other bytes are refused;
- nothing is changed that is not in the audit log.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from capirepo.services import admission
from capirepo.services.ledger import Sum

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capirepo.core.catalog import Catalog
    from capirepo.core.lint import Problem
    from capirepo.core.names import AssetName, Label
    from capirepo.core.version import Version
    from capirepo.ports import Intake, Store
    from capirepo.services.ledger import Author, Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What has come of a publish or an upload.

    Attributes:
        state: listed, pending, or refused.
        changed: whether anything is there now that was not before.
        held: the file that was uploaded, as it is held now.
        missing: what a pending release still needs.
        problems: what lint found.
    """

    state: str
    changed: bool = False
    held: Sum | None = None
    missing: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep it from being a release."""
        return tuple(problem for problem in self.problems if problem.is_error)


class Publisher:
    """Publishes into one repository."""

    def __init__(self, store: Store, intake: Intake, ledger: Ledger, catalog: Catalog) -> None:
        self._store = store
        self._intake = intake
        self._ledger = ledger
        self._catalog = catalog

    async def publish(
        self, label: Label, version: Version, files: Mapping[AssetName, bytes], author: Author
    ) -> Outcome:
        """Adds a whole release, or says why not.

        Raises:
            ConflictError: it is there with other bytes, or is hardly to be told from another.
            StorageError: it cannot be written.
        """
        contents = {
            str(name): data if admission.is_read(name) else b"" for name, data in files.items()
        }
        problems = await admission.check(self._catalog, label, version, contents)
        if not author.no_lint and any(problem.is_error for problem in problems):
            return Outcome(state="refused", problems=problems)
        sums = {
            name: Sum(sha256=hashlib.sha256(data).hexdigest(), size=len(data))
            for name, data in files.items()
        }
        async with self._intake.locked(label):
            changed = not await self._store.assets(label, version)
            if changed:
                admission.check_names(files)
                await admission.check_twins([self._store], label, version)
                async with self._ledger.noted("publish", label, version, author, sums):
                    await self._ledger.record(label, version, author, sums, anew=True)
                    await self._store.add(label, version, files)
            else:
                await self._store.add(label, version, files)
            await self._drop_pending(label, version, author)
        return Outcome(state="listed", changed=changed, problems=problems)

    async def _drop_pending(self, label: Label, version: Version, author: Author) -> None:
        """Removes what waited to become this very release."""
        if await self._intake.pending.assets(label, version):
            reason = "pending files: the whole release was published"
            await self._ledger.note("delete", label, version, author, reason=reason)
            await self._intake.drop(label, version)
