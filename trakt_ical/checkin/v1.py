"""Check-in over API v1, as https://trakt.tv/api-docs/show-checkin describes it.

Its list of parameters calls one of them `share`, its example `shared`; the list is right. The example is
no valid JSON either.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, quote_plus

import msgspec

import trakt_ical
from trakt_ical.checkin.items import Busy, CheckInExtras, CheckInPost, Started, Title, Watching, WatchItem
from trakt_ical.errors import BrokenAnswer, NoMatch, Refused, SettingsError
from trakt_ical.fetch.source import Connection, parse_runtime
from trakt_ical.fetch.v1.instant import AirTimes, resolve_instant
from trakt_ical.fetch.v1.source import open_client
from trakt_ical.model import Moment
from trakt_ical.trakt.client import Answer, Client
from trakt_ical.trakt.statuses import make_error

Id = str | int | None


class WorkWire(msgspec.Struct):
    """One show or movie, as far as its name goes; ids are strings in old answers, numbers in new ones.

    An unknown *year* is 1969 here, and so it must be in a check-in.
    """

    title: str | None = None
    year: int | None = None
    url: str | None = None
    runtime: int | None = None
    tvdb_id: Id = None
    imdb_id: str | None = None
    tmdb_id: Id = None


class Search:
    """The search of the server that *client* speaks to; *api_key* is part of each address."""

    id_types = ("tvdb", "imdb", "tmdb")

    def __init__(self, client: Client, *, api_key: str) -> None:
        self._client = client
        self._key = quote(api_key, safe="")

    def titles(self, words: str, *, movies: bool) -> list[WatchItem]:
        """The shows, or *movies*, that a search for *words* finds, best first."""
        called = quote_plus(words.replace("/", " "))  # servers refuse a slash in an address, however it is quoted
        path = f"/search/{'movies' if movies else 'shows'}.json/{self._key}/{called}"
        return [WatchItem(make_title(wire, movie=movies)) for wire in self._client.get(path).decode(list[WorkWire])]

    def numbered(self, id_type: str, number: str, *, movies: bool) -> list[WatchItem]:
        """The show, or of *movies* the one, with that *number*. Raises NoMatch where v1 does not look there."""
        if movies is (id_type == "tvdb"):
            raise NoMatch(f"API v1 knows no {'movies' if movies else 'shows'} by --{id_type}. Name the title.")
        path = f"/{'movie' if movies else 'show'}/summary.json/{self._key}/{quote(number, safe='')}"
        try:
            return [WatchItem(make_title(self._client.get(path).decode(WorkWire), movie=movies))]
        except Refused as error:
            if error.status == 404:
                return []
            raise


def make_title(wire: WorkWire, *, movie: bool) -> Title:
    """The show or *movie* of an answer."""
    ids: dict[str, int | str] = {}
    for name, given in (("tvdb", wire.tvdb_id), ("tmdb", wire.tmdb_id)):
        number = str(given or "").strip()
        if number.isdecimal() and int(number):
            ids[name] = int(number)
    if wire.imdb_id:
        ids["imdb"] = wire.imdb_id
    if slug := (wire.url or "").rstrip("/").rpartition("/")[2]:
        ids["slug"] = slug
    return Title(wire.title or "", wire.year, ids, movie=movie, runtime=parse_runtime(wire.runtime))


class _Season(msgspec.Struct):
    season: int


class _ProgressEpisode(msgspec.Struct):
    season: int
    number: int
    title: str | None = None
    tvdb_id: str | int | None = None
    first_aired: int | None = None
    first_aired_iso: str | None = None
    first_aired_utc: int | None = None
    watched: bool = False


class _Slot(msgspec.Struct):
    """When its show airs, where the answer has it."""

    air_time: str | None = None
    air_day: str | None = None
    network: str | None = None
    country: str | None = None


class _Summary(msgspec.Struct):
    show: _Slot
    episode: _ProgressEpisode


class Progress:
    """The progress of the user whom *client* signs for; *api_key* is part of each address, *now* that of the run."""

    def __init__(self, client: Client, *, api_key: str, now: datetime) -> None:
        self._client = client
        self._key = quote(api_key, safe="")
        self._now = now

    def following(self, show: Title) -> WatchItem | None:
        """The first unwatched episode after the farthest that was watched, None where none has aired yet.

        v1 tells what was watched season by season: they are asked for from the last one back.
        """
        later: list[_ProgressEpisode] = []
        for number in sorted(self._seasons(show), reverse=True):
            episodes = [each for each in self._episodes(show, number) if self._has_aired(each)]
            watched = [place for place, each in enumerate(episodes) if each.watched]
            if watched:
                return _find_first_unwatched(show, [*episodes[watched[-1] + 1 :], *later])
            later = [*episodes, *later]
        return _find_first_unwatched(show, later)

    def episode(self, show: Title, season: int, number: int) -> WatchItem | None:
        """That episode of *show*, None where Trakt knows no such one: it says so with 404, and once with 400."""
        try:
            answer = self._client.get(f"/show/episode/summary.json/{self._key}/{_name_show(show)}/{season}/{number}")
        except Refused as error:
            if error.status in (400, 404):
                return None
            raise
        summary = answer.decode(_Summary)
        return _make_item(show, summary.episode, summary.show)

    def last_watched(self) -> Title | None:
        """None: v1 does not tell what was watched last."""
        return None

    def _seasons(self, show: Title) -> list[int]:
        try:
            answer = self._client.get(f"/show/seasons.json/{self._key}/{_name_show(show)}")
        except Refused as error:
            if error.status == 404:
                raise NoMatch(f"Trakt knows no show {show}.") from error
            raise
        return [each.season for each in answer.decode(list[_Season]) if each.season]

    def _episodes(self, show: Title, season: int) -> Sequence[_ProgressEpisode]:
        answer = self._client.get(f"/show/season.json/{self._key}/{_name_show(show)}/{season}")
        return sorted(answer.decode(list[_ProgressEpisode]), key=lambda each: each.number)

    def _has_aired(self, episode: _ProgressEpisode) -> bool:
        starts = _resolve_start(episode, _Slot())
        if isinstance(starts, datetime):
            return starts <= self._now
        return starts is not None and starts <= self._now.date()


def _find_first_unwatched(show: Title, episodes: Sequence[_ProgressEpisode]) -> WatchItem | None:
    return next((_make_item(show, each, _Slot()) for each in episodes if not each.watched), None)


def _make_item(show: Title, episode: _ProgressEpisode, slot: _Slot) -> WatchItem:
    tvdb = str(episode.tvdb_id or "")
    return WatchItem(
        show,
        episode.season,
        episode.number,
        title=episode.title or "",
        episode_tvdb=int(tvdb) if tvdb.isdecimal() and int(tvdb) else None,
        runtime=show.runtime,
        starts=_resolve_start(episode, slot),
    )


def _resolve_start(episode: _ProgressEpisode, slot: _Slot) -> Moment | None:
    """When *episode* airs; a date where the *slot* does not tell the hour, None where nobody knows the day."""
    stated = episode.first_aired, episode.first_aired_iso, episode.first_aired_utc
    try:
        return resolve_instant(AirTimes(*stated, None, slot.air_time, slot.air_day, slot.network, slot.country))
    except (ValueError, OverflowError, OSError):
        return None


def _name_show(show: Title) -> str:
    """How v1's addresses call *show*: by its number at TVDB, else by its slug."""
    return quote(str(show.ids.get("tvdb") or show.ids.get("slug") or ""), safe="")


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


