"""Mutants of variables: every form of the grammar, broken ones, and values that break the YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lint.base import (
    CLUSTERCLASS,
    COMPONENTS,
    METADATA,
    TEMPLATE,
    Mutant,
    appended,
    edited,
    release,
    swapped,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORMS = (
    "${A}", "${ A }", "${A }", "${ A}", "${\tA\t}", "${\nA}", "${A B}", "${ A B }", "${}", "${ }",
    "$", "$$", "$A", "$(A)", "{A}", "$ {A}", "${A", "${A:", "${A:=", "${A:=b", "${A}}", "${A}b}",
    "$${A}", "$$${A}", "$$$${A}", "\\${A}", "${$A}", "${A$}", "${$}", "${a}", "${a_B1}", "${1A}",
    "${A-B}", "${A.B}", "${A_B}", "${Ä}", "${A!}", "${!A}", "${@}", "${*}", "${?}", "${A@Q}",
    "${A=}", "${A=b}", "${A-b}", "${A-}", "${A+b}", "${A?b}", "${A?}", "${A:=b}", "${A:=}",
    "${A:-b}", "${A:-}", "${A:?b}", "${A:?}", "${A:+b}", "${A:+}", "${A:b}", "${A::b}", "${A:!b}",
    "${A := b}", "${A:= b}", "${A:=b }", "${ A:=b}", "${ A:=b }", "${A :=b}", "${A:=b c}",
    "${A:=b:c}",
    "${A:='b'}", "${A:=b#c}", "${A:=${B}}", "${A:=${B:=c}}", "${A:=${B:=${C:=d}}}", "${A:=b${B}c}",
    "${A:=b${B}}", "${A:=${B}c}", "${A:=${ B }}", "${A:=${B}", "${A:=$B}", "${A:=$}", "${A:=$$}",
    "${A:=$${B}}", "${A:={b}}", "${A:={b: c}}", "${A:=b\\}c}", "${${A}}", "${A${B}}", "${#A}",
    "${# A}", "${#}", "${#A:=b}", "${##A}", "${A^}", "${A^^}", "${A^^^}", "${A,}", "${A,,}",
    "${A,^}", "${A^^b}", "${A~}", "${A#b}", "${A##b}", "${A#}", "${A###b}", "${A#${B}}", "${A%b}",
    "${A%%b}", "${A%}", "${A%*}", "${A#*/}", "${A/b/c}", "${A//b/c}", "${A/#b/c}", "${A/%b/c}",
    "${A/b/}", "${A/b}", "${A/b//}", "${A/}", "${A//}", "${A///}", "${A/\\//c}", "${A/b/c/d}",
    "${A/${B}/c}", "${A/b/${C}}", "${A/ /-}", "${A:0}", "${A:0:1}", "${A:1:2}", "${A:9}",
    "${A:0:9}",
    "${A: -1}", "${A:0:-1}", "${A:-1:2}", "${A:a:b}", "${A:${B}}", "${A:${B}:1}", "${A:0:${B}}",
    "${A:1:}", "${A::1}", "${A:0:1:2}", "${A:0::1}", "${A[0]}", "${A[@]}", "${A}${B}", "${A}$${B}",
    "${A}$", "}${A}{", "%{A}", "${A:=\u00fc}", "${A:=🙂}", "${env.A}", "${{ A }}", "${{A}}",
)  # fmt: skip


def mutants() -> Iterator[Mutant]:
    """All of them."""
    for form in _FORMS:
        quoted = form.replace("'", "''")
        content = swapped(COMPONENTS, "value: 'true'", f"value: '{quoted}'")
        shown = form.replace("\t", "\\t").replace("\n", "\\n")
        yield Mutant(name=f"variable/{shown}", files=release({COMPONENTS: content}))
    for name, content in _places().items():
        yield Mutant(name=f"variable/{name}", files=release({COMPONENTS: content}))
    yield from _values()
    for name, form in {"broken": "${A:", "fine": "${A:=b}"}.items():
        for file in (METADATA, TEMPLATE, CLUSTERCLASS):
            files = release({file: f"# {form}\n{text(file)}"})
            yield Mutant(name=f"variable/{name} in {file}, components read", files=files)
    name = "A_" + "B" * 300
    long = swapped(COMPONENTS, "value: 'true'", f"value: '${{{name}:=c}}'")
    yield Mutant(name="variable/long name", files=release({COMPONENTS: long}))
    deep = "${A:=" * 60 + "b" + "}" * 60
    nested = swapped(COMPONENTS, "value: 'true'", f"value: '{deep}'")
    yield Mutant(name="variable/60 deep", files=release({COMPONENTS: nested}))


def _places() -> dict[str, str]:
    settings = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n"
    return {
        "in a comment": f"# ${{A:=b}}\n{text(COMPONENTS)}",
        "required, in a comment": f"# ${{A}}\n{text(COMPONENTS)}",
        "broken, in a comment": f"# ${{A\n{text(COMPONENTS)}",
        "empty, in a comment": f"# write ${{}} here\n{text(COMPONENTS)}",
        "bash in a comment": f"# ${{A[@]}} ${{A-}}\n{text(COMPONENTS)}",
        "default of two lines, in a comment": f"# ${{A:=b\n# c}}\n{text(COMPONENTS)}",
        "in a key": appended(COMPONENTS, f"{settings}data:\n  ${{A:=b}}: c\n"),
        "in a key in quotes": appended(COMPONENTS, f"{settings}data:\n  '${{A:=b}}': c\n"),
        "as kind": swapped(COMPONENTS, "kind: Namespace", "kind: ${A:=Namespace}"),
        "as apiVersion": swapped(COMPONENTS, "apiVersion: apps/v1", "apiVersion: ${A:=apps/v1}"),
        "as a whole document": appended(COMPONENTS, "${A:={apiVersion: v1, kind: ConfigMap}}\n"),
        "as a whole document, by its default": appended(COMPONENTS, "${A:=\n}\n"),
        "as a separator": appended(COMPONENTS, f"{settings}${{A:=---}}\n{settings}"),
        "in a block scalar": appended(COMPONENTS, f"{settings}data:\n  a: |\n    ${{A:=b}}\n"),
        "script in a block scalar": appended(
            COMPONENTS, f'{settings}data:\n  a: |\n    for x in "${{A[@]}}"; do echo; done\n'
        ),
        "escaped script in a block scalar": appended(
            COMPONENTS, f'{settings}data:\n  a: |\n    for x in "$${{A[@]}}"; do echo; done\n'
        ),
        "over two lines": appended(COMPONENTS, f"{settings}data:\n  a: ${{A:=b\n    c}}\n"),
        "over two documents": appended(COMPONENTS, f"{settings}a: ${{A:=b\n---\nc: d}}\n"),
        "closing brace many lines on": swapped(COMPONENTS, "value: 'true'", "value: ${A:='x'"),
        "flow map beside a variable": appended(COMPONENTS, f"{settings}data: {{a: ${{A:=b}}}}\n"),
        "unquoted at the start": appended(COMPONENTS, f"{settings}data:\n  a: ${{A:=b}}\n"),
        "unquoted legacy form": appended(COMPONENTS, f"{settings}data:\n  a: ${{ A }}\n"),
        "two defaults for one name": appended(
            COMPONENTS, f"{settings}data: {{a: '${{A:=b}}', b: '${{A:=c}}'}}\n"
        ),
        "default first, then required": appended(
            COMPONENTS, f"{settings}data: {{a: '${{A:=b}}', b: '${{A}}'}}\n"
        ),
        "required, then default": appended(
            COMPONENTS, f"{settings}data: {{a: '${{A}}', b: '${{A:=c}}'}}\n"
        ),
        "at the very end": f"{text(COMPONENTS)}# ${{A}}",
        "dollar at the very end": f"{text(COMPONENTS)}# $",
        "opening brace at the very end": f"{text(COMPONENTS)}# ${{",
    }  # fmt: skip


def _values() -> Iterator[Mutant]:
    """What stands for a variable is text: it can change the type, and break the YAML."""
    plain = "value: 'true'"
    defaults = {
        "word": "b", "number": "7", "bool": "true", "yes": "yes", "null": "null", "colon": "b: c",
        "comment": "b #c", "leading asterisk": "*b", "leading at": "@b", "leading brace": "{b",
        "leading bracket": "[b", "quote": '"b', "single quote": "'b", "leading dash": "- b",
        "percent": "%b", "octal": "0644", "URL": "https://example.com/a?b=c", "exclamation": "!b",
        "separator": "b\n---\nc", "tab": "\tb", "question": "? b", "ampersand": "&b", "pipe": "|",
    }  # fmt: skip
    for name, value in defaults.items():
        for kind, before in {"unquoted": "", "quoted": '"'}.items():
            content = swapped(COMPONENTS, plain, f"value: {before}${{A:={value}}}{before}")
            yield Mutant(
                name=f"variable/{kind} default {name}", files=release({COMPONENTS: content})
            )
    for name, value in {
        "word": "b", "number": "7", "bool": "true", "empty": "", "space": " ", "newline": "b\nc",
        "quote": '"', "single quote": "'", "colon": "b: c", "variable": "${B}", "broken": "${",
        "backslash": "\\d",
    }.items():  # fmt: skip
        for kind, mark in {"unquoted": "", "quoted": '"', "single-quoted": "'"}.items():
            content = swapped(COMPONENTS, plain, f"value: {mark}${{A}}{mark}")
            files = release({COMPONENTS: content})
            variables = {"A": value}
            yield Mutant(name=f"variable/{kind} set to {name}", files=files, variables=variables)
    replicas = "replicas: 1"
    for name, line, value in (
        ("replicas unquoted", "replicas: ${A}", "3"),
        ("replicas quoted", 'replicas: "${A}"', "3"),
        ("replicas a word", "replicas: ${A}", "three"),
        ("replicas with a quoted default", 'replicas: "${A:=3}"', "3"),
        ("replicas empty", "replicas: ${A}", ""),
        ("replicas of an inner default", "replicas: ${A:=${B:=3}}", "2"),
        ("replicas by its default", "replicas: ${B:=3}", ""),
    ):
        files = release({COMPONENTS: swapped(COMPONENTS, replicas, line)})
        yield Mutant(name=f"variable/{name}", files=files, variables={"A": value})
    for name in ("AWESOME-SYSTEM", "awesome.system"):
        content = edited(COMPONENTS, "Namespace", "metadata name", "${NS}")
        files = release({COMPONENTS: content})
        yield Mutant(name=f"variable/Namespace set to {name}", files=files, variables={"NS": name})
