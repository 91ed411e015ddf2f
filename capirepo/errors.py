"""The few exceptions of this project.

Each says what was given, what was expected and what to do next. The core raises them
without knowing HTTP; `web/errors.py` turns them into statuses, `cli/main.py` into exit codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class CapirepoError(Exception):
    """What went wrong, in one sentence, and the way out of it.

    Attributes:
        cure: what to do next; empty where the sentence says it already.
    """

    def __init__(self, message: str, *, cure: str = "") -> None:
        super().__init__(message)
        self.cure = cure

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message}; {self.cure}" if self.cure else message


class BadInputError(CapirepoError):
    """Something given (an address, a file, a setting) is not of the form it must have."""


class NotThereError(CapirepoError):
    """What was asked for is not in the repository.

    Attributes:
        available: what is there instead, newest or nearest first.
    """

    def __init__(self, message: str, *, available: Sequence[str] = (), cure: str = "") -> None:
        super().__init__(message, cure=cure)
        self.available = tuple(available)


class UnauthorizedError(CapirepoError):
    """Nobody that we know asks: no token was given, or one that is wrong or expired."""


class RefusedError(CapirepoError):
    """What was asked for is not done here, by policy."""


class ConflictError(CapirepoError):
    """A release already holds other bytes; a release never changes."""


class MisdirectedError(CapirepoError):
    """A request reached us through a connection that was opened for another host."""


class StorageError(CapirepoError):
    """The disk, not the request, is at fault."""
