"""The files that go with the client's environment: a CA bundle, and a clusterctl.yaml.

clusterctl knows only the providers on its own list, so private ones need a clusterctl.yaml.
It is given one in an XDG_CONFIG_HOME of ours: the user's own file with our private
providers added (theirs win), and everything else in their folder linked.
"""

from __future__ import annotations

import contextlib
import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from capirepo.core import yamlguard
from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

_FOLDER: Final = "cluster-api"
_READABLE: Final = ("clusterctl.yaml", "clusterctl.yml", "clusterctl.json")
_UNREADABLE: Final = ("clusterctl.toml", "clusterctl.properties", "clusterctl.hcl")
# Where Go looks for roots on Linux (crypto/x509/root_linux.go).
_SYSTEM_BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def write_ca_bundle(folder: Path, ours: bytes, user: Mapping[str, str]) -> tuple[Path, Path | None]:
    """A file with our CA and what the user trusts already: SSL_CERT_FILE takes one file.

    Returns:
        The file; and an empty folder for SSL_CERT_DIR where the file has the system's whole
        bundle in it, else None.
    """
    named = user.get("SSL_CERT_FILE")
    default = ssl.get_default_verify_paths().cafile
    theirs = b""
    for candidate in (named,) if named else (*_SYSTEM_BUNDLES, default):
        with contextlib.suppress(OSError):
            theirs = Path(candidate or "").read_bytes()
            break
    bundle = folder / "ca-bundle.pem"
    bundle.write_bytes(ours + b"\n" + theirs)
    if named or not theirs or "SSL_CERT_DIR" in user:
        return bundle, None
    empty = folder / "no-more-certificates"
    empty.mkdir(exist_ok=True)
    return bundle, empty


def write_config_home(
    folder: Path, ours: Mapping[str, Any], user: Mapping[str, str]
) -> tuple[str, str]:
    """An XDG_CONFIG_HOME with `ours` merged in, and a remark for the user.

    Args:
        folder: where to make it.
        ours: a clusterctl.yaml with the private providers only.
        user: the environment as the user has it.

    Returns:
        The folder, or '' where the user's stays as it is; and what to tell them, or ''.
    """
    home = Path(user.get("HOME", "/"))
    config_home = Path(user.get("XDG_CONFIG_HOME") or home / ".config")
    if not ours.get("providers"):
        # `clusterctl --config http://…` fails where its own folder is not there yet.
        with contextlib.suppress(OSError):
            (config_home / _FOLDER).mkdir(parents=True, exist_ok=True)
        return "", ""
    merged: dict[str, Any] = {}
    for place in (config_home / _FOLDER, home / ".cluster-api"):
        if any((place / name).exists() for name in _UNREADABLE):
            return "", f"private providers are not added to {place}: it is not YAML"
        theirs = next((place / name for name in _READABLE if (place / name).exists()), None)
        if theirs is not None:
            try:
                documents = yamlguard.load_all(theirs.read_bytes(), str(theirs))
            except (OSError, BadInputError) as error:
                return "", f"private providers are not added: {error}"
            merged = documents[0] if documents and isinstance(documents[0], dict) else {}
            break
    _add_providers(merged, ours["providers"])
    shadow = folder / "config"
    _link_all(config_home, shadow, leave_out={_FOLDER})
    _link_all(config_home / _FOLDER, shadow / _FOLDER, leave_out={*_READABLE})
    (shadow / _FOLDER / "clusterctl.yaml").write_text(yaml.safe_dump(merged, sort_keys=False))
    return str(shadow), ""


def _add_providers(config: dict[str, Any], ours: list[dict[str, str]]) -> None:
    theirs = config.get("providers")
    providers = theirs if isinstance(theirs, list) else []
    taken = {(one.get("name"), one.get("type")) for one in providers if isinstance(one, dict)}
    config["providers"] = [
        *providers,
        *(one for one in ours if (one["name"], one["type"]) not in taken),
    ]


def _link_all(real: Path, shadow: Path, leave_out: set[str]) -> None:
    shadow.mkdir(parents=True, exist_ok=True)
    if real.is_dir():
        for entry in real.iterdir():
            if entry.name not in leave_out and not os.path.lexists(shadow / entry.name):
                (shadow / entry.name).symlink_to(entry.absolute())
