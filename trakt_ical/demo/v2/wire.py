"""Shows, episodes and movies in the JSON of API v2, minimal and full."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from trakt_ical.demo.airing import Airing
from trakt_ical.demo.show import Movie, Show

JSON = dict[str, Any]


def wants_full(query: Mapping[str, str]) -> bool:
    """The request asks for `extended=full`, alone or among others."""
    return "full" in query.get("extended", "").split(",")


def instant(moment: datetime | int) -> str:
    """A moment (unix seconds or aware) as API v2 writes it: UTC, milliseconds, Z."""
    at = datetime.fromtimestamp(moment, UTC) if isinstance(moment, int) else moment.astimezone(UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def show_json(show: Show, *, full: bool) -> JSON:
    """A show."""
    ids = {"trakt": show.trakt, "slug": show.slug, "tvdb": show.tvdb, "imdb": show.imdb}
    brief: JSON = {"title": show.title, "year": show.year, "ids": {**ids, "tmdb": show.tmdb}}
    return {**brief, **_show_details(show)} if full else brief


def episode_json(airing: Airing, *, full: bool) -> JSON:
    """An episode."""
    known = airing.show.tmdb
    brief: JSON = {
        "season": airing.season,
        "number": airing.number,
        "title": airing.title,
        "ids": {
            "trakt": airing.trakt,
            "tvdb": airing.tvdb,
            "imdb": airing.imdb,
            "tmdb": 4_000_000 + airing.trakt if known else known,
        },
    }
    return {**brief, **_episode_details(airing)} if full else brief


def movie_json(movie: Movie, *, full: bool) -> JSON:
    """A movie."""
    ids = {"trakt": movie.trakt, "slug": movie.slug, "imdb": movie.imdb, "tmdb": movie.tmdb}
    brief: JSON = {"title": movie.title, "year": movie.year, "ids": ids}
    return {**brief, **_movie_details(movie)} if full else brief


def _show_details(show: Show) -> JSON:
    first = show.timetable.first() if show.timetable else None
    return {
        "tagline": None,
        "overview": show.overview,
        "first_aired": instant(first.wall) if first else None,
        "airs": _airs(show),
        "runtime": show.runtime,
        "certification": show.certification,
        "network": show.network,
        "country": show.country,
        "trailer": None,
        "homepage": None,
        "status": "returning series" if show.airs_known else None,
        "rating": show.rating,
        "votes": 120 if show.rating else 0,
        "comment_count": 3,
        "updated_at": "2026-01-05T12:00:00.000Z",
        "language": show.language,
        "languages": [show.language] if show.language else [],
        "available_translations": [show.language] if show.language else [],
        "genres": list(show.genres),
        "subgenres": [],
        "original_title": show.title,
        "images": None,
    }


def _airs(show: Show) -> JSON:
    if show.timetable is None or not show.airs_known:
        return {"day": None, "time": None, "timezone": None}
    first = show.timetable.first()
    return {
        "day": first.wall.strftime("%A"),
        "time": first.wall.strftime("%H:%M"),
        "timezone": show.timetable.zone,
    }


def _episode_details(airing: Airing) -> JSON:
    day = airing.wall.date().isoformat()
    return {
        "number_abs": airing.number_abs,
        "overview": airing.overview,
        "rating": 7.0,
        "votes": 12,
        "comment_count": 0,
        "first_aired": instant(airing.at),
        "released": day,
        "effective_release_date": day if airing.show.whole_days else instant(airing.at),
        "updated_at": instant(airing.updated_at),
        "available_translations": ["en"],
        "runtime": airing.runtime,
        "episode_type": airing.kind,
        "original_title": airing.title,
        "after_credits": False,
        "during_credits": False,
        "images": {"screenshot": []},
    }


def _movie_details(movie: Movie) -> JSON:
    return {
        "tagline": None,
        "overview": movie.overview,
        "released": movie.cinema.isoformat(),
        "runtime": movie.runtime,
        "country": movie.country,
        "trailer": None,
        "homepage": None,
        "status": "released",
        "rating": movie.rating,
        "votes": 45,
        "comment_count": 1,
        "updated_at": "2026-01-05T12:00:00.000Z",
        "language": movie.language,
        "languages": [movie.language],
        "available_translations": ["en"],
        "genres": list(movie.genres),
        "subgenres": [],
        "certification": "PG-13" if movie.country == "us" else None,
        "original_title": movie.title,
        "after_credits": False,
        "during_credits": False,
        "images": None,
    }
