"""The `${VARIABLES}` of components and templates, read as clusterctl reads them.

A port of the grammar of drone/envsubst (`parse/parse.go`) with the legacy form `${ VAR }`
that clusterctl turns into `${VAR}` first (`simple_processor.go`). What this refuses,
clusterctl refuses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable

_LEGACY: Final = re.compile(r"\$\{\s*([A-Za-z0-9_$]+)\s*\}")
# `$$` is an escaped dollar; a lone `$` is text.
_NEXT: Final = re.compile(r"\$\$|\$\{")
_NAME: Final = re.compile(r"\w+")
_TEXT: Final = re.compile(r"(?:[^}$]|\$(?!\{))+")
_TEXT_TO_COLON: Final = re.compile(r"(?:[^:}$]|\$(?!\{))+")
_PATTERN: Final = re.compile(r"(?:\\.|\$(?!\{)|[^/$\\])+", re.DOTALL)
_DEFAULT: Final = re.compile(r"=|:[=\-?+]")
_CASING: Final = re.compile(r"[,^]{1,2}")
_REMOVE: Final = re.compile(r"#{1,2}|%{1,2}")
_REPLACE: Final = re.compile(r"/[/#%]?")
_CLOSED: Final = re.compile(r"[^}\n]*\}")
_MAX_DEPTH: Final = 64
_MAX_SHOWN: Final = 60
_LITERAL: Final = "write $${ where the text ${ itself is meant"

UNSET: Final = "capirepo-unset"
"""Stands for the value of a variable that only the user can give."""


def find_variables(text: str) -> dict[str, str | None]:
    """Each variable of `text`, in order of appearance, with its default (None: required).

    Raises:
        VariableError: a form that clusterctl cannot parse, with its line.
    """
    return substitute(text)[1]


def substitute(
    text: str, unset: Callable[[str], str] = lambda _: UNSET
) -> tuple[str, dict[str, str | None]]:
    """`text` as clusterctl makes it where no variable is set, and its variables.

    Args:
        text: a whole file.
        unset: makes of a variable's name what stands for the value that only the user can give;
            it must parse wherever a word does.

    Raises:
        VariableError: as `find_variables`.
    """
    if "$" not in text:
        return text, {}
    text = _LEGACY.sub(lambda match: "${" + match[1] + "}", text)
    variables: dict[str, str | None] = {}
    pieces = []
    reader = _Reader(text, unset)
    position = 0
    while match := _NEXT.search(text, position):
        pieces.append(text[position : match.start()])
        position = match.end()
        if match[0] == "${":
            reader.position = position
            function = reader.function(0)
            variables.setdefault(function.name, function.default or None)
            pieces.append(function.value)
            position = reader.position
        else:
            pieces.append("$")
    return "".join((*pieces, text[position:])), variables


class VariableError(BadInputError):
    """A `${…}` that clusterctl cannot parse.

    Attributes:
        line: where it begins; the first is 1.
        said: the same without its place and its cure.
    """

    def __init__(self, shown: str, what: str, line: int, cure: str) -> None:
        super().__init__(f"line {line}: {shown} {what}", cure=cure)
        self.line = line
        self.said = f"{shown} {what}"


class _Function(NamedTuple):
    """One `${…}`: its default as clusterctl shows it, and what it is where nothing is set."""

    name: str
    default: str
    value: str


class _Argument(NamedTuple):
    """What stands after a name; nothing shown is no default, and the user must give a value."""

    shown: str = ""
    value: str = ""


_NOTHING: Final = _Argument()


def _changed(shown: str) -> _Argument:
    """Of a form that changes a value. Its argument counts as a default, yet nothing comes of it."""
    return _Argument(shown)


class _Reader:
    """Recursive descent over one text; `position` is the next character to read."""

    def __init__(self, text: str, unset: Callable[[str], str]) -> None:
        self.text = text
        self.unset = unset
        self.position = 0
        self.begun = 0

    def function(self, depth: int) -> _Function:
        """What follows `${`, up to its `}`."""
        outer, self.begun = self.begun, self.position - 2
        found = self._function(depth)
        self.begun = outer
        return found

    def _function(self, depth: int) -> _Function:
        if depth > _MAX_DEPTH:
            raise self._bad("is nested too deeply")
        if self._peek() == "#":
            self.position += 1
            name = self._take(_NAME, "has no variable name")
            return self._closed(name, _NOTHING)
        name = self._take(_NAME, "has no variable name")
        if self._take(_DEFAULT):
            return self._closed(name, self._arguments(depth))
        if self._take(_CASING) or self._peek() == "}":
            return self._closed(name, _NOTHING)
        if self._take(_REMOVE):
            return self._closed(name, _changed(self._argument(depth, _TEXT).shown))
        if self._peek() == ":":
            return self._closed(name, self._substring(depth))
        if self._take(_REPLACE):
            return self._closed(name, self._replacement(depth))
        raise self._unclosed(f"has {self._peek()!r} after the name {name[:_MAX_SHOWN]}")

    def _arguments(self, depth: int) -> _Argument:
        parts = []
        while self._peek() != "}":
            parts.append(self._argument(depth, _TEXT))
        shown = "".join(part.shown for part in parts)
        # An empty default is none: clusterctl asks for the value.
        return _Argument(shown, "".join(part.value for part in parts))

    def _argument(self, depth: int, pattern: re.Pattern[str]) -> _Argument:
        if self.text.startswith("${", self.position):
            self.position += 2
            inner = self.function(depth + 1)
            return _Argument(f"${{{inner.name}}}", inner.value)
        text = self._take(pattern, "has an empty or unclosed argument")
        return _Argument(text, text)

    def _substring(self, depth: int) -> _Argument:
        self.position += 1
        shown = self._argument(depth, _TEXT_TO_COLON).shown
        if self._peek() == ":":
            while self._peek() == ":":
                self.position += 1
            length = self._argument(depth, _TEXT).shown
            if length.strip().startswith("-"):
                raise self._bad("has a negative length, which stops clusterctl")
            shown += length
        return _changed(shown)

    def _replacement(self, depth: int) -> _Argument:
        shown = self._argument(depth, _PATTERN).shown
        if self._peek() != "/":
            raise self._bad("replaces nothing: ${NAME/pattern/string} is expected")
        while self._peek() == "/":
            self.position += 1
        if self._peek() != "}":
            shown += self._argument(depth, _TEXT).shown
        return _changed(shown)

    def _closed(self, name: str, argument: _Argument) -> _Function:
        if self._peek() != "}":
            raise self._unclosed(f"has {self._peek()!r} where its closing brace is expected")
        self.position += 1
        value = argument.value if argument.shown else self.unset(name)
        return _Function(name, argument.shown, value)

    def _peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def _take(self, pattern: re.Pattern[str], missing: str = "") -> str:
        match = pattern.match(self.text, self.position)
        if match is None:
            if missing:
                raise self._bad(missing)
            return ""
        self.position = match.end()
        return match[0]

    def _unclosed(self, what: str) -> VariableError:
        """Of a text that goes on where it should end, or that has no end in its line."""
        if _CLOSED.match(self.text, self.begun) is None:
            return self._bad("has no closing brace", f"close it; {_LITERAL}")
        return self._bad(
            what, f"names have letters, digits and _: write ${{NAME:=default}}; {_LITERAL}"
        )

    def _bad(self, what: str, cure: str = "") -> VariableError:
        line = self.text.count("\n", 0, self.begun) + 1
        return VariableError(self._shown(), what, line, cure or _LITERAL)

    def _shown(self) -> str:
        """The text from `${` on, up to its brace or the end of the line."""
        rest = self.text[self.begun : self.begun + _MAX_SHOWN + 1].partition("\n")[0]
        whole, brace, _ = rest.partition("}")
        text = f"{whole}{brace}"
        return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
