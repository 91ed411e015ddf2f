"""What can be had beside what is here; offline that is nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from capirepo.core.names import AssetName, Label, Source
    from capirepo.core.version import Version
    from capirepo.outside import UpstreamError


@dataclass(frozen=True, slots=True)
class Offer:
    """The versions that can be had.

    Attributes:
        trouble: why nobody can say it now; None where somebody could.
    """

    versions: frozenset[Version] = frozenset()
    trouble: UpstreamError | None = None


class Beyond(Protocol):
    """Where what is not here can be fetched from."""

    @property
    def labels(self) -> Collection[Label]:
        """Every label of which something may be had."""
        ...

    def labels_of(self, source: Source) -> tuple[Label, ...]:
        """Those of `labels` that clients look for under `source`."""
        ...

    async def versions(self, labels: Collection[Label]) -> Offer:
        """The versions that can be had of any of these labels; never fails, never takes long."""
        ...

    async def bring(
        self, labels: Collection[Label], version: Version, name: AssetName | None = None
    ) -> str:
        """Brings what there is of a version of these labels into the repository.

        Args:
            labels: whose.
            version: of each of them.
            name: the file that matters, if it is one.

        Returns:
            Why it could not be had, in words; '' where it came, or there is nothing to say.

        Raises:
            UpstreamError: it may be there, and cannot be fetched now.
            StorageError: it cannot be kept.
        """
        ...


class Offline:
    """A Beyond with nothing in it."""

    labels: Collection[Label] = ()

    def labels_of(self, source: Source) -> tuple[Label, ...]:  # noqa: ARG002 - the protocol
        """None."""
        return ()

    async def versions(self, labels: Collection[Label]) -> Offer:  # noqa: ARG002 - as above
        """None."""
        return Offer()

    async def bring(
        self,
        labels: Collection[Label],  # noqa: ARG002 - as above
        version: Version,  # noqa: ARG002 - as above
        name: AssetName | None = None,  # noqa: ARG002 - as above
    ) -> str:
        """Nothing comes."""
        return ""
