"""Answers of the calendars and hidden lists of API v2, as they come over the wire with `extended=full`.

Contract: Trakt's OpenAPI document. Only the fields in use are decoded. What recorded answers
leave null is optional here, so that one odd entry does not cost the others.
"""

from __future__ import annotations

import msgspec


class Ids(msgspec.Struct):
    """*slug* is the name in addresses.

    *trakt* never changes for a show or movie, but an episode that is entered anew gets another.
    """

    trakt: int | None = None
    slug: str | None = None


class Airs(msgspec.Struct):
    """When a show airs by its own clock; *timezone* is an IANA name."""

    timezone: str | None = None


class ShowWire(msgspec.Struct):
    """One show; *runtime* in minutes, *country* a two-letter code."""

    ids: Ids | None = None
    title: str | None = None
    airs: Airs | None = None
    runtime: int | None = None
    network: str | None = None
    country: str | None = None
    genres: list[str] | None = None


class EpisodeWire(msgspec.Struct):
    """One episode; *effective_release_date* is an instant, or a date where it has no `T`."""

    season: int
    number: int
    ids: Ids | None = None
    title: str | None = None
    overview: str | None = None
    runtime: int | None = None
    episode_type: str | None = None
    effective_release_date: str | None = None
    updated_at: str | None = None


class EpisodeEntry(msgspec.Struct):
    """One airing of a shows calendar."""

    episode: EpisodeWire
    show: ShowWire
    first_aired: str | None = None


class MovieWire(msgspec.Struct):
    """One movie."""

    ids: Ids | None = None
    title: str | None = None
    overview: str | None = None
    genres: list[str] | None = None
    updated_at: str | None = None


class MovieEntry(msgspec.Struct):
    """One release of a movies, streaming or dvd calendar; *released* is a date."""

    movie: MovieWire
    released: str | None = None


class Named(msgspec.Struct):
    """A show or movie of a hidden list."""

    ids: Ids | None = None


class HiddenEntry(msgspec.Struct):
    """One entry of a hidden list; seasons and people, which it may also hold, are passed over."""

    show: Named | None = None
    movie: Named | None = None
