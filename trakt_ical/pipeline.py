"""The stages in their order: fetch, transform, export. Only this module says who follows whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Protocol

from trakt_ical.export import ics
from trakt_ical.export.ics import Look
from trakt_ical.model import Airing, DateRange, Episode, local_date
from trakt_ical.transform.events import events, uid
from trakt_ical.transform.rules import Rules

Progress = Callable[[int, int], object]


class Source(Protocol):
    """Where airings come from."""

    def airings(self, days: DateRange, progress: Progress) -> Iterable[Airing]:
        """What airs on *days* and may air around them, in any order, doubles included.

        *progress* hears how many requests are done, and of how many.
        """
        ...


@dataclass(frozen=True, slots=True)
class Calendar:
    """A rendered calendar: its *octets*, how many *events* it has, and its first and last day, None without events."""

    octets: bytes
    events: int
    first: date | None
    last: date | None


def make(source: Source, days: DateRange, zone: tzinfo, rules: Rules, look: Look, progress: Progress) -> Calendar:
    """The calendar of what airs on *days*, as they are counted in *zone*."""
    airings = list(within(settled(source.airings(days, progress)), days, zone))
    dates = [local_date(airing.starts, zone) for airing in airings]
    octets = ics.calendar(events(airings, rules), look)
    return Calendar(octets, len(airings), min(dates, default=None), max(dates, default=None))


def settled(airings: Iterable[Airing]) -> Iterable[Airing]:
    """One airing for each UID: the one changed last, then the one with the highest episode id.

    What is alike in both is settled by its content, so that the order of answers never matters.
    """
    kept: dict[str, Airing] = {}
    for airing in airings:
        name = uid(airing)
        if name not in kept or _rank(airing) > _rank(kept[name]):
            kept[name] = airing
    return kept.values()


def _rank(airing: Airing) -> tuple[datetime, int, str]:
    oldest = datetime.min.replace(tzinfo=UTC)
    episode_id = airing.episode_id if isinstance(airing, Episode) else None
    return airing.updated_at or oldest, episode_id or 0, repr(airing)


def within(airings: Iterable[Airing], days: DateRange, zone: tzinfo) -> Iterator[Airing]:
    """Those of *airings* that start on *days* in *zone*."""
    return (airing for airing in airings if local_date(airing.starts, zone) in days)
