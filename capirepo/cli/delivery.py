"""Where a release goes once its files are there: into a ROOT, or to a server.

The commands that make releases know no more of it than this.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from capirepo.core.catalog import Catalog
from capirepo.core.names import parse_asset
from capirepo.core.version import Version, newest_first, parse_version
from capirepo.errors import StorageError
from capirepo.repository import make_publishing, open_repository, user
from capirepo.services import admission
from capirepo.services.ledger import Author
from capirepo.store.fs import FolderStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from capirepo.core.lint import Problem
    from capirepo.core.names import AssetName, Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What became of a release.

    Attributes:
        place: where it is, for people.
        state: listed, pending (on a server only), or refused.
        added: False where the very same release was there already.
        missing: what a pending one still needs.
        problems: what lint found.
    """

    place: str
    state: str
    added: bool = False
    missing: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the place of a release holds before it is delivered.

    Attributes:
        there: the files of this very version; None where it is not there.
        previous: the highest version below it; None where there is none.
        files: those of `previous`.
    """

    there: Mapping[AssetName, bytes] | None = None
    previous: Version | None = None
    files: Mapping[AssetName, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a release is to be delivered.

    Attributes:
        no_lint: why lint is passed over; '' where it is not.
        state: where a ROOT keeps its log and records; None for `.capirepo` in it.
        sent: is told how many bytes have gone to a server.
    """

    no_lint: str = ""
    state: Path | None = None
    sent: Callable[[int], None] = lambda _: None


async def deliver(
    label: Label,
    version: Version,
    files: Mapping[AssetName, bytes],
    to: str,
    terms: Terms | None = None,
) -> Delivered:
    """Puts a release into the ROOT `to`, or sends it to the server there; wholly or not at all.

    Into a ROOT nothing comes that lint finds an error in. Whoever sends to a server asks `examine`
    before: it may be another GitLab, which takes everything.

    Raises:
        ConflictError: the version is there with other files or other bytes.
        BadInputError, UnauthorizedError, RefusedError: the server says no.
        StorageError: the disk fails, or no server answers.
    """
    terms = terms or Terms()
    if is_address(to):
        return _send(label, version, files, to, terms)
    root = _made(Path(to))
    author = Author(who=user(), via="cli", no_lint=terms.no_lint)
    publisher = make_publishing(open_repository(root, state=terms.state)).publisher
    outcome = await publisher.publish(label, version, files, author)
    return Delivered(
        place=str(root / label / str(version)),
        state=outcome.state,
        added=outcome.changed,
        problems=outcome.problems,
    )


async def examine(
    label: Label, version: Version, files: Mapping[AssetName, bytes], to: str | None
) -> tuple[Problem, ...]:
    """What lint says of a release, with the catalog of the ROOT `to` where it is one."""
    contents = {str(name): data for name, data in files.items()}
    return await admission.check(_catalog(to), label, version, contents)


async def stored(label: Label, version: Version, to: str) -> Stored:
    """What `to` holds of `version`, and of the version before it.

    Raises:
        BadInputError: no server answers.
        StorageError: the disk fails.
    """
    if is_address(to):
        return _stored_at(label, version, to)
    store = FolderStore(Path(to))
    versions = await store.versions(label)

    async def content(wanted: Version) -> Mapping[AssetName, bytes]:
        assets = await store.assets(label, wanted)
        return {name: await store.read(label, wanted, assets[name]) for name in assets}

    below = newest_first(one for one in versions if one < version)
    return Stored(
        there=await content(version) or None,
        previous=below[0] if below else None,
        files=await content(below[0]) if below else {},
    )


def is_address(to: str) -> bool:
    """Whether releases go to a server, and not into a folder."""
    return "://" in to


def _send(
    label: Label, version: Version, files: Mapping[AssetName, bytes], to: str, terms: Terms
) -> Delivered:
    from capirepo.cli.remote import send_release  # noqa: PLC0415 - what stays here needs no TLS

    answer = send_release(
        to,
        label,
        version,
        files,
        components=_catalog(to).entry(label).components,
        no_lint=terms.no_lint,
        sent=terms.sent,
    )
    told = answer.told
    errors = [one["message"] for one in told.get("problems", ()) if one["severity"] == "error"]
    return Delivered(
        place=f"{to.rstrip('/')}/{label}/{version}",
        # Another GitLab says nothing of the kind: what it has taken is there.
        state="refused"
        if "problems" in told and "state" not in told
        else told.get("state", "listed"),
        added=bool(told.get("changed", True)),
        missing=(*told.get("missing", ()), *errors),
    )


def _stored_at(label: Label, version: Version, to: str) -> Stored:
    from capirepo.cli.remote import fetch_release, versions_at  # noqa: PLC0415 - as above

    versions = [parse_version(one) for one in versions_at(to, label)]
    below = newest_first(one for one in versions if one < version)

    def content(wanted: Version) -> dict[AssetName, bytes]:
        found = fetch_release(to, label, wanted)
        return {parse_asset(name): data for name, data in found.items()}

    return Stored(
        there=content(version) if version in versions else None,
        previous=below[0] if below else None,
        files=content(below[0]) if below else {},
    )


def _catalog(to: str | None) -> Catalog:
    if to and not is_address(to) and Path(to).is_dir():
        return open_repository(Path(to)).settings.catalog()
    return Catalog()


def _made(root: Path) -> Path:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make the folder {root}: {error.strerror}") from error
    return root
