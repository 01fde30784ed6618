"""Check-in over API v1, as https://trakt.tv/api-docs/show-checkin describes it.

Its list of parameters calls one of them `share`, its example `shared`; the list is right. The example is
no valid JSON either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import msgspec

import trakt_ical
from trakt_ical.errors import BrokenAnswer, NoMatch
from trakt_ical.trakt.client import Answer, Client
from trakt_ical.trakt.search.v1 import WorkWire, work
from trakt_ical.trakt.statuses import problem
from trakt_ical.trakt.subject import Busy, Extras, Request, Started, Subject, Watching

NETWORKS = ("facebook", "twitter", "tumblr")
SHARED = (*NETWORKS, "foursquare", "path")  # of which an answer may tell
LONGEST_MESSAGE = 100  # characters; Trakt cuts what is longer
LATEST = 2**33  # seconds since 1970, in the year 2242
LONGEST_WAIT = 7 * 86400  # seconds
MINUTE = timedelta(minutes=1)


class _Timestamps(msgspec.Struct):
    """Seconds since 1970."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end < LATEST:
            raise ValueError("a check-in of no time")


class _Answer(msgspec.Struct):
    """A check-in that began, or one that waits: *wait* in seconds."""

    status: str
    timestamps: _Timestamps | None = None
    wait: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= (self.wait or 0) <= LONGEST_WAIT:
            raise ValueError("a check-in that lasts too long")


class _Episode(msgspec.Struct):
    season: int
    number: int
    title: str | None = None


class _Watching(msgspec.Struct):
    action: str = "checkin"
    movie: WorkWire | None = None
    show: WorkWire | None = None
    episode: _Episode | None = None


@dataclass(frozen=True)
class Account:
    """Who checks in: *api_key* is a developer's, of the *password* only the SHA1 is sent."""

    api_key: str = field(repr=False)
    username: str
    password: str = field(repr=False)

    @property
    def credentials(self) -> Mapping[str, str]:
        """What every POST begins with."""
        digest = hashlib.sha1(self.password.encode(), usedforsecurity=False).hexdigest()
        return {"username": self.username, "password": digest}


class CheckIns:
    """The check-ins of *account* at the server that *client* speaks to."""

    networks: Collection[str] = NETWORKS
    longest_message: int | None = LONGEST_MESSAGE

    def __init__(self, client: Client, account: Account, *, now: Callable[[], datetime]) -> None:
        self._client = client
        self._account = account
        self._now = now
        self._key = quote(account.api_key, safe="")

    def request(self, what: Subject, extras: Extras) -> Request:
        """The POST that checks in to *what*: quiet, but for the networks of *extras*."""
        optional = {
            "episode_tvdb_id": None if what.work.movie else what.episode_tvdb,
            "duration": extras.duration // MINUTE if extras.duration else None,
            "venue_id": int(extras.venue_id) if extras.venue_id.isdecimal() else extras.venue_id,
            "venue_name": extras.venue_name,
            "share": {name: name in extras.share for name in NETWORKS},
            "message": extras.message[:LONGEST_MESSAGE],
        }
        body = {
            **self._account.credentials,
            **_item(what),
            **{name: value for name, value in optional.items() if value},
            "app_version": trakt_ical.__version__,
            "app_date": trakt_ical.RELEASED,
        }
        return Request(
            f"/{_kind(what.work.movie)}/checkin/{self._key}", body, frozenset((self._key, str(body["password"])))
        )

    def start(self, what: Subject, extras: Extras) -> Started | Busy:
        """Check in, with one POST. Raises NoMatch where Trakt knows no such thing."""
        request = self.request(what, extras)
        answer = self._client.post(request.path, request.body, expected={400, 404})
        refusal = problem(answer.request, answer.status, answer.headers, answer.body)
        if refusal is not None:
            raise NoMatch(f"Trakt knows no {what}.") if b"not found" in answer.body else refusal
        said = answer.decode(_Answer)
        if said.status != "success" and said.wait is not None:
            return Busy(self._now() + timedelta(seconds=said.wait))
        if said.status != "success" or said.timestamps is None:
            raise BrokenAnswer(f"{answer.request}: the answer is not what Trakt documents: no success, and no reason.")
        start, end = (datetime.fromtimestamp(each, UTC) for each in (said.timestamps.start, said.timestamps.end))
        return Started(what, start, end, _shared(answer))

    def watching(self) -> Watching | None:
        """What is being watched; v1 does not say until when, and a blank object where nothing is."""
        answer = self._client.get(f"/user/watching.json/{self._key}/{quote(self._account.username, safe='')}")
        if bytes(answer.body).strip() in (b"", b"{}", b"[]"):
            return None
        said = answer.decode(_Watching)
        player = said.action != "checkin"
        if said.movie is not None:
            return Watching(Subject(work(said.movie, movie=True)), player=player)
        if said.show is None or said.episode is None:
            return None
        episode = said.episode
        found = Subject(work(said.show, movie=False), episode.season, episode.number, title=episode.title or "")
        return Watching(found, player=player)

    def cancel(self, *, movie: bool) -> None:
        """End the check-in that runs, which is one to a *movie* or to an episode."""
        self._client.post(f"/{_kind(movie)}/cancelcheckin/{self._key}", self._account.credentials)


def _kind(movie: bool) -> str:
    return "movie" if movie else "show"


def _item(what: Subject) -> dict[str, object]:
    """The part of the POST that names *what*; title and year go along, as the page asks."""
    ids, work = what.work.ids, what.work
    names = ("imdb", "tmdb") if work.movie else ("tvdb",) if "tvdb" in ids else ("imdb",)
    named: dict[str, object] = {f"{name}_id": ids[name] for name in names if name in ids}
    named |= {"title": work.title, "year": work.year} if work.year else {"title": work.title}
    if work.movie:
        return named
    if what.season is None or what.number is None:
        raise NoMatch("API v1 knows no absolute numbers. Name season and number, as 2x03.")
    return {**named, "season": what.season, "episode": what.number}


def _shared(answer: Answer) -> frozenset[str]:
    said = answer.decode(dict[str, msgspec.Raw])
    return frozenset(name for name in SHARED if bytes(said.get(name, b"")) == b"true")
