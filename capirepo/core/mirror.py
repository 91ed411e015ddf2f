"""What is to be mirrored: which versions of which labels, and from where.

Rules kept here:
- a rule that cannot be met is a problem, told with all others, and hinders no other;
- `latest` counts minors, and `keep` the newest versions of each;
- what was not asked for by its version is a pre-release only where that is wanted.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from capirepo.core.names import CLUSTERCTL, Label, Source, parse_label, provider_of, shown
from capirepo.core.version import Version, newest_first
from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from capirepo.core.catalog import Catalog
    from capirepo.core.ranges import Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where releases are fetched from.

    Attributes:
        source: a GitHub repository, which holds the files of all its labels side by side;
            None where `address` holds the releases of each label by itself.
        address: any other upstream; '' where there is a source.
        label: whose releases are meant at `address`; None where there is a source.
    """

    source: Source | None = None
    address: str = ""
    label: Label | None = None

    def __str__(self) -> str:
        return self.source or f"{self.address} {self.label}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which versions of a label are wanted.

    Attributes:
        pinned: exactly these; then nothing else holds.
        match: those that are wanted of cluster-api; then nothing else holds.
        range: those in it; None for all.
        keep: how many versions of each minor, newest first; None for all.
        latest: how many minors, newest first; None for all.
        prereleases: whether pre-releases as well; None where the range names one.
    """

    pinned: tuple[Version, ...] = ()
    match: bool = False
    range: Range | None = None
    keep: int | None = None
    latest: int | None = None
    prereleases: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is wanted of one label.

    Attributes:
        platforms: of clusterctl, `linux/amd64`; nothing for all.
    """

    label: Label
    origin: Origin
    rules: tuple[Rule, ...]
    platforms: tuple[str, ...] = ()

    @property
    def needs_listing(self) -> bool:
        """Whether it must be known which versions there are."""
        return not all(rule.pinned or rule.match for rule in self.rules)

    @property
    def matches(self) -> bool:
        """Whether the versions of cluster-api must be known."""
        return any(rule.match for rule in self.rules)

    def takes(self, name: str) -> bool:
        """Whether a file of its release is wanted."""
        if self.label != CLUSTERCTL or not self.platforms:
            return True
        return name.removesuffix(".exe") in map(program_for, self.platforms)

    @property
    def pinned(self) -> frozenset[Version]:
        """The versions that are wanted by name."""
        return frozenset(version for rule in self.rules for version in rule.pinned)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The versions of a label that are wanted, newest first, and which rules found none."""

    versions: tuple[Version, ...]
    problems: tuple[str, ...] = ()


def choose(wanted: Wanted, there: Sequence[Version], matching: Sequence[Version] = ()) -> Choice:
    """The versions that all rules of a label want.

    Args:
        wanted: the rules.
        there: what upstream lists.
        matching: what is wanted of cluster-api.
    """
    chosen: set[Version] = set()
    problems = []
    for rule in wanted.rules:
        found = matching if rule.match else rule.pinned or _in_rule(rule, there)
        chosen.update(found)
        if not found:
            problems.append(_nothing(wanted.label, rule, there))
    return Choice(versions=tuple(newest_first(chosen)), problems=tuple(problems))


def labels_called(catalog: Catalog, name: str, *, private: bool = False) -> tuple[Label, ...]:
    """The labels that a name means: a whole label, or every provider of that name.

    Args:
        catalog: knows who there is.
        name: as a person writes it.
        private: whether it is said where it comes from, so that any label will do.

    Raises:
        BadInputError: nobody is called so; a near name is hinted at.
    """
    known = {entry.label: provider_of(entry.label) for entry in catalog.entries()}
    if name in known:
        return (Label(name),)
    called = tuple(label for label, one in known.items() if one is not None and one.name == name)
    if called:
        return called
    if private:
        return (parse_label(name),)
    candidates = sorted({*known, *(one.name for one in known.values() if one is not None)})
    near = difflib.get_close_matches(name, candidates, n=1)
    raise BadInputError(
        f"no provider is known as {shown(name)}",
        cure=f"{f'did you mean {near[0]}? ' if near else ''}one's own needs its label, and "
        "source: OWNER/REPO or upstream: ADDRESS",
    )


def program_for(platform: str) -> str:
    """The name of the clusterctl for `OS/ARCH`, less an ending."""
    return f"{CLUSTERCTL}-{platform.replace('/', '-')}"


def _in_rule(rule: Rule, there: Iterable[Version]) -> tuple[Version, ...]:
    pre_releases = rule.prereleases
    if pre_releases is None:
        pre_releases = rule.range is not None and rule.range.names_pre_release
    fitting = newest_first(
        version
        for version in there
        if (version.stable or pre_releases) and (rule.range is None or version in rule.range)
    )
    minors = [list(members) for _, members in groupby(fitting, key=lambda one: one.series)]
    # `latest` without `keep` means the newest, not everything of the newest minors.
    keep = rule.keep or (1 if rule.latest else None)
    return tuple(version for members in minors[: rule.latest] for version in members[:keep])


def _nothing(label: Label, rule: Rule, there: Sequence[Version]) -> str:
    if rule.match:
        return f"{label}: no version of cluster-api is wanted that it could match"
    where = f" in {rule.range}" if rule.range else ""
    newest = newest_first(there)
    if not newest:
        return f"{label}: upstream has no version"
    if all(not version.stable for version in newest) and not rule.prereleases:
        return f"{label}: upstream has only pre-releases{where}; `prereleases: true` takes them"
    return f"{label}: upstream has no version{where}; its newest is {newest[0]}"
