"""Fetches the files of a release and puts them aside, each verified, until all are there.

Rules kept here:
- a file is kept only where it has the size and the digest that upstream states, and the digest
  that the lock file names;
- before it is kept, a note says what it is: a file without one is fetched again;
- what was fetched before is not fetched again, unless upstream has changed it meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from capirepo.errors import ConflictError, NotThereError, RefusedError, StorageError
from capirepo.outside import UpstreamError
from capirepo.ports import TooLargeError
from capirepo.services.ledger import Provenance, Sum

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from capirepo.core.names import AssetName, Label
    from capirepo.core.version import Version
    from capirepo.outside import Download, RemoteAsset
    from capirepo.ports import Intake, Received, Records
    from capirepo.services.ledger import Author, Ledger
    from capirepo.services.plan import Order

    Judge = Callable[[Label, Version, AssetName, Received], Awaitable[None]]


log = logging.getLogger("capirepo.mirror")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is fetched.

    Attributes:
        size: how large a file may be, in bytes.
        files: how many are fetched at once.
        releases: of how many releases they are.
        judged: how many releases are read by lint at once, beside those that are fetched.
    """

    size: int
    files: int = 8
    releases: int = 4
    judged: int = field(default_factory=lambda: min(os.cpu_count() or 1, 4))


@dataclass(frozen=True, slots=True)
class Fetched:
    """What has come of one release.

    Attributes:
        sums: what is here now.
        provenance: where it is from.
        failures: by file, why it is not here.
        refused: by file, why it is not to be added to its release.
        causes: of failures, what an upstream did.
        received: how many bytes each file took that was fetched just now.
    """

    sums: dict[AssetName, Sum] = field(default_factory=dict)
    provenance: dict[AssetName, Provenance] = field(default_factory=dict)
    failures: dict[AssetName, str] = field(default_factory=dict)
    refused: dict[AssetName, str] = field(default_factory=dict)
    causes: list[UpstreamError] = field(default_factory=list)
    received: dict[AssetName, int] = field(default_factory=dict)


