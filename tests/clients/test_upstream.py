"""Another capirepo as github.com, mirrored or fetched from as asked, and clusterctl reading it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from capirepo.core.catalog import Catalog
from capirepo.core.names import Label
from tests.clients import reading, tools
from tests.clients.reading import REAL, Outcome, run_all, same_objects, through
from tests.support import SAMPLE, Process, clean_environment, run_capirepo, serving_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


PRIVATE = {"infrastructure-awesome": "awesome-org/cluster-api-provider-awesome"}


@dataclass(frozen=True)
class Upstream:
    """A repository that is served, and the labels in it."""

    root: Path
    server: Process
    labels: tuple[Label, ...]


@dataclass(frozen=True)
class Mirror:
    """A ROOT that wants all of an upstream, and the environment in which it asks for it."""

    root: Path
    environment: dict[str, str]

    def run(self, *options: str) -> tuple[int, Any, str]:
        """Exit code, what `--output json` says, and standard error."""
        done = run_capirepo(
            "mirror", "--root", self.root, "--output", "json", *options,
            env=self.environment,
        )  # fmt: skip
        return done.returncode, json.loads(done.stdout), done.stderr


@pytest.fixture(
    scope="module", params=["sample-repo", pytest.param("real", marks=pytest.mark.clients)]
)
def repository(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The releases that upstream has."""
    root: Path = tmp_path_factory.mktemp("upstream") / "root"
    if request.param == "sample-repo":
        shutil.copytree(SAMPLE, root)
    elif REAL.exists():
        root.mkdir()
        done = run_capirepo("layout", REAL, root)
        assert done.returncode == 0, done.stderr
    else:
        pytest.skip("needs ../shared/real beside the checkout")
    return root


@pytest.fixture
def upstream(repository: Path, tmp_path: Path) -> Iterator[Upstream]:
    with serving_process(repository, state=tmp_path / "state") as server:
        yield Upstream(repository, server, tuple(map(Label, labels_in(repository))))


@pytest.fixture(params=["as github.com", "by its address"])
def mirror(request: pytest.FixtureRequest, upstream: Upstream, tmp_path: Path) -> Mirror:
    root, home = tmp_path / "mirror", tmp_path / "home"
    root.mkdir()
    home.mkdir()
    plain = clean_environment(home)
    if request.param == "by its address":
        configure(
            root, [{"provider": one, "upstream": upstream.server.url} for one in upstream.labels]
        )
        return Mirror(root, plain)
    catalog = Catalog()
    configure(
        root,
        [
            {"provider": one, "source": PRIVATE.get(one, catalog.entry(one).source)}
            for one in upstream.labels
        ],
    )
    # Templates are known to whoever asks GitHub's API, and that takes a token.
    return Mirror(root, {**plain, **as_github(upstream, plain), "GITHUB_TOKEN": "any"})


def as_github(upstream: Upstream, environment: dict[str, str]) -> dict[str, str]:
    """What has an upstream found as github.com, as its users have it: through a proxy and a CA."""
    shown = run_capirepo(
        "env", "--server", upstream.server.url, "--output", "json", env=environment
    )
    assert shown.returncode == 0, shown.stderr
    return {name: value for name, value in json.loads(shown.stdout).items() if value}


def labels_in(root: Path) -> list[str]:
    return sorted(folder.name for folder in root.glob("[a-z]*") if folder.is_dir())


def configure(root: Path, entries: list[dict[str, Any]]) -> None:
    section = [{**entry, "prereleases": True} for entry in entries]
    (root / "capirepo.yaml").write_text(yaml.safe_dump({"mirror": section}))


def content(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for label in labels_in(root)
        for path in (root / label).rglob("*")
        if path.is_file()
    }


def commands_for(upstream: Upstream) -> dict[str, list[str]]:
    """What clusterctl may be asked about all that an upstream has."""
    commands: dict[str, list[str]] = {}
    for label in upstream.labels:
        if "-" in label and label != "cert-manager":
            versions = sorted(folder.name for folder in (upstream.root / label).iterdir())
            commands |= reading.provider_commands(label, versions)
    return commands


