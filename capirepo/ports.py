"""The protocols of what a repository is kept in: releases, what waits, records, tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Iterator, Mapping
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from capirepo.core.blob import Blob
    from capirepo.core.names import AssetName, Label
    from capirepo.core.release import Asset, Release
    from capirepo.core.tokens import Token
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

    async def versions(self, label: Label) -> list[Version]:
        """The versions of one label, in no order, whether complete or not."""
        ...

    async def assets(self, label: Label, version: Version) -> Mapping[AssetName, Asset]:
        """What one release holds now; empty where it is not there."""
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


class TooLargeError(BadInputError):
    """A file is larger than what is taken."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"the file has more than {most} bytes", cure="publish.megabytes sets how much is taken"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A file that was taken in and has no name yet.

    Attributes:
        sha256: in hexadecimal.
        size: in bytes.
        place: where it lies meanwhile.
    """

    sha256: str
    size: int
    place: Path


class Intake(Protocol):
    """Takes in files one at a time, until they are a release.

    Every method raises StorageError where the medium fails.

    Attributes:
        pending: what waits for the rest of its release.
    """

    pending: Store

    def receiving(
        self, pieces: AsyncIterable[bytes], most: int
    ) -> AbstractAsyncContextManager[Received]:
        """A file of at most `most` bytes, durable; gone afterwards unless it was kept.

        Raises:
            TooLargeError: it has more.
        """
        ...

    def locked(self, label: Label) -> AbstractAsyncContextManager[None]:
        """Nobody else, in this process or another, works on releases of this label meanwhile."""
        ...

    async def keep(
        self, label: Label, version: Version, name: AssetName, received: Received, *, listed: bool
    ) -> None:
        """Gives a received file its name: in the release where it is `listed`, else pending.

        Raises:
            ConflictError: the name is taken.
        """
        ...

    async def reveal(self, label: Label, version: Version) -> None:
        """Makes a release of what is pending.

        Raises:
            ConflictError: there is one.
        """
        ...

    async def drop(
        self, label: Label, version: Version, name: AssetName | None = None, *, listed: bool = False
    ) -> bool:
        """Removes what is pending, one file of it, or a release; False where it is not there."""
        ...


class Records(Protocol):
    """What is known of each release beside its files."""

    def read(self, label: Label, version: Version) -> dict[str, Any]:
        """The record of a release; empty where there is none."""
        ...

    def write(self, label: Label, version: Version, record: Mapping[str, Any]) -> None:
        """Keeps a record; raises StorageError where that fails."""
        ...

    def remove(self, label: Label, version: Version) -> None:
        """Forgets a release; never fails."""
        ...


class Journal(Protocol):
    """The audit log."""

    def append(self, entry: Mapping[str, Any]) -> None:
        """Writes an entry, durably; raises StorageError where that fails."""
        ...

    def entries(self) -> Iterator[tuple[dict[str, Any], bool]]:
        """Each entry, oldest first, and whether the log is sound up to it."""
        ...


class Tokens(Protocol):
    """Who may write, and read where that is private."""

    def find(self, digest: str) -> Token | None:
        """The token with a digest, expired or not; None where there is none (any more).

        Raises:
            StorageError: the tokens cannot be read, which is never the same as none.
        """
        ...
