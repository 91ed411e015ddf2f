"""Adds a release series to the text of an author's metadata.yaml.

Rules kept here:
- text is only inserted: every byte that was there stays, comments and line ends included;
- the new series is written as its neighbour is: block or flow, order of keys, quotes;
- it goes where the order of the file wants it. One series alone has no order yet; then the
  newest is first, as in clusterctl's own documentation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import yaml

from capirepo.core.metadata import (
    API_VERSION,
    ReleaseSeries,
    parse_contract,
    parse_metadata,
)
from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capirepo.core.version import Version

_BOM: Final = "\ufeff"
# YAML's line ends, all of them.
_LINE_END: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_KEYS: Final = ("major", "minor", "contract")
_BY_HAND: Final = "add the series to it by hand"


class _Insertion(NamedTuple):
    position: int
    text: str


def with_series(data: bytes, version: Version, contract: str) -> bytes:
    """`data` with a series for the minor of `version`; `data` itself where it has one.

    Args:
        data: a metadata.yaml.
        version: the version to be released.
        contract: the contract of its series.

    Raises:
        BadInputError: `data` is no metadata.yaml that clusterctl takes, its series for this
            version has another contract, or it is laid out so that nothing can be inserted. The
            caller knows which file it is, and names it.
    """
    metadata = parse_metadata(data)
    if metadata.problems:
        raise BadInputError("; ".join(map(str, metadata.problems)), cure="mend it first")
    new = _new_series(version, parse_contract(contract))
    there = metadata.contract_of(version)
    if there == contract:
        return data
    if there is not None:
        raise BadInputError(
            f"series {new.major}.{new.minor} has the contract {there}, not {contract}",
            cure="a series keeps its contract: leave --contract out, or release another minor",
        )
    index = _place(metadata.series, new)
    text = data.decode()
    changed = _inserted(text, index, new).encode()
    expected = (*metadata.series[:index], new, *metadata.series[index:])
    if parse_metadata(changed).series != expected:
        raise BadInputError("it is laid out in an unusual way", cure=_BY_HAND)
    return changed


def new_metadata(version: Version, contract: str) -> bytes:
    """A metadata.yaml with one series, for a provider that has none yet.

    Raises:
        BadInputError: no contract, or numbers that metadata.yaml cannot hold.
    """
    new = _new_series(version, parse_contract(contract))
    return (
        "# Which Cluster API contract each release series (major.minor) keeps, newest first.\n"
        f"apiVersion: {API_VERSION}\nkind: Metadata\nreleaseSeries:\n"
        f"  - major: {new.major}\n    minor: {new.minor}\n    contract: {new.contract}\n"
    ).encode()


def _new_series(version: Version, contract: str) -> ReleaseSeries:
    major, minor = version.series
    if max(major, minor) >= 1 << 31:
        raise BadInputError(f"{version} is beyond what a release series can name")
    return ReleaseSeries(major=major, minor=minor, contract=contract)


def _place(series: Sequence[ReleaseSeries], new: ReleaseSeries) -> int:
    """The index that the new series gets; where the file has no order, the end."""
    numbers = [(one.major, one.minor) for one in series]
    number = (new.major, new.minor)
    if numbers == sorted(numbers, reverse=True):
        return sum(other > number for other in numbers)
    if numbers == sorted(numbers):
        return sum(other < number for other in numbers)
    return len(numbers)


def _inserted(text: str, index: int, new: ReleaseSeries) -> str:
    # libyaml counts characters, and does not count a byte order mark.
    mark = _BOM if text.startswith(_BOM) else ""
    text = text.removeprefix(_BOM)
    series = _series_node(text)
    insert = _into_flow if series.flow_style else _into_block
    for position, piece in insert(text, series.value, index, new):
        text = text[:position] + piece + text[position:]
    return mark + text


def _series_node(text: str) -> yaml.SequenceNode:
    for document in yaml.compose_all(text, Loader=yaml.CSafeLoader):
        if isinstance(document, yaml.MappingNode):
            for key, value in document.value:
                if key.value == "releaseSeries" and isinstance(value, yaml.SequenceNode):
                    return value
    raise BadInputError("it has no list releaseSeries", cure=_BY_HAND)


def _into_block(
    text: str, items: Sequence[yaml.MappingNode], index: int, new: ReleaseSeries
) -> list[_Insertion]:
    """A comment stays with the series below it, or, where it is indented more, above it."""
    neighbour = items[max(index - 1, 0)]
    dash = _dash_of(text, neighbour)
    column = dash - _line_start(text, dash)
    item = " " * column + _block_item(text, dash, neighbour, new)
    end = _LINE_END.search(text)
    line_end = end[0] if end else "\n"
    if index == 0:
        return [_Insertion(_above(text, dash), item + line_end)]
    position = _below(text, _content_end(text, neighbour), column)
    if position in _line_starts(text):
        return [_Insertion(position, item + line_end)]
    return [_Insertion(position, line_end + item)]


def _block_item(text: str, dash: int, neighbour: yaml.MappingNode, new: ReleaseSeries) -> str:
    """`- …` as the neighbour is written; its first line is not indented."""
    if neighbour.flow_style:
        return f"- {_flow_item(text, neighbour, new)}"
    first = neighbour.value[0][0].start_mark.index
    between = text[dash + 1 : first]
    gap = between if between and not between.strip(" ") else " "
    indent = " " * (dash - _line_start(text, dash) + 1) + gap
    end = _LINE_END.search(text)
    joint = (end[0] if end else "\n") + indent
    return f"-{gap}{joint.join(_pairs(text, neighbour, new))}"


def _into_flow(
    text: str, items: Sequence[yaml.MappingNode], index: int, new: ReleaseSeries
) -> list[_Insertion]:
    """A line of its own where its neighbours have one; later insertions come first."""
    neighbour = items[max(index - 1, 0)]
    item = _flow_item(text, neighbour, new)
    start = neighbour.start_mark.index
    line = _line_start(text, start)
    indent = text[line:start]
    own_line = line > 0 and not indent.strip()
    if index == 0:
        joint = f",{_ending(text, line)}{indent}" if own_line else ", "
        return [_Insertion(start, item + joint)]
    end = neighbour.end_mark.index
    if index < len(items):
        before = items[index].start_mark.index
        if own_line and _line_start(text, before) != line:
            line = _line_start(text, before)
            return [_Insertion(line, f"{indent}{item},{_ending(text, line)}")]
        return [_Insertion(before, f"{item}, ")]
    if not own_line:
        return [_Insertion(end, f", {item}")]
    comma = text[end:].lstrip().startswith(",")
    after = _next_line(text, end)
    if after == len(text) or "]" in text[end:after].partition("#")[0]:
        return [_Insertion(end, f",{_ending(text, line)}{indent}{item}")]
    added = _Insertion(after, f"{indent}{item}{',' if comma else ''}{_ending(text, line)}")
    return [added] if comma else [added, _Insertion(end, ",")]


def _flow_item(text: str, neighbour: yaml.MappingNode, new: ReleaseSeries) -> str:
    inside = ", ".join(_pairs(text, neighbour, new))
    padded = neighbour.flow_style and text.startswith("{ ", neighbour.start_mark.index)
    return f"{{ {inside} }}" if padded else f"{{{inside}}}"


def _pairs(text: str, neighbour: yaml.MappingNode, new: ReleaseSeries) -> list[str]:
    """`key: value` in the neighbour's order, with its quotes."""
    keys = {key.value: _raw(text, key) for key, _ in neighbour.value if key.value in _KEYS}
    values: dict[str, Any] = {"major": new.major, "minor": new.minor}
    quote = next(
        (_raw(text, value)[:1] for key, value in neighbour.value if key.value == "contract"), ""
    )
    quote = quote if quote in ("'", '"') else ""
    values["contract"] = f"{quote}{new.contract}{quote}"
    keys = {**keys, **{key: key for key in _KEYS if key not in keys}}
    return [f"{raw}: {values[key]}" for key, raw in keys.items()]


