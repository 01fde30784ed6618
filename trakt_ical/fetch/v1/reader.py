"""Answers of API v1 as episodes."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from trakt_ical.errors import BrokenAnswer
from trakt_ical.fetch import zones
from trakt_ical.fetch.odd_entries import OddEntries, decode_each, decode_entries, get_path, get_text, name_odd_episode
from trakt_ical.fetch.sources import find_kind, parse_runtime
from trakt_ical.fetch.v1.instant import AirTimes, find_midnight, resolve_instant
from trakt_ical.fetch.v1.wire import DayWire, EntryWire, KeyWire, LooseDayWire, ShowWire, read_slug
from trakt_ical.model import Episode, OddEntry, Show, Steps, ignore_step
from trakt_ical.trakt.client import Answer

RATINGS = {"love": 10.0, "hate": 1.0}


def read_episodes(answer: Answer, odd: OddEntries | None = None, *, steps: bool = False) -> Iterator[Episode]:
    """Return the episodes of an answer, with the *steps* to their moments; *odd* collects what could not be read.

    Without *odd* the warnings are written at the end. Raises BrokenAnswer where the answer is no list.
    """
    collected = OddEntries() if odd is None else odd
    for day in _decode_days(answer, collected):
        for entry in day.episodes:
            try:
                yield _make_episode(entry, day.date, Steps() if steps else None)
            except (ValueError, OverflowError, OSError) as error:
                _note_odd(collected, day.date, msgspec.to_builtins(entry), str(error))
    if odd is None:
        collected.warn()


def _decode_days(answer: Answer, odd: OddEntries) -> list[DayWire]:
    try:
        return answer.decode(list[DayWire])
    except BrokenAnswer:
        pass  # one entry is odd, or the answer is no list: then the next line says so

    def note_odd_day(day: Any, problem: str) -> None:
        odd.explain("a day", get_text(day, "date") or "without a date", problem)
        odd.add("shows", OddEntry())  # whatever was on that day

    days = decode_entries(answer, list[LooseDayWire], note_odd_day)
    return [
        DayWire(day.date, list(decode_each(day.episodes, EntryWire, functools.partial(_note_odd, odd, day.date))))
        for day in days
    ]


def _note_odd(odd: OddEntries, day: str, entry: Any, problem: str) -> None:
    season, number, code = name_odd_episode(entry, "episode")
    odd.explain(get_text(entry, "show", "title") or "a show without a title", f"{code} on {day}", problem)
    try:
        key = _make_key(msgspec.convert(get_path(entry, "show"), KeyWire))
    except (ValueError, msgspec.ValidationError):
        key = None
    odd.add("shows", OddEntry(key, season, number))


def _make_episode(entry: EntryWire, day: str, steps: Steps | None) -> Episode:
    show, episode = entry.show, entry.episode
    aired = AirTimes(
        first_aired=episode.first_aired,
        iso=episode.first_aired_iso,
        utc=episode.first_aired_utc,
        day=date.fromisoformat(day),
        air_time=show.air_time,
        air_day=show.air_day,
        network=show.network,
        country=show.country,
    )
    starts = resolve_instant(aired, ignore_step if steps is None else steps)
    if starts is None:
        raise ValueError("it has no date")
    return Episode(
        show=Show(
            key=_make_key(show),
            title=show.title,
            network=show.network,
            genres=tuple(filter(None, show.genres or ())),
            runtime=parse_runtime(show.runtime),
            slug=read_slug(show.url) or None,
            year=show.year,
            country=zones.find_country_code(show.country),
            certification=show.certification,
            rating=_read_rating(show),
            watchlisted=show.in_watchlist,
        ),
        season=episode.season,
        number=episode.number,
        title=episode.title,
        overview=episode.overview,
        starts=starts,
        runtime=parse_runtime(episode.runtime),
        kind=find_kind(episode.season, episode.number),
        link=episode.url or show.url,
        watched=entry.watched if episode.watched is None else episode.watched,
        watchlisted=_any_known(show.in_watchlist, episode.in_watchlist),
        midnight=find_midnight(aired, starts),
        steps=tuple(steps or ()),
    )


def _any_known(*known: bool | None) -> bool | None:
    """Return whether one of *known* is so, None where v1 said nothing about it."""
    stated = [each for each in known if each is not None]
    return any(stated) if stated else None


def _read_rating(show: ShowWire) -> float | None:
    """Return the user's own rating, 1 to 10: a number, or the older love and hate."""
    try:
        number = float(show.rating_advanced or 0)
    except (TypeError, ValueError):
        number = 0
    return number or RATINGS.get(show.rating if isinstance(show.rating, str) else "")


def _make_key(show: KeyWire) -> str:
    """Return the key of the show: its number at TVDB, else at IMDb, else the last part of its address."""
    tvdb = str(show.tvdb_id or "").strip()
    if tvdb.isdecimal() and int(tvdb):
        return f"tvdb-{int(tvdb)}"
    if re.fullmatch(r"tt[0-9]+", show.imdb_id or ""):
        return f"imdb-{show.imdb_id}"
    slug = read_slug(show.url)
    if not re.fullmatch(r"[\w.-]+", slug):
        raise ValueError("its show has no id")
    return slug
