"""`lint` and `rule`: what they are pointed at, what they print, and how they end."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from capirepo.core.lint import RULES
from tests.lint.base import COMPONENTS, LABEL, METADATA, VERSION
from tests.lint.case import CLEAN
from tests.lint.cases import CASES
from tests.support import SAMPLE, add_release, components, run_capirepo

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping
    from pathlib import Path

MANAGER = "Deployment awesome-controller-manager"
FINE = "1 release: 0 errors, 0 warnings\n"


def lint(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    done = run_capirepo("lint", *arguments, cwd=cwd)
    assert "Traceback" not in done.stderr
    return done


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    return write(tmp_path / LABEL / VERSION, CLEAN)


@pytest.fixture
def spoiled(tmp_path: Path) -> Path:
    """With an error."""
    return write(tmp_path / LABEL / VERSION, CASES["image-form"].files)


@pytest.fixture
def doubtful(tmp_path: Path) -> Path:
    """With a warning."""
    return write(tmp_path / LABEL / VERSION, CASES["image-latest"].files)


def test_a_good_release_is_fine(clean: Path) -> None:
    done = lint(clean)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", FINE)


def test_an_error_is_told_with_its_place_and_exit_1(spoiled: Path) -> None:
    done = lint(spoiled)
    lines = (spoiled / COMPONENTS).read_text().splitlines()
    line = 1 + next(i for i, one in enumerate(lines) if "image: awesome/manager" in one)
    assert done.returncode == 1
    assert done.stdout == (
        f"{spoiled / COMPONENTS}:{line}: error: {MANAGER}: container manager has the image "
        "'awesome/manager:v0.2.0' [image-form]\n"
        "    write it in full: registry.example.com/org/manager:v1.0.0\n"
    )
    assert done.stderr == "1 release: 1 error, 0 warnings\n"


def test_a_warning_is_fine_unless_it_is_not_allowed(doubtful: Path) -> None:
    assert lint(doubtful).returncode == 0
    assert lint(doubtful, "--no-allow-warnings").returncode == 1
    assert lint(doubtful, "--no-allow-warnings", "--ignore", "image-latest").returncode == 0


def test_a_file_is_checked_by_itself_and_nothing_is_missing_then(clean: Path) -> None:
    fine = "1 file: 0 errors, 0 warnings\n"
    assert lint(clean / METADATA).stderr == fine
    assert lint("metadata.yaml", cwd=clean).stderr == fine
    both = lint(clean, clean / METADATA, clean / COMPONENTS)
    assert both.stderr == "1 release and 2 files: 0 errors, 0 warnings\n"
    (clean / METADATA).write_text("kind: Nothing\n")
    done = lint(clean / METADATA)
    assert done.returncode == 1
    assert "[metadata-kind]" in done.stdout
    assert "components-missing" not in done.stdout


def test_a_whole_root_and_the_folder_of_a_label_are_checked_release_by_release() -> None:
    assert lint(SAMPLE).stderr == "6 releases: 0 errors, 0 warnings\n"
    assert lint(SAMPLE / LABEL).stderr == "4 releases: 0 errors, 0 warnings\n"


def test_several_paths_are_checked_together(clean: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "ipam-other" / "v1.0.0", {"metadata.yaml": b"a: b\n"})
    done = lint(clean, other)
    assert done.returncode == 1
    assert done.stderr.startswith("2 releases: ")
    assert {"components-missing", "metadata-series-empty"} <= {
        line.rpartition("[")[2].rstrip("]") for line in done.stdout.splitlines()
    }


@pytest.mark.parametrize("version", ["v0.2.0", "latest"])
def test_a_release_of_a_root_is_named_by_label_and_version(clean: Path, version: str) -> None:
    done = lint(f"{LABEL}@{version}", "--root", clean.parents[1])
    assert (done.returncode, done.stderr) == (0, FINE)


def test_an_incomplete_release_of_a_root_is_checked_as_well(tmp_path: Path) -> None:
    write(tmp_path / LABEL / VERSION, {COMPONENTS: CLEAN[COMPONENTS]})
    done = lint(f"{LABEL}@{VERSION}", "--root", tmp_path)
    assert done.returncode == 1
    assert "[metadata-missing]" in done.stdout


def test_downloads_of_github_are_sorted_by_provider(tmp_path: Path) -> None:
    folder = tmp_path / "kubernetes-sigs" / "cluster-api" / "v1.13.5"
    files: dict[str, str] = {}
    for name, file in (
        ("cluster-api", "core"),
        ("bootstrap-kubeadm", "bootstrap"),
        ("control-plane-kubeadm", "control-plane"),
    ):
        text = components(name, f"registry.example.com/{name}:v1.13.5")
        files[f"{file}-components.yaml"] = text
    data = {name: text.encode() for name, text in files.items()}
    write(folder, {**data, "metadata.yaml": CLEAN[METADATA].replace(b"minor: 2", b"minor: 13")})
    for path in (folder, tmp_path):
        done = lint(path, "--select", "metadata")
        assert done.stderr == "3 releases: 3 errors, 0 warnings\n"
        assert done.stdout.count(f"{folder}/metadata.yaml:3: error") == 3
    by_label = json.loads(lint(folder, "-o", "json").stdout)["releases"]
    assert {one["release"].rpartition(" ")[2] for one in by_label} == {
        "(cluster-api)",
        "(bootstrap-kubeadm)",
        "(control-plane-kubeadm)",
    }


def test_label_and_version_can_be_given(clean: Path, tmp_path: Path) -> None:
    out = clean.rename(tmp_path / "out")
    assert lint(out).returncode == 0
    done = lint(out, "--label", "infrastructure-other", "--version", "v0.9.0")
    assert done.returncode == 1
    assert "[metadata-no-series]" in done.stdout
    assert "[label-provider]" in done.stdout


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (["nowhere"], "nowhere is neither a folder nor a file"),
        (["."], ". holds no release"),
        (["notes.txt"], "notes.txt is no file of a release"),
        (["infrastructure-awesome@v9.9.9", "--root", SAMPLE], "v0.2.0"),
        (["infrastructure-awsome@latest", "--root", SAMPLE], "infrastructure-awesome"),
        ([SAMPLE, "--label", "nonsense"], "no provider label"),
        ([SAMPLE, "--select", "nonsense"], "`capirepo rule` lists them; the groups are"),
        ([SAMPLE, "--select", "nonsense"], "yaml, and error and warning"),
        ([SAMPLE, "--select", "variable-from"], "did you mean variable-form? `capirepo rule`"),
        ([SAMPLE, "--select", "warnings"], "did you mean warning?"),
        ([SAMPLE, "--ignore", "nonsense"], "there is no rule 'nonsense'"),
        ([SAMPLE, "--output", "xml"], "sarif"),
        ([], "PATH"),
    ],
)
def test_wrong_usage_says_what_to_do_and_exits_with_2(
    what: list[object], said: str, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    done = lint(*what, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ([], {"image-form", "object-labels", "image-latest"}),
        (["--select", "image-form"], {"image-form"}),
        (["--select", "image"], {"image-form", "image-latest"}),
        (["--select", "image,object"], {"image-form", "image-latest", "object-labels"}),
        (["--select", "warning"], {"image-latest"}),
        (["--select", "error", "--ignore", "object"], {"image-form"}),
        (["--ignore", "error", "--ignore", "image-latest"], set()),
    ],
)
def test_rules_are_chosen_by_id_group_and_severity(
    options: list[str], left: set[str], spoiled: Path
) -> None:
    text = (spoiled / COMPONENTS).read_text()
    text = text.replace("control-plane: controller-manager", "control-plane: true", 1)
    (spoiled / COMPONENTS).write_text(text.replace("agent:v0.2.0", "agent:latest"))
    found = json.loads(lint(spoiled, "-o", "json", *options).stdout)["releases"][0]["problems"]
    assert {one["rule"] for one in found} == left


def test_json_is_for_programs(spoiled: Path) -> None:
    done = lint(spoiled, "--output", "json")
    content = json.loads(done.stdout)
    assert done.stderr == ""
    assert (content["errors"], content["warnings"]) == (1, 0)
    (release,) = content["releases"]
    assert release["release"] == str(spoiled)
    (problem,) = release["problems"]
    assert problem["rule"] == "image-form"
    assert problem["refusedBy"] == "clusterctl"
    assert problem["file"] == str(spoiled / COMPONENTS)
    assert problem["document"] == 12


def sarif(*arguments: object, cwd: Path) -> Any:
    """What is said as SARIF, held to what its schema demands of what we use."""
    content = json.loads(lint(*arguments, "--output", "sarif", cwd=cwd).stdout)
    assert content["version"] == "2.1.0"
    (run,) = content["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "capirepo"
    assert [rule["id"] for rule in driver["rules"]] == [*dict.fromkeys(RULES)]
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning")
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning")
        assert result["message"]["text"]
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"]
        assert location["physicalLocation"].get("region", {"startLine": 1})["startLine"] >= 1
    return run["results"]


def test_sarif_names_files_as_they_were_given(spoiled: Path) -> None:
    root = spoiled.parents[1]
    (result,) = sarif(LABEL, cwd=root)
    location = result["locations"][0]
    file = f"{LABEL}/{VERSION}/{COMPONENTS}"
    assert location["physicalLocation"]["artifactLocation"]["uri"] == file
    assert location["logicalLocations"] == [{"fullyQualifiedName": MANAGER}]


def test_sarif_escapes_what_an_address_cannot_have(spoiled: Path, tmp_path: Path) -> None:
    spoiled.rename(tmp_path / "a b%c#d")
    (result,) = sarif("a b%c#d", cwd=tmp_path)
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == f"a%20b%25c%23d/{COMPONENTS}"


def test_sarif_of_a_good_release_has_no_results(clean: Path) -> None:
    assert sarif(clean, cwd=clean) == []


def test_annotations_of_github_are_one_line_each_and_escaped(spoiled: Path, tmp_path: Path) -> None:
    text = (spoiled / COMPONENTS).read_text()
    (spoiled / COMPONENTS).write_text(text.replace("awesome/manager:v0.2.0", r'"50%\n:,x"'))
    spoiled.rename(tmp_path / "a,b:c%d")
    done = lint("a,b:c%d", "--select", "image-form", "--output", "github", cwd=tmp_path)
    (line,) = done.stdout.splitlines()
    given, _, said = line.removeprefix("::error ").partition("::")
    assert given.startswith(f"file=a%2Cb%3Ac%25d/{COMPONENTS},title=image-form,line=")
    assert "50%25" in said
    assert "%0Awrite it in full" in said


def test_rule_lists_all_rules_and_explains_one() -> None:
    listed = run_capirepo("rule").stdout.splitlines()
    assert [line.split()[0] for line in listed[1:]] == sorted(RULES)
    told = run_capirepo("rule", "crd-contract-name").stdout
    assert told.startswith("crd-contract-name (error, refused by clusterctl init)\n\n")
    assert "skip-crd-name-preflight-check" in told
    content = json.loads(run_capirepo("rule", "metadata", "-o", "json").stdout)
    assert all(one["rule"].startswith("metadata-") for one in content)
    assert run_capirepo("rule", "nonsense").returncode == 2


def test_a_link_out_of_the_folder_and_a_program_beside_are_no_reason_to_stop(clean: Path) -> None:
    (clean / "loop").symlink_to(clean)
    (clean / "awesome-linux-amd64").write_bytes(b"\x7fELF\x00" * 1000)
    assert lint(clean).returncode == 0


def test_a_release_of_a_label_with_a_components_file_of_its_own_name(tmp_path: Path) -> None:
    folder = add_release(tmp_path, "infrastructure-docker", "v1.13.5")
    shutil.move(
        folder / "infrastructure-components.yaml",
        folder / "infrastructure-components-development.yaml",
    )
    assert "components-missing" not in lint(folder).stdout
