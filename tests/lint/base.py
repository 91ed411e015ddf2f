"""The base of the corpus: a release that is good in every respect, and how to change it.

A mutant is the base with one thing changed. Objects are changed as data and written anew, one at a
time; what is about the text itself is changed in the text.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LABEL: Final = "infrastructure-awesome"
VERSION: Final = "v0.2.0"
METADATA: Final = "metadata.yaml"
COMPONENTS: Final = "infrastructure-components.yaml"
TEMPLATE: Final = "cluster-template.yaml"
TOPOLOGY: Final = "cluster-template-topology.yaml"
CLUSTERCLASS: Final = "clusterclass-quick-start.yaml"

Files = dict[str, bytes]
BASE: Final[Mapping[str, bytes]] = {
    file.name: file.read_bytes() for file in (Path(__file__).parent / "release").iterdir()
}
REMOVED: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One release, and how clusterctl is to read it.

    Attributes:
        name: `family/what is changed`; unique in the corpus.
        files: all its files.
        aims: what is read: the components, or a template (`generate cluster`).
        flavor: of the template; empty for cluster-template.yaml.
        version: the name of its folder, and the version in the address of clusterctl.yaml.
        asked: the version on the command line; empty: none, the address names it.
        address: the version in the address where it is another than `version`.
        variables: values of variables; a required one that is not here gets a plain word.
    """

    name: str
    files: Mapping[str, bytes]
    aims: Literal["provider", "cluster"] = "provider"
    flavor: str = ""
    version: str = VERSION
    asked: str = VERSION
    address: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


BASES: Final = (
    Mutant(name="base/components", files=BASE),
    Mutant(name="base/template", files=BASE, aims="cluster"),
    Mutant(name="base/flavor", files=BASE, aims="cluster", flavor="development"),
    Mutant(name="base/topology", files=BASE, aims="cluster", flavor="topology"),
)


def release(changed: Mapping[str, str | bytes | None]) -> Files:
    """The base with some files changed, added, or left out where they are None."""
    files = dict(BASE)
    for name, data in changed.items():
        if data is None:
            files.pop(name)
        else:
            files[name] = data.encode() if isinstance(data, str) else data
    return files


def text(name: str) -> str:
    """A file of the base."""
    return BASE[name].decode()


def swapped(name: str, old: str, new: str) -> str:
    """A file of the base with the first `old` replaced; it must be there."""
    assert old in text(name), old
    return text(name).replace(old, new, 1)


class _Plain(yaml.CSafeDumper):
    """Writes what is used twice twice, not as an alias."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def dump(value: Any) -> str:
    """One YAML document, in the style of the base."""
    return yaml.dump(value, Dumper=_Plain, sort_keys=False, width=1000)


@cache
def _documents(name: str) -> tuple[tuple[dict[str, Any], str], ...]:
    loaded = yaml.load_all(text(name), yaml.CSafeLoader)
    return tuple((document, dump(document)) for document in loaded)


def document(name: str, which: str) -> dict[str, Any]:
    """A copy of the first object of a file that is of that kind, or `kind/name`."""
    return copy.deepcopy(_documents(name)[_index(name, which)][0])


def joined(*documents: str) -> str:
    """Documents of a file, put together."""
    return "---\n".join(documents)


def rewritten(name: str, which: str, change: Callable[[dict[str, Any]], Any]) -> str:
    """A file with one object changed by a function, which may return another one."""
    parts = [written for _, written in _documents(name)]
    index = _index(name, which)
    changed = document(name, which)
    parts[index] = dump(change(changed) or changed)
    return joined(*parts)


def edited(name: str, which: str, path: str, value: Any) -> str:
    """A file with one value of one object set, or left out where it is REMOVED.

    Args:
        name: the file.
        which: the kind of the object, or `kind/name`; the first such one is taken.
        path: keys and list indexes, a space between two.
        value: what to put there.
    """

    def change(target: Any) -> None:
        *way, last = path.split(" ")
        for step in way:
            target = target[int(step) if isinstance(target, list) else step]
        key = int(last) if isinstance(target, list) else last
        if value is REMOVED:
            del target[key]
        else:
            target[key] = copy.deepcopy(value)

    return rewritten(name, which, change)


def without(name: str, which: str) -> str:
    """A file with one object left out."""
    parts = [written for _, written in _documents(name)]
    del parts[_index(name, which)]
    return joined(*parts)


def appended(name: str, more: str) -> str:
    """A file with a document added at its end."""
    return f"{text(name)}---\n{more}"


def _index(name: str, which: str) -> int:
    kind, _, called = which.partition("/")
    for index, (found, _) in enumerate(_documents(name)):
        if found["kind"] == kind and called in {"", found["metadata"]["name"]}:
            return index
    raise LookupError(f"{name} has no {which}")
