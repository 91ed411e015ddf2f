"""Which label each file of a GitHub release belongs to: from GitHub's layout to ours.

A GitHub release has the files of all its providers side by side. Components go to the
label whose components file they are, metadata.yaml to each of them, and templates and
ClusterClasses to the infrastructure provider, where clusterctl looks for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from capirepo.core.metadata import METADATA
from capirepo.core.names import CLUSTERCTL, AssetName, Label, ProviderType, Source, provider_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capirepo.core.catalog import Catalog


def lay_out(
    catalog: Catalog, source: Source, names: Iterable[AssetName]
) -> dict[Label, list[AssetName]]:
    """The labels of `source` that have a components file among `names`, with their files."""
    there = list(names)
    members = [entry for entry in catalog.entries() if source in (entry.source, *entry.former)]
    placed: dict[Label, list[AssetName]] = {}
    for entry in members:
        if entry.components in there:
            own = [entry.components]
            provider = provider_of(entry.label)
            if provider is not None and METADATA in there:
                own.append(METADATA)
            if provider is not None and provider.type is ProviderType.INFRASTRUCTURE:
                own += [
                    name for name in there if name.startswith(("cluster-template", "clusterclass-"))
                ]
            placed[entry.label] = own
        elif entry.label == CLUSTERCTL:
            programs = [name for name in there if name.startswith("clusterctl-")]
            if programs:
                placed[CLUSTERCTL] = programs
    return placed
