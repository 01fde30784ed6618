"""Answers of API v1 as they come over the wire: of `user/calendar/shows`, and of what a check-in looks up.

The calendar's page is https://trakt.tv/api-docs/user-calendar-shows.
Recorded answers are looser than the page: ids are strings in old ones and numbers in new ones,
texts may be "" or null, and the fields of 2013 and later may be absent.
"""

from __future__ import annotations

from typing import Any

import msgspec

Id = str | int | None


def read_slug(url: str | None) -> str:
    """Return the slug of a show or movie: the last part of its address *url*, "" where there is none."""
    return (url or "").rstrip("/").rpartition("/")[2]


class KeyWire(msgspec.Struct):
    """What names a show."""

    url: str | None = None
    imdb_id: str | None = None
    tvdb_id: Id = None


class ShowWire(KeyWire):
    """One show. *air_day* and *air_time* describe its slot of today, not the episode's airing.

    *rating* is the user's own: "love", "hate" or false; *rating_advanced* 0 to 10.
    """

    title: str | None = None
    country: str | None = None
    runtime: int | None = None
    network: str | None = None
    air_day: str | None = None
    air_time: str | None = None
    genres: list[str] | None = None
    year: int | None = None
    certification: str | None = None
    rating: Any = None
    rating_advanced: Any = None
    in_watchlist: bool | None = None


class EpisodeWire(msgspec.Struct):
    """One episode. *first_aired* is seconds since 1970 of a wall clock in Los Angeles, see `instant`."""

    season: int
    number: int
    title: str | None = None
    overview: str | None = None
    url: str | None = None
    runtime: int | None = None
    first_aired: int | None = None
    first_aired_iso: str | None = None
    first_aired_utc: int | None = None
    watched: bool | None = None
    in_watchlist: bool | None = None


class EntryWire(msgspec.Struct):
    """One airing. Auth adds what the user did with it; *watched* stood here before it stood in the episode."""

    show: ShowWire
    episode: EpisodeWire
    watched: bool | None = None


class DayWire(msgspec.Struct):
    """The airings of one day."""

    date: str
    episodes: list[EntryWire]


class LooseDayWire(msgspec.Struct):
    """The same with airings that are not decoded yet, since one of the answer is odd."""

    date: str
    episodes: list[msgspec.Raw]


class FoundTitle(msgspec.Struct):
    """A show or movie in the answer to a search or a check-in. An unknown *year* is 1969, and must be sent so, too."""

    title: str | None = None
    year: int | None = None
    url: str | None = None
    runtime: int | None = None
    tvdb_id: Id = None
    imdb_id: str | None = None
    tmdb_id: Id = None


class FoundSeason(msgspec.Struct):
    """One season of a show."""

    season: int


class FoundEpisode(msgspec.Struct):
    """One episode of a season, or the one that is being watched."""

    season: int
    number: int
    title: str | None = None
    tvdb_id: Id = None
    first_aired: int | None = None
    first_aired_iso: str | None = None
    first_aired_utc: int | None = None
    watched: bool = False


class FoundSlot(msgspec.Struct):
    """When a show airs, where the answer has it."""

    air_time: str | None = None
    air_day: str | None = None
    network: str | None = None
    country: str | None = None


class EpisodeSummary(msgspec.Struct):
    """One episode, and the slot of its show."""

    show: FoundSlot
    episode: FoundEpisode
