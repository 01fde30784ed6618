"""A user's calendars over API v2: which requests they take, eight at a time."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from trakt_ical.errors import BrokenAnswer, NotKept, TraktError
from trakt_ical.fetch.odd_entries import OddEntries, decode_readable
from trakt_ical.fetch.sources import (
    Connection,
    Fetched,
    FetchRequest,
    KeptTitle,
    Progress,
    hash_answers,
    ignore_progress,
)
from trakt_ical.fetch.v2.lists import Lists, Marks, get_pages
from trakt_ical.fetch.v2.reader import Known, read_movies, read_shows
from trakt_ical.fetch.v2.releases import Releases
from trakt_ical.fetch.v2.wire import MOVIE_CALENDARS, SHOW_CALENDARS, EpisodeEntry, MovieEntry
from trakt_ical.http import parse_http_date
from trakt_ical.model import Airing, DateRange, Movie
from trakt_ical.trakt.client import Answer, Client
from trakt_ical.trakt.device_login import fetch_account_settings
from trakt_ical.trakt.transport import MAX_CONNECTIONS

log = logging.getLogger(__name__)

LONGEST = 33  # days; Trakt cuts longer requests without saying so
SECTIONS = ("calendar", "dropped")  # of the hidden lists


class SourceV2:
    """The calendars of the account that *client* signs for (*calendar* `my`), or of the world (`all`).

    Lists are kept in *folder*; *now* is the time of this run.
    """

    def __init__(self, client: Client, *, calendar: str, folder: Path, now: datetime) -> None:
        self._client = client
        self._calendar = calendar
        self._lists = Lists(client, folder)
        self._releases = Releases(client, folder, now)

    def fetch(self, request: FetchRequest, progress: Progress = ignore_progress) -> Fetched:
        """Return what airs on the days of each kind, and on one day more at both ends."""
        return self.ask(request, progress).read()

    def ask(self, request: FetchRequest, progress: Progress) -> AnswersV2:
        """Ask for the days of each kind, and for one day more at both ends."""
        mine = self._calendar == "my"
        # Trakt's days are those of UTC. An evening in New York is on the next of them, so that without the days more,
        # the range would lack a part of its first or last day.
        pieces = [(kind, piece) for kind, days in request.days.items() for piece in days.widen(1).split(LONGEST)]
        pool = ThreadPoolExecutor(MAX_CONNECTIONS)
        try:
            # The calendar should leave hidden shows out by itself, but does not do so reliably.
            hidden = [pool.submit(self._lists.fetch_hidden, section) for section in SECTIONS] if mine else []
            marks = [pool.submit(self._fetch_marks, request)] if request.watched or request.watchlist else []
            asked = [(kind, pool.submit(self._fetch_piece, kind, piece)) for kind, piece in pieces]
            _wait_for_all([*hidden, *marks, *(future for _, future in asked)], progress)
        finally:
            # To read what is kept takes no time, and who reads on must not hear of what came before.
            pool.shutdown(wait=self._client.sends_nothing, cancel_futures=True)
        # Only now: where the calendar failed as well, its error says all.
        self._lists.warn_of_kept()
        return AnswersV2(
            request,
            [(kind, answer) for kind, future in asked for answer in future.result()],
            [future.result() for future in hidden],
            marks[0].result() if marks else None,
            self._releases,
        )

    def find_zone(self) -> tzinfo | None:
        """Return the account's time zone, None for the world's calendar and where this computer does not know it."""
        return self._account_zone if self._calendar == "my" else None

    @functools.cached_property
    def _account_zone(self) -> tzinfo | None:
        account = fetch_account_settings(self._client).account
        name = account.timezone if account else None
        try:
            return ZoneInfo(name) if name else None
        except (ValueError, OSError, ZoneInfoNotFoundError):
            log.warning("Trakt's time zone for your account is not known here: %s. Using this computer's.", name)
            return None

    def fetch_activity(self) -> str:
        """Return what the account did last, as a text that changes with it."""
        return repr(self._lists.fetch_activities())

    def mark_watched(self, airings: Collection[Airing]) -> list[Airing]:
        """Return *airings*, each with whether the user has watched it by now.

        The lists of what was watched are kept until the user's activities say that they changed. Those of movies are
        not asked for.
        """
        return self._lists.fetch_marks(("shows",), watched=True).mark(airings)

    def _fetch_marks(self, request: FetchRequest) -> Marks | None:
        try:
            return self._lists.fetch_marks(request.days, watched=request.watched, watchlist=request.watchlist)
        except TraktError as error:
            if request.needs_marks:
                raise
            if not isinstance(error, NotKept):
                log.warning("What you watched is not marked: %s", error)
            return None

    def _fetch_piece(self, kind: str, piece: DateRange) -> list[Answer]:
        """Return the answers for *piece*: one, unless Trakt answers for fewer days than it was asked for."""
        path = f"/calendars/{self._calendar}/{SHOW_CALENDARS.get(kind, kind)}/{piece.first}/{piece.days}"
        answers = get_pages(self._client, path, {"extended": "full"})
        end = _read_last_day(answers[0], piece.last)
        if end < piece.first:
            raise BrokenAnswer(f"Trakt was asked for the days from {piece.first} and answered for days up to {end}.")
        if end < piece.last:
            rest = DateRange(end + timedelta(days=1), (piece.last - end).days)
            answers += self._fetch_piece(kind, rest)
        return answers


class AnswersV2:
    """Answers for the calendars of *request*, by kind, with the keys on the *hidden* lists and the user's *marks*."""

    def __init__(
        self,
        request: FetchRequest,
        answers: list[tuple[str, Answer]],
        hidden: list[frozenset[str]],
        marks: Marks | None,
        releases: Releases,
    ) -> None:
        self._request = request
        self._answers = answers
        self._hidden = hidden
        self._marks = marks
        self._releases = releases

    @functools.cached_property
    def digest(self) -> str:
        """The hash of the answers; "" with the dates of countries, which are asked for movie by movie."""
        if self._request.countries:
            return ""
        sets = [*self._hidden, *([self._marks.watched, self._marks.watchlist] if self._marks else [])]
        lists = ("\n".join(sorted(names or ())).encode() for names in sets)
        return hash_answers([*lists, *(part for kind, each in self._answers for part in (kind.encode(), each.octets))])

    def read(self) -> Fetched:
        """Return the airings. Each answer is let go as soon as it was decoded, to keep memory low."""
        airings: dict[str, list[Airing]] = {kind: [] for kind in self._request.days}
        known, odd = Known(), OddEntries()
        self._answers.reverse()
        while self._answers:
            kind, answer = self._answers.pop()
            airings[kind] += self._read_answer(kind, answer, known, odd)
        odd.warn()
        if self._marks:
            airings = {kind: self._marks.mark(listed) for kind, listed in airings.items()}
        countries = self._request.countries
        if countries:
            movies = {kind: [each for each in airings[kind] if isinstance(each, Movie)] for kind in countries}
            airings |= {kind: [*its] for kind, its in self._releases.add_dates(movies, countries).items()}
        hidden, dropped = self._hidden or (frozenset(), frozenset())
        # The same cuts as those of `ask`: each piece was answered by itself.
        ranges = {kind: [*days.widen(1).split(LONGEST)] for kind, days in self._request.days.items()}
        return Fetched(airings, hidden, dropped, odd.found, ranges)

    def _read_answer(self, kind: str, answer: Answer, known: Known, odd: OddEntries) -> Iterator[Airing]:
        if kind in MOVIE_CALENDARS:
            return read_movies(answer, MOVIE_CALENDARS[kind], odd, steps=self._request.steps)
        return read_shows(answer, odd, kind=kind, known=known, steps=self._request.steps)


