"""What somebody means: by what is on now, by the calendar's titles, by Trakt's search."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import TypeAlias

from trakt_ical.app.agenda import fetch_listed
from trakt_ical.app.app import App
from trakt_ical.app.sources import open_source
from trakt_ical.checkin.items import EpisodeRef, Id, Progress, Query, Search, Title, WatchItem
from trakt_ical.config import Calendar
from trakt_ical.errors import NoMatch
from trakt_ical.model import Airing, Episode, Movie, Release, Show, local_date
from trakt_ical.transform.filters import ORIGINS
from trakt_ical.transform.titles import list_title_names, match_titles, normalize_title
from trakt_ical.transform.uids import make_uid

YOUNG = timedelta(hours=6)  # kept answers of so recent a time tell what is on now
LEAD = timedelta(minutes=10)  # before its time, what begins counts as begun: clocks differ, and so do broadcasters
RECENT = timedelta(days=7)


@dataclass(frozen=True)
class Schedule:
    """What is listed, by UID, in the *zone* of the first calendar; *usual_runtime* is for what Trakt knows none of."""

    airings: Mapping[str, Airing]
    zone: tzinfo
    now: datetime
    usual_runtime: timedelta

    def subject(self, airing: Airing) -> WatchItem:
        """*airing* as what one checks in to."""
        if isinstance(airing, Movie):
            cinema = airing.release is Release.CINEMA  # who waits for the disc may have seen it there
            return WatchItem(make_movie_title(airing), runtime=airing.runtime, starts=airing.starts if cinema else None)
        return WatchItem(
            make_show_title(airing.show),
            airing.season,
            airing.number,
            airing.absolute,
            title=airing.title or "",
            runtime=airing.runtime or airing.show.runtime,
            starts=airing.starts,
        )

    def on_now(self) -> list[Episode]:
        """The episodes that are on, and those about to begin; what began last comes first."""
        found = [each for each in self._episodes() if isinstance(each.starts, datetime) and self._is_on(each)]
        return sorted(found, key=lambda each: (self._start(each) > self.now, -self._start(each).timestamp()))

    def begun(self) -> list[Episode]:
        """The episodes whose time has come; the latest comes first, of one drop the lowest number."""
        found = [each for each in self._episodes() if self._start(each) <= self.now]
        return sorted(found, key=lambda each: (-self._start(each).timestamp(), each.season, each.number))

    def is_recent(self, episode: Episode) -> bool:
        """Whether *episode* began within a week."""
        return self.now - self._start(episode) <= RECENT

    def episode(self, show: Title, season: int | None, number: int | None) -> WatchItem | None:
        """That episode of *show*, None where it is not listed."""
        for each in self._episodes():
            if (each.season, each.number) == (season, number) and make_show_title(each.show).is_same(show):
                return self.subject(each)
        return None

    def shows(self) -> dict[Show, tuple[str, ...]]:
        """The shows that are listed, of which one began last first, each with its names, the year after one of them."""
        shows = {each.show.key: each.show for each in (*self.begun(), *self._episodes())}
        return {show: tuple(list_title_names(show)) for show in shows.values()}

    def movies(self) -> dict[str, tuple[Movie, tuple[str, ...]]]:
        """The movies that are listed, by key, each with its first release and its names, as those of shows."""
        listed = [each for each in self.airings.values() if isinstance(each, Movie)]
        found = {each.key: each for each in sorted(listed, key=lambda each: each.starts, reverse=True)}
        return {key: (each, tuple(list_title_names(each))) for key, each in found.items()}

    def is_early(self, what: WatchItem) -> bool:
        """Whether *what* has yet to air."""
        if what.starts is None:
            return False
        if isinstance(what.starts, datetime):
            return what.starts - LEAD > self.now
        return what.starts > local_date(self.now, self.zone)

    def _episodes(self) -> Iterable[Episode]:
        return (each for each in self.airings.values() if isinstance(each, Episode))

    def _is_on(self, episode: Episode) -> bool:
        runtime = episode.runtime or episode.show.runtime or self.usual_runtime
        return self._start(episode) - LEAD <= self.now < self._start(episode) + runtime

    def _start(self, episode: Episode) -> datetime:
        if isinstance(episode.starts, datetime):
            return episode.starts
        return datetime.combine(episode.starts, time(), self.zone).astimezone(UTC)


def load_schedule(app: App, young: timedelta = YOUNG) -> Schedule:
    """What the user's own calendars list; *young* answers are not asked for again. Raises TraktIcalError."""
    mine = [each for each in app.calendars if each.settings.source == "my"] or [_make_own(app.calendars[0])]
    lists = [fetch_listed(app, calendar, young=young) for calendar in mine]
    airings = {make_uid(airing): airing for each in lists for airing in each.airings}
    usual = timedelta(minutes=mine[0].settings.default_runtime)
    return Schedule(airings, lists[0].zone, lists[0].now, usual)


def _make_own(calendar: Calendar) -> Calendar:
    """What *calendar* would be of the user alone: nobody watches all that the world's lists."""
    return replace(calendar, settings=replace(calendar.settings, source="my"))


def mark_watched(app: App, programme: Schedule) -> Schedule:
    """*programme*, its airings marked with whether the user watched them, as the source knows it at this moment."""
    with open_source(app) as source:
        airings = source.mark_watched(list(programme.airings.values()))
    return replace(programme, airings={make_uid(each): each for each in airings})


