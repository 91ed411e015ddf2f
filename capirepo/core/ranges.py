"""Ranges of versions, `>=1.12,<1.14`, in the grammar of Python's packaging.

Rules kept here:
- packaging only says whether a version is in a range; versions are ordered by `core.version`;
- of stable versions a range holds exactly those that semantic versioning would say;
- a pre-release is below its release, so `>=1.12` has no v1.12.0-rc.1, and `<1.14` no
  v1.14.0-rc.1. Pre-releases that are no alpha, beta or rc are below all that are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version as Pep440

from capirepo.core.names import shown
from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from packaging.specifiers import Specifier

    from capirepo.core.version import Version

_PRE_RELEASE: Final = re.compile(r"(?P<kind>alpha|beta|rc)[.-]?(?P<number>[0-9]*)")
# What semantic versions have not: ===, epochs, post and dev releases, local versions.
_KNOWN: Final = re.compile(
    r"(==|!=|~=|<=|>=|<|>) *v?[0-9]+(\.[0-9]+){0,2}(\.\*|-?(a|b|alpha|beta|rc)[.-]?[0-9]*)?"
)


@dataclass(frozen=True, slots=True)
class Range:
    """A range of versions. Made by `parse_range` only."""

    text: str
    specifiers: SpecifierSet

    @property
    def names_pre_release(self) -> bool:
        """Whether a pre-release stands in it, as in `>=1.13.0-rc.1`."""
        return any(_is_pre_release(one) for one in self.specifiers)

    def __contains__(self, version: Version) -> bool:
        return self.specifiers.contains(pep440(version), prereleases=True)

    def __str__(self) -> str:
        return self.text


def parse_range(text: str) -> Range:
    """The range that `text` spells.

    Raises:
        BadInputError: it is none.
    """
    parts = [part.strip() for part in text.split(",")]
    if text.isascii() and all(_KNOWN.fullmatch(part) for part in parts):
        try:
            return Range(text, SpecifierSet(text))
        except InvalidSpecifier:
            pass  # such as ~=1, which has no number to count up
    raise BadInputError(
        f"{shown(text)} is no range of versions",
        cure='write one like ">=1.12,<1.14", "~=1.12.3" or "==1.12.*"; versions alone are a '
        "list, [v1.12.3]",
    )


def pep440(version: Version) -> Pep440:
    """A version as packaging writes it; build metadata, which orders nothing, is left out."""
    parsed = version.parsed
    numbers = f"{parsed.major}.{parsed.minor}.{parsed.patch}"
    if parsed.prerelease is None:
        return Pep440(numbers)
    match = _PRE_RELEASE.fullmatch(parsed.prerelease)
    return Pep440(f"{numbers}{match['kind']}{match['number'] or 0}" if match else f"{numbers}.dev0")


def _is_pre_release(specifier: Specifier) -> bool:
    return not specifier.version.endswith(".*") and Pep440(specifier.version).is_prerelease
