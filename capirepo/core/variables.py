"""The `${VARIABLES}` of components and templates, read as clusterctl reads them.

A port of the grammar of drone/envsubst (`parse/parse.go`) with the legacy form `${ VAR }`
that clusterctl turns into `${VAR}` first (`simple_processor.go`). What this refuses,
clusterctl refuses.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from capirepo.errors import BadInputError

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
_MAX_DEPTH: Final = 64

UNSET: Final = "capirepo-unset"
"""Stands for the value of a variable that only the user can give."""


def find_variables(text: str) -> dict[str, str | None]:
    """Each variable of `text`, in order of appearance, with its default (None: required).

    Raises:
        VariableError: a form that clusterctl cannot parse, with its line.
    """
    return substitute(text)[1]


def substitute(text: str) -> tuple[str, dict[str, str | None]]:
    """`text` as clusterctl makes it where no variable is set, and its variables.

    What only the user can give becomes UNSET, which parses wherever a word does.

    Raises:
        VariableError: as `find_variables`.
    """
    if "$" not in text:
        return text, {}
    text = _LEGACY.sub(lambda match: "${" + match[1] + "}", text)
    variables: dict[str, str | None] = {}
    pieces = []
    reader = _Reader(text)
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
        line: where it stands; the first is 1.
    """

    def __init__(self, what: str, line: int) -> None:
        super().__init__(
            f"line {line}: a ${{…}} {what}", cure="write $${ where the text ${ itself is meant"
        )
        self.line = line


class _Function(NamedTuple):
    """One `${…}`: its default as clusterctl shows it, and what it is where nothing is set."""

    name: str
    default: str
    value: str


class _Argument(NamedTuple):
    shown: str
    value: str


_NOTHING: Final = _Argument("", UNSET)


def _changed(shown: str) -> _Argument:
    """Of a form that changes a value. Its argument counts as a default, yet nothing comes of it."""
    return _Argument(shown, "") if shown else _NOTHING


class _Reader:
    """Recursive descent over one text; `position` is the next character to read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def function(self, depth: int) -> _Function:
        """What follows `${`, up to its `}`."""
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
        raise self._bad("has no closing brace")

    def _arguments(self, depth: int) -> _Argument:
        parts = []
        while self._peek() != "}":
            parts.append(self._argument(depth, _TEXT))
        shown = "".join(part.shown for part in parts)
        # An empty default is none: clusterctl asks for the value.
        return _Argument(shown, "".join(part.value for part in parts)) if shown else _NOTHING

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
            raise self._bad("has no closing brace")
        self.position += 1
        return _Function(name, argument.shown, argument.value)

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

    def _bad(self, what: str) -> VariableError:
        return VariableError(what, self.text.count("\n", 0, self.position) + 1)
