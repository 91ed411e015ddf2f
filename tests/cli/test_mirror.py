"""`capirepo mirror` and `capirepo lock`, from a folder, also when they are killed."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.services.faults import Faults, faults
from tests.support import CAPIREPO, add_release, run_capirepo

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["faults"]

LABEL = "infrastructure-awesome"
TEMPLATE = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: ${NAMESPACE}\n"
ENTRY = f"mirror: [{{provider: {LABEL}, upstream: ../up%s}}]\n"


@pytest.fixture
def up(tmp_path: Path) -> Path:
    """An upstream: a folder with three releases."""
    for version in ("v0.1.0", "v0.1.1", "v0.2.0"):
        add_release(tmp_path / "up", LABEL, version, cluster_template__yaml=TEMPLATE)
    return tmp_path / "up"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A ROOT that wants all of them."""
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "capirepo.yaml").write_text(ENTRY % "")
    return folder


def wish(root: Path, terms: str) -> None:
    (root / "capirepo.yaml").write_text(ENTRY % terms)


def mirror(root: Path, *options: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return run_capirepo("mirror", "--root", root, *options, **more)


def mirrored(root: Path, *options: str) -> Any:
    return json.loads(mirror(root, "--output", "json", *options).stdout)


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in (folder / LABEL).rglob("*")
        if path.is_file()
    }


def test_a_dry_run_prints_the_plan_and_changes_nothing(up: Path, root: Path) -> None:
    wish(root, ", latest: 1")
    done = mirror(root, "--dry-run")
    assert done.returncode == 0
    assert done.stdout == (
        f"to fetch    {LABEL} v0.2.0 (3 files, {sum(map(len, content(up).values())) // 3} bytes) "
        f"from {up / LABEL}\n"
    )
    assert [path.name for path in root.iterdir()] == ["capirepo.yaml"]


def test_all_comes_and_the_second_run_says_that_nothing_is_to_do(up: Path, root: Path) -> None:
    done = mirror(root)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("mirrored") == 3
    assert content(root) == content(up)
    again = mirror(root)
    assert (again.returncode, again.stdout, again.stderr) == (
        0,
        "up to date  3 releases of 1 label; nothing to fetch\n",
        "",
    )


def test_show_says_where_each_file_is_from(up: Path, root: Path) -> None:
    mirror(root)
    shown = run_capirepo("show", f"{LABEL}@v0.1.0", root)
    assert str(up / LABEL / "v0.1.0" / "metadata.yaml") in shown.stdout
    record = json.loads(run_capirepo("show", f"{LABEL}@v0.1.0", root, "-o", "json").stdout)[
        "record"
    ]
    assert record["assets"]["metadata.yaml"]["upstream"]["stamp"]


@pytest.mark.parametrize(
    ("call", "when"),
    [
        *(("fsync", when) for when in (1, 2, 5, 10, 20, 40)),
        *(("replace", when) for when in (1, 5, 11, 14)),
        *(("rename", when) for when in (1, 3)),
        *(("link", when) for when in (1, 5, 9)),
    ],
)
def test_killed_at_any_moment_it_goes_on_where_it_was(
    faults: Faults, up: Path, root: Path, call: str, when: int
) -> None:
    faults.at(call, "KILL", when)
    killed = mirror(root)
    faults.none()
    assert killed.returncode == -9, killed.stderr
    for release in (root / LABEL).glob("*"):
        names = {path.name for path in release.iterdir()}
        assert names == {path.name for path in (up / LABEL / release.name).iterdir()}
    done = mirrored(root)
    assert not done["problems"]
    assert content(root) == content(up)
    assert not [*(root / ".capirepo" / "staging").iterdir()]
    assert not [*(root / ".capirepo" / "aside").rglob("*.yaml")]


@pytest.mark.parametrize("first", [1, 8, 20, 40])
def test_a_full_disk_is_one_line_and_the_next_run_converges(
    faults: Faults, up: Path, root: Path, first: int
) -> None:
    faults.at("fsync", "ENOSPC", first, 999)
    done = mirror(root)
    faults.none()
    assert done.returncode == 2
    assert done.stderr.startswith("capirepo: cannot ")
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr
    assert mirror(root).returncode == 0
    assert content(root) == content(up)