def make_show_title(show: Show) -> Title:
    """*show* as what one checks in to; its key tells the number that each API goes by."""
    origin, _, number = show.key.partition("-")
    ids: dict[str, Id] = {"slug": show.slug} if show.slug else {}
    if origin in ORIGINS:
        ids[origin] = int(number) if number.isdecimal() else number
    return Title(show.title or "", show.year, ids, runtime=show.runtime)


def make_movie_title(movie: Movie) -> Title:
    """*movie* as what one checks in to."""
    number = movie.key.rpartition("-")[2]
    return Title(movie.title or "", movie.year, {"trakt": int(number)}, movie=True, runtime=movie.runtime)


MOST = 5  # guesses to choose from
MOST_TITLES = 10  # a search finds fifty; another word tells the others apart
_YEAR = re.compile(r"(.+?) \(?((?:19|20|21)\d\d)\)?")

Choose: TypeAlias = Callable[[str, Sequence[WatchItem]], WatchItem]
"""Chooses one of several, likeliest first, that a sentence tells of; raises NoMatch where nobody can be asked."""


@dataclass(frozen=True)
class Finder:
    """Finds one episode or movie in *programme*, else by *search*.

    *marked* is asked what was watched, *progress* what comes next, only where that decides; *guess* tells whether
    somebody can be asked about a guess.
    """

    programme: Schedule
    search: Search
    progress: Progress
    marked: Callable[[Schedule], Schedule]
    which: Choose
    guess: bool

    def find(self, asked: Query) -> WatchItem:
        """What *asked* means. Raises NoMatch."""
        if asked.number:
            return self._placed(self._numbered(asked), asked.place)
        if asked.words:
            return self._placed(self._titled(asked), asked.place)
        if asked.movie or asked.place:
            raise NoMatch("Name the movie." if asked.movie else "Name the show, too.")
        return self._now()

    def _now(self) -> WatchItem:
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

    def _after_last(self) -> WatchItem:
        show = self.progress.last_watched()
        following = self.progress.following(show) if show else None
        if following is None:
            raise NoMatch("Nothing is on now, and nothing that aired waits to be watched. Name a title.")
        return following

    def _one_of(self, sentence: str, episodes: Sequence[Episode]) -> WatchItem:
        subjects = [self.programme.subject(each) for each in episodes]
        return subjects[0] if len(subjects) == 1 else self.which(sentence, subjects)

    def _titled(self, asked: Query) -> WatchItem:
        """The show or movie that the words of *asked* name, in the calendar first."""
        found = self._listed(asked) or self._searched(asked)
        if not found:
            other = "" if asked.movie else " For a movie: --movie."
            raise NoMatch(f"Neither your calendar nor Trakt has “{asked.words}”.{other}")
        if len(found) == 1:
            return found[0]
        sentence = f"“{asked.words}” may be several {'movies' if asked.movie else 'shows'}."
        return self.which(sentence, found[:MOST_TITLES])

    def _listed(self, asked: Query) -> list[WatchItem]:
        if asked.movie:
            movies = self.programme.movies()
            keys = match_titles(asked.words, {key: each[1] for key, each in movies.items()})
            return [self.programme.subject(movies[key][0]) for key in keys]
        return [WatchItem(make_show_title(show)) for show in match_titles(asked.words, self.programme.shows())]

    def _searched(self, asked: Query) -> list[WatchItem]:
        """What Trakt's search finds; a year at the end of the words tells works of one title apart."""
        if dated := _YEAR.fullmatch(asked.words):
            titles = self.search.titles(dated[1], movies=asked.movie)
            of_year = [each for each in titles if each.work.year == int(dated[2])]
            if of_year:
                return _prefer_exact(dated[1], of_year)
        return _prefer_exact(asked.words, self.search.titles(asked.words, movies=asked.movie))

    def _numbered(self, asked: Query) -> WatchItem:
        for show in self.programme.shows() if not asked.movie else ():
            work = make_show_title(show)
            if str(work.ids.get(asked.id_type)) == asked.number:
                return WatchItem(work)
        if asked.id_type not in self.search.id_types:
            raise NoMatch(f"This API knows no numbers of {asked.id_type}.")
        found = self.search.numbered(asked.id_type, asked.number, movies=asked.movie)
        if not found:
            raise NoMatch(f"Trakt has nothing with the {asked.id_type} number {asked.number}.")
        return found[0] if len(found) == 1 else self.which(f"{asked.number} is several things.", found)

    def _placed(self, found: WatchItem, place: EpisodeRef | None) -> WatchItem:
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
            return WatchItem(show, absolute=place.absolute)
        listed = self.programme.episode(show, place.season, place.number)
        known = listed or self.progress.episode(show, place.season, place.number)
        if known is None:
            raise NoMatch(f"Trakt knows no {WatchItem(show, place.season, place.number)}.")
        return known


def _first_of_each_show(episodes: Iterable[Episode]) -> Iterable[Episode]:
    seen = set()
    for each in episodes:
        if each.show.key not in seen:
            seen.add(each.show.key)
            yield each


def _prefer_exact(words: str, found: list[WatchItem]) -> list[WatchItem]:
    """Those of *found* that are called just so, all where none is."""
    return [each for each in found if normalize_title(each.work.title) == normalize_title(words)] or found
