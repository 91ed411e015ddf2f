"""Answers whose bytes are ready: the whole head of a request is the key.

An answer that depends on nothing but the request and the repository is kept as bytes. The
next request with the same bytes gets it with one look-up and one write, before anything is
parsed. It is forgotten as soon as the repository changes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from capirepo.proxy.traffic import Line

Channel = tuple[bool, str | None]
"""What an answer depends on beside the request: TLS or not, and the host it was opened for."""

_MOST: Final = 4096
_LONGEST_HEAD: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response as bytes.

    Attributes:
        head: the status line and all headers but Date, each with its line end.
        close: whether the connection ends with it, as the request asked.
        line: for the access log.
    """

    head: bytes
    body: bytes
    close: bool
    line: Line


class Ready:
    """The answers of one repository.

    Args:
        generation: what the repository's answers depend on.
        budget: bytes of bodies to keep at most; beyond it everything starts anew.
    """

    def __init__(self, generation: Callable[[], int], budget: int) -> None:
        self.generation = generation
        self._budget = budget
        self._used = 0
        self._of = generation()
        self._answers: dict[tuple[Channel, bytes], Answer] = {}
        self._second = 0
        self._date = b""

    def get(self, channel: Channel, head: bytes) -> Answer | None:
        """The answer to `head` on a connection of one kind, if it is ready."""
        if self._of != self.generation():
            self._clear()
        return self._answers.get((channel, head))

    def keep(self, channel: Channel, head: bytes, answer: Answer, generation: int) -> None:
        """Keeps an answer that was computed from `generation` of the repository."""
        too_much = len(head) > _LONGEST_HEAD or len(answer.body) > self._budget
        if too_much or generation != self.generation():
            return
        if self._used + len(answer.body) > self._budget or len(self._answers) >= _MOST:
            self._clear()
        self._answers[channel, head] = answer
        self._used += len(answer.body)

    def date(self) -> bytes:
        """The Date header and the empty line, of this second."""
        now = int(time.time())
        if now != self._second:
            self._second = now
            self._date = f"Date: {formatdate(now, usegmt=True)}\r\n\r\n".encode()
        return self._date

    def _clear(self) -> None:
        self._answers.clear()
        self._used = 0
        self._of = self.generation()


def head_of(status: int, reason: str, headers: Mapping[str, str]) -> bytes:
    """The head of a response, as `Answer.head`."""
    lines = [f"HTTP/1.1 {status} {reason}"]
    lines += [f"{name}: {value}" for name, value in headers.items() if name != "Date"]
    return "".join(f"{line}\r\n" for line in lines).encode()
