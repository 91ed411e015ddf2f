"""Rules about files: their names, their sizes, and whether they can be read at all."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Final, TypeGuard

from capirepo.core.lint.model import Finding
from capirepo.core.lint.rules import By, error, warning
from capirepo.core.metadata import METADATA
from capirepo.core.names import CLUSTERCTL, shown
from capirepo.core.release import is_template
from capirepo.core.variables import VariableError
from capirepo.core.yamlguard import DroppedError, YamlError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capirepo.core.lint.model import Candidate, File

_CONFIG_MAP: Final = 1024 * 1024
_PLACE: Final = re.compile(r"^[,: ]*(line [0-9]+(, column [0-9]+)?: )?")
_MISNAMED: Final = re.compile(
    r"(cluster[-_]?(template|class).*|.*components.*|metadata.*)\.(ya?ml)", re.IGNORECASE
)


@error(By.CAPIREPO)
def version_form(candidate: Candidate) -> Iterator[Finding]:
    """The version is not one that clusterctl asks for.

    clusterctl lists only semantic versions, and asks GitHub for them with a leading v. A release
    under any other name is found on a disk at best: v1.2.3 and v1.2.3-rc.1 are right; v1, 1.2.3,
    V1.2.3 and v01.2.3 are not.
    """
    if candidate.version is None and candidate.version_text:
        yield _of_release(
            f"{shown(candidate.version_text)} is no version",
            "use a semantic version with a leading v, such as v1.2.3",
        )


@error(By.CLUSTERCTL)
def components_missing(candidate: Candidate) -> Iterator[Finding]:
    """There is no components file of the name that clusterctl asks for.

    The name follows from the provider's type: infrastructure-components.yaml,
    bootstrap-components.yaml, control-plane-components.yaml, core-components.yaml and so on.
    A provider whose file is called otherwise says so in `sources` of capirepo.yaml.
    """
    if not candidate.whole or candidate.components_file is not None:
        return
    if candidate.components:
        near = difflib.get_close_matches(candidate.components, candidate.files, n=1, cutoff=0.7)
        hint = f"rename {near[0]}, or name it" if near else "add it, or name another one"
        yield _of_release(
            f"there is no {candidate.components}", f"{hint} in `sources` of capirepo.yaml"
        )
    elif candidate.is_provider:
        yield _of_release("there is no components file", "add TYPE-components.yaml")


@error(By.CLUSTERCTL)
def metadata_missing(candidate: Candidate) -> Iterator[Finding]:
    """There is no metadata.yaml.

    clusterctl reads it before anything else, to learn the contract of the version.
    """
    if candidate.whole and candidate.is_provider and candidate.metadata is None:
        yield _of_release(
            f"there is no {METADATA}", "`capirepo release` writes one, with the right series"
        )


@error(By.CLUSTERCTL)
def file_empty(candidate: Candidate) -> Iterator[Finding]:
    """metadata.yaml or the components file has nothing in it.

    An interrupted build or download leaves such a file behind. clusterctl reads it, and then misses
    an apiVersion or a Namespace; build the file again.
    """
    for file in (candidate.metadata, candidate.components_file):
        if file is not None and not file.documents and not file.errors:
            yield file.finding("holds no object", cure="build it again")


@error(By.CLUSTERCTL)
def yaml_invalid(candidate: Candidate) -> Iterator[Finding]:
    """A file is not YAML once the defaults of its variables are in place.

    clusterctl puts in the variables first, so a value can break what surrounds it: `{` at the
    beginning of an unquoted default, for example. It also cuts the file at each line that begins
    with ---, and takes nothing but a comment after it. Where quotes are missing or a tab indents,
    no variable is needed to break it.

    Wrong:

        data: {greeting: ${GREETING:={hi}}
        description: Note: the colon begins a value
        --- kind: Service

    Right, with the separator in a line of its own:

        data: {greeting: "${GREETING:={hi}"}
        description: "Note: the colon is text"
        ---
        kind: Service
    """
    for file, problem in _unreadable(candidate):
        if isinstance(problem, YamlError) and not problem.hostile:
            yield _of_yaml(file, problem)


@error(By.CAPIREPO)
def yaml_hostile(candidate: Candidate) -> Iterator[Finding]:
    """A file uses what capirepo does not read: aliases, duplicate keys, other encodings.

    clusterctl would take some of it, but a few lines of YAML with aliases or endless nesting
    stop any program that reads them, and of two equal keys each program takes another. No
    provider release is known that uses either.
    """
    for file, problem in _unreadable(candidate):
        if _is_hostile(problem):
            yield _of_yaml(file, problem)


@error(By.CAPIREPO)
def yaml_dropped(candidate: Candidate) -> Iterator[Finding]:
    """A part of a file is left out by clusterctl, without a word.

    clusterctl cuts a file at newlines followed by ---, and of each piece reads the first document.
    What stands after a line `...` is lost, and so is everything but the first object of a file
    whose lines end as they did on old Macs (CR). A NUL byte ends a file. Write --- between
    documents, and save the file with LF.
    """
    for file, problem in _unreadable(candidate):
        if isinstance(problem, DroppedError):
            yield _of_yaml(file, problem)


@error(By.CLUSTERCTL)
def yaml_not_object(candidate: Candidate) -> Iterator[Finding]:
    """A document is no mapping: not apiVersion, kind and so on.

    Often it is a page of HTML or an error message in place of a file.
    """
    for file in candidate.files.values():
        for document in file.documents:
            if not isinstance(document.content, dict):
                yield file.finding(
                    f"document {document.number} is {_named(document.content)}, no object",
                    line=document.line(),
                )


@error(By.CLUSTERCTL)
def variable_form(candidate: Candidate) -> Iterator[Finding]:
    """A ${…} is none of the forms that clusterctl can read.

    clusterctl puts in variables with drone/envsubst: ${NAME}, ${NAME:=default},
    ${NAME:-default}, ${NAME^^}, ${NAME/old/new} and others. Names have letters, digits and _. What
    looks like one and is none ends the command, in a comment as well.

    Wrong:

        region: ${AWESOME_REGION
        args: ["--v=${LOG-LEVEL:=0}"]
        command: [sh, -c, "echo ${HOSTS[0]}"]

    Right; $${ is the text ${ itself:

        region: ${AWESOME_REGION}
        args: ["--v=${LOG_LEVEL:=0}"]
        command: [sh, -c, "echo $${HOSTS[0]}"]
    """
    for file, problem in _unreadable(candidate):
        if isinstance(problem, VariableError):
            yield file.finding(problem.said, line=problem.line, cure=problem.cure)


@warning
def variable_required(candidate: Candidate) -> Iterator[Finding]:
    """A variable of the components has no default: nobody can install without giving it.

    `clusterctl init` and `clusterctl upgrade apply` end with an error until the user sets it.
    That may be meant (credentials); else give it a default.

    Wrong:

        args: ["--region=${AWESOME_REGION}"]

    Right:

        args: ["--region=${AWESOME_REGION:=lab}"]
    """
    file = candidate.components_file
    for name, default in (file.variables if file else {}).items():
        if default is None and file is not None:
            yield file.finding(
                f"${{{name}}} has no default", cure=f"write ${{{name}:=…}} if there can be one"
            )


@warning
def file_too_large(candidate: Candidate) -> Iterator[Finding]:
    """A file is larger than a ConfigMap may be (1 MiB).

    cluster-api-operator reads providers from ConfigMaps where there is no internet. What is
    larger must be compressed for that, and `kubectl apply` of it fails for want of room for its
    annotation.
    """
    for file in candidate.files.values():
        if file.size > _CONFIG_MAP and candidate.label != CLUSTERCTL:
            yield file.finding(f"has {file.size:,} bytes, more than the 1 MiB of a ConfigMap")


@warning
def file_name(candidate: Candidate) -> Iterator[Finding]:
    """A file has nearly the name of one that clusterctl asks for, and is never asked for.

    clusterctl reads metadata.yaml, the components file, cluster-template.yaml,
    cluster-template-FLAVOR.yaml and clusterclass-NAME.yaml, spelled exactly so.
    """
    for name, file in candidate.files.items():
        known = name in (METADATA, candidate.components) or is_template(name)
        if not known and candidate.is_provider and _MISNAMED.fullmatch(name):
            yield file.finding(
                "clusterctl never asks for a file of this name",
                cure="rename it, or leave it out of the release",
            )


def _of_release(message: str, cure: str) -> Finding:
    return Finding(file="", message=message, cure=cure)


def _unreadable(candidate: Candidate) -> Iterator[tuple[File, YamlError | VariableError]]:
    for file in candidate.files.values():
        for problem in file.errors:
            yield file, problem


def _is_hostile(problem: YamlError | VariableError) -> TypeGuard[YamlError]:
    if isinstance(problem, DroppedError):
        return False
    return isinstance(problem, YamlError) and problem.hostile


def _of_yaml(file: File, problem: YamlError) -> Finding:
    """A problem whose message names the file and the place, which a finding has by itself."""
    said = str(problem).removeprefix(file.name).removesuffix(f"; {problem.cure}")
    return file.finding(_PLACE.sub("", said, count=1), line=problem.line, cure=problem.cure)


def _named(value: object) -> str:
    return {list: "a list", str: "text", bool: "true or false"}.get(type(value), "a number")
