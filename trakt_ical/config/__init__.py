"""Every setting, and where its value comes from."""

from trakt_ical.config.given import CONFIG, HOME, HOOK_FILE, HOOK_NAME, PREFIX
from trakt_ical.config.precedence import (
    BUILT_IN,
    Resolved,
    ShownSetting,
    hide_userinfo,
    list_settings,
    resolve_settings,
)
from trakt_ical.config.pushes import PushTarget
from trakt_ical.config.rules_from_settings import Calendar
from trakt_ical.config.settings import ACCOUNT, FIELDS, OF_CALENDARS, SECRETS, Settings

__all__ = [
    "ACCOUNT",
    "BUILT_IN",
    "CONFIG",
    "FIELDS",
    "HOME",
    "HOOK_FILE",
    "HOOK_NAME",
    "OF_CALENDARS",
    "PREFIX",
    "SECRETS",
    "Calendar",
    "PushTarget",
    "Resolved",
    "Settings",
    "ShownSetting",
    "hide_userinfo",
    "list_settings",
    "resolve_settings",
]
