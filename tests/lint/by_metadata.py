"""Mutants of metadata.yaml."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from tests.lint.base import METADATA, REMOVED, Mutant, dump, release, swapped, text

if TYPE_CHECKING:
    from collections.abc import Iterator

_SERIES = {"major": 0, "minor": 2, "contract": "v1beta1"}
_HEAD = {"apiVersion": "clusterctl.cluster.x-k8s.io/v1alpha3", "kind": "Metadata"}


def mutants() -> Iterator[Mutant]:
    """All of them."""
    for name, content in chain(_heads(), _series(), _texts().items()):
        yield Mutant(name=f"metadata/{name}", files=release({METADATA: content}))
    yield Mutant(name="metadata/missing file", files=release({METADATA: None}))
    yield from _latest()


def _document(**changed: Any) -> str:
    whole = {**_HEAD, "releaseSeries": [dict(_SERIES)], **changed}
    return dump({key: value for key, value in whole.items() if value is not REMOVED})


def _heads() -> Iterator[tuple[str, str]]:
    versions = {
        "removed": REMOVED,
        "null": None,
        "empty": "",
        "of the next version": "clusterctl.cluster.x-k8s.io/v1alpha4",
        "of the core API": "cluster.x-k8s.io/v1beta1",
        "without group": "v1alpha3",
        "without version": "clusterctl.cluster.x-k8s.io",
        "with three parts": "clusterctl.cluster.x-k8s.io/v1alpha3/x",
        "in upper case": "CLUSTERCTL.cluster.x-k8s.io/v1alpha3",
        "with a space": "clusterctl.cluster.x-k8s.io/v1alpha3 ",
        "int": 1,
        "list": ["v1alpha3"],
    }
    for name, value in versions.items():
        yield f"apiVersion {name}", _document(apiVersion=value)
    kinds = {
        "removed": REMOVED,
        "null": None,
        "empty": "",
        "Provider": "Provider",
        "unknown": "MetaData",
        "in lower case": "metadata",
        "bool": True,
        "list": ["Metadata"],
    }
    for name, value in kinds.items():
        yield f"kind {name}", _document(kind=value)
    yield "apiVersion and kind removed", _document(apiVersion=REMOVED, kind=REMOVED)
    yield "metadata with a name", _document(metadata={"name": "awesome"})
    yield "metadata list", _document(metadata=["awesome"])
    yield "metadata name int", _document(metadata={"name": 7})
    yield "extra key", _document(maintainers=["someone"])
    yield "key in another case", _document(releaseSeries=REMOVED, ReleaseSeries=[dict(_SERIES)])
    yield (
        "apiversion in another case",
        _document(apiVersion=REMOVED, apiversion=_HEAD["apiVersion"]),
    )


def _series() -> Iterator[tuple[str, str]]:
    lists: dict[str, Any] = {
        "removed": REMOVED,
        "null": None,
        "empty": [],
        "map": {"0.2": "v1beta1"},
        "one map": dict(_SERIES),
        "string": "0.2",
        "list of strings": ["0.2"],
        "list of nulls": [None],
        "null beside the series": [None, _SERIES],
        "empty entry beside the series": [{}, _SERIES],
        "none for the version": [{**_SERIES, "minor": 1}],
        "only the next major": [{**_SERIES, "major": 1}],
        "twice the same": [_SERIES, _SERIES],
        "twice with the known contract first": [_SERIES, {**_SERIES, "contract": "v1alpha4"}],
        "twice with the known contract last": [{**_SERIES, "contract": "v1alpha4"}, _SERIES],
        "ascending": [{**_SERIES, "minor": minor} for minor in (0, 1, 2)],
        "in no order": [{**_SERIES, "minor": minor} for minor in (1, 2, 0)],
        "extra key in the entry": [{**_SERIES, "patch": 0}],
        "entry in another case": [{"Major": 0, "Minor": 2, "Contract": "v1beta1"}],
        "broken other series": [_SERIES, {"major": 0, "minor": 1, "contract": "nonsense"}],
        "other series without contract": [_SERIES, {"major": 0, "minor": 1}],
        "other series wrongly typed": [_SERIES, {**_SERIES, "minor": "1"}],
    }
    for name, value in lists.items():
        yield f"series {name}", _document(releaseSeries=value)
    contracts = (
        "v1beta2", "v1alpha3", "v1alpha4", "v1beta3", "v1", "v2", "1beta1", "beta1", "V1beta1",
        "V1BETA1", "v1Beta1", "v1beta01", "v1beta1 ", " v1beta1", "v1 beta1", "v1-beta1",
        "cluster.x-k8s.io/v1beta1", "v1beta1_v1beta2", "v1beta1,v1beta2", "", "main", "0.2",
    )  # fmt: skip
    for contract in contracts:
        yield f"contract {contract!r}", _document(releaseSeries=[{**_SERIES, "contract": contract}])
    for name, value in {"null": None, "int": 1, "float": 1.5, "list": ["v1beta1"]}.items():
        yield f"contract {name}", _document(releaseSeries=[{**_SERIES, "contract": value}])
    removed = {key: value for key, value in _SERIES.items() if key != "contract"}
    yield "contract removed", _document(releaseSeries=[removed])
    numbers: dict[str, Any] = {
        "null": None,
        "string": "2",
        "string with v": "v2",
        "float": 2.5,
        "whole float": 2.0,
        "negative": -2,
        "beyond int32": 2**31,
        "beyond int32 and back": 2**32 + 2,
        "beyond int64": 2**64,
        "bool": True,
        "list": [2],
    }
    for name, value in numbers.items():
        yield f"minor {name}", _document(releaseSeries=[{**_SERIES, "minor": value}])
        if name not in {"whole float", "beyond int32 and back"}:
            yield f"major {name}", _document(releaseSeries=[{**_SERIES, "major": value}])
    for key in ("major", "minor"):
        rest = {name: value for name, value in _SERIES.items() if name != key}
        yield f"{key} removed", _document(releaseSeries=[rest])


def _texts() -> dict[str, str | bytes]:
    whole = text(METADATA)
    series = "releaseSeries:\n- {major: 0, minor: 2, contract: v1beta1}\n"
    head = "apiVersion: clusterctl.cluster.x-k8s.io/v1alpha3\nkind: Metadata\n"
    return {
        "empty file": "",
        "blank file": "\n \n",
        "comments only": "# nothing\n",
        "separator only": "---\n",
        "null document": "null\n",
        "string document": "metadata\n",
        "list document": f"- {head}".replace("\nkind", "\n  kind"),
        "HTML page": "<!DOCTYPE html>\n<html><body>Not Found</body></html>\n",
        "404 text": "404: Not Found\n",
        "leading separator": f"---\n{whole}",
        "comment and separator": f"# series\n---\n{whole}",
        "two leading separators": f"---\n---\n{whole}",
        "trailing separator": f"{whole}---\n",
        "trailing document end": f"{whole}...\n",
        "second document": f"{whole}---\nkind: ConfigMap\napiVersion: v1\n",
        "second broken document": f"{whole}---\n{{\n",
        "second Metadata": f"{whole}---\n{whole}",
        "the Metadata second": f"kind: ConfigMap\napiVersion: v1\n---\n{whole}",
        "YAML directive": f"%YAML 1.1\n---\n{whole}",
        "YAML 1.2 directive": f"%YAML 1.2\n---\n{whole}",
        "unknown directive": f"%FOO bar\n---\n{whole}",
        "BOM": b"\xef\xbb\xbf" + whole.encode(),
        "BOM and separator": b"\xef\xbb\xbf---\n" + whole.encode(),
        "CRLF": whole.replace("\n", "\r\n"),
        "CR": whole.replace("\n", "\r"),
        "UTF-16": whole.encode("utf-16"),
        "UTF-16 big endian": b"\xfe\xff" + whole.encode("utf-16-be"),
        "UTF-16 without BOM": whole.encode("utf-16-le"),
        "Latin-1": f"# J\xfcrgen\n{whole}".encode("latin-1"),
        "NUL": f"{whole}\0",
        "NUL in a comment": f"# a\0b\n{whole}",
        "control character": f"# a\x07b\n{whole}",
        "non-characters": f"# a\ufffeb\n{whole}",
        "no last newline": whole.rstrip("\n"),
        "tab as indentation": whole.replace("  minor", "\tminor"),
        "tab after a colon": whole.replace("major: 0", "major:\t0"),
        "trailing tab": whole.replace("kind: Metadata", "kind: Metadata\t"),
        "JSON": '{"apiVersion":"clusterctl.cluster.x-k8s.io/v1alpha3","kind":"Metadata",'
        '"releaseSeries":[{"major":0,"minor":2,"contract":"v1beta1"}]}',
        "JSON in other cases": '{"apiVersion":"clusterctl.cluster.x-k8s.io/v1alpha3",'
        '"kind":"Metadata","releaseseries":[{"major":0,"minor":2,"contract":"v1beta1"}]}',
        "JSON with a trailing comma": '{"apiVersion":"clusterctl.cluster.x-k8s.io/v1alpha3",'
        '"kind":"Metadata","releaseSeries":[{"major":0,"minor":2,"contract":"v1beta1"},]}',
        "broken JSON": '{"apiVersion":"clusterctl.cluster.x-k8s.io/v1alpha3"',
        "duplicate kind": f"{head}kind: Metadata\n{series}",
        "duplicate kind, another first": f"kind: Provider\n{head}{series}",
        "duplicate kind, another last": f"{head}kind: Provider\n{series}",
        "duplicate releaseSeries, empty first": f"{head}releaseSeries: []\n{series}",
        "duplicate releaseSeries, empty last": f"{head}{series}releaseSeries: []\n",
        "duplicate key in a series": whole.replace("  minor: 2", "  minor: 1\n  minor: 2"),
        "anchor and alias": f"{head}releaseSeries:\n"
        "- &a {major: 0, minor: 2, contract: v1beta1}\n- *a\n",
        "merge key": f"{head}releaseSeries:\n- &a {{major: 0, minor: 1, contract: v1beta1}}\n"
        "- {<<: *a, minor: 2}\n",
        "unknown alias": f"{head}releaseSeries: *none\n",
        "unclosed bracket": f"{head}releaseSeries: [\n",
        "bad indentation": f"{head} releaseSeries:\n- major: 0\n",
        "no space after the colon": swapped(METADATA, "kind: ", "kind:"),
        "local tag": whole.replace("kind: Metadata", "kind: !mine Metadata"),
        "string tag on a number": whole.replace("minor: 2", "minor: !!str 2"),
        "int tag on a string": whole.replace("minor: 2", 'minor: !!int "2"'),
        "octal": whole.replace("minor: 2", "minor: 02"),
        "new octal": whole.replace("minor: 2", "minor: 0o2"),
        "hexadecimal": whole.replace("minor: 2", "minor: 0x2"),
        "underscore": whole.replace("minor: 2", "minor: 0_2"),
        "plus sign": whole.replace("minor: 2", "minor: +2"),
        "exponent": whole.replace("minor: 2", "minor: 2e0"),
        "base 60": whole.replace("minor: 2", "minor: 0:2"),
        "quoted number": whole.replace("minor: 2", "minor: '2'"),
        "variable as number": whole.replace("minor: 2", "minor: ${MINOR:=2}"),
        "variable as contract": whole.replace(
            "contract: v1beta1", "contract: ${CONTRACT:=v1beta1}"
        ),
        "broken variable in a comment": f"# ${{\n{whole}",
        "non-string key": f"{whole}1: one\n",
        "null key": f"{whole}~: one\n",
        "binary tag": f"{whole}extra: !!binary aGk=\n",
        "infinity": f"{whole}extra: .inf\n",
        "deep nesting": f"{whole}extra: {'[' * 200}{']' * 200}\n",
        "very deep nesting": f"{whole}extra: {'[' * 20000}{']' * 20000}\n",
    }


def _latest() -> Iterator[Mutant]:
    """What is asked for without a version: metadata.yaml decides which release it is."""
    series = {
        "as it is": [_SERIES],
        "next minor of the next contract": [
            {**_SERIES, "minor": 3, "contract": "v1beta2"},
            _SERIES,
        ],
        "next minor of the same contract": [{**_SERIES, "minor": 3}, _SERIES],
        "other minor of the next contract": [
            {**_SERIES, "minor": 1, "contract": "v1beta2"},
            _SERIES,
        ],
        "none for the version": [{**_SERIES, "minor": 1}],
    }
    for name, value in series.items():
        files = release({METADATA: _document(releaseSeries=value)})
        yield Mutant(name=f"metadata/latest, {name}", files=files, asked="", address="latest")
        yield Mutant(name=f"metadata/pinned, {name}", files=files, address="latest")
    broken = release({METADATA: "{"})
    yield Mutant(name="metadata/latest, broken", files=broken, asked="", address="latest")
    missing = release({METADATA: None})
    yield Mutant(name="metadata/latest, missing", files=missing, asked="", address="latest")
