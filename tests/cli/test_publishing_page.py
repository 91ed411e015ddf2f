"""The commands of docs/publishing.md, as they stand there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support import ROOT, SAMPLE, clean_environment, serving_process

PAGE = (ROOT / "docs" / "publishing.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_on_publishing_does_what_it_says(tmp_path: Path) -> None:
    release = SAMPLE / "infrastructure-awesome" / "v0.2.0"
    shutil.copytree(release, tmp_path / "dist")
    metadata = tmp_path / "dist" / "metadata.yaml"
    # One file of metadata.yaml has the series of every version that the page publishes.
    text = metadata.read_text()
    assert "minor: 3" not in text
    metadata.write_text(text + "  - major: 0\n    minor: 3\n    contract: v1beta1\n")
    (tmp_path / "my-repo").mkdir()
    with serving_process(tmp_path / "my-repo", state=tmp_path / "my-repo" / ".capirepo") as server:
        environment = clean_environment(tmp_path, SERVER=server.url)
        environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
        done = subprocess.run(
            ["bash", "-c", "set -eu\n" + "".join(f"echo '@@'\n{block}" for block in BLOCKS)],
            cwd=tmp_path, env=environment, check=False, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    local, remote, upload, log = done.stdout.split("@@\n")[1:]
    assert "published  infrastructure-awesome v0.1.0" in local
    assert "by user" in local
    assert "published  infrastructure-awesome v0.2.0" in remote
    assert upload.count('"state": "pending"') == 2
    assert "infrastructure-components.yaml is missing" in upload
    assert upload.count('"state": "listed"') == 1
    assert "token ci" in log