class Fetcher:
    """Fetches into one repository.

    Args:
        intake: where files are put aside.
        notes: what is known of them meanwhile.
        ledger: takes note of files that a release is given later.
        author: who fetches.
        limits: how much.
        judge: raises a RefusedError where a file must not be added to a release that is listed.
        arrived: is told of bytes as they are there, whether they were fetched now or before.

    Attributes:
        stopped: why nothing more is fetched; None while all is well.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts that it works with
        self,
        intake: Intake,
        notes: Records,
        ledger: Ledger,
        author: Author,
        limits: Limits,
        judge: Judge,
        arrived: Callable[[int], None],
    ) -> None:
        self._intake = intake
        self._notes = notes
        self._ledger = ledger
        self._author = author
        self._most = limits.size
        self._judge = judge
        self._arrived = arrived
        self._gate = asyncio.Semaphore(limits.files)
        self.stopped: StorageError | None = None

    def stop(self, error: StorageError) -> None:
        """Has everything come to its end, because our own disk fails; the first reason counts."""
        self.stopped = self.stopped or error

    def check(self) -> None:
        """Raises the reason where everything has to come to its end."""
        if self.stopped is not None:
            raise self.stopped

    async def fetch(self, order: Order) -> Fetched:
        """Fetches what is not there yet; what fails is told by its file.

        Raises:
            StorageError: our own disk fails.
        """
        fetched = Fetched()
        notes = await self._tidy(order)
        writing = asyncio.Lock()
        async with asyncio.TaskGroup() as group:
            for file in order.files:
                if file.name in notes:
                    _enter(fetched, file.name, notes[file.name])
                    self._arrived(notes[file.name]["size"])
                else:
                    work = self._try(order, file, fetched, notes, writing)
                    group.create_task(work, name=f"fetch {order} {file.name}")
        return fetched

    async def _try(
        self,
        order: Order,
        file: RemoteAsset,
        fetched: Fetched,
        notes: dict[str, Any],
        writing: asyncio.Lock,
    ) -> None:
        """Fetches one file, or says why not."""
        try:
            _check_size(file, self._most)
            self.check()
            async with self._gate, order.upstream.open(file) as download:
                pieces = self._counted(download)
                async with self._intake.receiving(pieces, self._most) as received:
                    _verify(order, file, download, received)
                    async with writing:
                        notes[file.name] = _note(file, download, received)
                        _enter(fetched, file.name, notes[file.name])
                        await self._keep(order, file.name, received, fetched, notes)
            fetched.received[file.name] = received.size
        except UpstreamError as error:
            fetched.failures[file.name] = f"{file.name}: {error}"
            fetched.causes.append(error)
        except TooLargeError as error:
            fetched.failures[file.name] = f"{file.name}: {error}"
        except ConflictError:
            log.info("%s: somebody else has added %s meanwhile", order, file.name)
        except RefusedError as error:
            fetched.refused[file.name] = f"{file.name}: {error}"
        except NotThereError as error:
            # Where upstream states nothing about a file, its name was only a guess.
            if file.size is not None or file.sha256 or file.stamp:
                fetched.failures[file.name] = f"{file.name}: {error}"
        except StorageError as error:
            self.stop(error)
            fetched.failures[file.name] = str(error)

    async def _tidy(self, order: Order) -> dict[str, Any]:
        """The notes of the files that need not be fetched; all others are dropped."""
        label, version = order.label, order.version
        if order.adds:
            return {}
        there = await self._intake.pending.assets(label, version)
        known = self._notes.read(label, version)
        wanted = {file.name: file for file in order.files}
        good: dict[str, Any] = {
            name: known[name]
            for name, asset in there.items()
            if name in wanted
            and _is_note(known.get(name))
            and known[name]["size"] == asset.size
            and _still(order, wanted[name], known[name])
        }
        for name in there.keys() - good.keys():
            await self._intake.drop(label, version, name)
        return good

    async def _keep(
        self,
        order: Order,
        name: AssetName,
        received: Received,
        fetched: Fetched,
        notes: dict[str, Any],
    ) -> None:
        label, version = order.label, order.version
        if not order.adds:
            await asyncio.to_thread(self._notes.write, label, version, notes)
            await self._intake.keep(label, version, name, received, listed=False)
            return
        sums = {name: fetched.sums[name]}
        origin = {name: fetched.provenance[name]}
        async with self._intake.locked(label):
            await self._judge(label, version, name, received)
            async with self._ledger.noted(self._author.via, label, version, self._author, sums):
                await self._ledger.record(label, version, self._author, sums, fetched=origin)
                await self._intake.keep(label, version, name, received, listed=True)

    async def _counted(self, download: Download) -> AsyncIterator[bytes]:
        async for piece in download.pieces:
            self.check()
            self._arrived(len(piece))
            yield piece


def _is_note(note: Any) -> bool:
    """Whether that is what `_note` makes; a disk may have lost half of it."""
    if not isinstance(note, dict) or not isinstance(note.get("upstream"), dict):
        return False
    strings = {*Provenance.__dataclass_fields__, "sha256"}
    told = {**note["upstream"], "sha256": note.get("sha256")}
    return (
        isinstance(note.get("size"), int)
        and all(isinstance(told.get(one), str) for one in strings)
        and note["upstream"].keys() == Provenance.__dataclass_fields__.keys()
    )


def _check_size(file: RemoteAsset, most: int) -> None:
    """Refuses what is too large by what upstream says, before any of it comes."""
    if (file.size or 0) > most:
        raise TooLargeError(most)


def _verify(order: Order, file: RemoteAsset, download: Download, received: Received) -> None:
    """Compares what came with what was stated.

    Raises:
        UpstreamError: it is something else.
    """
    expected = order.locked.get(file.name, "")
    wrong = ""
    if not received.size:
        wrong = "is empty"
    elif any(size not in (None, received.size) for size in (file.size, download.size)):
        stated = file.size if file.size is not None else download.size
        wrong = f"has {received.size} bytes; upstream states {stated}"
    elif file.sha256 not in ("", received.sha256):
        wrong = f"has the digest {received.sha256}; upstream states {file.sha256}"
    elif expected not in ("", received.sha256):
        wrong = f"has the digest {received.sha256}; the lock names {expected}"
    if wrong:
        raise UpstreamError(f"it {wrong}", cure="it is not kept", address=file.address)


def _note(file: RemoteAsset, download: Download, received: Received) -> dict[str, Any]:
    origin = Provenance(
        address=file.address, sha256=file.sha256, stamp=file.stamp, etag=download.stamp
    )
    return {"sha256": received.sha256, "size": received.size, "upstream": asdict(origin)}


def _enter(fetched: Fetched, name: AssetName, note: dict[str, Any]) -> None:
    fetched.sums[name] = Sum(sha256=note["sha256"], size=note["size"])
    fetched.provenance[name] = Provenance(**note["upstream"])


def _still(order: Order, file: RemoteAsset, note: dict[str, Any]) -> bool:
    """Whether a file that was fetched before is what upstream has, and the lock wants."""
    if order.locked.get(file.name, "") not in ("", note["sha256"]):
        return False
    if file.sha256:
        return bool(file.sha256 == note["sha256"])
    before = note["upstream"]
    return (
        file.size in (None, note["size"])
        and file.address == before["address"]
        and file.stamp == before["stamp"]
    )
