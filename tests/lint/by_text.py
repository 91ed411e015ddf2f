"""Mutants of the components file as YAML text: documents, encodings, syntax, scalars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lint.base import COMPONENTS, Mutant, appended, release, swapped, text

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n"


def mutants() -> Iterator[Mutant]:
    """All of them."""
    for family in (_documents(), _encodings(), _syntax(), _objects(), _scalars()):
        for name, content in family.items():
            yield Mutant(name=f"text/{name}", files=release({COMPONENTS: content}))


def _documents() -> dict[str, str | bytes]:
    whole = text(COMPONENTS)
    return {
        "empty file": "",
        "blank file": "\n \n",
        "comments only": "# nothing\n",
        "separators only": "---\n---\n",
        "null document only": "null\n",
        "leading separator": f"---\n{whole}",
        "two leading separators": f"---\n---\n{whole}",
        "comment before the first separator": f"# objects\n---\n{whole}",
        "trailing separator": f"{whole}---\n",
        "separator without newline at the end": f"{whole}---",
        "two separators in a row": swapped(COMPONENTS, "---\n", "---\n---\n"),
        "blank document": swapped(COMPONENTS, "---\n", "---\n\n \n---\n"),
        "comment document": swapped(COMPONENTS, "---\n", "---\n# nothing\n---\n"),
        "null document": appended(COMPONENTS, "null\n"),
        "tilde document": appended(COMPONENTS, "~\n"),
        "separator with a comment": swapped(COMPONENTS, "---\n", "--- # next\n"),
        "separator with a comment and no space": swapped(COMPONENTS, "---\n", "---# next\n"),
        "separator with spaces": swapped(COMPONENTS, "---\n", "---  \t\n"),
        "separator with a tag": swapped(COMPONENTS, "---\n", "--- !!map\n"),
        "separator with an object": appended(COMPONENTS, "").rstrip("\n") + " {apiVersion: v1}\n",
        "separator of four dashes": swapped(COMPONENTS, "---\n", "----\n"),
        "separator of eight dashes": swapped(COMPONENTS, "---\n", "--------\n"),
        "separator with a space before it": swapped(COMPONENTS, "---\n", " ---\n"),
        "separator of two dashes": swapped(COMPONENTS, "---\n", "--\n"),
        "separator of pluses": swapped(COMPONENTS, "---\n", "+++\n"),
        "no separator between two objects": swapped(COMPONENTS, "---\n", ""),
        "document end": swapped(COMPONENTS, "---\n", "...\n---\n"),
        "document end without separator": swapped(COMPONENTS, "---\n", "...\n"),
        "document end and more": f"{whole}...\n{_CONFIG_MAP}",
        "document end and nonsense": f"{whole}...\n[nonsense\n",
        "YAML directive": f"%YAML 1.1\n---\n{whole}",
        "YAML 1.2 directive": f"%YAML 1.2\n---\n{whole}",
        "tag directive": f"%TAG !e! tag:example.com,2026:\n---\n{whole}",
        "directive between documents": swapped(COMPONENTS, "---\n", "...\n%YAML 1.1\n---\n"),
        "separator inside a quoted string": appended(
            COMPONENTS, _CONFIG_MAP + 'data:\n  a: "b\n---\n    c"\n'
        ),
        "separator inside an indented literal": appended(
            COMPONENTS, _CONFIG_MAP + "data:\n  a: |\n    ---\n    b\n"
        ),
        "string document": appended(COMPONENTS, "hello\n"),
        "number document": appended(COMPONENTS, "7\n"),
        "list document": appended(COMPONENTS, "- apiVersion: v1\n  kind: ConfigMap\n"),
        "empty map document": appended(COMPONENTS, "{}\n"),
        "empty list document": appended(COMPONENTS, "[]\n"),
        "HTML page": "<!DOCTYPE html>\n<html><body>Not Found</body></html>\n",
        "404 text": "404: Not Found\n",
        "Git LFS pointer": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
        "JSON document": appended(
            COMPONENTS, '{"apiVersion":"v1","kind":"X","metadata":{"name":"a"}}'
        ),
        "two JSON documents on two lines": appended(
            COMPONENTS, '{"apiVersion":"v1","kind":"X"}\n{"apiVersion":"v1","kind":"Y"}\n'
        ),
        "merge conflict marker": swapped(COMPONENTS, "---\n", "<<<<<<< HEAD\n---\n"),
        "Helm template": appended(COMPONENTS, "{{- if .Values.x }}\nkind: A\n{{- end }}\n"),
    }


def _encodings() -> dict[str, str | bytes]:
    whole = text(COMPONENTS)

    def commented(character: str) -> str:
        return f"# a{character}b\n{whole}"

    return {
        "BOM": b"\xef\xbb\xbf" + whole.encode(),
        "BOM and separator": b"\xef\xbb\xbf---\n" + whole.encode(),
        "BOM in the middle": swapped(COMPONENTS, "---\n", "---\n\ufeff"),
        "CRLF": whole.replace("\n", "\r\n"),
        "CR": whole.replace("\n", "\r"),
        "UTF-16": whole.encode("utf-16"),
        "UTF-16 big endian": b"\xfe\xff" + whole.encode("utf-16-be"),
        "UTF-32": whole.encode("utf-32"),
        "Latin-1 comment": f"# J\xfcrgen\n{whole}".encode("latin-1"),
        "UTF-8 comment": f"# Jürgen 🙂\n{whole}",
        "lone surrogate": b"# \xed\xa0\x80\n" + whole.encode(),
        "overlong byte pair": b"# \xc0\xaf\n" + whole.encode(),
        "NUL at the end": f"{whole}\0",
        "NUL in a comment at the start": commented("\0"),
        "NUL between documents": swapped(COMPONENTS, "---\n", "\0\n---\n"),
        "NUL before the last document": "---\n\0".join(whole.rsplit("---\n", 1)),
        "NUL in the last line": whole.removesuffix("\n") + "\0x\n",
        "NUL and then nonsense": f"{whole}\0[nonsense ${{",
        "bell in a comment": commented("\x07"),
        "escape in a comment": commented("\x1b"),
        "delete in a comment": commented("\x7f"),
        "next line in a comment": commented("\x85"),
        "line separator in a comment": commented("\u2028"),
        "no-break space in a comment": commented("\xa0"),
        "no-break space as indentation": swapped(COMPONENTS, "  name:", "\xa0\xa0name:"),
        "non-character in a comment": commented("\uffff"),
        "no last newline": whole.rstrip("\n"),
    }


def _syntax() -> dict[str, str | bytes]:
    def settings(more: str) -> str:
        return appended(COMPONENTS, _CONFIG_MAP + more)

    return {
        "unclosed bracket": settings("data: [\n"),
        "unclosed brace": settings("data: {\n"),
        "unclosed quote": settings('data: "\n'),
        "closing bracket only": settings("data: ]\n"),
        "bad indentation": settings("   data: a\n"),
        "tab as indentation": settings("data:\n\ta: b\n"),
        "tab before a comment": settings("data: {} \t# none\n"),
        "tab after a colon": settings("data:\t{}\n"),
        "tab inside flow": settings("data: {a:\tb,\n\tc: d}\n"),
        "tab on a blank line": settings("\t\ndata: {}\n"),
        "no space after a colon": swapped(COMPONENTS, "kind: Namespace", "kind:Namespace"),
        "two colons in a value": settings("data:\n  a: b: c\n"),
        "at sign as value": settings("data:\n  a: @b\n"),
        "backtick as value": settings("data:\n  a: `b`\n"),
        "percent sign as value": settings("data:\n  a: %b\n"),
        "asterisk as value": settings("data:\n  a: *\n"),
        "bad escape": settings('data:\n  a: "\\d"\n'),
        "NUL escape": settings('data:\n  a: "\\0"\n'),
        "surrogate escape": settings('data:\n  a: "\\ud83d\\ude00"\n'),
        "long key": settings(f"data:\n  {'k' * 1100}: b\n"),
        "complex key": settings("data:\n  ? [a, b]\n  : c\n"),
        "complex map key": settings("data:\n  ? {a: b}\n  : c\n"),
        "explicit key": settings("data:\n  ? a\n  : b\n"),
        "anchor and alias": settings("data: &d {a: b}\nbinaryData: *d\n"),
        "alias across documents": swapped(COMPONENTS, "---\n", "x: &x {}\n---\ny: *x\n"),
        "unknown alias": settings("data: *none\n"),
        "alias to itself": settings("data: &d {a: *d}\n"),
        "duplicate anchor": settings("data: &d {a: b}\nbinaryData: &d {a: *d}\n"),
        "merge key": settings("data: &d {a: b}\nbinaryData: {<<: *d, c: d}\n"),
        "merge key of a list": settings("data: &d {a: b}\nbinaryData: {<<: [*d, *d]}\n"),
        "merge key of a scalar": settings("data: {<<: a}\n"),
        "merge key of null": settings("data: {<<: null}\n"),
        "quoted merge key": settings('data: {"<<": a}\n'),
        "billion laughs": settings(
            "a: &a [x,x,x,x,x,x,x,x,x]\n"
            + "".join(
                f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n"
                for a, b in zip("abcdefgh", "bcdefghi", strict=True)
            )
        ),
        "duplicate key": settings("data: {a: b}\ndata: {a: c}\n"),
        "duplicate key of another case": settings("data: {a: b}\nData: {a: c}\n"),
        "duplicate kind": settings("kind: Secret\n"),
        "duplicate metadata": settings("metadata:\n  name: other\n"),
        "duplicate inner key": settings("data: {a: b, a: c}\n"),
        "nesting of 100": settings(f"data: {'[' * 100}{']' * 100}\n"),
        "nesting of 1000": settings(f"data: {'[' * 1000}{']' * 1000}\n"),
        "nesting of 9990": settings(f"data: {'[' * 9990}{']' * 9990}\n"),
        "nesting of 11000": settings(f"data: {'[' * 11000}{']' * 11000}\n"),
        "line of a mebibyte": settings(f"data:\n  a: {'b' * 2**20}\n"),
    }


def _objects() -> dict[str, str | bytes]:
    return {
        f"added object, {name}": appended(COMPONENTS, more)
        for name, more in {
            "no kind": "apiVersion: v1\nmetadata:\n  name: a\n",
            "no apiVersion": "kind: ConfigMap\nmetadata:\n  name: a\n",
            "no metadata": "apiVersion: v1\nkind: ConfigMap\n",
            "no name": "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n",
            "generateName": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  generateName: a-\n",
            "kind null": "apiVersion: v1\nkind: null\nmetadata:\n  name: a\n",
            "kind empty": "apiVersion: v1\nkind: ''\nmetadata:\n  name: a\n",
            "kind int": "apiVersion: v1\nkind: 7\nmetadata:\n  name: a\n",
            "kind list": "apiVersion: v1\nkind: [A]\nmetadata:\n  name: a\n",
            "apiVersion int": "apiVersion: 1\nkind: A\nmetadata:\n  name: a\n",
            "apiVersion of three parts": "apiVersion: a/b/c\nkind: A\nmetadata:\n  name: a\n",
            "unknown kind": "apiVersion: example.com/v1\nkind: A\nmetadata:\n  name: a\n",
            "metadata string": "apiVersion: v1\nkind: A\nmetadata: a\n",
            "metadata list": "apiVersion: v1\nkind: A\nmetadata: [a]\n",
            "metadata null": "apiVersion: v1\nkind: A\nmetadata: null\n",
            "name int": "apiVersion: v1\nkind: A\nmetadata:\n  name: 7\n",
            "name null": "apiVersion: v1\nkind: A\nmetadata:\n  name: null\n",
            "labels list": "apiVersion: v1\nkind: A\nmetadata: {name: a, labels: [b]}\n",
            "label int": "apiVersion: v1\nkind: A\nmetadata: {name: a, labels: {b: 1}}\n",
            "label bool": "apiVersion: v1\nkind: A\nmetadata: {name: a, labels: {b: yes}}\n",
            "annotation int": "apiVersion: v1\nkind: A\nmetadata: {name: a, annotations: {b: 1}}\n",
            "another namespace": "apiVersion: v1\nkind: A\nmetadata: {name: a, namespace: b}\n",
            "namespace int": "apiVersion: v1\nkind: A\nmetadata: {name: a, namespace: 7}\n",
            "the same object twice": f"{_CONFIG_MAP}---\n{_CONFIG_MAP}",
            "List": "apiVersion: v1\nkind: List\nitems:\n"
            "- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n",
            "List of nothing": "apiVersion: v1\nkind: List\nitems: []\n",
            "List with a Namespace": "apiVersion: v1\nkind: List\nitems:\n"
            "- {apiVersion: v1, kind: Namespace, metadata: {name: other}}\n",
            "List with a bad Deployment": "apiVersion: v1\nkind: List\nitems:\n"
            "- {apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: 7}\n",
            "ConfigMapList": "apiVersion: v1\nkind: ConfigMapList\nitems: []\n",
            "Kustomization": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
            "Secret with bad base64": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"
            "data: {a: '!'}\n",
            "StatefulSet wrongly typed": "apiVersion: apps/v1\nkind: StatefulSet\nspec: 7\n",
            "Job with a short image": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\n"
            "spec: {template: {spec: {containers: [{name: a, image: busybox}]}}}\n",
            "PodSecurityPolicy": "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\n"
            "metadata: {name: a}\n",
            "Provider": "apiVersion: clusterctl.cluster.x-k8s.io/v1alpha3\nkind: Provider\n"
            "metadata: {name: a}\n",
        }.items()
    }


def _scalars() -> dict[str, str | bytes]:
    """How a scalar is read shows where a string is wanted: a word must stay one."""
    words = {
        "yes": "yes", "no": "no", "on": "on", "off": "off", "y": "y", "n": "n", "Yes": "Yes",
        "YES": "YES", "True": "True", "TRUE": "TRUE", "tRUE": "tRUE",
        "null": "null", "Null": "Null", "tilde": "~", "nothing": "", "octal": "0777",
        "new octal": "0o777", "octal with an eight": "08", "hexadecimal": "0xff",
        "binary": "0b1", "underscore": "1_000",
        "exponent": "1e3", "exponent without digits": "1e", "commit hash like a number": "12e3456",
        "base 60": "1:30", "base 60 float": "1:30.5", "version of two parts": "1.10",
        "version of three parts": "1.2.3", "leading dot": ".5", "trailing dot": "5.",
        "infinity": ".inf", "not a number": ".nan", "date": "2026-01-02",
        "time": "2026-01-02T03:04:05Z", "beyond int64": "9223372036854775808",
        "beyond uint64": "18446744073709551616", "beyond 2^53": "9007199254740993",
        "leading plus": "+1", "equals sign": "=", "string tag": "!!str 7", "int tag": "!!int '7'",
        "bool tag": "!!bool 'true'", "float tag": "!!float 7", "bad int tag": "!!int abc",
        "null tag": "!!null ''", "local tag": "!mine abc", "binary tag": "!!binary aGk=",
        "bad binary tag": "!!binary '!'", "timestamp tag": "!!timestamp 2026-01-02",
        "set tag": "!!set {a, b}", "omap tag": "!!omap [a: b]",
        "Python tag": "!!python/object:os.system {}",
    }  # fmt: skip
    keys = ("1", "1.5", "true", "yes", "null", "~", "2026-01-02", ".inf", "''", "0x10", "1:30")
    plain = "value: 'true'"
    return {
        # A field that is a string for clusterctl.
        **{
            f"string as {name}": swapped(COMPONENTS, plain, f"value: {word}".rstrip())
            for name, word in words.items()
        },
        # A field that clusterctl does not look at.
        **{
            f"free value as {name}": appended(COMPONENTS, f"{_CONFIG_MAP}data: {{a: {word}}}\n")
            for name, word in words.items()
            if name
            in {
                "infinity",
                "not a number",
                "date",
                "bad int tag",
                "bad binary tag",
                "binary tag",
                "Python tag",
                "set tag",
                "omap tag",
                "beyond uint64",
            }
        },
        **{
            f"key as {key}": appended(COMPONENTS, f"{_CONFIG_MAP}data: {{{key}: a}}\n")
            for key in keys
        },
    }
