"""When an episode of API v1 airs: its `first_aired` is not the instant.

`first_aired` is a wall clock in Los Angeles, whatever the country. Since July 2013 `first_aired_iso` comes beside it:
then that wall clock is the show's own hour, and the ISO text is the instant. Without it, the wall clock is midnight and
stands for a date, and the hour is the show's `air_time`. Found by comparing recorded answers of 2011 to 2014.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.parser import isoparse, parse

from trakt_ical.fetch import zones
from trakt_ical.model import Moment, StepRecorder, ignore_step

SERVER_ZONE = ZoneInfo("America/Los_Angeles")
UNKNOWN = "12:00am"  # v1's way to say that nobody knows the hour
LATE_NIGHT = dt.time(6)  # an airing before this hour may be listed under the evening before
_HOUR = re.compile(r"(0?[1-9]|1[0-2]):[0-5]\d ?[ap]m|([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class AirTimes:
    """What v1 says about one airing, in its own words; *day* is the date of its group in the calendar."""

    first_aired: int | None
    iso: str | None = None
    utc: int | None = None
    day: date | None = None
    air_time: str | None = None
    air_day: str | None = None
    network: str | None = None
    country: str | None = None


def resolve_instant(aired: AirTimes, tell: StepRecorder = ignore_step) -> Moment | None:
    """Return the moment of *aired*, a date where nobody knows the hour, None where nobody knows the day.

    Raises ValueError, OverflowError or OSError where a number is no date of this calendar.
    """
    tell("Trakt says: first_aired %s, first_aired_iso %s, air_time %s.", aired.first_aired, aired.iso, aired.air_time)
    # Where nobody knows the day, first_aired is 0, and v1 makes the other fields of that 0: the iso text then says
    # 1969-12-31.
    stated = _parse_iso(aired.iso) if aired.first_aired else None
    if stated is not None:
        return _resolve_iso(stated, aired, tell)
    if aired.first_aired:
        day: date | None = datetime.fromtimestamp(aired.first_aired, SERVER_ZONE).date()
        tell("first_aired is a wall clock in Los Angeles and stands for a date: %s.", day)
    else:
        day = aired.day
        tell("Without first_aired the day is that of its group: %s.", day)
    return None if day is None else _resolve_slot(day, aired, tell)


def find_midnight(aired: AirTimes, starts: Moment) -> datetime | None:
    """Return 00:00 of the day *starts* where v1 says that and it stands for an unknown hour, None elsewhere."""
    if isinstance(starts, datetime) or (aired.air_time or "").strip().lower() != UNKNOWN:
        return None
    return datetime.combine(starts, dt.time(0), zones.find_zone(aired.network, aired.country)).astimezone(UTC)


def _parse_iso(iso: str | None) -> datetime | None:
    """Return the instant that *iso* states, None where it states none."""
    try:
        stated = isoparse(iso or "")
    except ValueError:
        return None
    return stated if stated.tzinfo else None


def _resolve_iso(stated: datetime, aired: AirTimes, tell: StepRecorder) -> Moment:
    wall = stated.replace(tzinfo=None)
    # v1 fills a missing hour with 00:00 here too. With an air_time beside it, 00:00 is a real hour.
    if wall.time() == dt.time(0) and _parse_hour(aired.air_time) is None:
        tell("00:00, and air_time %s does not tell the hour: nobody knows it, the date counts.", aired.air_time)
        return wall.date()
    zone = zones.find_zone(aired.network, aired.country)
    if _is_misplaced(aired, zone) or _has_wrong_offset(stated, aired.utc, zone):
        tell("Its offset is wrong: %s of %s keeps its clock in %s.", aired.network, aired.country, zone)
        return wall.replace(tzinfo=zone).astimezone(UTC)
    tell("first_aired_iso is the instant.")
    return stated.astimezone(UTC)


def _is_misplaced(aired: AirTimes, zone: ZoneInfo) -> bool:
    """Whether v1 took a foreign network for an American one, as it does where it does not know the country.

    Its offset is then that of New York, and the wall clock that of the network: the clock is right.
    """
    american = (aired.country or "United States") == "United States"
    return american and zone.key != zones.EASTERN and zones.find_network_zone(aired.network) == zone


def _has_wrong_offset(stated: datetime, utc: int | None, zone: ZoneInfo) -> bool:
    """Whether the offset is wrong as in September 2013: winter's in summer, contradicted by `first_aired_utc`.

    The wall clock is right in these answers.
    """
    contradicted = utc is not None and utc != stated.timestamp()
    return contradicted and stated.utcoffset() != stated.replace(tzinfo=zone).utcoffset()


def _resolve_slot(day: date, aired: AirTimes, tell: StepRecorder) -> Moment:
    hour = _parse_hour(aired.air_time)
    next_day = day + timedelta(days=1)
    is_night_before = (aired.air_day or "").strip().lower() == WEEKDAYS[next_day.weekday()]
    if hour is None and is_night_before and (aired.air_time or "").strip().lower() == UNKNOWN:
        # "Friday 12:00am" in Thursday's group: whoever entered that knew of the midnight after Thursday. Where the
        # day is that of the group, 12:00am is what v1 says for want of an hour.
        hour = dt.time(0)
    if hour is None:
        tell("air_time %s does not tell the hour: nobody knows it.", aired.air_time)
        return day
    if hour < LATE_NIGHT and is_night_before:
        tell("It airs after midnight, on %s: that is the next day.", aired.air_day)
        day = next_day
    zone = zones.find_zone(aired.network, aired.country)
    tell("It airs at %s by the clock of %s (%s, %s).", hour.strftime("%H:%M"), zone, aired.network, aired.country)
    return datetime.combine(day, hour, zone).astimezone(UTC)


def _parse_hour(air_time: str | None) -> dt.time | None:
    """Return the wall clock that *air_time* ("10:00pm") says, None where it says nothing that can be read."""
    text = (air_time or "").strip().lower()
    # Checked first, since dateutil would read "10" or "may" as some hour of today.
    if not _HOUR.fullmatch(text) or text == UNKNOWN:
        return None
    return parse(text, default=datetime(2000, 1, 1, tzinfo=UTC)).time()
