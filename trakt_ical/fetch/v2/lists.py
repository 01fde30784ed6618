"""The user's lists over API v2: what is hidden, watched, and on the watchlist.

What was watched and the watchlist are long, so they are kept, and asked for again only when
`/sync/last_activities` says that they changed. An entry is told by a name: `trakt-1388` for a
show, `trakt-1388-2` for its second season, `trakt-1388-2-3` for an episode, `trakt-movie-28`;
a watched episode by `trakt-episode-73640`, since its id is all that the shortest answer has.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import msgspec

from trakt_ical.errors import BrokenAnswer
from trakt_ical.fetch.v2.wire import MOVIE_CALENDARS, Activities, ListEntry, Named, WatchedMovies, WatchedShows
from trakt_ical.files import JsonFile
from trakt_ical.model import Airing, Movie
from trakt_ical.trakt.client import Answer, Client


def get_pages(client: Client, path: str, query: Mapping[str, str]) -> list[Answer]:
    """All pages of the answer to a GET of *path*; the first one's X-Pagination-Page-Count says how many there are."""
    answers = [client.get(path, query)]
    count = answers[0].headers.get("X-Pagination-Page-Count", "1")
    if not count.isdecimal() or len(count) > 3:
        raise BrokenAnswer(f"Trakt's answer is not what Trakt documents: it speaks of {count[:20]} pages.")
    return answers + [client.get(path, {**query, "page": str(page)}) for page in range(2, int(count) + 1)]


Names: TypeAlias = frozenset[str]
PAGE = "100"  # entries in one answer
EVERYTHING = {"extended": "min", "limit": "all"}  # ids and times alone, and so all of them in one answer
EPISODE, MOVIE = "trakt-episode-", "trakt-movie-"


class KeptList(msgspec.Struct):
    """One list as it was when the user's activities bore *stamp*."""

    stamp: str
    names: Names


@dataclass(frozen=True, slots=True)
class Marks:
    """The names of what the user *watched* and has on the *watchlist*; None: that was not asked for."""

    watched: Names | None = None
    watchlist: Names | None = None

    def put_on(self, airings: list[Airing]) -> list[Airing]:
        """*airings* with what is known of each."""
        return [self._marked(airing) for airing in airings]

    def _marked(self, airing: Airing) -> Airing:
        return replace(
            airing,
            watched=None if self.watched is None else _name_watched(airing) in self.watched,
            watchlisted=None if self.watchlist is None else not self.watchlist.isdisjoint(_name_listed(airing)),
        )


class Lists:
    """The lists of the login that *client* signs with; long ones are kept in *folder*."""

    def __init__(self, client: Client, folder: Path) -> None:
        self._client = client
        self._folder = folder

    def hidden(self, section: str) -> Names:
        """The shows and movies of the hidden list *section*; its single seasons are passed over."""
        entries = self._entries(f"/users/hidden/{section}")
        return frozenset(name for entry in entries if entry.season is None for name in _name_entry(entry))

    def fetch_marks(self, kinds: Collection[str], *, watched: bool = False, watchlist: bool = False) -> Marks:
        """Return what the user *watched* of *kinds* of calendars, and the *watchlist*, each where it is asked for."""
        activities = self._client.get("/sync/last_activities").decode(Activities)
        return Marks(
            self._watched(activities, kinds) if watched else None,
            self._watchlist(activities) if watchlist else None,
        )

    def _watched(self, activities: Activities, kinds: Collection[str]) -> Names:
        watched: Names = frozenset()
        if not MOVIE_CALENDARS.keys() >= set(kinds):
            watched |= self._kept("watched-shows", [activities.episodes.watched_at], self._ask_watched_shows)
        if MOVIE_CALENDARS.keys() & set(kinds):
            watched |= self._kept("watched-movies", [activities.movies.watched_at], self._ask_watched_movies)
        return watched

    def _watchlist(self, now: Activities) -> Names:
        parts = (now.movies, now.shows, now.seasons, now.episodes)
        stamps = [now.watchlist.updated_at, *(part.watchlisted_at for part in parts)]
        return self._kept("watchlist", stamps, self._ask_watchlist)

    def _kept(self, name: str, stamps: Iterable[str | None], ask: Callable[[], Names]) -> Names:
        """The list *name* as it was kept with the same *stamps*, else as Trakt tells it now."""
        file, stamp = JsonFile(self._folder / f"{name}.json", KeptList, "kept list"), " ".join(filter(None, stamps))
        known = file.load_if_readable(logging.DEBUG)
        if known is None or known.stamp != stamp or not stamp:
            known = KeptList(stamp, ask())
            file.save_if_possible(known)
        return known.names

    def _ask_watched_shows(self) -> Names:
        answers = get_pages(self._client, "/users/me/watched/shows", {**EVERYTHING, "specials": "true"})
        shows = (show for answer in answers for show in answer.decode(WatchedShows).values())
        return frozenset(f"{EPISODE}{number}" for seasons in shows for season in seasons.values() for number in season)

    def _ask_watched_movies(self) -> Names:
        answers = get_pages(self._client, "/users/me/watched/movies", EVERYTHING)
        return frozenset(f"{MOVIE}{number}" for answer in answers for number in answer.decode(WatchedMovies))

    def _ask_watchlist(self) -> Names:
        entries = self._entries("/users/me/watchlist/all/rank/asc")
        return frozenset(name for entry in entries for name in _name_entry(entry))

    def _entries(self, path: str) -> Iterator[ListEntry]:
        for answer in get_pages(self._client, path, {"limit": PAGE}):
            yield from answer.decode(list[ListEntry])


def _name_watched(airing: Airing) -> str:
    return airing.key if isinstance(airing, Movie) else f"{EPISODE}{airing.episode_id}"


def _name_listed(airing: Airing) -> list[str]:
    """The names under which the watchlist may hold *airing*: its own, and those of what it is a part of."""
    if isinstance(airing, Movie):
        return [airing.key]
    season = f"{airing.show.key}-{airing.season}"
    return [airing.show.key, season, f"{season}-{airing.number}"]


def _name_entry(entry: ListEntry) -> Iterator[str]:
    show = _make_name("", entry.show)
    if show and entry.episode:
        yield f"{show}-{entry.episode.season}-{entry.episode.number}"
    elif show and entry.season:
        yield f"{show}-{entry.season.number}"
    elif show:
        yield show
    if movie := _make_name("movie", entry.movie):
        yield movie


def _make_name(kind: str, named: Named | None) -> str:
    """`trakt-KIND-ID`, "" where there is no id."""
    if named is None or named.ids is None or not named.ids.trakt:
        return ""
    return "-".join(filter(None, ("trakt", kind, str(named.ids.trakt))))
