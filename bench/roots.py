"""The repositories that are measured, made anew for each run."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from bench import crds, tools
from bench.processes import environment, run

CHECKOUT: Final = Path(__file__).parents[1]
REAL: Final = CHECKOUT.parent / "shared" / "real"
SAMPLE: Final = CHECKOUT / "sample-repo"

LABELS: Final = 20
MINORS: Final = 10
PATCHES: Final = 10
COMPONENTS: Final = "infrastructure-components.yaml"
SMALL: Final = "cluster-template-small.yaml"
# By provider, what the components of each release have: 20 MB in all, with the templates.
_MIRRORED: Final = {"east": 1_200_000, "west": 1_150_000, "north": 1_030_000, "south": 600_000}
_MIRRORED_MINORS: Final = 5
_TEMPLATE: Final = 7_000
# Other names are longer.
_MARGIN: Final = 4 * 1024
_MEBIBYTE: Final = 1 << 20
_KIBIBYTE: Final = 1 << 10


def real_or_sample(folder: Path) -> Path:
    """A ROOT with real releases where `../shared/real` is there, else with the sample's."""
    root = folder / "providers"
    if REAL.is_dir():
        run([tools.capirepo(), "layout", REAL, root], environment())
        return root
    return sample(root)


def sample(root: Path) -> Path:
    """A copy of sample-repo, which gets state of its own."""
    return shutil.copytree(SAMPLE, root, ignore=shutil.ignore_patterns(".capirepo"))


def one_large(folder: Path) -> Path:
    """A ROOT with one release: components of a megabyte, and a template of a kilobyte."""
    root = folder / "bench"
    release = root / "infrastructure-bench" / "v1.0.0"
    release.mkdir(parents=True)
    (release / "metadata.yaml").write_text(_metadata(1))
    (release / COMPONENTS).write_text(crds.components(_MEBIBYTE))
    (release / SMALL).write_text(crds.filled("apiVersion: v1\nkind: Secret\n", _KIBIBYTE))
    return root


def many_small(folder: Path) -> Path:
    """A ROOT with 2,000 releases of 20 labels, three files each."""
    root = folder / "many"
    metadata, template = _metadata(MINORS), crds.filled("apiVersion: v1\nkind: Secret\n", _KIBIBYTE)
    components = crds.filled(crds.HEAD, 2 * _KIBIBYTE)
    for number in range(LABELS):
        for minor in range(MINORS):
            for patch in range(PATCHES):
                release = root / f"infrastructure-bench{number}" / f"v1.{minor}.{patch}"
                release.mkdir(parents=True)
                (release / "metadata.yaml").write_text(metadata)
                (release / COMPONENTS).write_text(components)
                (release / "cluster-template.yaml").write_text(template)
    return root


def to_mirror(root: Path) -> dict[str, int]:
    """A plain tree of 20 releases: four infrastructure providers, five versions each.

    They are like real ones in size and kind: components, metadata.yaml and a template each, 60
    files of 20 MB in all, and lint finds no error in them.

    Returns:
        The size of each file, by its path in the tree.
    """
    sizes: dict[str, int] = {}
    for name, size in _MIRRORED.items():
        label = f"infrastructure-{name}"
        versions = [f"v1.{minor}.0" for minor in range(_MIRRORED_MINORS)]
        for minor, version in enumerate(versions):
            for file, text in _good(name, version, minor, size).items():
                path = root / label / version / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
                sizes[f"{label}/{version}/{file}"] = len(text)
        (root / label / "versions").write_text("\n".join(versions))
    return sizes


def to_fetch(root: Path) -> Path:
    """A ROOT with one release, `infrastructure-far` v1.0.0: components of a megabyte, no error."""
    release = root / "infrastructure-far" / "v1.0.0"
    release.mkdir(parents=True)
    for file, text in _good("far", "v1.0.0", 0, _MEBIBYTE).items():
        (release / file).write_text(text)
    return root


def _good(name: str, version: str, minor: int, size: int) -> dict[str, str]:
    """The files of a release that lint finds no error in; its components have `size` bytes."""
    named = crds.components(size - _MARGIN).replace("bench", name)
    return {
        "metadata.yaml": _metadata(minor + 1),
        COMPONENTS: crds.filled(named.replace(":v1.0.0", f":{version}"), size),
        "cluster-template.yaml": crds.template(_TEMPLATE).replace("v1.0.0", version),
    }


def _metadata(minors: int) -> str:
    series = (f"- major: 1\n  minor: {minor}\n  contract: v1beta1\n" for minor in range(minors))
    head = "apiVersion: clusterctl.cluster.x-k8s.io/v1alpha3\nkind: Metadata\nreleaseSeries:\n"
    return head + "".join(series)
