"""Signing: adds to each request what proves who asks, and refuses to send it where it may not go.

Each signer is a `requests.auth.AuthBase`, since `requests` would replace a plain header by what a ~/.netrc says. It
signs for one server only, over https or to the loopback address unless plain http is allowed.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import threading
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
from requests.auth import AuthBase, HTTPBasicAuth

from trakt_ical.errors import LoginNeeded, OutputError, SettingsError, TraktError
from trakt_ical.http import is_loopback
from trakt_ical.trakt.token import Token, TokenFile

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

log = logging.getLogger(__name__)

RESENDS = 2  # of a request that Trakt answers with 401 although its token was just renewed
# A token that expires while a run is under way would make its last requests fail.
EARLY = timedelta(minutes=5)


def refuse_plain_http(url: str, *, plain_http: bool) -> None:
    """Raise SettingsError where a password, token or key would go to *url* in the clear."""
    if urlsplit(url).scheme != "https" and not is_loopback(urlsplit(url).hostname or "") and not plain_http:
        raise SettingsError(
            f"A password, token or key would go to {urlsplit(url).hostname} over plain http. "
            "Use https, or allow it with plain_http = true."
        )


def _find_origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


class PasswordSigner(AuthBase):
    """Signs requests of API v1 for *url*: HTTP Basic with the SHA1 of the password, as v1 demands."""

    def __init__(self, url: str, username: str, password: str, *, plain_http: bool = False) -> None:
        refuse_plain_http(url, plain_http=plain_http)
        self._origin = _find_origin(url)
        # As octets: `requests` would encode a text as Latin-1, and a name such as Łukasz has no place in that.
        self._basic = HTTPBasicAuth(
            username.encode(), hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest()
        )

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        if _find_origin(request.url or "") == self._origin:
            self._basic(request)
        return request


def list_token_secrets(token: Token | None) -> tuple[str, ...]:
    """Return both halves of *token*."""
    return (token.access_token, token.refresh_token) if token else ()


class BearerSigner(AuthBase):
    """Signs requests of API v2 for *url* with *token* as it is. Where Trakt refuses it, that is final."""

    def __init__(self, url: str, token: Token, *, plain_http: bool = False) -> None:
        refuse_plain_http(url, plain_http=plain_http)
        self._origin = _find_origin(url)
        self._token = token
        self.secrets = list_token_secrets(token)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        if _find_origin(request.url or "") == self._origin:
            request.headers["Authorization"] = f"Bearer {self._token.access_token}"
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
        self._origin = _find_origin(url)
        self._file = file
        self._renew = renew
        self._now = now
        self._token: Token | None = None
        self._spent = ""  # the access token in the file where the one that follows it could not be saved
        self._renewed_at: datetime | None = None
        self._renews_early = True
        # Of a renewal, or why it failed: the next one would get it as well, and take as long.
        self._refusal: LoginNeeded | SettingsError | TraktError | None = None
        self._known_secrets: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        if _find_origin(request.url or "") != self._origin:
            return request
        token = self.load_token()
        request.headers["Authorization"] = f"Bearer {token.access_token}"
        request.register_hook("response", self._retry)  # type: ignore[no-untyped-call]
        return request

    @property
    def secrets(self) -> Collection[str]:
        """Both halves of the token, and of those before it in this run."""
        return tuple(self._known_secrets)

    def load_token(self) -> Token:
        """Return the token to sign with, renewed where it is about to expire.

        Raises LoginNeeded, OutputError where there is no room for a new token, and what *renew* raises.
        """
        with self._lock:
            if self._refusal is not None:
                raise self._refusal  # not for each of eight requests that wait for the token together
            if self._token is None:
                self._file.sweep()
                self._token = self._file.load()
            self._known_secrets |= set(list_token_secrets(self._token))
            left = self._token.expires_at - self._now()
            if left <= timedelta(0) and not self._is_new():
                self._token = self._renew_once(self._token)
            elif left <= EARLY and self._renews_early and not self._is_new():
                self._token = self._renew_early(self._token)
            return self._token

    def _is_new(self) -> bool:
        """Whether the token was just renewed: then it is good, whatever the server, or the clock, says of it."""
        # Renewing it again would spend one token for each request.
        return self._renewed_at is not None and self._now() - self._renewed_at < EARLY

    def _renew_early(self, token: Token) -> Token:
        """Return the token that follows *token*, or *token* itself, which is still good, where that fails for now."""
        try:
            return self._renew_once(token)
        except (TraktError, OutputError) as error:
            log.warning(
                "%s The login could not be renewed yet. It is valid until %s.", error, f"{token.expires_at:%H:%M} UTC"
            )
            self._renews_early = False
            self._refusal = None
            return token

    def _renew_once(self, stale: Token) -> Token:
        """Return the token that follows *stale*: that of the file where another process has renewed it meanwhile."""
        with self._file.lock():
            current = self._file.load()
            if current.access_token == self._spent:
                current = stale
            if current.access_token != stale.access_token:
                return current
            # Its place on the disk comes first: once Trakt has answered, the old token is spent, and a full disk would
            # leave neither.
            with self._file.reserve() as replace:
                try:
                    fresh = self._renew(current)
                except (LoginNeeded, SettingsError, TraktError) as error:
                    self._refusal = error
                    if isinstance(error, LoginNeeded):
                        with contextlib.suppress(OutputError):
                            replace(msgspec.structs.replace(current, is_over=True))
                    raise
                self._renewed_at = self._now()
                self._known_secrets |= set(list_token_secrets(fresh))
                # Saved before the lock is released and before it is used: from here on the old one is worth nothing.
                try:
                    replace(fresh)
                except OutputError as error:
                    self._spent = self._spent or current.access_token
                    again = "This run continues, but after it you must log in again. Run:"
                    log.error("%s %s %s", error, again, self._file.login_command)
                else:
                    self._spent = ""
                return fresh

    def _retry(self, response: Response, **kwargs: Any) -> Response:
        """Return the answer to the request of *response* with a renewed token, where Trakt refused the old one."""
        for _ in range(RESENDS):
            if response.status_code != 401:
                return response
            refused = response.request.headers.get("Authorization", "").removeprefix("Bearer ")
            token = self._replace_refused(refused)
            if token is None:
                return response
            response = _send_again(response, token, **kwargs)
        return response

    def _replace_refused(self, refused: str) -> Token | None:
        """Return the token to send a request with again whose token Trakt *refused*; None where the login is over."""
        # Eight requests may meet a 401 together. The first thread renews; the others find that the token is no longer
        # the refused one, and send theirs again with the new one.
        with self._lock:
            if isinstance(self._refusal, TraktError):
                raise self._refusal
            if self._refusal is not None:
                return None
            # Where the token is new, the request is sent again with the same one.
            if self._token is None or (self._token.access_token == refused and not self._is_new()):
                try:
                    self._token = self._renew_once(self._token or self._file.load())
                except LoginNeeded:
                    return None
            return self._token


def _send_again(response: Response, token: Token, **kwargs: Any) -> Response:
    next(response.iter_content(2**16), b"")  # a whole answer of 401 could be of any size
    response.close()
    request = response.request.copy()
    request.headers["Authorization"] = f"Bearer {token.access_token}"
    again: Response = response.connection.send(request, **kwargs)
    again.history.append(response)
    again.request = request
    return again
