"""The user's lists over API v2: what is hidden, watched, and on the watchlist.

What was watched and the watchlist are long, so they are kept, and asked for again only when
`/sync/last_activities` says that they changed. Each entry has a name: `trakt-1388` is a show,
`trakt-1388-2` its second season, `trakt-1388-2-3` an episode, `trakt-movie-28` a movie. A watched
episode is `trakt-episode-73640`: its id is all that the shortest answer has.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from trakt_ical.errors import BrokenAnswer, NotKept, Refused, TraktError
from trakt_ical.fetch.odd_entries import decode_with_warnings
from trakt_ical.fetch.v2.wire import MOVIE_CALENDARS, Activities, ListedTitle, ListEntry
from trakt_ical.files import JsonFile
from trakt_ical.model import Airing, Movie
from trakt_ical.trakt.client import Answer, Client

log = logging.getLogger(__name__)


def get_pages(client: Client, path: str, query: Mapping[str, str]) -> list[Answer]:
    """Return all pages of the answer to a GET of *path*; the first one says how many there are."""
    answers = [client.get(path, query)]
    # Without this limit an odd header field would make the run ask for millions of pages.
    count = answers[0].headers.get("X-Pagination-Page-Count", "1")
    if not count.isdecimal() or len(count) > 3:
        raise BrokenAnswer(f"Trakt's answer is not what Trakt documents: it speaks of {count[:20]} pages.")
    return answers + [client.get(path, {**query, "page": str(page)}) for page in range(2, int(count) + 1)]


Names: TypeAlias = frozenset[str]
PAGE = "100"  # entries in one answer
LONG_PAGE = "500"  # where they are short
TOO_LARGE = 413
EVERYTHING = {"extended": "min", "limit": "all"}  # ids and times only; then Trakt puts all of them into one answer
EPISODE, MOVIE = "trakt-episode-", "trakt-movie-"


class KeptList(msgspec.Struct):
    """One list as it was when the user's last activity of its kind was at *stamp*."""

    stamp: str
    names: Names


class Marks(msgspec.Struct, frozen=True):
    """The names of what the user *watched* and has on the *watchlist*; None: nobody asked for that."""

    watched: Names | None = None
    watchlist: Names | None = None

    def mark(self, airings: Iterable[Airing]) -> list[Airing]:
        """Return *airings*, each marked as watched and as on the watchlist."""
        return [self._mark_one(airing) for airing in airings]

    def _mark_one(self, airing: Airing) -> Airing:
        return replace(
            airing,
            watched=None if self.watched is None else _name_watched(airing) in self.watched,
            watchlisted=None if self.watchlist is None else not self.watchlist.isdisjoint(_list_names(airing)),
        )


