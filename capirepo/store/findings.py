"""What was found out about releases, kept between runs, so that nothing is parsed twice.

A finding holds for as long as the assets that it was made from are the same, by name and
stamp. The file can be lost at any time: it only saves the work of looking again.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from capirepo import __version__
from capirepo.core.metadata import Metadata, ReleaseSeries

if TYPE_CHECKING:
    from capirepo.core.names import AssetName
    from capirepo.core.release import Release

_FORMAT: Final = f"1 {__version__}"


class _Finding(msgspec.Struct, frozen=True, array_like=True):
    stamps: dict[str, int]
    contract: str | None
    problems: tuple[str, ...]
    series: tuple[tuple[int, int, str], ...]


class _File(msgspec.Struct):
    format: str
    findings: dict[str, _Finding]


class KeptFindings:
    """Findings in a file; a file that cannot be read or written is as good as none."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._changed = False
        self._findings: dict[str, _Finding] = {}
        with contextlib.suppress(OSError, msgspec.DecodeError):
            kept = msgspec.json.decode(file.read_bytes(), type=_File)
            if kept.format == _FORMAT:
                self._findings = kept.findings

    def recall(self, release: Release, components: AssetName) -> Release | None:
        """`release` with what is known of it; None where nothing is, or it has changed."""
        kept = self._findings.get(f"{release} {components}")
        if kept is None or kept.stamps != _stamps(release):
            return None
        series = tuple(
            ReleaseSeries(major=major, minor=minor, contract=contract)
            for major, minor, contract in kept.series
        )
        return replace(
            release,
            contract=kept.contract,
            problems=kept.problems,
            series=Metadata(series=series),
        )

    def keep(self, release: Release, components: AssetName) -> None:
        """Takes note of a release that was inspected."""
        self._changed = True
        self._findings[f"{release} {components}"] = _Finding(
            stamps=_stamps(release),
            contract=release.contract,
            problems=release.problems,
            series=tuple((one.major, one.minor, one.contract) for one in release.series.series),
        )

    def save(self) -> None:
        """Writes the file, where anything is new."""
        if not self._changed:
            return
        content = msgspec.json.encode(_File(format=_FORMAT, findings=self._findings))
        with contextlib.suppress(OSError):
            # No parents: a ROOT that is gone must not come back empty.
            self._file.parent.mkdir(exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self._file.parent)
            try:
                with os.fdopen(descriptor, "wb") as out:
                    out.write(content)
                Path(name).replace(self._file)
            except OSError:
                Path(name).unlink()
            else:
                self._changed = False


def _stamps(release: Release) -> dict[str, int]:
    return {asset.name: asset.stamp for asset in release.assets.values()}
