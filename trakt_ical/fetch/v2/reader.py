"""Answers of API v2 as episodes and movies."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from urllib.parse import quote

from trakt_ical.fetch.source import parse_runtime
from trakt_ical.fetch.v2.instant import find_dates, parse_instant
from trakt_ical.fetch.v2.wire import EpisodeEntry, Ids, MovieEntry, ShowWire
from trakt_ical.model import Episode, EpisodeKind, Movie, Release, Show, Steps, ignore_step
from trakt_ical.trakt.client import Answer

log = logging.getLogger(__name__)

PAGES = "https://trakt.tv"

_KINDS = {kind.name.lower(): kind for kind in EpisodeKind}


Known = dict[int, tuple[ShowWire, Show, str]]
"""Shows that were read, by number: as they came over the wire, as our own value, and their page."""


def read_shows(answer: Answer, *, known: Known | None = None, steps: bool = False) -> Iterator[Episode]:
    """Return the episodes of an answer, with the *steps* to their moments; an odd entry is skipped with a warning.

    Shows that are *known* with the same fields are not made again: a calendar has each of them many times.
    Raises BrokenAnswer where the answer has another shape than documented.
    """
    known = {} if known is None else known
    for entry in answer.decode(list[EpisodeEntry]):
        try:
            yield _make_episode(entry, known, Steps() if steps else None)
        except (ValueError, OverflowError) as error:
            where = f"{entry.show.title or 'a show without a title'} {entry.episode.season}x{entry.episode.number:02d}"
            log.warning("Left out: %s: %s.", where, error)


def read_movies(answer: Answer, release: Release, *, steps: bool = False) -> Iterator[Movie]:
    """Return the movies of an answer; skips and raises as `read_shows` does."""
    for entry in answer.decode(list[MovieEntry]):
        try:
            yield _make_movie(entry, release, steps=steps)
        except (ValueError, OverflowError) as error:
            log.warning("Left out: %s: %s.", entry.movie.title or "a movie without a title", error)


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
