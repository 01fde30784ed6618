"""What the user's calendars list, as a check-in looks at it: what is on, what has begun, which titles there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from trakt_ical.checkin.items import Id, Title, WatchItem
from trakt_ical.model import Airing, Episode, Moment, Movie, Release, Show, find_begin, local_date
from trakt_ical.transform.filters import ORIGINS
from trakt_ical.transform.grouping import schedule_airings
from trakt_ical.transform.rules import Rules
from trakt_ical.transform.times import find_event_times
from trakt_ical.transform.title_matching import find_nearest, list_title_names, match_titles
from trakt_ical.transform.uids import make_uid

LEAD = timedelta(minutes=10)  # an airing counts as begun so early: clocks differ, and broadcasters are early
RECENT = timedelta(days=7)


class ShownTimes(NamedTuple):
    """When the calendar shows an airing: from *start* to *end*, in the event of the UID *event*, "" for none."""

    start: Moment
    end: Moment
    event: str


def find_shown_times(airings: Collection[Airing], rules: Rules, zone: tzinfo) -> dict[str, ShownTimes]:
    """Return by UID when a calendar of *rules* shows *airings*; *zone* is the subscriber's.

    What the rules leave out is in no event, but has its times: somebody may still name it.
    """
    times = {make_uid(each): ShownTimes(*find_event_times(each, rules, zone), "") for each in airings}
    for showing in schedule_airings(airings, rules, zone):
        shown = ShownTimes(showing.start, showing.end, showing.uid)
        times |= {make_uid(member): shown for member in showing.members}
    return times


@dataclass(frozen=True)
class Schedule:
    """What is listed, and when the calendars show it, both by UID; *zone* is that of the first calendar."""

    airings: Mapping[str, Airing]
    times: Mapping[str, ShownTimes]
    zone: tzinfo
    now: datetime

    def list_on_now(self) -> list[Episode]:
        """Return the episodes that are on, and those about to begin; what began last comes first.

        What is on is what the agenda marks so: an event with an hour, whatever rule gave it that.
        """
        found = [each for each in self._list_shown_episodes() if self._is_on(each)]
        return sorted(found, key=lambda each: (self._find_start(each) > self.now, *self._rank(each)))

    def list_begun(self) -> list[Episode]:
        """Return the episodes whose time has come, the latest first; of episodes dropped at once the lowest number."""
        return sorted(
            (each for each in self._list_shown_episodes() if self._find_start(each) <= self.now), key=self._rank
        )

    def keep_first_of_events(self, episodes: Iterable[Episode]) -> list[Episode]:
        """Return the first of *episodes* for each event that they are shown in."""
        first: dict[str, Episode] = {}
        for each in episodes:
            first.setdefault(self._find_times(each).event, each)
        return list(first.values())

    def make_item(self, airing: Airing) -> WatchItem:
        """Return what one checks in to who watches *airing*, with the time at which the calendar shows it."""
        return make_item(airing, self._find_times(airing).start)

    def is_recent(self, episode: Episode) -> bool:
        """Whether *episode* began within a week."""
        return self.now - self._find_start(episode) <= RECENT

    def is_early(self, item: WatchItem) -> bool:
        """Whether *item* has yet to air."""
        if item.starts is None:
            return False
        if isinstance(item.starts, datetime):
            return item.starts - LEAD > self.now
        return item.starts > local_date(self.now, self.zone)

    def find_episode(self, show: Title, season: int | None, number: int | None) -> WatchItem | None:
        """Return that episode of *show*, None where it is not listed."""
        for each in self._list_episodes():
            if (each.season, each.number) == (season, number) and make_show_title(each.show).is_same(show):
                return self.make_item(each)
        return None

    def find_titles(self, words: str, *, shows: bool, movies: bool) -> list[WatchItem]:
        """Return the *shows* and *movies* that are listed and that *words* fit best, the likeliest first."""
        works = self._list_works(shows, movies)
        return [self._make_whole_item(works[key]) for key in match_titles(words, _name_works(works))]

    def find_nearest_titles(self, words: str, *, shows: bool, movies: bool) -> list[WatchItem]:
        """Return the *shows* and *movies* that are listed and spelled most like *words*."""
        works = self._list_works(shows, movies)
        return [self._make_whole_item(works[key]) for key in find_nearest(words, _name_works(works))]

    def list_shows(self) -> list[Show]:
        """Return the shows that are listed, the one whose episode began last first."""
        return list({each.show.key: each.show for each in (*self.list_begun(), *self._list_episodes())}.values())

    def _list_works(self, shows: bool, movies: bool) -> dict[str, Show | Movie]:
        """The *shows* and *movies* that are listed, by their keys; of a movie the first release."""
        works: dict[str, Show | Movie] = {show.key: show for show in self.list_shows()} if shows else {}
        if movies:
            listed = [each for each in self.airings.values() if isinstance(each, Movie)]
            works |= {each.key: each for each in sorted(listed, key=self._find_start, reverse=True)}
        return works

    def _list_episodes(self) -> Iterable[Episode]:
        return (each for each in self.airings.values() if isinstance(each, Episode))

    def _list_shown_episodes(self) -> Iterable[Episode]:
        return (each for each in self._list_episodes() if self._find_times(each).event)

    def _find_times(self, airing: Airing) -> ShownTimes:
        return self.times[make_uid(airing)]

    def _is_on(self, episode: Episode) -> bool:
        start, end, _ = self._find_times(episode)
        return isinstance(start, datetime) and isinstance(end, datetime) and start - LEAD <= self.now < end

    def _find_start(self, airing: Airing) -> datetime:
        return find_begin(self._find_times(airing).start, self.zone)

    def _rank(self, episode: Episode) -> tuple[float, float, bool, int, int]:
        """The place of *episode* among those that began: the latest first, specials after the rest of their event."""
        # Events of whole days begin together. Of these, the one that aired last is likelier to be watched than others.
        aired = episode.starts.timestamp() if isinstance(episode.starts, datetime) else 0
        has_aired = 0 < aired <= self.now.timestamp() and not isinstance(self._find_times(episode).start, datetime)
        latest = -aired if has_aired else 0
        return -self._find_start(episode).timestamp(), latest, episode.season == 0, episode.season, episode.number

    def _make_whole_item(self, work: Show | Movie) -> WatchItem:
        return self.make_item(work) if isinstance(work, Movie) else WatchItem(make_show_title(work))


def make_item(airing: Airing, starts: Moment) -> WatchItem:
    """Return what one checks in to who watches *airing*, which *starts* then."""
    if isinstance(airing, Movie):
        # Who waits for the disc may have seen the movie in a cinema: only that release can be early.
        in_cinema = starts if airing.release is Release.CINEMA else None
        return WatchItem(make_movie_title(airing), runtime=airing.runtime, starts=in_cinema)
    return WatchItem(
        make_show_title(airing.show),
        airing.season,
        airing.number,
        airing.absolute,
        episode_title=airing.title or "",
        runtime=airing.runtime or airing.show.runtime,
        starts=starts,
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
