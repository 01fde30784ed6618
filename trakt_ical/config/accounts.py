"""Accounts: which one a command is about, and what is wrong between them.

The settings above all tables describe the account without a name; each `[account.NAME]` table describes another one.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from trakt_ical.config.rules_from_settings import Calendar
from trakt_ical.config.settings import Settings
from trakt_ical.errors import SettingsError
from trakt_ical.fetch.sources import SOURCES, LoginMethod


def choose_account(
    selected: str | None, base: Calendar, calendars: Collection[Calendar], accounts: Mapping[str, Calendar]
) -> str:
    """Return the account that a command for one account is about.

    That is the one *selected*, else that of `[defaults]` (of *base*), else the only one that *calendars* belong to.
    Raises SettingsError where none of that names one.
    """
    if selected is not None:
        return selected
    if base.settings.account:
        return base.settings.account
    used = list({calendar.settings.account: None for calendar in calendars})
    if len(used) == 1:
        return used[0]
    names = [f"--account {shlex.quote(name)}" for name in accounts if name]
    raise SettingsError(
        f"Which account? Use {' or '.join(names)}, or put account into [defaults]."
        + (' The account above all tables is --account "".' if "" in used else "")
    )


def describe_account(name: str) -> str:
    """Return the account *name* in words; "" is the one that the settings above all tables describe."""
    return f"the account {name}" if name else "the account above all tables"


def refuse_shared_logins(calendars: Collection[Calendar], accounts: Mapping[str, Calendar]) -> None:
    """Raise SettingsError where two *accounts* have one login: each would get the other's calendar."""
    used = {calendar.settings.account for calendar in calendars}
    logins: dict[object, str] = {}
    for name, base in accounts.items():
        login = _find_login(base.settings) if name or name in used else None
        if login is None:
            continue
        if (other := logins.get(login)) is not None:
            setting = "token_file" if base.settings.token_file else "username"
            raise SettingsError(
                f"The account {name} and {describe_account(other)} have one login "
                f"({setting}, {base.given[setting].locate()}). Give each its own."
            )
        logins[login] = name


def _find_login(settings: Settings) -> object:
    """Return what tells the login of *settings* from others; None where it is a file of the account's own."""
    match SOURCES[settings.api].capabilities.login:
        case LoginMethod.DEVICE_CODE if settings.token_file:
            return os.path.realpath(Path(settings.token_file).expanduser())
        case LoginMethod.PASSWORD if settings.username:
            return settings.api, settings.api_url, settings.username, settings.owner
    return None


def find_account_warnings(calendars: Collection[Calendar], accounts: Mapping[str, Calendar]) -> Iterator[str]:
    """Yield a sentence for each of *accounts* that no calendar belongs to: it would be a mistake in silence."""
    used = {calendar.settings.account for calendar in calendars}
    for name in accounts.keys() - used - {""}:
        yield (
            f'No calendar belongs to the account {name}. Put account = "{name}" into a [calendar.NAME] table '
            "or into [defaults]."
        )
