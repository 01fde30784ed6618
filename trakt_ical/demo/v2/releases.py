"""API v2's releases of a movie: when it comes out where, and how.

The calendars list a movie by its first day anywhere; in most countries it comes later, in some never.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from trakt_ical.demo.answer import Answer, Seen, empty_answer, json_answer
from trakt_ical.demo.show import Movie
from trakt_ical.demo.v2.find import find_movie
from trakt_ical.demo.v2.wire import JSON
from trakt_ical.demo.world import World

A_COUNTRY = len("de")
WHERE_STREAMED = "Meridian+"


@dataclass(frozen=True)
class Market:
    """How movies come out in one country: days after the world's, and what they are rated."""

    certification: str | None
    cinema: int
    streaming: int
    dvd: int
    premiere: int | None = None  # days before its cinemas
    limited: int | None = None  # likewise, in a few cinemas
    tv: int | None = None  # days after its streaming
    every: int = 1  # one movie in so many comes there at all


MARKETS = {
    "us": Market("PG-13", 0, 0, 0, premiere=12, limited=7),
    "gb": Market("12A", 7, 3, 10, premiere=2, tv=200),
    "fr": Market("TP", 5, 76, 47),
    "de": Market("12", 20, 20, 31, tv=365),
    "jp": Market("G", 63, 40, 60, every=3),
    "nz": Market(None, 13, 0, 21, every=2),
}


def releases(world: World, _seen: Seen, name: str, country: str | None = None) -> Answer:
    """Answer `GET /movies/NAME/releases/COUNTRY`, by day; where it never comes out the list is empty."""
    movie = find_movie(world.catalogue, {"ids": {"trakt": name, "slug": name, "imdb": name}})
    if movie is None or (country is not None and len(country) != A_COUNTRY):
        return empty_answer(404)
    listed = [each for code in MARKETS if country in (None, code) for each in _in(code, movie)]
    return json_answer(sorted(listed, key=lambda each: str(each["release_date"])))


def _in(country: str, movie: Movie) -> list[JSON]:
    market = MARKETS[country]
    if movie.trakt % market.every:
        return []
    cinema, streaming = _after(movie.cinema, market.cinema), _after(movie.streaming, market.streaming)
    days = {
        "premiere": None if market.premiere is None else _after(cinema, -market.premiere),
        "limited": None if market.limited is None else _after(cinema, -market.limited),
        "theatrical": cinema,
        "digital": streaming,
        "physical": _after(movie.dvd, market.dvd),
        "tv": None if market.tv is None else _after(streaming, market.tv),
    }
    return [
        {
            "country": country,
            "certification": market.certification,
            "release_date": day.isoformat(),
            "release_type": kind,
            "note": WHERE_STREAMED if kind == "digital" else None,
        }
        for kind, day in days.items()
        if day is not None
    ]


def _after(day: date, days: int) -> date:
    return day + timedelta(days=days)
