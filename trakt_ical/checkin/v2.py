"""Check-in over API v2: `POST /checkin`, `DELETE /checkin`, `GET /users/me/watching`, the search, and the progress."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated
from urllib.parse import quote

import msgspec

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
from trakt_ical.errors import BrokenAnswer, CheckInRunning, NoMatch, Refused, TraktError
from trakt_ical.fetch.odd_entries import decode_with_warnings
from trakt_ical.fetch.sources import CHECK_IN_V2, Connection, parse_runtime
from trakt_ical.fetch.v2.source import open_client
from trakt_ical.fetch.v2.wire import FoundEpisode, FoundIds, FoundMovie, FoundShow
from trakt_ical.model import Moment, check_years
from trakt_ical.trakt.client import Answer, Client

REGULAR = {"hidden": "false", "specials": "false", "count_specials": "false", "extended": "full"}

_LUCENE = re.compile(r'([+\-!(){}\[\]^"~*?:/\\]|&&|\|\|)')
"""What Lucene, in which Trakt searches, reads as its own signs."""

_OPERATORS = re.compile(r"\b(AND|OR|NOT)\b")

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class _Result(msgspec.Struct):
    show: FoundShow | None = None
    movie: FoundMovie | None = None
    episode: FoundEpisode | None = None


class _Progress(msgspec.Struct):
    """*next_episode* has aired and was not watched; null where all was."""

    next_episode: FoundEpisode | None = None


class _Watched(msgspec.Struct):
    show: FoundShow


class _Started(msgspec.Struct):
    """The answer to a check-in; it does not say until when."""

    watched_at: Instant
    sharing: dict[str, bool | None] | None = None

    def __post_init__(self) -> None:
        check_years((self.watched_at,))


class _Conflict(msgspec.Struct):
    expires_at: Instant

    def __post_init__(self) -> None:
        check_years((self.expires_at,))


class _Watching(msgspec.Struct):
    expires_at: Instant
    started_at: Instant
    action: str = "checkin"
    movie: FoundMovie | None = None
    show: FoundShow | None = None
    episode: FoundEpisode | None = None

    def __post_init__(self) -> None:
        check_years((self.expires_at, self.started_at))


class CheckInV2:
    """The check-ins, the search and the progress of the login that *client* signs with."""

    abilities = CHECK_IN_V2

    def __init__(self, client: Client) -> None:
        self._client = client

    def make_post(self, item: WatchItem, extras: CheckInExtras) -> CheckInPost:
        """Return the POST that checks in to *item*.

        Every network is named: of one that is left out Trakt decides by the settings of the account.
        """
        sharing = {name: name in extras.share for name in CHECK_IN_V2.networks}
        message = {"message": extras.message} if extras.message else {}
        return CheckInPost("/checkin", {**_name_item(item), "sharing": sharing, **message})

    def start(self, item: WatchItem, extras: CheckInExtras) -> Started | Conflict:
        """Check in, with one POST. Raises NoMatch where Trakt does not know *item*."""
        post = self.make_post(item, extras)
        answer = self._client.post(post.path, post.body, expected={404, 409})
        if answer.status == 404:
            raise NoMatch(f"Trakt does not know {item}.")
        # Trakt says only until when something runs; what it is takes another request, see `fetch_watching`.
        if answer.status == 409:
            return self._make_conflict(answer)
        started = answer.decode(_Started)
        since = started.watched_at.astimezone(UTC)
        runtime = item.runtime or item.title.runtime
        shared = frozenset(name for name, done in (started.sharing or {}).items() if done)
        return Started(item, since, since + runtime if runtime else None, shared)

    def _make_conflict(self, answer: Answer) -> Conflict:
        """Return what a 409 says. Raises CheckInRunning where neither it nor a request tells until when one runs."""
        try:
            return Conflict(answer.decode(_Conflict).expires_at.astimezone(UTC))
        except BrokenAnswer:
            watching = None
            with contextlib.suppress(TraktError):
                watching = self.fetch_watching()
            if watching is None or watching.until is None:
                raise CheckInRunning("A check-in is running, and Trakt does not say until when.") from None
            return Conflict(watching.until, watching)

    def fetch_watching(self) -> Watching | None:
        """Return what is being watched; 204 means that nothing is."""
        answer = self._client.get("/users/me/watching", {"extended": "full"})
        if answer.status == 204:
            return None
        watching = answer.decode(_Watching)
        item = make_item(watching.show, watching.episode, watching.movie)
        if item is None:
            raise BrokenAnswer("Trakt does not say what is being watched.")
        since, until = watching.started_at.astimezone(UTC), watching.expires_at.astimezone(UTC)
        # The span of the check-in is the runtime that Trakt uses, whatever the show's page says.
        return Watching(replace(item, runtime=until - since), since, until, watching.action != "checkin")

    def cancel(self, *, movie: bool) -> None:  # noqa: ARG002  one request ends either
        """End the check-in that runs."""
        if self._client.delete("/checkin").status != 204:
            raise BrokenAnswer("Trakt does not say that it ended the check-in.")

    def search_titles(self, words: str, *, movies: bool) -> list[WatchItem]:
        """Return the shows, or *movies*, of exactly that title, else those that a search finds, best first."""
        kind = "movie" if movies else "show"
        query = {"query": _escape_lucene(words), "extended": "full"}
        return self._search(f"/search/{kind}/exact", query) or self._search(f"/search/{kind}", query)

    def search_word(self, word: str, *, shows: bool, movies: bool) -> list[WatchItem]:
        """Return the *shows* and *movies* with *word* in their titles, best first."""
        kinds = ",".join(name for name, wanted in (("show", shows), ("movie", movies)) if wanted)
        return self._search(f"/search/{kinds}", {"query": _escape_lucene(word), "limit": "50", "extended": "full"})

    def find_by_id(self, id_type: str, number: str, *, movies: bool) -> list[WatchItem]:
        """Return what has that *number*: at IMDb a show, movie or episode, elsewhere a show, or one of *movies*."""
        types = "movie" if movies else "show,movie,episode" if id_type == "imdb" else "show"
        return self._search(f"/search/{id_type}/{quote(number, safe='')}", {"type": types, "extended": "full"})

    def complete_title(self, title: Title) -> Title:
        """Return *title* as it is: Trakt's own number suffices."""
        return title

    def find_next_episode(self, show: Title) -> WatchItem | None:
        """Return the next unwatched episode of *show* that has aired, None where there is none."""
        answer = self._get_known(f"/shows/{show.ids['trakt']}/progress/watched", REGULAR)
        if answer is None:
            raise NoMatch(f"Trakt does not know the show {show}.")
        episode = answer.decode(_Progress).next_episode
        return make_episode_item(show, episode) if episode else None

    def find_episode(self, show: Title, season: int, number: int) -> WatchItem | None:
        """Return that episode of *show*, None where Trakt has no such episode."""
        path = f"/shows/{show.ids['trakt']}/seasons/{season}/episodes/{number}"
        answer = self._get_known(path, {"extended": "full"})
        return make_episode_item(show, answer.decode(FoundEpisode)) if answer else None

    def find_last_watched(self) -> Title | None:
        """Return the show whose episode was watched last."""
        answer = self._client.get("/users/me/watched/shows", {"limit": "1", "extended": "full"})
        titles = (make_title(each.show) for each in decode_with_warnings([answer], list[_Watched], "what you watched"))
        return next((title for title in titles if "trakt" in title.ids), None)

    def _search(self, path: str, query: dict[str, str]) -> list[WatchItem]:
        answer = self._client.get(path, query)
        return list(_remove_doubles(decode_with_warnings([answer], list[_Result], "the results of the search")))

    def _get_known(self, path: str, query: dict[str, str]) -> Answer | None:
        """The answer to a GET, None where Trakt does not know what it is about."""
        try:
            return self._client.get(path, query)
        except Refused as error:
            if error.status == 404:
                return None
            raise


