"""`capirepo list`: the labels and releases of a ROOT."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path  # noqa: TC003 - click reads it at run time
from typing import Any

import click

from capirepo.cli.options import (
    config_option,
    console,
    last_upload,
    look_at,
    output_option,
    root_argument,
)
from capirepo.repository import Repository, make_publishing, open_repository
from capirepo.services import report


@click.command(
    "list",
    epilog="Examples:\n\n\b\n  capirepo list sample-repo\n"
    "  capirepo list sample-repo --output json | jq -r '.labels[].latest'",
)
@root_argument
@config_option
@output_option
def command(root: Path, config: Path | None, output: str) -> int:
    """List the labels and releases of ROOT, newest first.

    Exit code 1 where a release is incomplete or something is passed over.
    """
    content = asyncio.run(_index(open_repository(root, config)))
    if output == "json":
        click.echo(json.dumps(content, indent=2))
    else:
        _draw(content)
    broken = any(not item["complete"] for one in content["labels"] for item in one["releases"])
    return int(broken or bool(content["strays"] or content["withheld"]))


async def _index(repository: Repository) -> dict[str, Any]:
    publishing = make_publishing(repository)
    pending = await report.pending(publishing.uploads, publishing.ledger)
    return {**await report.index(await look_at(repository)), "pending": pending}


def _draw(content: dict[str, Any]) -> None:
    from rich.table import Table  # noqa: PLC0415 - only what draws pays for it

    out = console()
    table = Table(box=None, pad_edge=False)
    for heading in ("LABEL", "VERSION", "CONTRACT", "STATE"):
        table.add_column(heading, overflow="fold")
    for label in content["labels"]:
        for release in label["releases"]:
            latest = "latest" if release["version"] == label["latest"] else ""
            state = latest if release["complete"] else f"incomplete: {release['problems'][0]}"
            table.add_row(label["label"], release["version"], release["contract"] or "-", state)
    out.print(table)
    for one in content["pending"]:
        out.print(
            f"pending: {one['label']} {one['version']} ({last_upload(one)}): "
            f"{'; '.join(one['reasons'])}",
            highlight=False,
            markup=False,
        )
    for item in content["withheld"]:
        missing = ", ".join(item["missing"])
        out.print(
            f"not listed under {item['source']}: {item['version']}; {missing} has no such release",
            highlight=False,
            markup=False,
        )
    for stray in content["strays"]:
        out.print(f"passed over {stray['path']}: {stray['reason']}", highlight=False, markup=False)
