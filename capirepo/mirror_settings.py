"""The section `mirror` of capirepo.yaml: from how people write it to what is wanted."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from capirepo.core.mirror import Origin, Rule, Wanted, labels_called
from capirepo.core.names import CERT_MANAGER, CLUSTERCTL, CORE_LABEL, Label, parse_source
from capirepo.core.ranges import parse_range
from capirepo.core.version import parse_version
from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from capirepo.core.catalog import Catalog

MATCH: Final = "match"
# What is a repository at GitHub, however it is written; a folder begins with a dot, / or ~.
_GITHUB: Final = re.compile(
    r"(https://github\.com/)?(?P<source>[A-Za-z0-9][\w.-]*/\w[\w.-]*?)(\.git)?(/releases.*|/)?",
    re.ASCII,
)
Platform = Annotated[str, Meta(pattern=r"^[a-z0-9]+/[a-z0-9]+$")]
AtLeastOne = Annotated[int, Meta(ge=1)]


class Terms(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which versions are wanted, and where they are.

    Attributes:
        versions: a range, a list of versions, or `match`; all versions where it is left out.
        keep: how many of the newest versions of each minor.
        latest: how many of the newest minors.
        prereleases: whether pre-releases as well.
        source: OWNER/REPO at GitHub.
        upstream: any other address, or a folder.
        platforms: of clusterctl, OS/ARCH.
    """

    versions: str | tuple[str, ...] = ""
    keep: AtLeastOne | None = None
    latest: AtLeastOne | None = None
    prereleases: bool | None = None
    source: str = ""
    upstream: str = ""
    platforms: tuple[Platform, ...] = ()


Given = TypeVar("Given", bound=Terms)


class MirrorEntry(Terms, frozen=True, kw_only=True):
    """One entry: for whom its terms are.

    Attributes:
        provider: one, as clusterctl names it, or its label.
        providers: several.
        cert_manager: cert-manager, with its versions or terms.
        clusterctl: clusterctl itself, with its versions or terms.
    """

    provider: str = ""
    providers: tuple[str, ...] = ()
    cert_manager: tuple[str, ...] | Terms | None = field(default=None, name="cert-manager")
    clusterctl: tuple[str, ...] | Terms | None = None


def wanted_by(entries: Sequence[MirrorEntry], catalog: Catalog) -> tuple[Wanted, ...]:
    """What the entries want, a label once.

    Raises:
        BadInputError: every problem of every entry.
    """
    wanted: dict[Label, Wanted] = {}
    problems: list[str] = []
    for number, entry in enumerate(entries):
        for name, terms in _parts(entry):
            place = f"mirror[{number}]{f' {name}' if name else ''}"
            try:
                for one in _wanted(name, terms, catalog):
                    before = wanted.get(one.label)
                    wanted[one.label] = _both(before, one) if before else one
            except BadInputError as error:
                problems.append(f"{place}: {error}")
    if any(one.matches for one in wanted.values()) and CORE_LABEL not in wanted:
        problems.append(f"mirror: `versions: {MATCH}` follows {CORE_LABEL}, which is not mirrored")
    if problems:
        raise BadInputError("\n  ".join(problems))
    return tuple(wanted.values())


def beside(entries: Sequence[MirrorEntry], folder: Path) -> tuple[MirrorEntry, ...]:
    """The entries with their relative folders as ones in `folder`."""

    def moved(terms: Given) -> Given:
        if not terms.upstream.startswith("."):
            return terms
        return replace(terms, upstream=os.path.normpath(folder.absolute() / terms.upstream))

    def part(terms: tuple[str, ...] | Terms | None) -> tuple[str, ...] | Terms | None:
        return moved(terms) if isinstance(terms, Terms) else terms

    return tuple(
        replace(
            moved(entry), cert_manager=part(entry.cert_manager), clusterctl=part(entry.clusterctl)
        )
        for entry in entries
    )


def _parts(entry: MirrorEntry) -> Iterator[tuple[str, Terms]]:
    names = (*filter(None, [entry.provider]), *entry.providers)
    yield from ((name, entry) for name in names)
    tools = ((CERT_MANAGER, entry.cert_manager), (CLUSTERCTL, entry.clusterctl))
    given = [(label, terms) for label, terms in tools if terms is not None]
    for label, terms in given:
        yield label, terms if isinstance(terms, Terms) else Terms(versions=terms)
    if not names and not given:
        yield "", entry


def _wanted(name: str, terms: Terms, catalog: Catalog) -> Iterable[Wanted]:
    if not name:
        raise BadInputError(
            "nobody is named", cure="say provider:, providers:, cert-manager: or clusterctl:"
        )
    if terms.source and terms.upstream:
        raise BadInputError("both source and upstream are given", cure="leave one out")
    labels = labels_called(catalog, name, private=bool(terms.source or terms.upstream))
    rule = _rule(terms)
    if terms.platforms and labels != (CLUSTERCTL,):
        raise BadInputError("platforms are for clusterctl only", cure="leave them out")
    return [
        Wanted(
            label=label,
            origin=_origin(label, terms, catalog),
            rules=(rule,),
            platforms=terms.platforms,
        )
        for label in labels
    ]


def _rule(terms: Terms) -> Rule:
    counted = terms.keep or terms.latest or terms.prereleases is not None
    if terms.versions == MATCH or not isinstance(terms.versions, str):
        if counted:
            raise BadInputError(
                "keep, latest and prereleases choose from a range, and no range is given",
                cure='leave them out, or write versions: ">=1.12"',
            )
        if terms.versions == MATCH:
            return Rule(match=True)
        if not terms.versions:
            raise BadInputError("no version is named", cure="name one, [v1.2.3]")
        return Rule(pinned=tuple(map(parse_version, terms.versions)))
    return Rule(
        range=parse_range(terms.versions) if terms.versions else None,
        keep=terms.keep,
        latest=terms.latest,
        prereleases=terms.prereleases,
    )


def _origin(label: Label, terms: Terms, catalog: Catalog) -> Origin:
    github = _GITHUB.fullmatch(terms.upstream)
    if terms.upstream and not github:
        return Origin(address=terms.upstream, label=label)
    source = github["source"] if github else terms.source
    return Origin(source=parse_source(source) if source else catalog.entry(label).source)


def _both(one: Wanted, other: Wanted) -> Wanted:
    if one.origin != other.origin:
        raise BadInputError(
            f"{one.label} is wanted from {one.origin} and from {other.origin}",
            cure="one label comes from one upstream",
        )
    everything = not one.platforms or not other.platforms
    return Wanted(
        label=one.label,
        origin=one.origin,
        rules=(*one.rules, *other.rules),
        platforms=() if everything else tuple(dict.fromkeys((*one.platforms, *other.platforms))),
    )
