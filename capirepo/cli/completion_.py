"""`capirepo completion`: prints what a shell needs to complete our commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from capirepo.cli import main


@click.command(
    "completion",
    epilog='Examples:\n\n\b\n  eval "$(capirepo completion bash)"\n'
    "  capirepo completion fish > ~/.config/fish/completions/capirepo.fish",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print a completion script for SHELL."""
    completion = get_completion_class(shell)
    assert completion is not None  # noqa: S101 - click has these three
    click.echo(completion(main.cli, {}, "capirepo", "_CAPIREPO_COMPLETE").source())
