"""Login by device code, renewal and revocation of the token (OAuth 2.0, RFC 8628), and the account that it opens."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import msgspec

from trakt_ical.errors import BrokenAnswer, LoginNeeded, TraktError, Unreachable
from trakt_ical.trakt.client import Answer, Client
from trakt_ical.trakt.statuses import make_error, was_never_sent
from trakt_ical.trakt.token import Token

log = logging.getLogger(__name__)

DAY = 86400  # seconds; a code or a poll interval of more than that is a slip
POLL_STATUSES = frozenset((400, 404, 409, 410, 418, 429))  # that Trakt documents for a poll
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"  # the redirect_uri of programs that have no address


class DeviceCode(msgspec.Struct, frozen=True, kw_only=True):
    """What a person needs to log in; *expires_in* and *interval* in seconds."""

    device_code: str
    user_code: str
    verification_url: str
    expires_in: int
    interval: int

    @property
    def complete_url(self) -> str:
        """The address of the page with the code filled in, as Trakt documents it for QR codes."""
        return f"{self.verification_url.rstrip('/')}/{quote(self.user_code, safe='')}"

    def __post_init__(self) -> None:
        # The address is shown to a person and opened in a browser: it must be one of the web, and one line.
        if not (0 < self.expires_in <= DAY and 0 <= self.interval <= DAY):
            raise ValueError("a code of no time")
        if not self.verification_url.startswith(("https://", "http://")) or not self.verification_url.isprintable():
            raise ValueError("a page that is none of the web")


class _User(msgspec.Struct):
    username: str


class _Account(msgspec.Struct):
    timezone: str | None = None


class AccountSettings(msgspec.Struct):
    """The used part of `GET /users/settings`."""

    user: _User
    account: _Account | None = None


class Login:
    """Gets, renews and revokes tokens, at the server that *client* speaks to."""

    def __init__(self, client: Client, *, client_id: str, client_secret: str = "") -> None:
        self._client = client
        self._app = {"client_id": client_id} | ({"client_secret": client_secret} if client_secret else {})

    def start(self) -> DeviceCode:
        """Return a new device code, for a person to enter at its address."""
        answer = self._client.post("/oauth/device/code", {"client_id": self._app["client_id"]})
        return answer.decode(DeviceCode)

    def wait(
        self,
        code: DeviceCode,
        tick: Callable[[timedelta], object] = lambda left: None,
        *,
        sleep: Callable[[float], object] = time.sleep,
    ) -> Token:
        """Poll until the person has agreed; *tick* hears each second how much time is left.

        Raises LoginNeeded where they refuse, or do nothing until the code expires.
        """
        interval, now = max(code.interval, 1), self._client.now
        end = now() + timedelta(seconds=code.expires_in)
        while now() < end:
            for _ in range(interval):
                if now() < end:
                    tick(end - now())
                    sleep(1)
            try:
                answer = self._client.post(
                    "/oauth/device/token", {"code": code.device_code, **self._app}, expected=POLL_STATUSES
                )
            except TraktError as error:
                # A fault of one poll says nothing of the next: the person may be entering the code just now.
                log.info("%s Asking again.", error)
                continue
            match answer.status:
                case 400 if b"invalid_client" not in answer.body:  # Trakt's way to say: not yet
                    continue
                case 429:  # polled too fast; RFC 8628 asks for a longer interval from then on
                    interval *= 2
                    continue
                case 404 | 409:
                    raise LoginNeeded("Trakt no longer knows this code.")
                case 410:
                    break
                case 418:
                    raise LoginNeeded("The login was denied at Trakt.")
            self._raise_for(answer)
            return answer.decode(Token)
        raise LoginNeeded("The code expired before it was entered.")

    def renew(self, token: Token) -> Token:
        """Return the token that follows *token*, whose refresh token works no more after that.

        Raises LoginNeeded where Trakt refuses, or where its answer was lost and the login with it.
        """
        # Nobody knows whether a renewal whose answer was lost was one. A second one tells: it succeeds, or Trakt
        # refuses it since the token is spent. It can do no harm, since what the first one gave is lost anyway.
        for _ in range(2):
            try:
                return self._renew(token)
            except (Unreachable, BrokenAnswer) as error:
                if error.__cause__ is not None and was_never_sent(error.__cause__):
                    raise
                fault = error
        raise LoginNeeded(f"{fault} So the login could not be renewed, and may be lost.") from fault

    def _renew(self, token: Token) -> Token:
        body = {
            "refresh_token": token.refresh_token,
            "redirect_uri": OUT_OF_BAND,
            "grant_type": "refresh_token",
            **self._app,
        }
        answer = self._client.post("/oauth/token", body, expected={400, 401})
        # A wrong client_id leaves the refresh token good. Everything else that Trakt finds wrong with a renewal means
        # that the token is: those from before July 2026 get a 400 without a word, or with another one.
        if answer.status in (400, 401) and b"invalid_client" not in answer.body:
            one_app = " Trakt lets a free account connect one app at a time." if b"invalid_grant" in answer.body else ""
            raise LoginNeeded(f"The login has ended and could not be renewed.{one_app}")
        self._raise_for(answer)
        return msgspec.structs.replace(
            answer.decode(Token), username=token.username, server=token.server, is_over=False
        )

    def revoke(self, token: Token) -> None:
        """Make Trakt refuse *token* from now on."""
        self._client.post("/oauth/revoke", {"token": token.access_token, **self._app})

    @staticmethod
    def _raise_for(answer: Answer) -> None:
        error = make_error(answer.status, answer.headers, answer.body)
        if error is not None:
            raise error


def fetch_account_settings(client: Client) -> AccountSettings:
    """Return the name and the time zone of the account that *client* signs for."""
    return client.get("/users/settings").decode(AccountSettings)
