"""Makes the files of a release from an author's tree; nothing is written.

What is wrong in a file is for lint to tell, of all files at once; so a file in which nothing
can be set or added is taken as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from capirepo.author import kustomize, tree
from capirepo.core.components import read_manifest
from capirepo.core.images import ImageChange, ImageReference, with_image
from capirepo.core.metadata import METADATA, is_contract, parse_metadata
from capirepo.core.series import new_metadata, with_series
from capirepo.core.yamlguard import YamlError
from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from capirepo.author.kustomize import Renderer
    from capirepo.core.metadata import Metadata
    from capirepo.core.names import AssetName, Label
    from capirepo.core.version import Version

_DEFAULT_CONTRACT: Final = "v1beta1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be released, and from where.

    Attributes:
        origin: a folder with a kustomization, or a file with components that are rendered.
        components: the name that the components file gets.
        metadata: the author's file; None to look for it.
        contract: of the version's series; None to take it from what is there.
        templates: the folder with them; None to look for it.
        with_templates: whether clusterctl takes templates from a provider of this type.
        seconds: how long one rendering may take.
    """

    label: Label
    version: Version
    image: ImageReference
    origin: Path
    components: AssetName
    metadata: Path | None = None
    contract: str | None = None
    templates: Path | None = None
    with_templates: bool = True
    seconds: float = kustomize.SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The metadata.yaml of a release, and how it came about.

    Attributes:
        file: the author's file, there or to be made.
        contract: of the version's series; '' where the file does not say it.
        because: where the contract is from, for people.
        added: whether `data` has a series that `file` has not.
    """

    data: bytes
    file: Path
    contract: str
    because: str
    added: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a file of a release is made from.

    Attributes:
        path: a file of the tree, or a folder with a kustomization.
        same: whether the release has the very bytes of that file.
    """

    path: Path
    same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The files of a release, and what its author should know.

    Attributes:
        origins: of each file but a metadata.yaml that is new.
        obstacle: why the image could not be set; lint may find an error in it as well.
        no_templates: whether there may be templates, and no folder with them was found.
        remarks: what the renderer said besides.
    """

    files: Mapping[AssetName, bytes]
    origins: Mapping[AssetName, Origin]
    images: tuple[ImageChange, ...]
    series: Series
    obstacle: YamlError | None = None
    no_templates: bool = False
    left_out: tuple[tree.LeftOut, ...] = ()
    remarks: tuple[str, ...] = ()


async def draft(order: Order) -> Draft:
    """The release that `order` describes.

    Raises:
        BadInputError: something of the tree is not as it must be, or cannot be rendered.
    """
    rendering = _Rendering(order.seconds)
    components = _components(await rendering.of(order.origin), order)
    series = _series(order, _newest_contract(components.data, order.components))
    files = {order.components: components.data, METADATA: series.data}
    origins = {order.components: Origin(path=order.origin, same=False)}
    if series.file.exists():
        origins[METADATA] = Origin(path=series.file, same=not series.added)
    folder = _templates_folder(order, series.file)
    templates = tree.collect(folder) if folder else tree.Templates(places={})
    for name, place in templates.places.items():
        files[name] = await rendering.of(place)
        origins[name] = Origin(path=tree.source_of(place), same=not place.is_dir())
    return Draft(
        files=files,
        origins=origins,
        images=components.images,
        series=series,
        obstacle=components.obstacle,
        no_templates=order.with_templates and folder is None,
        left_out=templates.left_out,
        remarks=tuple(dict.fromkeys(rendering.remarks)),
    )


class _Rendering:
    """Reads what is rendered, and renders the rest; looks for a program only then."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._renderer: Renderer | None = None
        self.remarks: list[str] = []

    async def of(self, place: Path) -> bytes:
        """The YAML of a file or of a folder's kustomization."""
        if not _is_kustomization(place):
            return tree.read(place)
        if self._renderer is None:
            self._renderer = kustomize.find_renderer(self._seconds)
        rendered = await kustomize.render(self._renderer, place)
        self.remarks += rendered.remarks
        return rendered.data


def _is_kustomization(place: Path) -> bool:
    if place.is_dir():
        kustomize.require_kustomization(place)
        return True
    if place.name in kustomize.FILES:
        raise BadInputError(
            f"{tree.near(place)} is a kustomization, not what it renders to",
            cure=f"give its folder: {tree.near(place.parent)}",
        )
    return False


class _Components(NamedTuple):
    data: bytes
    images: tuple[ImageChange, ...] = ()
    obstacle: YamlError | None = None


def _components(rendered: bytes, order: Order) -> _Components:
    """The components with their image; as they are where they cannot be read."""
    try:
        return _Components(*with_image(rendered, order.image, order.components))
    except YamlError as error:
        return _Components(rendered, obstacle=error)


def _newest_contract(data: bytes, name: AssetName) -> str | None:
    """What the CustomResourceDefinitions say; None where nothing does, or it cannot be read."""
    try:
        contracts = read_manifest(data, name).contracts
    except BadInputError:
        return None
    return contracts[-1] if contracts else None


def _templates_folder(order: Order, metadata: Path) -> Path | None:
    if order.with_templates:
        return order.templates or tree.find_templates(order.origin, metadata)
    if order.templates:
        raise BadInputError(
            f"{order.label} cannot have templates",
            cure="clusterctl takes them from infrastructure providers only",
        )
    return None


def _series(order: Order, of_crds: str | None) -> Series:
    file = order.metadata or tree.find_metadata(order.origin)
    if file is None:
        contract, because = _first_contract(order.contract, of_crds)
        return Series(
            data=new_metadata(order.version, contract),
            file=tree.top_of(order.origin) / METADATA,
            contract=contract,
            because=because,
            added=True,
        )
    text = tree.read(file)
    metadata = parse_metadata(text)
    contract, because = _contract(order, metadata)
    if metadata.problems or not is_contract(contract):
        said = metadata.contract_of(order.version) or ""
        return Series(
            data=text, file=file, contract=said, because="as its series says", added=False
        )
    try:
        data = with_series(text, order.version, contract)
    except BadInputError as error:
        raise BadInputError(f"{tree.near(file)}: {error}") from error
    return Series(data=data, file=file, contract=contract, because=because, added=data != text)


def _first_contract(given: str | None, of_crds: str | None) -> tuple[str, str]:
    if given:
        return given, "as --contract says"
    if of_crds:
        return of_crds, "as the labels of the CustomResourceDefinitions say"
    return _DEFAULT_CONTRACT, "for nothing says another: --contract does"


def _contract(order: Order, metadata: Metadata) -> tuple[str, str]:
    there = metadata.contract_of(order.version)
    if order.contract:
        return order.contract, "as --contract says"
    if there:
        return there, "as its series says"
    nearest = metadata.nearest(order.version)
    if nearest is None:
        return _first_contract(None, None)
    return nearest.contract, f"as series {nearest.major}.{nearest.minor} has it"
