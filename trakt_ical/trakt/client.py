"""The client: sends requests, reads statuses, tries again where that is safe. It has never seen a token."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec
import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, ProxyError, ReadTimeoutError

import trakt_ical
from trakt_ical.errors import BrokenAnswer, TraktError, Unreachable
from trakt_ical.files import decode
from trakt_ical.http import is_loopback, parse_http_date, parse_retry_after
from trakt_ical.trakt import statuses

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

    from trakt_ical.trakt.cache import CachePolicy


MAX_CONNECTIONS = 8  # requests, and so connections that are kept open
MAX_BODY = 64 * 2**20  # octets after decompression


class NoSigner(AuthBase):
    """Signs nothing; without any auth object `requests` would sign with what a ~/.netrc says."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        return request


def make_session(url: str, keep: CachePolicy | None) -> requests.Session:
    """A session for the server at *url* that keeps no cookies, and GET answers as *keep* says."""
    made = requests.Session()
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    if is_loopback(urlsplit(url).hostname or ""):
        made.trust_env = False  # a proxy of the environment would see what only this machine may
    if keep is None:
        adapter = HTTPAdapter(pool_maxsize=MAX_CONNECTIONS)
    else:
        from trakt_ical.trakt.cache import make_adapter

        adapter = make_adapter(keep, pool_maxsize=MAX_CONNECTIONS)
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    return made


def read_body(response: Response, name: str) -> bytearray:
    """The octets of *response*, unpacked. Raises BrokenAnswer where they are too many."""
    body = bytearray()  # grows in place, where joining parts would take their size twice
    for part in response.iter_content(2**16):
        body += part
        if len(body) > MAX_BODY:
            raise BrokenAnswer(f"{name}: the answer is larger than {MAX_BODY // 2**20} MB.")
    return body


def is_permanent(error: Exception) -> bool:
    """Whether the next try would meet the same fault: it lies in an address, a header or a certificate."""
    kinds = (
        requests.exceptions.InvalidURL,
        requests.exceptions.InvalidHeader,
        requests.exceptions.InvalidSchema,
        requests.exceptions.MissingSchema,
        requests.exceptions.SSLError,
    )
    return isinstance(error, kinds) or not isinstance(error, requests.exceptions.RequestException)


