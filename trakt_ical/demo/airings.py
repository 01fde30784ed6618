"""Everything that airs and can be found: the cast, with the changes made to single episodes."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from threading import Lock
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from trakt_ical.demo.cast import EPOCH, MOVIES, Cast, Movie, Show, Slot

KNOWN_BEFORE = timedelta(days=150)  # Trakt learned of an episode so long before it airs
ANSWERED_YEARS = range(2, 9999)  # calendars reach no farther, so that the days around theirs are days
AHEAD = timedelta(days=180)  # what Trakt has heard of so far
# Timetables go by the show's own date, which may differ from UTC's by one day, and a double airs one day earlier.
MARGIN = timedelta(days=2)
DOUBLE_BEFORE = timedelta(days=1)  # the mistaken second entry of an episode airs so much earlier
SPECIALS, DOUBLES = 5_000, 8_000  # added to the count of an episode, so that each kind has ids of its own


@dataclass(frozen=True, kw_only=True)
class Airing:
    """An episode of a show as the calendars list it."""

    show: Show
    season: int
    number: int
    ordinal: int  # since the first episode of the show, specials by themselves
    at: datetime  # UTC
    kind: str
    title: str | None
    updated_at: datetime
    is_double: bool = False

    @property
    def name(self) -> str:
        """What stays when date and title change, and how the account's state calls it."""
        return f"{self.show.name}/{self.season}/{self.number}"

    @property
    def wall(self) -> datetime:
        """The instant on the show's own clock."""
        return self.at.astimezone(ZoneInfo(self.show.airs.zone) if self.show.airs else UTC)

    @property
    def trakt(self) -> int:
        return self.show.trakt * 10_000 + self.ordinal + SPECIALS * (self.season == 0) + DOUBLES * self.is_double

    @property
    def number_abs(self) -> int | None:
        """Its number through all seasons, where the show has such numbers."""
        return self.ordinal + 1 if self.show.absolute and self.season else None

    @property
    def ids(self) -> dict[str, Any]:
        """Its ids, as API v2 lists them; where its show has none, it has none either."""
        show, number = self.show, self.trakt
        tvdb = None if show.tvdb is None else 9_000_000 + number
        imdb = None if show.imdb is None else f"tt{91_000_000 + number}"
        return {"trakt": number, "tvdb": tvdb, "imdb": imdb, "tmdb": 4_000_000 + number if show.tmdb else show.tmdb}

    @property
    def overview(self) -> str | None:
        text = self.show.overviews[self.ordinal % len(self.show.overviews)]
        return text and text * self.show.repeat_texts

    @property
    def runtime(self) -> int | None:
        return self.show.runtimes[self.ordinal % len(self.show.runtimes)]

    @property
    def minutes(self) -> int:
        """How long it runs: its own length, else its show's, else half an hour."""
        return self.runtime or self.show.runtime or 30

    @property
    def end(self) -> datetime:
        return self.at + timedelta(minutes=self.minutes)


def make_airing(show: Show, slot: Slot) -> Airing:
    """The episode that *show* airs in one *slot* of its timetable."""
    season, number, ordinal, wall, kind = slot
    at, title = wall.astimezone(UTC), show.titles[ordinal % len(show.titles)]
    title = title and (title * show.repeat_texts).rstrip(", ")
    place: dict[str, Any] = {"season": season, "number": number, "ordinal": ordinal}
    return Airing(show=show, **place, at=at, kind=kind, title=title, updated_at=at - KNOWN_BEFORE)


@dataclass(frozen=True)
class Change:
    """What became of one episode since the timetable was made."""

    at: datetime
    by: timedelta = timedelta()
    title: str | None = None
    is_removed: bool = False


