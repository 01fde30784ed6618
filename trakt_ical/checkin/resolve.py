"""Finds the one episode or movie that a query refers to: what is on now, a title of the calendar, or Trakt's search."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from trakt_ical.checkin.items import CheckInApi, EpisodeRef, Query, Title, WatchItem
from trakt_ical.checkin.listings import Schedule, make_show_title
from trakt_ical.errors import NoMatch
from trakt_ical.model import Episode
from trakt_ical.transform.title_matching import find_nearest, normalize_title

MOST_EPISODES = 5  # offered where nothing is on
MOST_TITLES = 10  # offered of the fifty that a search finds; another word tells them apart
MOST_WORDS = 3  # of a title that is not found, each looked for alone
_DATED = re.compile(r"(.+?) \(?((?:19|20|21)\d\d)\)?")


class Chooser(Protocol):
    """Chooses where a query fits several things equally."""

    @property
    def present(self) -> bool:
        """Whether somebody can be asked."""
        ...

    def choose(self, sentence: str, items: Sequence[WatchItem]) -> WatchItem:
        """Return one of *items*, which come likeliest first, after saying *sentence*. Raises NoMatch."""
        ...


class WatchedMarks(Protocol):
    """Knows what the user has watched."""

    def mark_watched(self, schedule: Schedule) -> Schedule:
        """Return *schedule*, each airing with whether the user has watched it by now. Raises TraktIcalError."""
        ...


@dataclass(frozen=True)
class ItemFinder:
    """Finds what a query refers to in the *schedule*, else by the *api*.

    The *marks* are fetched only where it matters what was watched: each request is time that somebody waits.
    """

    schedule: Schedule
    api: CheckInApi
    marks: WatchedMarks
    chooser: Chooser

    def find(self, query: Query) -> WatchItem:
        """Return the item. Raises NoMatch where there is none, or several and nobody to choose."""
        if query.number:
            return self._find_in(self._find_by_id(query), query.episode)
        if query.words:
            return self._find_in(self._find_title(query), query.episode)
        if query.movie or query.episode:
            raise NoMatch("Name the movie." if query.movie else "Name the show, too.")
        return self._find_on_now()

    def _find_on_now(self) -> WatchItem:
        """What is on; else the latest unwatched airing; else the next episode of the show that was watched last."""
        on_now = self.schedule.list_on_now()
        if len(on_now) == 1:
            return self.schedule.make_item(on_now[0])
        marked = self.marks.mark_watched(self.schedule)
        if on_now:
            unwatched = [each for each in marked.list_on_now() if not each.watched]
            several = self.schedule.keep_first_of_events(unwatched or on_now)
            return self._choose_episode("Several episodes are on now.", several)
        waiting = list(_keep_first_of_show(each for each in marked.list_begun() if not each.watched))
        if not waiting:
            return self._find_after_last_watched()
        # A script gets the latest one. Who sits at a terminal may rather have had another one of this week in mind.
        recent = [each for each in waiting if self.schedule.is_recent(each)][:MOST_EPISODES]
        return self._choose_episode("Nothing is on now.", recent if self.chooser.present and recent else waiting[:1])

    def _find_after_last_watched(self) -> WatchItem:
        show = self.api.find_last_watched()
        item = self.api.find_next_episode(show) if show else None
        if item is None:
            raise NoMatch("Nothing is on now, and you have watched all that aired. Name a title.")
        return self._time_as_shown(item)

    def _time_as_shown(self, item: WatchItem) -> WatchItem:
        """Return *item*, which the API found, with the time at which the calendar shows it, where it lists it."""
        listed = self.schedule.find_episode(item.title, item.season, item.number)
        return replace(item, starts=listed.starts) if listed else item

    def _choose_episode(self, sentence: str, episodes: Sequence[Episode]) -> WatchItem:
        return self._choose(sentence, [self.schedule.make_item(each) for each in episodes])

    def _choose(self, sentence: str, items: Sequence[WatchItem]) -> WatchItem:
        return items[0] if len(items) == 1 else self.chooser.choose(sentence, items)

    def _find_title(self, query: Query) -> WatchItem:
        """The show or movie that the words of *query* name: the calendar's first, since a request takes time."""
        kinds = {"shows": not query.movie, "movies": query.movie or query.episode is None}
        found = self.schedule.find_titles(query.words, **kinds) or self._search(query)
        if not found:
            near = tuple(_name_title(each) for each in self._find_nearest(query.words, **kinds))
            raise NoMatch(
                f"Neither your calendar nor Trakt has “{query.words}”.{' The nearest titles:' if near else ''}", near
            )
        return self._choose(f"“{query.words}” fits several titles.", found[:MOST_TITLES])

    def _search(self, query: Query) -> list[WatchItem]:
        """What Trakt's search finds: shows, and movies where it finds no show and no episode is named."""
        found = self._search_kind(query.words, movies=query.movie)
        if found or query.movie or query.episode:
            return found
        return self._search_kind(query.words, movies=True)

    def _search_kind(self, words: str, *, movies: bool) -> list[WatchItem]:
        """The shows or *movies* that a search finds; a year at the end of *words* tells titles of one name apart."""
        if dated := _DATED.fullmatch(words):
            found = self.api.search_titles(dated[1], movies=movies)
            if of_year := [each for each in found if each.title.year == int(dated[2])]:
                return _prefer_exact(dated[1], of_year)
        return _prefer_exact(words, self.api.search_titles(words, movies=movies))

    def _find_nearest(self, words: str, *, shows: bool, movies: bool) -> list[Title]:
        """The titles of the calendar, and of those that Trakt has, that are spelled most like *words*."""
        titles = [each.title for each in self.schedule.find_nearest_titles(words, shows=shows, movies=movies)]
        # A search wants every word as it is spelled. One word at a time finds the title unless all are misspelt.
        for word in sorted(set(normalize_title(words).split()), key=lambda each: (-len(each), each))[:MOST_WORDS]:
            found = [each.title for each in self.api.search_word(word, shows=shows, movies=movies)]
            new = [each for each in found if not any(each.is_same(other) for other in titles)]
            titles += new
            if find_nearest(words, _name_titles(new)):
                break
        return [titles[place] for place in find_nearest(words, _name_titles(titles))]

    def _find_by_id(self, query: Query) -> WatchItem:
        for show in self.schedule.list_shows() if not query.movie else ():
            title = make_show_title(show)
            if str(title.ids.get(query.id_type)) == query.number:
                return WatchItem(title)
        if query.id_type not in self.api.abilities.search_ids:
            raise NoMatch(f"This API cannot find anything by --{query.id_type}. Name the title.")
        found = self.api.find_by_id(query.id_type, query.number, movies=query.movie)
        if not found:
            raise NoMatch(f"Trakt has nothing with the {query.id_type} number {query.number}.")
        return self._choose(f"The {query.id_type} number {query.number} fits several titles.", found)

    def _find_in(self, found: WatchItem, episode: EpisodeRef | None) -> WatchItem:
        """The *episode* of the show that was *found*, the next unwatched one where none is named."""
        show = found.title
        if show.movie or found.number is not None:
            return found
        if episode is None:
            following = self.api.find_next_episode(show)
            if following is None:
                raise NoMatch(f"You have watched all of {show} that aired. Name an episode, such as 2x03.")
            return self._time_as_shown(following)
        if episode.season is None or episode.number is None:
            return WatchItem(show, absolute=episode.absolute)
        item = self.schedule.find_episode(show, episode.season, episode.number) or self.api.find_episode(
            show, episode.season, episode.number
        )
        if item is None:
            raise NoMatch(f"Trakt does not know {WatchItem(show, episode.season, episode.number)}.")
        return item


def _keep_first_of_show(episodes: Iterable[Episode]) -> Iterable[Episode]:
    seen = set()
    for each in episodes:
        if each.show.key not in seen:
            seen.add(each.show.key)
            yield each


def _prefer_exact(words: str, found: list[WatchItem]) -> list[WatchItem]:
    """Those of *found* whose title is exactly *words*, all where none is."""
    return [each for each in found if normalize_title(each.title.name) == normalize_title(words)] or found


def _name_titles(titles: Sequence[Title]) -> dict[int, list[str]]:
    """All names of each of *titles*, by its place."""
    return {place: [each.name, str(each)] for place, each in enumerate(titles)}


def _name_title(title: Title) -> str:
    return f"{title}  --movie" if title.movie else str(title)
