"""What the documentation says is what there is."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from capirepo.config import Settings, parse_settings
from capirepo.web import github, gitlab, goproxy, status, tree
from tests.docs import cli_page
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = ROOT / "docs"


def test_the_page_of_commands_is_what_the_commands_say() -> None:
    assert cli_page.PAGE.read_text() == cli_page.page(), "run `make docs`"


def settings(struct: type[Any], prefix: str = "") -> Iterator[str]:
    for field in msgspec.structs.fields(struct):
        name = f"{prefix}{field.encode_name}"
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from settings(field.type, f"{name}.")
        else:
            yield name


@pytest.mark.parametrize("name", [*settings(Settings)])
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in (DOCS / "configuration.md").read_text()


def test_the_configuration_that_is_shown_is_one() -> None:
    text = (DOCS / "configuration.md").read_text()
    examples = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert examples
    for example in examples:
        parse_settings(example.encode(), "docs/configuration.md")


FACES = (github, gitlab, goproxy, status, tree)
ROUTES = sorted({route.path for face in FACES for route in face.routes()})
PAGES = ["README.md", "CONTRIBUTING.md", *(f"docs/{page.name}" for page in DOCS.glob("*.md"))]


@pytest.mark.parametrize("path", ROUTES)
def test_every_address_is_documented(path: str) -> None:
    plain = re.sub(r"\{(\w+)(:[^{}]*(\{[^{}]*\})?[^{}]*)?\}", r"{\1}", path).removeprefix("/api/v3")
    assert f"`{plain}`" in (DOCS / "http.md").read_text()


def test_the_map_names_every_module_and_no_other() -> None:
    text = (DOCS / "architecture.md").read_text()
    named = set(re.findall(r"`([a-z_/]+\.py)`", text))
    there = {
        str(path.relative_to(ROOT / "capirepo"))
        for path in (ROOT / "capirepo").rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py")
    }
    assert named == there


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    file = ROOT / page
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", file.read_text()):
        assert (file.parent / target).exists(), target


def listed() -> list[str]:
    """The files of the project: those in git, and those that may get there."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    return [name for name in names if (ROOT / name).is_file()]


def test_no_file_has_the_marks_of_a_merge() -> None:
    marks = re.compile(r"^(<{7}|>{7}|\|{7}) ", re.MULTILINE)
    assert not [
        name for name in listed() if marks.search((ROOT / name).read_text(errors="replace"))
    ]


def test_no_file_names_the_host_of_a_package_registry() -> None:
    # In two parts each, or this file would name them.
    hosts = [
        first + second
        for first, second in (
            ("proxy.go", "lang.org"),
            ("sum.go", "lang.org"),
            ("py", "pi.org"),
            ("files.python", "hosted.org"),
            ("registry.npm", "js.org"),
            ("deb.deb", "ian.org"),
            ("docker", ".io"),
            ("ghcr", ".io"),
            ("quay", ".io"),
            ("registry.k8s", ".io"),
            ("gcr", ".io"),
        )
    ]
    found = {
        (name, host)
        for name in listed()
        for host in hosts
        if host in (ROOT / name).read_text(errors="replace")
    }
    assert not found