class Catalogue:
    """The cast as it stands now. Changes live as long as the catalogue."""

    def __init__(self, cast: Cast, clock: Callable[[], datetime]) -> None:
        self.cast = cast
        self._clock = clock
        self._changes: dict[str, Change] = {}  # replaced, never changed: requests read it without the lock
        self._lock = Lock()

    def list_airings(self, start: datetime, end: datetime) -> list[Airing]:
        """What airs from *start* until before *end*, by time; a doubled episode comes twice."""
        moved = [name for name, change in self._changes.items() if change.by]
        planned = self._list_planned(start.date() - MARGIN, end.date() + MARGIN)
        found = [each for each in planned if each.name not in moved]
        # A moved episode may come from far outside the window, so it is found by its name, not by its date.
        found += [each for name in moved if isinstance(each := self.find_named(name), Airing)]
        listed = (each for entry in found for each in _add_double(entry) if start <= each.at < end)
        return sorted(listed, key=lambda each: (each.at, each.trakt))

    def list_episodes(self) -> list[Airing]:
        """Every episode Trakt has heard of by now, doubled ones included."""
        return self.list_airings(datetime.combine(EPOCH, time(), UTC), self._clock() + AHEAD)

    def list_aired(self, show: Show) -> list[Airing]:
        """The episodes of *show* that have begun, in the order of their numbers."""
        now = self._clock()
        return [each for its in self.list_seasons(show).values() for each in its if each.at <= now]

    def list_seasons(self, show: Show) -> dict[int, list[Airing]]:
        """Every episode of *show* that Trakt has heard of by now, by season and number."""
        slots = show.airs.slots(EPOCH, self._horizon()) if show.airs else ()
        known = [each for slot in slots if (each := self._apply_change(make_airing(show, slot)))]
        known.sort(key=lambda each: (each.season, each.number))
        return {season: list(its) for season, its in groupby(known, key=lambda each: each.season)}

    def list_shows(self) -> list[Show]:
        """Every show Trakt has heard of by now, those that air nothing included."""
        return list(self.cast.list_shows(EPOCH, self._horizon()))

    def list_movies(self) -> list[Movie]:
        """Every movie Trakt has heard of by now."""
        return list(self.cast.list_movies(EPOCH, self._horizon()))

    def find_airing(self, show: Show, season: int, number: int) -> Airing | None:
        """One episode wherever it airs now; None when there is none or it was removed."""
        try:
            slot = show.airs.slot(season, number) if show.airs else None
            return None if slot is None else self._apply_change(make_airing(show, slot))
        except (ValueError, OverflowError):
            return None  # it would air before the year 1 or after 9999

    def find_named(self, name: str) -> Show | Movie | Airing | None:
        """The show, movie or episode that has this name in the account's state."""
        if name.startswith(MOVIES):
            return next((movie for movie in self.list_movies() if movie.name == name), None)
        slug, *numbers = name.split("/")
        show = next((show for show in self.list_shows() if show.slug == slug), None)
        return self.find_airing(show, *map(int, numbers)) if show and numbers else show

    def get_named(self, name: str) -> Show | Movie | Airing:
        """The show, movie or episode of this name. Raises LookupError if there is none."""
        found = self.find_named(name)
        if found is None:
            raise LookupError(f"There is no {name}.")
        return found

    def change(
        self, name: str, *, by: timedelta = timedelta(), title: str | None = None, is_removed: bool = False
    ) -> None:
        """Move, rename or remove the episode of this name; a second move adds to the first."""
        before = self._find_change(name)
        after = Change(self._clock(), before.by + by, title or before.title, is_removed or before.is_removed)
        with self._lock:
            self._changes = {**self._changes, name: after}

    def restore(self, name: str) -> None:
        """Undo every change of one episode."""
        self._find_change(name)
        with self._lock:
            self._changes = {known: each for known, each in self._changes.items() if known != name}

    def list_change_times(self, show: Show) -> list[datetime]:
        """When episodes of *show* were moved, renamed or removed."""
        return [change.at for name, change in self._changes.items() if name.startswith(f"{show.name}/")]

    def _list_planned(self, first: date, last: date) -> Iterator[Airing]:
        for show in self.cast.list_shows(first, last):
            for slot in show.airs.slots(first, last) if show.airs else ():
                if found := self._apply_change(make_airing(show, slot)):
                    yield found

    def _apply_change(self, planned: Airing) -> Airing | None:
        change = self._changes.get(planned.name)
        if change is None:
            return planned
        if change.is_removed:
            return None
        title = planned.title if change.title is None else change.title
        return replace(planned, at=planned.at + change.by, title=title, updated_at=change.at)

    def _find_change(self, name: str) -> Change:
        """What became of an episode so far. Raises LookupError if there is no such episode."""
        if name not in self._changes and not isinstance(self.find_named(name), Airing):
            raise LookupError(f"There is no episode {name}.")
        return self._changes.get(name, Change(self._clock()))

    def _horizon(self) -> date:
        return self._clock().astimezone(UTC).date() + AHEAD