def test_two_mirrors_at_once_bring_everything_once(up: Path, root: Path) -> None:
    command = [str(CAPIREPO), "mirror", "--root", str(root), "-o", "json"]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [one.communicate(timeout=120) for one in both]
    assert [one.returncode for one in both] == [0, 0], outputs
    assert sorted(len(json.loads(out)["brought"]) for out, _ in outputs) == [0, 3]
    assert content(root) == content(up)


def test_a_bad_release_is_named_and_can_be_taken_all_the_same(up: Path, root: Path) -> None:
    (up / LABEL / "v0.2.0" / "metadata.yaml").write_text("kind: Metadata\n")
    done = mirror(root)
    assert done.returncode == 1
    assert f"bad         {LABEL} v0.2.0: kept aside: metadata.yaml" in done.stdout
    assert f"capirepo: {LABEL} v0.2.0: kept aside" in done.stderr
    assert "v0.2.0" not in run_capirepo("list", root).stdout
    aside = root / ".capirepo" / "aside" / LABEL / "v0.2.0"
    taken = run_capirepo("publish", aside, "--to", root, "--no-lint", "as it is upstream")
    assert taken.returncode == 0, taken.stderr
    assert mirror(root).returncode == 0


def test_one_upstream_that_is_not_there_hinders_no_other(up: Path, root: Path) -> None:
    del up
    text = (root / "capirepo.yaml").read_text().replace("]", ", {provider: aws, upstream: ../no}]")
    (root / "capirepo.yaml").write_text(text)
    done = mirror(root)
    assert done.returncode == 1
    assert done.stdout.count("mirrored") == 3
    assert "infrastructure-aws is not there" in done.stderr
    assert mirror(root, "awesome").returncode == 0


def test_on_a_terminal_the_progress_is_drawn(up: Path, root: Path) -> None:
    del up
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        done = mirror(root, capture_output=False, stderr=theirs, stdout=subprocess.PIPE)
        os.close(theirs)
        drawn = screen.read(4096).decode()
    assert "files" in drawn
    assert "kB" in drawn
    assert done.stdout.count("mirrored") == 3


def test_a_file_that_is_too_large_is_not_fetched(up: Path, root: Path) -> None:
    (up / LABEL / "v0.1.0" / "more.yaml").write_bytes(b"#" * (1 << 20) + b"\n")
    with (root / "capirepo.yaml").open("a") as file:
        file.write("publish: {megabytes: 1}\n")
    done = mirror(root)
    assert done.returncode == 1
    assert "more.yaml: the file has more than 1048576 bytes; publish.megabytes" in done.stderr
    assert done.stdout.count("mirrored") == 2


def test_check_tells_what_upstream_changed_and_ours_stays(up: Path, root: Path) -> None:
    mirror(root)
    assert mirror(root, "--check").stdout == "compared    3 releases, 9 files\n"
    before = content(root)
    with (up / LABEL / "v0.1.0" / "metadata.yaml").open("a") as file:
        file.write("# more\n")
    done = mirror(root, "--check")
    assert done.returncode == 1
    assert f"changed     {LABEL} v0.1.0 metadata.yaml: upstream has" in done.stdout
    assert len(mirrored(root, "--check")["changes"]) == 1
    assert mirror(root).returncode == 0
    assert content(root) == before


def test_prune_shows_first_and_removes_only_with_a_yes(up: Path, root: Path) -> None:
    del up
    mirror(root)
    wish(root, ", latest: 1")
    refused = mirror(root, "--prune")
    assert refused.returncode == 2
    assert "only --yes can answer" in refused.stderr
    shown = mirrored(root, "--prune", "--dry-run")
    assert [one["version"] for one in shown["notWanted"]] == ["v0.1.1", "v0.1.0"]
    assert not shown["pruned"]
    assert len([*(root / LABEL).iterdir()]) == 3
    done = mirror(root, "--prune", "--yes")
    assert done.returncode == 0
    assert f"removed     {LABEL} v0.1.1\n" in done.stdout
    assert [path.name for path in (root / LABEL).iterdir()] == ["v0.2.0"]
    assert run_capirepo("log", root, "--action", "prune").stdout.count("v0.1.") == 2


