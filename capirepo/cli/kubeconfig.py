"""The API servers of the kubeconfig in use: they must not be asked for through us."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from capirepo.core import yamlguard
from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def api_server_hosts(environment: Mapping[str, str], arguments: Sequence[str]) -> list[str]:
    """The hosts of all clusters in the kubeconfig in use; none of what cannot be read.

    Args:
        environment: for KUBECONFIG, HOME, and a pod's own KUBERNETES_SERVICE_HOST.
        arguments: of the command to be run, for its `--kubeconfig`.
    """
    hosts = [environment.get("KUBERNETES_SERVICE_HOST", "")]
    for file in _files(environment, arguments):
        try:
            for document in yamlguard.load_all(file.read_bytes(), str(file)):
                hosts += _hosts(document)
        except (OSError, BadInputError):
            # The command itself will say so, if it needs the file.
            continue
    return [host for host in dict.fromkeys(hosts) if host]


def _files(environment: Mapping[str, str], arguments: Sequence[str]) -> Iterator[Path]:
    given = [
        after if argument == "--kubeconfig" else argument.partition("=")[2]
        for argument, after in zip(arguments, [*arguments[1:], ""], strict=False)
        if argument == "--kubeconfig" or argument.startswith("--kubeconfig=")
    ]
    named = given or [part for part in environment.get("KUBECONFIG", "").split(":") if part]
    if named:
        yield from map(Path, named)
    elif home := environment.get("HOME"):
        yield Path(home, ".kube", "config")


def _hosts(document: Any) -> Iterator[str]:
    clusters = document.get("clusters") if isinstance(document, dict) else None
    for entry in clusters if isinstance(clusters, list) else ():
        cluster = entry.get("cluster") if isinstance(entry, dict) else None
        server = cluster.get("server") if isinstance(cluster, dict) else None
        if isinstance(server, str):
            with contextlib.suppress(ValueError):
                yield urlsplit(server).hostname or ""
