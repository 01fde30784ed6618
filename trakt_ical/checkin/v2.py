"""Check-in over API v2: `POST /checkin`, `DELETE /checkin`, `GET /users/me/watching`."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated
from urllib.parse import quote

import msgspec

from trakt_ical.checkin.items import Busy, CheckInExtras, CheckInPost, Started, Title, Watching, WatchItem
from trakt_ical.errors import NoMatch, Refused
from trakt_ical.fetch.source import Connection
from trakt_ical.fetch.source import parse_runtime as runtime_of
from trakt_ical.fetch.v2.source import open_client
from trakt_ical.fetch.v2.wire import FoundEpisode, FoundIds, FoundMovie, FoundShow
from trakt_ical.model import Moment
from trakt_ical.trakt.client import Client

_LUCENE = re.compile(r'([+\-!(){}\[\]^"~*?:/\\]|&&|\|\|)')
"""What Lucene, in which Trakt searches, reads as its own signs."""

_OPERATORS = re.compile(r"\b(AND|OR|NOT)\b")


class _Result(msgspec.Struct):
    show: FoundShow | None = None
    movie: FoundMovie | None = None
    episode: FoundEpisode | None = None


class Search:
    """The search of the server that *client* speaks to."""

    id_types = ("trakt", "imdb", "tvdb", "tmdb")

    def __init__(self, client: Client) -> None:
        self._client = client

    def titles(self, words: str, *, movies: bool) -> list[WatchItem]:
        """The shows, or *movies*, of exactly that title, else those that a search for *words* finds, best first."""
        kind = "movie" if movies else "show"
        query = {"query": _escape_lucene(words), "extended": "full"}
        exact = self._found(f"/search/{kind}/exact", query)
        return exact or self._found(f"/search/{kind}", query)

    def numbered(self, id_type: str, number: str, *, movies: bool) -> list[WatchItem]:
        """What has that *number*: IMDb's tell shows, movies and episodes apart, others are of shows, or of *movies*."""
        types = "movie" if movies else "show,movie,episode" if id_type == "imdb" else "show"
        return self._found(f"/search/{id_type}/{quote(number, safe='')}", {"type": types, "extended": "full"})

    def _found(self, path: str, query: dict[str, str]) -> list[WatchItem]:
        return list(_remove_doubles(self._client.get(path, query).decode(list[_Result])))


def make_item(show: FoundShow | None, episode: FoundEpisode | None, movie: FoundMovie | None) -> WatchItem | None:
    """The movie, the episode of the show, or the show as a whole; None where none of them is there."""
    if movie is not None:
        work = Title(movie.title or "", movie.year, _read_ids(movie.ids), movie=True, runtime=runtime_of(movie.runtime))
        return WatchItem(work, runtime=work.runtime, starts=_parse_day(movie.released))
    if show is None:
        return None
    return make_episode_item(make_title(show), episode) if episode else WatchItem(make_title(show))


def make_title(show: FoundShow) -> Title:
    """The show of an answer."""
    return Title(show.title or "", show.year, _read_ids(show.ids), runtime=runtime_of(show.runtime))


def make_episode_item(show: Title, episode: FoundEpisode) -> WatchItem:
    """An episode of *show*."""
    return WatchItem(
        show,
        episode.season,
        episode.number,
        episode.number_abs,
        title=episode.title or "",
        episode_tvdb=episode.ids.tvdb if episode.ids else None,
        runtime=runtime_of(episode.runtime) or show.runtime,
        starts=_parse_instant(episode.first_aired),
    )


def _remove_doubles(results: Iterable[_Result]) -> Iterator[WatchItem]:
    seen = set()
    for result in results:
        found = make_item(result.show, result.episode, result.movie)
        if found is None or not found.work.ids.get("trakt"):
            continue
        name = (found.work.movie, found.work.ids["trakt"], found.season, found.number)
        if name not in seen:
            seen.add(name)
            yield found


def _read_ids(ids: FoundIds | None) -> dict[str, int | str]:
    return {name: known for name, known in (msgspec.structs.asdict(ids) if ids else {}).items() if known}


def _parse_day(released: str | None) -> date | None:
    try:
        return date.fromisoformat((released or "")[:10])
    except ValueError:
        return None


def _parse_instant(moment: str | None) -> Moment | None:
    try:
        instant = datetime.fromisoformat(moment or "")
    except ValueError:
        return None
    return instant.astimezone(UTC) if instant.tzinfo else None


def _escape_lucene(words: str) -> str:
    """*words* as words and nothing else."""
    return _LUCENE.sub(r"\\\1", _OPERATORS.sub(lambda match: match[0].lower(), words))


REGULAR = {"hidden": "false", "specials": "false", "count_specials": "false", "extended": "full"}


