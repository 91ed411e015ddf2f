"""What lint looks at, and what it finds: a candidate for a release, its files, its objects.

Files are read as clusterctl reads them: variables have their defaults in place, and what only
the user can give is open: nothing can be said about it, and messages show it as it was written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from capirepo.core import yamlguard
from capirepo.core.components import dig
from capirepo.core.metadata import METADATA, Metadata, read_metadata
from capirepo.core.names import CERT_MANAGER, CLUSTERCTL, provider_of
from capirepo.core.release import CLUSTER_CLASS, TEMPLATE, is_template
from capirepo.core.variables import UNSET, VariableError, substitute
from capirepo.core.yamlguard import YamlError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from capirepo.core.names import Label, ProviderType
    from capirepo.core.version import Version
    from capirepo.core.yamlloader import Document

_YAML: Final = (".yaml", ".yml")
# The name of the variable goes along with what stands for its value.
_OPEN: Final = re.compile(rf"{UNSET}\.(\w+)\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, and its place.

    Attributes:
        file: the name of the file; '' for the release as a whole.
        line: the first is 1; None for the file as a whole.
        document: the first document of a file is 1.
        object: `Kind name` where it is about an object.
        message: what was given, and what was expected.
        cure: what to do; '' where the message says it.
    """

    file: str
    message: str
    line: int | None = None
    document: int | None = None
    object: str = ""
    cure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of a candidate, read.

    Attributes:
        size: in bytes.
        documents: empty for what is no YAML.
        variables: each with its default; None where the user must give a value.
        errors: why it could not be read as clusterctl reads it.
        text: as it stands, before variables are put in; '' where it has none.
    """

    name: str
    size: int
    documents: Sequence[Document] = ()
    variables: Mapping[str, str | None] = field(default_factory=dict)
    errors: tuple[YamlError | VariableError, ...] = ()
    text: str = ""

    @property
    def objects(self) -> Iterator[Object]:
        """The documents that are mappings, as objects."""
        for document in self.documents:
            if isinstance(document.content, dict):
                yield Object(self.name, document)

    def finding(self, message: str, *, line: int | None = None, cure: str = "") -> Finding:
        """Something wrong with this file."""
        return Finding(
            file=self.name, message=as_written(message), line=line, cure=as_written(cure)
        )


def read_file(name: str, data: bytes, *, variables: bool = True) -> File:
    """Reads one file; `variables` says whether clusterctl puts in variables first."""
    if not name.endswith(_YAML):
        return File(name=name, size=len(data))
    errors: tuple[YamlError | VariableError, ...] = ()
    found: Mapping[str, str | None] = {}
    documents: Sequence[Document] = ()
    raw = ""
    try:
        text = yamlguard.text_of(data, name)
        yamlguard.check_dropped(text, name)
        if variables:
            raw = text if "${" in text else ""
            text, found = substitute(text, _open)
            yamlguard.check_separators(text, name)
        documents = yamlguard.load_documents(text.encode(), name)
    except (VariableError, YamlError) as error:
        # Nothing else can be said of the file: where a variable cannot be read, no value is known.
        errors = (error,)
    return File(
        name=name,
        size=len(data),
        documents=documents,
        variables=found,
        errors=errors,
        text=raw,
    )


class Object:
    """One Kubernetes object of a file."""

    __slots__ = ("content", "document", "file")

    def __init__(self, file: str, document: Document) -> None:
        self.file = file
        self.document = document
        self.content: dict[Any, Any] = document.content

    @property
    def kind(self) -> str:
        """As it stands; '' where it is no text."""
        return _text(self.content.get("kind"))

    @property
    def api_version(self) -> str:
        """As it stands; '' where it is no text."""
        return _text(self.content.get("apiVersion"))

    @property
    def group(self) -> str:
        """The part of the apiVersion before the slash; '' for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def version(self) -> str:
        """The part of the apiVersion after the slash."""
        return self.api_version.rpartition("/")[2]

    @property
    def name(self) -> str:
        """`metadata.name`."""
        return _text(self.get("metadata", "name"))

    @property
    def namespace(self) -> str:
        """`metadata.namespace`."""
        return _text(self.get("metadata", "namespace"))

    @property
    def missing(self) -> list[str]:
        """What the API server creates no object without, and this one lacks."""
        needed = {
            "apiVersion": self.api_version,
            "kind": self.kind,
            "metadata.name": self.name or self.get("metadata", "generateName"),
        }
        return [name for name, value in needed.items() if not value]

    def mapping(self, *path: str) -> dict[str, Any]:
        """The mapping at `path`, its keys as text; empty where there is none."""
        found = self.get(*path)
        return {str(key): value for key, value in found.items()} if isinstance(found, dict) else {}

    def sequence(self, *path: str | int) -> list[Any]:
        """The list at `path`; empty where there is none."""
        found = self.get(*path)
        return found if isinstance(found, list) else []

    def get(self, *path: str | int) -> Any:
        """The value at `path`; None where there is none."""
        return dig(self.content, *path)

    def finding(self, message: str, *path: str | int, cure: str = "") -> Finding:
        """Something wrong with the value at `path` of this object."""
        return Finding(
            file=self.file,
            message=as_written(message),
            line=self.document.line(*path),
            document=self.document.number,
            object=as_written(str(self)),
            cure=as_written(cure),
        )

    def __str__(self) -> str:
        return f"{self.kind or '(no kind)'} {self.name or '(no name)'}"


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Files that are, or shall become, a release.

    Attributes:
        label: None where nobody said whose it is.
        version: None where nobody said, or where it is none (see `version_text`).
        version_text: what was given for the version.
        components: the name that the components file must have; '' for none.
        type: of the provider; None for a tool.
        files: by name.
        whole: whether these are all files of the release: only then can anything be missing.
    """

    label: Label | None
    version: Version | None
    version_text: str
    components: str
    type: ProviderType | None
    files: Mapping[str, File]
    whole: bool = True

    @property
    def is_provider(self) -> bool:
        """Whether it is no tool's: those carry no metadata.yaml."""
        return self.label is None or provider_of(self.label) is not None

    @property
    def metadata(self) -> File | None:
        """metadata.yaml."""
        return self.files.get(METADATA)

    @cached_property
    def series(self) -> Metadata:
        """What metadata.yaml says; nothing where there is none."""
        return read_metadata(self.metadata.documents if self.metadata else ())

    @property
    def components_file(self) -> File | None:
        """The components file."""
        return self.files.get(self.components)

    @cached_property
    def objects(self) -> tuple[Object, ...]:
        """Those of the components file."""
        file = self.components_file
        return tuple(file.objects) if file else ()

    def of_kind(self, *kinds: str) -> Iterator[Object]:
        """The objects of the components file that are of one of `kinds`."""
        return (item for item in self.objects if item.kind in kinds)

    @property
    def templates(self) -> Iterator[File]:
        """Cluster templates."""
        return (file for name, file in self.files.items() if TEMPLATE.fullmatch(name))

    @property
    def cluster_classes(self) -> Mapping[str, File]:
        """ClusterClass files, by the name that the file's name says."""
        return {
            match["name"]: file
            for name, file in self.files.items()
            if (match := CLUSTER_CLASS.fullmatch(name))
        }


