"""The protocols of where releases come from: upstreams, and what was seen of them."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from capirepo.errors import CapirepoError, StorageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from capirepo.core.names import AssetName
    from capirepo.core.version import Version


VIA: ContextVar[tuple[str, ...]] = ContextVar("via", default=())
"""The servers of ours by which the request that is being answered has come, as its Via header
says (RFC 9110 7.6.3)."""


class UpstreamError(StorageError):
    """An upstream cannot be asked, or is not to be believed.

    Attributes:
        address: of what was asked for.
        status: what it answered; None where it did not answer, or not as HTTP.
        retry_after: in how many seconds to ask again, where it says that; else None.
        slow: whether it is only that it takes too long.
    """

    def __init__(  # noqa: PLR0913 - what may be known
        self,
        message: str,
        *,
        address: str,
        status: int | None = None,
        retry_after: float | None = None,
        slow: bool = False,
        cure: str = "",
    ) -> None:
        super().__init__(message, cure=cure)
        self.address = address
        self.status = status
        self.retry_after = retry_after
        self.slow = slow

    @classmethod
    def of(cls, error: Exception, address: str) -> UpstreamError:
        """An error as that of an upstream, to be kept: without traceback and cause."""
        if isinstance(error, UpstreamError):
            return error.again()
        words = str(error) if isinstance(error, CapirepoError) else repr(error)
        return cls(words, address=address)

    def again(self) -> UpstreamError:
        """The same once more; with this one go the requests of those who had it."""
        return UpstreamError(
            str(self),
            address=self.address,
            status=self.status,
            retry_after=self.retry_after,
            slow=self.slow,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteAsset:
    """One file of a release, as an upstream states it.

    Attributes:
        size: in bytes; None where it is not stated.
        sha256: in hexadecimal; '' where it is not stated.
        address: where it is fetched from, for people and for the record.
        stamp: changes where upstream changes the file (updated_at, ETag); '' for nothing.
    """

    name: AssetName
    address: str
    size: int | None = None
    sha256: str = ""
    stamp: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The versions of an upstream.

    Attributes:
        tag: to be given to the next call (an ETag); '' for none.
        unchanged: upstream says that nothing is new since the tag that was given; `versions`
            is empty then.
    """

    versions: tuple[Version, ...]
    tag: str = ""
    unchanged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file that is on its way. Iterating ends with an error where less came than was stated."""

    pieces: AsyncIterator[bytes]
    size: int | None
    stamp: str = ""


class Upstream(Protocol):
    """Where releases of one source or one label come from.

    Every method raises NotThereError where upstream says no, UpstreamError where it cannot be
    asked or is not to be believed.

    Attributes:
        address: for people, logs and the record.
    """

    address: str

    async def versions(self, known: str = "") -> Listing:
        """What there is, newest first; `known` is the tag of an earlier listing."""
        ...

    async def assets(self, version: Version) -> tuple[RemoteAsset, ...]:
        """The files of one release."""
        ...

    async def asset(self, version: Version, name: AssetName) -> RemoteAsset:
        """One file of a release, found by its name also where files are not listed."""
        ...

    def open(self, asset: RemoteAsset) -> AbstractAsyncContextManager[Download]:
        """A file, to be read while this is open."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen of an upstream the last time.

    Attributes:
        absent: of what upstream has no files, by `LABEL VERSION`, and what it said; worth another
            look once the listing is a new one.
        aside: the same of what was fetched and is no good release.
    """

    listing: Listing
    absent: Mapping[str, str]
    aside: Mapping[str, str]


class Sightings(Protocol):
    """What was seen of each upstream, from one run to the next; it can be lost."""

    def recall(self, origin: str) -> Seen | None:
        """What was seen of an upstream; None where nothing is known."""
        ...

    def keep(self, origin: str, seen: Seen) -> None:
        """Takes note; raises StorageError where that fails."""
        ...

    def alone(self, waiting: Callable[[], None]) -> AbstractAsyncContextManager[None]:
        """No other mirror works on this repository meanwhile; calls `waiting` if one does."""
        ...
