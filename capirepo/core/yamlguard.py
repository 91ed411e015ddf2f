"""Reads YAML of strangers: refuses what is hostile before any of it is built.

A scan of the parser's events comes first. It is cheap (20 ms for a megabyte), keeps no
tree, and bounds what building costs: nesting, aliases and the number of nodes. Building
without it crashes the process on `[` x 100,000 and takes half a minute for a 26-line chain
of merge keys. No real provider release uses an anchor, so none is taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

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


# Plain scalars as the YAML of Kubernetes reads them (go-yaml v2, `resolve.go`): y is true,
# while a date and 12:30 are text. The int comes first: what is one is a float as well.
_PLAIN: Final = (
    ("bool", r"[yYnN]|[yY]es|YES|[nN]o|NO|[oO]n|ON|[oO]ff|OFF", "yYnNoO"),
    ("bool", r"[tT]rue|TRUE|[fF]alse|FALSE", "tTfF"),
    ("null", r"~|[nN]ull|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[1-9][0-9_]*|0)", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+0123456789."),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+."),
    ("merge", r"<<", "<"),
)  # fmt: skip


class _Loader(yaml.CSafeLoader):
    """The safe loader, with the plain scalars of Kubernetes; it refuses a key given twice."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own, filled below
    bool_values = {**yaml.CSafeLoader.bool_values, "y": True, "n": False}  # noqa: RUF012 - as above

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.MarkedYAMLError(
                        problem=f"the key {key.value!r} stands twice", problem_mark=key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


for _tag, _pattern, _first in _PLAIN:
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})\\Z"), list(_first)
    )


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file, and where each of its values stands.

    Attributes:
        number: the first document of a file has 1.
        content: what it holds, of plain Python types.
        node: PyYAML's view of the same, with the places.
    """

    number: int
    content: Any
    node: yaml.Node

    def line(self, *path: str | int) -> int:
        """The line of the value at `path` (its key, in a mapping), or of what there is of it."""
        node, mark = self.node, self.node.start_mark
        for step in path:
            found = _child(node, step)
            if found is None:
                break
            mark, node = found
        return int(mark.line) + 1


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
        return [document for document in _documents(data) if document.content is not None]
    except yaml.YAMLError as error:
        raise _not_yaml(error, name) from error
    except _UNBUILDABLE as error:
        raise YamlError(f"{name} holds a value that cannot be read: {error!r}") from error


def _documents(data: bytes) -> Iterator[Document]:
    loader = _Loader(data)
    number = 0
    try:
        while loader.check_node():
            number += 1
            node = loader.get_node()
            if node is not None:
                yield Document(number, loader.construct_document(node), node)
    finally:
        loader.dispose()


def _child(node: yaml.Node, step: str | int) -> tuple[Any, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key.start_mark, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark, node.value[step]
    return None


def text_of(data: bytes, name: str) -> str:
    """The text of a file that may be YAML.

    Raises:
        YamlError: too large, or not UTF-8.
    """
    if len(data) > MAX_BYTES:
        raise YamlError(f"{name} has {len(data)} bytes; at most {MAX_BYTES} are read", hostile=True)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in data:
        raise YamlError(f"{name} is not UTF-8 text", cure="save it as UTF-8 without NUL bytes")
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
        return YamlError(
            f"{name}, line {line}, column {mark.column + 1}: {error.problem}", line=line
        )
    return YamlError(f"{name} is not YAML: {error}")
