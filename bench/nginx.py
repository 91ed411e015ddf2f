"""nginx as a file server: one worker, and nothing that the system has installed of it."""

from __future__ import annotations

import contextlib
import os
import pwd
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.processes import free_port, started, tail, wait_until
from bench.rows import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# TLS as capirepo has it: without this line nginx before 1.23.4 stays at TLS 1.2.
_CONFIG = """\
{user}
daemon off;
worker_processes 1;
pid {prefix}/nginx.pid;
lock_file {prefix}/nginx.lock;
error_log stderr;
events {{ worker_connections 1024; }}
http {{
  {temporary}
  default_type application/yaml;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  access_log off;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_certificate {prefix}/chain.pem;
  ssl_certificate_key {prefix}/key.pem;
  {sites}
}}
"""
_SITE = """
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    listen 127.0.0.1:{tls_port} ssl backlog=1024;
    root {root};
    gzip_static {gzip_static};
    access_log {access_log};
  }}
"""
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One folder that nginx serves.

    Attributes:
        gzip_static: whether a file `x.gz` is given for `x` to clients that take gzip.
        access_log: the file for it; None for no access log.
    """

    root: Path
    port: int
    tls_port: int
    gzip_static: bool = False
    access_log: Path | None = None

    @property
    def url(self) -> str:
        """Its plain address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        """Its address with TLS."""
        return f"https://127.0.0.1:{self.tls_port}"


def site(root: Path, *, gzip_static: bool = False, access_log: Path | None = None) -> Site:
    """A site on two free ports of loopback."""
    return Site(
        root=root,
        port=free_port(),
        tls_port=free_port(),
        gzip_static=gzip_static,
        access_log=access_log,
    )


@contextlib.contextmanager
def nginx(
    program: Path, prefix: Path, sites: Sequence[Site], chain: bytes, key: bytes
) -> Iterator[None]:
    """Serves `sites` for as long as the context lasts, all by one worker.

    Args:
        program: nginx itself.
        prefix: a folder for its configuration, key and temporary files.
        sites: what to serve.
        chain: the certificate and its issuer, PEM.
        key: the certificate's private key, PEM.

    Raises:
        BenchError: it does not come up.
    """
    prefix.mkdir()
    (prefix / "chain.pem").write_bytes(chain)
    (prefix / "key.pem").write_bytes(key)
    config, log = prefix / "nginx.conf", prefix / "error.log"
    config.write_text(_rendered(prefix, sites))
    with started([program, "-e", "stderr", "-p", prefix, "-c", config], log) as process:

        def is_up() -> bool:
            if process.poll() is not None:
                raise BenchError(f"nginx does not come up: {tail(log)}")
            return all(_answers(port) for one in sites for port in (one.port, one.tls_port))

        wait_until("nginx", is_up)
        yield


def _rendered(prefix: Path, sites: Sequence[Site]) -> str:
    # As root, workers would become a user who cannot read our temporary folder.
    user = f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""
    return _CONFIG.format(
        user=user,
        prefix=prefix,
        temporary="\n  ".join(f"{name}_temp_path {prefix}/{name};" for name in _TEMPORARY),
        sites="".join(
            _SITE.format(
                port=one.port,
                tls_port=one.tls_port,
                root=one.root,
                gzip_static="on" if one.gzip_static else "off",
                access_log=one.access_log or "off",
            )
            for one in sites
        ),
    )


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