def was_never_sent(error: BaseException) -> bool:
    """Whether no connection came about, so that the request certainly had no effect."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    if isinstance(reason, ProxyError):
        reason = reason.original_error
    return isinstance(reason, NewConnectionError)


def describe_fault(error: Exception) -> str:
    """*error* of `requests` or below it, in words that have no address and no header in them."""
    match error:
        case requests.exceptions.ConnectTimeout():
            return "no connection in time."
        case requests.exceptions.Timeout():
            return "no answer in time."
        case requests.exceptions.ProxyError():
            return f"the proxy does not answer ({_innermost_reason(error)})."
        case requests.exceptions.SSLError():
            return f"the server's certificate is not trusted ({_innermost_reason(error)})."
        case requests.exceptions.ChunkedEncodingError() | requests.exceptions.ContentDecodingError():
            return "the answer was cut short."
        case requests.exceptions.ConnectionError() if error.args and isinstance(error.args[0], ReadTimeoutError):
            return "no answer in time."
        case requests.exceptions.ConnectionError():
            return f"no connection ({_innermost_reason(error)})."
        case requests.exceptions.InvalidHeader() | UnicodeError():
            return "a setting or an answer has characters that no header may have."
        case _:
            return f"it cannot be sent ({_innermost_reason(error)})."


def _innermost_reason(error: BaseException) -> str:
    """What the innermost exception says: the outer ones repeat the address, query and all."""
    while True:
        inner = getattr(error, "reason", None) or error.__cause__ or error.__context__
        if not isinstance(inner, BaseException):
            inner = error.args[0] if error.args and isinstance(error.args[0], BaseException) else None
        if inner is None:
            return getattr(error, "strerror", None) or str(error) or type(error).__name__
        error = inner


log = logging.getLogger(__name__)

T = TypeVar("T")

USER_AGENT = f"trakt-ical/{trakt_ical.__version__} (+https://pypi.org/project/trakt-ical/)"
TIMEOUT = (10, 60)  # seconds to connect, and between two reads
WAITS = (2, 8, 30)  # seconds before the second, third and fourth try; Trakt asks for 30 when overloaded
LONGEST_WAIT = 300  # seconds; what Cloudflare's Retry-After asks for at the most
SHORTEST_MASKED = 6  # characters; to mask a shorter secret wherever it occurs would spell it out
SKEW_WARNED = timedelta(minutes=10)
SKEW_REFUSED = timedelta(days=1)


@dataclass(frozen=True)
class Answer:
    """A whole answer: *request* names it in errors, secrets cut out; *headers* ignore case."""

    request: str
    status: int
    headers: Mapping[str, str]
    body: bytes | bytearray
    from_cache: bool = False

    def decode(self, form: type[T]) -> T:
        """The body as *form*. Raises BrokenAnswer with the request and the path inside the answer."""
        if not self.body:
            raise BrokenAnswer(f"{self.request}: the answer is empty.")
        try:
            return decode(self.body, form)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BrokenAnswer(f"{self.request}: the answer is not what Trakt documents: {error}.") from error


class Client:
    """A connection to one server, safe to share between threads.

    *headers* go with every request, *auth* signs it. *secrets* never appear in an error or the
    log. With *cache_folder* GET answers are kept there and asked for with their ETag, but not
    while they are *young*. *timeout* is in seconds, to connect and between two reads.
    """

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        auth: AuthBase | None = None,
        cache_folder: Path | None = None,
        young: timedelta = timedelta(0),
        secrets: Collection[str] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], object] | None = None,
        timeout: tuple[float, float] | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)
        self._now = now
        self._closed = threading.Event()
        self._sleep = sleep or self._closed.wait
        self._skew_told = False
        self._timeout = timeout or TIMEOUT
        self._young = young
        self._session = make_session(self._url, _make_keep(cache_folder, young, now))
        self._session.auth = auth or NoSigner()
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **(headers or {})})

    def close(self) -> None:
        """End the connections; who waits to try again stops waiting."""
        self._closed.set()
        self._session.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        """The answer to a GET, revalidated unless it is young; tried again after faults that pass.

        Raises the TraktIcalError of the last try.
        """
        url = self._url + path + ("?" + urlencode(query) if query else "")
        return self._repeated("GET", url, headers={"Cache-Control": "no-cache"})

    def delete(self, path: str) -> Answer:
        """The answer to a DELETE; tried again as a GET is, since what is gone stays gone."""
        return self._repeated("DELETE", self._url + path)

    def post(self, path: str, body: Mapping[str, Any], *, expected: Collection[int] = ()) -> Answer:
        """The answer to a POST of JSON. Statuses in *expected* are returned, not raised.

        It is sent again only where the first one certainly had no effect: no connection came
        about, or the answer was 429.
        """
        return self._repeated("POST", self._url + path, once=True, json=dict(body), expected=expected)

    def _repeated(self, method: str, url: str, *, once: bool = False, **kwargs: Any) -> Answer:
        """The answer of the first try that has one; with *once* none follows a try that may have had an effect."""
        for wait in (*WAITS, None):
            try:
                return self._send(method, url, **kwargs)
            except _TransientFault as fault:
                if wait is None or (once and not fault.without_effect) or self._closed.is_set():
                    raise fault.error from fault.error.__cause__
                self._wait(fault, wait)
        raise AssertionError("the last try returns or raises")

    def _wait(self, fault: _TransientFault, wait: float) -> None:
        if fault.retry_after is not None:
            seconds = min(fault.retry_after, LONGEST_WAIT)
        else:
            seconds = wait * random.uniform(0.5, 1)  # noqa: S311  jitter, no secret
        log.warning("%s Trying again in %.0f s.", fault.error, seconds)
        self._sleep(seconds)

    def _send(self, method: str, url: str, *, expected: Collection[int] = (), **kwargs: Any) -> Answer:
        name = self._name(method, url)
        try:
            with self._session.request(
                method, url, timeout=self._timeout, stream=True, allow_redirects=False, **kwargs
            ) as response:
                kept = getattr(response, "from_cache", False)
                answer = Answer(name, response.status_code, response.headers, read_body(response, name), kept)
        except (requests.exceptions.RequestException, HTTPError, OSError, UnicodeError) as error:
            fault = Unreachable(self._masked(f"{name}: {describe_fault(error)}"))
            fault.__cause__ = error
            if is_permanent(error):
                raise fault from error
            raise _TransientFault(fault, without_effect=was_never_sent(error)) from error
        log.debug("%s: %d, %d octets%s", name, answer.status, len(answer.body), ", kept copy" * answer.from_cache)
        if not (kept and self._young):  # then its Date is of an earlier run
            self._check_clock(answer)
        if answer.status not in expected:
            self._check_status(answer)
        return answer

    def _check_status(self, answer: Answer) -> None:
        error = statuses.make_error(answer.request, answer.status, answer.headers, answer.body)
        if error is None:
            return
        error.args = (self._masked(str(error)),)
        if isinstance(error, TraktError) and statuses.is_transient(answer.status, answer.headers, answer.body):
            raise _TransientFault(
                error,
                without_effect=answer.status == 429,
                retry_after=parse_retry_after(answer.headers.get("Retry-After"), self._now()),
            )
        raise error

    def _check_clock(self, answer: Answer) -> None:
        """Compare Trakt's `Date` with the local clock: a wrong one would tell past from future wrongly."""
        there = parse_http_date(answer.headers.get("Date"))
        if there is None:
            return
        here = self._now()
        skew = abs(there - here)
        if skew > SKEW_REFUSED:
            raise BrokenAnswer(
                f"Trakt's clock says {there:%Y-%m-%d %H:%M} UTC, this computer's {here:%Y-%m-%d %H:%M}. Set the clock."
            )
        if skew > SKEW_WARNED and not self._skew_told:
            self._skew_told = True
            log.warning("This computer's clock and Trakt's differ by %d minutes.", skew.total_seconds() // 60)

    def _name(self, method: str, url: str) -> str:
        """*method* and *url* for people: no host, no query, no secret."""
        secrets = {quote(secret, safe="") for secret in self._secrets}
        segments = urlsplit(url).path.split("/")
        return f"{method} {'/'.join('…' if segment in secrets else segment for segment in segments)}"

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            if len(secret) >= SHORTEST_MASKED:
                text = text.replace(quote(secret, safe=""), "…").replace(secret, "…")
        return text


def _make_keep(folder: Path | None, young: timedelta, now: Callable[[], datetime]) -> CachePolicy | None:
    if folder is None:
        return None
    from trakt_ical.trakt.cache import CachePolicy

    return CachePolicy(folder, young, now)


class _TransientFault(Exception):
    """A fault that may have passed at the next try."""

    def __init__(self, error: TraktError, *, without_effect: bool, retry_after: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.without_effect = without_effect
        self.retry_after = retry_after
