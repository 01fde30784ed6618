"""API v2's calendars: what airs and what is released, by UTC days."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from typing import Any

from trakt_ical.demo.airing import Airing
from trakt_ical.demo.answer import Answer, Refused, Seen, empty_answer, json_answer
from trakt_ical.demo.show import Movie
from trakt_ical.demo.v2.wire import episode_json, instant, movie_json, show_json, wants_full
from trakt_ical.demo.world import YEARS, World

DAYS = 7  # unless asked otherwise
MOST_DAYS = 33  # longer requests are cut without a word
A_DATE = len("2026-11-23")
KINDS_OF_EPISODE = {
    "shows": None,
    "shows/new": ("series_premiere",),
    "shows/premieres": ("series_premiere", "season_premiere", "mid_season_premiere"),
    "shows/finales": ("series_finale", "season_finale", "mid_season_finale"),
}
RELEASE_DAY: dict[str, Callable[[Movie], date]] = {
    "movies": lambda movie: movie.cinema,
    "streaming": lambda movie: movie.streaming,
    "dvd": lambda movie: movie.dvd,
}


@dataclass(frozen=True)
class Window:
    """The UTC days that are asked for."""

    first: date
    days: int

    @property
    def start(self) -> datetime:
        """The first instant of the window."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def end(self) -> datetime:
        """The first instant after the window."""
        return self.start + timedelta(days=self.days)

    def headers(self) -> dict[str, str]:
        """The header fields that say what the answer covers."""
        return {
            "X-Start-Date": format_datetime(self.start, usegmt=True),
            "X-End-Date": format_datetime(self.end - timedelta(seconds=1), usegmt=True),
        }


def calendar(world: World, seen: Seen, target: str, kind: str, *asked: str | None) -> Answer:
    """Answer `GET /calendars/TARGET/KIND/START/DAYS`."""
    window = _window(world, *asked)
    entries = _releases if kind in RELEASE_DAY else _episodes
    mine_only, full = target == "my", wants_full(seen.query)
    listed = entries(world, window, kind, mine_only=mine_only, full=full)
    caching = {} if mine_only else _shared(world)
    return json_answer(listed, headers={**window.headers(), **caching})


def _episodes(world: World, window: Window, kind: str, *, mine_only: bool, full: bool) -> list[dict[str, Any]]:
    kinds, mine = KINDS_OF_EPISODE[kind], world.follows()
    return [
        _entry(airing, full=full)
        for airing in world.catalogue.airings(window.start, window.end)
        if (not mine_only or mine(airing)) and (kinds is None or airing.kind in kinds)
    ]


def _entry(airing: Airing, *, full: bool) -> dict[str, Any]:
    return {
        "first_aired": instant(airing.at),
        "episode": episode_json(airing, full=full),
        "show": show_json(airing.show, full=full),
    }


def _releases(world: World, window: Window, kind: str, *, mine_only: bool, full: bool) -> list[dict[str, Any]]:
    released, end, mine = RELEASE_DAY[kind], window.end.date(), world.follows()
    listed = [
        movie
        for movie in world.catalogue.cast.movies_between(window.first, end)
        if window.first <= released(movie) < end and (not mine_only or mine(movie))
    ]
    return [
        {"released": released(movie).isoformat(), "movie": movie_json(movie, full=full)}
        for movie in sorted(listed, key=released)
    ]


def _window(world: World, start: str | None = None, days: str | None = None) -> Window:
    length = min(_count(days), MOST_DAYS)
    if start is None:
        return Window(world.clock().astimezone(UTC).date(), length)
    if len(start) != A_DATE:
        raise Refused(empty_answer(400))
    try:
        first = date.fromisoformat(start)
    except ValueError:
        raise Refused(empty_answer(400)) from None
    if first.year not in YEARS:
        raise Refused(empty_answer(400))
    return Window(first, length)


def _count(days: str | None) -> int:
    if days is None:
        return DAYS
    if not days.isascii() or not days.isdigit() or int(days) == 0:
        raise Refused(empty_answer(400))
    return int(days)


def _shared(world: World) -> dict[str, str]:
    expires = world.clock().astimezone(UTC) + timedelta(hours=8)
    return {
        "Cache-Control": "public, max-age=28800",
        "Expires": format_datetime(expires, usegmt=True),
    }
