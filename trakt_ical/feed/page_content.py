"""What the page says: each calendar, how fresh it is, and which airings of its stored copy are on this week."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from operator import itemgetter

from trakt_ical.export.stored_calendar import StoredCalendar, parse_moment, read_end, read_summary
from trakt_ical.model import Moment, local_date, reads_as_whole_day
from trakt_ical.wording import format_hour


@dataclass(frozen=True, slots=True)
class PageAiring:
    """One event of a stored copy, as subscribers see it.

    *end* is exclusive, None where the event has none. *check_in_url* is the address of its check-in page, "" for none.
    """

    uid: str
    summary: str
    start: Moment
    end: Moment | None
    is_cancelled: bool
    check_in_url: str = ""


@dataclass(frozen=True, slots=True)
class PageCalendar:
    """One calendar; *url* is the public address of its feed.

    *last_success* is when the copy was last refreshed, None if never. *trouble* is a sentence that says what is wrong
    and what to do, "" when all is well. *credit*: what the licence of its airings asks to be said, "" for nothing, with
    the addresses of the words in it that are links.
    """

    name: str
    url: str
    last_success: datetime | None
    trouble: str
    airings: tuple[PageAiring, ...]
    credit: str = ""
    credit_links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PageContent:
    """All that the page says, as of *now*, in the days and hours of *zone*.

    *trouble* is what is wrong with the whole service, "" when all is well. *is_public* tells whether the internet can
    reach the feeds over https: only then can the servers of Google and Microsoft fetch them.
    """

    calendars: tuple[PageCalendar, ...]
    now: datetime
    zone: tzinfo
    trouble: str
    is_public: bool


DAYS = 7
MOST_RECENT = 5  # airings before today


class AiringState(enum.Enum):
    """Where an airing stands; the values are the words beside it."""

    AHEAD = ""
    ON = "On now"
    OVER = "Over"
    UNLISTED = "No longer listed"  # an airing postponed past the range looks the same, so not "cancelled"


@dataclass(frozen=True, slots=True)
class AiringRow:
    """One line of a day. *hours* are from and to, `until 00:30` for what began the day before, or `All day`."""

    airing: PageAiring
    hours: str
    state: AiringState


def arrange_week(airings: Iterable[PageAiring], now: datetime, zone: tzinfo) -> dict[date, list[AiringRow]]:
    """Return seven days from today on, each with its rows: whole days first, then by the hour.

    What began earlier and is still on stands under today. What ended before today is left out.
    """
    today = local_date(now, zone)
    days: dict[date, list[AiringRow]] = {today + timedelta(days=ahead): [] for ahead in range(DAYS)}
    for airing in sorted(airings, key=_make_sort_key):
        first = local_date(airing.start, zone)
        day = today if first < today and _is_unfinished(airing, now, today) else first
        if day in days:
            hours = _format_hours(airing, zone, began_earlier=day != first)
            days[day].append(AiringRow(airing, hours, _find_state(airing, now, today)))
    return days


def find_recent(airings: Iterable[PageAiring], now: datetime, zone: tzinfo) -> list[tuple[date, AiringRow]]:
    """Return the last few airings before today that offer a check-in, newest day first, each with its day."""
    today = local_date(now, zone)
    past = [airing for airing in airings if airing.check_in_url and not _is_this_week(airing, now, today, zone)]
    dated = [(local_date(airing.start, zone), airing) for airing in sorted(past, key=_make_sort_key, reverse=True)]
    # By the day last, since it counts first: the key sorts whole days apart from hours.
    recent = sorted(dated, key=itemgetter(0), reverse=True)[:MOST_RECENT]
    return [
        (day, AiringRow(airing, _format_hours(airing, zone, began_earlier=False), AiringState.OVER))
        for day, airing in recent
    ]


def _is_this_week(airing: PageAiring, now: datetime, today: date, zone: tzinfo) -> bool:
    return local_date(airing.start, zone) >= today or _is_unfinished(airing, now, today)


def _make_sort_key(airing: PageAiring) -> tuple[bool, str, str, str]:
    # Texts, since dates and datetimes do not compare. All instants are in UTC, so that their texts sort like them.
    return not reads_as_whole_day(airing.start, airing.end), airing.start.isoformat(), airing.summary, airing.uid


def _is_unfinished(airing: PageAiring, now: datetime, today: date) -> bool:
    match airing.end:
        case None:
            return False
        case datetime():
            return airing.end > now
        case _:
            return airing.end > today


def _format_hours(airing: PageAiring, zone: tzinfo, *, began_earlier: bool) -> str:
    if not isinstance(airing.start, datetime) or reads_as_whole_day(airing.start, airing.end):
        return "All day"
    if not isinstance(airing.end, datetime):
        return format_hour(airing.start, zone)
    end = format_hour(airing.end, zone)
    return f"until {end}" if began_earlier else f"{format_hour(airing.start, zone)}–{end}"


def _find_state(airing: PageAiring, now: datetime, today: date) -> AiringState:
    if airing.is_cancelled:
        return AiringState.UNLISTED
    if not isinstance(airing.start, datetime) or airing.start > now:
        return AiringState.AHEAD  # a whole day has no hour at which it would be "on now"
    return AiringState.ON if _is_unfinished(airing, now, today) else AiringState.OVER


CHECK_IN_DAYS = timedelta(days=7)  # after its start an airing has a button for so long
CHECK_IN_LEAD = timedelta(minutes=10)  # before its start


def offers_check_in(airing: PageAiring, now: datetime) -> bool:
    """Whether *airing* gets a button for check-in: people come to the page for what is on, or was lately."""
    start = airing.start
    begun = start if isinstance(start, datetime) else datetime.combine(start, time(0), UTC)
    return not airing.is_cancelled and begun - CHECK_IN_LEAD <= now <= begun + CHECK_IN_DAYS


def read_airings(calendar: StoredCalendar) -> tuple[PageAiring, ...]:
    """Return the airings of the stored *calendar*, in its order."""
    return tuple(
        PageAiring(
            uid=event.uid,
            summary=read_summary(event.octets),
            start=parse_moment(event.start),
            end=read_end(event.octets),
            is_cancelled=event.rev is None,
        )
        for event in calendar.events.values()
    )
