"""`capirepo layout`: GitHub releases in folders become a ROOT."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from capirepo.cli.options import config_option, lines_option, say
from capirepo.core.layout import lay_out
from capirepo.core.names import parse_asset, parse_source
from capirepo.core.version import parse_version
from capirepo.errors import BadInputError, ConflictError
from capirepo.repository import open_repository
from capirepo.store.fs import FolderStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capirepo.core.catalog import Catalog


@click.command(
    "layout",
    epilog="Example:\n\n\b\n"
    "  capirepo layout downloads/ /srv/providers\n\n"
    "where downloads/ has kubernetes-sigs/cluster-api/v1.13.5/core-components.yaml and so on.",
)
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("root", type=click.Path(path_type=Path))
@config_option
@lines_option
def command(folder: Path, root: Path, config: Path | None, output: str) -> int:
    """Lay out the GitHub releases in FOLDER as the repository ROOT.

    FOLDER holds OWNER/REPO/TAG/ASSET, as GitHub's downloads are laid out. Each file goes to
    the label whose it is; a release that is there already with the same bytes is left.
    Exit code 1 where something was passed over.
    """
    if not folder.is_dir():
        raise BadInputError(f"{folder} is no folder", cure="give one with OWNER/REPO/TAG/ASSET")
    root.mkdir(parents=True, exist_ok=True)
    catalog = open_repository(root, config).settings.catalog()
    outcome = asyncio.run(_lay_out(folder, FolderStore(root), catalog))
    if output == "json":
        click.echo(json.dumps(outcome))
    else:
        for kind in ("added", "unchanged"):
            for line in outcome[kind]:
                click.echo(f"{kind:<10} {line}")
        for line in outcome["passed_over"]:
            say(f"passed over {line}")
        if not any(outcome.values()):
            say(f"capirepo: nothing in {folder} is laid out as OWNER/REPO/TAG/ASSET")
    return int(bool(outcome["passed_over"]))


async def _lay_out(folder: Path, store: FolderStore, catalog: Catalog) -> dict[str, Any]:
    outcome: dict[str, list[str]] = {"added": [], "unchanged": [], "passed_over": []}
    for release in _releases(folder):
        shown = str(release.relative_to(folder))
        try:
            source = parse_source("/".join(release.parts[-3:-1]))
            version = parse_version(release.name)
            files = {
                parse_asset(file.name): file.read_bytes()
                for file in sorted(release.iterdir())
                if file.is_file() and not file.name.startswith(".")
            }
        except BadInputError as error:
            outcome["passed_over"].append(f"{shown}: {error}")
            continue
        if not catalog.has(source):
            outcome["passed_over"].append(
                f"{shown}: {source} is no known source; name it in sources of ROOT/capirepo.yaml"
            )
            continue
        placed = lay_out(catalog, source, files)
        for label, names in placed.items():
            try:
                added = await store.add(label, version, {name: files[name] for name in names})
            except ConflictError as error:
                outcome["passed_over"].append(str(error))
            else:
                outcome["added" if added else "unchanged"].append(f"{label} {version}")
        left = files.keys() - {name for names in placed.values() for name in names}
        if left:
            outcome["passed_over"].append(
                f"{shown}: no label of {source} has {', '.join(sorted(left))}"
            )
    return outcome


def _releases(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.glob("*/*/*")):
        if path.is_dir() and not path.name.startswith("."):
            yield path
