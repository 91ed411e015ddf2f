"""`capirepo log`: who changed what, and when."""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003 - click reads it at run time
from typing import Any

import click

from capirepo.cli.options import (
    config_option,
    console,
    output_option,
    root_argument,
    say,
    state_option,
)
from capirepo.repository import journal_of, open_repository


@click.command(
    "log",
    epilog="Examples:\n\n\b\n"
    "  capirepo log /srv/providers\n"
    "  capirepo log /srv/providers --label infrastructure-awesome --last 20\n"
    "  capirepo log /srv/providers --output json | jq -r '.[] | select(.reason) | .version'",
)
@root_argument
@click.option("--label", help="Only what is about this label.")
@click.option(
    "--action",
    type=click.Choice(
        [
            "publish",
            "upload",
            "mirror",
            "cache",
            "prune",
            "delete",
            "token-create",
            "token-revoke",
            "failed",
        ]
    ),
    help="Only this action.",
)
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Only the last N entries.")
@config_option
@state_option
@output_option
def command(
    root: Path,
    label: str | None,
    action: str | None,
    last: int | None,
    config: Path | None,
    state: Path | None,
    output: str,
) -> int:
    """Show the audit log of ROOT, oldest first: who changed what, when, and its digests.

    Each entry is chained to the one before by a digest. Exit code 1 where an entry was changed or
    taken out after it was written; that the last ones are gone, nothing tells.
    """
    journal = journal_of(open_repository(root, config, state))
    entries, broken = [], None
    for number, (entry, sound) in enumerate(journal.entries(), 1):
        if not sound and broken is None:
            broken = number
        if (label is None or entry.get("label") == label) and (
            action is None or entry.get("action") == action
        ):
            entries.append(entry)
    entries = entries[-last:] if last else entries
    if output == "json":
        click.echo(json.dumps(entries, indent=2))
    else:
        _draw(entries)
    if broken is not None:
        say(f"capirepo: entry {broken} of {journal.file} is not as it was written")
    return int(broken is not None)


def _draw(entries: list[dict[str, Any]]) -> None:
    from rich.table import Table  # noqa: PLC0415 - only what draws pays for it
    from rich.text import Text  # noqa: PLC0415 - as above

    table = Table(box=None, pad_edge=False)
    for heading in ("TIME", "WHO", "ACTION", "LABEL", "VERSION", "ABOUT"):
        table.add_column(heading, overflow="fold")
    for entry in entries:
        about = [f"{name} {digest[:12]}" for name, digest in entry.get("assets", {}).items()]
        about += [f"{entry['token']} {entry.get('id', '')}"] if "token" in entry else []
        reason = f" ({entry['reason']})" if entry.get("reason") else ""
        row = (
            entry.get("time", "-"),
            entry.get("who", "-"),
            entry.get("action", "-"),
            entry.get("label", "-"),
            entry.get("version", "-"),
            f"{', '.join(about)}{reason}".strip() or "-",
        )
        table.add_row(*(Text(str(cell)) for cell in row))
    console().print(table)
