"""The commands of docs/mirror.md, as they stand there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from capirepo.config import parse_settings
from tests.support import ROOT, SAMPLE, clean_environment

PAGE = (ROOT / "docs" / "mirror.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
SECTIONS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_on_mirroring_does_what_it_says(tmp_path: Path) -> None:
    shutil.copytree(SAMPLE, tmp_path / "upstream")
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "capirepo.yaml").write_text(SECTIONS[0])
    environment = clean_environment(tmp_path)
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-c", "set -eu\n" + "".join(f"echo '@@'\n{block}" for block in BLOCKS)],
        cwd=tmp_path, env=environment, check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    mirrored, shown, checked, locked, pruned = done.stdout.split("@@\n")[1:]
    assert mirrored.count("to fetch    ") == 6
    assert mirrored.count("mirrored    ") == 3
    assert "up to date  3 releases of 2 labels; nothing to fetch" in mirrored
    assert "mirrored    infrastructure-awesome v0.2.0 (6 files, " in mirrored
    assert str(tmp_path / "upstream" / "infrastructure-awesome" / "v0.2.0") in shown
    assert "compared    3 releases" in checked
    assert "locked 3 releases" in locked
    assert pruned.count("not wanted  nothing") == 2


def test_the_sections_that_the_page_shows_are_taken() -> None:
    for section in SECTIONS:
        assert parse_settings(section.encode(), "docs/mirror.md").wanted()
