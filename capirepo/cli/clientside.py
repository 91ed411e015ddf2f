"""What `run` and `env` share: from a server to the variables of its clients."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from cryptography import x509

from capirepo.cli.client import check_url, get, token_of_user
from capirepo.cli.clienthome import write_ca_bundle, write_config_home
from capirepo.cli.kubeconfig import api_server_hosts
from capirepo.cli.options import say
from capirepo.config import GITHUB_HOSTS
from capirepo.core import yamlguard
from capirepo.core.environment import (
    ClientFiles,
    client_environment,
    shadowed,
    users_own,
)
from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def variables_for(server: str, folder: Path, arguments: Sequence[str] = ()) -> Mapping[str, str]:
    """The variables with which clusterctl reads from `server`; its files go into `folder`.

    Raises:
        BadInputError, NotThereError: there is no server that answers.
        UnauthorizedError: it wants a token, or another one.
    """
    base = check_url(server)
    user = users_own(os.environ)
    ca_pem = get(base, "/ca.pem")
    query = urlencode({"style": "github", "known": "false"})
    private = _read(base, ca_pem, get(base, f"/clusterctl.yaml?{query}"))
    config_home, remark = write_config_home(folder, private, user)
    if remark:
        say(f"capirepo: {remark}")
    kept_away = shadowed(user, GITHUB_HOSTS)
    if kept_away:
        say(f"capirepo: NO_PROXY keeps {', '.join(kept_away)} away from {base}")
    bundle, empty = write_ca_bundle(folder, ca_pem, user)
    return client_environment(
        user,
        server=base,
        files=ClientFiles(
            ca_bundle=str(bundle), ca_folder=str(empty or ""), config_home=config_home
        ),
        direct_hosts=api_server_hosts(user, arguments),
        # Never to the real GitHub.
        token="" if kept_away else token_of_user(),
    )


def _read(base: str, ca_pem: bytes, config: bytes) -> dict[str, Any]:
    """The private providers of a server, which must be one of ours."""
    try:
        x509.load_pem_x509_certificate(ca_pem)
        documents = yamlguard.load_all(config, f"{base}/clusterctl.yaml")
        if len(documents) == 1 and isinstance(documents[0], dict):
            return documents[0]
    except (ValueError, BadInputError):
        pass
    raise BadInputError(f"what answers at {base} is no capirepo")


def lasting_folder(server: str) -> Path:
    """A folder in the user's cache for the files of one server, for `env`."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    host = (urlsplit(server).hostname or "server").replace(":", "-")
    name = f"{host}-{hashlib.sha256(server.encode()).hexdigest()[:12]}"
    folder = cache / "capirepo" / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
