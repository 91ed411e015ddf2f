"""Where the faces ask: what the library has is handed out, what it has not is sent for.

Rules kept here:
- what is here is never waited for, whatever has become of its upstream;
- `latest` is a release that is here and whole once it is named; a version that turns out to be
  none is passed over, as clusterctl itself does;
- lists name what is here and what can be had.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from capirepo.core.version import latest, newest_first
from capirepo.errors import NotThereError
from capirepo.outside import UpstreamError
from capirepo.services.beyond import Offline

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from capirepo.core.names import AssetName, Label, Source
    from capirepo.core.release import Release
    from capirepo.core.version import Version
    from capirepo.services.beyond import Beyond
    from capirepo.services.library import Found, Library

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

    Attributes:
        library: what is here.
    """

    def __init__(self, library: Library, beyond: Beyond | None = None) -> None:
        self.library = library
        self._beyond = beyond or Offline()

    @property
    def sends(self) -> bool:
        """Whether anything can be sent for: then lists change though nothing changes here."""
        return bool(self._beyond.labels)

    @property
    def labels(self) -> list[Label]:
        """The labels that are here, and those to be sent for of which clusterctl does not know."""
        entry = self.library.catalog.entry
        more = {label for label in self._beyond.labels if not entry(label).known}
        return sorted({*self.library.labels, *more})

    def has_source(self, source: Source) -> bool:
        """Whether something of a source is here, or can be sent for."""
        return bool(self.library.labels_of(source) or self._beyond.labels_of(source))

    async def find(self, label: Label, version: Version, name: AssetName) -> Found:
        """One asset of one label."""

        async def ask() -> Found:
            return await self.library.find(label, version, name)

        return await self._ask(ask, (label,), version, name)

    async def find_in_source(self, source: Source, version: Version, name: AssetName) -> Found:
        """One asset of a source, whichever of its labels has it."""

        async def ask() -> Found:
            return await self.library.find_in_source(source, version, name)

        return await self._ask(ask, self._beyond.labels_of(source), version, name)

    async def release(self, label: Label, version: Version) -> Release:
        """One release, complete or not."""

        async def ask() -> Release:
            return await self.library.release(label, version)

        return await self._ask(ask, (label,), version)

    async def fill(self, source: Source, version: Version) -> None:
        """Sends for a version of a source, as far as it is not here."""
        try:
            await self._beyond.bring(self._beyond.labels_of(source), version)
        except UpstreamError:
            members = self.library.labels_of(source)
            there = [one.version for label in members for one in await self.library.releases(label)]
            if version not in there:
                raise

    async def listed(self, label: Label) -> list[Version]:
        """The versions of a label, newest first."""
        more = await self._beyond.versions((label,))
        return await _with(more, lambda: self.library.offered(label))

    async def listed_in_source(self, source: Source) -> list[Version]:
        """The versions of a source, newest first."""
        more = await self._beyond.versions(self._beyond.labels_of(source))
        return await _with(more, lambda: self.library.offered_in_source(source))

    async def latest(self, label: Label) -> Version:
        """The version of a label that clusterctl would take for `latest`."""
        newest = await self._newest((label,), lambda: self.library.offered(label))
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
        labels: Collection[Label],
        version: Version,
        name: AssetName | None = None,
    ) -> T:
        """What the library says, asked once more after what it has not was sent for."""
        try:
            return await ask()
        except NotThereError:
            if not self.sends:
                raise
        reason, trouble = "", None
        try:
            reason = await self._beyond.bring(labels, version, name)
        except UpstreamError as error:
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
        self, labels: Collection[Label], offered: Callable[[], Awaitable[list[Version]]]
    ) -> Version | None:
        more = await self._beyond.versions(labels)
        listed = {*await _with(more, offered)}
        for _ in range(_TRIES):
            newest = latest(listed)
            held = await _or_none(offered)
            if newest is None or newest in held:
                return newest
            try:
                await self._beyond.bring(labels, newest)
            except UpstreamError:
                if not held:
                    raise
                return latest(held)
            if newest in await _or_none(offered):
                return newest
            listed.discard(newest)
        return latest(await _or_none(offered))


async def _with(
    more: Collection[Version], offered: Callable[[], Awaitable[list[Version]]]
) -> list[Version]:
    """What is offered, with more; raises where that is nothing at all."""
    return newest_first({*await _or_none(offered), *more}) if more else await offered()


async def _or_none(offered: Callable[[], Awaitable[list[Version]]]) -> list[Version]:
    try:
        return await offered()
    except NotThereError:
        return []
