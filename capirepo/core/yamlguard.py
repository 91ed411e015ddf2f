"""Reads YAML of strangers: refuses what is hostile before any of it is built.

A scan of the parser's events comes first. It is cheap (20 ms for a megabyte), keeps no
tree, and bounds what building costs: nesting, aliases and the number of nodes. Building
without it crashes the process on `[` x 100,000 and takes half a minute for a 26-line chain
of merge keys. No real provider release uses an anchor, so none is taken.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from capirepo.core.yamlloader import Document, NotTakenError, documents
from capirepo.errors import BadInputError

MAX_BYTES: Final = 32 * 1024 * 1024
MAX_DEPTH: Final = 64
MAX_EVENTS: Final = 4_000_000
MAX_DOCUMENTS: Final = 20_000

# What PyYAML lets out for `!!bool x`, `!!int ""`, `!!timestamp x` and numbers without end.
_UNBUILDABLE: Final = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OverflowError,
    RecursionError,
)
_OPENING = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
# Kubernetes splits a file at lines that begin with ---, and of each piece reads one document.
# (What they find begins with a newline: that is what makes them fast.)
_NO_SEPARATOR: Final = re.compile(r"\n---[ \t]*[^\s#]")
_ODD_COMMENT: Final = re.compile(r"\n---#")
_DIRECTIVE: Final = re.compile(r"\n(?:#[^\n]*\n|\s)*%")
# A break of YAML's that is none for Kubernetes: what follows belongs to the same piece.
_ODD_BREAK: Final = re.compile(r"[\r\x85\u2028\u2029]---(?:\s|\Z)")
_END: Final = re.compile(r"\n\.\.\.(?=\s)(?P<rest>.*?)(?=\n---|\Z)", re.DOTALL)
_LEFT_OUT: Final = re.compile(r"[ \t]*(#.*|%.*|\.\.\.[ \t]*)?\r?")
_AFTER_END: Final = "did not find expected <document start>"
_CLOSING = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


class YamlError(BadInputError):
    """A file that is no YAML, or none that may be built.

    Attributes:
        line: where; None for the whole file.
        hostile: whether it is YAML that clusterctl would take, and we refuse.
    """

    def __init__(
        self, message: str, *, line: int | None = None, hostile: bool = False, cure: str = ""
    ) -> None:
        super().__init__(message, cure=cure)
        self.line = line
        self.hostile = hostile


class DroppedError(YamlError):
    """A part of a file that clusterctl leaves out, without a word."""


def check(data: bytes, name: str) -> None:
    """Checks that `data` is YAML that may be built; `name` is used in messages.

    Raises:
        YamlError: not YAML, not UTF-8, or beyond one of the limits above.
    """
    text_of(data, name)
    try:
        _check_events(data, name)
    except yaml.YAMLError as error:
        raise _not_yaml(error, data, name) from error


def load_all(data: bytes, name: str) -> list[Any]:
    """The documents in `data`, empty ones left out.

    Raises:
        YamlError: as `check`, or a value that cannot be built (an unknown tag, a key
            given twice, a number of thousands of digits).
    """
    return [document.content for document in load_documents(data, name)]


def load_documents(data: bytes, name: str) -> list[Document]:
    """The documents in `data` with their places, empty ones left out.

    Raises:
        YamlError: as `load_all`.
    """
    check(data, name)
    try:
        return [document for document in documents(data) if document.content is not None]
    except yaml.YAMLError as error:
        raise _not_yaml(error, data, name) from error
    except _UNBUILDABLE as error:
        raise YamlError(f"{name} holds a value that cannot be read: {error!r}") from error


def check_separators(text: str, name: str) -> None:
    """Checks that `text` is cut into documents as Kubernetes cuts it (`apimachinery`, yaml).

    Raises:
        YamlError: a line that begins with --- and goes on, or a directive.
    """
    text = f"\n{text}"
    if (match := _NO_SEPARATOR.search(text) or _DIRECTIVE.match(text)) is not None:
        line = text.count("\n", 0, match.start() + 1)
        raise YamlError(f"{name}, line {line}: is no separator of documents", line=line)
    if (match := _ODD_COMMENT.search(text)) is not None:
        line = text.count("\n", 0, match.start() + 1)
        said = f"{name}, line {line}: a separator needs a space before its comment"
        raise YamlError(said, line=line, hostile=True)


def check_dropped(text: str, name: str) -> None:
    """Checks that clusterctl reads all of `text`: of each piece it reads one document.

    Raises:
        DroppedError: something follows a line `...`, or ends of lines that are none for Kubernetes.
    """
    if (match := _ODD_BREAK.search(text)) is not None:
        line = len(text[: match.start() + 1].splitlines()) + 1
        said = "a separator after an end of line other than a newline"
        told = f"{name}, line {line}: {said}; clusterctl drops what follows"
        raise DroppedError(told, line=line, hostile=True)
    for match in _END.finditer(text):
        line = text.count("\n", 0, match.start()) + 2
        for after, rest in enumerate(match["rest"].split("\n")):
            if _LEFT_OUT.fullmatch(rest) is None:
                said = f"{name}, line {line + after}: stands after the end of a document (...)"
                raise DroppedError(f"{said}; clusterctl drops it", line=line + after, hostile=True)


def text_of(data: bytes, name: str) -> str:
    """The text of a file that may be YAML.

    Raises:
        YamlError: too large, or not UTF-8.
    """
    if len(data) > MAX_BYTES:
        raise YamlError(f"{name} has {len(data)} bytes; at most {MAX_BYTES} are read", hostile=True)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise YamlError(f"{name} is UTF-16, not UTF-8", hostile=True, cure="save it as UTF-8")
    if (position := data.find(b"\x00")) >= 0:
        line = data.count(b"\n", 0, position) + 1
        said = f"{name}, line {line}: holds a NUL byte; clusterctl drops what follows"
        raise DroppedError(said, line=line, hostile=True, cure="save it as UTF-8 without NUL bytes")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise YamlError(
            f"{name} is not UTF-8 at byte {error.start}", line=data.count(b"\n", 0, error.start) + 1
        ) from error


def _check_events(data: bytes, name: str) -> None:
    depth = documents = 0
    for events, event in enumerate(yaml.parse(data, Loader=yaml.CSafeLoader)):
        if isinstance(event, _OPENING):
            depth += 1
        elif isinstance(event, _CLOSING):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            raise YamlError(
                f"{name}, line {_line(event)}: uses a YAML alias",
                line=_line(event),
                hostile=True,
                cure="write it out",
            )
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        if depth > MAX_DEPTH or events > MAX_EVENTS or documents > MAX_DOCUMENTS:
            raise YamlError(
                f"{name}, line {_line(event)}: is no provider's YAML: beyond {MAX_DEPTH} levels, "
                f"{MAX_DOCUMENTS} documents or {MAX_EVENTS} values",
                line=_line(event),
                hostile=True,
            )


def _line(event: yaml.Event) -> int | None:
    return event.start_mark.line + 1 if event.start_mark else None


def _not_yaml(error: yaml.YAMLError, data: bytes, name: str) -> YamlError:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        line = mark.line + 1
        hostile = isinstance(error, NotTakenError) or _AFTER_END in str(error.problem)
        # Before a column in which a tab is in the way stand only blanks, of a byte each.
        where = data.split(b"\n", line)[mark.line : line]
        tab = b"".join(where)[mark.column : mark.column + 1] == b"\t"
        return YamlError(
            f"{name}, line {line}, column {mark.column + 1}: "
            f"{'a tab stands where YAML takes only spaces' if tab else error.problem}",
            line=line,
            hostile=hostile,
            cure="indent with spaces" if tab else "",
        )
    return YamlError(f"{name} is not YAML: {error}")