def _raw(text: str, node: yaml.Node) -> str:
    return text[node.start_mark.index : node.end_mark.index]


def _dash_of(text: str, item: yaml.MappingNode) -> int:
    """Where the `-` of an item of a block list stands."""
    found = 0
    for token in yaml.scan(text, Loader=yaml.CSafeLoader):
        if token.start_mark.index >= item.start_mark.index:
            break
        if isinstance(token, yaml.BlockEntryToken):
            found = token.start_mark.index
    return found


def _content_end(text: str, node: yaml.Node) -> int:
    """Behind the last character of a node; a block's own end mark is that of what follows."""
    while isinstance(node, yaml.MappingNode | yaml.SequenceNode) and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return len(text[: node.end_mark.index].rstrip())


def _above(text: str, dash: int) -> int:
    """The beginning of the line of a dash, or of the comment right above it."""
    starts = [start for start in _line_starts(text) if start <= dash]
    while len(starts) > 1 and text[starts[-2] : starts[-1]].lstrip(" ").startswith("#"):
        starts.pop()
    return starts[-1]


def _below(text: str, end: int, column: int) -> int:
    """The beginning of the line after `end`, and after comments indented beyond `column`."""
    position = _next_line(text, end)
    while position < len(text):
        after = _next_line(text, position)
        line = text[position:after]
        bare = line.lstrip(" ")
        if not bare.startswith("#") or len(line) - len(bare) <= column:
            break
        position = after
    return position


def _line_starts(text: str) -> list[int]:
    return [0, *(found.end() for found in _LINE_END.finditer(text))]


def _line_start(text: str, position: int) -> int:
    return max(start for start in _line_starts(text) if start <= position)


def _next_line(text: str, position: int) -> int:
    found = _LINE_END.search(text, position)
    return found.end() if found else len(text)


def _ending(text: str, line: int) -> str:
    """The line end before a line that is not the first."""
    return "\r\n" if text.endswith("\r\n", 0, line) else text[line - 1]
