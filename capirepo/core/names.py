"""Provider types, labels, sources and asset names: parsed here, plain strings nowhere else.

Every name is ASCII of a narrow alphabet, so no decoded path segment can climb, hide,
carry a control character or have a look-alike: what does not parse was never there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import NewType

from capirepo.errors import BadInputError

Label = NewType("Label", str)
"""The folder name of a provider, as clusterctl builds it: `infrastructure-awesome`."""

AssetName = NewType("AssetName", str)
"""The name of one file of a release: `metadata.yaml`."""

Source = NewType("Source", str)
"""The GitHub address `owner/repo` under which clients look for a label, in lower case."""

CORE_LABEL = Label("cluster-api")
CERT_MANAGER = Label("cert-manager")
CLUSTERCTL = Label("clusterctl")
TOOLS = (CERT_MANAGER, CLUSTERCTL)
"""Labels that clusterctl needs beside providers; they carry no metadata.yaml."""

# Kubernetes' IsDNS1123Subdomain, which clusterctl applies to provider names.
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
# GitLab's rule for names of generic packages, less a leading dot (hidden and staged files).
_ASSET = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9_][A-Za-z0-9._-]*")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_LONGEST = 200


class ProviderType(Enum):
    """The seven provider types; the value is the kind written in clusterctl.yaml."""

    CORE = "CoreProvider"
    BOOTSTRAP = "BootstrapProvider"
    CONTROL_PLANE = "ControlPlaneProvider"
    INFRASTRUCTURE = "InfrastructureProvider"
    IPAM = "IPAMProvider"
    RUNTIME_EXTENSION = "RuntimeExtensionProvider"
    ADDON = "AddonProvider"

    @property
    def prefix(self) -> str:
        """What a label of this type begins with: `infrastructure`."""
        return self.name.lower().replace("_", "-")

    @property
    def components(self) -> AssetName:
        """The recommended name of the components file: `infrastructure-components.yaml`."""
        return AssetName(f"{self.prefix}-components.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider: its type and its name, as in `clusterctl init --infrastructure awesome`."""

    type: ProviderType
    name: str

    @property
    def label(self) -> Label:
        """The label, as clusterctl's ManifestLabel builds it."""
        if self.type is ProviderType.CORE:
            return CORE_LABEL
        return Label(f"{self.type.prefix}-{self.name}")


def parse_label(text: str) -> Label:
    """The label that `text` spells.

    Raises:
        BadInputError: it is neither `cluster-api`, nor a tool's, nor `{type}-{name}`.
    """
    if is_label(text):
        return Label(text)
    types = ", ".join(kind.prefix for kind in ProviderType if kind is not ProviderType.CORE)
    raise BadInputError(
        f"{shown(text)} is no provider label",
        cure=f"a label is cluster-api, cert-manager, clusterctl or TYPE-NAME with TYPE of {types}",
    )


def is_label(text: str) -> bool:
    """Whether `text` is a label of a provider or of a tool."""
    return text in TOOLS or provider_of(Label(text)) is not None


def provider_of(label: Label) -> Provider | None:
    """The provider behind a label; None for a tool's label or for no label at all."""
    if label == CORE_LABEL:
        return Provider(type=ProviderType.CORE, name=CORE_LABEL)
    for kind in ProviderType:
        prefix = f"{kind.prefix}-"
        if kind is not ProviderType.CORE and label.startswith(prefix):
            name = label[len(prefix) :]
            if len(label) <= _LONGEST and _NAME.fullmatch(name):
                return Provider(type=kind, name=name)
    return None


def parse_asset(text: str) -> AssetName:
    """The asset name that `text` spells.

    Raises:
        BadInputError: a character, a length or a word that a file name here cannot have.
    """
    if (
        len(text) <= _LONGEST
        and _ASSET.fullmatch(text)
        and not text.endswith(".")
        and ".." not in text
        and not _RESERVED.fullmatch(text)
    ):
        return AssetName(text)
    raise BadInputError(
        f"{shown(text)} is no asset name",
        cure="use letters, digits and . _ + -, not beginning or ending with a dot",
    )


def parse_source(text: str) -> Source:
    """The source that `text` spells; GitHub takes owners and repositories in any case.

    Raises:
        BadInputError: it is not `owner/repo`.
    """
    if len(text) <= _LONGEST and _SOURCE.fullmatch(text) and ".." not in text:
        return Source(text.lower())
    raise BadInputError(
        f"{shown(text)} is no source", cure="a source is a GitHub address, OWNER/REPO"
    )


def default_source(label: Label) -> Source:
    """The source of a provider for which nobody named one.

    A GitHub owner cannot have a dot in its name, so nobody can ever register this address
    and answer for it, should a client that holds it go to the real GitHub by mistake.
    """
    return Source(f"capirepo.internal/{label}")


def printable(text: str) -> str:
    """`text` without what would steer a terminal, `?` in its place."""
    return "".join(one if one.isprintable() else "?" for one in text)


def shown(text: str) -> str:
    """`text` fit for a message: quoted, printable ASCII, at most 80 characters."""
    quoted = ascii(text)
    return quoted if len(quoted) <= 80 else f"{quoted[:76]}...'"  # noqa: PLR2004 - a line's length


def is_called(label: Label, text: str) -> bool:
    """Whether `text` is the label, or its provider's name."""
    provider = provider_of(label)
    return text == label or (provider is not None and text == provider.name)
