"""The built-in Trakt as tests steer it, how programs reach it, and what the contract of API v2 says of it."""

from __future__ import annotations

import hashlib
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import msgspec

from trakt_ical import demo
from trakt_ical.demo import Fault, load_cast
from trakt_ical.demo.airings import Airing
from trakt_ical.demo.auth import PASSWORDS, READING_KEY
from trakt_ical.demo.cast import Cast, Movie, Show, Timetable
from trakt_ical.trakt.token import Token, TokenFile

SLOW_FERRY = Show(
    title="The Slow Ferry",
    country="is",
    runtime=1440,
    days_behind=2,
    titles=("Fjord after Fjord", "Open Water", "A Buoy", "Rain", "Harbour at Six"),
    airs=Timetable(cycle=12, days=tuple(range(84)), at=time(6), zone="Atlantic/Reykjavik"),
)


def with_slow_ferry() -> Cast:
    """The cast, with a show of 24 hours every day: something is always on."""
    return load_cast().with_shows(SLOW_FERRY)


class Demo(demo.Demo):
    """A built-in Trakt whose account, episodes and logins tests change without HTTP.

    *interval* is the polling interval that a login asks for, in seconds.
    """

    reading_key = READING_KEY
    passwords = PASSWORDS  # of all users, by their names

    def __init__(self, *, interval: int = 5, **options: Any) -> None:
        super().__init__(**options)
        self.backend.auth.interval = timedelta(seconds=interval)

    @property
    def shared(self) -> list[dict[str, Any]]:
        """What check-ins posted to other networks: `at`, `message`, `networks`."""
        return self.backend.state.read().shared

    def expire_tokens(self) -> None:
        """Make every access token too old; refresh tokens stay good."""
        self.backend.auth.expire_tokens()

    def misbehave(self, *faults: Fault) -> None:
        """Let these faults wait for requests, behind those that wait already."""
        self.faults.add(*faults)

    def behave(self) -> None:
        """Forget every fault."""
        self.faults.clear()

    def move(self, show: str, season: int, number: int, by: timedelta) -> None:
        """Air an episode later by so much, or earlier. Raises LookupError if there is none."""
        self.backend.catalogue.change(f"{show}/{season}/{number}", by=by)

    def rename(self, show: str, season: int, number: int, title: str) -> None:
        """Give an episode another title. Raises LookupError if there is none."""
        self.backend.catalogue.change(f"{show}/{season}/{number}", title=title)

    def remove(self, show: str, season: int, number: int) -> None:
        """Take an episode out of every answer. Raises LookupError if there is none."""
        self.backend.catalogue.change(f"{show}/{season}/{number}", is_removed=True)

    def restore(self, show: str, season: int, number: int) -> None:
        """Undo every change of an episode. Raises LookupError if there is none."""
        self.backend.catalogue.restore(f"{show}/{season}/{number}")

    def hide(self, slug: str, section: str = "calendar") -> None:
        """Hide a show, in the section `calendar` or `dropped`."""
        self.backend.account.hide(self._show(slug), section)

    def unhide(self, slug: str) -> None:
        """Take a show out of both hidden sections."""
        self.backend.account.unhide(self._show(slug))

    def watch(self, show: str, season: int, number: int) -> None:
        """Count an episode as watched just now. Raises LookupError if there is none."""
        self.backend.account.watch(self._find_watchable(show, season, number))

    def unwatch(self, show: str, season: int, number: int) -> None:
        """Forget that an episode was watched. Raises LookupError if there is none."""
        self.backend.account.unwatch(self._find_watchable(show, season, number))

    def add_to_watchlist(self, slug: str) -> None:
        """Put a show on the watchlist. Raises LookupError if there is none."""
        self.backend.account.add_to_watchlist(self._show(slug))

    def remove_from_watchlist(self, slug: str) -> None:
        """Take a show off the watchlist. Raises LookupError if there is none."""
        self.backend.account.remove_from_watchlist(self._show(slug))

    def protect(self, protected: bool = True) -> None:
        """Close the user's profile to others, as API v1 knows it; False opens it."""
        self.backend.account.is_protected = protected

    def approve(self, user_code: str, username: str = demo.Demo.username) -> None:
        """Let a user allow the login that shows this code. Raises LookupError if none is waiting."""
        self._decide(user_code, allow=True, username=username)

    def deny(self, user_code: str) -> None:
        """Deny the login that shows this code. Raises LookupError if none is waiting."""
        self._decide(user_code, allow=False)

    def _decide(self, user_code: str, *, allow: bool, username: str = demo.Demo.username) -> None:
        if not self.backend.auth.decide(user_code, allow=allow, username=username):
            raise LookupError(f"No login waits for the code {user_code}.")

    def _show(self, slug: str) -> Show:
        found = self.backend.catalogue.get_named(slug)
        assert isinstance(found, Show)
        return found

    def _find_watchable(self, show: str, season: int, number: int) -> Airing | Movie:
        found = self.backend.catalogue.get_named(f"{show}/{season}/{number}")
        assert not isinstance(found, Show)
        return found


def make_environ(trakt: demo.Demo) -> dict[str, str]:
    """Return the variables of the environment that set the account of *trakt*."""
    account = {
        "API_URL": trakt.url,
        "AUTH_URL": trakt.url,
        "CLIENT_ID": trakt.client_id,
        "CLIENT_SECRET": trakt.client_secret,
        "API_KEY": trakt.api_key,
        "USERNAME": trakt.username,
        "PASSWORD": trakt.password,
    }
    return {f"TRAKT_ICAL_{name}": value for name, value in account.items()}


def log_in(trakt: demo.Demo, token_file: Path, username: str = demo.Demo.username) -> None:
    """Save a new login of a user at *trakt*."""
    token = msgspec.convert(trakt.grant(username), Token)
    TokenFile(token_file).save(msgspec.structs.replace(token, username=username))


def count_renewals(trakt: demo.Demo) -> int:
    """How often a token was renewed at *trakt*, or tried to be."""
    return sum(seen.path == "/oauth/token" for seen in trakt.requests)


def make_login(trakt: demo.Demo) -> tuple[str, str]:
    """The user's name at *trakt*, and the password as API v1 wants it."""
    return trakt.username, hashlib.sha1(trakt.password.encode()).hexdigest()


def make_headers(trakt: demo.Demo, token: str = "", username: str = demo.Demo.username) -> dict[str, str]:
    """What API v2 requires of every request; without a *token*, with a new one of a user."""
    return {
        "Authorization": f"Bearer {token or trakt.grant(username)['access_token']}",
        "trakt-api-key": trakt.client_id,
        "trakt-api-version": "2",
    }


def make_json_schema(schema: Any) -> Any:
    """A schema of OpenAPI 3.0 as JSON Schema; properties that it does not name are refused.

    `oneOf` is read as `anyOf`: in the answer to a check-in all that tells the alternatives apart is
    optional, so that every answer fits both.
    """
    if isinstance(schema, list):
        return [make_json_schema(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: make_json_schema(part) for name, part in schema.items() if name not in ("nullable", "oneOf")}
    if "oneOf" in schema:
        plain["anyOf"] = make_json_schema(schema["oneOf"])
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
        plain.setdefault("additionalProperties", False)
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") is True else plain
