"""Rules about variables themselves: where they end, and what the file is without them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from capirepo.core import yamlguard
from capirepo.core.lint.files import yaml_not_object
from capirepo.core.lint.images import image_form
from capirepo.core.lint.rules import warning
from capirepo.core.lint.typed import object_api_version, object_types
from capirepo.core.yamlguard import YamlError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capirepo.core.lint.model import Candidate, File, Finding
    from capirepo.core.yamlloader import Document


@warning
def variable_lines(candidate: Candidate) -> Iterator[Finding]:
    """The default of a variable goes over several lines.

    It ends at the next closing brace, wherever that is: without one of its own, ${NAME:=default
    takes in all lines up to another variable's brace, separators of documents among them.
    """
    for file in candidate.files.values():
        for name, default in file.variables.items():
            if default and "\n" in default.strip():
                line = file.text.count("\n", 0, max(file.text.find(f"${{{name}"), 0)) + 1
                yield file.finding(
                    f"the default of ${{{name}}} has {len(default.splitlines())} lines",
                    line=line,
                    cure="close its brace, or write it on one line",
                )


@warning
def variable_raw(candidate: Candidate) -> Iterator[Finding]:
    """The components cannot be read while their variables stand in them.

    `clusterctl init list-images` and `generate provider --describe` put no variables in, and check
    the file all the same: `replicas: ${REPLICAS:=1}` is text then, and no number; the image
    registry.example.com/manager:${TAG:=v1} is none. Both end with an error, and who mirrors images
    cannot list them. Let variables stand where text is expected: in args, in env.
    """
    file = candidate.components_file
    if file is None or file.errors or not file.text:
        return
    cure = "`clusterctl init list-images` puts no variables in: write the value itself"
    try:
        documents = _unsubstituted(file)
    except YamlError as error:
        yield file.finding("is no YAML without its variables", line=error.line, cure=cure)
        return
    numbers = {one.number for one in documents}
    put_in = [one for one in file.documents if one.number in numbers]
    # What is wrong with values in place as well is an error, and reported as such.
    known = {(found.document, found.message) for found in _refused(candidate, file, put_in)}
    for found in _refused(candidate, file, documents):
        if (found.document, found.message) not in known:
            yield replace(found, cure=cure)


def _refused(candidate: Candidate, file: File, documents: Sequence[Document]) -> Iterator[Finding]:
    """What clusterctl says of some documents of the components."""
    part = replace(candidate, files={file.name: replace(file, documents=documents)})
    for check in (yaml_not_object, object_types, object_api_version, image_form):
        yield from check(part)


def _unsubstituted(file: File) -> list[Document]:
    """The documents that have variables, as they stand, each in its place."""
    first, *others = f"\n{file.text}".split("\n---")
    kept = [piece if "${" in piece else "\n" * piece.count("\n") for piece in (first, *others)]
    documents = yamlguard.load_documents("\n---".join(kept)[1:].encode(), file.name)
    # Before the first separator may be a document, or none.
    lines = first.count("\n")
    skipped = "${" not in first and any(one.first <= lines for one in file.documents[:1])
    return [replace(one, number=one.number + skipped) for one in documents]
