"""Which source has which labels: the shipped list, one's own entries, and the default.

One source holds several labels (`kubernetes-sigs/cluster-api` five of them), because a
GitHub release has the files of all its providers side by side.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from capirepo.core.known_providers import KNOWN_PROVIDERS
from capirepo.core.names import (
    CORE_LABEL,
    AssetName,
    Label,
    ProviderType,
    Source,
    default_source,
    parse_asset,
    parse_label,
    parse_source,
    provider_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Where clients look for one label.

    Attributes:
        components: the name of its components file (cert-manager's one file; for
            clusterctl's own label, whose files are programs, a name nothing has).
        known: whether clusterctl knows it without any configuration.
        former: sources under which older clients still look for it.
    """

    label: Label
    source: Source
    components: AssetName
    known: bool = False
    former: tuple[Source, ...] = ()


def _components_of(label: Label) -> AssetName:
    provider = provider_of(label)
    return provider.type.components if provider else AssetName(f"{label}.yaml")


def _entry(label: Label, source: str, components: str = "", *, known: bool = False) -> Entry:
    return Entry(
        label=label,
        source=parse_source(source),
        components=parse_asset(components) if components else _components_of(label),
        known=known,
    )


@functools.cache
def _shipped() -> Mapping[Label, Entry]:
    entries: dict[Label, Entry] = {}
    for line in KNOWN_PROVIDERS.splitlines():
        name, *rest = line.split()
        label = parse_label(name)
        if label in entries:
            moved = entries[label]
            entries[label] = replace(moved, former=(*moved.former, parse_source(rest[0])))
        else:
            entries[label] = _entry(label, *rest, known=True)
    return entries


class Catalog:
    """Answers in both directions; labels that nobody named get `default_source`.

    Args:
        own: one's own entries, from capirepo.yaml; they win over the shipped ones.
    """

    def __init__(self, own: Iterable[Entry] = ()) -> None:
        self._entries = {**_shipped(), **{entry.label: entry for entry in own}}

    def entry(self, label: Label) -> Entry:
        """Where clients look for `label`."""
        return self._entries.get(label) or _entry(label, default_source(label))

    def entries(self) -> tuple[Entry, ...]:
        """Every entry that somebody named, the shipped ones first."""
        return tuple(self._entries.values())

    def has(self, source: Source) -> bool:
        """Whether somebody named a label of `source`."""
        return any(source in (entry.source, *entry.former) for entry in self._entries.values())

    def group(self, labels: Iterable[Label]) -> Mapping[Source, tuple[Label, ...]]:
        """`labels` by their source; within one, core first, then by type, tools last."""
        groups: dict[Source, list[Label]] = {}
        for label in sorted(labels, key=_rank):
            entry = self.entry(label)
            for source in (entry.source, *entry.former):
                groups.setdefault(source, []).append(label)
        return {source: tuple(members) for source, members in groups.items()}


def own_entry(label: str, source: str, components: str = "") -> Entry:
    """An entry from a configuration file.

    Raises:
        BadInputError: one of the three is not of its form.
    """
    return _entry(parse_label(label), source, components)


def _rank(label: Label) -> tuple[int, str]:
    provider = provider_of(label)
    if label == CORE_LABEL or provider is None:
        return (0 if provider else len(ProviderType)), label
    return list(ProviderType).index(provider.type), label
