"""Reads YAML of strangers: refuses what is hostile before any of it is built.

A scan of the parser's events comes first. It is cheap (20 ms for a megabyte), keeps no
tree, and bounds what building costs: nesting, aliases and the number of nodes. Building
without it crashes the process on `[` x 100,000 and takes half a minute for a 26-line chain
of merge keys. No real provider release uses an anchor, so none is taken.
"""

from __future__ import annotations

from typing import Any, Final

import yaml

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
_CLOSING = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


class _Loader(yaml.CSafeLoader):
    """The safe loader, that also refuses a key given twice (kubectl and clusterctl do)."""

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


def check(data: bytes, name: str) -> None:
    """Checks that `data` is YAML that may be built; `name` is used in messages.

    Raises:
        BadInputError: not YAML, not UTF-8, or beyond one of the limits above.
    """
    if len(data) > MAX_BYTES:
        raise BadInputError(f"{name} has {len(data)} bytes; at most {MAX_BYTES} are read")
    _refuse_other_encodings(data, name)
    try:
        _check_events(data, name)
    except yaml.YAMLError as error:
        raise _not_yaml(error, name) from error


def load_all(data: bytes, name: str) -> list[Any]:
    """The documents in `data`, empty ones left out.

    Raises:
        BadInputError: as `check`, or a value that cannot be built (an unknown tag, a key
            given twice, a number of thousands of digits).
    """
    check(data, name)
    try:
        return [doc for doc in yaml.load_all(data, Loader=_Loader) if doc is not None]
    except yaml.YAMLError as error:
        raise _not_yaml(error, name) from error
    except _UNBUILDABLE as error:
        raise BadInputError(f"{name} holds a value that cannot be read: {error!r}") from error


def _refuse_other_encodings(data: bytes, name: str) -> None:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in data:
        raise BadInputError(f"{name} is not UTF-8 text", cure="save it as UTF-8 without NUL bytes")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise BadInputError(f"{name} is not UTF-8 at byte {error.start}") from error


def _check_events(data: bytes, name: str) -> None:
    depth = documents = 0
    for events, event in enumerate(yaml.parse(data, Loader=yaml.CSafeLoader)):
        if isinstance(event, _OPENING):
            depth += 1
        elif isinstance(event, _CLOSING):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else "?"
            raise BadInputError(f"{name}, line {line}: uses a YAML alias", cure="write it out")
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        if depth > MAX_DEPTH or events > MAX_EVENTS or documents > MAX_DOCUMENTS:
            raise BadInputError(
                f"{name} is no provider's YAML: beyond {MAX_DEPTH} levels, {MAX_DOCUMENTS} "
                f"documents or {MAX_EVENTS} values"
            )


def _not_yaml(error: yaml.YAMLError, name: str) -> BadInputError:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return BadInputError(
            f"{name}, line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
        )
    return BadInputError(f"{name} is not YAML: {error}")
