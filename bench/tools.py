"""The programs that the bench runs: where they are, or how to get them."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final

_SYSTEM_FOLDERS: Final = ("/usr/sbin", "/usr/local/sbin")
CURES: Final = {
    "nginx": "apt-get install nginx-light",
    "wrk": "apt-get install wrk",
    "curl": "apt-get install curl",
    "clusterctl": "name one with CAPIREPO_CLUSTERCTL, or install Go, which builds it",
    "/proc": "needs Linux",
}


def find(name: str) -> Path | None:
    """One of the tools of `CURES`; None where it is not on this machine."""
    if name == "/proc":
        return Path("/proc/self/status") if Path("/proc/self/status").exists() else None
    if name == "clusterctl":
        return _clusterctl()
    # Debian keeps nginx where only root's PATH leads.
    folders = os.pathsep.join([os.environ.get("PATH", os.defpath), *_SYSTEM_FOLDERS])
    return _path_of(name, folders)


def capirepo() -> Path:
    """The command of the Python that runs this, so that this checkout is what is measured."""
    return Path(sys.executable).with_name("capirepo")


def _clusterctl() -> Path | None:
    try:
        from tests.clients import tools  # noqa: PLC0415 - the tests need not be there
    except ImportError:
        return _path_of(os.environ.get("CAPIREPO_CLUSTERCTL") or "clusterctl")
    try:
        return tools.clusterctl(tools.NEWEST)
    except tools.ToolMissing:
        return _path_of("clusterctl")


def _path_of(name: str, folders: str | None = None) -> Path | None:
    found = shutil.which(name, path=folders)
    return Path(found).absolute() if found else None
