"""Tokens: what one may do at a moment, how they are written, and how they are kept out of sight.

Rules kept here:
- a secret is never kept, only its digest. It has 256 bits of randomness, so a plain SHA-256
  is right: there is nothing to guess, and a slow hash would only slow each request down;
- a token is found by its digest, so no secrets are ever compared character by character;
- a token that may write may read as well, and labels limit only what it writes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from capirepo.core.names import is_label, shown
from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capirepo.core.names import Label

QUERY_NAMES: Final = ("private_token", "job_token", "deploy_token", "access_token")
"""Parameters in which GitLab and GitHub took tokens; here they are refused, and not logged."""

SECRET_BYTES: Final = 32

# By the prefix, scanners find tokens that were published by mistake.
_PREFIX: Final = "capirepo_"
_SECRET: Final = re.compile(rf"{_PREFIX}[0-9a-f]{{{2 * SECRET_BYTES}}}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_ID: Final = re.compile(r"[0-9a-f]{12}")
_LABELS: Final = re.compile(r"[a-z0-9*?.-]{1,200}")
_SPAN: Final = re.compile(r"(?P<number>[0-9]{1,6})(?P<unit>[hdw])")
_UNITS: Final = {"h": "hours", "d": "days", "w": "weeks"}
_HIDDEN: Final = "[hidden]"


def _as_servers_read_it(name: str) -> str:
    # Each character may come as an escape.
    return "".join(f"(?:{re.escape(c)}|%{ord(c):02x}|%{ord(c.upper()):02x})" for c in name)


_IN_QUERY: Final = re.compile(
    rf"([?&;](?:{'|'.join(map(_as_servers_read_it, QUERY_NAMES))})=)[^&#\s]*", re.IGNORECASE
)


class Scope(Enum):
    """What a token is for."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Who may do what; the secret is not in it.

    Attributes:
        name: of one's choice; it stands in logs.
        digest: SHA-256 of the secret, in hexadecimal.
        labels: what a token may write, as globs such as `infrastructure-*`; none for all.
        created: in UTC.
        expires: in UTC, the first moment at which it is not valid; None for never.
    """

    name: str
    digest: str
    scope: Scope
    labels: tuple[str, ...] = ()
    created: dt.datetime
    expires: dt.datetime | None = None

    @property
    def id(self) -> str:
        """What the digest begins with, so that whoever finds a secret can tell whose it is."""
        return self.digest[:12]

    @property
    def scopes(self) -> tuple[str, ...]:
        """All that it is for: who may write may read."""
        return ("read", "write") if self.scope is Scope.WRITE else ("read",)

    def expired(self, now: dt.datetime) -> bool:
        """Whether its time is over."""
        return self.expires is not None and now >= self.expires

    def may_write(self, label: Label) -> bool:
        """Whether it may write a label, as long as it has not expired."""
        if self.scope is not Scope.WRITE:
            return False
        return not self.labels or any(fnmatchcase(label, one) for one in self.labels)


def secret_of(random: bytes) -> str:
    """The secret that SECRET_BYTES random bytes make."""
    return f"{_PREFIX}{random.hex()}"


def digest_of(secret: str) -> str:
    """What is kept of a secret; '' of what is none of ours."""
    return hashlib.sha256(secret.encode()).hexdigest() if _SECRET.fullmatch(secret) else ""


def parse_name(text: str) -> str:
    """The name of a token that `text` spells.

    Raises:
        BadInputError: it cannot stand in a log, or looks like an id.
    """
    if _NAME.fullmatch(text) and not _ID.fullmatch(text):
        return text
    raise BadInputError(
        f"{shown(hidden(text))} is no name of a token",
        cure="use up to 63 letters, digits and . _ -; twelve hexadecimal digits are an id",
    )


def parse_labels(texts: Iterable[str], scope: Scope) -> tuple[str, ...]:
    """The labels, or globs of labels, that a token is limited to.

    Raises:
        BadInputError: no label can match one of them, or the token writes nothing at all.
    """
    labels = tuple(dict.fromkeys(texts))
    for text in labels:
        is_glob = "*" in text or "?" in text
        if not _LABELS.fullmatch(text) or not (is_glob or is_label(text)):
            raise BadInputError(
                f"{shown(text)} matches no label",
                cure="write a label, or a glob with * and ? such as infrastructure-*",
            )
    if labels and scope is not Scope.WRITE:
        raise BadInputError(
            "labels limit what a token may write, and this one may only read",
            cure="add --scope write, or leave --label out",
        )
    return labels


def parse_expiry(text: str, now: dt.datetime) -> dt.datetime:
    """When a token expires: after a span (`12h`, `90d`, `4w`), or when a day begins in UTC.

    Raises:
        BadInputError: it is neither, or is over already.
    """
    cure = "write a span such as 12h, 90d or 4w, or a day to come such as 2027-01-31"
    try:
        if (span := _SPAN.fullmatch(text)) is not None:
            length = dt.timedelta(**{_UNITS[span["unit"]]: int(span["number"])})
            expires = (now + length).replace(microsecond=0)
        else:
            day = dt.datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 - of UTC, in the next line
            expires = day.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        raise BadInputError(
            f"{shown(text)} is no time at which a token expires", cure=cure
        ) from None
    if expires <= now:
        raise BadInputError(f"a token that expires at {written(expires)} is of no use", cure=cure)
    return expires


def written(moment: dt.datetime) -> str:
    """A moment in UTC, as one reads and writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def hidden(text: str) -> str:
    """`text`, an address or a line of a log, without any token that stands in it."""
    if "=" in text:
        text = _IN_QUERY.sub(rf"\1{_HIDDEN}", text)
    return _SECRET.sub(_HIDDEN, text) if _PREFIX in text else text
