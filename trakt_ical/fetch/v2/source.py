"""A user's calendars over API v2: which requests they take, and how many at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from datetime import date, timedelta
from itertools import chain
from typing import Any

from trakt_ical.errors import BrokenAnswer
from trakt_ical.fetch.v2.reader import read_movies, read_shows
from trakt_ical.fetch.v2.wire import HiddenEntry
from trakt_ical.model import Airing, DateRange, Fetched, Release
from trakt_ical.trakt.client import Answer, Client
from trakt_ical.trakt.headers import http_date
from trakt_ical.trakt.transport import AT_A_TIME

LONGEST = 33  # days; Trakt cuts longer requests silently
PAGE = "100"  # entries of a hidden list in one answer

SHOWS = {"shows": "shows", "new": "shows/new", "premieres": "shows/premieres", "finales": "shows/finales"}
MOVIES = {"movies": Release.CINEMA, "streaming": Release.STREAMING, "dvd": Release.PHYSICAL}

Progress = Callable[[int, int], object]


class Source:
    """The calendars of *kinds*: of the login that *client* signs with (*target* `my`), or of the world (`all`)."""

    def __init__(self, client: Client, *, target: str, kinds: Collection[str]) -> None:
        self._client = client
        self._target = target
        self._kinds = list(kinds)

    def fetch(self, days: DateRange, progress: Progress = lambda done, of: None) -> Fetched:
        """What airs on *days*, and a day more at both ends, since Trakt's days are those of UTC.

        The hidden lists are asked for as well: Trakt no longer leaves out reliably what is on them.
        """
        pieces = list(days.widened(1).split(LONGEST))
        pool = ThreadPoolExecutor(AT_A_TIME)
        try:
            hidden = [pool.submit(self._hidden, section) for section in self._sections()]
            asked = [pool.submit(self._calendar, kind, piece) for kind in self._kinds for piece in pieces]
            _wait([*hidden, *asked], progress)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        airings = chain.from_iterable(future.result() for future in asked)
        return Fetched(airings, frozenset[str]().union(*(future.result() for future in hidden)))

    def _sections(self) -> list[str]:
        return ["calendar", "dropped"] if self._target == "my" else []

    def _calendar(self, kind: str, piece: DateRange) -> list[Airing]:
        """What airs in *piece*: one answer, unless Trakt cut it shorter than it was asked for.

        It is read here and not later, so that the octets of all answers are never held together.
        """
        path = f"/calendars/{self._target}/{SHOWS.get(kind, kind)}/{piece.first}/{piece.days}"
        answers = self._pages(path, {"extended": "full"})
        end = _last_day(answers[0], piece.last)
        if end < piece.first:
            raise BrokenAnswer(f"{answers[0].request}: Trakt answers for days up to {end}.")
        airings = [airing for answer in answers for airing in _read(kind, answer)]
        if end < piece.last:
            rest = DateRange(end + timedelta(days=1), (piece.last - end).days)
            airings += self._calendar(kind, rest)
        return airings

    def _hidden(self, section: str) -> set[str]:
        """The keys of the shows and movies of one hidden list."""
        keys = set()
        for answer in self._pages(f"/users/hidden/{section}", {"limit": PAGE}):
            for entry in answer.decode(list[HiddenEntry]):
                if entry.show and entry.show.ids:
                    keys.add(f"trakt-{entry.show.ids.trakt}")
                if entry.movie and entry.movie.ids:
                    keys.add(f"trakt-movie-{entry.movie.ids.trakt}")
        return keys

    def _pages(self, path: str, query: dict[str, str]) -> list[Answer]:
        """All pages of an answer; the first one's X-Pagination-Page-Count says how many there are."""
        answers = [self._client.get(path, query)]
        count = answers[0].headers.get("X-Pagination-Page-Count", "1")
        if not count.isdecimal() or len(count) > 3:
            raise BrokenAnswer(f"{answers[0].request}: Trakt speaks of {count[:20]} pages.")
        rest = range(2, int(count) + 1)
        return answers + [self._client.get(path, {**query, "page": str(page)}) for page in rest]


def _wait(futures: list[Future[Any]], progress: Progress) -> None:
    """Wait for *futures*, telling *progress* of each; raise the first error at once."""
    progress(0, len(futures))
    for done, future in enumerate(as_completed(futures), 1):
        future.result()
        progress(done, len(futures))


def _read(kind: str, answer: Answer) -> Iterator[Airing]:
    return read_shows(answer) if kind in SHOWS else read_movies(answer, MOVIES[kind])


def _last_day(answer: Answer, asked: date) -> date:
    """The last day that an answer is for; without a readable X-End-Date, the day *asked* for."""
    end = http_date(answer.headers.get("X-End-Date"))
    return end.date() if end else asked
