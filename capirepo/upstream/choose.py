"""From an address, or what the catalog says of a label, to an Upstream."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from yarl import URL

from capirepo.core.names import Label, Source, parse_label, parse_source, shown
from capirepo.errors import BadInputError
from capirepo.upstream.folder import FolderUpstream
from capirepo.upstream.github import GithubUpstream, source_of
from capirepo.upstream.gitlab import GitlabUpstream, project_of
from capirepo.upstream.lists import contract_names
from capirepo.upstream.tree import ServedUpstream
from capirepo.upstream.wire import NOTHING, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capirepo.core.catalog import Catalog, Entry
    from capirepo.outside import Upstream
    from capirepo.upstream.http import Http

_REPOSITORY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9_][A-Za-z0-9._-]*")
_FORMS: Final = (
    "write OWNER/REPO, https://github.com/OWNER/REPO, https://HOST/api/v4/projects/ID, "
    "https://HOST[/BASE], or a folder as ./FOLDER, /FOLDER or file:///FOLDER"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What an environment says of how upstreams are asked; `of` reads it.

    Attributes:
        github: the token for GitHub's API.
        gitlab: the token for GitLab, a person's.
        job: the token of a CI job, and the host that it is for ('' for any).
        capirepo: the token for another capirepo.
        goproxy: the address of the Go proxy for lists of versions; '' for none.
    """

    github: Secret = NOTHING
    gitlab: Secret = NOTHING
    job: Secret = NOTHING
    job_host: str = ""
    capirepo: Secret = NOTHING
    goproxy: str = ""

    @classmethod
    def of(cls, environment: Mapping[str, str], *, goproxy: str = "") -> Access:
        """Reads the environment; a `goproxy` that was configured wins over GOPROXY."""

        def secret(variable: str, header: str, prefix: str = "") -> Secret:
            token = environment.get(variable, "").strip()
            if not token:
                return Secret(variable=variable)
            if not (token.isascii() and token.isprintable()):
                raise BadInputError(f"{variable} holds what cannot be a token")
            return Secret(headers={header: f"{prefix}{token}"}, variable=variable)

        return cls(
            github=secret("GITHUB_TOKEN", "Authorization", "Bearer "),
            gitlab=secret("GITLAB_TOKEN", "PRIVATE-TOKEN"),
            job=secret("CI_JOB_TOKEN", "JOB-TOKEN"),
            job_host=environment.get("CI_SERVER_HOST", ""),
            capirepo=secret("CAPIREPO_TOKEN", "Authorization", "Bearer "),
            goproxy=_goproxy(goproxy or environment.get("GOPROXY", "")),
        )

    def gitlab_at(self, host: str) -> Secret:
        """What to show to a GitLab: a person's token, else the job's where it is the job's."""
        if self.gitlab.headers or not self.job.headers:
            return self.gitlab
        return self.job if self.job_host in ("", host) else self.gitlab


def upstream_for(
    where: Entry | str,
    label: Label | None = None,
    *,
    http: Http,
    access: Access,
    catalog: Catalog,
) -> Upstream:
    """The upstream at an address, or the source of an entry of the catalog.

    Args:
        where: an entry, `OWNER/REPO`, `https://github.com/OWNER/REPO[/releases…]`,
            `https://HOST/api/v4/projects/ID[/packages/generic/LABEL…]`, `https://HOST[/BASE]`
            (another capirepo or a plain tree), a folder as a path or file://.
        label: whose releases, where the address does not name it; of GitHub's, all are had.
        http: the client.
        access: tokens, and the Go proxy.
        catalog: the labels of a source, and the names of their components files.

    Raises:
        BadInputError: the address is none of these, or names no label and none is given.
    """
    if not isinstance(where, str):
        return _github(where.source, where.label, http, access, catalog)
    repository = where if _REPOSITORY.fullmatch(where) else source_of(where)
    if repository is not None:
        return _github(repository, label, http, access, catalog)
    folder = _folder(where)
    if folder is not None:
        return FolderUpstream(folder, _needed(label, where))
    url = _url(where)
    project = project_of(url)
    if project is not None:
        _, _, named = url.raw_path.partition("/packages/generic/")
        own = parse_label(named.partition("/")[0]) if named else _needed(label, where)
        return GitlabUpstream(http, project, own, secret=access.gitlab_at(url.host or ""))
    own = _needed(label, where)
    names = contract_names([catalog.entry(own)])
    return ServedUpstream(http, url, own, names=names, secret=access.capirepo)


def _github(
    repository: str, label: Label | None, http: Http, access: Access, catalog: Catalog
) -> GithubUpstream:
    source: Source = parse_source(repository)
    entries = [one for one in catalog.entries() if source in (one.source, *one.former)]
    if not entries and label is not None:
        entries = [catalog.entry(label)]
    return GithubUpstream(
        http,
        repository,
        names=contract_names(entries),
        secret=access.github,
        goproxy=access.goproxy,
    )


def _needed(label: Label | None, where: str) -> Label:
    if label is None:
        raise BadInputError(f"{shown(where)} has many labels", cure="say which one is wanted")
    return label


def _folder(where: str) -> Path | None:
    if where in (".", "..") or where.startswith(("/", "./", "../", "~/")):
        return Path(where).expanduser()
    match = re.fullmatch(r"file://(localhost)?(?P<path>/.*)", where)
    return Path(unquote(match["path"])) if match else None


def _url(where: str) -> URL:
    try:
        url = URL(where.rstrip("/"))
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise BadInputError(f"{shown(where)} is no address of an upstream", cure=_FORMS)
    if url.user or url.password or url.query_string or url.fragment:
        raise BadInputError(
            f"the address of an upstream at {url.host} has more than a path",
            cure="tokens are read from GITLAB_TOKEN, CI_JOB_TOKEN and CAPIREPO_TOKEN",
        )
    return url


def _goproxy(text: str) -> str:
    """The first address in a GOPROXY, scheme and host, as clusterctl takes it; '' for none."""
    for part in re.split("[,|]", text):
        match = re.match(r"https?://[^/?#]+", part.strip())
        if match is not None:
            return match[0]
    return ""
