"""When a show of the demo airs: a fixed timetable, the same on every day and in every run."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EPOCH = date(2024, 1, 1)  # a Monday; cycle 0 of every timetable counts from here
DAYS_OF_A_BREAK = 10  # a longer silence inside a season makes a mid-season finale and premiere


@dataclass(frozen=True)
class Slot:
    """One airing's place: which cycle, which number, and the hour on the show's own clock."""

    cycle: int
    season: int
    number: int
    ordinal: int
    wall: datetime
    kind: str  # as API v2 words it: `episode_type`


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """One season per cycle of *weeks*, repeated without end.

    *days* holds one day per episode, counted from the cycle's first Monday; the same day several
    times is a season dropped at once. *specials* likewise, for season 0.
    """

    weeks: int
    days: tuple[int, ...]
    at: time
    zone: str
    specials: tuple[int, ...] = ()
    begins: int = 0  # weeks after the epoch
    by_year: bool = False  # seasons are years, numbers are weeks of the year
    only: int | None = None  # the one cycle that exists

    def slots(self, first: date, last: date) -> Iterator[Slot]:
        """Yield what airs on the show's own dates from *first* to *last*, regular ones first."""
        for cycle in self.cycles(first, last):
            for index, day in enumerate(self.days):
                if first <= self.monday(cycle) + timedelta(days=day) <= last:
                    yield self._regular(cycle, index)
            for index, day in enumerate(self.specials):
                if first <= self.monday(cycle) + timedelta(days=day) <= last:
                    yield self._special(cycle, index)

    def slot(self, season: int, number: int) -> Slot | None:
        """The place of one episode, or None when the timetable has no such episode."""
        if self.by_year:
            year = self.slots(date(season, 1, 1), date(season, 12, 31))
            return next((slot for slot in year if slot.number == number), None)
        if season == 0:
            cycle, index = divmod(number - 1, len(self.specials) or 1)
            return self._special(cycle, index) if self.specials and number > 0 else None
        cycle = season - 1 if self.only is None else self.only
        exists = season == 1 or (self.only is None and season > 1)
        return self._regular(cycle, number - 1) if exists and self._holds(number) else None

    def cycles(self, first: date, last: date) -> range:
        """The cycles that touch the dates from *first* to *last*."""
        start = max(0, (first - self.monday(0)).days // (7 * self.weeks))
        stop = (last - self.monday(0)).days // (7 * self.weeks) + 1
        if self.only is None:
            return range(start, max(start, stop))
        return range(max(start, self.only), min(stop, self.only + 1))

    def first(self) -> Slot:
        """The very first regular airing."""
        return self._regular(self.only or 0, 0)

    def monday(self, cycle: int) -> date:
        """The day a cycle counts from."""
        return EPOCH + timedelta(weeks=self.begins + cycle * self.weeks)

    def _holds(self, number: int) -> bool:
        return 1 <= number <= len(self.days)

    def _kind(self, season: int, number: int) -> str:
        if number == 1:
            return "series_premiere" if season == 1 else "season_premiere"
        if self.by_year:
            return "standard"
        if number == len(self.days):
            return "season_finale" if self.only is None else "series_finale"
        if self.days[number - 1] - self.days[number - 2] > DAYS_OF_A_BREAK:
            return "mid_season_premiere"
        if self.days[number] - self.days[number - 1] > DAYS_OF_A_BREAK:
            return "mid_season_finale"
        return "standard"

    def _regular(self, cycle: int, index: int) -> Slot:
        wall = self._wall(cycle, self.days[index])
        if self.by_year:
            season, number = wall.year, (wall.timetuple().tm_yday - 1) // 7 + 1
        else:
            season, number = (1 if self.only is not None else cycle + 1), index + 1
        ordinal = cycle * len(self.days) + index
        return Slot(cycle, season, number, ordinal, wall, self._kind(season, number))

    def _special(self, cycle: int, index: int) -> Slot:
        ordinal = cycle * len(self.specials) + index
        return Slot(cycle, 0, ordinal + 1, ordinal, self._wall(cycle, self.specials[index]), "standard")

    def _wall(self, cycle: int, day: int) -> datetime:
        when = self.monday(cycle) + timedelta(days=day)
        return datetime.combine(when, self.at, ZoneInfo(self.zone))
