"""The airings of a stored copy, for the page."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from trakt_ical.export.stored import StoredCalendar, parse_moment, read_end, read_summary
from trakt_ical.model import Moment, local_date
from trakt_ical.wording import format_hour


@dataclass(frozen=True, slots=True)
class ShownAiring:
    """One event of a stored copy, as subscribers see it.

    *end* is exclusive, None where the event has none. *check_in* is the address of a page that checks in
    to this airing, "" where there is none to offer.
    """

    uid: str
    summary: str
    start: Moment
    end: Moment | None
    cancelled: bool
    check_in: str = ""


@dataclass(frozen=True, slots=True)
class PageCalendar:
    """One calendar; *url* is the whole address of its feed, as the world sees it.

    *last_success* is when the copy was last refreshed, None where there never was one. *trouble* is a sentence that
    says what is wrong and what to do, "" when all is well.
    """

    name: str
    url: str
    last_success: datetime | None
    trouble: str
    airings: tuple[ShownAiring, ...]


@dataclass(frozen=True, slots=True)
class PageContent:
    """All that the page says, as of *now*, in the days and hours of *zone*.

    *trouble* is what is wrong with the whole service, "" when all is well. *public* says whether the feeds can be
    reached from the internet over https, which those who fetch from servers of their own need.
    """

    subscriptions: tuple[PageCalendar, ...]
    now: datetime
    zone: tzinfo
    trouble: str
    public: bool


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

    airing: ShownAiring
    hours: str
    state: State


def arrange_week(airings: Iterable[ShownAiring], now: datetime, zone: tzinfo) -> dict[date, list[Slot]]:
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


def find_latest(airings: Iterable[ShownAiring], now: datetime, zone: tzinfo) -> list[tuple[date, Slot]]:
    """The last few airings before today that one may check in to, the latest first, each with its day."""
    today = local_date(now, zone)
    over = [each for each in airings if each.check_in and not _in_week(each, now, today, zone)]
    latest = sorted(over, key=_order, reverse=True)
    latest.sort(key=lambda each: local_date(each.start, zone), reverse=True)
    return [
        (local_date(each.start, zone), Slot(each, _hours(each, zone, late=False), State.OVER))
        for each in latest[:LATEST]
    ]


def _in_week(airing: ShownAiring, now: datetime, today: date, zone: tzinfo) -> bool:
    return local_date(airing.start, zone) >= today or _goes_on(airing, now, today)


def _order(airing: ShownAiring) -> tuple[bool, str, str, str]:
    timed = isinstance(airing.start, datetime)
    return timed, airing.start.isoformat(), airing.summary, airing.uid


def _goes_on(airing: ShownAiring, now: datetime, today: date) -> bool:
    match airing.end:
        case None:
            return False
        case datetime():
            return airing.end > now
        case _:
            return airing.end > today


def _hours(airing: ShownAiring, zone: tzinfo, *, late: bool) -> str:
    if not isinstance(airing.start, datetime):
        return "All day"
    if not isinstance(airing.end, datetime):
        return format_hour(airing.start, zone)
    return (
        f"until {format_hour(airing.end, zone)}"
        if late
        else f"{format_hour(airing.start, zone)}–{format_hour(airing.end, zone)}"
    )


def _state(airing: ShownAiring, now: datetime, today: date) -> State:
    if airing.cancelled:
        return State.GONE
    if not isinstance(airing.start, datetime) or airing.start > now:
        return State.AHEAD
    return State.ON if _goes_on(airing, now, today) else State.OVER


LATELY = timedelta(days=7)  # so long after its start an airing has a button
LEAD = timedelta(minutes=10)  # before it


def offers_check_in(airing: ShownAiring, now: datetime) -> bool:
    """Whether *airing* gets a button for check-in, since people come to the page for it: it is on, or was lately."""
    start = airing.start
    begun = start if isinstance(start, datetime) else datetime.combine(start, time(0), UTC)
    return not airing.cancelled and begun - LEAD <= now <= begun + LATELY


def read_airings(calendar: StoredCalendar) -> tuple[ShownAiring, ...]:
    """What subscribers see in *calendar*, in its order."""
    return tuple(
        ShownAiring(
            uid=event.uid,
            summary=read_summary(event.octets),
            start=parse_moment(event.start),
            end=read_end(event.octets),
            cancelled=event.rev is None,
        )
        for event in calendar.events.values()
    )
