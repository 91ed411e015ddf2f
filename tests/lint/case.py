"""A release that breaks one rule of lint, and how to make one.

The base of the corpus has a variable without a default, on purpose; here it has one, so that lint
says nothing at all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from capirepo.core import lint
from capirepo.core.names import Label
from capirepo.core.version import parse_version
from capirepo.errors import BadInputError
from tests.lint.base import (
    COMPONENTS,
    LABEL,
    VERSION,
    release,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capirepo.core.lint import Candidate
    from capirepo.core.version import Version

REQUIRED: Final = "${AWESOME_REGION}"
CLEAN: Final[Mapping[str, bytes]] = release(
    {COMPONENTS: text(COMPONENTS).replace(REQUIRED, "${AWESOME_REGION:=lab}")}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A release that breaks one rule.

    Attributes:
        files: all its files.
        file: where the finding is; empty for the release as a whole.
        at: what its line begins with, blanks left out; empty where it has no line.
        object: that it is about; empty where it is about none.
        document: the number of that.
        also: rules that cannot but be broken with it.
        twin: the same without the fault.
    """

    files: Mapping[str, bytes]
    version: str = VERSION
    file: str = COMPONENTS
    at: str = ""
    object: str = ""
    document: int | None = None
    also: frozenset[str] = frozenset()
    twin: Mapping[str, bytes] = field(default_factory=lambda: CLEAN)


def candidate(files: Mapping[str, bytes], version: str = VERSION) -> Candidate:
    """A release of the base's label, as lint sees it."""
    try:
        parsed: Version | None = parse_version(version)
    except BadInputError:
        parsed = None
    return lint.candidate(
        files, label=Label(LABEL), version=parsed, version_text=version, components=COMPONENTS
    )


def changed(name: str, *swaps: tuple[str, str]) -> dict[str, bytes]:
    """The clean release with some text of one file replaced, once each."""
    given = CLEAN[name].decode()
    for old, new in swaps:
        assert old in given, old
        given = given.replace(old, new, 1)
    return {**CLEAN, name: given.encode()}


def added(name: str, more: str) -> dict[str, bytes]:
    """The clean release with something at the end of one file."""
    return {**CLEAN, name: CLEAN[name] + more.encode()}


def left_out(name: str) -> dict[str, bytes]:
    """The clean release without one file."""
    return {one: data for one, data in CLEAN.items() if one != name}
