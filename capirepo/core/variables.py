"""The `${VARIABLES}` of components and templates, read as clusterctl reads them.

A port of the grammar of drone/envsubst (`parse/parse.go`) with the legacy form `${ VAR }`
that clusterctl turns into `${VAR}` first (`simple_processor.go`). What this refuses,
clusterctl refuses.
"""

from __future__ import annotations

import re
from typing import Final

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


def find_variables(text: str) -> dict[str, str | None]:
    """Each variable of `text`, in order of appearance, with its default (None: required).

    Raises:
        BadInputError: a form that clusterctl cannot parse, with its line.
    """
    text = _LEGACY.sub(lambda match: "${" + match[1] + "}", text)
    variables: dict[str, str | None] = {}
    reader = _Reader(text)
    position = 0
    while match := _NEXT.search(text, position):
        position = match.end()
        if match[0] == "${":
            reader.position = position
            name, default = reader.function(0)
            variables.setdefault(name, default or None)
            position = reader.position
    return variables


class _Reader:
    """Recursive descent over one text; `position` is the next character to read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def function(self, depth: int) -> tuple[str, str]:
        """What follows `${`, up to its `}`: the name, and its arguments as one text."""
        if depth > _MAX_DEPTH:
            raise self._bad("is nested too deeply")
        if self._peek() == "#":
            self.position += 1
            name = self._take(_NAME, "has no variable name")
            return self._closed(name, "")
        name = self._take(_NAME, "has no variable name")
        if self._take(_DEFAULT):
            return self._closed(name, self._arguments(depth))
        if self._take(_CASING) or self._peek() == "}":
            return self._closed(name, "")
        if self._take(_REMOVE):
            return self._closed(name, self._argument(depth, _TEXT))
        if self._peek() == ":":
            return self._closed(name, self._substring(depth))
        if self._take(_REPLACE):
            return self._closed(name, self._replacement(depth))
        raise self._bad("has no closing brace")

    def _arguments(self, depth: int) -> str:
        parts = []
        while self._peek() != "}":
            parts.append(self._argument(depth, _TEXT))
        return "".join(parts)

    def _argument(self, depth: int, pattern: re.Pattern[str]) -> str:
        if self.text.startswith("${", self.position):
            self.position += 2
            return f"${{{self.function(depth + 1)[0]}}}"
        return self._take(pattern, "has an empty or unclosed argument")

    def _substring(self, depth: int) -> str:
        self.position += 1
        offset = self._argument(depth, _TEXT_TO_COLON)
        if self._peek() != ":":
            return offset
        while self._peek() == ":":
            self.position += 1
        return offset + self._argument(depth, _TEXT)

    def _replacement(self, depth: int) -> str:
        pattern = self._argument(depth, _PATTERN)
        if self._peek() != "/":
            raise self._bad("replaces nothing: ${NAME/pattern/string} is expected")
        while self._peek() == "/":
            self.position += 1
        return pattern if self._peek() == "}" else pattern + self._argument(depth, _TEXT)

    def _closed(self, name: str, default: str) -> tuple[str, str]:
        if self._peek() != "}":
            raise self._bad("has no closing brace")
        self.position += 1
        return name, default

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

    def _bad(self, what: str) -> BadInputError:
        line = self.text.count("\n", 0, self.position) + 1
        return BadInputError(
            f"line {line}: a ${{…}} {what}",
            cure="write $${ where the text ${ itself is meant",
        )
