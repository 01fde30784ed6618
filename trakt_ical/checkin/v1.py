"""Check-in over API v1, as https://trakt.tv/api-docs/show-checkin describes it.

That page's list of parameters calls one of them `share`, its example `shared`; the list is right. The example is no
valid JSON either.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, quote_plus

import msgspec

import trakt_ical
from trakt_ical.checkin.items import (
    CheckInApi,
    CheckInExtras,
    CheckInPost,
    Conflict,
    Started,
    Title,
    Watching,
    WatchItem,
)
from trakt_ical.errors import BrokenAnswer, NoMatch, Refused, SettingsError
from trakt_ical.fetch.odd_entries import decode_with_warnings
from trakt_ical.fetch.sources import CHECK_IN_V1, Connection, parse_runtime
from trakt_ical.fetch.v1.instant import AirTimes, resolve_instant
from trakt_ical.fetch.v1.source import open_client
from trakt_ical.fetch.v1.wire import EpisodeSummary, FoundEpisode, FoundSeason, FoundSlot, FoundTitle, read_slug
from trakt_ical.model import Moment
from trakt_ical.trakt.client import Answer, Client
from trakt_ical.trakt.statuses import make_error

SHARED = (*CHECK_IN_V1.networks, "foursquare", "path")  # the networks that an answer may name
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


class _Outcome(msgspec.Struct):
    """What became of a check-in: it began, or another one runs for *wait* seconds."""

    status: str
    timestamps: _Timestamps | None = None
    wait: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= (self.wait or 0) <= LONGEST_WAIT:
            raise ValueError("a check-in that lasts too long")


class _Watching(msgspec.Struct):
    action: str = "checkin"
    movie: FoundTitle | None = None
    show: FoundTitle | None = None
    episode: FoundEpisode | None = None


class CheckInV1:
    """The check-ins, the search and the progress of the account of *connection*, whose server *client* speaks to.

    The developer's key is part of each address. Of the password only the SHA1 is sent.
    """

    abilities = CHECK_IN_V1

    def __init__(self, client: Client, connection: Connection) -> None:
        self._client = client
        self._now = connection.now
        self._key = quote(connection.api_key, safe="")
        self._user = quote(connection.username, safe="")
        digest = hashlib.sha1(connection.password.encode(), usedforsecurity=False).hexdigest()
        self._credentials = {"username": connection.username, "password": digest}

    def make_post(self, item: WatchItem, extras: CheckInExtras) -> CheckInPost:
        """Return the POST that checks in to *item*. Raises NoMatch for an absolute number."""
        # A parameter that is left out is not sent at all: a server of PHP may take an empty one for a value.
        optional = {
            "episode_tvdb_id": None if item.title.movie else item.episode_tvdb,
            "duration": extras.duration // MINUTE if extras.duration else None,
            "venue_id": int(extras.venue_id) if extras.venue_id.isdecimal() else extras.venue_id,
            "venue_name": extras.venue_name,
            "share": {name: name in extras.share for name in CHECK_IN_V1.networks},
            "message": extras.message[: CHECK_IN_V1.longest_message],
        }
        body = {
            **self._credentials,
            **_name_item(item),
            **{name: value for name, value in optional.items() if value},
            "app_version": trakt_ical.__version__,
            "app_date": trakt_ical.RELEASED,
        }
        secrets = frozenset((self._key, self._credentials["password"]))
        return CheckInPost(f"/{_name_kind(item.title.movie)}/checkin/{self._key}", body, secrets)

    def start(self, item: WatchItem, extras: CheckInExtras) -> Started | Conflict:
        """Check in, with one POST. Raises NoMatch where Trakt does not know *item*."""
        post = self.make_post(item, extras)
        answer = self._client.post(post.path, post.body, expected={400, 404})
        refusal = make_error(answer.status, answer.headers, answer.body)
        if refusal is not None:
            raise NoMatch(f"Trakt does not know {item}.") if b"not found" in answer.body else refusal
        outcome = answer.decode(_Outcome)
        # A conflict comes with status 200 and has no code of its own: only the wait tells it from a failure. A server
        # that fills in every field sends a wait of 0 with a success, so the status word decides first.
        if outcome.status != "success" and outcome.wait is not None:
            return Conflict(self._now() + timedelta(seconds=outcome.wait))
        if outcome.status != "success" or outcome.timestamps is None:
            raise BrokenAnswer("Trakt's answer is not what Trakt documents: no success, and no reason.")
        since, until = (
            datetime.fromtimestamp(each, UTC) for each in (outcome.timestamps.start, outcome.timestamps.end)
        )
        return Started(item, since, until, _read_shared(answer))

    def fetch_watching(self) -> Watching | None:
        """Return what is being watched; v1 does not say until when, and sends a blank object where nothing is."""
        answer = self._client.get(f"/user/watching.json/{self._key}/{self._user}")
        # PHP writes an empty object as a list, and an idle server sends nothing at all.
        if bytes(answer.body).strip() in (b"", b"{}", b"[]"):
            return None
        watching = answer.decode(_Watching)
        player = watching.action != "checkin"
        if watching.movie is not None:
            return Watching(WatchItem(make_title(watching.movie, movie=True)), player=player)
        if watching.show is None or watching.episode is None:
            raise BrokenAnswer("Trakt does not say what is being watched.")
        episode, show = watching.episode, make_title(watching.show, movie=False)
        item = WatchItem(show, episode.season, episode.number, episode_title=episode.title or "")
        return Watching(item, player=player)

    def cancel(self, *, movie: bool) -> None:
        """End the check-in that runs, which is one to a *movie* or to an episode."""
        answer = self._client.post(f"/{_name_kind(movie)}/cancelcheckin/{self._key}", self._credentials)
        if answer.decode(_Outcome).status != "success":
            raise BrokenAnswer("Trakt does not say that it ended the check-in.")

    def search_titles(self, words: str, *, movies: bool) -> list[WatchItem]:
        """Return the shows, or *movies*, that a search for *words* finds, best first."""
        query = quote_plus(words.replace("/", " "))  # servers refuse a slash in an address, however it is quoted
        path = f"/search/{'movies' if movies else 'shows'}.json/{self._key}/{query}"
        found = decode_with_warnings([self._client.get(path)], list[FoundTitle], "the results of the search")
        return [WatchItem(make_title(wire, movie=movies)) for wire in found]

    def search_word(self, word: str, *, shows: bool, movies: bool) -> list[WatchItem]:
        """Return the *shows* and *movies* with *word* in their titles, best first."""
        kinds = [kind for kind, wanted in ((False, shows), (True, movies)) if wanted]
        return [item for kind in kinds for item in self.search_titles(word, movies=kind)]

    def find_by_id(self, id_type: str, number: str, *, movies: bool) -> list[WatchItem]:
        """Return the show, or of *movies* the one, with that *number*. Raises NoMatch where v1 does not look there."""
        if movies is (id_type == "tvdb"):
            raise NoMatch(f"API v1 cannot find {'movies' if movies else 'shows'} by --{id_type}. Name the title.")
        title = self._fetch_title(number, movie=movies)
        return [WatchItem(title)] if title else []

    def complete_title(self, title: Title) -> Title:
        """Return *title* with its name and year where it has no number: v1 then uses these."""
        if title.name or any(title.ids.get(name) for name in ("tvdb", "imdb")):
            return title
        return self._fetch_title(str(title.ids["slug"]), movie=title.movie) or title

    def find_next_episode(self, show: Title) -> WatchItem | None:
        """Return the first unwatched episode after the farthest that was watched, None where none has aired yet.

        v1 says season by season what was watched. The last one is asked first: it mostly has the answer.
        """
        later: list[FoundEpisode] = []
        for season in sorted(self._fetch_seasons(show), reverse=True):
            episodes = [each for each in self._fetch_episodes(show, season) if self._has_aired(each)]
            watched = [place for place, each in enumerate(episodes) if each.watched]
            if watched:
                return _find_first_unwatched(show, [*episodes[watched[-1] + 1 :], *later])
            later = [*episodes, *later]
        return _find_first_unwatched(show, later)

    def find_episode(self, show: Title, season: int, number: int) -> WatchItem | None:
        """Return that episode of *show*, None where Trakt has no such one: it says so with 404, and once with 400."""
        answer = self._get_known(f"show/episode/summary.json/{self._key}/{_name_show(show)}/{season}/{number}", 400)
        if answer is None:
            return None
        summary = answer.decode(EpisodeSummary)
        return _make_item(show, summary.episode, summary.show)

    def find_last_watched(self) -> Title | None:
        """Return None: v1 does not say what was watched last."""
        return None

    def _fetch_title(self, name: str, *, movie: bool) -> Title | None:
        """The show or *movie* that addresses call *name*, None where there is none."""
        answer = self._get_known(f"{_name_kind(movie)}/summary.json/{self._key}/{quote(name, safe='')}")
        return make_title(answer.decode(FoundTitle), movie=movie) if answer else None

    def _fetch_seasons(self, show: Title) -> list[int]:
        answer = self._get_known(f"show/seasons.json/{self._key}/{_name_show(show)}")
        if answer is None:
            raise NoMatch(f"Trakt does not know the show {show}.")
        seasons = decode_with_warnings([answer], list[FoundSeason], f"the seasons of {show}")
        return [each.season for each in seasons if each.season]

    def _fetch_episodes(self, show: Title, season: int) -> Sequence[FoundEpisode]:
        answer = self._client.get(f"/show/season.json/{self._key}/{_name_show(show)}/{season}")
        episodes = decode_with_warnings([answer], list[FoundEpisode], f"season {season} of {show}")
        return sorted(episodes, key=lambda each: each.number)

    def _get_known(self, path: str, *unknown: int) -> Answer | None:
        """The answer to a GET, None where the status 404 or *unknown* says that there is no such thing."""
        try:
            return self._client.get(f"/{path}")
        except Refused as error:
            if error.status in (404, *unknown):
                return None
            raise

    def _has_aired(self, episode: FoundEpisode) -> bool:
        starts, now = _resolve_start(episode, FoundSlot()), self._now()
        if isinstance(starts, datetime):
            return starts <= now
        return starts is not None and starts <= now.date()


def make_title(wire: FoundTitle, *, movie: bool) -> Title:
    """Return the show or *movie* of an answer."""
    ids: dict[str, int | str] = {}
    for name, given in (("tvdb", wire.tvdb_id), ("tmdb", wire.tmdb_id)):
        number = str(given or "").strip()
        if number.isdecimal() and int(number):
            ids[name] = int(number)
    if wire.imdb_id:
        ids["imdb"] = wire.imdb_id
    if slug := read_slug(wire.url):
        ids["slug"] = slug
    return Title(wire.title or "", wire.year, ids, movie=movie, runtime=parse_runtime(wire.runtime))


def _find_first_unwatched(show: Title, episodes: Sequence[FoundEpisode]) -> WatchItem | None:
    return next((_make_item(show, each, FoundSlot()) for each in episodes if not each.watched), None)


def _make_item(show: Title, episode: FoundEpisode, slot: FoundSlot) -> WatchItem:
    tvdb = str(episode.tvdb_id or "")
    return WatchItem(
        show,
        episode.season,
        episode.number,
        episode_title=episode.title or "",
        episode_tvdb=int(tvdb) if tvdb.isdecimal() and int(tvdb) else None,
        runtime=show.runtime,
        starts=_resolve_start(episode, slot),
    )


def _resolve_start(episode: FoundEpisode, slot: FoundSlot) -> Moment | None:
    """When *episode* airs; a date where the *slot* does not say the hour, None where the day is not known."""
    stated = episode.first_aired, episode.first_aired_iso, episode.first_aired_utc
    try:
        return resolve_instant(AirTimes(*stated, None, slot.air_time, slot.air_day, slot.network, slot.country))
    except (ValueError, OverflowError, OSError):
        return None


def _name_show(show: Title) -> str:
    """How v1's addresses call *show*: by its number at TVDB, else by its slug."""
    return quote(str(show.ids.get("tvdb") or show.ids.get("slug") or ""), safe="")


