"""Values that tests are made of: each has what is usual, and the attributes that a test names."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from trakt_ical.export.ics import Appearance, CalendarId, ChangeStamp
from trakt_ical.export.merge import Retention
from trakt_ical.model import Airing, DateRange, Episode, EpisodeKind, Event, Movie, Release, Show
from trakt_ical.pipeline import CalendarSpec
from trakt_ical.trakt.token import Token
from trakt_ical.transform import events
from trakt_ical.transform.grouping import schedule_airings
from trakt_ical.transform.rules import Rules

NOW = datetime(2026, 4, 18, 12, tzinfo=UTC)
"""The moment at which every test's clock begins."""

NIGHT = datetime(2026, 4, 19, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def make_show(key: str = "trakt-1", title: str | None = None, **attributes: object) -> Show:
    """Return a show of which nothing is known but what the test says."""
    usual = {"network": None, "genres": (), "runtime": None}
    return Show(key, title, **(usual | attributes))  # type: ignore[arg-type]


SHOW = make_show(
    "trakt-1388", "A Show", network="HBO", genres=("drama", "science-fiction"), runtime=timedelta(minutes=50)
)


def make_episode(**attributes: object) -> Episode:
    """Return episode 2x03 of `SHOW`, which is on in the night."""
    usual = {
        "show": SHOW,
        "season": 2,
        "number": 3,
        "title": "A Title",
        "overview": "A plot.",
        "starts": NIGHT,
        "runtime": timedelta(minutes=59),
        "kind": EpisodeKind.STANDARD,
        "link": "https://trakt.tv/shows/a-show/seasons/2/episodes/3",
    }
    return Episode(**(usual | attributes))  # type: ignore[arg-type]


def make_movie(**attributes: object) -> Movie:
    """Return a movie that comes to cinemas on 2026-04-18."""
    usual = {
        "key": "trakt-movie-28",
        "release": Release.CINEMA,
        "title": "A Movie",
        "overview": None,
        "starts": date(2026, 4, 18),
        "genres": (),
        "link": None,
    }
    return Movie(**(usual | attributes))  # type: ignore[arg-type]


def make_event(airing: Airing, **rules: Any) -> Event:
    """Return the event that *rules* make of *airing* alone."""
    [showing] = schedule_airings([airing], Rules(**rules), UTC)
    return events.make_event(showing, Rules(**rules))


def make_stamp() -> ChangeStamp:
    """Return the change stamp of the first minute of 2026."""
    return ChangeStamp(datetime(2026, 1, 1, tzinfo=UTC), 7)


def make_calendar_id(
    api: str = "v2", source: str = "my", owner: str = "demo", name: str = "Trakt", kinds: tuple[str, ...] = ("shows",)
) -> CalendarId:
    """Return what tells a calendar from others; that of the built-in Trakt's user and shows without parameters."""
    return CalendarId(api, source, owner, name, kinds)


def make_calendar_spec(
    days: DateRange,
    rules: Rules | None = None,
    *,
    zone: tzinfo = UTC,
    calendar_id: CalendarId | None = None,
    retention: Retention | None = None,
) -> CalendarSpec:
    """Return what a calendar of *days* is made of."""
    return CalendarSpec(
        days, zone, rules or Rules(), Appearance(), calendar_id or make_calendar_id(), retention or Retention()
    )


def make_token(**attributes: object) -> Token:
    """Return a login that was granted in 1970 and expired a second later."""
    usual = {"access_token": "a", "refresh_token": "r", "created_at": 0, "expires_in": 1}
    return Token(**(usual | attributes))  # type: ignore[arg-type]
