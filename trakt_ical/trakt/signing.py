"""Signing: what proves to Trakt who asks, and where it may never go.

Each signer is a `requests.auth.AuthBase`, so that a ~/.netrc does not replace it. It signs for
one server alone, over https or the loopback address unless plain http is allowed.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from requests.auth import AuthBase, HTTPBasicAuth

from trakt_ical.errors import LoginNeeded, SettingsError
from trakt_ical.http import is_loopback
from trakt_ical.trakt.token import Token, TokenFile

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

EARLY = timedelta(minutes=5)  # before it expires, a token is renewed: a run may take that long


def refuse_plain_http(url: str, *, plain_http: bool) -> None:
    """Raise SettingsError where a password or token would go to *url* in the clear."""
    if urlsplit(url).scheme != "https" and not is_loopback(urlsplit(url).hostname or "") and not plain_http:
        raise SettingsError(
            f"A password or token would go to {urlsplit(url).hostname} over plain http. "
            "Use https, or allow it with plain_http = true."
        )


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


class PasswordSigner(AuthBase):
    """Signs requests of API v1 for *url*: HTTP Basic with the SHA1 of the password, as v1 asks."""

    def __init__(self, url: str, username: str, password: str, *, plain_http: bool = False) -> None:
        refuse_plain_http(url, plain_http=plain_http)
        self._origin = _origin(url)
        self._basic = HTTPBasicAuth(
            username.encode(), hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest()
        )

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        if _origin(request.url or "") == self._origin:
            self._basic(request)
        return request


class TokenSigner(AuthBase):
    """Signs requests of API v2 for *url* with the token of *file*, and renews it under the file's lock.

    A token is renewed shortly before it expires, and once where Trakt answers 401.
    *renew* turns an old token into a new one; it is called by one process at a time.
    """

    def __init__(
        self,
        url: str,
        file: TokenFile,
        renew: Callable[[Token], Token],
        *,
        plain_http: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        refuse_plain_http(url, plain_http=plain_http)
        self._origin = _origin(url)
        self._file = file
        self._renew = renew
        self._now = now
        self._token: Token | None = None
        self._ended = False
        self._lock = threading.Lock()

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        if _origin(request.url or "") != self._origin:
            return request
        token = self._valid_token()
        request.headers["Authorization"] = f"Bearer {token.access_token}"
        request.register_hook("response", self._retry_once)  # type: ignore[no-untyped-call]
        return request

    def _valid_token(self) -> Token:
        with self._lock:
            if self._token is None:
                self._token = self._file.load()
            if self._token.expires_at - EARLY <= self._now():
                self._token = self._renewed(self._token)
            return self._token

    def _renewed(self, stale: Token) -> Token:
        """The token that follows *stale*; another process may have got it already, as a refresh token works once."""
        with self._file.lock():
            current = self._file.load()
            if current.access_token != stale.access_token:
                return current
            fresh = self._renew(current)
            self._file.save(fresh)
            return fresh

    def _retry_once(self, response: Response, **kwargs: Any) -> Response:
        if response.status_code != 401:
            return response
        refused = response.request.headers.get("Authorization", "").removeprefix("Bearer ")
        with self._lock:
            if self._ended:
                return response
            if self._token is None or self._token.access_token == refused:
                try:
                    self._token = self._renewed(self._token or self._file.load())
                except LoginNeeded:
                    self._ended = True
                    return response
            token = self._token
        next(response.iter_content(2**16), b"")  # not to its end: it may be of any size
        response.close()
        request = response.request.copy()
        request.headers["Authorization"] = f"Bearer {token.access_token}"
        again: Response = response.connection.send(request, **kwargs)
        again.history.append(response)
        again.request = request
        return again
