"""The main job: an unmodified clusterctl reads a repository that we serve.

Whatever the way, what it prints is what the same clusterctl prints reading from disk.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from capirepo.core.catalog import Catalog
from capirepo.core.names import Label
from capirepo.core.version import latest, parse_version
from tests.clients import reading, tools
from tests.clients.reading import REAL, Outcome, run_all, same_objects, through
from tests.support import (
    CAPIREPO,
    SAMPLE,
    Process,
    clean_environment,
    run_capirepo,
    serving_process,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

VERSIONS = [
    pytest.param(version, id=version, marks=[] if version == tools.NEWEST else pytest.mark.clients)
    for version in tools.CLUSTERCTL_VERSIONS
]
WAYS = ("run", "run-server", "config-github", "config-gitlab", "config-file", "goproxy-off")


class Repository:
    """One of the two repositories, served, and what there is to be asked of it."""

    def __init__(self, root: Path, server: Process, labels: Mapping[Label, Sequence[str]]) -> None:
        self.root = root
        self.server = server
        self.labels = labels
        self.variables = reading.required_variables(root)
        self.commands: dict[str, list[str]] = {}
        for label, versions in labels.items():
            self.commands |= reading.provider_commands(label, versions)


@pytest.fixture(scope="module", params=["sample-repo", "real"])
def repository(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Repository]:
    state = tmp_path_factory.mktemp("state")
    if request.param == "sample-repo":
        root = SAMPLE
    else:
        if not REAL.exists():
            pytest.skip("needs ../shared/real beside the checkout")
        root = tmp_path_factory.mktemp("real")
        done = run_capirepo("layout", REAL, root)
        assert done.returncode == 0, done.stderr
    labels = {
        Label(folder.name): sorted(version.name for version in folder.iterdir())
        for folder in sorted(root.glob("*-*"))
        if folder.is_dir()
    }
    with serving_process(root, state=state) as server:
        made = Repository(root, server, labels)
        if request.param == "sample-repo":
            flavors = ["", "development", "topology"]
            made.commands |= reading.cluster_commands("awesome:v0.2.0", flavors)
        else:
            made.commands |= reading.cluster_commands("docker:v1.13.5", ["development"])
            made.commands |= reading.cluster_commands("openstack:v0.14.7", ["", "without-lb"])
        yield made


@pytest.fixture(scope="module")
def from_disk() -> dict[tuple[str, Path], dict[str, Outcome]]:
    """What each clusterctl says of each repository that it reads from disk; filled as asked."""
    return {}


def disk(
    known: dict[tuple[str, Path], dict[str, Outcome]],
    clusterctl: Path,
    repository: Repository,
    home: Path,
    *,
    pinned: bool,
) -> dict[str, Outcome]:
    key = (f"{clusterctl} {pinned}", repository.root)
    if key not in known:
        home.mkdir()
        addresses = {}
        for label, versions in repository.labels.items():
            newest = str(latest(map(parse_version, versions))) if pinned else "latest"
            addresses[label] = (newest, Catalog().entry(label).components)
        config = reading.disk_config(repository.root, home, addresses)
        known[key] = run_all(
            clusterctl,
            repository.commands,
            home=home,
            config=config,
            goproxy="off",
            variables=repository.variables,
        )
    return known[key]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("version", VERSIONS)
def test_what_clusterctl_prints_through_us_is_what_it_prints_from_disk(
    version: str,
    way: str,
    repository: Repository,
    from_disk: dict[tuple[str, Path], dict[str, Outcome]],
    tmp_path: Path,
) -> None:
    clusterctl = tools.require(tools.clusterctl, version)
    # Our addresses of these two kinds name a version: clusterctl resolves no latest there.
    pinned = way in ("config-gitlab", "config-file")
    expected = disk(from_disk, clusterctl, repository, tmp_path / "disk", pinned=pinned)
    url, home = repository.server.url, tmp_path / "home"
    home.mkdir()
    wrap, config = through("--server", url), ""
    if way == "run":
        wrap = through("--state", tmp_path / "state", repository.root)
    elif way == "config-file":
        wrap, config = [], str(home / "clusterctl.yaml")
        Path(config).write_text(run_capirepo("config", repository.root).stdout)
    elif way.startswith("config-"):
        config = f"{url}/clusterctl.yaml?style={way.removeprefix('config-')}"
    found = run_all(
        clusterctl,
        repository.commands,
        home=home,
        wrap=wrap,
        config=config,
        goproxy="off" if way in ("goproxy-off", "config-file") else "",
        variables=repository.variables,
    )
    unlike = {
        name: (found[name].err or found[name].out)[-500:]
        for name in repository.commands
        if not same_objects(found[name], expected[name])
    }
    assert not unlike
    failing = {name: outcome.err[-300:] for name, outcome in found.items() if outcome.code}
    assert len(found) - len(failing) >= _least(version, repository), failing


def _least(version: str, repository: Repository) -> int:
    """How many commands succeed: clusterctl 1.10 and before take contract v1beta1 only."""
    old = version in ("v1.7.9", "v1.10.10")
    if repository.root == SAMPLE:
        return len(repository.commands) - (1 if old else 0)
    return 9 if old else len(repository.commands)


@pytest.mark.parametrize("version", VERSIONS)
def test_config_repositories_names_private_providers_without_any_clusterctl_yaml(
    version: str, tmp_path: Path
) -> None:
    clusterctl = tools.require(tools.clusterctl, version)
    found = run_all(
        clusterctl,
        {"repositories": ["config", "repositories"]},
        home=tmp_path,
        wrap=through("--state", tmp_path / "state", SAMPLE),
    )["repositories"]
    assert found.code == 0, found.err
    rows = [line.split() for line in found.out.splitlines()]
    assert [row[1] for row in rows if row and row[0] == "awesome"] == [
        "InfrastructureProvider",
        "IPAMProvider",
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_template_is_read_from_every_address_that_from_takes(
    version: str, tmp_path: Path
) -> None:
    clusterctl = tools.require(tools.clusterctl, version)
    template = "infrastructure-awesome/v0.2.0/cluster-template.yaml"
    source = "https://github.com/awesome-org/cluster-api-provider-awesome"
    gitlab = "https://gitlab.capirepo.internal/api/v4/projects/1/packages/generic"
    addresses = [
        str(SAMPLE / template),
        f"{source}/releases/download/v0.2.0/cluster-template.yaml",
        f"{source}/blob/v0.2.0/templates/cluster-template.yaml",
        f"{gitlab}/{template}",
        f"https://gitlab.capirepo.internal/{template}",
    ]
    base = ["generate", "cluster", "demo", "-n", "ns", "--kubernetes-version", "v1.34.0"]
    found = run_all(
        clusterctl,
        {address: [*base, "--from", address] for address in addresses},
        home=tmp_path,
        wrap=through("--state", tmp_path / "state", SAMPLE),
    )
    codes = {address: outcome.err for address, outcome in found.items() if outcome.code}
    # Addresses of releases came with clusterctl 1.10.
    if version == "v1.7.9":
        codes.pop(addresses[1], None)
    assert not codes
    assert len({outcome.out for outcome in found.values() if not outcome.code}) == 1


def test_the_shipped_catalog_has_every_provider_that_clusterctl_knows(tmp_path: Path) -> None:
    import yaml

    clusterctl = tools.require(tools.clusterctl, tools.NEWEST)
    printed = run_all(
        clusterctl,
        {"repositories": ["config", "repositories", "-o", "yaml"]},
        home=tmp_path,
        goproxy="off",
    )["repositories"].out
    catalog = {(entry.source, entry.components) for entry in Catalog().entries() if entry.known}
    theirs = {
        ("/".join(one["URL"].split("/")[3:5]).lower(), one["File"])
        for one in yaml.safe_load(printed)
    }
    assert theirs - catalog == set()


def test_clusterctl_finds_us_as_its_plugin(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "clusterctl-capirepo").symlink_to(CAPIREPO.with_name("clusterctl-capirepo"))
    clusterctl = tools.require(tools.clusterctl, tools.NEWEST)
    environment = clean_environment(tmp_path)
    environment["PATH"] = f"{programs}:{environment['PATH']}"
    done = subprocess.run(
        [clusterctl, "capirepo", "list", SAMPLE, "--output", "json"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '"latest": "v0.2.0"' in done.stdout


def test_a_goproxy_that_users_cannot_change_is_answered_for_under_its_name(tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(SAMPLE / "infrastructure-awesome", root / "infrastructure-awesome")
    (root / "capirepo.yaml").write_text(
        "proxy: {hosts: [goproxy.example.com]}\n"
        "sources: {infrastructure-awesome: awesome-org/cluster-api-provider-awesome}\n"
    )
    clusterctl = tools.require(tools.clusterctl, tools.NEWEST)
    found = run_all(
        clusterctl,
        {"latest": ["generate", "provider", "-i", "awesome", "--describe"]},
        home=tmp_path / "home",
        wrap=through("--state", tmp_path / "state", root),
        goproxy="https://goproxy.example.com",
    )["latest"]
    assert found.code == 0, found.err
    assert "v0.2.0" in found.out
