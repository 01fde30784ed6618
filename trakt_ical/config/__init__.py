"""Every setting, and where its value comes from."""

from trakt_ical.config.checks import Calendar
from trakt_ical.config.settings import ACCOUNT, FIELDS, KINDS, OF_CALENDARS, SECRETS, V2_URL, Settings
from trakt_ical.config.sources import CONFIG, PREFIX, Resolved, listing, resolve, without_userinfo

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
    "listing",
    "resolve",
    "without_userinfo",
]
