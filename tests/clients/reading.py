"""Runs many clusterctl commands against a repository, in every way of reaching it.

The commands go into one shell script, so that each way costs one start of ours; what each
prints and how it ends is kept in files.
"""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from capirepo.core.names import provider_of
from capirepo.core.variables import find_variables
from tests.support import CAPIREPO, clean_environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from capirepo.core.names import Label

REAL = Path(__file__).parents[3] / "shared" / "real"
_CLUSTERCTLS_OWN = (
    "CLUSTER_NAME",
    "NAMESPACE",
    "KUBERNETES_VERSION",
    "CONTROL_PLANE_MACHINE_COUNT",
    "WORKER_MACHINE_COUNT",
)
FLAGS = {
    "CoreProvider": "--core",
    "BootstrapProvider": "--bootstrap",
    "ControlPlaneProvider": "--control-plane",
    "InfrastructureProvider": "--infrastructure",
    "IPAMProvider": "--ipam",
}


@dataclass(frozen=True)
class Outcome:
    """What one command printed, and its exit code."""

    code: int
    out: str
    err: str


def provider_commands(label: Label, versions: Sequence[str]) -> dict[str, list[str]]:
    """`generate provider` of one label: latest and pinned, and described."""
    provider = provider_of(label)
    assert provider is not None
    flag = FLAGS[provider.type.value]
    base = ["generate", "provider", flag]
    return {
        f"{label} latest": [*base, provider.name],
        f"{label} described": [*base, provider.name, "--describe"],
        **{f"{label} {version}": [*base, f"{provider.name}:{version}"] for version in versions},
    }


def cluster_commands(provider: str, flavors: Sequence[str]) -> dict[str, list[str]]:
    """`generate cluster` for some flavors of one release, and its variables."""
    base = ["generate", "cluster", "demo", "-n", "ns", "--kubernetes-version", "v1.34.0",
            "--control-plane-machine-count", "1", "--worker-machine-count", "1",
            "-i", provider]  # fmt: skip
    commands = {}
    for flavor in flavors:
        chosen = [*base, "--flavor", flavor] if flavor else base
        commands[f"{provider} flavor {flavor!r}"] = chosen
        commands[f"{provider} flavor {flavor!r} variables"] = [*chosen, "--list-variables"]
    return commands


def required_variables(root: Path) -> dict[str, str]:
    """A value for every variable that a template of `root` requires."""
    return {
        name: "1"
        for template in root.glob("infrastructure-*/*/cluster-template*.yaml")
        for name, default in find_variables(template.read_text()).items()
        if default is None and name not in _CLUSTERCTLS_OWN
    }


def run_all(  # noqa: PLR0913 - what a run may differ in
    clusterctl: Path,
    commands: Mapping[str, Sequence[str]],
    *,
    home: Path,
    wrap: Sequence[object] = (),
    config: str = "",
    goproxy: str = "",
    variables: Mapping[str, str] = {},
) -> dict[str, Outcome]:
    """Runs every command and returns what came of each.

    Args:
        clusterctl: the program.
        commands: by a name of ours.
        home: an empty folder to be the user's home.
        wrap: words that run a program in another environment, such as `capirepo run ROOT --`.
        config: for `--config`; nothing is given where it is empty.
        goproxy: what GOPROXY is to be for clusterctl itself.
        variables: the values of templates' variables.
    """
    out = home / "out"
    out.mkdir(parents=True)
    lines = [f"export GOPROXY={goproxy}"] if goproxy else []
    for number, arguments in enumerate(commands.values()):
        words = [clusterctl, *(["--config", config] if config else []), *arguments]
        command = shlex.join(map(str, words))
        lines.append(f"{command} >{out}/{number}.out 2>{out}/{number}.err; echo $? >{out}/{number}")
    script = home / "script.sh"
    script.write_text("\n".join(lines))
    environment = clean_environment(home, **variables)
    done = subprocess.run(
        [*map(str, wrap), "sh", str(script)],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    return {
        name: Outcome(
            code=int((out / f"{number}").read_text()),
            out=(out / f"{number}.out").read_text(),
            err=(out / f"{number}.err").read_text(),
        )
        for number, name in enumerate(commands)
    }


def through(*where: object) -> list[object]:
    """The words that run a command through `capirepo run`."""
    return [CAPIREPO, "run", *where, "--"]


def disk_config(root: Path, folder: Path, addresses: Mapping[Label, tuple[str, str]]) -> str:
    """A clusterctl.yaml written by hand, for clusterctl reading `root` from disk by itself.

    Args:
        root: the repository.
        folder: where to write it.
        addresses: the version, or `latest`, and the components file of each label.
    """
    providers = []
    for label, (version, components) in addresses.items():
        provider = provider_of(label)
        assert provider is not None
        url = f"{root}/{label}/{version}/{components}"
        providers.append({"name": provider.name, "type": provider.type.value, "url": url})
    file = folder / "disk.yaml"
    file.write_text(yaml.safe_dump({"providers": providers}))
    return str(file)


def same_objects(one: Outcome, other: Outcome) -> bool:
    """Whether two commands ended alike and printed the same, but for where it came from."""
    if one.code != other.code:
        return False
    kept = [
        [line for line in outcome.out.splitlines() if not line.startswith("URL:")]
        for outcome in (one, other)
    ]
    return kept[0] == kept[1]
