"""TLS contexts by host: leaves made on demand from SNI, kept in a bounded cache.

A handshake for a host that we do not answer for ends at once and makes nothing (the alert
`unrecognized_name` is set, but asyncio drops it); one without SNI gets the leaf for
loopback, the listening addresses and the server's own names.
"""

from __future__ import annotations

import datetime as dt
import os
import ssl
import tempfile
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography import x509

from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from capirepo.proxy.ca import Authority, Leaf

_MOST_LEAVES: Final = 128
# A certificate of the user's is read again after this, so that a renewed one is taken up.
_OWN_KEPT: Final = dt.timedelta(minutes=10)


class HostContext(ssl.SSLContext):
    """A server context that knows for which host it stands (None: for our own addresses)."""

    host: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCertificate:
    """A certificate that the user brought.

    Attributes:
        certificate: the file with its chain.
        key: the file with its key.
        names: the host names that it is for; a leading `*.` stands for one label.
    """

    certificate: Path
    key: Path
    names: tuple[str, ...]

    def covers(self, host: str) -> bool:
        """Whether it is for `host`."""
        return host in self.names or f"*.{host.partition('.')[2]}" in self.names


class Certificates:
    """Chooses the context of each handshake.

    Args:
        authority: signs the leaves.
        hosts: the host names that we answer for.
        addresses: names and addresses for handshakes without SNI.
        own: a certificate of the user's, for the hosts that it covers and without SNI.
        now: the clock.
    """

    def __init__(
        self,
        authority: Authority,
        *,
        hosts: Iterable[str],
        addresses: Iterable[str],
        own: OwnCertificate | None,
        now: Callable[[], dt.datetime],
    ) -> None:
        self._authority = authority
        self._hosts = frozenset(hosts)
        self._addresses = tuple(dict.fromkeys(addresses))
        self._own = own
        self._now = now
        self._leaves: OrderedDict[str | None, tuple[HostContext, dt.datetime]] = OrderedDict()

    @property
    def kept(self) -> int:
        """How many leaves are in the cache."""
        return len(self._leaves)

    def listener(self) -> HostContext:
        """The context of a TLS port: it turns to another one once SNI has come."""
        front = new_context()
        front.sni_callback = self._choose
        # OpenSSL refuses a handshake on a context with no certificate, before it asks for SNI.
        _load(front, self._authority.issue(self._addresses, self._now()))
        return front

    def context(self, host: str | None) -> HostContext:
        """The context for one host that we answer for; None is our own addresses."""
        kept = self._leaves.get(host)
        if kept is not None and self._now() < kept[1]:
            self._leaves.move_to_end(host)
            return kept[0]
        context = new_context()
        context.host = host
        if host is not None:
            context.sni_callback = _only_this_host
        if self._own is not None and (host is None or self._own.covers(host)):
            try:
                load_files(context, self._own.certificate, self._own.key)
            except OSError:
                # Half replaced, perhaps: the one of before goes on, until the next time.
                if kept is None:
                    raise
                context = kept[0]
            renew_at = self._now() + _OWN_KEPT
        else:
            names = self._addresses if host is None else (host,)
            leaf = self._authority.issue(names, self._now())
            _load(context, leaf)
            renew_at = leaf.renew_at
        self._leaves[host] = (context, renew_at)
        if len(self._leaves) > _MOST_LEAVES:
            self._leaves.popitem(last=False)
        return context

    def _choose(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        host = name.lower() if name is not None else None
        host = None if host in self._addresses else host
        own = self._own is not None and host is not None and self._own.covers(host)
        if host is not None and host not in self._hosts and not own:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        connection.context = self.context(host)
        return None


def _only_this_host(
    connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext
) -> int | None:
    """Inside a CONNECT the context is chosen already: another SNI is a mistake."""
    del connection
    if name is not None and isinstance(context, HostContext) and name.lower() != context.host:
        return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    return None


def new_context() -> HostContext:
    """A server context of ours: TLS 1.2 and up, and HTTP/1.1, which is what we speak."""
    context = HostContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def load_own(certificate: Path, key: Path) -> OwnCertificate:
    """A certificate of the user's, with its key.

    Raises:
        BadInputError: a file cannot be read, or the two do not belong together.
    """
    try:
        load_files(new_context(), certificate, key)
        leaf = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    except (OSError, ValueError) as error:
        raise BadInputError(
            f"cannot use the certificate {certificate} with the key {key}: {error}"
        ) from error
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound as error:
        raise BadInputError(f"{certificate} names no host in subjectAltName") from error
    return OwnCertificate(
        certificate=certificate, key=key, names=tuple(names.get_values_for_type(x509.DNSName))
    )


def load_files(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    """Loads a chain and its key; an encrypted key is an error, and asks nobody."""
    context.load_cert_chain(certificate, key, password=lambda: b"")


def _load(context: ssl.SSLContext, leaf: Leaf) -> None:
    # Python's ssl reads certificates from files only; where it can be, one in memory.
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("leaf"), "wb") as file:
            file.write(leaf.chain + leaf.key)
            file.flush()
            context.load_cert_chain(f"/proc/self/fd/{file.fileno()}")
        return
    with tempfile.NamedTemporaryFile(prefix="capirepo-") as file:
        file.write(leaf.chain + leaf.key)
        file.flush()
        context.load_cert_chain(file.name)
