"""`capirepo release`: from a provider's source tree to a release in a ROOT."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from capirepo.author.draft import Draft, Order, draft
from capirepo.author.kustomize import SECONDS
from capirepo.author.tree import near, write
from capirepo.cli.delivery import Stored, deliver, examine, stored
from capirepo.cli.drafted import Outcome, as_data
from capirepo.cli.drawn import draw
from capirepo.cli.kept import keep
from capirepo.cli.options import collect_less, lines_option
from capirepo.config import FILE_NAME
from capirepo.core.catalog import Catalog
from capirepo.core.images import parse_image
from capirepo.core.metadata import parse_contract
from capirepo.core.names import CORE_LABEL, Label, Provider, ProviderType, parse_label, shown
from capirepo.core.version import parse_version
from capirepo.errors import BadInputError, ConflictError
from capirepo.repository import open_repository

if TYPE_CHECKING:
    from capirepo.core.catalog import Entry

_TYPES = {kind.prefix: kind for kind in ProviderType}
_PATH = click.Path(path_type=Path, exists=True)


@click.command(
    "release",
    epilog="Examples:\n\n\b\n"
    "  capirepo release --from config/default --type infrastructure --name awesome \\\n"
    "    --version v0.1.0 --image registry.example.com/org/manager:v0.1.0 --out my-repo\n"
    "  capirepo release --from out/components.yaml --type ipam --name awesome \\\n"
    "    --version v0.2.0 --image registry.example.com/org/manager:v0.2.0 --to my-repo --dry-run",
)
@click.option(
    "--from",
    "origin",
    required=True,
    type=_PATH,
    help="Folder with a kustomization, or a file with components that are rendered already.",
)
@click.option(
    "--type", "kind", required=True, type=click.Choice([*_TYPES]), help="Type of the provider."
)
@click.option(
    "--name",
    default="",
    help="Its name, as in `clusterctl init -i NAME`; core has none.",
)
@click.option("--version", required=True, metavar="vX.Y.Z", help="Version of the release.")
@click.option(
    "--image",
    required=True,
    metavar="REFERENCE",
    help="Image of the container `manager`, with its registry and a tag or digest.",
)
@click.option(
    "--metadata",
    type=_PATH,
    help="The metadata.yaml.  [default: the one beside or above --from; else one is made]",
)
@click.option(
    "--contract",
    help="Contract of the version's series.  [default: that of the series before it; else what the "
    "CustomResourceDefinitions say; else v1beta1]",
)
@click.option(
    "--templates",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with cluster templates and ClusterClasses.  [default: templates beside the "
    "metadata.yaml or at the top of the tree, if it is there]",
)
@click.option("--out", metavar="DIR", help="ROOT to write to; made where it is not there.")
@click.option(
    "--to",
    metavar="ROOT|URL",
    help="ROOT to write to, which must be there; or a server, to which CAPIREPO_TOKEN is shown.",
)
@click.option("--dry-run", is_flag=True, help="Release nothing; show what differs from before.")
@click.option(
    "--write-metadata", is_flag=True, help="Write an added series into the tree's file as well."
)
@click.option(
    "--diff-lines",
    type=click.IntRange(min=0),
    default=200,
    show_default=True,
    help="Lines of the difference that --dry-run shows; 0 for all.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="How long kustomize may take, each time.",
)
@lines_option
def command(
    origin: Path,
    kind: str,
    name: str,
    version: str,
    image: str,
    metadata: Path | None,
    contract: str | None,
    templates: Path | None,
    out: str | None,
    to: str | None,
    dry_run: bool,  # noqa: FBT001 - click passes flags so
    write_metadata: bool,  # noqa: FBT001 - as above
    diff_lines: int,
    timeout: float,
    output: str,
) -> int:
    """Make a release of a provider from its source tree.

    Renders the kustomization (with kustomize or kubectl, whichever is on PATH), sets the image
    of the container `manager`, sees to the version's series in metadata.yaml, and collects
    the templates. What lint finds no error in becomes LABEL/VERSION in a ROOT, or on a server,
    which clusterctl installs from; a release that is there already is never changed. Where it is
    not released and lint has something to say, its files are kept in a temporary folder, which
    the output names. Exit code 1 where the release is refused, with --dry-run and without: lint
    finds an error, or the version is there with other bytes.
    """
    collect_less()
    place = _place(out, to, dry_run=dry_run)
    label = _label(kind, name)
    order = Order(
        label=label,
        version=parse_version(version),
        image=parse_image(image),
        origin=origin,
        components=_entry(label, place).components,
        metadata=metadata,
        contract=parse_contract(contract) if contract else None,
        templates=templates,
        with_templates=_TYPES[kind] is ProviderType.INFRASTRUCTURE,
        seconds=timeout,
    )
    outcome = asyncio.run(_release(order, place, dry_run=dry_run, write_metadata=write_metadata))
    if output == "json":
        click.echo(as_data(outcome))
    else:
        draw(outcome, _entry(label, place), diff_lines)
    return int(outcome.conflicting or outcome.refused)


async def _release(
    order: Order, place: str | None, *, dry_run: bool, write_metadata: bool
) -> Outcome:
    made = await draft(order)
    before = await stored(order.label, order.version, place) if place else Stored()
    problems = await examine(order.label, order.version, made.files, place)
    outcome = Outcome(
        order=order, draft=made, before=before, place=place, dry_run=dry_run, problems=problems
    )
    if made.obstacle and not outcome.refused:
        # YAML only once the variables have values. Nothing goes out whose image was not set.
        raise BadInputError(
            f"the image cannot be set in {near(order.origin)}: {made.obstacle}",
            cure="put what has ${VARIABLES} in it into quotes",
        )
    if place and not dry_run and not (outcome.refused or outcome.conflicting):
        outcome = await _delivered(outcome, place)
    if outcome.listed and write_metadata:
        outcome = replace(outcome, written=_write_metadata(made))
    if problems and outcome.home is None:
        outcome = replace(outcome, kept=keep(order.label, order.version, made.files))
    return outcome


async def _delivered(outcome: Outcome, place: str) -> Outcome:
    """What became of it; that another release stands in its way is no error of usage."""
    order = outcome.order
    try:
        delivered = await deliver(order.label, order.version, outcome.draft.files, place)
    except ConflictError as error:
        return replace(outcome, conflict=str(error))
    return replace(outcome, delivered=delivered)


def _write_metadata(made: Draft) -> Path | None:
    if not made.series.added:
        return None
    write(made.series.file, made.series.data)
    return made.series.file


def _place(out: str | None, to: str | None, *, dry_run: bool) -> str | None:
    if out and to:
        raise click.UsageError("give either --out or --to, not both")
    if not (out or to or dry_run):
        raise click.UsageError(
            "say where the release goes: --out DIR or --to ROOT|URL; or --dry-run to see it only"
        )
    if to and "://" not in to and not Path(to).is_dir():
        raise BadInputError(
            f"ROOT {to} is no folder", cure="give one that is there, or have it made with --out"
        )
    return out or to


def _label(kind: str, name: str) -> Label:
    if _TYPES[kind] is ProviderType.CORE:
        if name not in ("", CORE_LABEL):
            raise BadInputError(f"a core provider is called {CORE_LABEL}, not {shown(name)}")
        return CORE_LABEL
    if not name:
        raise click.UsageError("say what the provider is called: --name")
    label = parse_label(Provider(type=_TYPES[kind], name=name).label)
    bare = name.removeprefix(f"{kind}-")
    if bare != name:
        raise BadInputError(
            f"the name {shown(name)} begins with the type, so the label would be {shown(label)}",
            cure=f"did you mean --name {bare}?",
        )
    return label


def _entry(label: Label, place: str | None) -> Entry:
    """Where clients look for `label`, as far as the ROOT says it."""
    if place and Path(place, FILE_NAME).is_file():
        return open_repository(Path(place)).settings.catalog().entry(label)
    return Catalog().entry(label)
