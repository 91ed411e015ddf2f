"""Renders a clusterctl.yaml: the addresses under which clusterctl reads providers from us.

Three styles, one for each kind of address that clusterctl takes (`repository_factory` in
its `client/repository/client.go`):
- github: `https://github.com/OWNER/REPO/releases/latest/FILE`; through HTTPS_PROXY only. It
  has `latest` and upgrades, also for private providers.
- gitlab: `https://gitlab.HOST/api/v4/projects/PROJECT/packages/generic/…`; names one version.
- local: `file:///ROOT/LABEL/VERSION/FILE`; no server at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from capirepo.core.names import CERT_MANAGER, AssetName, Label, Source, provider_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capirepo.core.version import Version

LATEST: Final = "latest"


class Style(Enum):
    """The kind of address in a clusterctl.yaml."""

    GITHUB = "github"
    GITLAB = "gitlab"
    LOCAL = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Everything an address may be made of, for one label.

    Attributes:
        version: the newest complete one, or the one that was asked for.
        pinned: whether the version was asked for; only then GitHub addresses name it.
    """

    label: Label
    version: Version
    source: Source
    components: AssetName
    pinned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the repository is, for each style.

    Attributes:
        root: the absolute path of ROOT.
        gitlab_host: the host of the GitLab face.
        gitlab_project: the path of the project, not escaped.
    """

    root: str
    gitlab_host: str
    gitlab_project: str


def render_config(
    addresses: Iterable[Address], style: Style, places: Places, *, image_registry: str = ""
) -> dict[str, Any]:
    """The content of a clusterctl.yaml, ready to be written as YAML.

    Args:
        addresses: one a label, in the order in which they shall stand.
        style: which kind of address to write.
        places: where the repository is.
        image_registry: where all images are taken from; '' leaves them alone.
    """
    providers: list[dict[str, str]] = []
    config: dict[str, Any] = {"providers": providers}
    for address in addresses:
        provider = provider_of(address.label)
        if provider is not None:
            providers.append(
                {
                    "name": provider.name,
                    "type": provider.type.value,
                    "url": _url(address, style, places),
                }
            )
        elif address.label == CERT_MANAGER:
            config["cert-manager"] = {
                "url": _url(address, style, places),
                "version": str(address.version),
            }
    if image_registry:
        config["images"] = {"all": {"repository": image_registry}}
    return config


def _url(address: Address, style: Style, places: Places) -> str:
    version = str(address.version)
    path = f"{address.label}/{version}/{address.components}"
    if style is Style.LOCAL:
        return f"file://{quote(places.root)}/{path}"
    if style is Style.GITLAB:
        project = quote(places.gitlab_project, safe="")
        return f"https://{places.gitlab_host}/api/v4/projects/{project}/packages/generic/{path}"
    # cert-manager's address must name its version: clusterctl resolves no latest for it.
    wanted = version if address.pinned or address.label == CERT_MANAGER else LATEST
    return f"https://github.com/{address.source}/releases/{wanted}/{address.components}"
