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


def _metadata(minors: int) -> str:
    series = (f"- major: 1\n  minor: {minor}\n  contract: v1beta1\n" for minor in range(minors))
    head = "apiVersion: clusterctl.cluster.x-k8s.io/v1alpha3\nkind: Metadata\nreleaseSeries:\n"
    return head + "".join(series)
