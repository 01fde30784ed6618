"""Answers of the calendars and the user's lists of API v2, as they come over the wire with `extended=full`.

Contract: Trakt's OpenAPI document. Only the fields in use are decoded. What recorded answers
leave null is optional here, so that one odd entry does not cost the others.
"""

from __future__ import annotations

import msgspec

from trakt_ical.model import Release

SHOW_CALENDARS = {"shows": "shows", "new": "shows/new", "premieres": "shows/premieres", "finales": "shows/finales"}
MOVIE_CALENDARS = {"movies": Release.CINEMA, "streaming": Release.STREAMING, "dvd": Release.PHYSICAL}


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
    year: int | None = None
    language: str | None = None
    certification: str | None = None
    rating: float | None = None


class EpisodeWire(msgspec.Struct):
    """One episode.

    *first_aired* and *effective_release_date* are instants, or dates where they have no `T`; *released* is a date.
    """

    season: int
    number: int
    ids: Ids | None = None
    number_abs: int | None = None
    title: str | None = None
    overview: str | None = None
    runtime: int | None = None
    episode_type: str | None = None
    first_aired: str | None = None
    released: str | None = None
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
    runtime: int | None = None
    year: int | None = None
    country: str | None = None
    language: str | None = None
    certification: str | None = None
    rating: float | None = None


class MovieEntry(msgspec.Struct):
    """One release of a movies, streaming or dvd calendar; *released* is a date."""

    movie: MovieWire
    released: str | None = None


class FoundIds(Ids):
    """The numbers elsewhere too, which only the answers to a search or a check-in need; 0 is nobody's.

    A calendar's entries are not read for them: they are thousands, and one odd number would cost an entry.
    """

    tvdb: int | None = None
    imdb: str | None = None
    tmdb: int | None = None


class FoundShow(ShowWire):
    """A show in the answer to a search or a check-in."""

    ids: FoundIds | None = None


class FoundMovie(MovieWire):
    """A movie in the answer to a search or a check-in; *released* is a date."""

    ids: FoundIds | None = None
    released: str | None = None


class FoundEpisode(EpisodeWire, kw_only=True):
    """An episode in the answer to a search or a check-in."""

    ids: FoundIds | None = None


class ListedTitle(msgspec.Struct):
    """A show or movie of a hidden list."""

    ids: Ids | None = None


class ListedNumber(msgspec.Struct):
    """A season or episode by its *number*, an episode with its *season*."""

    number: int
    season: int | None = None


class ListEntry(msgspec.Struct):
    """One entry of a hidden list or the watchlist; people, whom it may also hold, are passed over."""

    show: ListedTitle | None = None
    season: ListedNumber | None = None
    episode: ListedNumber | None = None
    movie: ListedTitle | None = None


class MediaActivities(msgspec.Struct):
    """When the user last did what to movies, shows or episodes."""

    watched_at: str | None = None
    watchlisted_at: str | None = None
    hidden_at: str | None = None
    dropped_at: str | None = None


class WatchlistActivities(msgspec.Struct):
    """When the user's watchlist last changed."""

    updated_at: str | None = None


class Activities(msgspec.Struct):
    """When the user last did what: lists that did not move since need not be asked for again."""

    movies: MediaActivities = msgspec.field(default_factory=MediaActivities)
    episodes: MediaActivities = msgspec.field(default_factory=MediaActivities)
    shows: MediaActivities = msgspec.field(default_factory=MediaActivities)
    seasons: MediaActivities = msgspec.field(default_factory=MediaActivities)
    watchlist: WatchlistActivities = msgspec.field(default_factory=WatchlistActivities)


class ReleaseWire(msgspec.Struct):
    """One release of a movie in one country; *release_date* is a date."""

    release_date: str | None = None
    release_type: str | None = None
