"""`capirepo serve`: serves a ROOT until it is stopped."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shlex
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path  # noqa: TC003 - click reads it at run time
from typing import TYPE_CHECKING, Any

import click
import msgspec

from capirepo.cli.options import (
    config_option,
    counted,
    in_mode,
    log_in_lines,
    point_out_if_empty,
    root_argument,
    state_option,
    upstream_option,
)
from capirepo.repository import Repository, open_repository, tokens_of
from capirepo.wiring import Running, serving

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command(
    "serve",
    epilog="Examples:\n\n\b\n"
    "  capirepo serve sample-repo\n"
    "  capirepo serve /srv/providers --listen 0.0.0.0:8080 --tls-listen 0.0.0.0:8443\n"
    "  capirepo serve /srv/cache --upstream cache\n"
    "  capirepo serve --access-log json 2>access.log",
)
@root_argument
@click.option("--listen", metavar="HOST:PORT", help="Plain port.  [default: 127.0.0.1:8080]")
@click.option(
    "--tls-listen",
    metavar="HOST:PORT",
    help="TLS port; '' for none.  [default: 127.0.0.1:8443]",
)
@click.option(
    "--access-log",
    type=click.Choice(["text", "json", "off"]),
    help="Form of the access log.  [default: text]",
)
@upstream_option
@config_option
@state_option
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    help="Form of the banner: json is one line, for programs.",
)
def command(
    root: Path,
    upstream: str | None,
    config: Path | None,
    state: Path | None,
    output: str,
    **settings: str | None,
) -> None:
    """Serve ROOT to clusterctl, on loopback unless told otherwise.

    ROOT holds LABEL/VERSION/ASSET, as clusterctl's own local repository does. A release
    copied into it is seen within a second or so, without a restart. SIGHUP looks at once.

    With --upstream cache, what is asked for and not in ROOT is fetched from where it is
    published, once, checked, and kept in ROOT.
    """
    log_in_lines(logging.INFO)
    repository = in_mode(open_repository(root, config, state), upstream)
    repository = with_server_settings(repository, settings)
    asyncio.run(_serve(repository, output))


def with_server_settings(repository: Repository, given: Mapping[str, str | None]) -> Repository:
    """The repository with what the command line says about the server."""
    changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    server = msgspec.structs.replace(repository.settings.server, **changes)
    return replace(repository, settings=msgspec.structs.replace(repository.settings, server=server))


async def _serve(repository: Repository, output: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _stop, loop, stop, number)
    async with serving(repository) as running:
        loop.add_signal_handler(signal.SIGHUP, running.watch.look_soon)
        point_out_if_empty(repository, running.library)
        click.echo(_banner(repository, running, output))
        await stop.wait()
    click.echo("capirepo: stopped", err=True)


def _stop(loop: asyncio.AbstractEventLoop, stop: asyncio.Event, number: int) -> None:
    if stop.is_set():
        # Asked twice: no more waiting for downloads.
        loop.remove_signal_handler(number)
        signal.raise_signal(number)
    stop.set()


def _banner(repository: Repository, running: Running, output: str) -> str:
    labels, releases = len(running.library.labels), running.library.count
    # As it can be typed in another terminal, whose PATH may not have a .venv in it.
    program = "capirepo" if shutil.which("capirepo") else shlex.quote(os.path.abspath(sys.argv[0]))  # noqa: PTH100
    line = f"{program} run --server {running.url} -- clusterctl config repositories"
    if output == "json":
        return json.dumps(
            {
                "root": str(repository.root),
                "url": running.url,
                "tls_url": running.tls_url,
                "ca": str(running.ca_file),
                "labels": labels,
                "releases": releases,
            }
        )
    exports = f'eval "$({program} env --server {shlex.quote(running.url)})"'
    return (
        f"capirepo serves {repository.root}: {counted(releases, 'release')} of "
        f"{counted(labels, 'label')}\n"
        f"  {running.url}  (and the proxy for {', '.join(repository.settings.hosts)})\n"
        + (f"  {running.tls_url}  (CA: {running.ca_file})\n" if running.tls_url else "")
        + _on_upstreams(repository)
        + _on_tokens(repository)
        + "".join(f"  for others: {address}\n" for address in _for_others(repository, running))
        + f"In another terminal:\n  {line}\nor, for a whole shell:\n  {exports}\n"
        "Ctrl-C stops."
    )


def _on_upstreams(repository: Repository) -> str:
    if not repository.settings.caches:
        return ""
    return "  What is not here is fetched from its upstream, once, and kept in ROOT.\n"


def _on_tokens(repository: Repository) -> str:
    if not repository.settings.private:
        return ""
    none = ", of which there are none yet" if not tokens_of(repository).all() else ""
    return f"  Reading takes a token{none}: see `capirepo token create --help`\n"


def _for_others(repository: Repository, running: Running) -> list[str]:
    """The addresses by which others reach the TLS port, as the configuration names them."""
    port = running.tls_url.rpartition(":")[2]
    names = repository.settings.server.names if running.tls_url else ()
    return [f"https://{f'[{name}]' if ':' in name else name}:{port}" for name in names]
