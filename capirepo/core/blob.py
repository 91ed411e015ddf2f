"""The bytes of one asset, ready to be sent: their digest, and their gzip form."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, field
from typing import Final

_WORTH_COMPRESSING: Final = 512
_SAVES_ENOUGH: Final = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """Bytes that never change.

    Attributes:
        sha256: of `body`, in hexadecimal.
        gzipped: `body` compressed; None where that saves less than a tenth.
    """

    body: bytes = field(repr=False)
    sha256: str
    gzipped: bytes | None = field(repr=False)

    @property
    def weight(self) -> int:
        """What it takes in memory, in bytes."""
        return len(self.body) + len(self.gzipped or b"")


def make_blob(body: bytes) -> Blob:
    """Hashes and compresses; 20 ms for a megabyte of YAML, so not on an event loop."""
    gzipped = None
    if len(body) >= _WORTH_COMPRESSING:
        # No time stamp: the same bytes give the same bytes.
        packed = gzip.compress(body, compresslevel=6, mtime=0)
        gzipped = packed if len(packed) < _SAVES_ENOUGH * len(body) else None
    return Blob(body=body, sha256=hashlib.sha256(body).hexdigest(), gzipped=gzipped)
