"""When is it on? Expected values are worked out by hand, the reason beside each."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from trakt_ical.fetch.v1.instant import AirTimes, resolve_instant
from trakt_ical.fetch.v2.reader import read_shows
from trakt_ical.model import Moment
from trakt_ical.trakt.client import Answer


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


SUNDAY = 1303023600  # 2011-04-17 00:00 in Los Angeles, daylight time: 07:00Z
WINTER = 1294387200  # 2011-01-07 00:00 in Los Angeles, standard time: 08:00Z
EVENING = 1384059600  # 2013-11-09 21:00 in Los Angeles

V1 = [
    (AirTimes(SUNDAY, air_time="10:00pm", network="A&E"), utc(2011, 4, 18, 2), "22:00 Eastern is 02:00Z in summer"),
    (AirTimes(WINTER, air_time="10:00pm", country="United States"), utc(2011, 1, 8, 3), "and 03:00Z in winter"),
    (
        AirTimes(SUNDAY, air_time="7:30pm", network="BBC One"),
        utc(2011, 4, 17, 18, 30),
        "London is an hour ahead of UTC",
    ),
    (AirTimes(WINTER, air_time="4:00pm", country="Japan"), utc(2011, 1, 7, 7), "Tokyo is nine ahead, all year"),
    (AirTimes(SUNDAY, air_time="7:30pm", country="Australia"), utc(2011, 4, 17, 9, 30), "Sydney is ten ahead in April"),
    (AirTimes(WINTER, air_time="7:30pm", country="Australia"), utc(2011, 1, 7, 8, 30), "and eleven in January"),
    (AirTimes(SUNDAY, air_time="08:00PM"), utc(2011, 4, 18), "capitals and a zero; without country Eastern"),
    (
        AirTimes(SUNDAY, air_time="8:15pm", network="ZDF"),
        utc(2011, 4, 17, 18, 15),
        "the network tells where no country is",
    ),
    (
        AirTimes(SUNDAY, air_time="7:00am", network="NBC", country="Australia"),
        utc(2011, 4, 17, 11),
        "and beats a wrong one",
    ),
    (AirTimes(SUNDAY, air_time="12:00am", air_day="Sunday"), date(2011, 4, 17), "12:00am is an unknown hour"),
    (AirTimes(SUNDAY, air_time="12:00am", air_day="Monday"), utc(2011, 4, 18, 4), "but real where the day is the next"),
    (
        AirTimes(SUNDAY, air_time="2:28am", air_day="Monday", network="MBS"),
        utc(2011, 4, 17, 17, 28),
        "late night is tomorrow",
    ),
    (
        AirTimes(SUNDAY, air_time="12:15am", air_day="Sunday"),
        utc(2011, 4, 17, 4, 15),
        "unless listed under its own day",
    ),
    (AirTimes(SUNDAY, air_time=""), date(2011, 4, 17), "no hour"),
    (AirTimes(SUNDAY), date(2011, 4, 17), "no hour at all"),
    *(
        (AirTimes(SUNDAY, air_time=text), date(2011, 4, 17), f"{text!r} is no hour")
        for text in ("10", "noon", "Friday", "24:00", "1.5", "10:00pm +05:00", "2026-12-12", "13:00pm")
    ),
    (AirTimes(SUNDAY, air_time="21:00"), utc(2011, 4, 18, 1), "a clock of 24 hours"),
    (AirTimes(SUNDAY, iso="soon", air_time="10:00pm"), utc(2011, 4, 18, 2), "an ISO text that is none does not count"),
    (AirTimes(SUNDAY, iso="2011-04-17T22:00:00", air_time="10:00pm"), utc(2011, 4, 18, 2), "nor one without an offset"),
    (
        AirTimes(0, day=date(2011, 4, 16), air_time="4:00pm"),
        utc(2011, 4, 16, 20),
        "0 is no date: the group's day counts",
    ),
    (AirTimes(None, day=date(2011, 4, 16)), date(2011, 4, 16), "nor is null"),
    (AirTimes(0), None, "and without a group nobody knows the day"),
    (AirTimes(0, iso="1969-12-31T16:00:00-05:00", day=date(2011, 4, 16)), date(2011, 4, 16), "0 poisons the ISO text"),
    (AirTimes(-14400), date(1969, 12, 31), "before 1970 is a date like any other"),
    (AirTimes(EVENING, "2013-11-09T21:00:00-05:00", 1384048800), utc(2013, 11, 10, 2), "the ISO text is the instant"),
    (
        AirTimes(1379304000, "2013-09-15T21:00:00-05:00", 1379322000, network="HBO"),
        utc(2013, 9, 16, 1),
        "September 2013: winter's offset in summer, so the wall clock in New York",
    ),
    (
        AirTimes(EVENING, "2013-11-09T00:00:00-05:00", air_time="12:00am"),
        date(2013, 11, 9),
        "midnight and an unknown hour is a date",
    ),
    (
        AirTimes(EVENING, "2013-11-09T19:30:00-05:00", network="TV Tokyo"),
        utc(2013, 11, 9, 10, 30),
        "without a country v1 takes Tokyo's wall clock for New York's",
    ),
]


@pytest.mark.parametrize(("aired", "expected", "reason"), V1, ids=[reason for _, _, reason in V1])
def test_v1(aired: AirTimes, expected: Moment | None, reason: str) -> None:
    """API v1's words become the instant that the table says."""
    assert resolve_instant(aired) == expected


