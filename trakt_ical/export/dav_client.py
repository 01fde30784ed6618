"""Requests to a CalDAV server: login, redirects, pauses, and what an answer that is no success means.

A password goes to the server of the settings alone. All requests that are sent here may be sent twice: a second PUT or
DELETE carries the condition of the first, and whoever sent it looks at what is there if the condition fails.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import urllib3
from requests.auth import HTTPBasicAuth, HTTPDigestAuth

from trakt_ical.answer_limits import LimitedAdapter, limit_answer
from trakt_ical.errors import OutputError
from trakt_ical.http import is_loopback, parse_retry_after, sign_nothing

log = logging.getLogger(__name__)

TIMEOUT = (10, 60)  # seconds to connect, and between two reads; a small server is slow among a thousand events
LONGEST = 120  # seconds that one answer may take in all
LARGEST = 64 * 2**20  # octets of one answer, unpacked
MOST_REDIRECTS = 5
REDIRECTS = (301, 302, 307, 308)
BUSY = (423, 429, 502, 503, 504)
PAUSES = (0.5, 4.0)  # seconds before the second and the third attempt, where the server does not say
PATIENCE = 60.0  # seconds that all pauses of one push may take; what is left then is sent by the next run
# Each user of iCloud has a server of their own, which caldav.icloud.com leads to. No other provider needs this.
PARTITIONED = ".icloud.com"
WRONG_PLACE = "has no calendars at this address. See docs/push.md for the url to use."


class DavClient:
    """A user of the server at *url*."""

    def __init__(
        self, url: str, username: str, password: str, *, sleep: Callable[[float], object] | None = None
    ) -> None:
        self.url = url
        self.host = urlsplit(url).netloc
        self._login = (username, password)
        self._sleep = sleep or time.sleep
        self._patience = PATIENCE
        self._session = requests.Session()
        self._session.mount("https://", LimitedAdapter())
        self._session.mount("http://", LimitedAdapter())
        self._session.auth = sign_nothing
        # Sent before it is asked for, it spares a request; where the way is not safe, the server must ask first.
        if username and (urlsplit(url).scheme == "https" or is_loopback(urlsplit(url).hostname or "")):
            self._session.auth = HTTPBasicAuth(username.encode(), password.encode())

    def close(self) -> None:
        """End the connection."""
        self._session.close()

    def request(
        self, method: str, url: str, body: str | bytes = b"", headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        """Send a request, again where the server is busy or the connection broke; its `url` is where it led to.

        Raises OutputError.
        """
        octets = body.encode() if isinstance(body, str) else body
        headers = {"Content-Type": "application/xml; charset=utf-8"} | dict(headers or {})
        for pause in (*PAUSES, None):
            try:
                answer = self._follow(method, url, octets, headers)
            except _ConnectionBroken as error:
                if pause is None or not self._wait(pause):
                    raise self._make_unreachable() from error
                continue
            if answer.status_code not in BUSY or pause is None:
                return answer
            asked = parse_retry_after(answer.headers.get("Retry-After"), datetime.now(UTC))
            if not self._wait(pause if asked is None else asked):
                return answer
        raise AssertionError("the last attempt returns or raises")

    def _wait(self, seconds: float) -> bool:
        """Wait, and return True; False where that would take too long."""
        if seconds > self._patience:
            return False
        self._patience -= seconds
        log.info("%s: trying again in %.1f s.", self.host, seconds)
        self._sleep(seconds)
        return True

    def _follow(self, method: str, url: str, octets: bytes, headers: Mapping[str, str]) -> requests.Response:
        """Send one request, log in as the server asks for it, and follow redirects with the same method."""
        for _ in range(MOST_REDIRECTS):
            url = self.check_destination(url)
            answer = self._send(method, url, octets, headers)
            if answer.status_code == 401 and self._accept_challenge(answer):
                answer = self._send(method, url, octets, headers)
            if answer.status_code == 401:
                raise OutputError(
                    f"{self.host} refused the login. Are username and password right? Many servers want an app "
                    "password."
                )
            answer.url = url
            if answer.status_code not in REDIRECTS or "Location" not in answer.headers:
                return answer
            url = join_url(url, answer.headers["Location"])
        raise OutputError(f"{self.host} redirects in a circle. See docs/push.md for the url to use.")

    def check_destination(self, url: str) -> str:
        """Return *url*, with encryption where it lost that. Raises OutputError where it leads to another server."""
        own, parts = urlsplit(self.url), urlsplit(url)
        if own.scheme == "https" and parts.scheme == "http" and parts.hostname == own.hostname:
            # A server behind a proxy often takes itself for one without encryption.
            parts = parts._replace(scheme="https", netloc=own.netloc)
        if _is_same_server(own, parts):
            return parts.geturl()
        hosts = (own.hostname or "", parts.hostname or "")
        if parts.scheme == own.scheme == "https" and all(f".{host}".endswith(PARTITIONED) for host in hosts):
            return url
        raise OutputError(
            f"{self.host} leads to another server, {parts.scheme}://{parts.netloc.rpartition('@')[2]}, and your "
            "password was not sent there. If that server is right, put its address into url."
        )

    def _send(self, method: str, url: str, octets: bytes, headers: Mapping[str, str]) -> requests.Response:
        try:
            with limit_answer(time.monotonic() + LONGEST):
                answer = self._session.request(
                    method, url, data=octets, headers=headers, timeout=TIMEOUT, allow_redirects=False, stream=True
                )
                self._read(answer)
        except requests.exceptions.SSLError as error:
            raise OutputError(f"{self.host} cannot be reached safely: {_explain_tls(error)}.") from error
        except (requests.RequestException, OSError, ValueError, LookupError) as error:  # the last of a challenge
            log.info("%s at %s: %s", method, self.host, type(error).__name__)
            if _is_broken(error):
                raise _ConnectionBroken from error
            raise self._make_unreachable() from error
        log.debug("%s at %s: %s, %d octets", method, self.host, answer.status_code, len(answer.content))
        return answer

    def _read(self, answer: requests.Response) -> None:
        """Read the *answer*, so that its `content` is there. Raises OutputError where it is too large."""
        content = bytearray()
        for piece in answer.iter_content(2**16):
            content += piece
            if len(content) > LARGEST:
                answer.close()
                raise OutputError(f"{self.host} answers with more than {LARGEST // 2**20} MiB, which no calendar has.")
        answer._content = bytes(content)  # where `requests` keeps it, and looks for it

    def _make_unreachable(self) -> OutputError:
        return OutputError(f"{self.host} cannot be reached, or did not answer in time.")

    def _accept_challenge(self, answer: requests.Response) -> bool:
        """Log in as the server asks for it; return whether that is worth a second attempt."""
        challenge = answer.headers.get("WWW-Authenticate", "").lower()
        username, password = self._login
        if not username:
            return False
        if "digest" in challenge and not isinstance(self._session.auth, HTTPDigestAuth):
            self._session.auth = HTTPDigestAuth(username, password)
            return True
        if "basic" in challenge and self._session.auth is sign_nothing:
            self._session.auth = HTTPBasicAuth(username.encode(), password.encode())
            return True
        return False

    def explain_status(self, answer: requests.Response) -> OutputError:
        """Return the error for an *answer* that is none of the expected ones."""
        status = answer.status_code
        if status == 507:
            return OutputError(f"{self.host} has no room left for this user (507).")
        if status in BUSY or status >= 500:
            return OutputError(f"{self.host} cannot answer just now ({status}).")
        if status == 403:
            return OutputError(f"{self.host} does not allow that to this user (403).")
        if status in (404, 410):
            return OutputError(f"{self.host} {WRONG_PLACE}")
        return OutputError(f"{self.host} does not answer as a CalDAV server does ({status}).")


def join_url(base: str, reference: str) -> str:
    """Return the address that the *reference* of an answer is, seen from *base*. Raises OutputError."""
    try:
        url = urljoin(base, reference)
        urlsplit(url).port  # noqa: B018  it is read here so that it can be read anywhere
    except ValueError as error:
        raise OutputError(f"{urlsplit(base).netloc} refers to an address that is not valid.") from error
    return url


def _is_same_server(own: SplitResult, other: SplitResult) -> bool:
    """Whether *other* may be sent what *own* is: the same host and port, or the same with encryption added."""
    if own.hostname != other.hostname:
        return False
    ports = {"http": 80, "https": 443}
    own_port, other_port = own.port or ports.get(own.scheme), other.port or ports.get(other.scheme)
    if (own.scheme, other.scheme) == ("http", "https"):
        return (own_port, other_port) == (80, 443)
    return own.scheme == other.scheme and own_port == other_port


class _ConnectionBroken(Exception):
    """The connection ended before the answer did; the request may have had its effect."""


def _is_broken(error: Exception) -> bool:
    """Whether *error* is the end of a connection that had been made: the next one may hold."""
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return True
    reason = error.args[0] if error.args else None
    return isinstance(error, requests.ConnectionError) and isinstance(reason, urllib3.exceptions.ProtocolError)


def _explain_tls(error: Exception) -> str:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        reason = text.partition("certificate verify failed: ")[2].partition(" (_ssl")[0].rstrip(".")
        return f"this computer does not trust its certificate ({reason or 'it is not valid'})"
    return "no encrypted connection could be made. Does it speak https at this port?"