def printed(
    upstream: Upstream, home: Path, *where: object, version: str = tools.NEWEST
) -> dict[str, Outcome]:
    """What clusterctl prints of what an upstream has, read from somewhere."""
    clusterctl = tools.require(tools.clusterctl, version)
    return run_all(clusterctl, commands_for(upstream), home=home, wrap=where)


def test_a_mirror_has_all_that_upstream_has_and_serves_it_when_upstream_is_gone(
    mirror: Mirror, upstream: Upstream, tmp_path: Path
) -> None:
    code, told, errors = mirror.run()
    assert (code, told["problems"]) == (0, []), errors
    assert content(mirror.root) == content(upstream.root)

    code, told, _ = mirror.run()
    assert (code, told["toFetch"], told["brought"]) == (0, [], [])
    assert len(told["upToDate"]) == len({name.rpartition("/")[0] for name in content(mirror.root)})

    code, told, _ = mirror.run("--check")
    assert (code, told["changes"], told["problems"]) == (0, [], [])
    assert (told["compared"], told["silent"]) == (len(content(mirror.root)), 0)

    upstream.server.process.terminate()
    upstream.server.process.wait(timeout=20)
    code, told, errors = mirror.run()
    assert (code, told["brought"]) == (1, [])
    assert "Traceback" not in errors
    code, told, _ = mirror.run("--check")
    assert (code, told["changes"], bool(told["problems"])) == (1, [], True)

    expected = printed(upstream, tmp_path / "there", *through(upstream.root))
    assert not any(one.code for one in expected.values())
    found = printed(upstream, tmp_path / "here", *through(mirror.root))
    check_same(found, expected)


def check_same(found: dict[str, Outcome], expected: dict[str, Outcome]) -> None:
    # An old client refuses what is too new for it, wherever that comes from.
    assert [one for one in expected.values() if one.code == 0]
    for command, outcome in expected.items():
        assert same_objects(found[command], outcome), (command, found[command].err)


OLDER = [
    pytest.param(version, "", id=f"{version} by the Go proxy", marks=pytest.mark.clients)
    for version in tools.CLUSTERCTL_VERSIONS[:-1]
]


@pytest.mark.parametrize(
    ("version", "token"),
    [
        pytest.param(tools.NEWEST, "any", id="by the API"),
        pytest.param(tools.NEWEST, "", id="by the Go proxy"),
        *OLDER,
    ],
)
def test_clusterctl_fetches_into_an_empty_folder_and_needs_no_upstream_afterwards(
    upstream: Upstream, tmp_path: Path, version: str, token: str
) -> None:
    if version != tools.NEWEST and "infrastructure-awesome" not in upstream.labels:
        pytest.skip("older clients fetch the sample: real releases are too new for some")
    root, home = tmp_path / "cache", tmp_path / "home"
    root.mkdir()
    home.mkdir()
    entries = [Catalog().entry(label) for label in upstream.labels]
    private = {
        str(one.label): PRIVATE.get(one.label, one.source) for one in entries if not one.known
    }
    settings = {"sources": private, "upstream": {"mode": "cache", "providers": ["*", *private]}}
    (root / "capirepo.yaml").write_text(yaml.safe_dump(settings))
    github = {**as_github(upstream, clean_environment(home)), "GITHUB_TOKEN": token}
    asking = ["env", *(f"{name}={value}" for name, value in github.items())]
    expected = printed(upstream, tmp_path / "there", *through(upstream.root), version=version)
    assert version != tools.NEWEST or not any(one.code for one in expected.values())

    check_same(
        printed(upstream, tmp_path / "empty", *asking, *through(root), version=version), expected
    )
    had = content(upstream.root)
    assert content(root).items() <= had.items()
    assert {name for name in had if "components" in name} <= content(root).keys()

    upstream.server.process.terminate()
    upstream.server.process.wait(timeout=20)
    check_same(
        printed(upstream, tmp_path / "alone", *asking, *through(root), version=version), expected
    )
    check_same(
        printed(
            upstream, tmp_path / "off", *through("--upstream", "offline", root), version=version
        ),
        expected,
    )
