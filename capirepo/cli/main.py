"""The command `capirepo`: what it has, and how it fails.

Exit codes: 0 fine, 1 found problems, 2 wrong usage or input. Each command is imported only
when it is called, so that the others, `--version` and completion stay fast.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any, Final

import click

from capirepo import __version__
from capirepo.errors import CapirepoError, NotThereError

COMMANDS: Final = {
    "serve": "Serve ROOT to clusterctl.",
    "run": "Run a command so that its clusterctl reads providers from ROOT or a server.",
    "env": "Print the environment that `run` sets, for a shell.",
    "list": "List the labels and releases of ROOT.",
    "show": "Show one label, or one release.",
    "config": "Print a clusterctl.yaml.",
    "lint": "Check releases against the provider contract.",
    "rule": "Explain a rule of lint.",
    "release": "Make a release of a provider from its source tree.",
    "publish": "Publish releases into a ROOT, or to a server.",
    "withdraw": "Take back what was uploaded and is no release yet.",
    "mirror": "Bring releases from their upstreams into ROOT.",
    "lock": "Write down exactly what a mirror has brought.",
    "log": "Show who changed what, and when.",
    "layout": "Lay out GitHub releases (OWNER/REPO/TAG/ASSET) as a ROOT.",
    "token": "Create, list or revoke the tokens of those who write, or read what is private.",
    "ca": "Show, export or renew the CA that signs our TLS.",
    "completion": "Print a completion script for a shell.",
}


class _Lazy(click.Group):
    """A group whose commands are modules of `capirepo.cli`, imported when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table above, which is the order of a first day."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"capirepo.cli.{cmd_name}_").command
        assert isinstance(command, click.Command)  # noqa: S101 - a mistake of ours only
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list for `--help`, without importing any command."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a hint at a near name."""
        import difflib  # noqa: PLC0415 - for a mistake only

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"did you mean {near[0]}?" if near else "see `capirepo --help`"
            raise click.UsageError(f"there is no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)


@click.command(
    cls=_Lazy,
    name="capirepo",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Examples:\n\n\b\n"
    "  capirepo serve sample-repo\n"
    "  capirepo run sample-repo -- clusterctl generate provider -i awesome\n"
    "  capirepo list sample-repo\n"
    "  capirepo COMMAND --help",
)
@click.version_option(__version__, message="capirepo %(version)s")
def cli() -> None:
    """Keep Cluster API provider releases, and serve them to an unmodified clusterctl."""


def main() -> None:
    """Runs the command line; no traceback reaches a user."""
    plugin = os.path.basename(sys.argv[0]).startswith("clusterctl-")  # noqa: PTH119 - no Path for speed
    try:
        result: Any = cli.main(
            prog_name="clusterctl capirepo" if plugin else "capirepo", standalone_mode=False
        )
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except CapirepoError as error:
        available = error.available if isinstance(error, NotThereError) else ()
        there = f"; there is: {', '.join(available)}" if available else ""
        # `run` has the codes of a shell for a command that cannot be run.
        _fail(f"{error}{there}", getattr(error, "code", 2))
    except BrokenPipeError:
        # Whoever read our output has read enough; without this Python complains at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:
        _fail(f"{error.filename or 'the system'}: {error.strerror or error}")
    sys.exit(result if isinstance(result, int) else 0)


def _fail(sentence: str, code: int = 2) -> None:
    click.echo(f"capirepo: {sentence}", err=True)
    sys.exit(code)
