"""From an address to an upstream, and whose token it is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from capirepo.core.catalog import Catalog, own_entry
from capirepo.core.names import Label
from capirepo.errors import BadInputError
from capirepo.upstream.choose import Access, upstream_for
from capirepo.upstream.folder import FolderUpstream
from capirepo.upstream.github import GithubUpstream
from capirepo.upstream.gitlab import GitlabUpstream
from capirepo.upstream.http import Http
from capirepo.upstream.tree import ServedUpstream

LABEL = Label("infrastructure-awesome")
CATALOG = Catalog([own_entry(LABEL, "awesome-org/repo")])
PROJECT = "https://gitlab.example.com/api/v4/projects/group%2Fname"


def chosen(where: Any, label: Label | None = LABEL, **environment: str) -> Any:
    access = Access.of(environment)
    return upstream_for(where, label, http=Http(), access=access, catalog=CATALOG)


@pytest.mark.parametrize(
    ("where", "kind", "address"),
    [
        ("Awesome-Org/repo", GithubUpstream, "https://github.com/Awesome-Org/repo"),
        ("https://github.com/a/b.c", GithubUpstream, "https://github.com/a/b.c"),
        ("https://github.com/a/b.git", GithubUpstream, "https://github.com/a/b"),
        ("https://github.com/a/b/", GithubUpstream, "https://github.com/a/b"),
        ("https://github.com/a/b/releases/latest/x.yaml", GithubUpstream, "https://github.com/a/b"),
        (PROJECT, GitlabUpstream, f"{PROJECT}/packages/generic/{LABEL}"),
        (f"{PROJECT}/", GitlabUpstream, f"{PROJECT}/packages/generic/{LABEL}"),
        (
            f"{PROJECT}/packages/generic/ipam-other/v1.0.0/ipam-components.yaml",
            GitlabUpstream,
            f"{PROJECT}/packages/generic/ipam-other",
        ),
        (
            "https://example.com/gitlab/api/v4/projects/7",
            GitlabUpstream,
            f"https://example.com/gitlab/api/v4/projects/7/packages/generic/{LABEL}",
        ),
        ("http://127.0.0.1:8080", ServedUpstream, f"http://127.0.0.1:8080/{LABEL}"),
        ("https://a.example/b/c/", ServedUpstream, f"https://a.example/b/c/{LABEL}"),
        ("/srv/releases", FolderUpstream, f"/srv/releases/{LABEL}"),
        ("./here", FolderUpstream, str(Path.cwd() / "here" / LABEL)),
        (".", FolderUpstream, str(Path.cwd() / LABEL)),
        ("file://localhost/srv", FolderUpstream, f"/srv/{LABEL}"),
        ("file:///srv/my%20releases", FolderUpstream, f"/srv/my releases/{LABEL}"),
    ],
)
def test_every_form_of_an_address_has_its_upstream(where: str, kind: type, address: str) -> None:
    upstream = chosen(where)
    assert isinstance(upstream, kind)
    assert chosen(where).address == address


def test_an_entry_of_the_catalog_leads_to_its_source_on_github() -> None:
    upstream = chosen(CATALOG.entry(Label("cluster-api")), None)
    assert upstream.address == "https://github.com/kubernetes-sigs/cluster-api"
    assert {
        "metadata.yaml",
        "core-components.yaml",
        "bootstrap-components.yaml",
        "control-plane-components.yaml",
        "infrastructure-components-development.yaml",
        "cluster-template.yaml",
        "clusterctl-linux-amd64",
    } <= set(upstream._names)
    cert_manager = chosen(CATALOG.entry(Label("cert-manager")), None)
    assert cert_manager._names == ("cert-manager.yaml",)


@pytest.mark.parametrize(
    "where",
    ["", "nonsense", "ftp://a.example/", "https://", "https://[", "https://github.com/",
     "https://github.com/only", "https://github.com/a/b/tree/main", "oci://a.example/b",
     "https://user:secret@a.example/", "https://a.example/?private_token=secret", "a/b/c",
     "file://other.example/x", "x\0"],
)  # fmt: skip
def test_what_is_no_address_is_an_error_with_a_cure(where: str) -> None:
    with pytest.raises(BadInputError) as error:
        chosen(where)
    assert error.value.cure
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("where", [PROJECT, "https://a.example", "/srv", "file:///srv"])
def test_an_address_of_many_labels_needs_one(where: str) -> None:
    with pytest.raises(BadInputError, match="say which one"):
        chosen(where, None)


def test_a_package_that_is_no_label_is_an_error() -> None:
    with pytest.raises(BadInputError, match="no provider label"):
        chosen(f"{PROJECT}/packages/generic/nonsense/v1.0.0/x.yaml", None)


def test_each_host_is_shown_its_own_token() -> None:
    everything = {
        "GITHUB_TOKEN": "a", "GITLAB_TOKEN": "b", "CI_JOB_TOKEN": "c", "CAPIREPO_TOKEN": "d",
    }  # fmt: skip
    access = Access.of(everything)
    assert access.github.headers == {"Authorization": "Bearer a"}
    assert access.gitlab_at("any").headers == {"PRIVATE-TOKEN": "b"}
    assert access.capirepo.headers == {"Authorization": "Bearer d"}
    assert "Bearer" not in repr(access)


def test_the_token_of_a_job_is_for_its_own_gitlab() -> None:
    access = Access.of({"CI_JOB_TOKEN": "c", "CI_SERVER_HOST": "gitlab.example.com"})
    assert access.gitlab_at("gitlab.example.com").headers == {"JOB-TOKEN": "c"}
    assert access.gitlab_at("gitlab.evil.example").headers == {}


@pytest.mark.parametrize("token", ["a\r\nX: y", "töken", "a\0b"])
def test_a_token_that_cannot_be_one_is_an_error_that_does_not_tell_it(token: str) -> None:
    with pytest.raises(BadInputError, match="GITHUB_TOKEN") as error:
        Access.of({"GITHUB_TOKEN": token})
    assert token not in str(error.value)


@pytest.mark.parametrize(
    ("configured", "variable", "wanted"),
    [
        ("", "", ""),
        ("", "off", ""),
        ("", "direct", ""),
        ("", "https://a.example/path,direct", "https://a.example"),
        ("", "direct|http://a.example:3000", "http://a.example:3000"),
        ("https://b.example", "https://a.example", "https://b.example"),
        ("", "file:///srv/mod,https://a.example", "https://a.example"),
    ],
)
def test_of_goproxy_scheme_and_host_of_the_first_are_taken(
    configured: str, variable: str, wanted: str
) -> None:
    assert Access.of({"GOPROXY": variable}, goproxy=configured).goproxy == wanted
