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
_SEPARATOR: Final = re.compile(
    r"^---[ \t]*(?P<rest>[^\s#][^\n]*)|\A(?:#[^\n]*\n|\s)*%", re.MULTILINE
)
_ODD_COMMENT: Final = re.compile(r"^---#", re.MULTILINE)
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


def check(data: bytes, name: str) -> None:
    """Checks that `data` is YAML that may be built; `name` is used in messages.

    Raises:
        YamlError: not YAML, not UTF-8, or beyond one of the limits above.
    """
    text_of(data, name)
    try:
        _check_events(data, name)
    except yaml.YAMLError as error:
        raise _not_yaml(error, name) from error


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
        raise _not_yaml(error, name) from error
    except _UNBUILDABLE as error:
        raise YamlError(f"{name} holds a value that cannot be read: {error!r}") from error


def check_separators(text: str, name: str) -> None:
    """Checks that `text` is cut into documents as Kubernetes cuts it (`apimachinery`, yaml).

    Raises:
        YamlError: a line that begins with --- and goes on, or a directive.
    """
    if (match := _SEPARATOR.search(text)) is not None:
        line = text.count("\n", 0, match.start()) + 1
        raise YamlError(f"{name}, line {line}: is no separator of documents", line=line)
    if (match := _ODD_COMMENT.search(text)) is not None:
        line = text.count("\n", 0, match.start()) + 1
        said = f"{name}, line {line}: a separator needs a space before its comment"
        raise YamlError(said, line=line, hostile=True)


def text_of(data: bytes, name: str) -> str:
    """The text of a file that may be YAML.

    Raises:
        YamlError: too large, or not UTF-8.
    """
    if len(data) > MAX_BYTES:
        raise YamlError(f"{name} has {len(data)} bytes; at most {MAX_BYTES} are read", hostile=True)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in data:
        raise YamlError(
            f"{name} is not UTF-8 text", hostile=True, cure="save it as UTF-8 without NUL bytes"
        )
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
            line = event.start_mark.line + 1 if event.start_mark else None
            raise YamlError(
                f"{name}, line {line}: uses a YAML alias",
                line=line,
                hostile=True,
                cure="write it out",
            )
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        if depth > MAX_DEPTH or events > MAX_EVENTS or documents > MAX_DOCUMENTS:
            raise YamlError(
                f"{name} is no provider's YAML: beyond {MAX_DEPTH} levels, {MAX_DOCUMENTS} "
                f"documents or {MAX_EVENTS} values",
                hostile=True,
            )


def _not_yaml(error: yaml.YAMLError, name: str) -> YamlError:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        line = mark.line + 1
        hostile = isinstance(error, NotTakenError) or _AFTER_END in str(error.problem)
        return YamlError(
            f"{name}, line {line}, column {mark.column + 1}: {error.problem}",
            line=line,
            hostile=hostile,
        )
    return YamlError(f"{name} is not YAML: {error}")
