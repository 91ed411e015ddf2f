"""The protocols behind which the outside world stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from capirepo.core.blob import Blob
    from capirepo.core.names import AssetName, Label
    from capirepo.core.release import Asset, Release
    from capirepo.core.version import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """Something in a repository that is no release, and why it is passed over."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """All that a store holds at one moment; nothing has been read yet."""

    releases: Mapping[Label, Mapping[Version, Mapping[AssetName, Asset]]]
    strays: tuple[Stray, ...] = ()


class Store(Protocol):
    """Where releases are kept.

    Every method raises StorageError where the medium fails, NotThereError where an asset is
    absent, and nothing else.
    """

    async def scan(self) -> Shelf:
        """What there is now."""
        ...

    async def read(self, label: Label, version: Version, asset: Asset) -> bytes:
        """The bytes of one asset, whole."""
        ...

    def chunks(
        self, label: Label, version: Version, asset: Asset, start: int, stop: int
    ) -> AsyncGenerator[bytes, None]:
        """The bytes from `start` up to `stop`, in pieces, for what is too large to hold."""
        ...

    async def add(self, label: Label, version: Version, files: Mapping[AssetName, bytes]) -> bool:
        """Adds a release: wholly there or wholly absent, durable once this returns.

        Returns:
            False where the very same release is there already.

        Raises:
            ConflictError: the version is there with other files or other bytes.
        """
        ...


class Blobs(Protocol):
    """Bytes of assets, kept ready."""

    async def blob(self, label: Label, version: Version, asset: Asset) -> Blob:
        """One asset; raises as `Store.read`."""
        ...


class Findings(Protocol):
    """What was found out about releases, from one run to the next."""

    def recall(self, release: Release, components: AssetName) -> Release | None:
        """The release as it was inspected; None where that is not known (any more)."""
        ...

    def keep(self, release: Release, components: AssetName) -> None:
        """Takes note of a release that was inspected."""
        ...

    def save(self) -> None:
        """Makes the notes last; never fails."""
        ...
