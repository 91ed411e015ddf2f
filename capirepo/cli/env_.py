"""`capirepo env`: the environment that `run` sets, for a shell."""

from __future__ import annotations

import json

import click

from capirepo.cli.client import check_url
from capirepo.cli.clientside import lasting_folder, variables_for
from capirepo.core.environment import as_exports
from capirepo.errors import CapirepoError


@click.command(
    "env",
    epilog="Examples:\n\n\b\n"
    '  eval "$(capirepo env)"\n'
    '  eval "$(capirepo env --server http://mirror.example.com:8080)"\n'
    "  clusterctl init --infrastructure awesome",
)
@click.option(
    "--server", default="http://127.0.0.1:8080", show_default=True, metavar="URL", help="A server."
)
@click.option(
    "-o",
    "--output",
    type=click.Choice(["shell", "json"]),
    default="shell",
    show_default=True,
    help="Shell exports, or JSON.",
)
def command(server: str, output: str) -> None:
    """Print, as shell exports, the environment in which clusterctl reads from a server."""
    base = check_url(server)
    try:
        variables = variables_for(base, lasting_folder(base))
    except CapirepoError:
        # `eval "$(capirepo env)" && clusterctl …` must not go on to the real github.com.
        click.echo("false")
        raise
    click.echo(
        json.dumps(variables) if output == "json" else as_exports(variables), nl=output == "json"
    )
