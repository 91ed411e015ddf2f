"""What no release should hold is refused with a rule and a place, in bounded time and memory."""

from __future__ import annotations

import json
import resource
from typing import TYPE_CHECKING, Any

import pytest

from tests.core.test_yamlguard import BILLION_LAUGHS, MERGE_CHAIN
from tests.lint.base import COMPONENTS, LABEL, METADATA, VERSION
from tests.lint.case import CLEAN
from tests.support import run_capirepo

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 20
BYTES = 1 << 30

HOSTILE = [
    pytest.param(b"[" * 100_000, "yaml-hostile", 1, id="68-deep"),
    pytest.param(b"- " * 100_000, "yaml-hostile", 1, id="68-deep-block"),
    pytest.param(MERGE_CHAIN, "yaml-hostile", 2, id="69-merge-chain"),
    pytest.param(BILLION_LAUGHS, "yaml-hostile", 2, id="70-billion-laughs"),
    pytest.param(b"b: c\na: &a [*a]", "yaml-hostile", 2, id="71-alias-to-itself"),
    pytest.param(b"\na: !!python/object:os.system {}", "yaml-hostile", 2, id="72-python-object"),
    pytest.param(b"a: 1\nb: 2\na: 3\n", "yaml-hostile", 3, id="73-duplicate-key"),
    pytest.param(b"a: b\nc: d\x00e", "yaml-dropped", 2, id="74-nul"),
    pytest.param(b"a: b\nc: \xff\xfe\xfa", "yaml-invalid", 2, id="75-bad-utf-8"),
    pytest.param("a: b".encode("utf-16"), "yaml-hostile", None, id="76-utf-16"),
    pytest.param("a: b".encode("utf-32"), "yaml-hostile", None, id="76-utf-32"),
    pytest.param(b"---\na: b\n" * 200_000, "yaml-hostile", 40_001, id="77-200k-documents"),
    pytest.param(b"a: b\nc: " + b"9" * 100_000, "yaml-hostile", 2, id="78-huge-integer"),
]


@pytest.mark.parametrize("name", [COMPONENTS, METADATA])
@pytest.mark.parametrize(("data", "rule", "line"), HOSTILE)
def test_hostile_yaml_is_refused_with_a_rule_and_a_place(
    name: str, data: bytes, rule: str, line: int | None, tmp_path: Path
) -> None:
    found = problems({**CLEAN, name: data}, tmp_path)
    ours = [one for one in found if one["rule"].startswith("yaml-")]
    assert [(one["rule"], one["line"], one["severity"]) for one in ours] == [(rule, line, "error")]
    assert ours[0]["file"].endswith(f"/{name}")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"# ${A:=" * 100_000, id="unclosed variables"),
        pytest.param(b"# " + b"${A:=" * 100_000 + b"}" * 100_000, id="nested variables"),
        pytest.param(b"a: b\n...\n" * 100_000, id="ends of documents"),
        pytest.param(b"\r---" * 100_000, id="odd ends of lines"),
        pytest.param(b"#\n" * 500_000 + b"%YAML 1.1\n", id="a directive after many comments"),
        pytest.param(b"a: ${A}\n---\n" * 19_000 + b"b", id="many documents with variables"),
        pytest.param(
            CLEAN[COMPONENTS].replace(
                b"      - name: agent\n", b"      - {name: a}\n" * 50_000 + b"      - name: agent\n"
            ),
            id="many containers of one name",
        ),
        pytest.param(b'cluster.x-k8s.io/provider: "' * 50_000, id="unclosed quotes"),
    ],
)
def test_what_is_long_takes_no_longer_than_its_length(data: bytes, tmp_path: Path) -> None:
    assert any(one["severity"] == "error" for one in problems({COMPONENTS: data}, tmp_path))


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        pytest.param("kind: Metadata", "kind: Provider", "metadata-kind", id="80-kind"),
        pytest.param("kind: Metadata", "kind: [a]", "metadata-kind", id="80-kind-list"),
        pytest.param("contract: v1beta1", "contract: v9", "metadata-contract", id="80-contract"),
        pytest.param("minor: 2", "minor: 0:2", "metadata-types", id="79-base-60"),
        pytest.param("minor: 2", "minor: 2147483648", "metadata-types", id="78-beyond-int32"),
    ],
)  # fmt: skip
def test_metadata_of_another_kind_is_refused(old: str, new: str, rule: str, tmp_path: Path) -> None:
    text = CLEAN[METADATA].decode()
    assert old in text
    files = {**CLEAN, METADATA: text.replace(old, new).encode()}
    assert rule in {one["rule"] for one in problems(files, tmp_path)}


@pytest.mark.parametrize("name", CLEAN)
def test_a_byte_order_mark_at_the_start_is_taken_as_clusterctl_takes_it(
    name: str, tmp_path: Path
) -> None:
    assert problems({**CLEAN, name: b"\xef\xbb\xbf" + CLEAN[name]}, tmp_path) == []


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_both_common_ends_of_lines_are_taken(end: bytes, tmp_path: Path) -> None:
    files = {name: data.replace(b"\n", end) for name, data in CLEAN.items()}
    assert problems(files, tmp_path) == []


def problems(files: dict[str, bytes], root: Path) -> list[dict[str, Any]]:
    """What lint says, in a process that may not take more than its share."""
    folder = root / LABEL / VERSION
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    done = run_capirepo("lint", folder, "--output", "json", preexec_fn=_bound)
    assert done.stderr == ""
    assert done.returncode in (0, 1)
    found: list[dict[str, Any]] = json.loads(done.stdout)["releases"][0]["problems"]
    return found


def _bound() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