def _name_kind(movie: bool) -> str:
    return "movie" if movie else "show"


def _name_item(item: WatchItem) -> dict[str, object]:
    """The part of the POST that names *item*; title and year go along where they are known, as the page asks."""
    title, ids = item.title, item.title.ids
    names = ("imdb", "tmdb") if title.movie else ("tvdb",) if "tvdb" in ids else ("imdb",)
    words: dict[str, object] = {f"{name}_id": ids[name] for name in names if name in ids}
    words |= {name: value for name, value in (("title", title.name), ("year", title.year)) if value}
    if title.movie:
        return words
    if item.season is None or item.number is None:
        raise NoMatch("API v1 knows no absolute numbers. Name season and number, such as 2x03.")
    return {**words, "season": item.season, "episode": item.number}


def _read_shared(answer: Answer) -> frozenset[str]:
    fields = answer.decode(dict[str, msgspec.Raw])
    return frozenset(name for name in SHARED if bytes(fields.get(name, b"")) == b"true")


@contextlib.contextmanager
def open_api(connection: Connection) -> Iterator[CheckInApi]:
    """Open check-ins for the account of *connection*. Raises SettingsError without a username and a password."""
    for name in ("username", "password"):
        if not getattr(connection, name):
            raise SettingsError(
                f"No {name}. A check-in over API v1 needs one: set {name} or TRAKT_ICAL_{name.upper()}."
            )
    with open_client(connection) as client:
        yield CheckInV1(client, connection)
