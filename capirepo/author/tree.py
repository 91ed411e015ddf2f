"""A provider's own tree: where its metadata.yaml is, and what its templates are.

Nothing is asked for that the tree shows by itself. Rules kept here:
- a search goes from the kustomization upwards to the root of the git repository and no
  further; without git, to the current folder;
- a template that stands there rendered is taken as it is, whatever it was made from.
"""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from capirepo.author.kustomize import FILES, is_kustomization
from capirepo.core import yamlguard
from capirepo.core.metadata import METADATA
from capirepo.core.names import AssetName, parse_asset, printable
from capirepo.core.release import is_template
from capirepo.core.yamlguard import MAX_BYTES
from capirepo.errors import BadInputError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TEMPLATES: Final = "templates"
_FLAVORS: Final = "flavors"
# What flavors are made of; it is none by itself.
_BASES: Final = ("base", "bases")
_NO_TEMPLATE: Final = "is neither cluster-template[-FLAVOR].yaml nor clusterclass-NAME.yaml"
# How the two names are misspelled, as a rule: cluster_template.yaml, ClusterClass-x.yml.
_MEANT: Final = (
    (re.compile(r"cluster-?templates?(?P<rest>-.+)?"), "cluster-template"),
    (re.compile(r"cluster-?class(es)?(?P<rest>-.+)"), "clusterclass"),
)
_NO_FLAVOR: Final = "has no kustomization of a template: cluster-template-FLAVOR or flavors/FLAVOR"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something among the templates that does not go into the release, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """What a folder of templates has.

    Attributes:
        places: a file to be taken as it is, or a folder to be rendered.
    """

    places: Mapping[AssetName, Path]
    left_out: tuple[LeftOut, ...] = ()


def top_of(origin: Path) -> Path:
    """The highest folder in which something of the tree of `origin` is looked for."""
    start = origin.absolute() if origin.is_dir() else origin.absolute().parent
    start = Path(os.path.normpath(start))
    for folder in (start, *start.parents):
        if (folder / ".git").exists():
            return folder
    return Path.cwd() if start.is_relative_to(Path.cwd()) else start


def find_metadata(origin: Path) -> Path | None:
    """The metadata.yaml beside `origin` or nearest above it; None where there is none."""
    top = top_of(origin)
    start = Path(os.path.normpath(origin.absolute()))
    for folder in (start, *start.parents):
        if (folder / METADATA).is_file():
            return folder / METADATA
        if folder == top:
            break
    return None


def find_templates(origin: Path, metadata: Path) -> Path | None:
    """The folder `templates` beside the metadata.yaml, or at the top; None of none."""
    for folder in (metadata.parent, top_of(origin)):
        if (folder / TEMPLATES).is_dir():
            return folder / TEMPLATES
    return None


def collect(folder: Path) -> Templates:
    """The templates and ClusterClasses in `folder`, and the kustomizations that make some.

    Raises:
        BadInputError: `folder` is none.
    """
    if not folder.is_dir():
        raise BadInputError(
            f"{folder} is no folder", cure="give the one with cluster-template.yaml"
        )
    places: dict[AssetName, Path] = {}
    left_out = []
    for place, name in _candidates(folder):
        if name is None:
            reason = _NO_FLAVOR if place.is_dir() else f"{_NO_TEMPLATE}{_hint(place)}"
        elif name in places:
            reason = f"{name} is taken from {places[name].relative_to(folder)}"
        else:
            places[name] = place
            continue
        left_out.append(LeftOut(path=near(place), reason=reason))
    return Templates(places=dict(sorted(places.items())), left_out=tuple(left_out))


def _candidates(folder: Path) -> Iterator[tuple[Path, AssetName | None]]:
    """Every entry, with the asset that it becomes; files come before folders."""
    entries = _entries(folder)
    for place in entries:
        if not place.is_dir():
            yield place, _asset(place.name) if place.is_file() else None
    for place in entries:
        if place.is_dir() and place.name == _FLAVORS:
            for flavor in _entries(place):
                if flavor.name not in _BASES:
                    yield flavor, _rendered(flavor, f"cluster-template-{flavor.name}")
        elif place.is_dir() and place.name not in _BASES:
            yield place, _rendered(place, place.name)


def _entries(folder: Path) -> list[Path]:
    return sorted(place for place in folder.iterdir() if not place.name.startswith("."))


def _rendered(place: Path, name: str) -> AssetName | None:
    """The asset that a folder becomes; one called `default` is the template without a flavor."""
    if not is_kustomization(place):
        return None
    if place.name == "default":
        return _asset("cluster-template.yaml")
    return _asset(f"{place.name}.yaml") or _asset(f"{name}.yaml")


def _asset(name: str) -> AssetName | None:
    try:
        return parse_asset(name) if is_template(name) else None
    except BadInputError:
        return None


def _hint(place: Path) -> str:
    """What a file may have been meant to be called; '' where that is taken or nothing is near."""
    stem = place.name.lower().removesuffix(".yaml").removesuffix(".yml")
    if stem == place.name.lower():
        return ""
    bare = re.sub("[_ .-]+", "-", stem)
    for form, name in _MEANT:
        if found := form.fullmatch(bare):
            meant = _asset(f"{name}{found['rest'] or ''}.yaml")
            if meant and not place.with_name(meant).exists():
                return f"; is {meant} meant?"
    return ""


def source_of(place: Path) -> Path:
    """The one file that a kustomization is made from; its folder where there are several.

    Anything that cannot be read is for kustomize to complain of.
    """
    if not place.is_dir():
        return place
    file = next(place / name for name in FILES if (place / name).is_file())
    try:
        documents = yamlguard.load_documents(read(file), file.name)
    except BadInputError:
        return place
    content = documents[0].content if documents else None
    resources = content.get("resources") if isinstance(content, dict) else None
    if isinstance(resources, list) and len(resources) == 1 and isinstance(resources[0], str):
        only = place / resources[0]
        return only if only.is_file() else place
    return place


def read(file: Path) -> bytes:
    """The bytes of a file of the tree.

    Raises:
        BadInputError: it is no file, or larger than any YAML that is taken.
        OSError: it cannot be read.
    """
    if not file.is_file():
        raise BadInputError(f"there is no file {near(file)}")
    with file.open("rb") as opened:
        data = opened.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise BadInputError(f"{near(file)} is larger than {MAX_BYTES} bytes")
    return data


def write(file: Path, data: bytes) -> None:
    """Puts `data` in the place of a file of the tree, or makes it; wholly or not at all.

    Raises:
        StorageError: it cannot be written.
    """
    target = file.resolve()
    try:
        mode = target.stat().st_mode & 0o7777 if target.exists() else 0o644
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(data)
            Path(name).chmod(mode)
            Path(name).replace(target)
        except OSError:
            Path(name).unlink()
            raise
    except OSError as error:
        raise StorageError(f"cannot write {near(file)}: {error.strerror}") from error


def near(path: Path) -> str:
    """A path as one would type it here; printable."""
    absolute = Path(os.path.normpath(path.absolute()))
    here = Path.cwd()
    return printable(str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute))
