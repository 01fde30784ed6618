"""What the user's calendars list, as one looks at it who wants to check in: what is on now, what waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo

from trakt_ical.app.listing import listed
from trakt_ical.app.parts import FRESH, App
from trakt_ical.config import Calendar
from trakt_ical.model import Airing, DateRange, Episode, Movie, Needs, Release, Show, local_date
from trakt_ical.trakt.subject import Id, Subject, Work
from trakt_ical.transform.filters import ORIGINS, names
from trakt_ical.transform.uids import uid

YOUNG = timedelta(hours=6)  # kept answers of so recent a time tell what is on now
LEAD = timedelta(minutes=10)  # before its time, what begins counts as begun: clocks differ, and so do broadcasters
RECENT = timedelta(days=7)


@dataclass(frozen=True)
class Programme:
    """What is listed, by UID, in the *zone* of the first calendar; *usual_runtime* is for what Trakt knows none of."""

    airings: Mapping[str, Airing]
    zone: tzinfo
    now: datetime
    usual_runtime: timedelta

    def subject(self, airing: Airing) -> Subject:
        """*airing* as what one checks in to."""
        if isinstance(airing, Movie):
            cinema = airing.release is Release.CINEMA  # who waits for the disc may have seen it there
            return Subject(movie_work(airing), runtime=airing.runtime, starts=airing.starts if cinema else None)
        return Subject(
            show_work(airing.show),
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

    def episode(self, show: Work, season: int | None, number: int | None) -> Subject | None:
        """That episode of *show*, None where it is not listed."""
        for each in self._episodes():
            if (each.season, each.number) == (season, number) and show_work(each.show).is_same(show):
                return self.subject(each)
        return None

    def shows(self) -> dict[Show, tuple[str, ...]]:
        """The shows that are listed, of which one began last first, each with its names, the year after one of them."""
        shows = {each.show.key: each.show for each in (*self.begun(), *self._episodes())}
        return {show: (*names(show), *_dated(show)) for show in shows.values()}

    def movies(self) -> dict[str, tuple[Movie, tuple[str, ...]]]:
        """The movies that are listed, by key, each with its first release and its names, as those of shows."""
        listed = [each for each in self.airings.values() if isinstance(each, Movie)]
        found = {each.key: each for each in sorted(listed, key=lambda each: each.starts, reverse=True)}
        return {
            key: (each, tuple(filter(None, (each.slug, key.rpartition("-")[2], each.title, *_dated(each)))))
            for key, each in found.items()
        }

    def is_early(self, what: Subject) -> bool:
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


def programme(app: App, young: timedelta = YOUNG) -> Programme:
    """What the user's own calendars list; *young* answers are not asked for again. Raises TraktIcalError."""
    mine = [each for each in app.calendars if each.settings.source == "my"] or [_own(app.calendars[0])]
    lists = [listed(app, calendar, young=young) for calendar in mine]
    airings = {uid(airing): airing for each in lists for airing in each.airings}
    usual = timedelta(minutes=mine[0].settings.default_runtime)
    return Programme(airings, lists[0].zone, lists[0].now, usual)


def _own(calendar: Calendar) -> Calendar:
    """What *calendar* would be of the user alone: nobody watches all that the world's lists."""
    return replace(calendar, settings=replace(calendar.settings, source="my"))


def marked(app: App, programme: Programme) -> Programme:
    """*programme*, its airings marked with whether the user watched them, as Trakt knows it at this moment.

    v2: by lists that are kept until the user's activities say that they changed. v1: by the calendar itself.
    """
    if app.settings.api == "v1":
        return replace(programme, airings=_of_v1(app))
    from trakt_ical.fetch.v2.lists import Lists

    needs = Needs({"shows": DateRange(programme.now.date(), 1)}, watched=True)
    with app.trakt() as trakt:
        marks = Lists(trakt.client, app.answers("my")).marks(needs)
        airings = marks.put_on(list(programme.airings.values()))
    return replace(programme, airings={uid(each): each for each in airings})


def _of_v1(app: App) -> Mapping[str, Airing]:
    return programme(app, FRESH).airings


def show_work(show: Show) -> Work:
    """*show* as what one checks in to; its key tells the number that each API goes by."""
    origin, _, number = show.key.partition("-")
    ids: dict[str, Id] = {"slug": show.slug} if show.slug else {}
    if origin in ORIGINS:
        ids[origin] = int(number) if number.isdecimal() else number
    return Work(show.title or "", show.year, ids, runtime=show.runtime)


def movie_work(movie: Movie) -> Work:
    """*movie* as what one checks in to."""
    number = movie.key.rpartition("-")[2]
    return Work(movie.title or "", movie.year, {"trakt": int(number)}, movie=True, runtime=movie.runtime)


def _dated(work: Show | Movie) -> Sequence[str]:
    return (f"{work.title} {work.year}",) if work.title and work.year else ()
