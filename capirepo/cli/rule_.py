"""`capirepo rule`: what a rule of lint means, and why."""

from __future__ import annotations

import json

import click

from capirepo.cli.options import console, output_option
from capirepo.core.lint import RULES, By, choose
from capirepo.core.lint.report import rule_data


@click.command(
    "rule",
    epilog="Examples:\n\n\b\n  capirepo rule\n  capirepo rule image-form\n  capirepo rule metadata",
)
@click.argument("what", metavar="[ID|GROUP]", required=False)
@output_option
def command(what: str | None, output: str) -> None:
    """Explain a rule of lint; without an ID, list them all."""
    chosen = choose([what] if what else [])
    if output == "json":
        click.echo(json.dumps([rule_data(rule) for rule in chosen], indent=2))
    elif what in RULES:
        rule = RULES[what or ""]
        by = f", refused by {rule.refused_by.value}" if rule.refused_by is not By.NOBODY else ""
        click.echo(f"{rule.id} ({rule.severity.value}{by})\n\n{rule.summary}")
        if rule.explanation:
            click.echo(f"\n{rule.explanation}")
    else:
        from rich.table import Table  # noqa: PLC0415 - only what draws pays for it

        table = Table(box=None, pad_edge=False)
        for heading in ("RULE", "SEVERITY", "REFUSED BY", "WHAT IS WRONG"):
            table.add_column(heading, overflow="fold")
        for rule in chosen:
            table.add_row(rule.id, rule.severity.value, rule.refused_by.value or "-", rule.summary)
        console().print(table)
