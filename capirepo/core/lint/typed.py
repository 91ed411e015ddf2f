"""The rule about types: objects that clusterctl turns into Go values must have their shape.

Rules kept here are those of apimachinery's converter (`runtime/converter.go`): keys count as
they are spelled, unknown ones are left alone, null is always right, a whole float is a whole
number, and nothing else becomes anything else.
"""

from __future__ import annotations

import base64
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from capirepo.core.lint.model import is_open
from capirepo.core.lint.rules import By, error
from capirepo.core.lint.shapes import SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from capirepo.core.lint.model import Candidate, Finding, Object

    Path = tuple[str | int, ...]
    Mismatch = tuple[Path, str]

_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_QUANTITY: Final = re.compile(
    r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?"
)
_DURATION: Final = re.compile(r"[+-]?(0|([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h))+")
_WHOLE: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_FLAG: Final = re.compile(r"true|false")
_TEXT: Final = "text"
_WHOLE_NUMBER: Final = "a whole number"
_TRUE_OR_FALSE: Final = "true or false"
_CLUSTER: Final = "Cluster"
_MOVED: Final = ("RoleBinding", "Cluster")
_MAX_INT32: Final = 2**31 - 1


@error(By.CLUSTERCTL)
def object_types(candidate: Candidate) -> Iterator[Finding]:
    """A value is of another type than its field has: text for a number, a list for a mapping.

    clusterctl reads Deployments, DaemonSets, CRDs, webhook configurations, role bindings and
    Clusters into the types of Kubernetes, and ends with an error such as `cannot convert string
    to int32`. Other objects are the API server's to check.

    Wrong:

        replicas: "1"
        args: [--leader-elect, true]

    Right:

        replicas: 1
        args: [--leader-elect, "true"]
    """
    for item in candidate.objects:
        if item.kind != _CLUSTER:
            yield from _findings(item)
    for file in (*candidate.templates, *candidate.cluster_classes.values()):
        for item in file.objects:
            if item.kind == _CLUSTER:
                yield from _findings(item)


@error(By.CLUSTERCTL)
def object_api_version(candidate: Candidate) -> Iterator[Finding]:
    """An object of a kind that clusterctl reads has an apiVersion that it cannot read.

    Deployments and DaemonSets are apps/v1, bindings rbac.authorization.k8s.io/v1, webhook
    configurations and CRDs v1 of their groups.
    """
    kinds = _table()[0]
    for item in candidate.objects:
        known = [kind.split()[0] for kind in kinds if kind.endswith(f" {item.kind}")]
        if known and item.kind != _CLUSTER and item.api_version not in known:
            yield item.finding(
                f"has the apiVersion {item.api_version!r}; {known[0]} is expected", "apiVersion"
            )


def is_typed(item: Object) -> bool:
    """Whether `object_types` looks at this object of the components."""
    return item.kind != _CLUSTER and f"{item.api_version} {item.kind}" in _table()[0]


def quoted(written: str) -> str:
    """The cure for what was written without quotes, and is no text without them."""
    return f'write "{written}" with quotes'


def mismatches(value: Any, shape: str) -> Iterator[Mismatch]:
    """Where `value` has not the shape of that name, and what is expected there."""
    return _mismatches(value, shape, ())


def _findings(item: Object) -> Iterator[Finding]:
    shape = _table()[0].get(f"{item.api_version} {item.kind}")
    if shape is not None:
        for path, expected in _mismatches(item.content, shape, ()):
            if item.kind in _MOVED and path == ("metadata", "namespace"):
                # clusterctl has put in its own before it reads these.
                continue
            value = item.get(*path)
            place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
            yield item.finding(
                f"{place[1:]} is {_shown(value)}; {expected} is expected",
                *path,
                cure=_cure(value, expected, item.document.written(*path)),
            )


