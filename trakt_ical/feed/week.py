"""One week of all calendars: what is on now, what was on lately, and seven days in order."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from trakt_ical.feed.page_content import PageAiring
from trakt_ical.model import local_date
from trakt_ical.wording import format_hour, format_length, format_short_day

DAYS = 7
MOST_RECENT = 5  # airings before today
LONGEST_SPAN = timedelta(hours=12)  # that is written from hour to hour


class AiringState(enum.Enum):
    """Where an airing stands; the values are the classes of its row."""

    AHEAD = "ahead"
    ON = "on"
    OVER = "over"
    UNLISTED = "gone"


@dataclass(frozen=True, slots=True)
class AiringRow:
    """One line of a *day*; *calendars* are the numbers of those that have it, from 1.

    *hours* are from and to, `until 00:30` for what began before that day, `07:00, 24 h`, or `All day`.
    """

    airing: PageAiring
    day: date
    hours: str
    state: AiringState
    calendars: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """What is *on*, what was on *earlier* (newest first), and each of seven *days* with its other rows."""

    on: list[AiringRow]
    earlier: list[AiringRow]
    days: dict[date, list[AiringRow]]


def arrange_week(calendars: Iterable[Sequence[PageAiring]], now: datetime, zone: tzinfo) -> Week:
    """Return the week from today on: on each day whole days first, then by the hour.

    An airing of several calendars has one row. What began before today and is still on stands under today. Earlier is
    what is over today, and the last few before that offer a check-in.
    """
    today = local_date(now, zone)
    week = Week([], [], {today + timedelta(days=ahead): [] for ahead in range(DAYS)})
    recent = []
    for airing, numbers in _join_airings(calendars):
        first = local_date(airing.start, zone)
        day = today if first < today and _is_unfinished(airing, now, today) else first
        row = AiringRow(airing, day, _format_hours(airing, day, zone), _find_state(airing, now, today), numbers)
        if row.state is AiringState.ON:
            week.on.append(row)
        elif day == today and row.state is AiringState.OVER:
            week.earlier.append(row)
        elif day in week.days:
            week.days[day].append(row)
        elif day < today and airing.check_in_url:
            recent.append(row)
    week.earlier.reverse()
    week.earlier.extend(
        sorted(recent, key=lambda row: (row.day, *_make_sort_key(row.airing)), reverse=True)[:MOST_RECENT]
    )
    return week


def _join_airings(calendars: Iterable[Sequence[PageAiring]]) -> list[tuple[PageAiring, tuple[int, ...]]]:
    """Return each airing once, in order, with the numbers of the calendars that have it at that very moment."""
    found: dict[object, tuple[PageAiring, tuple[int, ...]]] = {}
    for number, airings in enumerate(calendars, 1):
        for airing in airings:
            # By its words too: one calendar may hide titles, as spoilers, that another one shows.
            key = airing.uid, airing.start, airing.end, airing.summary, airing.is_cancelled
            first, numbers = found.get(key, (airing, ()))
            found[key] = first, (*numbers, number)
    return sorted(found.values(), key=lambda each: _make_sort_key(each[0]))


def _make_sort_key(airing: PageAiring) -> tuple[bool, str, str, str]:
    # Texts, since dates and datetimes do not compare. All instants are in UTC, so that their texts sort like them.
    return isinstance(airing.start, datetime), airing.start.isoformat(), airing.summary, airing.uid


def _is_unfinished(airing: PageAiring, now: datetime, today: date) -> bool:
    match airing.end:
        case None:
            return False
        case datetime():
            return airing.end > now
        case _:
            return airing.end > today


def _format_hours(airing: PageAiring, day: date, zone: tzinfo) -> str:
    """Return when *airing* is on, beneath the heading of *day*."""
    if not isinstance(airing.start, datetime):
        return "All day"
    start = format_hour(airing.start, zone)
    if not isinstance(airing.end, datetime):
        return start
    end, last = format_hour(airing.end, zone), local_date(airing.end, zone)
    if local_date(airing.start, zone) != day:
        return f"until {end}" if last <= day else f"until {format_short_day(last)}, {end}"
    length = airing.end - airing.start
    # From 07:00 to 07:00 would read as if it were over at once.
    return f"{start}, {format_length(length)}" if length >= LONGEST_SPAN or start == end else f"{start}–{end}"


def _find_state(airing: PageAiring, now: datetime, today: date) -> AiringState:
    if airing.is_cancelled:
        return AiringState.UNLISTED
    if not isinstance(airing.start, datetime) or airing.start > now:
        return AiringState.AHEAD  # a whole day has no hour at which it would be "on now"
    return AiringState.ON if _is_unfinished(airing, now, today) else AiringState.OVER
