"""The tables [push.NAME]: calendars on CalDAV servers that calendars of the settings are pushed to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec

from trakt_ical.config.checks import check_url
from trakt_ical.config.problems import Problems
from trakt_ical.config.rules_from_settings import Calendar
from trakt_ical.config.settings_file import SettingsFile, read_secret
from trakt_ical.errors import SettingsError
from trakt_ical.wording import suggest_nearest

PUSHES = "push"  # [push.NAME] is one of them
MEANINGS = {
    "url": "Address of the CalDAV server.",
    "username": "Your user name there.",
    "password": "Your password there; many servers want an app password.",
    "password_file": "File that holds that password.",
    "calendar": "Name of the calendar there, which is made if it does not exist, or its address. If not set: Trakt.",
}


class PushTarget(msgspec.Struct, frozen=True):
    """The *calendar* at the CalDAV server at *url*, and who logs in there."""

    name: str
    url: str
    username: str = ""
    password: str = ""
    calendar: str = "Trakt"

    def __repr__(self) -> str:
        return f"PushTarget(name={self.name!r})"  # tracebacks show it, and passwords must not be in them


def read_pushes(file: SettingsFile, problems: Problems) -> dict[str, PushTarget]:
    """Return the tables of *file* by their names; what is wrong with them goes to *problems*."""
    tables = file.tables.get(PUSHES, {})
    if not isinstance(tables, dict):
        hint = "To push all calendars to one place, put push into [defaults]."
        problems.add(SettingsError(f"{file.locate(PUSHES)}: pushes are tables, [push.NAME]. {hint}"))
        return {}
    found = {}
    for name, table in tables.items():
        with problems.catch():
            found[name] = _read_push(file, name, table)
    return found


def _read_push(file: SettingsFile, name: str, table: Any) -> PushTarget:
    if not isinstance(table, dict):
        raise SettingsError(f"{file.locate(PUSHES, name)}: {name} is not a setting. Pushes are tables, [push.NAME].")
    for key, value in table.items():
        place = file.locate(PUSHES, name, key)
        if key not in MEANINGS:
            raise SettingsError(f"{place} sets {key}, which no push has.{suggest_nearest(key, MEANINGS)}")
        if not isinstance(value, str) or not value.strip() or any(ord(letter) < 32 for letter in value):
            raise SettingsError(f"{key} ({place}) must be a text without control characters.")
    if "url" not in table:
        raise SettingsError(f"{file.locate(PUSHES, name)}: [push.{name}] needs url, the address of the CalDAV server.")
    if reason := check_url(table["url"]):
        raise SettingsError(f"url ({file.locate(PUSHES, name, 'url')}) {reason}")
    if "@" in table["url"].partition("://")[2].partition("/")[0]:
        raise SettingsError(f"url ({file.locate(PUSHES, name, 'url')}) must not hold a login. Use username, password.")
    calendar = table.get("calendar", "")
    if calendar.startswith(("https://", "http://")) and (reason := check_url(calendar)):
        raise SettingsError(f"calendar ({file.locate(PUSHES, name, 'calendar')}) {reason}")
    values = dict(table)
    if "password_file" in values:
        if "password" in values:
            raise SettingsError(f"{file.path}: [push.{name}] sets both password and password_file. Keep one.")
        values["password"] = read_secret(values.pop("password_file"), file.locate(PUSHES, name))
    return PushTarget(name, **values)


def check_pushes(calendars: Collection[Calendar], pushes: Mapping[str, PushTarget]) -> None:
    """Raise SettingsError where a calendar names a push that is none, or two accounts or pushes would share one.

    Each of two pushes into one calendar would delete what the other one put there.
    """
    accounts: dict[str, str] = {}
    targets: dict[tuple[str, str, str], str] = {}
    for name, target in pushes.items():
        first = targets.setdefault((target.url.rstrip("/"), target.username, target.calendar), name)
        if first != name:
            raise SettingsError(
                f"[push.{first}] and [push.{name}] are one calendar of one user. Give them different values of "
                "calendar, or let all calendars have one push."
            )
    for calendar in calendars:
        name = calendar.settings.push
        if not name:
            continue
        place = calendar.given["push"].locate()
        if name not in pushes:
            have = f"The settings file has: {', '.join(pushes)}." if pushes else "The settings file has none."
            raise SettingsError(f"There is no push {name} (push, {place}). {have}{suggest_nearest(name, pushes)}")
        if accounts.setdefault(name, calendar.settings.account) != calendar.settings.account:
            raise SettingsError(f"Two accounts have one push, {name} ({place}). Give each account its own.")


def list_push_values(pushes: Mapping[str, PushTarget]) -> Iterator[tuple[str, str]]:
    """Yield the settings of each push for people, with their values; passwords are masked."""
    for name, target in pushes.items():
        for key in ("url", "username", "password", "calendar"):
            value = getattr(target, key)
            yield f"{PUSHES}.{name}.{key}", ("(set)" if value else "") if key == "password" else value
