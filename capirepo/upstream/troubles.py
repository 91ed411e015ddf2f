"""The one table from what goes wrong on the way to an upstream to what is said of it.

Rules kept here:
- 404 and 410 are a no; everything else is a reason not to believe that there is nothing;
- what an address carries beside its path (a signature, a user) is never told.
"""

from __future__ import annotations

import email.utils
import math
import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import aiohttp

from capirepo.core.names import shown
from capirepo.errors import NotThereError
from capirepo.outside import UpstreamError
from capirepo.upstream.ways import PRIVATE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yarl import URL

    from capirepo.upstream.wire import Secret

EXPECTED: Final = (aiohttp.ClientError, OSError, ValueError)
"""What aiohttp raises where the other side is at fault; TimeoutError is an OSError."""

_GONE: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_LIMITS: Final = (HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
_FORBIDDING: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_PASSING: Final = (
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)
# GitHub asks for a minute where it names no time, and never for more than an hour.
_UNNAMED: Final = 60.0
_LONGEST: Final = 3600.0


def plain(url: URL) -> str:
    """An address as it may be told."""
    return str(url.with_user(None).with_query(None).with_fragment(None))


def of_exception(url: URL, error: Exception) -> UpstreamError:
    """What to say of an exception on the way to `url`."""
    where = plain(url)
    cure = ""
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError):
        reason = f"shows a certificate that is not trusted: {_certificate(error)}"
        cure = "set SSL_CERT_FILE to its CA, and look at the clock"
    elif isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno == PRIVATE:
        reason = "is not asked: an address that an upstream leads to must not be a private one"
    elif isinstance(error, TimeoutError):
        reason = "did not answer in time"
    elif isinstance(error, aiohttp.ClientConnectorError):
        reason = f"cannot be reached: {error.os_error.strerror or error.os_error}"
    elif isinstance(error, aiohttp.ClientHttpProxyError):
        reason = f"cannot be reached: the proxy answers {error.status} {shown(error.message)}"
    elif isinstance(error, aiohttp.ClientPayloadError):
        reason = "broke off before the end"
    elif isinstance(error, aiohttp.ServerDisconnectedError):
        reason = "broke off before it answered"
    else:
        reason = f"does not speak HTTP as expected: {_said(error)}"
    slow = isinstance(error, TimeoutError)
    return UpstreamError(f"{where} {reason}", address=where, cure=cure, slow=slow)


def of_status(
    url: URL,
    status: int,
    headers: Mapping[str, str],
    *,
    now: float,
    secret: Secret,
) -> UpstreamError | NotThereError:
    """What to say of an answer that is not the one that was asked for.

    Args:
        url: what was asked for.
        status: of the answer.
        headers: of the answer; names in any case.
        now: the time, in seconds since 1970.
        secret: what was shown.
    """
    where, variable = plain(url), secret.variable
    if status in _GONE:
        # What is private is not there for whoever shows nothing.
        hint = f"if it is private, set {variable} to a token that may read it"
        return NotThereError(
            f"{where} is not there", cure=hint if variable and not secret.headers else ""
        )
    wait = _wait(status, headers, now)
    if wait is not None and status in _LIMITS:
        token = f"; with {variable} set, the limit may be a higher one" if variable else ""
        sentence = f"{where} limits how often it is asked ({status})"
        cure = f"ask again in {wait:.0f} s{token}"
    elif status in _FORBIDDING:
        sentence = f"{where} does not let us read it ({status})"
        cure = f"set {variable} to a token that may" if variable else ""
    else:
        sentence, cure = f"{where} answers {status}", ""
    return UpstreamError(sentence, address=where, status=status, retry_after=wait, cure=cure)


def may_heal(error: UpstreamError) -> bool:
    """Whether the same request may have another answer soon."""
    cause = error.__cause__
    if isinstance(cause, aiohttp.ClientSSLError | ssl.SSLError):
        return False
    if isinstance(cause, aiohttp.ClientConnectorError):
        return cause.os_error.errno != PRIVATE
    return error.status in _PASSING or isinstance(
        cause, aiohttp.ClientConnectionError | aiohttp.ClientPayloadError | OSError
    )


def is_failure(error: UpstreamError) -> bool:
    """Whether an error speaks against the health of a host."""
    if error.status is None:
        return error.__cause__ is not None
    return error.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def is_limit(error: UpstreamError) -> bool:
    """Whether a host wants to be asked less often."""
    return error.retry_after is not None and error.status in _LIMITS


def _wait(status: int, headers: Mapping[str, str], now: float) -> float | None:
    if status not in (*_LIMITS, HTTPStatus.SERVICE_UNAVAILABLE):
        return None
    if (named := headers.get("Retry-After")) is not None:
        seconds = _seconds(named, now)
    elif headers.get("X-RateLimit-Remaining") == "0":
        reset = _number(headers.get("X-RateLimit-Reset", ""))
        seconds = reset - now if reset else _UNNAMED
    elif status == HTTPStatus.TOO_MANY_REQUESTS:
        seconds = _UNNAMED
    else:
        return None
    return min(max(seconds, 0.0), _LONGEST)


def _seconds(text: str, now: float) -> float:
    if text.strip().isdigit():
        return _number(text)
    try:
        return email.utils.parsedate_to_datetime(text).timestamp() - now
    except (ValueError, OverflowError):
        return _UNNAMED


def _number(text: str) -> float:
    try:
        number = float(text.strip()[:20])
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0


def _said(error: Exception) -> str:
    """The first line of what aiohttp says; its `message` may be what it had parsed so far."""
    message = getattr(error, "message", "")
    text = message if message and isinstance(message, str) else str(error) or type(error).__name__
    return shown(text.partition("\n")[0])


def _certificate(error: Exception) -> str:
    inner = getattr(error, "certificate_error", error)
    return str(getattr(inner, "verify_message", "") or type(inner).__name__)
