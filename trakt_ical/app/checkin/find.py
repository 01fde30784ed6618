"""What somebody means: by what is on now, by the calendar's titles, by Trakt's search."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from trakt_ical.app.checkin.asked import Asked, Place
from trakt_ical.app.checkin.programme import Programme, show_work
from trakt_ical.errors import NoMatch
from trakt_ical.model import Episode
from trakt_ical.trakt.subject import Progress, Search, Subject
from trakt_ical.transform.titles import matching, plain

MOST = 5  # guesses to choose from
MOST_TITLES = 10  # a search finds fifty; another word tells the others apart
_YEAR = re.compile(r"(.+?) \(?((?:19|20|21)\d\d)\)?")

Which: TypeAlias = Callable[[str, Sequence[Subject]], Subject]
"""Chooses one of several, likeliest first, that a sentence tells of; raises NoMatch where nobody can be asked."""


@dataclass(frozen=True)
class Finder:
    """Finds one episode or movie in *programme*, else by *search*.

    *marked* is asked what was watched, *progress* what comes next, only where that decides; *guess* tells whether
    somebody can be asked about a guess.
    """

    programme: Programme
    search: Search
    progress: Progress
    marked: Callable[[Programme], Programme]
    which: Which
    guess: bool

    def find(self, asked: Asked) -> Subject:
        """What *asked* means. Raises NoMatch."""
        if asked.number:
            return self._placed(self._numbered(asked), asked.place)
        if asked.words:
            return self._placed(self._titled(asked), asked.place)
        if asked.movie or asked.place:
            raise NoMatch("Name the movie." if asked.movie else "Name the show, too.")
        return self._now()

    def _now(self) -> Subject:
        """What is on now; else the latest unwatched airing; else what follows in the show that was watched last."""
        on = self.programme.on_now()
        if len(on) == 1:
            return self.programme.subject(on[0])
        marked = self.marked(self.programme)
        if on:
            unwatched = [each for each in marked.on_now() if not each.watched]
            return self._one_of("Several things are on now.", unwatched or on)
        waiting = list(_first_of_each_show(each for each in marked.begun() if not each.watched))
        recent = [each for each in waiting if self.programme.is_recent(each)][:MOST]
        if waiting:
            return self._one_of("Nothing is on now.", recent if self.guess and recent else waiting[:1])
        return self._after_last()

    def _after_last(self) -> Subject:
        show = self.progress.last_watched()
        following = self.progress.following(show) if show else None
        if following is None:
            raise NoMatch("Nothing is on now, and nothing that aired waits to be watched. Name a title.")
        return following

    def _one_of(self, sentence: str, episodes: Sequence[Episode]) -> Subject:
        subjects = [self.programme.subject(each) for each in episodes]
        return subjects[0] if len(subjects) == 1 else self.which(sentence, subjects)

    def _titled(self, asked: Asked) -> Subject:
        """The show or movie that the words of *asked* name, in the calendar first."""
        found = self._listed(asked) or self._searched(asked)
        if not found:
            other = "" if asked.movie else " For a movie: --movie."
            raise NoMatch(f"Neither your calendar nor Trakt has “{asked.words}”.{other}")
        if len(found) == 1:
            return found[0]
        sentence = f"“{asked.words}” may be several {'movies' if asked.movie else 'shows'}."
        return self.which(sentence, found[:MOST_TITLES])

    def _listed(self, asked: Asked) -> list[Subject]:
        if asked.movie:
            movies = self.programme.movies()
            keys = matching(asked.words, {key: each[1] for key, each in movies.items()})
            return [self.programme.subject(movies[key][0]) for key in keys]
        return [Subject(show_work(show)) for show in matching(asked.words, self.programme.shows())]

    def _searched(self, asked: Asked) -> list[Subject]:
        """What Trakt's search finds; a year at the end of the words tells works of one title apart."""
        if dated := _YEAR.fullmatch(asked.words):
            titles = self.search.titles(dated[1], movies=asked.movie)
            of_year = [each for each in titles if each.work.year == int(dated[2])]
            if of_year:
                return _exactly(dated[1], of_year)
        return _exactly(asked.words, self.search.titles(asked.words, movies=asked.movie))

    def _numbered(self, asked: Asked) -> Subject:
        for show in self.programme.shows() if not asked.movie else ():
            work = show_work(show)
            if str(work.ids.get(asked.id_type)) == asked.number:
                return Subject(work)
        if asked.id_type not in self.search.id_types:
            raise NoMatch(f"This API knows no numbers of {asked.id_type}.")
        found = self.search.numbered(asked.id_type, asked.number, movies=asked.movie)
        if not found:
            raise NoMatch(f"Trakt has nothing with the {asked.id_type} number {asked.number}.")
        return found[0] if len(found) == 1 else self.which(f"{asked.number} is several things.", found)

    def _placed(self, found: Subject, place: Place | None) -> Subject:
        """The episode at *place* of a show that was *found*, the next unwatched one where none is said."""
        show = found.work
        if show.movie or found.number is not None:
            return found
        if place is None:
            following = self.progress.following(show)
            if following is None:
                raise NoMatch(f"Nothing of {show} that has aired waits to be watched. Name an episode, as 2x03.")
            listed = self.programme.episode(show, following.season, following.number)
            return replace(following, starts=listed.starts) if listed else following
        if place.season is None or place.number is None:
            return Subject(show, absolute=place.absolute)
        listed = self.programme.episode(show, place.season, place.number)
        known = listed or self.progress.episode(show, place.season, place.number)
        if known is None:
            raise NoMatch(f"Trakt knows no {Subject(show, place.season, place.number)}.")
        return known


def _first_of_each_show(episodes: Iterable[Episode]) -> Iterable[Episode]:
    seen = set()
    for each in episodes:
        if each.show.key not in seen:
            seen.add(each.show.key)
            yield each


def _exactly(words: str, found: list[Subject]) -> list[Subject]:
    """Those of *found* that are called just so, all where none is."""
    return [each for each in found if plain(each.work.title) == plain(words)] or found
