"""Every setting, and where its value comes from."""

from trakt_ical.config.checks import Calendar
from trakt_ical.config.resolve import CONFIG, PREFIX, Resolved, hide_userinfo, list_settings, resolve
from trakt_ical.config.settings import ACCOUNT, FIELDS, KINDS, OF_CALENDARS, SECRETS, V2_URL, Settings

__all__ = [
    "ACCOUNT",
    "CONFIG",
    "FIELDS",
    "KINDS",
    "OF_CALENDARS",
    "PREFIX",
    "SECRETS",
    "V2_URL",
    "Calendar",
    "Resolved",
    "Settings",
    "hide_userinfo",
    "list_settings",
    "resolve",
]
