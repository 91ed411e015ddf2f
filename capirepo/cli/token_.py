"""`capirepo token`: who may write to a server, and read where that is private."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import secrets
from pathlib import Path  # noqa: TC003 - click reads it at run time
from typing import TYPE_CHECKING, Any

import click

from capirepo.cli.options import (
    config_option,
    console,
    output_option,
    root_argument,
    say,
    state_option,
)
from capirepo.core.names import printable
from capirepo.core.tokens import (
    SECRET_BYTES,
    Scope,
    Token,
    digest_of,
    parse_expiry,
    parse_labels,
    parse_name,
    secret_of,
    written,
)
from capirepo.errors import CapirepoError
from capirepo.repository import journal_of, open_repository, tokens_of, user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capirepo.repository import Repository


@click.group("token")
def command() -> None:
    """Create, list or revoke tokens: who may write, and read what is private.

    A running server sees each change at its next request. Only digests are kept: a token is
    shown once, when it is created.
    """


@command.command(
    "create",
    epilog="Examples:\n\n\b\n"
    "  TOKEN=$(capirepo token create ci /srv/providers --scope write --expires 90d)\n"
    "  capirepo token create team-a --scope write --label 'infrastructure-*' --expires 2030-01-31",
)
@click.argument("name")
@root_argument
@click.option(
    "--scope",
    type=click.Choice([scope.value for scope in Scope]),
    default=Scope.READ.value,
    show_default=True,
    help="What it is for; who may write may read.",
)
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="LABEL|GLOB",
    help="It writes only such labels; may be given again.  [default: all]",
)
@click.option(
    "--expires",
    metavar="SPAN|DAY",
    help="After a span (12h, 90d, 4w), or when a day begins in UTC (2030-01-31).  [default: never]",
)
@config_option
@state_option
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="The token alone, or JSON with everything about it.",
)
def create(
    name: str,
    root: Path,
    scope: str,
    labels: tuple[str, ...],
    expires: str | None,
    config: Path | None,
    state: Path | None,
    output: str,
) -> None:
    """Create a token called NAME for the server of ROOT, and print it, this once.

    The name stands in logs. What is printed to standard output is the token alone.
    """
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    secret = secret_of(secrets.token_bytes(SECRET_BYTES))
    token = Token(
        name=parse_name(name),
        digest=digest_of(secret),
        scope=Scope(scope),
        labels=parse_labels(labels, Scope(scope)),
        created=now,
        expires=parse_expiry(expires, now) if expires is not None else None,
    )
    repository = open_repository(root, config, state)
    with _noted(repository, "token-create", token):
        tokens_of(repository).add(token)
    if output == "json":
        click.echo(json.dumps({"token": secret, **_about(token, now)}))
        return
    until = f"until {written(token.expires)}" if token.expires else "until it is revoked"
    say(
        f"capirepo: token {token.name} (id {token.id}) may {_may(token)}, {until}. It is shown "
        "only now.\nSend it as PRIVATE-TOKEN, as Authorization: Bearer, as the password of Basic, "
        "or set CAPIREPO_TOKEN."
    )
    click.echo(secret)


@command.command("list", epilog="Example:\n\n\b\n  capirepo token list /srv/providers")
@root_argument
@config_option
@state_option
@output_option
def list_(root: Path, config: Path | None, state: Path | None, output: str) -> None:
    """List the tokens of ROOT, expired ones too; what they are is kept nowhere."""
    now = dt.datetime.now(dt.UTC)
    tokens = tokens_of(open_repository(root, config, state)).all()
    if output == "json":
        click.echo(json.dumps([_about(token, now) for token in tokens], indent=2))
    elif tokens:
        _draw(tokens, now)
    else:
        say("capirepo: there are no tokens; `capirepo token create` makes one")


@command.command("revoke", epilog="Example:\n\n\b\n  capirepo token revoke ci /srv/providers")
@click.argument("name_or_id", metavar="NAME|ID")
@root_argument
@config_option
@state_option
def revoke(name_or_id: str, root: Path, config: Path | None, state: Path | None) -> None:
    """Revoke a token: from the next request on, it is good for nothing.

    Its id is what the SHA-256 of the token begins with: printf %s TOKEN | sha256sum.
    """
    repository = open_repository(root, config, state)
    tokens = tokens_of(repository)
    known = next((one for one in tokens.all() if name_or_id in (one.name, one.id)), None)
    with _noted(repository, "token-revoke", known):
        token = tokens.remove(name_or_id)
    say(f"capirepo: token {token.name} (id {token.id}) is revoked")


@contextlib.contextmanager
def _noted(repository: Repository, action: str, token: Token | None) -> Iterator[None]:
    """Notes in the audit log what is done to a token before it is done, and that it failed."""
    if token is None:
        yield
        return
    entry = {
        "time": written(dt.datetime.now(dt.UTC)),
        "action": action,
        "who": printable(user()),
        "via": "cli",
        "token": token.name,
        "id": token.id,
    }
    journal = journal_of(repository)
    journal.append(entry)
    try:
        yield
    except CapirepoError as error:
        journal.append({**entry, "action": "failed", "reason": printable(f"{action}: {error}")})
        raise


def _about(token: Token, now: dt.datetime) -> dict[str, Any]:
    return {
        "name": token.name,
        "id": token.id,
        "scopes": list(token.scopes),
        "labels": list(token.labels),
        "created": written(token.created),
        "expires": written(token.expires) if token.expires else None,
        "expired": token.expired(now),
    }


def _may(token: Token) -> str:
    if token.scope is Scope.READ:
        return "read"
    return f"read, and write {', '.join(token.labels) or 'all labels'}"


def _draw(tokens: list[Token], now: dt.datetime) -> None:
    from rich.table import Table  # noqa: PLC0415 - only what draws pays for it

    table = Table(box=None, pad_edge=False)
    for heading in ("NAME", "ID", "MAY", "CREATED", "EXPIRES", "STATE"):
        table.add_column(heading, overflow="fold")
    for token in tokens:
        table.add_row(
            token.name,
            token.id,
            _may(token),
            written(token.created),
            written(token.expires) if token.expires else "-",
            "expired" if token.expired(now) else "valid",
        )
    console().print(table, markup=False, highlight=False)
