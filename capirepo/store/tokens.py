"""Tokens in a file: read again whenever it has changed, changed by one process at a time.

Rules kept here:
- the file is its owner's alone from the first byte on, and one that others may read, or that
  is damaged, is an error with its cure, never silently no tokens;
- it appears whole and lasting (temporary file, sync, rename, sync of the folder), under a
  lock on the folder, so that two changes at once lose nothing.
"""

from __future__ import annotations

import contextlib
import datetime as dt  # noqa: TC003 - msgspec reads it at run time
import fcntl
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from capirepo.core.tokens import Scope, Token, parse_labels, parse_name
from capirepo.errors import BadInputError, ConflictError, NotThereError, StorageError
from capirepo.store.staging import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_STAGED: Final = ".tokens-"
_OTHERS_MAY: Final = 0o077
_CURE: Final = "put back a copy of it, or remove it and create the tokens anew"


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token as it stands in the file."""

    name: str
    sha256: str
    scope: Scope
    labels: tuple[str, ...]
    created: dt.datetime
    expires: dt.datetime | None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal[1]
    tokens: tuple[_Kept, ...]


class KeptTokens:
    """The tokens of one repository.

    Args:
        file: where they are kept; none are where there is no such file.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stamp: tuple[int, ...] | None = None
        self._by_digest: Mapping[str, Token] = {}

    def find(self, digest: str) -> Token | None:
        """The token with a digest, expired or not, as the file says at this moment.

        A look at the file's stamp is all that it costs while nothing changes.

        Raises:
            StorageError: the file cannot be read, is damaged, or others may read it.
        """
        self._refresh()
        return self._by_digest.get(digest)

    def all(self) -> list[Token]:
        """All tokens, by name; raises as `find`."""
        self._refresh()
        return sorted(self._by_digest.values(), key=lambda token: token.name)

    def add(self, token: Token) -> None:
        """Adds a token; it is kept for good once this returns.

        Raises:
            ConflictError: there is one of that name.
            StorageError: the file cannot be written, or as `find`.
        """
        with self._changing():
            tokens = self.all()
            if any(one.name == token.name for one in tokens):
                raise ConflictError(
                    f"there is a token {token.name} already",
                    cure=f"take another name, or `capirepo token revoke {token.name}` first",
                )
            self._write([*tokens, token])

    def remove(self, name_or_id: str) -> Token:
        """Removes a token, by its name or its id, and returns it.

        Raises:
            NotThereError: there is none.
            StorageError: the file cannot be written, or as `find`.
        """
        with self._changing():
            tokens = self.all()
            for token in tokens:
                if name_or_id in (token.name, token.id):
                    self._write(one for one in tokens if one is not token)
                    return token
        raise NotThereError(
            f"there is no token of that name or id in {self._file}",
            available=[token.name for token in tokens],
        )

    def _refresh(self) -> None:
        try:
            self._look()
        except OSError as error:
            raise StorageError(
                f"cannot read {self._file}: {error.strerror}",
                cure="run `capirepo token` as the user that serves, or give that user the file",
            ) from error

    def _look(self) -> None:
        try:
            stamp = _stamp(self._file.stat())
            if stamp == self._stamp:
                return
            descriptor = os.open(self._file, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            self._stamp, self._by_digest = None, {}
            return
        with os.fdopen(descriptor, "rb") as source:
            about = os.fstat(source.fileno())
            if about.st_mode & _OTHERS_MAY:
                raise StorageError(
                    f"others may use {self._file} (mode {about.st_mode & 0o777:04o})",
                    cure=f"chmod 600 {self._file}",
                )
            # What was known is forgotten first: nothing of it may outlive a file gone bad.
            self._stamp, self._by_digest = None, {}
            tokens = self._parsed(source.read())
        self._stamp, self._by_digest = _stamp(about), {token.digest: token for token in tokens}

    def _parsed(self, data: bytes) -> list[Token]:
        try:
            return [_token_of(kept) for kept in msgspec.json.decode(data, type=_File).tokens]
        except (msgspec.DecodeError, UnicodeDecodeError, BadInputError) as error:
            raise StorageError(f"{self._file} is damaged: {error}", cure=_CURE) from error

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        """Holds the lock on the folder, which is made where it is not there yet."""
        folder = self._file.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                for left_behind in folder.glob(f"{_STAGED}*"):
                    left_behind.unlink()
                yield
            finally:
                os.close(descriptor)
        except OSError as error:
            raise StorageError(
                f"cannot keep tokens in {folder}: {error.strerror}",
                cure="give a folder that can be written with --state",
            ) from error

    def _write(self, tokens: Iterable[Token]) -> None:
        kept = tuple(
            _Kept(
                name=token.name,
                sha256=token.digest,
                scope=token.scope,
                labels=token.labels,
                created=token.created,
                expires=token.expires,
            )
            for token in tokens
        )
        content = msgspec.json.encode(_File(format=1, tokens=kept))
        # mkstemp makes it with mode 0600.
        descriptor, name = tempfile.mkstemp(dir=self._file.parent, prefix=_STAGED)
        try:
            with os.fdopen(descriptor, "wb") as out:
                out.write(msgspec.json.format(content) + b"\n")
                out.flush()
                os.fsync(out.fileno())
            Path(name).replace(self._file)
        except OSError:
            Path(name).unlink()
            raise
        sync_folder(self._file.parent)


def _token_of(kept: _Kept) -> Token:
    if len(kept.sha256) != 64:  # noqa: PLR2004 - digits of a SHA-256
        raise BadInputError(f"the sha256 of {kept.name!r} is none")
    moments = [kept.created, *([kept.expires] if kept.expires else [])]
    if any(moment.tzinfo is None for moment in moments):
        raise BadInputError(f"a time of {kept.name!r} has no zone")
    return Token(
        name=parse_name(kept.name),
        digest=kept.sha256,
        scope=kept.scope,
        labels=parse_labels(kept.labels, kept.scope),
        created=kept.created,
        expires=kept.expires,
    )


def _stamp(about: os.stat_result) -> tuple[int, ...]:
    return (about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)
