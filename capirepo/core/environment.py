"""The environment in which clusterctl reads its providers from us. Pure.

Rules kept here (Go's `net/http` and `crypto/x509`, clusterctl's `internal/goproxy`):
- HTTPS_PROXY leads https:// to us, where CONNECT ends; both cases are set, as curl reads one
  and Go the other first;
- what the user had in NO_PROXY stays; the Kubernetes API server and we ourselves are added,
  or they would be asked for through us;
- of GOPROXY clusterctl takes only scheme and host; the lists are there;
- clusterctl shows GITHUB_TOKEN to GitHub's API, which is us, and takes from there what it may
  not read without a token; the user's own is nothing to us, and is not kept beside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# What we set and the user may have had: kept beside, so that a second time starts from it.
_REMEMBERED: Final = ("NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "XDG_CONFIG_HOME")
_USERS: Final = "CAPIREPO_USER_"
_ALWAYS_DIRECT: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFiles:
    """The files that go with the variables.

    Attributes:
        ca_bundle: our CA, and whatever the user trusts already.
        ca_folder: an empty folder, where the bundle has all that the system trusts; Go would
            read the system's folders as well, each certificate a second time. '' for none.
        config_home: an XDG_CONFIG_HOME whose clusterctl.yaml names private providers; ''
            leaves the user's.
    """

    ca_bundle: str
    ca_folder: str = ""
    config_home: str = ""


def client_environment(
    user: Mapping[str, str],
    *,
    server: str,
    files: ClientFiles,
    direct_hosts: Iterable[str] = (),
    token: str = "",
) -> dict[str, str]:
    """The variables to set, and nothing else.

    Args:
        user: the environment as the user has it.
        server: the address of the plain (or TLS) port, `http://127.0.0.1:8080`.
        files: what the variables name.
        direct_hosts: hosts that must not be asked for through us: API servers.
        token: what to show the server; '' for none.
    """
    own_host = urlsplit(server).hostname or ""
    theirs = user.get("NO_PROXY") or user.get("no_proxy") or ""
    direct = [part.strip() for part in theirs.split(",") if part.strip()]
    for host in (*_ALWAYS_DIRECT, own_host, *direct_hosts):
        if host and host not in direct:
            direct.append(host)
    variables = {
        "HTTPS_PROXY": server,
        "https_proxy": server,
        "NO_PROXY": ",".join(direct),
        "no_proxy": ",".join(direct),
        "SSL_CERT_FILE": files.ca_bundle,
        "GOPROXY": server,
    }
    variables |= {f"{_USERS}{name}": user.get(name, "") for name in _REMEMBERED}
    if token:
        variables["GITHUB_TOKEN"] = token
    if files.ca_folder:
        variables["SSL_CERT_DIR"] = files.ca_folder
    if files.config_home:
        variables["XDG_CONFIG_HOME"] = files.config_home
    return variables


def users_own(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment as it was before one of ours was put over it."""
    own = {name: value for name, value in environment.items() if not name.startswith(_USERS)}
    for name in _REMEMBERED:
        before = environment.get(f"{_USERS}{name}")
        if before is not None:
            own.pop(name.lower(), None)
            own[name] = before
            if not before:
                del own[name]
    return own


def shadowed(user: Mapping[str, str], hosts: Iterable[str]) -> list[str]:
    """Those of `hosts` that the user's NO_PROXY keeps away from us."""
    theirs = user.get("NO_PROXY") or user.get("no_proxy") or ""
    parts = [part.strip().lstrip("*").lstrip(".") for part in theirs.split(",") if part.strip()]
    everything = "*" in theirs.split(",")
    return [
        host
        for host in hosts
        if everything or any(part and (host == part or host.endswith(f".{part}")) for part in parts)
    ]


def as_exports(variables: Mapping[str, str]) -> str:
    """The variables as lines for a POSIX shell."""
    return "".join(
        f"export {name}='{value.replace(chr(39), chr(39) + chr(92) + chr(39) * 2)}'\n"
        for name, value in variables.items()
    )
