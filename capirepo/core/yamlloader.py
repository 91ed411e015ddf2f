"""How YAML is built: plain scalars as Kubernetes reads them, and every value with its place.

Rules kept here are those of go-yaml v2 (`resolve.go`), by way of sigs.k8s.io/yaml: y is true,
while a date and 12:30 are text; what JSON cannot say (null as a key, infinity) is an error.
Beyond that nothing is taken of which programs make different things: a key given twice, and
tags that name types.
"""

from __future__ import annotations

import math
import re
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TAG: Final = "tag:yaml.org,2002:"
_TEXT, _LIST, _MAPPING = (f"{_TAG}{one}" for one in ("str", "seq", "map"))
# The int comes first: what is one is a float as well.
_PLAIN: Final = (
    ("bool", r"[yYnN]|[yY]es|YES|[nN]o|NO|[oO]n|ON|[oO]ff|OFF", "yYnNoO"),
    ("bool", r"[tT]rue|TRUE|[fF]alse|FALSE", "tTfF"),
    ("null", r"~|[nN]ull|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[1-9][0-9_]*|0)", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+0123456789."),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+."),
    ("merge", r"<<", "<"),
)  # fmt: skip


class NotTakenError(yaml.MarkedYAMLError):
    """YAML that others would take, and we do not."""


class _Loader(yaml.CSafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own, filled below
    bool_values = {**yaml.CSafeLoader.bool_values, "y": True, "n": False}  # noqa: RUF012 - as above

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._tags: dict[str, str] = {}

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        # The same few words come again and again: half of what building costs is to ask for them.
        plain = kind is yaml.ScalarNode and implicit[0]
        tag = self._tags.get(value) if plain else None
        if tag is None:
            tag = str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call] # PyYAML's stubs
        if plain:
            self._tags[value] = tag
        return tag

    def close(self) -> None:
        """As `closing` calls it."""
        self.dispose()

    def built(self, node: yaml.Node) -> Any:
        """What a node stands for.

        PyYAML's own way can build what refers to itself, and takes three times as long for what
        cannot: there is no alias where this is used, and nothing is deeper than its check allows.
        """
        if isinstance(node, yaml.ScalarNode):
            return node.value if node.tag == _TEXT else self.construct_object(node)
        if isinstance(node, yaml.SequenceNode) and node.tag == _LIST:
            return [self.built(item) for item in node.value]
        if not isinstance(node, yaml.MappingNode) or node.tag != _MAPPING:
            return self.construct_object(node, deep=True)
        _check_keys(node)
        if any(key.tag != _TEXT or not isinstance(key, yaml.ScalarNode) for key, _ in node.value):
            # Keys to be merged, and those that are numbers or worse.
            return self.construct_object(node, deep=True)
        return {key.value: self.built(value) for key, value in node.value}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        _check_keys(node)
        return super().construct_mapping(node, deep)


def _check_keys(node: yaml.MappingNode) -> None:
    seen = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                raise NotTakenError(
                    problem=f"the key {key.value!r} stands twice", problem_mark=key.start_mark
                )
            if key.tag == f"{_TAG}null":
                raise yaml.MarkedYAMLError(problem="a key is null", problem_mark=key.start_mark)
            seen.add(key.value)


def _float(loader: _Loader, node: yaml.ScalarNode) -> float | str:
    number = loader.construct_yaml_float(node)
    if math.isfinite(number):
        return number
    if "." in node.value and node.value[-1:].isalpha():
        raise NotTakenError(
            problem=f"{node.value} is no number that JSON knows", problem_mark=node.start_mark
        )
    # Too large for a float: Go leaves it as text.
    return str(node.value)


def _int(loader: _Loader, node: yaml.ScalarNode) -> int:
    try:
        return loader.construct_yaml_int(node)
    except ValueError as error:
        # Python reads no more than some thousand digits, as that takes long.
        raise NotTakenError(
            problem="a number that cannot be read", problem_mark=node.start_mark
        ) from error


def _not_taken(_: _Loader, node: yaml.Node) -> None:
    raise NotTakenError(
        problem=f"the tag {node.tag} is not read here", problem_mark=node.start_mark
    )


for _name, _pattern, _first in _PLAIN:
    _Loader.add_implicit_resolver(f"{_TAG}{_name}", re.compile(f"(?:{_pattern})\\Z"), list(_first))
_Loader.add_constructor(f"{_TAG}int", _int)
_Loader.add_constructor(f"{_TAG}float", _float)
for _tag in (*(f"{_TAG}{one}" for one in ("binary", "timestamp", "omap", "pairs", "set")), None):
    _Loader.add_constructor(_tag, _not_taken)


class _Places:
    """Where the values of a file stand.

    Read anew when it is asked for: few files are asked, and to keep the places of all values of a
    megabyte takes longer than to read it.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._roots: list[yaml.Node | None] = []

    def root(self, number: int) -> yaml.Node | None:
        """PyYAML's view of a document; the first one has 1."""
        if not self._roots:
            with closing(_Loader(self._data)) as loader:
                while loader.check_node():
                    self._roots.append(loader.get_node())
        return self._roots[number - 1]


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file, and where each of its values stands.

    Attributes:
        number: the first document of a file has 1.
        first: the line in which it begins; the first of a file is 1.
        content: what it holds, of plain Python types.
        root: PyYAML's view of the same, with the places.
    """

    number: int
    first: int
    content: Any
    root: Callable[[], yaml.Node | None]

    def written(self, *path: str | int) -> str:
        """The text of the value at `path`, without its quotes; '' where it has none."""
        node = self.root()
        for step in path:
            found = _child(node, step) if node is not None else None
            if found is None:
                return ""
            node = found[1]
        return str(node.value) if isinstance(node, yaml.ScalarNode) else ""

    def line(self, *path: str | int) -> int:
        """The line of the value at `path` (its key, in a mapping), or of what there is of it."""
        node = self.root() if path else None
        line = self.first
        for step in path:
            found = _child(node, step) if node is not None else None
            if found is None:
                break
            line, node = found
        return line


def documents(data: bytes) -> Iterator[Document]:
    """The documents of checked YAML, one after the other.

    Raises:
        yaml.YAMLError: it is none, or one that we do not take.
    """
    places = _Places(data)
    number = 0
    with closing(_Loader(data)) as loader:
        while loader.check_node():
            number += 1
            node = loader.get_node()
            if node is not None:
                first = node.start_mark.line + 1
                root = partial(places.root, number)
                yield Document(number, first, loader.built(node), root)


def _child(node: yaml.Node, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key.start_mark.line + 1, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None
