"""`capirepo ca`: the CA that signs our TLS."""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003 - click reads it at run time

import click

from capirepo.cli.options import config_option, output_option, root_argument, state_option
from capirepo.proxy.ca import CERTIFICATE
from capirepo.repository import open_repository
from capirepo.wiring import authority_of, ca_folder


@click.group("ca")
def command() -> None:
    """Show, export or renew the CA that signs our TLS.

    It is made when it is first needed, and can speak only for the hosts that we answer for.
    """


@command.command("show")
@root_argument
@config_option
@state_option
@output_option
def show(root: Path, config: Path | None, state: Path | None, output: str) -> None:
    """Show the CA of ROOT."""
    repository = open_repository(root, config, state)
    authority = authority_of(repository)
    certificate = authority.certificate
    about = {
        "file": str(ca_folder(repository) / CERTIFICATE),
        "subject": certificate.subject.rfc4514_string(),
        "from": f"{certificate.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
        "until": f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
        "sha256": authority.fingerprint,
        "names": list(authority.names),
    }
    if output == "json":
        click.echo(json.dumps(about))
        return
    for name, value in about.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        click.echo(f"{name:<9}{shown}")


@command.command("export", epilog="Example:\n\n\b\n  capirepo ca export sample-repo > ca.pem")
@root_argument
@config_option
@state_option
def export(root: Path, config: Path | None, state: Path | None) -> None:
    """Print the certificate of the CA, for SSL_CERT_FILE or a trust store."""
    authority = authority_of(open_repository(root, config, state))
    click.echo(authority.pem.decode(), nl=False)


@command.command("new")
@root_argument
@config_option
@state_option
@click.confirmation_option(
    "--yes", prompt="Clients that trust the CA of now will have to be given the new one. Go on?"
)
def new(root: Path, config: Path | None, state: Path | None) -> None:
    """Make a new CA in place of the one of now."""
    repository = open_repository(root, config, state)
    authority = authority_of(repository, new=True)
    click.echo(f"{ca_folder(repository) / CERTIFICATE}\n{authority.fingerprint}")
    click.echo("Restart running servers, and give clients the new CA.", err=True)