class Lists:
    """The lists of the account that *client* signs for; long ones are kept in *folder*."""

    def __init__(self, client: Client, folder: Path) -> None:
        self._client = client
        self._folder = folder
        self._kept: dict[str, None] = {}  # faults that were got over, each once

    def fetch_hidden(self, section: str) -> Names:
        """Return the shows and movies of the hidden list *section*; its single seasons are skipped.

        Where Trakt fails to answer, it is the list of last time. Raises TraktError where there never was one.
        """
        file = JsonFile(self._folder / f"hidden-{section}.json", KeptList, "kept list")
        try:
            entries = self._fetch_entries(f"/users/hidden/{section}", f"your hidden list “{section}”")
        except TraktError as error:
            # These lists have failed for hours while the calendar answered. Which shows are hidden changes rarely.
            kept = file.load_if_readable(logging.DEBUG)
            if kept is None:
                raise
            if not isinstance(error, NotKept):
                self._kept[str(error)] = None
            return kept.names
        names = frozenset(name for entry in entries if entry.season is None for name in _name_entry(entry))
        known = file.load_if_readable(logging.DEBUG)
        if known is None or known.names != names:  # a command that only looks changes no file
            file.save_if_possible(KeptList("", names))
        return names

    def warn_of_kept(self) -> None:
        """Say which faults made hidden lists of last time count."""
        for error in self._kept:
            log.warning("What you hid or dropped is that of last time: %s", error)
        self._kept.clear()

    def fetch_activities(self) -> Activities:
        """Return when the user last did what. Where Trakt says it in another form, nothing is known of it."""
        answer = self._client.get("/sync/last_activities")
        try:
            return answer.decode(Activities)
        except BrokenAnswer as error:
            # Without the times, lists are asked for again: that costs requests, and not the calendar.
            log.debug("%s", error)
            return Activities()

    def fetch_marks(self, kinds: Collection[str], *, watched: bool = False, watchlist: bool = False) -> Marks:
        """Return what the user *watched* of *kinds* of calendars, and the *watchlist*, each where it is asked for."""
        activities = self.fetch_activities()
        return Marks(
            self._fetch_watched(activities, kinds) if watched else None,
            self._fetch_watchlist(activities) if watchlist else None,
        )

    def _fetch_watched(self, activities: Activities, kinds: Collection[str]) -> Names:
        watched: Names = frozenset()
        if not MOVIE_CALENDARS.keys() >= set(kinds):
            watched |= self._load_or_fetch("watched-shows", [activities.episodes.watched_at], self._fetch_watched_shows)
        if MOVIE_CALENDARS.keys() & set(kinds):
            watched |= self._load_or_fetch("watched-movies", [activities.movies.watched_at], self._fetch_watched_movies)
        return watched

    def _fetch_watchlist(self, activities: Activities) -> Names:
        parts = (activities.movies, activities.shows, activities.seasons, activities.episodes)
        stamps = [activities.watchlist.updated_at, *(part.watchlisted_at for part in parts)]
        return self._load_or_fetch("watchlist", stamps, self._fetch_watchlist_names)

    def _load_or_fetch(self, name: str, stamps: Iterable[str | None], fetch: Callable[[], Names]) -> Names:
        """Return the list *name* as it was kept with the same *stamps*, else as Trakt has it now."""
        file, stamp = JsonFile(self._folder / f"{name}.json", KeptList, "kept list"), " ".join(filter(None, stamps))
        known = file.load_if_readable(logging.DEBUG)
        # The stamp was read before the list is fetched: a change in between makes the next run fetch it once too
        # often. The other way round, that change would go unseen until the next one.
        if known is None or known.stamp != stamp or not stamp:
            known = KeptList(stamp, fetch())
            file.save_if_possible(known)
        return known.names

    def _fetch_watched_shows(self) -> Names:
        answers = self._get_everything("/users/me/watched/shows", {"specials": "true"})
        seasons = _read_parts(_read_parts([answer.decode(dict[str, Any]) for answer in answers]))
        return frozenset(f"{EPISODE}{number}" for season in seasons for number in season)

    def _fetch_watched_movies(self) -> Names:
        answers = self._get_everything("/users/me/watched/movies", {})
        return frozenset(f"{MOVIE}{number}" for answer in answers for number in answer.decode(dict[str, Any]))

    def _get_everything(self, path: str, query: Mapping[str, str]) -> list[Answer]:
        try:
            return get_pages(self._client, path, {**EVERYTHING, **query})
        except Refused as error:
            if error.status != TOO_LARGE:
                raise
            # Trakt refuses to put more than about 99,000 watched episodes into one answer.
            return get_pages(self._client, path, {**EVERYTHING, **query, "limit": LONG_PAGE})

    def _fetch_watchlist_names(self) -> Names:
        entries = self._fetch_entries("/users/me/watchlist/all/rank/asc", "your watchlist")
        return frozenset(name for entry in entries for name in _name_entry(entry))

    def _fetch_entries(self, path: str, place: str) -> list[ListEntry]:
        return decode_with_warnings(get_pages(self._client, path, {"limit": PAGE}), list[ListEntry], place)


def _read_parts(wholes: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the objects inside *wholes*; what is none costs a warning."""
    parts = [part for whole in wholes for part in whole.values()]
    odd = sum(bool(part) and not isinstance(part, dict) for part in parts)  # an empty list stands for an empty object
    if odd:
        log.warning("Left out: %d entries in the list of what you watched are not what Trakt documents.", odd)
    return [part for part in parts if isinstance(part, dict)]


def _name_watched(airing: Airing) -> str:
    return airing.key if isinstance(airing, Movie) else f"{EPISODE}{airing.episode_id}"


def _list_names(airing: Airing) -> list[str]:
    """Return the names under which the watchlist may hold *airing*: its own, and those of what it is a part of."""
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


def _make_name(kind: str, named: ListedTitle | None) -> str:
    """Return `trakt-KIND-ID`, "" where there is no id."""
    if named is None or named.ids is None or not named.ids.trakt:
        return ""
    return "-".join(filter(None, ("trakt", kind, str(named.ids.trakt))))
