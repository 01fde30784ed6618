"""Signing: adds to each request what proves who asks, and refuses to send it where it may not go.

Each signer is a `requests.auth.AuthBase`, since `requests` would replace a plain header by what a ~/.netrc says. It
signs for one server only, over https or to the loopback address unless plain http is allowed.
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

# A token that expires while a run is under way would make its last requests fail.
EARLY = timedelta(minutes=5)


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
    """Signs requests of API v1 for *url*: HTTP Basic with the SHA1 of the password, as v1 demands."""

    def __init__(self, url: str, username: str, password: str, *, plain_http: bool = False) -> None:
        refuse_plain_http(url, plain_http=plain_http)
        self._origin = _origin(url)
        # As octets: `requests` would encode a text as Latin-1, and a name such as Łukasz has no place in that.
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

    A refresh token works once. If two processes renewed with the same one, Trakt would refuse the second, and the
    loser would ask the user to log in again although the winner has a good token. So whoever wants to renew takes the
    lock first, and looks whether the file has a newer token by then.
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
        self._is_over = False
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
                self._token = self._renew_once(self._token)
            return self._token

    def _renew_once(self, stale: Token) -> Token:
        """Return the token that follows *stale*: that of the file where another process has renewed it meanwhile."""
        with self._file.lock():
            current = self._file.load()
            if current.access_token != stale.access_token:
                return current
            fresh = self._renew(current)
            # Saved before the lock is released and before it is used: from here on the old one is worth nothing.
            self._file.save(fresh)
            return fresh

    def _retry_once(self, response: Response, **kwargs: Any) -> Response:
        if response.status_code != 401:
            return response
        refused = response.request.headers.get("Authorization", "").removeprefix("Bearer ")
        # Eight requests may meet a 401 together. The first thread renews; the others find that the token is no longer
        # the refused one, and send theirs again with the new one.
        with self._lock:
            if self._is_over:
                return response
            if self._token is None or self._token.access_token == refused:
                try:
                    self._token = self._renew_once(self._token or self._file.load())
                except LoginNeeded:
                    self._is_over = True
                    return response
            token = self._token
        next(response.iter_content(2**16), b"")  # a whole answer of 401 could be of any size
        response.close()
        request = response.request.copy()
        request.headers["Authorization"] = f"Bearer {token.access_token}"
        again: Response = response.connection.send(request, **kwargs)
        again.history.append(response)
        again.request = request
        return again
