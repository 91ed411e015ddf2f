"""Faults at system calls of real processes, at whichever moment a test chooses.

`strace` counts the calls of each thread apart, and which thread makes one is chance; so every
Python that a test starts counts for itself, in all threads, once it is told to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# Python imports this before anything else.
_CUSTOMIZE = """
import errno, itertools, os, signal
PLAN = os.environ["FAULT_PLAN"]
counted = {}

def faulty(name):
    real = getattr(os, name)
    def call(*given, **named):
        try:
            with open(PLAN) as file:
                wanted, fault, first, last = file.read().split()
        except (OSError, ValueError):
            return real(*given, **named)
        if wanted == name:
            number = next(counted.setdefault(name, itertools.count(1)))
            if int(first) <= number <= int(last):
                if fault == "KILL":
                    os.kill(os.getpid(), signal.SIGKILL)
                code = getattr(errno, fault)
                raise OSError(code, os.strerror(code))
        return real(*given, **named)
    setattr(os, name, call)

for name in ("fsync", "link", "mkdir", "rename", "replace", "write"):
    faulty(name)
"""


class Faults:
    """What goes wrong in the processes that a test starts.

    Args:
        folder: for the plan.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.plan = folder / "plan"
        (folder / "sitecustomize.py").write_text(_CUSTOMIZE)

    def at(self, call: str, fault: str, first: int, last: int = 0) -> None:
        """From now on: `KILL`, or the error `fault`, from the first to the last such call."""
        self.plan.write_text(f"{call} {fault} {first} {last or first}")

    def none(self) -> None:
        """Nothing goes wrong from now on."""
        self.plan.unlink(missing_ok=True)


@pytest.fixture
def faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Faults:
    """Faults for every Python that the test starts."""
    made = Faults(tmp_path / "faults")
    monkeypatch.setenv("PYTHONPATH", str(made.folder))
    monkeypatch.setenv("FAULT_PLAN", str(made.plan))
    return made