class _WatchedEpisode(msgspec.Struct):
    season: int
    number: int
    title: str | None = None


class _Watching(msgspec.Struct):
    action: str = "checkin"
    movie: WorkWire | None = None
    show: WorkWire | None = None
    episode: _WatchedEpisode | None = None


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
    takes_details = True

    def __init__(self, client: Client, account: Account, *, now: Callable[[], datetime]) -> None:
        self._client = client
        self._account = account
        self._now = now
        self._key = quote(account.api_key, safe="")

    def request(self, what: WatchItem, extras: CheckInExtras) -> CheckInPost:
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
            **_name_item(what),
            **{name: value for name, value in optional.items() if value},
            "app_version": trakt_ical.__version__,
            "app_date": trakt_ical.RELEASED,
        }
        return CheckInPost(
            f"/{_name_kind(what.work.movie)}/checkin/{self._key}", body, frozenset((self._key, str(body["password"])))
        )

    def start(self, what: WatchItem, extras: CheckInExtras) -> Started | Busy:
        """Check in, with one POST. Raises NoMatch where Trakt knows no such thing."""
        request = self.request(what, extras)
        answer = self._client.post(request.path, request.body, expected={400, 404})
        refusal = make_error(answer.request, answer.status, answer.headers, answer.body)
        if refusal is not None:
            raise NoMatch(f"Trakt knows no {what}.") if b"not found" in answer.body else refusal
        said = answer.decode(_Answer)
        if said.status != "success" and said.wait is not None:
            return Busy(self._now() + timedelta(seconds=said.wait))
        if said.status != "success" or said.timestamps is None:
            raise BrokenAnswer(f"{answer.request}: the answer is not what Trakt documents: no success, and no reason.")
        start, end = (datetime.fromtimestamp(each, UTC) for each in (said.timestamps.start, said.timestamps.end))
        return Started(what, start, end, _read_shared(answer))

    def watching(self) -> Watching | None:
        """What is being watched; v1 does not say until when, and a blank object where nothing is."""
        answer = self._client.get(f"/user/watching.json/{self._key}/{quote(self._account.username, safe='')}")
        if bytes(answer.body).strip() in (b"", b"{}", b"[]"):
            return None
        said = answer.decode(_Watching)
        player = said.action != "checkin"
        if said.movie is not None:
            return Watching(WatchItem(make_title(said.movie, movie=True)), player=player)
        if said.show is None or said.episode is None:
            return None
        episode = said.episode
        found = WatchItem(make_title(said.show, movie=False), episode.season, episode.number, title=episode.title or "")
        return Watching(found, player=player)

    def cancel(self, *, movie: bool) -> None:
        """End the check-in that runs, which is one to a *movie* or to an episode."""
        self._client.post(f"/{_name_kind(movie)}/cancelcheckin/{self._key}", self._account.credentials)


def _name_kind(movie: bool) -> str:
    return "movie" if movie else "show"


def _name_item(what: WatchItem) -> dict[str, object]:
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


def _read_shared(answer: Answer) -> frozenset[str]:
    said = answer.decode(dict[str, msgspec.Raw])
    return frozenset(name for name in SHARED if bytes(said.get(name, b"")) == b"true")


@contextlib.contextmanager
def open_check_in(connection: Connection) -> Iterator[tuple[CheckIns, Search, Progress]]:
    """Open the check-ins, the search and the progress of the account of *connection*. Raises SettingsError."""
    for name in ("username", "password"):
        if not getattr(connection, name):
            raise SettingsError(
                f"No {name}. A check-in over API v1 takes one: set {name} or TRAKT_ICAL_{name.upper()}."
            )
    key, now = connection.api_key, connection.now
    account = Account(key, connection.username, connection.password)
    with open_client(connection) as client:
        yield (
            CheckIns(client, account, now=now),
            Search(client, api_key=key),
            Progress(client, api_key=key, now=now()),
        )
