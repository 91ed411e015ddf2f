"""Options, arguments and words that several commands share."""

from __future__ import annotations

import gc
import logging
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from capirepo.proxy.traffic import OneLine
from capirepo.repository import Repository, make_library
from capirepo.upstream_settings import CACHE, OFFLINE

if TYPE_CHECKING:
    from rich.console import Console

    from capirepo.services.library import Library

root_argument = click.argument("root", default=".", type=click.Path(path_type=Path))
config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="Configuration file.  [default: capirepo.yaml in ROOT, if it is there]",
)
state_option = click.option(
    "--state",
    type=click.Path(path_type=Path),
    envvar="CAPIREPO_STATE",
    help="Folder for the CA and other state.  [default: .capirepo in ROOT]",
)
upstream_option = click.option(
    "--upstream",
    type=click.Choice([OFFLINE, CACHE]),
    help="cache: fetch what is asked for and not here.  [default: offline]",
)
output_option = click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="A table for people, or JSON for programs.",
)
lines_option = click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Lines for people, or JSON for programs.",
)


async def look_at(repository: Repository) -> Library:
    """The library of a ROOT that has been looked at once, for commands without a server."""
    library, _ = make_library(repository)
    await library.refresh()
    point_out_if_empty(repository, library)
    await library.inspect_all()
    return library


def log_in_lines(level: int) -> None:
    """Logs to standard error, a line a record; no traceback reaches a user."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine())
    logging.basicConfig(level=level, handlers=[handler])
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    # Python reports here what it cannot raise, such as an SNI that is no text.
    sys.unraisablehook = lambda odd: logging.getLogger("capirepo").info("%s", odd.exc_value)


def collect_less() -> None:
    """Has Python look for garbage less often, in commands that read YAML and end.

    A megabyte of it is a million objects that stay; looking through them again and again is a
    fifth of the time that such a command takes.
    """
    gc.set_threshold(100_000, 50, 50)


def counted(number: int, what: str) -> str:
    """A number of things, as one says it."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def last_upload(pending: dict[str, Any]) -> str:
    """When the last file of a pending release came, and from whom."""
    return f"last file {pending['since']} by {pending['by']}" if pending["since"] else "not logged"


def in_mode(repository: Repository, mode: str | None) -> Repository:
    """The repository with what the command line says about upstreams."""
    if mode is None:
        return repository
    upstream = msgspec.structs.replace(repository.settings.upstream, mode=mode)
    settings = msgspec.structs.replace(repository.settings, upstream=upstream)
    return replace(repository, settings=settings)


def point_out_if_empty(repository: Repository, library: Library) -> None:
    """Says so where a ROOT has nothing in it: it is most often the wrong folder."""
    if not library.labels and not repository.settings.caches:
        say(f"capirepo: {repository.root} holds no release: LABEL/VERSION/ASSET is expected in it")


def console() -> Console:
    """For tables; what is piped is for other programs, and never wrapped."""
    from rich.console import Console  # noqa: PLC0415 - only what draws pays for it

    return Console(width=None if sys.stdout.isatty() else 400)


def say(text: str) -> None:
    """Prints to standard error: what people read while output goes on."""
    click.echo(text, err=True)