def test_a_lock_brings_the_same_elsewhere_and_nothing_else(
    up: Path, root: Path, tmp_path: Path
) -> None:
    wish(root, ", latest: 1")
    mirror(root)
    assert run_capirepo("lock", root).stdout.startswith("locked 1 release, 3 files: ")
    other = tmp_path / "other"
    other.mkdir()
    for name in ("capirepo.yaml", "capirepo.lock"):
        shutil.copy(root / name, other)
    wish(other, "")
    assert mirror(other, "--locked").returncode == 0
    assert content(other) == content(root)
    assert run_capirepo("lock", other, "-o", "-").stdout == (root / "capirepo.lock").read_text()
    shutil.rmtree(other / LABEL)
    (up / LABEL / "v0.2.0" / "cluster-template.yaml").write_text(TEMPLATE + "# more\n")
    done = mirror(other, "--locked")
    assert done.returncode == 1
    assert "the lock names" in done.stderr
    assert not [*other.glob(f"{LABEL}/*")]


def test_a_file_that_is_not_what_was_fetched_is_not_locked(up: Path, root: Path) -> None:
    del up
    mirror(root)
    (root / LABEL / "v0.1.0" / "metadata.yaml").write_text("a flipped bit\n")
    done = run_capirepo("lock", root)
    assert done.returncode == 1
    assert "v0.1.0 metadata.yaml: it is not what was fetched" in done.stderr
    assert not (root / "capirepo.lock").exists()


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("", "nothing says what to mirror"),
        ("mirror: [{provider: opnstack}]", "did you mean openstack?"),
        ("mirror: [{latest: 1}]", "mirror[0]: nobody is named"),
        ("mirror: [{provider: aws, versions: '1.12'}]", "is no range of versions"),
        ("mirror: [{provider: aws, versions: [v1.12]}]", "is no version"),
        ("mirror: [{provider: aws, versions: []}]", "no version is named"),
        ("mirror: [{provider: aws, versions: [v1.0.0], keep: 1}]", "choose from a range"),
        ("mirror: [{provider: aws, keep: 0}]", "Expected `int` >= 1 - at `mirror[0].keep`"),
        ("mirror: [{provider: aws, kep: 1}]", "unknown key 'kep' in mirror[0]; did you mean keep?"),
        ("mirror: [{clusterctl: {versions: match}}]", "follows cluster-api, which is not mirrored"),
        ("mirror: [{clusterctl: {platforms: [linux]}}]", "are OS/ARCH, such as linux/amd64"),
        ("mirror: [{clusterctl: {platfrms: []}}]", "'platfrms' in mirror[0].clusterctl; did you"),
        ("mirror: [{provider: aws, platforms: [a/b]}]", "platforms are for clusterctl only"),
        ("mirror: [{provider: aws, source: a/b, upstream: /x}]", "both source and upstream"),
        ("mirror: [{provider: aws}, {provider: aws, source: a/b}]", "one label comes from one"),
        ("mirror: {provider: aws}", "Expected `array`"),
    ],
)
def test_what_the_section_gets_wrong_is_told_in_words(root: Path, section: str, told: str) -> None:
    (root / "capirepo.yaml").write_text(section)
    done = mirror(root)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_all_that_is_wrong_is_told_at_once(root: Path) -> None:
    (root / "capirepo.yaml").write_text("mirror: [{provider: aws, versions: x}, {provider: azur}]")
    told = mirror(root).stderr
    assert "mirror[0] aws: 'x' is no range" in told
    assert "mirror[1] azur: no provider is known as 'azur'; did you mean azure?" in told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--check", "--prune"), "--check only compares"),
        (("awsome",), "'awsome' is not mirrored"),
        (("--locked",), "`capirepo lock` writes it"),
    ],
)
def test_what_cannot_be_meant_is_refused(root: Path, options: tuple[str, ...], told: str) -> None:
    done = mirror(root, *options)
    assert done.returncode == 2
    assert told in done.stderr
