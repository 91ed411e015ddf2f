"""Asks a running capirepo: for its CA, and for the providers that clusterctl does not know.

Where there is a CAPIREPO_TOKEN, it is shown to the server that is asked, and to no other.
"""

from __future__ import annotations

import http.client
import os
import ssl
import urllib.error
import urllib.request
from typing import Final
from urllib.parse import urlsplit

from capirepo.errors import BadInputError, NotThereError, UnauthorizedError

TOKEN_VARIABLE: Final = "CAPIREPO_TOKEN"  # noqa: S105 - the name of one
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
        UnauthorizedError: it wants a token, or another one.
        NotThereError: it says no; its sentence is passed on.
    """
    base = check_url(server)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(f"{base}{path}")  # noqa: S310 - check_url has seen to its scheme
    if token := token_of_user():
        # Not to wherever a redirect may lead.
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    try:
        with opener.open(request, timeout=_SECONDS) as answer:
            body: bytes = answer.read(_MOST)
            return body
    except urllib.error.HTTPError as error:
        said = error.read(_MOST).decode(errors="replace").strip()
        if error.headers.get("Server") != "capirepo":
            said = f"{base} answers {error.code} to {path.partition('?')[0]}: is that a capirepo?"
        elif error.code == http.client.UNAUTHORIZED:
            raise UnauthorizedError(
                f"{base} wants a token: {said}",
                cure=f"set {TOKEN_VARIABLE} to one; `capirepo token create` makes one there",
            ) from error
        raise NotThereError(said) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise not_trusted(base) from error
        raise BadInputError(
            f"no answer from {base}: {reason}", cure="is `capirepo serve` running there?"
        ) from error


def not_trusted(server: str) -> BadInputError:
    """What is wrong where the certificate of a server is not trusted."""
    return BadInputError(
        f"{server} shows a certificate that is not trusted",
        cure="set SSL_CERT_FILE to its CA: `capirepo ca export`, or its /ca.pem",
    )


def token_of_user() -> str:
    """The token of CAPIREPO_TOKEN; '' for none.

    Raises:
        BadInputError: it can be no token.
    """
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token.isascii() or not token.isprintable():
        raise BadInputError(f"{TOKEN_VARIABLE} holds no token", cure="set it to one, or unset it")
    return token
