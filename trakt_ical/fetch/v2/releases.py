"""When movies come out in single countries. It takes one request for each movie, so the answers are kept for a week.

Where more movies are due than one run may ask for, their older dates stay until a later run gets to them.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec.structs import replace

from trakt_ical.errors import Refused
from trakt_ical.fetch.odd_entries import decode_with_warnings
from trakt_ical.fetch.v2.wire import ReleaseWire
from trakt_ical.files import JsonFile
from trakt_ical.model import Movie, Release, check_moment, check_years
from trakt_ical.trakt.client import Client
from trakt_ical.trakt.transport import MAX_CONNECTIONS

log = logging.getLogger(__name__)

LIFETIME = timedelta(days=7)
FORGOTTEN = timedelta(days=92)  # by then even a weekly run has asked for a thousand movies again
AT_MOST = 100  # requests in one run: Trakt allows 500 in five minutes, for everything
NO_RECORD = (404, 405)
NEVER = datetime.min.replace(tzinfo=UTC)

_TYPES = {  # without the premiere at a festival, which few people can see
    "theatrical": Release.CINEMA,
    "limited": Release.CINEMA,
    "digital": Release.STREAMING,
    "physical": Release.PHYSICAL,
}


class ReleaseDates(msgspec.Struct):
    """What Trakt said about one movie in one country, and when: the first day of each kind of release."""

    at: Annotated[datetime, msgspec.Meta(tz=True)]
    days: dict[str, date]

    def __post_init__(self) -> None:
        check_years((self.at,))


class Releases:
    """The release dates that *client* gets, kept in *folder*; *now* is the time of this run."""

    def __init__(self, client: Client, folder: Path, now: datetime) -> None:
        self._client = client
        self._file = JsonFile(folder / "releases.json", dict[str, ReleaseDates], "list of release dates")
        self._now = now
        known = self._file.load_if_readable(logging.DEBUG) or {}
        self._known = {name: dates for name, dates in known.items() if now - dates.at < FORGOTTEN}

    def add_dates(
        self, movies: Mapping[str, Sequence[Movie]], countries: Mapping[str, Collection[str]]
    ) -> dict[str, list[Movie]]:
        """Return *movies* of each kind with the days that Trakt knows in each of the *countries* of that kind."""
        ordered = {kind: sorted(its) for kind, its in countries.items()}
        self._fetch_due((movie.key, country) for kind in movies for movie in movies[kind] for country in ordered[kind])
        return {
            kind: [replace(movie, days=self._find_days(movie, ordered[kind])) for movie in its]
            for kind, its in movies.items()
        }

    def _fetch_due(self, wanted: Iterable[tuple[str, str]]) -> None:
        due = [each for each in dict.fromkeys(wanted) if self._now - self._find_last_fetch(*each) >= LIFETIME]
        if not due:
            return
        # The oldest first: in the order of the calendar, the first hundred would be due again before the rest had its
        # turn, and the rest would never get its dates.
        due.sort(key=lambda each: self._find_last_fetch(*each))
        if len(due) > AT_MOST:
            log.warning(
                "%d release dates are not asked for in this run, which is limited to %d requests. "
                "These movies keep their dates until a later run.",
                len(due) - AT_MOST,
                AT_MOST,
            )
        pool = ThreadPoolExecutor(MAX_CONNECTIONS)
        try:
            asked = due[:AT_MOST]
            for each, dates in zip(asked, pool.map(self._fetch_dates, asked), strict=True):
                self._known[_make_key(*each)] = dates
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            # Also after an error: what was answered before it need not be asked for again.
            self._file.save_if_possible(self._known)

    def _find_last_fetch(self, key: str, country: str) -> datetime:
        """Return when that was asked for last; long ago where it never was."""
        known = self._known.get(_make_key(key, country))
        return known.at if known else NEVER

    def _fetch_dates(self, wanted: tuple[str, str]) -> ReleaseDates:
        key, country = wanted
        try:
            answer = self._client.get(f"/movies/{key.rpartition('-')[2]}/releases/{country}")
        except Refused as error:
            if error.status not in NO_RECORD:
                raise
            return ReleaseDates(self._now, {})
        days: dict[str, date] = {}
        for release in decode_with_warnings([answer], list[ReleaseWire], f"the release dates of {key} in {country}"):
            kind, day = _TYPES.get(release.release_type or ""), _parse_day(release.release_date)
            if kind and day:
                days[kind.value] = min(day, days.get(kind.value, day))
        return ReleaseDates(self._now, days)

    def _find_days(self, movie: Movie, countries: Iterable[str]) -> dict[str, date]:
        known = {country: self._known.get(_make_key(movie.key, country)) for country in countries}
        return {
            country: dates.days[movie.release.value]
            for country, dates in known.items()
            if dates and movie.release.value in dates.days
        }


def _parse_day(text: str | None) -> date | None:
    """Return the day that *text* names, None where it names none, or one in an impossible year."""
    try:
        day = date.fromisoformat(text or "")
        check_moment(day)
    except ValueError:
        return None
    return day


def _make_key(key: str, country: str) -> str:
    return f"{key} {country}"
