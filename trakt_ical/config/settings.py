"""Every setting: its name, type, default and meaning. `docs/settings.md` and `--help` are made from these lines."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from trakt_ical.fetch.sources import KINDS, SOURCES

LONGEST = 3660  # days back or ahead


def _setting(default: Any, meaning: str, **facts: Any) -> Any:
    """Define a setting of the whole program.

    *facts*: `secret`; `choices` of a text; `least` and `most` of a number; `values`, the type (`int`, `bool`, `str`)
    of the values of a table.
    """
    usual = {"help": meaning, "of": "program", "secret": False, "choices": (), "least": 0, "most": 0, "values": None}
    usual |= {"personal": False}
    metadata = {**usual, **facts}
    # A secret is left out of the repr, which ends in tracebacks and logs.
    return field(default=default, repr=not metadata["secret"], metadata=metadata)


def _account(default: Any, meaning: str, **facts: Any) -> Any:
    """Define a setting that each account may have for itself; `--demo` takes these from the built-in Trakt alone.

    *facts* also has `personal`: the setting says whose login it is, so one account never takes it from another.
    """
    return _setting(default, meaning, of="account", **facts)


def _rule(default: Any, meaning: str, **facts: Any) -> Any:
    """Define a setting that each calendar may have for itself."""
    return _setting(default, meaning, of="calendar", **facts)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings in force for one calendar. An empty text means: not set."""

    api: str = _setting(
        "v2",
        "API to use: v2 (Trakt's current API), v1 (its old one), or tvmaze (TVmaze's, for a list of shows that you "
        "imported).",
        choices=tuple(SOURCES),
    )
    api_url: str = _account(
        "",
        f"Address of the API. If not set: {SOURCES['v2'].url} (v2), {SOURCES['tvmaze'].url} (tvmaze). v1 needs one.",
    )
    auth_url: str = _account("https://auth.trakt.tv", "Address of the server that logs you in and renews logins (v2).")
    client_id: str = _account("", "Client ID of your API app at Trakt (v2).")
    client_secret: str = _account("", "Client Secret of that app, if it has one (v2).", secret=True)
    api_key: str = _account("", "Your API key (v1).", secret=True)
    username: str = _account("", "Your user name (v1).", personal=True)
    password: str = _account("", "Your password (v1). Only its SHA-1 hash is sent.", secret=True, personal=True)
    owner: str = _account(
        "",
        "User whose calendar is fetched (v1), or whose imported list it is (tvmaze). If not set: you.",
        personal=True,
    )
    token_file: str = _account(
        "", "File that keeps your login (v2). If not set: token.json in the data folder.", personal=True
    )
    plain_http: bool = _account(
        False, "Allow sending a password, token or key over unencrypted http to another computer."
    )
    shows: tuple[tuple[str, str], ...] = _setting(
        (),
        "What a show of your imported list is at TVmaze, where its numbers do not tell: tvmaze:NUMBER, or off to leave "
        "it out (tvmaze).",
        values=str,
    )
    run_limit: int = _setting(
        30, "Minutes that an export, or a refresh of the feed, waits for Trakt in all. 0 sets no limit.", most=1440
    )

    account: str = _rule(
        "",
        "Account whose calendar it is: NAME of an [account.NAME] table. If not set: the account that the settings "
        "above all tables describe.",
    )
    source: str = _rule(
        "my", "Calendar to fetch: my (your shows, needs a login) or all (everything at Trakt).", choices=("my", "all")
    )
    kind: tuple[str, ...] = _rule(("shows",), "Kinds of airings in the calendar, one or more.", choices=KINDS)
    back: int = _rule(30, "Days to include before today.", most=LONGEST)
    ahead: int = _rule(90, "Days to include after today.", most=LONGEST)
    timezone: str = _rule(
        "",
        "Time zone in which days begin and end, such as Europe/Berlin. "
        "If not set: your Trakt account's, else this computer's.",
    )
    output: str = _rule(
        "trakt.ics", "File to write, or an object in a bucket (s3://, gs:// or az://); - writes to standard output."
    )
    after_change: str = _rule(
        "",
        "Command that runs after the calendar changed. TRAKT_ICAL_FILE and TRAKT_ICAL_NAME in its environment are the "
        "file and the calendar's name.",
    )
    push: str = _rule(
        "", "Calendar on a CalDAV server that is kept in step with this one: NAME of a [push.NAME] table."
    )
    name: str = _rule("", "Name that calendar programs show. If not set: NAME of [calendar.NAME], else Trakt.")
    color: str = _rule("crimson", "Color that calendar programs show, by its CSS name.")
    advertised_refresh: int = _rule(
        6, "Hours that calendar programs are asked to wait between two updates.", least=1, most=8760
    )

    dates: str = _rule(
        "aired",
        "Which date counts for an episode that was released before it aired: aired or released (v2).",
        choices=("aired", "released"),
    )
    midnight_networks: tuple[str, ...] = _rule(
        (), "More networks whose episodes really start at 00:00. For others, 00:00 means that the time is not known."
    )
    hours: str = _rule(
        "exact", "Show an airing at its exact time or as a whole-day event.", choices=("exact", "whole-day")
    )
    unknown_hour: str = _rule(
        "whole-day",
        "How to show an episode whose time is not known: as a whole-day event (whole-day), at midnight, or at an hour "
        "in timezone, such as 20:00.",
    )
    show_unknown_hours: tuple[tuple[str, str], ...] = _rule(
        (), "The same for single shows, in place of unknown_hour.", values=str
    )
    late_night: int = _rule(
        0, "Hour of the day, 0 to 12: in whole-day events, an airing before it belongs to the previous day.", most=12
    )
    offset: int = _rule(0, "Minutes to add to every known time; negative for earlier.", least=-1440, most=1440)
    network_offsets: tuple[tuple[str, int], ...] = _rule(
        (), "Minutes to add for single networks, in place of offset.", values=int, least=-1440, most=1440
    )
    show_offsets: tuple[tuple[str, int], ...] = _rule(
        (), "Minutes to add for single shows, in place of the other offsets.", values=int, least=-1440, most=1440
    )
    default_runtime: int = _rule(45, "Minutes that an episode lasts if Trakt knows no runtime.", least=1, most=1440)

    specials: bool = _rule(True, "Include specials (season 0).")
    show_specials: tuple[tuple[str, bool], ...] = _rule(
        (), "Include specials of single shows, in place of specials.", values=bool
    )
    include_shows: tuple[str, ...] = _rule((), "Include only these shows, by slug, Trakt number or title.")
    exclude_shows: tuple[str, ...] = _rule((), "Leave out these shows.")
    include_networks: tuple[str, ...] = _rule((), "Include only shows of these networks.")
    exclude_networks: tuple[str, ...] = _rule((), "Leave out shows of these networks.")
    include_genres: tuple[str, ...] = _rule((), "Include only what has one of these genres.")
    exclude_genres: tuple[str, ...] = _rule((), "Leave out what has one of these genres.")
    include_countries: tuple[str, ...] = _rule((), "Include only what comes from these countries (two letters).")
    exclude_countries: tuple[str, ...] = _rule((), "Leave out what comes from these countries.")
    include_languages: tuple[str, ...] = _rule((), "Include only what is in these languages (two letters; v2).")
    exclude_languages: tuple[str, ...] = _rule((), "Leave out what is in these languages (v2).")
    include_certifications: tuple[str, ...] = _rule((), "Include only these certifications, such as TV-MA or PG-13.")
    exclude_certifications: tuple[str, ...] = _rule((), "Leave out these certifications.")
    min_rating: float = _rule(
        0.0, "Lowest rating to include, 0 to 10: everybody's (v2) or your own (v1). Unrated is included.", most=10
    )
    watched: bool = _rule(True, "Include what you have watched.")
    watchlist_only: bool = _rule(False, "Include only what is on your watchlist.")
    hidden: bool = _rule(False, "Include shows that you hid from the calendar at Trakt.")
    dropped: bool = _rule(False, "Include shows that you dropped at Trakt.")
    country: str = _rule(
        "", "Country whose release dates movies have, in two letters (v2). If not set: the first release anywhere."
    )

    group: str = _rule(
        "off",
        "Make one event of several episodes of a show: those of one day (day), or those of one season released "
        "at the same time (drop).",
        choices=("off", "day", "drop"),
    )
    title: str = _rule("{show} {code} {title} {mark}", "Template for the title of an episode's event.")
    movie_title: str = _rule("{title} [({release})]", "Template for the title of a movie's event.")
    description: str = _rule("{overview}\n\n{network}\n\n{link}", "Template for the description of an event.")
    location: str = _rule(
        "", "Template for the location of an event. If not set: none, since programs look for it on a map."
    )
    code: str = _rule("2x03", "How to write season and episode number.", choices=("2x03", "S02E03", "absolute"))
    marks: str = _rule("off", "How to mark premieres and finales.", choices=("off", "word", "symbol"))
    spoilers: bool = _rule(True, "Include plots and titles of episodes.")
    alarms: tuple[str, ...] = _rule((), 'Reminders, such as "30 min before" or "movies: 09:00 that day".')

    unique_uids: bool = _rule(
        False, "Give the events UIDs that no other calendar has, if you subscribe to calendars that share airings."
    )

    checkin_links: bool = _rule(False, "Add links to events and to the feed's page that check in. Needs public_url.")

    tombstone_days: int = _rule(
        14,
        "Days that an upcoming event stays, marked as cancelled, after Trakt stopped listing it. 0 removes it at once.",
        most=LONGEST,
    )
    keep_days: int = _rule(180, "Days that past events stay, even if back is shorter.", most=LONGEST)
    shrink_days: int = _rule(7, "Days that an update is held back if most upcoming events disappeared.", most=LONGEST)
    max_bytes: int = _rule(
        1_000_000, "Largest size of the calendar in bytes. Google Calendar takes no more than 1 MB. 0 sets no limit."
    )

    listen: tuple[str, ...] = _setting(
        ("127.0.0.1:8642",),
        "Addresses and ports on which the feed is served, each as HOST:PORT. localhost and [::] mean IPv4 and IPv6.",
    )
    public_url: str = _setting("", "Address under which the feed is reached from outside, with a path if it has one.")
    refresh: int = _setting(60, "Minutes between two updates of the feed from Trakt.", least=1, most=1440)
    notice_after: int = _setting(
        3,
        "Days without an update after which an event in the calendar says that it is out of date. 0 never says so.",
        most=365,
    )
    trusted_proxies: tuple[str, ...] = _setting(
        (), "Addresses or networks of proxies whose X-Forwarded-For says which client asks."
    )
    metrics_from: tuple[str, ...] = _setting(
        (),
        "Addresses or networks that may read /metrics, for Prometheus, such as 127.0.0.1. Requests with a header "
        "of a proxy, such as X-Forwarded-For, are not answered. A proxy that sends none must refuse /metrics itself. "
        "If not set: nobody.",
    )
    metrics_names: bool = _setting(
        False, "Name accounts and calendars in /metrics. Otherwise they are numbered in the order of the settings."
    )
    log_format: str = _setting(
        "text",
        "Format of the log of serve: text with time and level, or json with one object in each line.",
        choices=("text", "json"),
    )


FIELDS = {each.name: each for each in dataclasses.fields(Settings)}
OF_CALENDARS, ACCOUNT = (
    frozenset(name for name, each in FIELDS.items() if each.metadata["of"] == of) for of in ("calendar", "account")
)
# An account may also speak an API of its own. That is no setting of the built-in Trakt's account, which speaks all.
OF_ACCOUNTS = ACCOUNT | {"api"}
PERSONAL = frozenset(name for name, each in FIELDS.items() if each.metadata["personal"])
SECRETS = frozenset(name for name, each in FIELDS.items() if each.metadata["secret"])
