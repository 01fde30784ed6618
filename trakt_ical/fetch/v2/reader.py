"""Answers of API v2 as episodes and movies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

import msgspec

from trakt_ical.fetch.odd_entries import OddEntries, decode_entries, get_number, get_text, name_odd_episode
from trakt_ical.fetch.sources import parse_runtime
from trakt_ical.fetch.v2.instant import find_dates, parse_instant
from trakt_ical.fetch.v2.wire import MOVIE_CALENDARS, EpisodeEntry, Ids, MovieEntry, ShowWire
from trakt_ical.model import Episode, EpisodeKind, Movie, OddEntry, Release, Show, Steps, ignore_step
from trakt_ical.trakt.client import Answer

PAGES = "https://trakt.tv"
UNTITLED_SHOW = "a show without a title"
DATES = ("effective_release_date", "released", "updated_at", "first_aired")
KIND_OF_RELEASE = {release: kind for kind, release in MOVIE_CALENDARS.items()}

_KINDS = {kind.name.lower(): kind for kind in EpisodeKind}


Known = dict[int, tuple[ShowWire, Show, str]]
"""Shows that were read, by number: as they came over the wire, as our own value, and their page."""


def read_shows(
    answer: Answer,
    odd: OddEntries | None = None,
    *,
    kind: str = "shows",
    known: Known | None = None,
    steps: bool = False,
) -> Iterator[Episode]:
    """Return the episodes of an answer to a calendar of *kind*, with the *steps* to their moments.

    *odd* collects what could not be read, for the warnings of several answers; without it they are written at the end.
    Shows that are *known* with the same fields are not made again: a calendar
    has each of them many times. Raises BrokenAnswer where the answer is no list.
    """
    known = {} if known is None else known
    collected = OddEntries() if odd is None else odd

    def note_odd(entry: Any, problem: str) -> None:
        season, number, code = name_odd_episode(entry, "episode")
        title, episode = get_text(entry, "show", "title"), get_text(entry, "episode", "title")
        collected.explain(title or UNTITLED_SHOW, code if title or not episode else f"{code} “{episode}”", problem)
        collected.add(kind, OddEntry(_make_odd_key("trakt", get_number(entry, "show", "ids", "trakt")), season, number))

    for entry in decode_entries(answer, list[EpisodeEntry], note_odd):
        try:
            yield _make_episode(entry, known, Steps() if steps else None)
        except (ValueError, OverflowError) as error:
            dates = {name: getattr(entry.episode, name) for name in DATES}
            note_odd(msgspec.to_builtins(entry), _name_date({**dates, "first_aired": entry.first_aired}, error))
    if odd is None:
        collected.warn()


def read_movies(
    answer: Answer, release: Release, odd: OddEntries | None = None, *, steps: bool = False
) -> Iterator[Movie]:
    """Return the movies of an answer; collects and raises as `read_shows` does."""
    collected = OddEntries() if odd is None else odd

    def note_odd(entry: Any, problem: str) -> None:
        collected.explain(get_text(entry, "movie", "title") or "a movie without a title", "", problem)
        key = _make_odd_key("trakt-movie", get_number(entry, "movie", "ids", "trakt"))
        collected.add(KIND_OF_RELEASE[release], OddEntry(key, release=release))

    for entry in decode_entries(answer, list[MovieEntry], note_odd):
        try:
            yield _make_movie(entry, release, steps=steps)
        except (ValueError, OverflowError) as error:
            dates = {"released": entry.released, "updated_at": entry.movie.updated_at}
            note_odd(msgspec.to_builtins(entry), _name_date(dates, error))
    if odd is None:
        collected.warn()


def _make_odd_key(prefix: str, number: int | None) -> str | None:
    return f"{prefix}-{number}" if number else None


def _name_date(dates: Mapping[str, str | None], error: Exception) -> str:
    """Return what *error* says, with the name of the one of *dates* that it is about."""
    said = str(error)
    field = next((name for name, value in dates.items() if value and value in said), None)
    return f"{field}: {said}" if field else said


def _make_episode(entry: EpisodeEntry, known: Known, steps: Steps | None) -> Episode:
    episode = entry.episode
    show, page = _make_show(entry.show, known)
    dates = find_dates(entry, ignore_step if steps is None else steps)
    return Episode(
        show=show,
        season=episode.season,
        number=episode.number,
        title=episode.title,
        overview=episode.overview,
        starts=dates.starts,
        runtime=parse_runtime(episode.runtime),
        kind=_KINDS.get(episode.episode_type or "standard", EpisodeKind.STANDARD),
        link=f"{page}/seasons/{episode.season}/episodes/{episode.number}",
        updated_at=parse_instant(episode.updated_at) if episode.updated_at else None,
        episode_id=episode.ids.trakt if episode.ids else None,
        absolute=episode.number_abs,
        released=dates.released,
        midnight=dates.midnight,
        steps=tuple(steps or ()),
    )


def _make_show(wire: ShowWire, known: Known) -> tuple[Show, str]:
    """Return the show and its page, from *known* where no field of it differs."""
    ids = _require_id(wire.ids, "show")
    # Compared whole: two answers of one run may come from before and after a change at Trakt.
    before = known.get(ids.trakt or 0)
    if before is not None and before[0] == wire:
        return before[1:]
    show = Show(
        key=f"trakt-{ids.trakt}",
        title=wire.title,
        network=wire.network,
        genres=tuple(wire.genres or ()),
        runtime=parse_runtime(wire.runtime),
        slug=ids.slug,
        year=wire.year,
        country=wire.country,
        language=wire.language,
        certification=wire.certification,
        rating=wire.rating or None,  # 0: nobody voted
    )
    known[ids.trakt or 0] = wire, show, _make_page_url("shows", ids)
    return show, known[ids.trakt or 0][2]


def _make_movie(entry: MovieEntry, release: Release, *, steps: bool) -> Movie:
    movie = entry.movie
    ids = _require_id(movie.ids, "movie")
    if not entry.released:
        raise ValueError("it has no date")
    return Movie(
        key=f"trakt-movie-{ids.trakt}",
        release=release,
        title=movie.title,
        overview=movie.overview,
        starts=date.fromisoformat(entry.released[:10]),
        genres=tuple(movie.genres or ()),
        link=_make_page_url("movies", ids),
        updated_at=parse_instant(movie.updated_at) if movie.updated_at else None,
        runtime=parse_runtime(movie.runtime),
        slug=ids.slug,
        year=movie.year,
        country=movie.country,
        language=movie.language,
        certification=movie.certification,
        rating=movie.rating or None,
        steps=(f"Trakt says: released {entry.released}. A movie has a day, no hour.",) if steps else (),
    )


def _require_id(ids: Ids | None, what: str) -> Ids:
    if ids is None or not ids.trakt:
        raise ValueError(f"its {what} has no id")
    return ids


def _make_page_url(kind: str, ids: Ids) -> str:
    return f"{PAGES}/{kind}/{quote(ids.slug or str(ids.trakt), safe='')}"