class _Progress(msgspec.Struct):
    """*next_episode* has aired and was not watched; null where all was."""

    next_episode: FoundEpisode | None = None


class _Watched(msgspec.Struct):
    show: FoundShow


class Progress:
    """The progress of the login that *client* signs with."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def following(self, show: Title) -> WatchItem | None:
        """The next unwatched episode of *show* that has aired, None where there is none."""
        try:
            answer = self._client.get(f"/shows/{show.ids['trakt']}/progress/watched", REGULAR)
        except Refused as error:
            if error.status == 404:
                raise NoMatch(f"Trakt knows no show {show}.") from error
            raise
        episode = answer.decode(_Progress).next_episode
        return make_episode_item(show, episode) if episode else None

    def episode(self, show: Title, season: int, number: int) -> WatchItem | None:
        """That episode of *show*, None where Trakt knows no such one."""
        path = f"/shows/{show.ids['trakt']}/seasons/{season}/episodes/{number}"
        try:
            answer = self._client.get(path, {"extended": "full"})
        except Refused as error:
            if error.status == 404:
                return None
            raise
        return make_episode_item(show, answer.decode(FoundEpisode))

    def last_watched(self) -> Title | None:
        """The show of which an episode was watched last."""
        answer = self._client.get("/users/me/watched/shows", {"limit": "1", "extended": "full"})
        titles = (make_title(entry.show) for entry in answer.decode(list[_Watched]))
        return next((title for title in titles if "trakt" in title.ids), None)


Instant = Annotated[datetime, msgspec.Meta(tz=True)]
NETWORKS = ("twitter", "mastodon", "tumblr")


class _Started(msgspec.Struct):
    """The answer to a check-in; it does not say until when."""

    watched_at: Instant
    sharing: dict[str, bool | None] | None = None


class _Busy(msgspec.Struct):
    expires_at: Instant


class _Watching(msgspec.Struct):
    expires_at: Instant
    started_at: Instant
    action: str = "checkin"
    movie: FoundMovie | None = None
    show: FoundShow | None = None
    episode: FoundEpisode | None = None


class CheckIns:
    """The check-ins of the login that *client* signs with."""

    networks: Collection[str] = NETWORKS
    longest_message: int | None = None
    takes_details = False

    def __init__(self, client: Client) -> None:
        self._client = client

    def request(self, what: WatchItem, extras: CheckInExtras) -> CheckInPost:
        """The POST that checks in to *what*: quiet, but for the networks of *extras*."""
        sharing = {name: name in extras.share for name in NETWORKS}
        message = {"message": extras.message} if extras.message else {}
        return CheckInPost("/checkin", {**_name_item(what), "sharing": sharing, **message})

    def start(self, what: WatchItem, extras: CheckInExtras) -> Started | Busy:
        """Check in, with one POST. Raises NoMatch where Trakt knows no such thing."""
        request = self.request(what, extras)
        answer = self._client.post(request.path, request.body, expected={404, 409})
        if answer.status == 404:
            raise NoMatch(f"Trakt knows no {what}.")
        if answer.status == 409:
            return Busy(answer.decode(_Busy).expires_at.astimezone(UTC))
        said = answer.decode(_Started)
        since = said.watched_at.astimezone(UTC)
        runtime = what.runtime or what.work.runtime
        shared = frozenset(name for name, was in (said.sharing or {}).items() if was)
        return Started(what, since, since + runtime if runtime else None, shared)

    def watching(self) -> Watching | None:
        """What is being watched; Trakt's 204 says nothing."""
        answer = self._client.get("/users/me/watching", {"extended": "full"})
        if answer.status == 204:
            return None
        said = answer.decode(_Watching)
        found = make_item(said.show, said.episode, said.movie)
        if found is None:
            return None
        since, until = said.started_at.astimezone(UTC), said.expires_at.astimezone(UTC)
        return Watching(replace(found, runtime=until - since), since, until, said.action != "checkin")

    def cancel(self, *, movie: bool) -> None:  # noqa: ARG002  v1 has two ways
        """End the check-in that runs."""
        self._client.delete("/checkin")


def _name_item(what: WatchItem) -> dict[str, object]:
    """The part of the POST that names *what*, by Trakt's own ids: by others it would have to guess."""
    ids = {"ids": {"trakt": what.work.ids["trakt"]}}
    if what.work.movie:
        return {"movie": ids}
    if what.season is None:
        return {"show": ids, "episode": {"number_abs": what.absolute}}
    return {"show": ids, "episode": {"season": what.season, "number": what.number}}


@contextlib.contextmanager
def open_check_in(connection: Connection) -> Iterator[tuple[CheckIns, Search, Progress]]:
    """Open the check-ins, the search and the progress of the login of *connection*."""
    with open_client(connection) as client:
        yield CheckIns(client), Search(client), Progress(client)
