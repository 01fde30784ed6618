"""A user's calendars over API v2: which requests they take, and how many at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from trakt_ical.errors import BrokenAnswer
from trakt_ical.fetch.v2.lists import Lists, get_pages
from trakt_ical.fetch.v2.reader import Known, read_movies, read_shows
from trakt_ical.fetch.v2.releases import Releases
from trakt_ical.fetch.v2.wire import MOVIE_CALENDARS, SHOW_CALENDARS
from trakt_ical.http import parse_http_date
from trakt_ical.model import Airing, DateRange, Fetched, FetchRequest, Movie
from trakt_ical.trakt.client import MAX_CONNECTIONS, Answer, Client

LONGEST = 33  # days; Trakt cuts longer requests silently
SECTIONS = ("calendar", "dropped")  # of the hidden lists

Progress = Callable[[int, int], object]


class Source:
    """The calendars of the login that *client* signs with (*target* `my`), or of the world (`all`).

    What is kept beside its answers is in *folder*; *now* is the time of this run.
    """

    def __init__(self, client: Client, *, target: str, folder: Path, now: datetime) -> None:
        self._client = client
        self._target = target
        self._lists = Lists(client, folder)
        self._releases = Releases(client, folder, now)
        self._known: Known = {}

    def fetch(self, needs: FetchRequest, progress: Progress = lambda done, of: None) -> Fetched:
        """What airs on the days of each kind, and a day more at both ends, since Trakt's days are those of UTC.

        The hidden lists are asked for as well: Trakt no longer leaves out reliably what is on them.
        """
        mine = self._target == "my"
        pieces = [(kind, piece) for kind, days in needs.days.items() for piece in days.widened(1).split(LONGEST)]
        pool = ThreadPoolExecutor(MAX_CONNECTIONS)
        try:
            hidden = [pool.submit(self._lists.hidden, section) for section in SECTIONS] if mine else []
            marks = [pool.submit(self._lists.marks, needs)] if needs.watched or needs.watchlist else []
            asked = [(kind, pool.submit(self._calendar, kind, piece, steps=needs.steps)) for kind, piece in pieces]
            _wait_for_all([*hidden, *marks, *(future for _, future in asked)], progress)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        airings: dict[str, list[Airing]] = {kind: [] for kind in needs.days}
        for kind, future in asked:
            airings[kind] += marks[0].result().put_on(future.result()) if marks else future.result()
        if needs.countries:
            movies = {kind: [each for each in airings[kind] if isinstance(each, Movie)] for kind in needs.countries}
            airings |= {kind: [*its] for kind, its in self._releases.dated(movies, needs.countries).items()}
        return Fetched(airings, *(future.result() for future in hidden))

    def _calendar(self, kind: str, piece: DateRange, *, steps: bool) -> list[Airing]:
        """What airs in *piece*: one answer, unless Trakt cut it shorter than it was asked for.

        It is read here and not later, so that the octets of all answers are never held together.
        """
        path = f"/calendars/{self._target}/{SHOW_CALENDARS.get(kind, kind)}/{piece.first}/{piece.days}"
        answers = get_pages(self._client, path, {"extended": "full"})
        end = _read_last_day(answers[0], piece.last)
        if end < piece.first:
            raise BrokenAnswer(f"{answers[0].request}: Trakt answers for days up to {end}.")
        airings = [airing for answer in answers for airing in self._read(kind, answer, steps=steps)]
        if end < piece.last:
            rest = DateRange(end + timedelta(days=1), (piece.last - end).days)
            airings += self._calendar(kind, rest, steps=steps)
        return airings

    def _read(self, kind: str, answer: Answer, *, steps: bool) -> Iterator[Airing]:
        if kind in MOVIE_CALENDARS:
            return read_movies(answer, MOVIE_CALENDARS[kind], steps=steps)
        return read_shows(answer, known=self._known, steps=steps)


def _wait_for_all(futures: list[Future[Any]], progress: Progress) -> None:
    """Wait for *futures*, telling *progress* of each; raise the first error at once."""
    progress(0, len(futures))
    for done, future in enumerate(as_completed(futures), 1):
        future.result()
        progress(done, len(futures))


def _read_last_day(answer: Answer, asked: date) -> date:
    """The last day that an answer is for; without a readable X-End-Date, the day *asked* for."""
    end = parse_http_date(answer.headers.get("X-End-Date"))
    return end.date() if end else asked
