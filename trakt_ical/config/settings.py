"""Every setting: its name, type, default and meaning."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from trakt_ical.fetch.source import KINDS, SOURCES

LONGEST = 3660  # days back or ahead


def _setting(default: Any, meaning: str, **facts: Any) -> Any:
    """A setting of the whole program.

    *facts*: `secret`; `choices` of a text; `least` and `most` of a number; `values` of a table by name (`int`, `bool`).
    """
    usual = {"help": meaning, "of": "program", "secret": False, "choices": (), "least": 0, "most": 0, "values": None}
    metadata = {**usual, **facts}
    return field(default=default, repr=not metadata["secret"], metadata=metadata)


def _account(default: Any, meaning: str, **facts: Any) -> Any:
    """A setting that says which account at which server is meant."""
    return _setting(default, meaning, of="account", **facts)


def _rule(default: Any, meaning: str, **facts: Any) -> Any:
    """A setting that each calendar has for itself."""
    return _setting(default, meaning, of="calendar", **facts)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is in force for one calendar. An empty text means: not set."""

    api: str = _setting("v2", "Trakt's API: v2, or v1 for a server that still speaks it.", choices=tuple(SOURCES))
    api_url: str = _account("", f"The server's address; v2's is {SOURCES['v2'].url}.")
    auth_url: str = _account("https://auth.trakt.tv", "The address that logs in and renews tokens (v2).")
    client_id: str = _account("", "The Client ID of your app at Trakt (v2).")
    client_secret: str = _account("", "The app's Client Secret, if it has one (v2).", secret=True)
    api_key: str = _account("", "Your API key (v1).", secret=True)
    username: str = _account("", "Your name at Trakt (v1).")
    password: str = _account("", "Your password (v1); only its SHA1 is sent.", secret=True)
    owner: str = _account("", "Whose calendar to fetch (v1); yourself if not set.")
    token_file: str = _account("", "Where the login is kept (v2); in the data folder if not set.")
    plain_http: bool = _account(False, "Let a password or token travel over plain http to another computer.")

    source: str = _rule("my", "Trakt's calendar: my (needs a login) or all (the world's).", choices=("my", "all"))
    kind: tuple[str, ...] = _rule(("shows",), "What to fetch; several are allowed.", choices=KINDS)
    back: int = _rule(30, "Days before today.", most=LONGEST)
    ahead: int = _rule(90, "Days after today.", most=LONGEST)
    timezone: str = _rule(
        "", "The zone that days are counted in; that of your Trakt account, else of this computer, if not set."
    )
    output: str = _rule("trakt.ics", "The file to write; - for standard output.")
    name: str = _rule("", "The name that calendar programs show; the calendar's own if not set.")
    color: str = _rule("crimson", "The color that calendar programs show: a name of CSS.")
    advertised_refresh: int = _rule(6, "Hours after which programs should look again.", least=1, most=8760)

    hours: str = _rule("exact", "How a known hour is shown.", choices=("exact", "whole-day"))
    unknown_hour: str = _rule(
        "whole-day", "How an episode is shown whose hour nobody knows.", choices=("whole-day", "midnight")
    )
    late_night: int = _rule(0, "In whole days, the hour before which an airing belongs to the day before.", most=12)
    offset: int = _rule(0, "Minutes by which known hours are moved.", least=-1440, most=1440)
    network_offsets: tuple[tuple[str, int], ...] = _rule(
        (), "The same for single networks.", values=int, least=-1440, most=1440
    )
    show_offsets: tuple[tuple[str, int], ...] = _rule(
        (), "The same for single shows.", values=int, least=-1440, most=1440
    )
    default_runtime: int = _rule(45, "Minutes that an episode takes where Trakt does not know.", least=1, most=1440)

    specials: bool = _rule(True, "Whether specials (season 0) are shown.")
    show_specials: tuple[tuple[str, bool], ...] = _rule((), "The same for single shows.", values=bool)
    include_shows: tuple[str, ...] = _rule((), "Only these shows: by slug, id or title.")
    exclude_shows: tuple[str, ...] = _rule((), "Not these shows.")
    include_networks: tuple[str, ...] = _rule((), "Only these networks.")
    exclude_networks: tuple[str, ...] = _rule((), "Not these networks.")
    include_genres: tuple[str, ...] = _rule((), "Only what is of one of these genres.")
    exclude_genres: tuple[str, ...] = _rule((), "Nothing of these genres.")
    include_countries: tuple[str, ...] = _rule((), "Only from these countries, in two letters.")
    exclude_countries: tuple[str, ...] = _rule((), "Not from these countries.")
    include_languages: tuple[str, ...] = _rule((), "Only in these languages, in two letters (v2).")
    exclude_languages: tuple[str, ...] = _rule((), "Not in these languages (v2).")
    include_certifications: tuple[str, ...] = _rule((), "Only with these certifications: TV-MA, PG-13 …")
    exclude_certifications: tuple[str, ...] = _rule((), "Not with these certifications.")
    min_rating: float = _rule(0.0, "The least rating, 0 to 10: everybody's (v2), your own (v1).", most=10)
    watched: bool = _rule(True, "Whether what you watched is shown.")
    watchlist_only: bool = _rule(False, "Only what is on your watchlist.")
    hidden: bool = _rule(False, "Whether shows are shown that you hid from Trakt's calendar.")
    dropped: bool = _rule(False, "Whether shows are shown that you dropped.")
    country: str = _rule("", "Whose release dates movies bear, in two letters; the world's first if not set (v2).")

    group: str = _rule(
        "off",
        "Which episodes become one event: of one show on one day, or of one drop.",
        choices=("off", "day", "drop"),
    )
    title: str = _rule("{show} {code} {title} {mark}", "The title of an episode.")
    movie_title: str = _rule("{title} [({release})]", "The title of a movie.")
    description: str = _rule("{overview}\n\n{network}\n\n{link}", "The description.")
    code: str = _rule("2x03", "How season and number are written.", choices=("2x03", "S02E03", "absolute"))
    marks: str = _rule("off", "How premieres and finales are marked.", choices=("off", "word", "symbol"))
    spoilers: bool = _rule(True, "Whether events tell the plot and the titles of episodes.")
    alarms: tuple[str, ...] = _rule((), 'Reminders: "30 min before", "movies: 09:00 that day".')

    checkin_links: bool = _rule(False, "Whether events and the feed's page bear links that check in; needs public_url.")

    tombstone_days: int = _rule(14, "Days that what is no longer listed stays, cancelled; 0 for none.", most=LONGEST)
    keep_days: int = _rule(180, "Days that what is past stays, once it is out of the range.", most=LONGEST)
    shrink_days: int = _rule(7, "Days until a calendar that lost most of itself is believed.", most=LONGEST)
    max_bytes: int = _rule(1_000_000, "The largest calendar, in octets (Google takes no more); 0 for any.")

    listen: str = _setting("127.0.0.1:8642", "Where the feed is served: HOST:PORT.")
    public_url: str = _setting("", "The address that the world sees the feed under, a path included.")
    refresh: int = _setting(60, "Minutes between two refreshes of the feed.", least=1, most=1440)
    notice_after: int = _setting(
        3, "Days without a refresh after which the calendar itself says that it is out of date; 0 for never.", most=365
    )
    trusted_proxies: tuple[str, ...] = _setting(
        (), "Proxies whose word on who asks is believed: addresses or networks."
    )


FIELDS = {each.name: each for each in dataclasses.fields(Settings)}
OF_CALENDARS, ACCOUNT = (
    frozenset(name for name, each in FIELDS.items() if each.metadata["of"] == of) for of in ("calendar", "account")
)
SECRETS = frozenset(name for name, each in FIELDS.items() if each.metadata["secret"])
