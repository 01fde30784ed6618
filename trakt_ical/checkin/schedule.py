"""What the user's calendars list, as a check-in looks at it: what is on, what has begun, which titles there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from trakt_ical.checkin.items import Id, Title, WatchItem
from trakt_ical.model import Airing, Episode, Movie, Release, Show, local_date
from trakt_ical.transform.filters import ORIGINS
from trakt_ical.transform.titles import find_nearest, list_title_names, match_titles

LEAD = timedelta(minutes=10)  # an airing counts as begun so early: clocks differ, and broadcasters are early
RECENT = timedelta(days=7)


@dataclass(frozen=True)
class Schedule:
    """What is listed, by UID, in the *zone* of the first calendar; *usual_runtime* is for what Trakt knows none of."""

    airings: Mapping[str, Airing]
    zone: tzinfo
    now: datetime
    usual_runtime: timedelta

    def list_on_now(self) -> list[Episode]:
        """Return the episodes that are on, and those about to begin; what began last comes first."""
        found = [each for each in self._episodes() if isinstance(each.starts, datetime) and self._is_on(each)]
        return sorted(found, key=lambda each: (self._start(each) > self.now, -self._start(each).timestamp()))

    def list_begun(self) -> list[Episode]:
        """Return the episodes whose time has come, the latest first; of episodes dropped at once the lowest number."""
        found = [each for each in self._episodes() if self._start(each) <= self.now]
        return sorted(found, key=lambda each: (-self._start(each).timestamp(), each.season, each.number))

    def is_recent(self, episode: Episode) -> bool:
        """Whether *episode* began within a week."""
        return self.now - self._start(episode) <= RECENT

    def is_early(self, item: WatchItem) -> bool:
        """Whether *item* has yet to air."""
        if item.starts is None:
            return False
        if isinstance(item.starts, datetime):
            return item.starts - LEAD > self.now
        return item.starts > local_date(self.now, self.zone)

    def find_episode(self, show: Title, season: int | None, number: int | None) -> WatchItem | None:
        """Return that episode of *show*, None where it is not listed."""
        for each in self._episodes():
            if (each.season, each.number) == (season, number) and make_show_title(each.show).is_same(show):
                return make_item(each)
        return None

    def find_titles(self, words: str, *, shows: bool, movies: bool) -> list[WatchItem]:
        """Return the *shows* and *movies* that are listed and that *words* fit best, the likeliest first."""
        works = self._list_works(shows, movies)
        return [_make_whole_item(works[key]) for key in match_titles(words, _name_works(works))]

    def find_nearest_titles(self, words: str, *, shows: bool, movies: bool) -> list[WatchItem]:
        """Return the *shows* and *movies* that are listed and spelled most like *words*."""
        works = self._list_works(shows, movies)
        return [_make_whole_item(works[key]) for key in find_nearest(words, _name_works(works))]

    def list_shows(self) -> list[Show]:
        """Return the shows that are listed, the one whose episode began last first."""
        return list({each.show.key: each.show for each in (*self.list_begun(), *self._episodes())}.values())

    def _list_works(self, shows: bool, movies: bool) -> dict[str, Show | Movie]:
        """The *shows* and *movies* that are listed, by their keys; of a movie the first release."""
        works: dict[str, Show | Movie] = {show.key: show for show in self.list_shows()} if shows else {}
        if movies:
            listed = [each for each in self.airings.values() if isinstance(each, Movie)]
            works |= {each.key: each for each in sorted(listed, key=lambda each: each.starts, reverse=True)}
        return works

    def _episodes(self) -> Iterable[Episode]:
        return (each for each in self.airings.values() if isinstance(each, Episode))

    def _is_on(self, episode: Episode) -> bool:
        runtime = episode.runtime or episode.show.runtime or self.usual_runtime
        return self._start(episode) - LEAD <= self.now < self._start(episode) + runtime

    def _start(self, episode: Episode) -> datetime:
        if isinstance(episode.starts, datetime):
            return episode.starts
        return datetime.combine(episode.starts, time(), self.zone).astimezone(UTC)


def make_item(airing: Airing) -> WatchItem:
    """Return what one checks in to who watches *airing*."""
    if isinstance(airing, Movie):
        # Who waits for the disc may have seen the movie in a cinema: only that release can be early.
        starts = airing.starts if airing.release is Release.CINEMA else None
        return WatchItem(make_movie_title(airing), runtime=airing.runtime, starts=starts)
    return WatchItem(
        make_show_title(airing.show),
        airing.season,
        airing.number,
        airing.absolute,
        episode_title=airing.title or "",
        runtime=airing.runtime or airing.show.runtime,
        starts=airing.starts,
    )


def make_show_title(show: Show) -> Title:
    """Return *show* as a title to check in to; its key says by which number an API knows it."""
    origin, _, number = show.key.partition("-")
    ids: dict[str, Id] = {"slug": show.slug} if show.slug else {}
    if origin in ORIGINS:
        ids[origin] = int(number) if number.isdecimal() else number
    return Title(show.title or "", show.year, ids, runtime=show.runtime)


def make_movie_title(movie: Movie) -> Title:
    """Return *movie* as a title to check in to."""
    number = movie.key.rpartition("-")[2]
    return Title(movie.title or "", movie.year, {"trakt": int(number)}, movie=True, runtime=movie.runtime)


def _name_works(works: Mapping[str, Show | Movie]) -> dict[str, Collection[str]]:
    return {key: list_title_names(work) for key, work in works.items()}


def _make_whole_item(work: Show | Movie) -> WatchItem:
    return make_item(work) if isinstance(work, Movie) else WatchItem(make_show_title(work))
