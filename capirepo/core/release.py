"""A release and its assets, and whether it is complete enough to be offered.

Only complete releases are listed; an incomplete one is served to whoever names it, and
reported. Complete is what clusterctl needs to install it: a canonical version, components
that parse, a metadata.yaml with a series for the version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from capirepo.core.components import read_manifest
from capirepo.core.metadata import METADATA, Metadata, is_contract, parse_metadata
from capirepo.core.names import CERT_MANAGER, TOOLS, AssetName, Label, provider_of
from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from capirepo.core.version import Version

TEMPLATE: Final = re.compile(r"cluster-template(?:-(?P<flavor>.+))?\.yaml")
CLUSTER_CLASS: Final = re.compile(r"clusterclass-(?P<name>.+)\.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file of a release, as the store last saw it.

    Attributes:
        size: in bytes.
        stamp: changes whenever the bytes may have changed (for a disk, the modification
            time in nanoseconds). It orders nothing: clocks go wrong.
    """

    name: AssetName
    size: int
    stamp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One version of one label.

    Attributes:
        contract: of its series in metadata.yaml; None for a tool or an incomplete release.
        problems: why it is not offered; empty for a complete release.
    """

    label: Label
    version: Version
    assets: Mapping[AssetName, Asset]
    contract: str | None = None
    problems: tuple[str, ...] = ()
    series: Metadata = field(default_factory=Metadata, repr=False)

    @property
    def complete(self) -> bool:
        """Whether it is listed and may be `latest`."""
        return not self.problems

    @property
    def templates(self) -> dict[str, AssetName]:
        """Cluster templates by flavor; the default one has the flavor ''."""
        return {
            match["flavor"] or "": name
            for name in sorted(self.assets)
            if (match := TEMPLATE.fullmatch(name))
        }

    @property
    def cluster_classes(self) -> dict[str, AssetName]:
        """ClusterClass files by name."""
        return {
            match["name"]: name
            for name in sorted(self.assets)
            if (match := CLUSTER_CLASS.fullmatch(name))
        }

    def __str__(self) -> str:
        return f"{self.label} {self.version}"


def is_template(name: str) -> bool:
    """Whether a file of this name is a cluster template or a ClusterClass to clusterctl."""
    return bool(TEMPLATE.fullmatch(name) or CLUSTER_CLASS.fullmatch(name))


def needed_assets(label: Label, components: AssetName) -> tuple[AssetName, ...]:
    """The assets that must be read to tell whether a release of `label` is complete."""
    if label == CERT_MANAGER:
        return (components,)
    return () if label in TOOLS else (METADATA, components)


def missing_assets(label: Label, components: AssetName, names: Collection[str]) -> tuple[str, ...]:
    """What must be among `names` in a release of `label` and is not, in words."""
    needed = needed_assets(label, components)
    return tuple(f"{name} is missing" for name in needed if name not in names)


def inspect(
    release: Release,
    components: AssetName,
    contents: Mapping[AssetName, bytes],
    unread: Sequence[str] = (),
) -> Release:
    """`release` with its contract and everything that keeps it from being offered.

    Args:
        release: as found in the store.
        components: the name that its components file must have.
        contents: the bytes of its `needed_assets`, as far as there are any.
        unread: why some of them, though there, could not be read.
    """
    problems = [*missing_assets(release.label, components, release.assets), *unread]
    problems += _problems_of_components(components, contents.get(components))
    if not release.assets:
        problems = ["the folder is empty"]
    contract, metadata = None, Metadata()
    if provider_of(release.label) is not None and METADATA in contents:
        metadata = parse_metadata(contents[METADATA])
        problems += map(str, metadata.problems)
        contract = metadata.contract_of(release.version)
        if contract is None and not metadata.problems:
            series = ", ".join(map(str, metadata.series))
            problems.append(
                f"{METADATA} has no release series for {release.version}: it names {series}"
            )
        elif contract is not None and not is_contract(contract):
            problems.append(
                f"{METADATA}: the contract of {release.version} is {contract!r}; v1beta1 or the "
                "like is expected"
            )
    return Release(
        label=release.label,
        version=release.version,
        assets=release.assets,
        contract=contract,
        problems=tuple(problems),
        series=metadata,
    )


def _problems_of_components(name: AssetName, data: bytes | None) -> list[str]:
    if data is None:
        return []
    if not data.strip():
        return [f"{name} is empty"]
    try:
        read_manifest(data, name)
    except BadInputError as error:
        return [str(error)]
    return []
