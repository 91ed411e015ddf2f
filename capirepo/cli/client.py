"""Asks a running capirepo: for its CA, and for the providers that clusterctl does not know."""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from typing import Final
from urllib.parse import urlsplit

from capirepo.errors import BadInputError, NotThereError

_SECONDS: Final = 10.0
_MOST: Final = 16 * 1024 * 1024


def check_url(server: str) -> str:
    """The address of a server, without a trailing slash.

    Raises:
        BadInputError: it is no http:// or https:// address of a host alone.
    """
    try:
        parts = urlsplit(server)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise BadInputError(f"{server!r} is no address of a server", cure="write http://HOST:PORT")
    return f"{parts.scheme}://{parts.netloc}"


def get(server: str, path: str) -> bytes:
    """What a server answers at `path`; asked directly, whatever the proxies of the environment.

    Raises:
        BadInputError: nobody answers at that address.
        NotThereError: it says no; its sentence is passed on.
    """
    base = check_url(server)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{base}{path}", timeout=_SECONDS) as answer:
            body: bytes = answer.read(_MOST)
            return body
    except urllib.error.HTTPError as error:
        said = error.read(_MOST).decode(errors="replace").strip()
        if error.headers.get("Server") != "capirepo":
            said = f"{base} answers {error.code} to {path.partition('?')[0]}: is that a capirepo?"
        raise NotThereError(said) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise BadInputError(
                f"{base} shows a certificate that is not trusted",
                cure="use its http:// address, or set SSL_CERT_FILE to its CA",
            ) from error
        raise BadInputError(
            f"no answer from {base}: {reason}", cure="is `capirepo serve` running there?"
        ) from error
