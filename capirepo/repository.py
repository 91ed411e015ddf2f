"""A ROOT, opened: its configuration, its library, and what changes it; no server yet.

Commands that serve nothing need no more than this, and start without aiohttp.
"""

from __future__ import annotations

import datetime as dt
import getpass
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from capirepo.config import FILE_NAME, Settings, load_settings
from capirepo.core.clusterctl import Places
from capirepo.errors import BadInputError
from capirepo.services.ledger import Ledger
from capirepo.services.library import Library
from capirepo.services.publish import Publisher
from capirepo.services.uploads import Uploads
from capirepo.store.findings import KeptFindings
from capirepo.store.fs import FolderStore
from capirepo.store.intake import FolderIntake
from capirepo.store.journal import FileJournal
from capirepo.store.memory import BlobCache
from capirepo.store.records import FileRecords
from capirepo.store.staging import STATE
from capirepo.store.tokens import KeptTokens

if TYPE_CHECKING:
    from pathlib import Path

_MEGABYTE: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A ROOT and everything that its configuration says.

    Attributes:
        root: absolute.
        state: where the CA and other state is kept.
    """

    root: Path
    state: Path
    settings: Settings


def open_repository(
    root: Path, config: Path | None = None, state: Path | None = None
) -> Repository:
    """A ROOT with its configuration.

    Args:
        root: the folder with the releases.
        config: a configuration file; else `capirepo.yaml` in ROOT, if it is there.
        state: a folder for state; else `.capirepo` in ROOT.

    Raises:
        BadInputError: ROOT is no folder, or the configuration is wrong.
    """
    if not root.is_dir():
        what = "is no folder" if root.exists() else "does not exist"
        raise BadInputError(
            f"ROOT {root} {what}",
            cure="give the folder that holds LABEL/VERSION/ASSET",
        )
    if not os.access(root, os.R_OK | os.X_OK):
        raise BadInputError(f"ROOT {root} cannot be read", cure="check its mode and owner")
    file = config or root / FILE_NAME
    settings = load_settings(file) if config or file.exists() else Settings()
    return Repository(
        root=root.absolute(), state=(state or root / STATE).absolute(), settings=settings
    )


def findings_of(repository: Repository) -> KeptFindings:
    """What was found out about the releases of a ROOT, in earlier runs."""
    return KeptFindings(repository.state / "findings.json")


def make_library(
    repository: Repository, findings: KeptFindings | None = None
) -> tuple[Library, BlobCache]:
    """The library over a ROOT, and its cache; nothing has been looked at yet."""
    store = FolderStore(repository.root)
    blobs = BlobCache(store, half_of_memory(repository.settings))
    findings = findings or findings_of(repository)
    return Library(store, blobs, findings, repository.settings.catalog()), blobs


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishing:
    """What changes a repository.

    Attributes:
        ledger: takes note of every change.
    """

    publisher: Publisher
    uploads: Uploads
    ledger: Ledger


def make_publishing(repository: Repository) -> Publishing:
    """What changes a ROOT."""
    store, intake = FolderStore(repository.root), FolderIntake(repository.root)
    ledger = Ledger(FileRecords(repository.state / "records"), journal_of(repository), now)
    catalog = repository.settings.catalog()
    most = largest_file(repository.settings)
    return Publishing(
        publisher=Publisher(store, intake, ledger, catalog),
        uploads=Uploads(store, intake, ledger, catalog, most),
        ledger=ledger,
    )


def journal_of(repository: Repository) -> FileJournal:
    """The audit log of a repository."""
    return FileJournal(repository.state / "audit.jsonl")


def places_of(repository: Repository) -> Places:
    """Where clients find a repository."""
    gitlab = repository.settings.gitlab
    return Places(root=str(repository.root), gitlab_host=gitlab.host, gitlab_project=gitlab.project)


def tokens_of(repository: Repository) -> KeptTokens:
    """The tokens of a repository; they are read when they are asked for."""
    return KeptTokens(repository.state / "tokens.json")


def largest_file(settings: Settings) -> int:
    """How many bytes a file may have that is taken in."""
    return settings.publish.megabytes * _MEGABYTE


def half_of_memory(settings: Settings) -> int:
    """Assets have the one half of what may be kept, and answers that are ready the other."""
    return settings.cache.megabytes * _MEGABYTE // 2


def user() -> str:
    """Who runs this process, as the audit log has it."""
    try:
        return f"user {getpass.getuser()}"
    except (OSError, KeyError):
        return "user unknown"


def now() -> dt.datetime:
    """The time, in UTC: the one clock of the whole."""
    return dt.datetime.now(dt.UTC)