def candidate(  # noqa: PLR0913 - each is a fact of its own
    files: Mapping[str, bytes],
    *,
    label: Label | None,
    version: Version | None,
    components: str,
    type_: ProviderType | None = None,
    version_text: str = "",
    whole: bool = True,
) -> Candidate:
    """Reads `files`; those that clusterctl never asks for are only known by name."""
    provider = provider_of(label) if label else None
    asked = label != CLUSTERCTL
    read = {}
    for name, data in files.items():
        if asked and (name in (METADATA, components) or is_template(name)):
            # metadata.yaml and cert-manager.yaml are read as they stand.
            plain = name == METADATA or label == CERT_MANAGER
            read[name] = read_file(name, data, variables=not plain)
        else:
            read[name] = File(name=name, size=len(data))
    return Candidate(
        label=label,
        version=version,
        version_text=version_text or str(version or ""),
        components=components,
        type=provider.type if provider else type_,
        files=read,
        whole=whole,
    )


def is_open(value: Any) -> bool:
    """Whether only the user knows this value."""
    return isinstance(value, str) and UNSET in value


def as_written(text: str) -> str:
    """`text` with the variables that are open as the author wrote them."""
    return _OPEN.sub(r"${\1}", text)


def _open(name: str) -> str:
    return f"{UNSET}.{name}."


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
