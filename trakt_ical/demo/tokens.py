"""The tokens that programs hold for the demo's user."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from trakt_ical.demo.state import State, Store, Token

LIFE = timedelta(days=7)


class Tokens:
    """Access tokens, and refresh tokens that are good for one renewal each."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def grant(self) -> dict[str, Any]:
        """A new token, as `POST /oauth/token` answers it."""
        with self._store.changing() as state:
            return self._grant(state)

    def renew(self, refresh_token: str) -> dict[str, Any] | None:
        """A new token for an old one, once; None when *refresh_token* is unknown or used.

        The old access token stays good until it expires.
        """
        with self._store.changing() as state:
            for old in state.tokens:
                if old.refresh_token == refresh_token:
                    old.refresh_token = None
                    return self._grant(state)
        return None

    def revoke(self, token: str) -> None:
        """Forget a token, named by either of its halves."""
        with self._store.changing() as state:
            state.tokens = [each for each in state.tokens if token not in (each.access_token, each.refresh_token)]

    def knows(self, access_token: str | None) -> bool:
        """The token was granted here and has not expired."""
        now = self._now()
        with self._store.reading() as state:
            return any(each.access_token == access_token and each.expires_at > now for each in state.tokens)

    def expire(self) -> None:
        """End the life of every access token; refresh tokens stay good."""
        now = self._now()
        with self._store.changing() as state:
            state.tokens = [replace(each, expires_at=min(each.expires_at, now)) for each in state.tokens]

    def _grant(self, state: State) -> dict[str, Any]:
        now = self._now()
        life = int(LIFE.total_seconds())
        token = Token(secrets.token_hex(32), secrets.token_hex(32), now, now + life)
        alive = [each for each in state.tokens if each.refresh_token or each.expires_at > now]
        state.tokens = [*alive, token]
        return {
            "access_token": token.access_token,
            "token_type": "bearer",
            "expires_in": life,
            "refresh_token": token.refresh_token,
            "scope": "public",
            "created_at": now,
        }

    def _now(self) -> int:
        return int(self._clock().timestamp())
