"""When movies come out in single countries: one request for each movie, so the answers hold for a week.

Where more are to be asked than one run may ask for, older answers hold until a later run comes to them.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec

from trakt_ical.errors import Refused
from trakt_ical.fetch.v2.wire import ReleaseWire
from trakt_ical.files import JsonFile
from trakt_ical.model import Movie, Release, check_moment
from trakt_ical.trakt.client import MAX_CONNECTIONS, Client

log = logging.getLogger(__name__)

KEPT = timedelta(days=7)
FORGOTTEN = timedelta(days=92)  # by then even a weekly run has asked for a thousand movies again
AT_MOST = 100  # requests in one run: Trakt allows 500 in five minutes, for everything
NO_RECORD = (404, 405)
NEVER = datetime.min.replace(tzinfo=UTC)

_TYPES = {  # a festival's premiere is for few
    "theatrical": Release.CINEMA,
    "limited": Release.CINEMA,
    "digital": Release.STREAMING,
    "physical": Release.PHYSICAL,
}


class ReleaseDates(msgspec.Struct):
    """What Trakt said of one movie in one country, and when: the first day of each kind of release."""

    at: Annotated[datetime, msgspec.Meta(tz=True)]
    days: dict[str, date]


class Releases:
    """The release dates that *client* is told, kept in *folder*; *now* is the time of this run."""

    def __init__(self, client: Client, folder: Path, now: datetime) -> None:
        self._client = client
        self._file = JsonFile(folder / "releases.json", dict[str, ReleaseDates], "list of release dates")
        self._now = now
        known = self._file.load_if_readable(logging.DEBUG) or {}
        self._known = {name: asked for name, asked in known.items() if now - asked.at < FORGOTTEN}

    def dated(
        self, movies: Mapping[str, Sequence[Movie]], countries: Mapping[str, Collection[str]]
    ) -> dict[str, list[Movie]]:
        """*movies* of each kind with their days in each of the *countries* of that kind, where Trakt knows one."""
        ordered = {kind: sorted(its) for kind, its in countries.items()}
        self._ask((movie.key, country) for kind in movies for movie in movies[kind] for country in ordered[kind])
        return {
            kind: [replace(movie, days=self._days(movie, ordered[kind])) for movie in its]
            for kind, its in movies.items()
        }

    def _ask(self, wanted: Iterable[tuple[str, str]]) -> None:
        missing = [each for each in dict.fromkeys(wanted) if self._now - self._asked_at(*each) >= KEPT]
        if not missing:
            return
        missing.sort(key=lambda each: self._asked_at(*each))  # or the first would be asked for again and again
        if len(missing) > AT_MOST:
            log.warning(
                "%d release dates are not asked for in this run, which is limited to %d requests; the movies keep "
                "the date that they have until a later run.",
                len(missing) - AT_MOST,
                AT_MOST,
            )
        pool = ThreadPoolExecutor(MAX_CONNECTIONS)
        try:
            asked = missing[:AT_MOST]
            for each, answer in zip(asked, pool.map(lambda one: self._one(*one), asked), strict=True):
                self._known[_make_key(*each)] = answer
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            self._file.save_if_possible(self._known)

    def _asked_at(self, key: str, country: str) -> datetime:
        """When that was asked for last, long ago where it never was."""
        known = self._known.get(_make_key(key, country))
        return known.at if known else NEVER

    def _one(self, key: str, country: str) -> ReleaseDates:
        try:
            answer = self._client.get(f"/movies/{key.rpartition('-')[2]}/releases/{country}")
        except Refused as error:
            if error.status not in NO_RECORD:
                raise
            return ReleaseDates(self._now, {})
        days: dict[str, date] = {}
        for release in answer.decode(list[ReleaseWire]):
            kind, day = _TYPES.get(release.release_type or ""), _parse_day(release.release_date)
            if kind and day:
                days[kind.value] = min(day, days.get(kind.value, day))
        return ReleaseDates(self._now, days)

    def _days(self, movie: Movie, countries: Iterable[str]) -> dict[str, date]:
        asked = {country: self._known.get(_make_key(movie.key, country)) for country in countries}
        return {
            country: answer.days[movie.release.value]
            for country, answer in asked.items()
            if answer and movie.release.value in answer.days
        }


def _parse_day(text: str | None) -> date | None:
    """The day that *text* names, None where it names none of television's years."""
    try:
        day = date.fromisoformat(text or "")
        check_moment(day)
    except ValueError:
        return None
    return day


def _make_key(key: str, country: str) -> str:
    return f"{key} {country}"
