"""Mutants of what a release is made of: its folder's name, and the names of its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lint.base import COMPONENTS, METADATA, TEMPLATE, Mutant, release, text

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERSIONS = (
    "0.2.0", "v0.2", "v0.2.0.0", "v0", "v00.2.0", "v0.02.0", "V0.2.0", "vv0.2.0", "v0.2.0-",
    "v0.2.0-rc.1", "v0.2.0-rc1", "v0.2.0-rc.01", "v0.2.0-01", "v0.2.0-a..b", "v0.2.0-a_b",
    "v0.2.0+build", "v0.2.0+build.01", "v0.2.0-rc.1+build", "v0.2.0+", "v0.2.0+a+b", "v0.2.0 ",
    "v-0.2.0", "v0.2.x", "v0.2.18446744073709551616", "v0.2.99999999999", "v0.4294967298.0",
    "v0.2.0\u0661", "latest", "release-0.2", "awesome-v0.2.0", "0", "nightly",
)  # fmt: skip


def mutants() -> Iterator[Mutant]:
    """All of them."""
    for version in _VERSIONS:
        files = dict(release({}))
        yield Mutant(
            name=f"release/folder {version!r}", files=files, version=version, asked=version
        )
        yield Mutant(
            name=f"release/folder {version!r} by latest", files=files, version=version, asked="",
            address="latest",
        )  # fmt: skip
    names = (
        "components.yaml", "infrastructure-components.yml", "infrastructure_components.yaml",
        "Infrastructure-Components.yaml", "infrastructure-awesome-components.yaml",
        "infrastructure-components.yaml.gz", "provider-components.yaml", "infra-components.yaml",
    )  # fmt: skip
    for name in names:
        files = release({COMPONENTS: None, name: text(COMPONENTS)})
        yield Mutant(name=f"release/components called {name}", files=files)
    files = release({METADATA: None, "metadata.yml": text(METADATA)})
    yield Mutant(name="release/metadata called metadata.yml", files=files)
    yield Mutant(name="release/components missing", files=release({COMPONENTS: None}))
    yield Mutant(name="release/template missing", files=release({TEMPLATE: None}))
    only = {METADATA: release({})[METADATA], COMPONENTS: release({})[COMPONENTS]}
    yield Mutant(name="release/metadata and components only", files=only)
    extra = release({"README.md": "# Awesome\n", "notes.txt": b"\xff\xfe\x00"})
    yield Mutant(name="release/other files beside", files=extra)