def _wait_for_all(futures: list[Future[Any]], progress: Progress) -> None:
    """Wait for *futures* and report each to *progress*; raise the first error at once."""
    progress(0, len(futures))
    for done, future in enumerate(as_completed(futures), 1):
        future.result()
        progress(done, len(futures))


def _read_last_day(answer: Answer, asked: date) -> date:
    """Return the last day that an answer is for; without a readable X-End-Date, the day *asked* for."""
    end = parse_http_date(answer.headers.get("X-End-Date"))
    return end.date() if end else asked


@contextlib.contextmanager
def open_source(connection: Connection) -> Iterator[SourceV2]:
    """Open the calendars of the login, or the world's."""
    with open_client(connection) as client:
        yield SourceV2(client, calendar=connection.calendar, folder=connection.facts, now=connection.now())


def open_client(connection: Connection, *, keep: bool = True) -> Client:
    """Return a client for the server of *connection*; with *keep* its answers are kept."""
    headers = {"Content-Type": "application/json", "trakt-api-version": "2", "trakt-api-key": connection.client_id}
    return connection.open_client(headers, keep=keep)


def ask_least(connection: Connection) -> Answer:
    """Return the answer to a small request that is refused where the login is."""
    with open_client(connection, keep=False) as client:
        if connection.calendar == "my":
            return client.get("/users/settings")
        return client.get(f"/calendars/all/shows/{connection.now():%Y-%m-%d}/1")


def read_kept_titles(bodies: Iterable[bytes], *, movies: bool) -> Iterator[KeptTitle]:
    """Return the shows, or *movies*, in the *bodies* of kept answers; those of other requests are skipped."""
    for body in bodies:
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            yield from _read_movie_titles(body) if movies else _read_show_titles(body)


def _read_show_titles(body: bytes) -> Iterator[KeptTitle]:
    for entry in decode_readable(body, list[EpisodeEntry]):
        yield KeptTitle(entry.show.ids.slug if entry.show.ids else None, entry.show.title)


def _read_movie_titles(body: bytes) -> Iterator[KeptTitle]:
    for entry in decode_readable(body, list[MovieEntry]):
        if entry.released:  # what has none is an entry of another list
            yield KeptTitle(entry.movie.ids.slug if entry.movie.ids else None, entry.movie.title)
