"""`capirepo lock`: writes the lock file that `mirror --locked` obeys."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

import click

from capirepo.cli.options import config_option, counted, root_argument, say, state_option
from capirepo.core.lock import FILE_NAME, Lock, parse_lock, render_lock
from capirepo.errors import BadInputError, StorageError
from capirepo.repository import Repository, make_publishing, open_repository
from capirepo.services.locking import Locked, make_lock
from capirepo.store.fs import FolderStore


@click.command(
    "lock",
    epilog="Examples:\n\n\b\n"
    "  capirepo lock /srv/providers\n"
    "  capirepo lock /srv/providers --output - | diff capirepo.lock -",
)
@root_argument
@config_option
@state_option
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Where to write; - for standard output.  [default: capirepo.lock beside capirepo.yaml]",
)
def command(root: Path, config: Path | None, state: Path | None, output: str | None) -> int:
    """Write down each release of ROOT that a mirror has brought, with the digest of each file.

    The files are read anew. Where one is not what was fetched, nothing is written, and the exit
    code is 1.
    """
    repository = open_repository(root, config, state)
    locked = asyncio.run(_made(repository))
    for problem in locked.problems:
        say(f"capirepo: {problem}")
    if locked.problems:
        return 1
    text = render_lock(locked.lock)
    if output == "-":
        click.echo(text, nl=False)
        return 0
    file = Path(output) if output else lock_file(root, config)
    _write(file, text)
    releases = sum(map(len, locked.lock.values()))
    files = sum(len(files) for versions in locked.lock.values() for files in versions.values())
    click.echo(f"locked {counted(releases, 'release')}, {counted(files, 'file')}: {file}")
    if not releases:
        say("capirepo: only what `capirepo mirror` has brought is locked, and there is none of it")
    return 0


def lock_file(root: Path, config: Path | None) -> Path:
    """Where the lock file is: beside the configuration."""
    return (config.parent if config else root) / FILE_NAME


def read_lock(file: Path) -> Lock:
    """What a lock file names.

    Raises:
        BadInputError: it is not there, or is none.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BadInputError(
            f"cannot read {file}: {error.strerror}", cure="`capirepo lock` writes it"
        ) from error
    return parse_lock(data, str(file))


async def _made(repository: Repository) -> Locked:
    return await make_lock(FolderStore(repository.root), make_publishing(repository).ledger)


def _write(file: Path, text: str) -> None:
    """Puts a file in place of the one before, whole or not at all."""
    try:
        descriptor, name = tempfile.mkstemp(dir=file.parent)
        try:
            with os.fdopen(descriptor, "w") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(file)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StorageError(f"cannot write {file}: {error.strerror}") from error
