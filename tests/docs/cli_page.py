"""Writes docs/cli.md from the commands themselves: `python -m tests.docs.cli_page`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.testing import CliRunner

from capirepo.cli.main import COMMANDS, cli
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = ROOT / "docs" / "cli.md"
INTRO = """# The command line

What `--help` says, in one page; `make docs` writes it anew. Exit codes: 0 fine, 1 found
problems, 2 wrong usage or input. Output for programs is `--output json`; what people read while
a command goes on is on standard error.
"""


def command_paths() -> Iterator[list[str]]:
    """Every command and subcommand, as the words to type."""
    context = click.Context(cli)
    for name in COMMANDS:
        yield [name]
        command = cli.get_command(context, name)
        if isinstance(command, click.Group):
            yield from ([name, under] for under in command.list_commands(context))


def page() -> str:
    """The whole page."""
    parts = [INTRO]
    for words in ([], *command_paths()):
        shown = CliRunner().invoke(
            cli, [*words, "--help"], prog_name="capirepo", terminal_width=100
        )
        title = " ".join(["capirepo", *words])
        text = "\n".join(line.rstrip() for line in shown.output.splitlines())
        parts.append(f"## {title}\n\n```\n{text.rstrip()}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page())
