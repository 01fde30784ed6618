"""A user's calendar over API v1: one request."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

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
from trakt_ical.fetch.v1.reader import read_episodes
from trakt_ical.fetch.v1.wire import DayWire, read_slug
from trakt_ical.model import Airing, DateRange, Episode, local_date
from trakt_ical.trakt.client import Answer, Client


class AnswersV1:
    """One *answer* that is not decoded yet."""

    def __init__(self, answer: Answer, *, steps: bool) -> None:
        self._answer = answer
        self._steps = steps
        self.digest = hash_answers([answer.octets])

    def read(self) -> Fetched:
        """Return its episodes."""
        odd = OddEntries()
        episodes = list(read_episodes(self._answer, odd, steps=self._steps))
        odd.warn()
        return Fetched({"shows": episodes}, odd=odd.found)


class SourceV1:
    """The calendar of *owner* at the server that *client* speaks to; *api_key* is part of each address."""

    def __init__(self, client: Client, *, api_key: str, owner: str) -> None:
        self._client = client
        self._path = _make_path(api_key, owner)

    def fetch(self, request: FetchRequest, progress: Progress = ignore_progress) -> Fetched:
        """Return what airs on the days of shows, and on one day more at both ends."""
        return self.ask(request, progress).read()

    def ask(self, request: FetchRequest, progress: Progress) -> AnswersV1:
        """Ask for the days of shows, and for one day more at both ends.

        v1 cuts ranges by the server's days or by the user's: which of them, the answer does not say.
        """
        wide = request.days["shows"].widen(1)
        progress(0, 1)
        answer = self._client.get(f"{self._path}/{wide.first:%Y%m%d}/{wide.days}")
        progress(1, 1)
        return AnswersV1(answer, steps=request.steps)

    def find_zone(self) -> None:
        """Return None: v1 does not say in what zone an account is."""

    def fetch_activity(self) -> None:
        """Return None: v1 does not say when an account did something."""

    def mark_watched(self, airings: Collection[Airing]) -> list[Airing]:
        """Return *airings*, each with whether the user has watched it by now: the calendar itself says so."""
        if not airings:
            return []
        days = sorted(local_date(each.starts, UTC) for each in airings)
        listed = self.fetch(FetchRequest({"shows": DateRange(days[0], (days[-1] - days[0]).days + 1)}))
        watched = {_get_number(each): each.watched for each in listed.airings["shows"] if isinstance(each, Episode)}
        return [
            replace(each, watched=watched.get(_get_number(each), each.watched)) if isinstance(each, Episode) else each
            for each in airings
        ]


def _make_path(api_key: str, owner: str) -> str:
    return f"/user/calendar/shows.json/{quote(api_key, safe='')}/{quote(owner, safe='')}"


def _get_number(episode: Episode) -> tuple[str, int, int]:
    return episode.show.key, episode.season, episode.number


@contextlib.contextmanager
def open_source(connection: Connection) -> Iterator[SourceV1]:
    """Open the calendar of the connection's owner."""
    with open_client(connection) as client:
        yield SourceV1(client, api_key=connection.api_key, owner=connection.owner)


def open_client(connection: Connection) -> Client:
    """Return a client for the server of *connection*."""
    return connection.open_client({"Content-Type": "application/json"})


def ask_least(connection: Connection) -> Answer:
    """Return the answer to a small request that is refused where the login is: the calendar of today."""
    with open_client(connection) as client:
        today = DateRange(connection.now().date(), 1)
        return client.get(f"{_make_path(connection.api_key, connection.owner)}/{today.first:%Y%m%d}/{today.days}")


def read_kept_titles(bodies: Iterable[bytes], *, movies: bool) -> Iterator[KeptTitle]:  # noqa: ARG001  v1 lists none
    """Return the shows in the *bodies* of kept answers; those of other requests are skipped."""
    for body in bodies:
        try:
            days = decode_readable(body, list[DayWire])
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        for day in days:
            for entry in day.episodes:
                yield KeptTitle(read_slug(entry.show.url), entry.show.title)
