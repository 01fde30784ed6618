"""What lies below the client: a session of `requests`, and its faults in our words."""

from __future__ import annotations

import ipaddress
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProxyError, ReadTimeoutError

from trakt_ical.errors import BrokenAnswer

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

    from trakt_ical.trakt.cache import Keep

AT_A_TIME = 8  # requests, and so connections that are kept open
LARGEST_BODY = 64 * 2**20  # octets after decompression


class Unsigned(AuthBase):
    """Signs nothing; without any auth object `requests` would sign with what a ~/.netrc says."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        return request


def session(url: str, keep: Keep | None) -> requests.Session:
    """A session for the server at *url* that keeps no cookies, and GET answers as *keep* says."""
    made = requests.Session()
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    if is_loopback(url):
        made.trust_env = False  # a proxy of the environment would see what only this machine may
    if keep is None:
        adapter = HTTPAdapter(pool_maxsize=AT_A_TIME)
    else:
        from trakt_ical.trakt.cache import caching_adapter

        adapter = caching_adapter(keep, pool_maxsize=AT_A_TIME)
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    return made


def is_loopback(url: str) -> bool:
    """Whether *url* names this machine by its loopback address."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def whole_body(response: Response, name: str) -> bytearray:
    """The octets of *response*, unpacked. Raises BrokenAnswer where they are too many."""
    body = bytearray()  # grows in place, where joining parts would take their size twice
    for part in response.iter_content(2**16):
        body += part
        if len(body) > LARGEST_BODY:
            raise BrokenAnswer(f"{name}: the answer is larger than {LARGEST_BODY // 2**20} MB.")
    return body


def lasts(error: Exception) -> bool:
    """Whether the next try would meet the same fault: it lies in an address, a header or a certificate."""
    kinds = (
        requests.exceptions.InvalidURL,
        requests.exceptions.InvalidHeader,
        requests.exceptions.InvalidSchema,
        requests.exceptions.MissingSchema,
        requests.exceptions.SSLError,
    )
    return isinstance(error, kinds) or not isinstance(error, requests.exceptions.RequestException)


def never_sent(error: BaseException) -> bool:
    """Whether no connection came about, so that the request certainly had no effect."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    if isinstance(reason, ProxyError):
        reason = reason.original_error
    return isinstance(reason, NewConnectionError)


def told(error: Exception) -> str:
    """*error* of `requests` or below it, in words that have no address and no header in them."""
    match error:
        case requests.exceptions.ConnectTimeout():
            return "no connection in time."
        case requests.exceptions.Timeout():
            return "no answer in time."
        case requests.exceptions.ProxyError():
            return f"the proxy does not answer ({_root(error)})."
        case requests.exceptions.SSLError():
            return f"the server's certificate is not trusted ({_root(error)})."
        case requests.exceptions.ChunkedEncodingError() | requests.exceptions.ContentDecodingError():
            return "the answer was cut short."
        case requests.exceptions.ConnectionError() if error.args and isinstance(error.args[0], ReadTimeoutError):
            return "no answer in time."
        case requests.exceptions.ConnectionError():
            return f"no connection ({_root(error)})."
        case requests.exceptions.InvalidHeader() | UnicodeError():
            return "a setting or an answer has characters that no header may have."
        case _:
            return f"it cannot be sent ({_root(error)})."


def _root(error: BaseException) -> str:
    """What the innermost exception says: the outer ones repeat the address, query and all."""
    while True:
        inner = getattr(error, "reason", None) or error.__cause__ or error.__context__
        if not isinstance(inner, BaseException):
            inner = error.args[0] if error.args and isinstance(error.args[0], BaseException) else None
        if inner is None:
            return getattr(error, "strerror", None) or str(error) or type(error).__name__
        error = inner
