"""Every setting, and where its value comes from."""

from trakt_ical.config.settings import ACCOUNT, FIELDS, KINDS, SECRETS, V2_URL, Settings
from trakt_ical.config.sources import CONFIG, PREFIX, Resolved, listing, resolve

__all__ = [
    "ACCOUNT",
    "CONFIG",
    "FIELDS",
    "KINDS",
    "PREFIX",
    "SECRETS",
    "V2_URL",
    "Resolved",
    "Settings",
    "listing",
    "resolve",
]
