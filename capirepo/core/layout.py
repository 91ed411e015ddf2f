"""Which label each file of a release belongs to: from others' layouts to ours.

A GitHub release has the files of all its providers side by side. Components go to the
label whose components file they are, metadata.yaml to each of them, and templates and
ClusterClasses to the infrastructure provider, where clusterctl looks for them.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from capirepo.core.metadata import METADATA
from capirepo.core.names import (
    CLUSTERCTL,
    AssetName,
    Label,
    ProviderType,
    Source,
    parse_label,
    provider_of,
)
from capirepo.core.release import is_template
from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from capirepo.core.catalog import Catalog

_TYPES: Final = {kind.prefix: kind for kind in ProviderType}
_COMPONENTS: Final = re.compile(rf"(?P<type>{'|'.join(_TYPES)})s?-components(-[a-z0-9-]+)?\.ya?ml")
_LABELLED: Final = re.compile(
    rb"^\s+cluster\.x-k8s\.io/provider:\s*[\"']?([a-z0-9.-]+)[\"']?\s*$", re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The files of one provider among those of a folder.

    Attributes:
        label: None where neither a place nor the files say whose they are.
        type: of the provider; None for a tool, or where nothing says it.
        components: the name that its components file must have; '' where nothing says it.
        names: all its files.
    """

    label: Label | None
    type: ProviderType | None
    components: str
    names: tuple[str, ...]


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
                own += [name for name in there if is_template(name)]
            placed[entry.label] = own
        elif entry.label == CLUSTERCTL:
            programs = [name for name in there if name.startswith("clusterctl-")]
            if programs:
                placed[CLUSTERCTL] = programs
    return placed


def of_label(catalog: Catalog, label: Label, names: Iterable[str]) -> Part:
    """All files as those of one label."""
    provider = provider_of(label)
    return Part(
        label=label,
        type=provider.type if provider else None,
        components=catalog.entry(label).components if label != CLUSTERCTL else "",
        names=tuple(names),
    )


def sort_out(catalog: Catalog, files: Mapping[str, bytes]) -> list[Part]:
    """The providers whose files these are, as the files themselves say it.

    The type is in the name of a components file; the label is what most of its objects are
    labelled with.
    """
    found = {name: match for name in files if (match := _COMPONENTS.fullmatch(name))}
    shared = [name for name in files if name not in found and not is_template(name)]
    templates = [name for name in files if is_template(name)]
    parts = []
    for name, match in found.items():
        kind = _TYPES[match["type"]]
        label = label_in(files[name], kind)
        takes_templates = len(found) == 1 or kind is ProviderType.INFRASTRUCTURE
        wanted = name if label is None else catalog.entry(label).components
        parts.append(
            Part(
                label=label,
                type=kind,
                # A file with another ending is judged by the name that it should have.
                components=wanted if wanted in files else kind.components,
                names=(name, *shared, *(templates if takes_templates else ())),
            )
        )
    return parts or [Part(label=None, type=None, components="", names=tuple(files))]


def label_in(components: bytes, kind: ProviderType) -> Label | None:
    """The label that most objects carry in cluster.x-k8s.io/provider; None for none of `kind`."""
    counted = Counter(match.decode() for match in _LABELLED.findall(components))
    for text, _ in counted.most_common():
        try:
            label = parse_label(text)
        except BadInputError:
            continue
        provider = provider_of(label)
        if provider is not None and provider.type is kind:
            return label
    return None