def _cure(value: Any, expected: str, written: str) -> str:
    """How to write a value that is right but for its quotes; '' where they are not all."""
    if expected == _TEXT:
        return quoted(written) if isinstance(value, bool | int | float) else ""
    if not isinstance(value, str):
        return ""
    bare = _WHOLE if expected == _WHOLE_NUMBER else _FLAG if expected == _TRUE_OR_FALSE else None
    return f"write {value} without quotes" if bare and bare.fullmatch(value) else ""


@cache
def _table() -> tuple[Mapping[str, str], Mapping[str, Mapping[str, str]]]:
    """The shape of each kind, and the fields of each shape."""
    kinds, shapes = {}, {}
    for line in SHAPES.splitlines():
        if line.startswith("="):
            _, kind, name = line.split("= ")
            kinds[kind.strip()] = name
        else:
            name, *fields = line.split()
            shapes[name] = dict(field.split("=") for field in fields)
    return kinds, shapes


def _mismatches(value: Any, shape: str, path: Path) -> Iterator[Mismatch]:
    """Where `value` has not the shape, and what is expected there."""
    if value is None or is_open(value):
        return
    if shape in _PLAIN:
        expected, fits = _PLAIN[shape]
        if not fits(value):
            yield path, expected
    elif shape.startswith("@"):
        yield from _special(value, shape, path)
    elif shape.startswith("[]"):
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from _mismatches(item, shape[2:], (*path, index))
        else:
            yield path, "a list"
    elif isinstance(value, dict):
        yield from _of_mapping(value, shape, path)
    else:
        yield path, "a mapping"


def _of_mapping(value: dict[Any, Any], shape: str, path: Path) -> Iterator[Mismatch]:
    fields = _table()[1].get(shape, {})
    for key, item in value.items():
        inner = shape[2:] if shape.startswith("{}") else fields.get(key)
        if inner is not None:
            yield from _mismatches(item, inner, (*path, str(key)))


def _special(value: Any, shape: str, path: Path) -> Iterator[Mismatch]:
    """Types that read themselves."""
    if shape == "@JSONSchemaPropsOrBool":
        if isinstance(value, dict):
            yield from _mismatches(value, "JSONSchemaProps", path)
        elif not isinstance(value, bool):
            yield path, "a schema, true or false"
    elif shape == "@JSONSchemaPropsOrArray":
        if isinstance(value, dict | list):
            listed = isinstance(value, list)
            yield from _mismatches(
                value, "[]JSONSchemaProps" if listed else "JSONSchemaProps", path
            )
    elif shape in _READ:
        expected, fits = _READ[shape]
        if not fits(value):
            yield path, expected


def _is_whole(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or value.is_integer()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_base64(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        base64.b64decode(value.replace("\n", "").replace("\r", ""), validate=True)
    except ValueError:
        return False
    return True


def _matches(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


_PLAIN: Final[dict[str, tuple[str, Callable[[Any], bool]]]] = {
    "*": ("anything", lambda _: True),
    "s": (_TEXT, lambda value: isinstance(value, str)),
    "b": (_TRUE_OR_FALSE, lambda value: isinstance(value, bool)),
    "i": (_WHOLE_NUMBER, _is_whole),
    "f": ("a number", _is_number),
    "y": ("text in base64", lambda value: isinstance(value, list) or _is_base64(value)),
}
_READ: Final[dict[str, tuple[str, Callable[[Any], bool]]]] = {
    "@IntOrString": (
        "a whole number or text",
        lambda value: isinstance(value, str) or (_is_whole(value) and abs(value) <= _MAX_INT32),
    ),
    "@Quantity": (
        "a quantity such as 100m or 64Mi",
        lambda value: _is_number(value) or _matches(_QUANTITY)(value),
    ),
    "@Time": ("a time as in RFC 3339", _matches(_TIME)),
    "@Duration": ("a duration such as 10m0s", _matches(_DURATION)),
}


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return f"{ascii(value)[:60]}"
