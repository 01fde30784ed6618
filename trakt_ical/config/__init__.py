"""Every setting, and where its value comes from."""

from trakt_ical.config.checks import Calendar
from trakt_ical.config.resolve import CONFIG, PREFIX, Resolved, hide_userinfo, list_settings, resolve
from trakt_ical.config.settings import ACCOUNT, FIELDS, OF_CALENDARS, SECRETS, Settings

__all__ = [
    "ACCOUNT",
    "CONFIG",
    "FIELDS",
    "OF_CALENDARS",
    "PREFIX",
    "SECRETS",
    "Calendar",
    "Resolved",
    "Settings",
    "hide_userinfo",
    "list_settings",
    "resolve",
]
