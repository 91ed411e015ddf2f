"""From what a person names (a folder, a file, LABEL@VERSION) to the files of releases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from capirepo.core import yamlguard
from capirepo.core.layout import Part, lay_out, of_label, sort_out
from capirepo.core.lint import Candidate, candidate
from capirepo.core.names import AssetName, Label, parse_label, parse_source
from capirepo.core.version import Version, parse_version
from capirepo.errors import BadInputError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from capirepo.core.catalog import Catalog

# ROOT/LABEL/VERSION, or DOWNLOADS/OWNER/REPO/TAG.
_DEEPEST: Final = 3
_OURS: Final = ("metadata.yaml", "cluster-template", "clusterclass-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The files of one release, as they lie in a folder.

    Attributes:
        title: the path, as it was given; with the label where the path does not say it.
        path: the path alone.
        version: None where nothing says it.
        version_text: what says it; '' for nothing.
        files: by name.
        paths: by name, where each file is.
        whole: whether these are all files of the release.
    """

    title: str
    path: str
    part: Part
    version: Version | None
    version_text: str
    files: Mapping[str, bytes]
    paths: Mapping[str, Path]
    whole: bool = True

    def candidate(self) -> Candidate:
        """The same, read for lint."""
        return candidate(
            self.files,
            label=self.part.label,
            version=self.version,
            version_text=self.version_text,
            components=self.part.components,
            type_=self.part.type,
            whole=self.whole,
        )


def find_releases(
    path: Path, catalog: Catalog, label: str | None = None, version: str | None = None
) -> list[Given]:
    """The releases in a folder: one release, all of a label, or a whole ROOT.

    Args:
        path: a folder, or one file of a release.
        catalog: says which components file each label has.
        label: whose the files are; else what the folders or the files say.
        version: which; else what the name of the folder says.

    Raises:
        BadInputError: there is no release, or `label` or `version` is none.
        StorageError: something cannot be read.
    """
    chosen = parse_label(label) if label else None
    if path.is_file():
        return [_of_file(path, catalog, chosen, version)]
    if not path.is_dir():
        raise BadInputError(
            f"{path} is neither a folder nor a file",
            cure="give a release folder, one of its files, or LABEL@VERSION",
        )
    found = list(_in_folder(path, catalog, chosen, version))
    if not found:
        raise BadInputError(
            f"{path} holds no release",
            cure="a release folder holds metadata.yaml and TYPE-components.yaml",
        )
    return found


def _in_folder(
    path: Path, catalog: Catalog, label: Label | None, version: str | None
) -> Iterator[Given]:
    for folder in _release_folders(path, _DEEPEST):
        # A version that was given is that of the folder that was given.
        yield from _of_release(folder, catalog, label, version if folder == path else None)


def _release_folders(path: Path, depth: int) -> Iterator[Path]:
    """The release folders at `path` and at most `depth` folders below it."""
    if _is_release(path):
        yield path
    elif depth:
        for folder in _folders(path):
            yield from _release_folders(folder, depth - 1)


def _of_release(
    path: Path, catalog: Catalog, label: Label | None, version: str | None
) -> Iterator[Given]:
    files, paths = _read(path)
    text = version or _version_text(path)
    parts = _parts(path, catalog, label, files)
    for part in parts:
        said = part.label in (None, _label(path)) and len(parts) == 1
        yield Given(
            title=str(path) if said else f"{path} ({part.label})",
            path=str(path),
            part=part,
            version=_version(text),
            version_text=text,
            files={name: files[name] for name in part.names},
            paths={name: paths[name] for name in part.names},
        )


def _of_file(path: Path, catalog: Catalog, label: Label | None, version: str | None) -> Given:
    files = {path.name: _bytes(path)}
    folder = path.absolute().parent
    text = version or (_version_text(folder) if _label(folder) else "")
    part = _parts(folder, catalog, label, files)[0]
    if path.name != part.components and not _is_asked_for(path.name):
        raise BadInputError(
            f"{path} is no file of a release",
            cure="clusterctl asks for metadata.yaml, TYPE-components.yaml, cluster-template*.yaml "
            "and clusterclass-*.yaml; with --label, for the components file of that label",
        )
    return Given(
        title=str(path),
        path=str(path),
        part=part,
        version=_version(text),
        version_text=text,
        files=files,
        paths={path.name: path},
        whole=False,
    )


def _parts(
    path: Path, catalog: Catalog, label: Label | None, files: Mapping[str, bytes]
) -> list[Part]:
    """Whose the files are: as told, as the folder's place says, or as they say themselves."""
    if label is not None:
        return [of_label(catalog, label, files)]
    parts = _of_source(path, catalog, files)
    # OWNER/cluster-api/VERSION is a source with several labels, LABEL/VERSION has one.
    own = _label(path)
    if own is not None and len(parts) <= 1:
        return [of_label(catalog, own, files)]
    return parts or sort_out(catalog, files)


def _of_source(path: Path, catalog: Catalog, files: Mapping[str, bytes]) -> list[Part]:
    """Of a folder OWNER/REPO/VERSION, as GitHub's downloads are laid out."""
    try:
        source = parse_source("/".join(path.absolute().parts[-3:-1]))
    except BadInputError:
        return []
    placed = lay_out(catalog, source, [AssetName(name) for name in files])
    return [of_label(catalog, label, names) for label, names in placed.items()]


def _label(path: Path) -> Label | None:
    """The label of a folder LABEL/VERSION; None for another one."""
    try:
        return parse_label(path.absolute().parent.name)
    except BadInputError:
        return None


def _version_text(path: Path) -> str:
    """The name of a folder that is meant as a version; any name is, below a label."""
    name = path.absolute().name
    return name if _label(path) is not None or _version(name) is not None else ""


def _version(text: str) -> Version | None:
    try:
        return parse_version(text) if text else None
    except BadInputError:
        return None


def _is_release(path: Path) -> bool:
    return any(file.is_file() and _is_asked_for(file.name) for file in _entries(path))


def _is_asked_for(name: str) -> bool:
    """Whether a file is of a release, by its name or nearly so."""
    return name.startswith(_OURS) or "-components" in name


def _folders(path: Path) -> Iterator[Path]:
    return (one for one in _entries(path) if one.is_dir() and not one.name.startswith("."))


def _entries(path: Path) -> list[Path]:
    try:
        return sorted(path.iterdir())
    except OSError as error:
        raise StorageError(f"cannot list {path}: {error.strerror}") from error


def _read(path: Path) -> tuple[dict[str, bytes], dict[str, Path]]:
    there = [file for file in _entries(path) if not file.name.startswith(".") and file.is_file()]
    return {file.name: _bytes(file) for file in there}, {file.name: file for file in there}


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if path.suffix in (".yaml", ".yml") and size > yamlguard.MAX_BYTES:
            raise BadInputError(f"{path} has {size} bytes; at most {yamlguard.MAX_BYTES} are read")
        return path.read_bytes()
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}") from error
