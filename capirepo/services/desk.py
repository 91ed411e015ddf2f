"""Where the faces ask: what the library has is handed out, what it has not is fetched.

Rules kept here:
- what is here is never waited for, whatever has become of its upstream;
- `latest` is a release that is here and whole once it is named; a version that turns out to be
  none is passed over, as clusterctl itself does;
- lists name what is here and what can be had.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

from capirepo.core.version import latest, newest_first
from capirepo.errors import NotThereError, StorageError
from capirepo.outside import UpstreamError
from capirepo.services.beyond import Offer, Offline

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from capirepo.core.names import AssetName, Label, Source
    from capirepo.core.release import Release
    from capirepo.core.version import Version
    from capirepo.services.beyond import Beyond
    from capirepo.services.library import Found, Library

    Offered = Callable[[], Awaitable[list[Version]]]

T = TypeVar("T")

# As many as clusterctl tries: upstream may have tags that never became releases.
_TRIES: Final = 5


class Desk:
    """Answers for a library, and for what is beyond it.

    What is neither here nor can be had is a NotThereError; what might be had and cannot be
    fetched now is an UpstreamError; what cannot be kept is a StorageError.

    Args:
        library: what is here.
        beyond: what can be had beside; nothing, if it is not given.
        seconds: how long a question may take where something is to be fetched.
        moment: how long a newer version is waited for where there is an older one here.

    Attributes:
        library: what is here.
    """

    def __init__(
        self,
        library: Library,
        beyond: Beyond | None = None,
        seconds: float = 60.0,
        moment: float = 3.0,
    ) -> None:
        self.library = library
        self._beyond = beyond or Offline()
        self._seconds = seconds
        self._moment = moment

    @property
    def fetches(self) -> bool:
        """Whether anything can be fetched: then lists change though nothing changes here."""
        return bool(self._beyond.labels)

    @property
    def private(self) -> list[Label]:
        """The labels, here or to be fetched, of which clusterctl does not know by itself."""
        entry = self.library.catalog.entry
        every = {*self.library.labels, *self._beyond.labels}
        return sorted(label for label in every if not entry(label).known)

    def has_source(self, source: Source) -> bool:
        """Whether something of a source is here, or can be fetched."""
        return bool(self.library.labels_of(source) or self._beyond.labels_of(source))

    async def find(self, label: Label, version: Version, name: AssetName) -> Found:
        """One asset of one label."""
        return await self._ask(
            lambda: self.library.find(label, version, name), lambda: (label,), version, name
        )

    async def find_in_source(self, source: Source, version: Version, name: AssetName) -> Found:
        """One asset of a source, whichever of its labels has it."""
        return await self._ask(
            lambda: self.library.find_in_source(source, version, name),
            lambda: self._beyond.labels_of(source),
            version,
            name,
        )

    async def release(self, label: Label, version: Version) -> Release:
        """One release, complete or not."""
        return await self._ask(
            lambda: self.library.release(label, version), lambda: (label,), version
        )

    async def fill(self, source: Source, version: Version) -> None:
        """Has a version of a source fetched, where nothing of it is here."""
        for label in self.library.labels_of(source):
            if version in [one.version for one in await self.library.releases(label)]:
                return
        await self._in_time(self._beyond.bring(self._beyond.labels_of(source), version))

    async def listed(self, label: Label) -> list[Version]:
        """The versions of a label, newest first."""
        more = await self._beyond.versions((label,))
        return await _with(more, lambda: self.library.offered(label))

    async def listed_in_source(self, source: Source) -> list[Version]:
        """The versions of a source, newest first."""
        more = await self._beyond.versions(self._beyond.labels_of(source))
        return await _with(more, lambda: self.library.offered_in_source(source))

    async def latest(self, label: Label, name: AssetName | None = None) -> Version:
        """The version of a label that clusterctl would take for `latest`; `name` must be in it."""
        newest = await self._newest((label,), lambda: self.library.offered(label), name)
        return newest or await self.library.latest(label)

    async def latest_in_source(self, source: Source) -> Version:
        """The version of a source that clusterctl would take for `latest`."""
        labels = self._beyond.labels_of(source)
        newest = await self._newest(labels, lambda: self.library.offered_in_source(source))
        if newest is None:
            raise NotThereError(f"{source} has no complete release")
        return newest

    async def _ask(
        self,
        ask: Callable[[], Awaitable[T]],
        labels: Callable[[], Sequence[Label]],
        version: Version,
        name: AssetName | None = None,
    ) -> T:
        """What the library says, asked once more after what it has not was fetched."""
        try:
            return await ask()
        except NotThereError:
            if not self.fetches:
                raise
        reason, trouble = "", None
        try:
            reason = await self._in_time(self._beyond.bring(labels(), version, name))
        except StorageError as error:
            trouble = error
        try:
            return await ask()
        except NotThereError as error:
            if trouble is not None:
                # Something else of that version may be what failed, and this have come.
                raise trouble from trouble.__cause__
            if reason:
                raise NotThereError(f"{error}; {reason}", available=error.available) from None
            raise

    async def _newest(
        self, labels: Collection[Label], offered: Offered, name: AssetName | None = None
    ) -> Version | None:
        held = latest(await _or_none(offered))
        seconds = self._moment if held else self._seconds
        try:
            return await self._in_time(self._newest_of_all(labels, offered, name), seconds)
        except StorageError:
            # An upstream's trouble, or our own disk's: what is here is as good as ever.
            if held is None:
                raise
            return held

    async def _newest_of_all(
        self, labels: Collection[Label], offered: Offered, name: AssetName | None
    ) -> Version | None:
        more = await self._beyond.versions(labels)
        listed = {*await _with(more, offered)}
        for _ in range(_TRIES):
            newest = latest(listed)
            if newest is None or newest in await _or_none(offered):
                return newest
            await self._beyond.bring(labels, newest, name)
            if newest in await _or_none(offered):
                return newest
            listed.discard(newest)
        return latest(await _or_none(offered))

    async def _in_time(self, work: Awaitable[T], seconds: float | None = None) -> T:
        """What comes of `work`; what is under way goes on without us where that takes too long."""
        seconds = self._seconds if seconds is None else seconds
        try:
            async with asyncio.timeout(seconds):
                return await work
        except TimeoutError:
            raise UpstreamError(
                f"it is still being fetched, after {seconds:g} seconds",
                cure="ask again in a while",
                address="",
                slow=True,
            ) from None


async def _with(more: Offer, offered: Offered) -> list[Version]:
    """What is offered, with more; raises where that is nothing at all, or nobody knows."""
    if more.versions:
        return newest_first({*await _or_none(offered), *more.versions})
    try:
        return await offered()
    except NotThereError:
        if more.trouble is not None:
            raise more.trouble from None
        raise


async def _or_none(offered: Offered) -> list[Version]:
    try:
        return await offered()
    except NotThereError:
        return []
