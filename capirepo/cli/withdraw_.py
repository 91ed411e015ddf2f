"""`capirepo withdraw`: takes back what was uploaded and is no release yet."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from capirepo.cli.delivery import is_address
from capirepo.cli.options import state_option
from capirepo.cli.remote import withdraw_release
from capirepo.core.names import parse_asset, parse_label
from capirepo.core.version import parse_version
from capirepo.errors import BadInputError
from capirepo.repository import make_publishing, open_repository, user
from capirepo.services.ledger import Author

if TYPE_CHECKING:
    from capirepo.core.names import AssetName, Label
    from capirepo.core.version import Version


@click.command(
    "withdraw",
    epilog="Examples:\n\n\b\n"
    "  capirepo withdraw infrastructure-awesome@v0.3.0 --from /srv/providers\n"
    "  capirepo withdraw infrastructure-awesome@v0.3.0 --from https://mirror.example.com \\\n"
    "    --asset cluster-template.yaml",
)
@click.argument("what", metavar="LABEL@VERSION")
@click.option(
    "--from",
    "origin",
    required=True,
    metavar="ROOT|URL",
    help="A folder, or a server, to which CAPIREPO_TOKEN is shown.",
)
@click.option("--asset", metavar="NAME", help="Only this file.")
@click.option(
    "--listed",
    is_flag=True,
    help="Also a release that is listed. Clients may have it; another under its version will "
    "differ from theirs.",
)
@state_option
def command(
    what: str,
    origin: str,
    asset: str | None,
    listed: bool,  # noqa: FBT001 - click's way to call
    state: Path | None,
) -> None:
    """Remove a release that is pending, or one file of it; `capirepo list` names what is pending.

    A release that is listed is removed only with --listed; a server allows it only where its
    configuration says `publish.delete: any`. The removal is in the audit log.
    """
    name, at, text = what.partition("@")
    if not at:
        raise BadInputError(f"{what} names no version", cure="write LABEL@VERSION")
    label, version = parse_label(name), parse_version(text)
    wanted = parse_asset(asset) if asset else None
    if is_address(origin):
        withdraw_release(origin, label, version, wanted or "", listed=listed)
    else:
        asyncio.run(_withdraw(Path(origin), state, label, version, wanted, listed=listed))
    click.echo(f"removed  {label} {version}{f': {wanted}' if wanted else ''}")


async def _withdraw(
    root: Path,
    state: Path | None,
    label: Label,
    version: Version,
    name: AssetName | None,
    *,
    listed: bool,
) -> None:
    uploads = make_publishing(open_repository(root, None, state)).uploads
    await uploads.withdraw(label, version, Author(who=user(), via="cli"), name=name, listed=listed)