def _add_double(entry: Airing) -> Iterator[Airing]:
    """Yield an episode and, where it is listed twice, its older entry."""
    yield entry
    if entry.season and entry.number in entry.show.doubled:
        before = entry.updated_at - timedelta(days=30)
        yield replace(entry, at=entry.at - DOUBLE_BEFORE, updated_at=before, is_double=True)


ID_TYPES = ("trakt", "imdb", "tmdb", "tvdb", "slug")  # in the order Trakt tries them
WHOLE_TITLE, START_OF_TITLE, WORDS_OF_TITLE = 3, 2, 1  # how well a search fits, best first
Found = TypeVar("Found", Show, Movie, Airing)
Titled = TypeVar("Titled", Show, Movie)


def find_by_ids(candidates: Iterable[Found], wanted: object) -> Found | None:
    """The first candidate with one of the *wanted* ids, by their names; 0 and null are nobody's id."""
    ids = wanted if isinstance(wanted, Mapping) else {}
    known = [(each, each.ids) for each in candidates] if ids else []
    for name in ID_TYPES:
        for each, its in known:
            if ids.get(name) and its.get(name) and str(its[name]) == str(ids[name]):
                return each
    return None


def find_by_name(candidates: Iterable[Found], name: str) -> Found | None:
    """The show or movie that a path of API v2 names by its number at Trakt, its slug or its id at IMDb."""
    return find_by_ids(candidates, {"trakt": name, "slug": name, "imdb": name})


def find_numbered(catalogue: Catalogue, show: Show, wanted: Mapping[str, Any]) -> Airing | None:
    """An episode of *show*, by season and number or by its number through all seasons."""
    season, number, absolute = (wanted.get(name) for name in ("season", "number", "number_abs"))
    if isinstance(season, int) and isinstance(number, int):
        return catalogue.find_airing(show, season, number)
    if isinstance(absolute, int) and show.absolute and show.airs is not None:
        cycle, index = divmod(absolute - 1, len(show.airs.days))
        return catalogue.find_airing(show, cycle + 1, index + 1)
    return None


def rank_titles(words: str, candidates: Iterable[Titled]) -> list[tuple[int, Titled]]:
    """What a search for *words* finds, best first, each with how well it fits."""
    wanted = simplify(words)
    found = [(_rank(wanted, simplify(each.title)), each) for each in candidates]
    found.sort(key=lambda each: each[0], reverse=True)
    return [each for each in found if each[0]]


def simplify(text: str) -> str:
    """*text* as a search sees it: no case, no accents, no punctuation."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    kept = (letter if letter.isalnum() else " " for letter in letters if not unicodedata.combining(letter))
    return " ".join("".join(kept).split())


def _rank(words: str, title: str) -> int:
    if not words:
        return 0
    if title == words:
        return WHOLE_TITLE
    if title.startswith(words):
        return START_OF_TITLE
    fits = all(any(it.startswith(word) for it in title.split()) for word in words.split())
    return WORDS_OF_TITLE if fits else 0
