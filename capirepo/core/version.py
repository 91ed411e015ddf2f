"""Release versions, and their order as clusterctl sees them.

Rules kept here, all clusterctl's (`repository_versions.go`, `repository_github.go`):
- a version is semantic and carries a `v`, because clusterctl asks for `"v" + version`;
- its numbers fit 64 bits (Kubernetes' ParseSemantic);
- latest is the highest stable one; a pre-release only where there is no stable one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering
from typing import TYPE_CHECKING

import semver

from capirepo.core.names import shown
from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

# `semver` matches with `\d` and `$`, which take Arabic digits and a trailing newline.
_ALPHABET = re.compile(r"v[0-9A-Za-z.+-]+")
_LONGEST = 128
_TOO_LARGE = 1 << 64


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """One canonical version, `v1.2.3-rc.1+build`. Made by `parse_version` only."""

    text: str
    parsed: semver.Version

    @property
    def stable(self) -> bool:
        """Whether it is no pre-release."""
        return self.parsed.prerelease is None

    @property
    def series(self) -> tuple[int, int]:
        """Major and minor: what a release series is named by."""
        return self.parsed.major, self.parsed.minor

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __lt__(self, other: Version) -> bool:
        # Precedence ignores +build; the text decides then, so that an order never wavers.
        by_precedence = self.parsed.compare(other.parsed)
        return by_precedence < 0 or (by_precedence == 0 and self.text < other.text)


def parse_version(text: str) -> Version:
    """The version that `text` spells.

    Raises:
        BadInputError: it is not a canonical `vMAJOR.MINOR.PATCH[-PRE][+BUILD]`.
    """
    if len(text) <= _LONGEST and _ALPHABET.fullmatch(text):
        try:
            parsed = semver.Version.parse(text[1:])
        except ValueError:
            pass
        else:
            if max(parsed.major, parsed.minor, parsed.patch) < _TOO_LARGE:
                return Version(text, parsed)
    raise BadInputError(
        f"{shown(text)} is no version",
        cure="clusterctl asks for semantic versions with a leading v: v1.2.3 or v1.2.3-rc.1",
    )


def newest_first(versions: Iterable[Version]) -> list[Version]:
    """By semantic precedence, highest first."""
    return sorted(versions, reverse=True)


def latest(versions: Iterable[Version]) -> Version | None:
    """What clusterctl takes for `latest`; None of nothing."""
    return max(versions, key=lambda version: (version.stable, version), default=None)