def make_item(show: FoundShow | None, episode: FoundEpisode | None, movie: FoundMovie | None) -> WatchItem | None:
    """Return the movie, the episode of the show, or the show as a whole; None where none of them is there."""
    if movie is not None:
        runtime = parse_runtime(movie.runtime)
        title = Title(movie.title or "", movie.year, _read_ids(movie.ids), movie=True, runtime=runtime)
        return WatchItem(title, runtime=runtime, starts=_parse_day(movie.released))
    if show is None:
        return None
    return make_episode_item(make_title(show), episode) if episode else WatchItem(make_title(show))


def make_title(show: FoundShow) -> Title:
    """Return the show of an answer."""
    return Title(show.title or "", show.year, _read_ids(show.ids), runtime=parse_runtime(show.runtime))


def make_episode_item(show: Title, episode: FoundEpisode) -> WatchItem:
    """Return an episode of *show*."""
    return WatchItem(
        show,
        episode.season,
        episode.number,
        episode.number_abs,
        episode_title=episode.title or "",
        episode_tvdb=episode.ids.tvdb if episode.ids else None,
        runtime=parse_runtime(episode.runtime) or show.runtime,
        starts=_parse_instant(episode.first_aired),
    )


def _remove_doubles(results: Iterable[_Result]) -> Iterator[WatchItem]:
    seen = set()
    for result in results:
        item = make_item(result.show, result.episode, result.movie)
        if item is None or not item.title.ids.get("trakt"):
            continue
        key = (item.title.movie, item.title.ids["trakt"], item.season, item.number)
        if key not in seen:
            seen.add(key)
            yield item


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
        return instant.astimezone(UTC) if instant.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _escape_lucene(words: str) -> str:
    """*words* as words and nothing else."""
    return _LUCENE.sub(r"\\\1", _OPERATORS.sub(lambda match: match[0].lower(), words))


def _name_item(item: WatchItem) -> dict[str, object]:
    """The part of the POST that names *item*, by Trakt's own number: by others it would have to guess."""
    ids = {"ids": {"trakt": item.title.ids["trakt"]}}
    if item.title.movie:
        return {"movie": ids}
    if item.season is None:
        return {"show": ids, "episode": {"number_abs": item.absolute}}
    return {"show": ids, "episode": {"season": item.season, "number": item.number}}


@contextlib.contextmanager
def open_api(connection: Connection) -> Iterator[CheckInApi]:
    """Open check-ins for the login of *connection*."""
    with open_client(connection) as client:
        yield CheckInV2(client)