def make_entry(
    first_aired: str | None, zone: str | None, network: str | None = "HBO", /, **more: Any
) -> dict[str, Any]:
    show = {"title": "A", "ids": {"trakt": 1}, "network": network, "airs": {"timezone": zone}, "country": None}
    return {
        "first_aired": first_aired,
        "show": show | more.pop("show", {}),
        "episode": {"season": 1, "number": 1, "ids": {"trakt": 2}} | more,
    }


V2 = [
    (make_entry("2026-04-19T01:00:00.000Z", "America/New_York"), utc(2026, 4, 19, 1), "an instant is an instant"),
    (make_entry("2026-04-19T04:00:00.000Z", "America/New_York"), date(2026, 4, 19), "00:00 in New York: no hour known"),
    (make_entry("2026-01-19T05:00:00.000Z", "America/New_York"), date(2026, 1, 19), "in winter too"),
    (make_entry("2026-04-18T15:00:00.000Z", "Asia/Tokyo"), date(2026, 4, 19), "the date is the one in the show's zone"),
    (make_entry("2026-04-18T10:00:00.000Z", "Pacific/Honolulu"), date(2026, 4, 18), "west of UTC as well"),
    (
        make_entry("2026-04-19T07:00:00.000Z", "America/Los_Angeles", "Netflix"),
        utc(2026, 4, 19, 7),
        "a real midnight drop",
    ),
    (
        make_entry("2026-04-19T07:00:00.000Z", "America/Los_Angeles", "netflix"),
        utc(2026, 4, 19, 7),
        "however it is spelt",
    ),
    (make_entry("2026-04-19T00:00:00.000Z", None, None), date(2026, 4, 19), "without any zone, UTC's midnight"),
    (make_entry("2026-04-18T23:00:00.000Z", None, "BBC One"), date(2026, 4, 19), "without a zone the network's"),
    (make_entry("2026-04-18T22:00:00.000Z", None, None, show={"country": "de"}), date(2026, 4, 19), "or the country's"),
    (make_entry("2026-04-19T04:00:00.000Z", "Not/AZone", None), utc(2026, 4, 19, 4), "a zone that is none is no zone"),
    (make_entry("2026-04-19", "Asia/Tokyo"), date(2026, 4, 19), "without T it is a date"),
    (
        make_entry("2026-04-19T01:00:00Z", "UTC", effective_release_date="2026-04-20T02:00:00.000Z"),
        utc(2026, 4, 19, 1),
        "first_aired comes before effective_release_date",
    ),
    (
        make_entry(None, "UTC", first_aired="2026-04-19T01:00:00Z", released="2026-04-18"),
        utc(2026, 4, 19, 1),
        "where the entry has none, its episode's",
    ),
    (
        make_entry("2026-03-08T07:30:00.000Z", "America/New_York"),
        utc(2026, 3, 8, 7, 30),
        "the morning the clocks go on",
    ),
    (make_entry("2026-04-18T21:00:00.123+02:00", "UTC"), utc(2026, 4, 18, 19), "offsets count, milliseconds do not"),
]


@pytest.mark.parametrize(("wire", "expected", "reason"), V2, ids=[reason for _, _, reason in V2])
@pytest.mark.filterwarnings("default")
def test_v2(wire: dict[str, Any], expected: Moment, reason: str) -> None:
    """API v2's words become the instant that the table says."""
    [episode] = read_shows(Answer("GET /calendars", 200, {}, json.dumps([wire]).encode()))
    assert episode.starts == expected
