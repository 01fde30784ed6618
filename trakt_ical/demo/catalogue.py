"""Everything that airs and can be found: the cast, with the changes made to single episodes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from threading import Lock

from trakt_ical.demo.airing import DOUBLES, Airing, airing
from trakt_ical.demo.show import MOVIES, Cast, Movie, Show
from trakt_ical.demo.timetable import EPOCH

AHEAD = timedelta(days=180)  # what Trakt has heard of so far
MARGIN = timedelta(days=2)  # no show's own date is farther from UTC's
DOUBLE_BEFORE = timedelta(days=1)  # the mistaken twin of a doubled entry airs so much earlier

Key = tuple[str, int, int]  # slug, season, number


@dataclass(frozen=True)
class Change:
    """What became of one episode since the timetable was made."""

    at: datetime
    by: timedelta = timedelta()
    title: str | None = None
    removed: bool = False


class Catalogue:
    """The cast as it stands now. Changes live as long as the catalogue."""

    def __init__(self, cast: Cast, clock: Callable[[], datetime]) -> None:
        self.cast = cast
        self._clock = clock
        self._changes: dict[Key, Change] = {}
        self._lock = Lock()

    def airings(self, start: datetime, end: datetime) -> list[Airing]:
        """What airs from *start* until before *end*, by time; a doubled entry comes twice."""
        first, last = start.date() - MARGIN, end.date() + MARGIN
        found = list(self._as_planned(first, last)) + list(self._moved())
        listed = [each for each in found if start <= each.at < end]
        return sorted(listed, key=lambda each: (each.at, each.trakt))

    def airing(self, show: Show, season: int, number: int) -> Airing | None:
        """One episode wherever it airs now; None when there is none or it was removed."""
        slot = show.timetable.slot(season, number) if show.timetable else None
        return None if slot is None else self._changed(airing(show, slot))

    def aired(self, show: Show) -> list[Airing]:
        """The episodes of *show* that have begun, in the order of their numbers."""
        if show.timetable is None:
            return []
        now = self._clock()
        slots = show.timetable.slots(EPOCH, now.date() + MARGIN)
        changed = (self._changed(airing(show, slot)) for slot in slots)
        begun = [each for each in changed if each is not None and each.at <= now]
        return sorted(begun, key=lambda each: (each.season, each.number))

    def episodes(self) -> list[Airing]:
        """Every episode Trakt has heard of by now, doubled entries included."""
        end = self._clock() + AHEAD
        return self.airings(datetime.combine(EPOCH, time(), UTC), end)

    def shows(self) -> list[Show]:
        """Every show Trakt has heard of by now, those that air nothing included."""
        return list(self.cast.shows_between(EPOCH, self._horizon()))

    def show(self, slug: str) -> Show | None:
        """The show of that *slug*."""
        return next((show for show in self.shows() if show.slug == slug), None)

    def movies(self) -> list[Movie]:
        """Every movie Trakt has heard of by now."""
        return list(self.cast.movies_between(EPOCH, self._horizon()))

    def movie(self, slug: str) -> Movie | None:
        """The movie of that *slug*."""
        return next((movie for movie in self.movies() if movie.slug == slug), None)

    def named(self, name: str) -> Show | Movie | Airing | None:
        """What the account's memory calls by this name."""
        if name.startswith(MOVIES):
            return self.movie(name.removeprefix(MOVIES))
        slug, *numbers = name.split("/")
        show = self.show(slug)
        return self.airing(show, *map(int, numbers)) if show and numbers else show

    def seasons(self, show: Show) -> dict[int, list[Airing]]:
        """Every episode of *show* that Trakt has heard of by now, by season and number."""
        if show.timetable is None:
            return {}
        slots = show.timetable.slots(EPOCH, self._horizon())
        known = [each for slot in slots if (each := self._changed(airing(show, slot)))]
        known.sort(key=lambda each: (each.season, each.number))
        return {season: list(its) for season, its in groupby(known, key=lambda each: each.season)}

    def move(self, key: Key, by: timedelta) -> None:
        """Air one episode later by so much, or earlier; a second move adds to the first."""
        before = self._change(key)
        self._set(key, replace(before, by=before.by + by))

    def rename(self, key: Key, title: str) -> None:
        """Give one episode another title."""
        self._set(key, replace(self._change(key), title=title))

    def remove(self, key: Key) -> None:
        """Take one episode out of every answer."""
        self._set(key, replace(self._change(key), removed=True))

    def restore(self, key: Key) -> None:
        """Undo every change of one episode."""
        self._known(key)
        with self._lock:
            self._changes = {known: each for known, each in self._changes.items() if known != key}

    def _as_planned(self, first: date, last: date) -> Iterator[Airing]:
        for show in self.cast.shows_between(first, last):
            if show.timetable is None:
                continue
            for slot in show.timetable.slots(first, last):
                changed = self._changed(airing(show, slot))
                if changed is not None and not self._has_moved(changed.key):
                    yield from _with_double(changed)

    def _moved(self) -> Iterator[Airing]:
        for slug, season, number in [key for key in self._changes if self._has_moved(key)]:
            show = self.show(slug)
            found = self.airing(show, season, number) if show else None
            if found is not None:
                yield from _with_double(found)

    def _has_moved(self, key: Key) -> bool:
        change = self._changes.get(key)
        return change is not None and bool(change.by)

    def _changed(self, planned: Airing) -> Airing | None:
        change = self._changes.get(planned.key)
        if change is None:
            return planned
        if change.removed:
            return None
        at = planned.at + change.by
        return replace(
            planned,
            at=at,
            wall=at.astimezone(planned.wall.tzinfo),
            title=planned.title if change.title is None else change.title,
            updated_at=change.at,
        )

    def _change(self, key: Key) -> Change:
        self._known(key)
        return self._changes.get(key, Change(self._clock()))

    def _set(self, key: Key, change: Change) -> None:
        with self._lock:
            self._changes = {**self._changes, key: replace(change, at=self._clock())}

    def _known(self, key: Key) -> None:
        slug, season, number = key
        show = self.show(slug)
        if show is None or show.timetable is None or show.timetable.slot(season, number) is None:
            raise LookupError(f"There is no {slug} {season}x{number:02d}.")

    def _horizon(self) -> date:
        return self._clock().astimezone(UTC).date() + AHEAD


def _with_double(entry: Airing) -> Iterator[Airing]:
    yield entry
    if entry.season and entry.number in entry.show.doubled:
        yield replace(
            entry,
            trakt=entry.trakt + DOUBLES,
            at=entry.at - DOUBLE_BEFORE,
            wall=entry.wall - DOUBLE_BEFORE,
            updated_at=entry.updated_at - timedelta(days=30),
            double=True,
        )
