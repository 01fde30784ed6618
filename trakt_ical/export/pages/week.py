"""What is on this week: the airings of seven days, today first, in the order of a day."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from trakt_ical.export.pages.shown import Airing
from trakt_ical.export.pages.words import hour
from trakt_ical.model import local_date

DAYS = 7
LATEST = 5  # airings before today


class State(enum.Enum):
    """Where an airing stands; the values are the words beside it."""

    AHEAD = ""
    ON = "On now"
    OVER = "Over"
    GONE = "No longer listed"  # an airing postponed past the range looks the same, so not "cancelled"


@dataclass(frozen=True, slots=True)
class Slot:
    """One line of a day: *hours* are from and to, `until 00:30` for what began the day before, or `All day`."""

    airing: Airing
    hours: str
    state: State


def week(airings: Iterable[Airing], now: datetime, zone: tzinfo) -> dict[date, list[Slot]]:
    """Seven days from today on, each with its slots: those of the whole day first, then by the hour.

    What began earlier and goes on stands under today; what is over before today began is left out.
    """
    today = local_date(now, zone)
    days: dict[date, list[Slot]] = {today + timedelta(days=ahead): [] for ahead in range(DAYS)}
    for airing in sorted(airings, key=_order):
        begins = local_date(airing.start, zone)
        day = today if begins < today and _goes_on(airing, now, today) else begins
        if day in days:
            days[day].append(Slot(airing, _hours(airing, zone, late=day != begins), _state(airing, now, today)))
    return days


def lately(airings: Iterable[Airing], now: datetime, zone: tzinfo) -> list[tuple[date, Slot]]:
    """The last few airings before today that one may check in to, the latest first, each with its day."""
    today = local_date(now, zone)
    over = [each for each in airings if each.check_in and not _in_week(each, now, today, zone)]
    latest = sorted(over, key=_order, reverse=True)
    latest.sort(key=lambda each: local_date(each.start, zone), reverse=True)
    return [
        (local_date(each.start, zone), Slot(each, _hours(each, zone, late=False), State.OVER))
        for each in latest[:LATEST]
    ]


def _in_week(airing: Airing, now: datetime, today: date, zone: tzinfo) -> bool:
    return local_date(airing.start, zone) >= today or _goes_on(airing, now, today)


def _order(airing: Airing) -> tuple[bool, str, str, str]:
    timed = isinstance(airing.start, datetime)
    return timed, airing.start.isoformat(), airing.summary, airing.uid


def _goes_on(airing: Airing, now: datetime, today: date) -> bool:
    match airing.end:
        case None:
            return False
        case datetime():
            return airing.end > now
        case _:
            return airing.end > today


def _hours(airing: Airing, zone: tzinfo, *, late: bool) -> str:
    if not isinstance(airing.start, datetime):
        return "All day"
    if not isinstance(airing.end, datetime):
        return hour(airing.start, zone)
    return f"until {hour(airing.end, zone)}" if late else f"{hour(airing.start, zone)}–{hour(airing.end, zone)}"


def _state(airing: Airing, now: datetime, today: date) -> State:
    if airing.cancelled:
        return State.GONE
    if not isinstance(airing.start, datetime) or airing.start > now:
        return State.AHEAD
    return State.ON if _goes_on(airing, now, today) else State.OVER
