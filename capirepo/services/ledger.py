"""Takes note of every change: a line in the audit log, and a record beside each release."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from capirepo.core.names import printable
from capirepo.errors import CapirepoError, StorageError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import AsyncIterator, Callable, Collection, Mapping

    from capirepo.core.names import AssetName, Label
    from capirepo.core.version import Version
    from capirepo.ports import Journal, Records


MIRROR: Final = "mirror"
"""The way in which a mirror brings releases; only these does a mirror ever remove."""
CACHE: Final = "cache"
"""The way in which a server brings what it was asked for and had not."""
FETCHED: Final = (MIRROR, CACHE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who changes something.

    Attributes:
        who: the name of a token, or of a user of this machine.
        via: which way: cli, http, mirror or cache.
        no_lint: why lint is passed over; '' where it is not.
    """

    who: str
    via: str
    no_lint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What identifies the bytes of one asset.

    Attributes:
        sha256: in hexadecimal.
        size: in bytes.
    """

    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where one asset was fetched from.

    Attributes:
        address: of the file.
        sha256: as upstream stated it; '' where it did not.
        stamp: upstream's mark of this state of the file, as it lists it; '' for none.
        etag: that of the answer it came with; '' for none.
    """

    address: str
    sha256: str = ""
    stamp: str = ""
    etag: str = ""


class Ledger:
    """The audit log and the records of one repository.

    Args:
        records: one beside each release.
        journal: the audit log.
        now: the time, in UTC.
    """

    def __init__(self, records: Records, journal: Journal, now: Callable[[], dt.datetime]) -> None:
        self._records = records
        self._journal = journal
        self._now = now

    async def note(  # noqa: PLR0913 - the columns of the log
        self,
        action: str,
        label: Label,
        version: Version,
        author: Author,
        *,
        sums: Mapping[AssetName, Sum] | None = None,
        reason: str = "",
    ) -> None:
        """Writes what is about to be done, durably, before it is done.

        Raises:
            StorageError: it cannot be written; then it must not be done.
        """
        entry: dict[str, Any] = {
            "time": self._time(),
            "action": action,
            "label": label,
            "version": str(version),
            "who": printable(author.who),
            "via": author.via,
            "assets": {name: one.sha256 for name, one in (sums or {}).items()},
            "reason": printable(reason or author.no_lint),
        }
        filled = {key: value for key, value in entry.items() if value}
        await asyncio.to_thread(self._journal.append, filled)

    @contextlib.asynccontextmanager
    async def noted(
        self,
        action: str,
        label: Label,
        version: Version,
        author: Author,
        sums: Mapping[AssetName, Sum],
    ) -> AsyncIterator[None]:
        """Notes what the body does before it is done, and if it fails, that it has failed.

        Raises:
            StorageError: as `note`.
        """
        await self.note(action, label, version, author, sums=sums)
        try:
            yield
        except CapirepoError as error:
            # The disk that failed the body may fail this as well; the first error counts.
            with contextlib.suppress(StorageError):
                await self.note("failed", label, version, author, reason=f"{action}: {error}")
            raise

    async def record(  # noqa: PLR0913 - as above
        self,
        label: Label,
        version: Version,
        author: Author,
        sums: Mapping[AssetName, Sum],
        *,
        anew: bool = False,
        fetched: Mapping[AssetName, Provenance] | None = None,
    ) -> None:
        """Keeps what is known of a release beside its files: of a new one, or of some more files.

        Args:
            label: whose release.
            version: which.
            author: who brings the files.
            sums: the files.
            anew: nothing that was known before holds.
            fetched: where they were fetched from, for those that were.

        Raises:
            StorageError: it cannot be written.
        """
        kept = ({} if anew else self._records.read(label, version)) or {
            "published": self._time(),
            "by": author.who,
            "via": author.via,
        }
        known = kept.get("assets", {})
        assets: dict[AssetName, dict[str, Any]] = {
            name: {"sha256": one.sha256, "size": one.size} for name, one in sums.items()
        }
        for name, origin in (fetched or {}).items():
            told = {**asdict(origin), "at": self._time()}
            assets[name]["upstream"] = {key: value for key, value in told.items() if value}
        content = {**kept, "assets": {**known, **assets}}
        if author.no_lint:
            content["noLint"] = printable(author.no_lint)
        await asyncio.to_thread(self._records.write, label, version, content)

    async def forget(
        self, label: Label, version: Version, names: Collection[AssetName] | None = None
    ) -> None:
        """Takes assets out of the record of a release, or all of it where none are named.

        Raises:
            StorageError: it cannot be written.
        """
        if names is None:
            await asyncio.to_thread(self._records.remove, label, version)
        elif kept := self._records.read(label, version):
            assets = {name: one for name, one in kept["assets"].items() if name not in names}
            await asyncio.to_thread(self._records.write, label, version, {**kept, "assets": assets})

    def last_uploads(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The last upload to each label and version, as the audit log has it."""
        return {
            (entry["label"], entry["version"]): entry
            for entry, _ in self._journal.entries()
            if entry.get("action") == "upload"
        }

    def record_of(self, label: Label, version: Version) -> dict[str, Any]:
        """What is known of a release; empty where nothing is."""
        return self._records.read(label, version)

    def _time(self) -> str:
        return f"{self._now():%Y-%m-%dT%H:%M:%SZ}"
