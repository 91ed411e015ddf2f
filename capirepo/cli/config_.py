"""`capirepo config`: prints a clusterctl.yaml."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import click
import yaml

from capirepo.cli.options import config_option, look_at, say
from capirepo.core.clusterctl import Style, render_config
from capirepo.repository import Repository, open_repository, places_of
from capirepo.services import report
from capirepo.services.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command(
    "config",
    epilog="Examples:\n\n\b\n"
    "  capirepo config sample-repo > clusterctl.yaml\n"
    "  capirepo config sample-repo --style gitlab --provider awesome@v0.1.1\n"
    "  capirepo config --server http://127.0.0.1:8080 --style gitlab",
)
@click.argument("root", required=False, type=click.Path(path_type=Path))
@click.option("--server", metavar="URL", help="Ask a server in place of reading ROOT.")
@click.option(
    "--style",
    type=click.Choice([style.value for style in Style]),
    help="The form of the addresses.  [default: local; of a server: gitlab]",
)
@click.option(
    "--provider",
    "providers",
    multiple=True,
    metavar="LABEL[@VERSION]",
    help="Only this one; may be given again. A provider's name does where it is the only one.",
)
@click.option(
    "--image-registry",
    default="",
    metavar="HOST[/PATH]",
    help="Take all images from this registry.",
)
@config_option
def command(
    root: Path | None,
    server: str | None,
    style: str | None,
    providers: tuple[str, ...],
    image_registry: str,
    config: Path | None,
) -> int:
    """Print a clusterctl.yaml for ROOT or for a server, with concrete versions.

    Local addresses need no server. GitLab's and GitHub's are answered here only through
    `capirepo run` or `capirepo env`; GitHub's name `latest`.
    """
    if server:
        if root is not None:
            raise click.UsageError("give either ROOT or --server, not both")
        from capirepo.cli.client import get  # noqa: PLC0415 - only what asks pays for it

        query = [("style", style or Style.GITLAB.value), *(("provider", one) for one in providers)]
        if image_registry:
            query.append(("image-registry", image_registry))
        click.echo(get(server, f"/clusterctl.yaml?{urlencode(query)}").decode(), nl=False)
        return 0
    content = asyncio.run(
        _content(
            open_repository(root or Path(), config),
            Style(style or "local"),
            providers,
            image_registry,
        )
    )
    click.echo(yaml.safe_dump(content, sort_keys=False), nl=False)
    if not content["providers"]:
        say("capirepo: there is no complete release of a provider to name")
    return int(not content["providers"])


async def _content(
    repository: Repository, style: Style, providers: Sequence[str], image_registry: str
) -> dict[str, Any]:
    addresses = await report.addresses(Desk(await look_at(repository)), providers)
    return render_config(addresses, style, places_of(repository), image_registry=image_registry)
