"""A real clusterctl and a repository that is read with a token only."""

from __future__ import annotations

import asyncio
import re
import shutil
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.clients import tools
from tests.clients.reading import run_all, through
from tests.support import SAMPLE, add_token, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.clients.reading import Outcome
    from tests.support import Served

VERSIONS = [
    pytest.param(version, id=version, marks=[] if version == tools.NEWEST else pytest.mark.clients)
    for version in tools.CLUSTERCTL_VERSIONS
]
PROVIDER = ["generate", "provider", "-i", "awesome:v0.1.1"]
PACKAGE = (
    "https://gitlab.capirepo.internal/api/v4/projects/capirepo%2Freleases/packages/generic/"
    "infrastructure-awesome/v0.1.1/infrastructure-components.yaml"
)


@pytest.fixture
async def private(tmp_path: Path) -> AsyncIterator[Served]:
    root = tmp_path / "root"
    shutil.copytree(SAMPLE, root, ignore=shutil.ignore_patterns(".capirepo"))
    with (root / "capirepo.yaml").open("a") as config:
        config.write("\nauth: {read: required}\n")
    async with served(root, tls=False) as running:
        yield running


async def run(server: Served, version: str, *, config: str = "", **variables: str) -> Outcome:
    """Runs `generate provider` through the proxy."""
    clusterctl = tools.require(tools.clusterctl, version)
    # `run` asks with a token in any case; what clusterctl itself sends is the question.
    reader = add_token(server.root, "for-capirepo-itself")
    sent = [f"{name}={value}" for name, value in variables.items()]
    wrap = [*through("--server", server.url), "env", "-u", "GITHUB_TOKEN", *sent]
    done = await asyncio.to_thread(
        run_all,
        clusterctl,
        {"it": PROVIDER},
        home=server.root.with_name("home"),
        wrap=wrap,
        config=config,
        variables={"CAPIREPO_TOKEN": reader},
    )
    return done["it"]


def gitlab_config(server: Served) -> str:
    file = server.root.with_name("gitlab.yaml")
    provider = {"name": "awesome", "type": "InfrastructureProvider", "url": PACKAGE}
    file.write_text(yaml.safe_dump({"providers": [provider]}))
    return str(file)


async def answers(server: Served) -> dict[tuple[str, str], int]:
    """How often each face has given each status."""
    token = add_token(server.root, "for-metrics")
    _, _, body = await server.get("/metrics", headers={"PRIVATE-TOKEN": token})
    found = re.findall(
        r'capirepo_requests_total\{face="(\w+)",status="(\d+)"\} (\d+)', body.decode()
    )
    return {(face, status): int(count) for face, status, count in found}


def objects(outcome: Outcome) -> list[str]:
    return [one["kind"] for one in yaml.safe_load_all(outcome.out)]


# clusterctl 1.7 has no token for GitLab.
@pytest.mark.parametrize("version", VERSIONS[1:])
async def test_clusterctl_reads_gitlab_addresses_with_gitlab_access_token(
    private: Served, version: str
) -> None:
    token = add_token(private.root, "reader")
    done = await run(private, version, config=gitlab_config(private), GITLAB_ACCESS_TOKEN=token)
    assert done.code == 0, done.err
    assert "Deployment" in objects(done)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("sent", [{}, {"GITLAB_ACCESS_TOKEN": "wrong"}])
async def test_clusterctl_ends_at_the_first_answer_of_gitlab_that_says_no(
    private: Served, version: str, sent: dict[str, str]
) -> None:
    done = await run(private, version, config=gitlab_config(private), **sent)
    assert done.code == 1
    said = "got 401" if version == "v1.7.9" else "unauthorized access, please check your cred"
    assert said in done.err
    assert (await answers(private))["gitlab", "401"] == 1


@pytest.mark.parametrize("version", VERSIONS)
async def test_clusterctl_reads_github_addresses_with_github_token(
    private: Served, version: str
) -> None:
    token = add_token(private.root, "reader")
    done = await run(private, version, GITHUB_TOKEN=token)
    assert done.code == 0, done.err
    assert "Deployment" in objects(done)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("sent", [{}, {"GITHUB_TOKEN": "wrong"}])
async def test_clusterctl_ends_at_the_first_answer_of_github_and_names_its_variable(
    private: Served, version: str, sent: dict[str, str]
) -> None:
    done = await run(private, version, **sent)
    assert done.code == 1
    assert "assign it to the GITHUB_TOKEN environment variable" in done.err
    counted = await answers(private)
    # One look at the version list, one at the API: anything else would be tried again and again.
    assert counted["goproxy", "404"] == 1
    assert counted["github", "403"] == 1


async def test_run_shows_its_token_to_clusterctl(private: Served, tmp_path: Path) -> None:
    clusterctl = tools.require(tools.clusterctl, tools.NEWEST)
    token = add_token(private.root, "reader")
    done = await asyncio.to_thread(
        run_all,
        clusterctl,
        {"latest": ["generate", "provider", "-i", "awesome", "--describe"]},
        home=tmp_path / "home",
        wrap=through("--server", private.url),
        variables={"CAPIREPO_TOKEN": token},
    )
    assert done["latest"].code == 0, done["latest"].err
    assert "v0.2.0" in done["latest"].out


async def test_clusterctl_takes_its_configuration_with_a_token_in_the_address(
    private: Served, tmp_path: Path
) -> None:
    clusterctl = tools.require(tools.clusterctl, tools.NEWEST)
    token = add_token(private.root, "reader")
    done = await asyncio.to_thread(
        run_all,
        clusterctl,
        {"it": PROVIDER},
        home=tmp_path / "home",
        wrap=through("--server", private.url),
        config=f"{private.url.replace('//', f'//any:{token}@')}/clusterctl.yaml?style=github",
        variables={"CAPIREPO_TOKEN": token},
    )
    assert done["it"].code == 0, done["it"].err
