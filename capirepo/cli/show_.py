"""`capirepo show`: one label, or one release."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import click

from capirepo.cli.options import (
    config_option,
    console,
    last_upload,
    look_at,
    output_option,
    root_argument,
    state_option,
)
from capirepo.core.clusterctl import LATEST
from capirepo.core.names import is_called
from capirepo.core.version import parse_version
from capirepo.errors import CapirepoError
from capirepo.repository import Repository, make_publishing, open_repository
from capirepo.services import report
from capirepo.services.report import PENDING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


@click.command(
    "show",
    epilog="Examples:\n\n\b\n"
    "  capirepo show infrastructure-awesome sample-repo\n"
    "  capirepo show infrastructure-awesome@v0.2.0 sample-repo --output json",
)
@click.argument("what", metavar="LABEL[@VERSION]")
@root_argument
@config_option
@state_option
@output_option
def command(what: str, root: Path, config: Path | None, state: Path | None, output: str) -> int:
    """Show a label of ROOT with its releases, or one release: images, variables, templates.

    A release that was published or mirrored says when, by whom, and with which digests; one that
    is still uploaded says what is missing. A provider's name does for its label, where only one
    label has it.
    """
    content = asyncio.run(_content(open_repository(root, config, state), what))
    if output == "json":
        click.echo(json.dumps(content, indent=2))
    elif "releases" in content:
        _draw_label(content)
    elif content["state"] == PENDING:
        _draw_pending(content)
    else:
        _draw_release(content)
    releases = content.get("releases", [content])
    complete = all(release["complete"] for release in releases)
    return int(not complete or bool(content.get("changed")))


async def _content(repository: Repository, what: str) -> dict[str, Any]:
    library, publishing = await look_at(repository), make_publishing(repository)
    name, _, version = what.replace(":", "@", 1).partition("@")
    pending = [
        one
        for one in await report.pending(publishing.uploads, publishing.ledger)
        if is_called(one["label"], name)
    ]
    try:
        label = report.find_label(library, name)
        if not version:
            return {**await report.label_summary(library, label), "pending": pending}
        wanted = await library.latest(label) if version == LATEST else parse_version(version)
        details = await report.release_details(library, await library.release(label, wanted))
    except CapirepoError:
        # Not there, or not yet: then what it lacks is what one wants to know.
        meant = [one for one in pending if version in ("", one["version"])]
        if not meant:
            raise
        return meant[0]
    else:
        record = publishing.ledger.record_of(label, wanted)
        changed = _changed(details["assets"], record)
        return {**details, "state": "listed", "record": record, "changed": changed}


def _changed(assets: list[dict[str, Any]], record: dict[str, Any]) -> list[str]:
    """The assets that are not as they were published."""
    known = record.get("assets", {})
    return [
        asset["name"]
        for asset in assets
        if asset["name"] in known and known[asset["name"]]["sha256"] != asset["sha256"]
    ]


def _draw_label(content: dict[str, Any]) -> None:
    _lines(
        {
            "label": content["label"],
            "type": content["type"] or "-",
            "source": content["source"],
            "latest": content["latest"] or "-",
        }
    )
    _table(
        ("VERSION", "CONTRACT", "ASSETS", "STATE"),
        (
            (
                release["version"],
                release["contract"] or "-",
                str(len(release["assets"])),
                "complete" if release["complete"] else "; ".join(release["problems"]),
            )
            for release in content["releases"]
        ),
    )
    for one in content["pending"]:
        click.echo(f"pending {one['version']} ({last_upload(one)}): {'; '.join(one['reasons'])}")


def _draw_pending(content: dict[str, Any]) -> None:
    _lines(
        {
            "label": content["label"],
            "version": content["version"],
            "state": f"pending: {'; '.join(content['reasons'])}",
            "upload": last_upload(content),
        }
    )
    _table(("ASSET", "BYTES"), ((one["name"], f"{one['size']:,}") for one in content["assets"]))


def _draw_release(content: dict[str, Any]) -> None:
    series = ", ".join(
        f"{one['major']}.{one['minor']} {one['contract']}" for one in content["series"]
    )
    _lines(
        {
            "label": content["label"],
            "version": content["version"],
            "contract": content["contract"] or "-",
            "state": "complete" if content["complete"] else "; ".join(content["problems"]),
            "source": content["source"],
            "series": series or "-",
            "namespace": ", ".join(content["namespaces"]) or "-",
            "images": ", ".join(content["images"]) or "-",
            "classes": ", ".join(one["name"] for one in content["clusterClasses"]) or "-",
            "published": _published(content["record"]),
        }
    )
    if content["changed"]:
        click.echo(f"changed since it was published: {', '.join(content['changed'])}\n")
    _table(
        ("ASSET", "BYTES", "SHA-256"),
        ((one["name"], f"{one['size']:,}", one["sha256"][:16]) for one in content["assets"]),
    )
    _table(("FETCHED", "STATED", "MARK", "FROM"), _fetched(content["record"]))
    files = [("components", content), *((one["asset"], one) for one in content["templates"])]
    _table(
        ("FILE", "VARIABLE", "DEFAULT"),
        (
            (name, one["name"], "(required)" if one["required"] else one["default"])
            for name, file in files
            for one in file["variables"]
        ),
    )


def _published(record: dict[str, Any]) -> str:
    """When, by whom and how a release came here, as far as it is known."""
    if not record:
        return "not by capirepo"
    told = f"{record.get('published', '?')} by {record.get('by', '?')}"
    return f"{told}, without lint: {record['noLint']}" if record.get("noLint") else told


def _fetched(record: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Each file that came from an upstream: what upstream stated of it, and where it was."""
    for name, one in record.get("assets", {}).items():
        if origin := one.get("upstream"):
            stated = "the same" if origin.get("sha256") else "nothing"
            mark = origin.get("stamp") or origin.get("etag") or "-"
            yield name, stated, mark, f"{origin['address']} at {origin['at']}"


def _lines(content: dict[str, str]) -> None:
    for name, value in content.items():
        click.echo(f"{name:<10} {value}")
    click.echo()


def _table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    from rich.table import Table  # noqa: PLC0415 - only what draws pays for it
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    for position, heading in enumerate(headings):
        table.add_column(heading, overflow="fold", no_wrap=position == 0)
    for row in rows:
        table.add_row(*map(Text, row))
    if table.row_count:
        out = console()
        out.print(table)
        out.print()
