"""The certificate authority that signs our TLS: made once, kept, and held to our hosts.

Rules kept here:
- it is name-constrained (RFC 5280 4.2.1.10, critical) to the hosts that we answer for;
  Go and OpenSSL hold to that, so a stolen key can speak for nothing else;
- its key is readable by its owner only, and a CA that is missing a part, readable by
  others, damaged or expired is an error with its cure, never silently a new one: clients
  that trust the old one would only see handshakes fail.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import ipaddress
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from capirepo.errors import BadInputError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable

CERTIFICATE: Final = "ca.pem"
KEY: Final = "ca.key"
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_CA_LIFE: Final = dt.timedelta(days=3650)
_LEAF_LIFE: Final = dt.timedelta(days=7)
# Clients whose clocks are a little behind take a new leaf all the same.
_BACKDATED: Final = dt.timedelta(hours=1)
_OTHERS_MAY_READ: Final = 0o077
_CURE: Final = "`capirepo ca new` makes another one, which clients must then be given"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A short-lived server certificate and its key, both PEM.

    Attributes:
        renew_at: when to make another one, well before this one ends.
    """

    chain: bytes
    key: bytes
    renew_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """The CA. Made by `load_authority` or `make_authority` only."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        """The certificate, for SSL_CERT_FILE."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, as browsers and openssl print it."""
        return self.certificate.fingerprint(hashes.SHA256()).hex(":").upper()

    @property
    def names(self) -> tuple[str, ...]:
        """The hosts and addresses that it may speak for."""
        constraints = self.certificate.extensions.get_extension_for_class(x509.NameConstraints)
        return tuple(_text_of(name) for name in constraints.value.permitted_subtrees or ())

    def covers(self, name: str) -> bool:
        """Whether it may speak for a host or an address."""
        return _covers(self.names, name)

    def issue(self, names: Iterable[str], now: dt.datetime) -> Leaf:
        """A leaf for `names`, host names and addresses, the first of them first."""
        key = ec.generate_private_key(ec.SECP256R1())
        ends = min(now + _LEAF_LIFE, self.certificate.not_valid_after_utc)
        leaf = (
            # No common name: it is limited to 64 characters, and nobody reads it any more.
            x509.CertificateBuilder(subject_name=x509.Name([]))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATED)
            .not_valid_after(ends)
            .add_extension(x509.SubjectAlternativeName([*map(_general, names)]), critical=True)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )
        return Leaf(
            chain=leaf.public_bytes(serialization.Encoding.PEM) + self.pem,
            key=_pem_of(key),
            renew_at=now + (ends - now) / 2,
        )


def load_authority(folder: Path, names: Iterable[str], now: dt.datetime) -> Authority | None:
    """The CA kept in `folder`; None where there is none at all.

    Raises:
        BadInputError: it is not whole, not private, damaged, expired, or not allowed to
            speak for one of `names`.
    """
    certificate_file, key_file = folder / CERTIFICATE, folder / KEY
    there = [file for file in (certificate_file, key_file) if os.path.lexists(file)]
    if not there:
        return None
    if len(there) == 1:
        raise BadInputError(
            f"{folder} has only {there[0].name} of the two files of a CA", cure=_CURE
        )
    mode = key_file.stat().st_mode
    if mode & _OTHERS_MAY_READ:
        raise BadInputError(
            f"{key_file} can be read by others (mode {mode & 0o777:04o})",
            cure=f"chmod 600 {key_file}, or, if others may have it, {_CURE}",
        )
    authority = _read(certificate_file, key_file)
    if (
        not authority.certificate.not_valid_before_utc
        <= now
        < (authority.certificate.not_valid_after_utc)
    ):
        raise BadInputError(
            f"{certificate_file} is valid from {authority.certificate.not_valid_before_utc:%F} to "
            f"{authority.certificate.not_valid_after_utc:%F}, and today is {now:%F}",
            cure=f"set the clock, or {_CURE}",
        )
    missing = [name for name in names if not _covers(authority.names, name)]
    if missing:
        raise BadInputError(
            f"{certificate_file} may not speak for {', '.join(missing)}, only for "
            f"{', '.join(authority.names)}",
            cure=_CURE,
        )
    return authority


def make_authority(
    folder: Path, names: Iterable[str], now: dt.datetime, *, replace: bool = False
) -> Authority:
    """Makes a CA for `names` and keeps it in `folder`.

    Both files appear at once. Of several processes that make one at the same time, one is
    first, and the others take its CA.

    Args:
        folder: where it is to be, and is not yet.
        names: the hosts and addresses that it may speak for.
        now: the time.
        replace: takes the place of any that is there.

    Raises:
        StorageError: `folder` cannot be written.
    """
    names = list(names)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "capirepo"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"capirepo CA {now:%F}"),
        ]
    )
    permitted = [*map(_constraint, dict.fromkeys(names))]
    certificate = (
        x509.CertificateBuilder(subject_name=subject, issuer_name=subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + _CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(_SIGNS_ONLY, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    authority = Authority(certificate=certificate, key=key)
    try:
        _keep(folder, authority, replace=replace)
    except OSError as error:
        taken = error.errno in (errno.ENOTEMPTY, errno.EEXIST)
        if taken and (first := load_authority(folder, names, now)) is not None:
            return first
        raise StorageError(
            f"cannot keep the CA in {folder}: {error.strerror}",
            cure="give a folder that can be written with --state",
        ) from error
    return authority


_DAMAGES: Final = (
    ValueError,
    TypeError,
    InvalidSignature,
    UnsupportedAlgorithm,
    x509.ExtensionNotFound,
    x509.InvalidVersion,
)
_SIGNS_ONLY: Final = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _read(certificate_file: Path, key_file: Path) -> Authority:
    try:
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        certificate.verify_directly_issued_by(certificate)
        certificate.extensions.get_extension_for_class(x509.NameConstraints)
    except OSError as error:
        raise BadInputError(
            f"cannot read {error.filename}: {error.strerror}",
            cure="give a folder of your own with --state",
        ) from error
    except _DAMAGES as error:
        raise BadInputError(
            f"the CA in {key_file.parent} is damaged: {error}", cure=_CURE
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or (
        certificate.public_key() != key.public_key()
    ):
        raise BadInputError(f"{key_file} is not the key of {certificate_file}", cure=_CURE)
    return Authority(certificate=certificate, key=key)


def _keep(folder: Path, authority: Authority, *, replace: bool) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".ca-") as made:
        new = Path(made, "new")
        new.mkdir(mode=0o700)
        _write_private(new / KEY, _pem_of(authority.key))
        _write_private(new / CERTIFICATE, authority.pem)
        if replace:
            with contextlib.suppress(FileNotFoundError):
                folder.rename(Path(made, "old"))
        # Fails where there is one already.
        new.rename(folder)


def _write_private(file: Path, data: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def _pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _constraint(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_network(name))
    except ValueError:
        return x509.DNSName(name)


def _text_of(name: x509.GeneralName) -> str:
    if isinstance(name, x509.IPAddress) and isinstance(
        name.value, ipaddress.IPv4Network | ipaddress.IPv6Network
    ):
        return str(name.value.network_address)
    return str(name.value)


def _covers(permitted: Iterable[str], name: str) -> bool:
    return any(name == allowed or name.endswith(f".{allowed}") for allowed in permitted)
