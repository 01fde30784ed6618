"""When is it on, from Trakt's words to the DTSTART that a calendar program reads.

Each row has what Trakt says, the settings, the expected moment and its reason. The moments are worked out by hand:
an instant ends in Z, and what has none is a whole day.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest

from tests.factories import make_stamp
from trakt_ical.config import Settings
from trakt_ical.config.rules_from_settings import make_rules
from trakt_ical.export import ics
from trakt_ical.fetch.v1 import reader as v1_reader
from trakt_ical.fetch.v2 import reader as v2_reader
from trakt_ical.model import Airing, Release, local_date
from trakt_ical.trakt.client import Answer
from trakt_ical.transform.events import make_event
from trakt_ical.transform.grouping import Showing, schedule_airings

ELSEWHERE = ("Pacific/Auckland", "Pacific/Honolulu", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin")


@dataclass(frozen=True)
class V1:
    """What API v1 says of an airing; *first_aired* is midnight in Los Angeles on *day* where it has no *iso*."""

    day: str
    first_aired: int
    air_time: str = ""
    air_day: str = ""
    network: str | None = None
    country: str | None = None
    iso: str | None = None
    utc: int | None = None
    runtime: int | None = None

    def read_airings(self) -> Iterator[Airing]:
        """The episode that the answer is read as."""
        show: dict[str, Any] = {"title": "A", "tvdb_id": 1, "url": "http://trakt.tv/show/a", "runtime": self.runtime}
        show |= {"air_time": self.air_time, "air_day": self.air_day, "network": self.network, "country": self.country}
        episode: dict[str, Any] = {"season": 1, "number": 1, "first_aired": self.first_aired}
        episode |= {"first_aired_iso": self.iso, "first_aired_utc": self.utc}
        yield from v1_reader.read_episodes(
            _answer({"date": self.day, "episodes": [{"show": show, "episode": episode}]})
        )


@dataclass(frozen=True)
class V2:
    """What API v2 says of an airing; *zone* is the show's own, *effective* its `effective_release_date`."""

    first_aired: str | None
    zone: str | None = "America/New_York"
    network: str | None = "HBO"
    country: str | None = None
    effective: str | None = None
    released: str | None = None
    runtime: int | None = None
    show_runtime: int | None = None

    def read_airings(self) -> Iterator[Airing]:
        """The episode that the answer is read as."""
        show: dict[str, Any] = {
            "title": "A Show",
            "ids": {"trakt": 7, "slug": "a-show-2020"},
            "airs": {"timezone": self.zone},
        }
        show |= {"network": self.network, "country": self.country, "runtime": self.show_runtime}
        episode: dict[str, Any] = {
            "season": 1,
            "number": 1,
            "effective_release_date": self.effective,
            "released": self.released,
            "runtime": self.runtime,
        }
        yield from v2_reader.read_shows(_answer({"first_aired": self.first_aired, "show": show, "episode": episode}))


@dataclass(frozen=True)
class Film:
    """What API v2 says of a movie."""

    released: str

    def read_airings(self) -> Iterator[Airing]:
        """The movie that the answer is read as."""
        movie = {"title": "A Film", "ids": {"trakt": 9}, "runtime": 120}
        yield from v2_reader.read_movies(_answer({"released": self.released, "movie": movie}), Release.CINEMA)


Said = V1 | V2 | Film
Row = tuple[Said, dict[str, Any], str, str]


def _answer(*entries: dict[str, Any]) -> Answer:
    return Answer("GET /calendar", 200, {}, json.dumps(entries).encode())


def find_showing(said: Said, settings: dict[str, Any]) -> Showing:
    """What *settings* make of what Trakt *said*."""
    calendar = Settings(**settings)
    [showing] = schedule_airings(said.read_airings(), make_rules(calendar), ZoneInfo(calendar.timezone or "UTC"))
    return showing


def read(said: Said, settings: dict[str, Any]) -> icalendar.Event:
    """The event of what Trakt *said*, as icalendar reads it."""
    octets = ics.render_event(
        make_event(find_showing(said, settings), make_rules(Settings(**settings))), make_stamp(), "1-abc"
    )
    found = icalendar.Event.from_ical(octets)
    assert isinstance(found, icalendar.Event)
    return found


def format_moment(moment: date) -> str:
    """*moment* as the tables write it; `datetime` is a `date` as well."""
    return f"{moment:%Y-%m-%d %H:%MZ}" if isinstance(moment, datetime) else f"{moment}"


def day(text: str, first_aired: int, air_time: str, network: str | None = None, country: str | None = None) -> V1:
    """An airing of v1 before July 2013: a date, and the hour of the show's slot."""
    return V1(text, first_aired, air_time, network=network, country=country)


# Clocks went on in the US on 2012-03-11 and back on 11-04, in Britain on 2012-03-25 and back on 10-28,
# in Sydney back on 2012-04-01 and on on 10-07.
V1_OLD: list[Row] = [
    (day("2011-04-17", 1303023600, "10:00pm", "A&E"), {}, "2011-04-18 02:00Z", "22:00 in New York, 4 behind in summer"),
    (day("2011-01-07", 1294387200, "10:00pm", "A&E"), {}, "2011-01-08 03:00Z", "5 behind in winter"),
    (day("2012-03-10", 1331366400, "10:00pm", "HBO"), {}, "2012-03-11 03:00Z", "US: the last evening of winter's time"),
    (day("2012-03-11", 1331452800, "10:00pm", "HBO"), {}, "2012-03-12 02:00Z", "US: the first evening of summer's"),
    (day("2012-11-03", 1351926000, "10:00pm", "HBO"), {}, "2012-11-04 02:00Z", "US: the last evening of summer's"),
    (day("2012-11-04", 1352012400, "10:00pm", "HBO"), {}, "2012-11-05 03:00Z", "US: the first evening of winter's"),
    (day("2012-03-24", 1332572400, "9:00pm", "BBC One"), {}, "2012-03-24 21:00Z", "UK: winter's time is UTC"),
    (day("2012-03-25", 1332658800, "9:00pm", "BBC One"), {}, "2012-03-25 20:00Z", "UK: an hour ahead from that day on"),
    (day("2012-10-27", 1351321200, "9:00pm", "BBC One"), {}, "2012-10-27 20:00Z", "UK: still an hour ahead"),
    (day("2012-10-28", 1351407600, "9:00pm", "BBC One"), {}, "2012-10-28 21:00Z", "UK: UTC again"),
    (
        day("1969-01-04", -31248000, "5:15pm", "BBC One"),
        {},
        "1969-01-04 16:15Z",
        "UK: an hour ahead all winter, 1968-71",
    ),
    (day("2012-03-31", 1333177200, "7:30pm", None, "Australia"), {}, "2012-03-31 08:30Z", "Sydney: 11 ahead in summer"),
    (day("2012-04-01", 1333263600, "7:30pm", None, "Australia"), {}, "2012-04-01 09:30Z", "Sydney: 10 from April on"),
    (day("2012-10-06", 1349506800, "7:30pm", None, "Australia"), {}, "2012-10-06 09:30Z", "Sydney: 10 until October"),
    (day("2012-10-07", 1349593200, "7:30pm", None, "Australia"), {}, "2012-10-07 08:30Z", "Sydney: 11 again"),
    (
        day("2012-01-01", 1325404800, "6:30am", "TV Tokyo"),
        {},
        "2011-12-31 21:30Z",
        "Tokyo: 9 ahead, the year before in UTC",
    ),
    (day("2012-07-01", 1341126000, "6:30am", "TV Tokyo"), {}, "2012-06-30 21:30Z", "Tokyo: 9 ahead in summer as well"),
    (day("2012-07-01", 1341126000, "9:00pm", None, "India"), {}, "2012-07-01 15:30Z", "India: five and a half ahead"),
    (
        V1("2011-04-16", 1302937200, "2:28am", "Sunday", "MBS", "United States"),
        {},
        "2011-04-16 17:28Z",
        "Dog Days: Saturday's 26:28 is 02:28 on Sunday in Tokyo, whatever country v1 names",
    ),
    (
        V1("2012-03-10", 1331366400, "2:30am", "Sunday", "HBO"),
        {},
        "2012-03-11 07:30Z",
        "02:30 on the morning the clocks go on does not exist: half an hour after 02:00, when they show 03:30",
    ),
    (
        V1("2012-11-03", 1351926000, "1:30am", "Sunday", "HBO"),
        {},
        "2012-11-04 05:30Z",
        "01:30 on the morning the clocks go back comes twice: the first one",
    ),
    (
        V1("2013-08-22", 1377154800, "12:00am", "Friday", "Adult Swim"),
        {},
        "2013-08-23 04:00Z",
        "Childrens Hospital: Friday's midnight in Thursday's group is real",
    ),
    (
        V1("2013-08-22", 1377154800, "12:00am", "Thursday"),
        {},
        "2013-08-22",
        "midnight of the group's own day is no hour",
    ),
    (V1("2013-08-22", 1377154800, "12:00am"), {}, "2013-08-22", "nor without a weekday"),
    (
        V1("2011-04-17", 1303023600, "12:15am", "Sunday"),
        {},
        "2011-04-17 04:15Z",
        "NTSF: 00:15 under its own day is that day's",
    ),
    (V1("2011-04-17", 1303023600, "10:00pm", "Monday"), {}, "2011-04-18 02:00Z", "an evening never is the next day's"),
    (day("2013-02-01", 1359705600, "12:00am", "Netflix"), {}, "2013-02-01", "v1 has no drops at midnight"),
    (V1("2013-06-16", 0, "9:00pm", network="ITV"), {}, "2013-06-16 20:00Z", "0 is no date: the group's day counts"),
    (V1("2013-06-16", 0), {}, "2013-06-16", "and without an hour it is all there is"),
]

V1_NEW: list[Row] = [
    (
        V1("2013-11-09", 1384059600, "9:00pm", iso="2013-11-09T21:00:00-05:00", utc=1384048800),
        {},
        "2013-11-10 02:00Z",
        "The Thundermans: the ISO text is the instant, and first_aired is not",
    ),
    (
        V1("2014-07-28", 1406615400, "11:30pm", iso="2014-07-28T23:30:00-04:00", utc=1406604600),
        {},
        "2014-07-29 03:30Z",
        "The Colbert Report: the next day in UTC",
    ),
    (
        V1("2005-03-26", 1111894200, "7:30pm", network="BBC One", iso="2005-03-26T19:30:00+00:00", utc=1111865400),
        {},
        "2005-03-26 19:30Z",
        "Doctor Who: the evening before Britain's clocks went on",
    ),
    (
        V1("2014-03-30", 1396233000, "7:30pm", network="BBC One", iso="2014-03-30T19:30:00+01:00"),
        {},
        "2014-03-30 18:30Z",
        "the evening after they went on",
    ),
    (
        V1("2014-04-07", 1396846800, "10:00pm", iso="2014-04-06T22:00:00-04:00", utc=1396836000),
        {},
        "2014-04-07 02:00Z",
        "Silicon Valley: the group's day is the account's, and moves nothing",
    ),
    (
        V1("2013-09-15", 1379304000, "9:00pm", network="HBO", iso="2013-09-15T21:00:00-05:00", utc=1379322000),
        {},
        "2013-09-16 01:00Z",
        "Boardwalk Empire, September 2013: winter's offset in summer is wrong, New York was 4 behind",
    ),
    (
        V1("2014-06-08", 1402210800, "12:00am", network="TV Tokyo", iso="2014-06-08T00:00:00-04:00"),
        {},
        "2014-06-08",
        "midnight, and no hour in the slot either: unknown",
    ),
    (
        V1("2014-06-08", 1402210800, "9:00pm", iso="2014-06-08T00:00:00-04:00"),
        {},
        "2014-06-08 04:00Z",
        "midnight of a show that has an hour is one",
    ),
    (
        V1("2014-05-03", 1399167000, "6:30pm", network="TV Tokyo", iso="2014-05-03T18:30:00-04:00"),
        {},
        "2014-05-03 09:30Z",
        "a Japanese network without a country: its clock, and not v1's Eastern offset",
    ),
    (
        V1("2014-11-02", 1414917000, "1:30am", iso="2014-11-02T01:30:00-05:00"),
        {},
        "2014-11-02 06:30Z",
        "the ISO text says which of two 01:30 it is: the second",
    ),
]

V2_ROWS: list[Row] = [
    (V2("2026-04-19T01:00:00.000Z"), {}, "2026-04-19 01:00Z", "an instant is an instant"),
    (V2("2026-03-08T04:00:00.000Z"), {}, "2026-03-08 04:00Z", "US winter: 23:00 on the 7th, a known hour"),
    (V2("2026-03-08T05:00:00.000Z"), {}, "2026-03-08", "00:00 on the day the clocks go on, still 5 behind"),
    (V2("2026-03-09T04:00:00.000Z"), {}, "2026-03-09", "00:00 on the day after, 4 behind"),
    (V2("2026-11-01T04:00:00.000Z"), {}, "2026-11-01", "00:00 on the day they go back, still 4 behind"),
    (V2("2026-11-02T04:00:00.000Z"), {}, "2026-11-02 04:00Z", "23:00 on that day, now 5 behind: a known hour"),
    (V2("2026-11-02T05:00:00.000Z"), {}, "2026-11-02", "00:00 on the day after"),
    (V2("2026-03-29T00:00:00.000Z", "Europe/London"), {}, "2026-03-29", "UK: 00:00 in winter is UTC's"),
    (
        V2("2026-03-29T23:00:00.000Z", "Europe/London"),
        {},
        "2026-03-30",
        "UK: a day later it is 23:00Z of the day before",
    ),
    (V2("2026-10-25T00:00:00.000Z", "Europe/London"), {}, "2026-10-25 00:00Z", "UK: 01:00 in summer, a known hour"),
    (V2("2026-10-26T00:00:00.000Z", "Europe/London"), {}, "2026-10-26", "UK: and 00:00 once the clocks are back"),
    (V2("2026-04-18T15:00:00.000Z", "Asia/Tokyo"), {}, "2026-04-19", "Japan: 00:00 is 15:00Z of the day before"),
    (V2("2026-04-18T16:30:00.000Z", "Asia/Tokyo"), {}, "2026-04-18 16:30Z", "Japan: 25:30, past midnight, is an hour"),
    (V2("2026-04-04T13:00:00.000Z", "Australia/Sydney"), {}, "2026-04-05", "Sydney: 11 ahead, the clocks go back at 3"),
    (V2("2026-04-05T14:00:00.000Z", "Australia/Sydney"), {}, "2026-04-06", "Sydney: 10 ahead a day later"),
    (V2("2026-10-03T13:00:00.000Z", "Australia/Sydney"), {}, "2026-10-03 13:00Z", "Sydney: 23:00 before they go on"),
    (V2("2026-10-04T13:00:00.000Z", "Australia/Sydney"), {}, "2026-10-05", "Sydney: 00:00 after"),
    (V2("2026-04-18T14:30:00.000Z", "Australia/Adelaide"), {}, "2026-04-19", "Adelaide: nine and a half ahead"),
    (V2("2026-04-19T10:00:00.000Z", "Pacific/Honolulu"), {}, "2026-04-19", "Honolulu: 10 behind"),
    (
        V2("2026-09-06T04:00:00.000Z", "America/Santiago"),
        {},
        "2026-09-06",
        "Santiago: that day begins at 01:00, 3 behind",
    ),
    (V2("2026-09-06T05:00:00.000Z", "America/Santiago"), {}, "2026-09-06 05:00Z", "Santiago: 02:00, a known hour"),
    (
        V2("2026-09-07T04:00:00.000Z", "America/Santiago"),
        {},
        "2026-09-07 04:00Z",
        "Santiago: 01:00 of a day that has 00:00",
    ),
    (V2("2026-04-23T22:00:00.000Z", "Africa/Cairo"), {}, "2026-04-24", "Cairo: that day begins at 01:00, 3 ahead"),
    (V2("2026-04-19T07:00:00.000Z", "America/Los_Angeles", "Netflix"), {}, "2026-04-19 07:00Z", "Netflix means 00:00"),
    (V2("2026-04-19T07:00:00.000Z", "America/Los_Angeles", "FOX"), {}, "2026-04-19", "a broadcaster does not"),
    (V2("2026-04-19T04:00:00.000Z", None, None, "us"), {}, "2026-04-19", "without a zone the country's"),
]

BERLIN, AUCKLAND, HONOLULU, LOS_ANGELES, SANTIAGO = (
    {"timezone": zone}
    for zone in ("Europe/Berlin", "Pacific/Auckland", "Pacific/Honolulu", "America/Los_Angeles", "America/Santiago")
)
WHOLE = {"hours": "whole-day"}
MIDNIGHT = {"unknown_hour": "midnight"}
EVENING = V2("2026-04-19T01:00:00.000Z")  # Saturday 21:00 in New York, Sunday 03:00 in Berlin, 13:00 in Auckland
DROP = V2("2026-04-19T07:00:00.000Z", "America/Los_Angeles", "Netflix")  # 00:00 there
UNKNOWN = V2("2026-04-18T15:00:00.000Z", "Asia/Tokyo")  # the 19th there


def late_night(hour: int) -> dict[str, Any]:
    """Whole days, in which the night until *hour* belongs to the evening before."""
    return {**WHOLE, "late_night": hour}


WHOLE_DAYS: list[Row] = [
    (EVENING, BERLIN | WHOLE, "2026-04-19", "03:00 on Sunday in Berlin"),
    (EVENING, AUCKLAND | WHOLE, "2026-04-19", "13:00 on Sunday in Auckland"),
    (EVENING, HONOLULU | WHOLE, "2026-04-18", "15:00 on Saturday in Honolulu"),
    (V2("2026-01-18T11:30:00.000Z"), AUCKLAND | WHOLE, "2026-01-19", "00:30, Auckland is 13 ahead in summer"),
    (V2("2026-07-18T11:30:00.000Z"), AUCKLAND | WHOLE, "2026-07-18", "23:30, and 12 in winter"),
    (V2("2026-04-04T11:30:00.000Z"), AUCKLAND | WHOLE, "2026-04-05", "00:30 on the day of 25 hours"),
    (V2("2026-04-05T11:30:00.000Z"), AUCKLAND | WHOLE, "2026-04-05", "a day later it is 23:30 on the same day"),
    (V2("2026-09-26T11:30:00.000Z"), AUCKLAND | WHOLE, "2026-09-26", "23:30 before the day of 23 hours"),
    (V2("2026-09-27T11:30:00.000Z"), AUCKLAND | WHOLE, "2026-09-28", "a day later it is 00:30 after it"),
    (DROP, BERLIN | WHOLE, "2026-04-19", "a drop is at 09:00 in Berlin"),
    (DROP, HONOLULU | WHOLE, "2026-04-18", "and at 21:00 on the day before in Honolulu"),
    (UNKNOWN, HONOLULU | WHOLE, "2026-04-19", "unknown in Tokyo: its date there, seen from Honolulu"),
    (UNKNOWN, AUCKLAND | WHOLE, "2026-04-19", "and from Auckland"),
    (day("2011-04-17", 1303023600, "10:00pm", "A&E"), BERLIN | WHOLE, "2011-04-18", "v1: 04:00 on Monday in Berlin"),
    (day("2011-04-17", 1303023600, ""), HONOLULU | WHOLE, "2011-04-17", "v1: an unknown hour, seen from Honolulu"),
    (day("2011-04-17", 1303023600, ""), AUCKLAND | WHOLE, "2011-04-17", "v1: and from Auckland"),
]

LATE_NIGHTS: list[Row] = [
    (EVENING, BERLIN | late_night(4), "2026-04-18", "03:00 is before 4: Saturday's evening"),
    (EVENING, BERLIN | late_night(3), "2026-04-19", "03:00 is not before 3"),
    (EVENING, AUCKLAND | late_night(12), "2026-04-19", "13:00 never is"),
    (EVENING, BERLIN | {"late_night": 4}, "2026-04-19 01:00Z", "exact hours know no late night"),
    (UNKNOWN, BERLIN | late_night(12), "2026-04-19", "nor does an unknown hour"),
    (DROP, LOS_ANGELES | late_night(5), "2026-04-18", "a drop's 00:00 is an hour, and before 5"),
    (
        V2("2027-01-01T00:30:00.000Z"),
        BERLIN | late_night(5),
        "2026-12-31",
        "01:30 in the new year is the old year's evening",
    ),
    (V2("2026-03-29T00:30:00.000Z"), BERLIN | late_night(3), "2026-03-28", "01:30 before the clocks go on"),
    (V2("2026-03-29T01:30:00.000Z"), BERLIN | late_night(3), "2026-03-29", "an hour later it is 03:30"),
    (V2("2026-10-25T01:30:00.000Z"), BERLIN | late_night(3), "2026-10-24", "02:30 for the second time"),
    (V2("2026-10-25T02:00:00.000Z"), BERLIN | late_night(3), "2026-10-25", "half an hour later it is 03:00"),
    (
        V1("2011-04-16", 1302937200, "2:28am", "Sunday", "MBS"),
        {"timezone": "Asia/Tokyo", **late_night(5)},
        "2011-04-16",
        "Dog Days: Saturday's 26:28 is on Saturday, as Japan prints it",
    ),
]

UNKNOWN_HOURS: list[Row] = [
    (UNKNOWN, BERLIN | MIDNIGHT, "2026-04-18 22:00Z", "00:00 on the 19th in Berlin, 2 ahead"),
    (UNKNOWN, AUCKLAND | MIDNIGHT, "2026-04-18 12:00Z", "in Auckland, 12 ahead"),
    (UNKNOWN, HONOLULU | MIDNIGHT, "2026-04-19 10:00Z", "in Honolulu, 10 behind"),
    (V2("2026-01-19T05:00:00.000Z"), AUCKLAND | MIDNIGHT, "2026-01-18 11:00Z", "in Auckland, 13 ahead in January"),
    (V2("2026-03-29T04:00:00.000Z"), BERLIN | MIDNIGHT, "2026-03-28 23:00Z", "in Berlin, 1 ahead until that morning"),
    (V2("2026-09-06T04:00:00.000Z"), SANTIAGO | MIDNIGHT, "2026-09-06 04:00Z", "that day begins at 01:00 in Santiago"),
    (day("2013-08-22", 1377154800, "12:00am"), BERLIN | MIDNIGHT, "2013-08-21 22:00Z", "v1: in Berlin, 2 ahead"),
    (UNKNOWN, BERLIN | {"unknown_hour": "20:00"}, "2026-04-19 18:00Z", "20:00 on that date in Berlin"),
    (UNKNOWN, HONOLULU | {"unknown_hour": "20:00"}, "2026-04-20 06:00Z", "or in Honolulu"),
    (UNKNOWN, BERLIN | {"unknown_hour": "8:30"}, "2026-04-19 06:30Z", "an hour of one digit"),
    (V2("2026-01-19T05:00:00.000Z"), BERLIN | {"unknown_hour": "20:00"}, "2026-01-19 19:00Z", "1 ahead in winter"),
    (
        V2("2026-03-29T04:00:00.000Z"),
        BERLIN | {"unknown_hour": "02:30"},
        "2026-03-29 01:30Z",
        "02:30 does not exist that morning: half an hour after 02:00, when the clocks show 03:30",
    ),
    (V2("2026-04-19"), BERLIN | {"unknown_hour": "20:00"}, "2026-04-19 18:00Z", "a date without an hour as well"),
    (
        UNKNOWN,
        BERLIN | {"unknown_hour": "20:00", "show_unknown_hours": (("a-show-2020", "21:15"),)},
        "2026-04-19 19:15Z",
        "the show's hour wins",
    ),
    (UNKNOWN, BERLIN | {"show_unknown_hours": (("7", "21:15"),)}, "2026-04-19 19:15Z", "the show by its number"),
    (UNKNOWN, BERLIN | {"show_unknown_hours": (("Another", "21:15"),)}, "2026-04-19", "not another show's"),
    (
        UNKNOWN,
        BERLIN | {"unknown_hour": "20:00", "show_unknown_hours": (("A Show", "whole-day"),)},
        "2026-04-19",
        "one show as a whole day",
    ),
    (UNKNOWN, BERLIN | WHOLE | {"unknown_hour": "20:00"}, "2026-04-19", "in whole days there is no hour"),
    (
        V2(None, effective="2026-04-09T12:00:00.000Z"),
        BERLIN | {"unknown_hour": "20:00"},
        "2026-04-09 18:00Z",
        "nobody knows the hour of a noon that was put in",
    ),
    (day("2013-08-22", 1377154800, "12:00am"), BERLIN | {"unknown_hour": "20:00"}, "2013-08-22 18:00Z", "v1 as well"),
    (EVENING, BERLIN | {"unknown_hour": "20:00"}, "2026-04-19 01:00Z", "a known hour stays"),
    (UNKNOWN, BERLIN | MIDNIGHT | WHOLE, "2026-04-19", "in whole days there is no midnight"),
    (UNKNOWN, BERLIN | MIDNIGHT | {"offset": 180}, "2026-04-18 22:00Z", "a midnight that nobody knows is not moved"),
    (DROP, BERLIN | MIDNIGHT, "2026-04-19 07:00Z", "a drop's 00:00 is known"),
    (Film("2026-04-18"), BERLIN | MIDNIGHT, "2026-04-18", "a movie has no hour to know"),
]

OFFSETS: list[Row] = [
    (EVENING, {"offset": 180}, "2026-04-19 04:00Z", "three hours later"),
    (EVENING, {"offset": -90}, "2026-04-18 23:30Z", "an hour and a half earlier"),
    (EVENING, {"offset": 30, "network_offsets": (("hbo", 180),)}, "2026-04-19 04:00Z", "the network's alone"),
    (EVENING, {"offset": 30, "network_offsets": (("AMC", 180),)}, "2026-04-19 01:30Z", "not another network's"),
    (
        EVENING,
        {"network_offsets": (("HBO", 180),), "show_offsets": (("a-show-2020", 15),)},
        "2026-04-19 01:15Z",
        "the show's wins over the network's",
    ),
    (EVENING, {"offset": 30, "show_offsets": (("A Show", 0),)}, "2026-04-19 01:00Z", "even where it is 0"),
    (EVENING, {"show_offsets": (("7", 15),)}, "2026-04-19 01:15Z", "the show by its number"),
    (V2("2026-03-08T06:30:00.000Z"), {"offset": 60}, "2026-03-08 07:30Z", "01:30 to 03:30 by the clock is an hour"),
    (V2("2026-04-19T03:00:00.000Z"), {"offset": 60}, "2026-04-19 04:00Z", "moved to 00:00 it is still known"),
    (DROP, {"network_offsets": (("Netflix", 180),)}, "2026-04-19 10:00Z", "a drop has an hour to move"),
    (UNKNOWN, {"offset": 1440}, "2026-04-19", "an unknown hour has none"),
    (Film("2026-04-18"), {"offset": 1440}, "2026-04-18", "nor has a movie"),
    (V2("2026-04-18T20:30:00.000Z"), BERLIN | WHOLE | {"offset": 120}, "2026-04-19", "22:30 in Berlin becomes 00:30"),
    (V2("2026-04-18T20:30:00.000Z"), BERLIN | late_night(3) | {"offset": 120}, "2026-04-18", "which is a late night"),
    (V2("2026-04-18T22:30:00.000Z"), BERLIN | WHOLE | {"offset": -60}, "2026-04-18", "00:30 in Berlin becomes 23:30"),
    (
        day("2011-04-17", 1303023600, "10:00pm", "A&E"),
        {"network_offsets": (("A&E", 180),)},
        "2011-04-18 05:00Z",
        "v1: the west coast's feed",
    ),
]

NEW_YORK, TOKYO, LONDON, SYDNEY = "America/New_York", "Asia/Tokyo", "Europe/London", "Australia/Sydney"


def drop(first_aired: str | None, network: str | None, zone: str | None, released: str, effective: str) -> V2:
    """An airing as Trakt words it since spring 2026: three dates."""
    return V2(first_aired, zone, network, effective=effective, released=released)


EVENING_DROPS: list[Row] = [
    (
        drop("2026-04-10T01:00:00.000Z", "HBO Max", NEW_YORK, "2026-04-09", "2026-04-09T12:00:00.000Z"),
        {},
        "2026-04-10 01:00Z",
        "HBO Max: 21:00 in New York; noon UTC was put in",
    ),
    (
        drop("2026-03-25T01:00:00.000Z", "Disney+", NEW_YORK, "2026-03-24", "2026-03-24T12:00:00.000Z"),
        {},
        "2026-03-25 01:00Z",
        "Disney+: 18:00 in California, which Trakt words as 21:00 in New York",
    ),
    (
        drop("2026-06-26T00:00:00.000Z", "Hulu", NEW_YORK, "2026-06-25", "2026-06-25T16:00:00.000Z"),
        {},
        "2026-06-26 00:00Z",
        "Hulu: 20:00 in New York; noon by its clock was put in",
    ),
    (
        drop("2026-01-16T02:00:00.000Z", "HBO Max", NEW_YORK, "2026-01-15", "2026-01-15T17:00:00.000Z"),
        {},
        "2026-01-16 02:00Z",
        "in winter its noon is 17:00Z",
    ),
    (
        drop("2026-06-24T02:00:00.000Z", "NBC", NEW_YORK, "2026-06-16", "2026-06-16T13:00:00.000Z"),
        {},
        "2026-06-24 02:00Z",
        "America's Got Talent: online a week early is not when it airs",
    ),
    (
        drop("2026-07-03T01:00:00.000Z", "Apple TV", NEW_YORK, "2026-07-03", "2026-07-03T01:00:00.000Z"),
        {},
        "2026-07-03 01:00Z",
        "all three agree in UTC",
    ),
    (
        drop("2026-04-08T07:00:00.000Z", "Prime Video", NEW_YORK, "2026-04-08", "2026-04-08T07:00:00.000Z"),
        {},
        "2026-04-08 07:00Z",
        "03:00 in New York is a known hour",
    ),
    (
        drop("2026-04-19T01:00:00.000Z", "HBO", NEW_YORK, "2026-04-21", "2026-04-21T01:00:00.000Z"),
        {},
        "2026-04-19 01:00Z",
        "a release after the airing counts for nothing",
    ),
    (V2("2026-04-19T01:00:00.000Z", effective="2026-04-21"), {}, "2026-04-19 01:00Z", "nor does one without an hour"),
    (
        V2("2026-04-19T01:00:00.000Z", effective="soon", released="some day"),
        {},
        "2026-04-19 01:00Z",
        "odd dates beside first_aired cost nothing",
    ),
    (
        drop("2026-04-19T04:00:00.000Z", "HBO", NEW_YORK, "2026-04-18", "2026-04-18T12:00:00.000Z"),
        {},
        "2026-04-19",
        "00:00 in first_aired stays an unknown hour, and its date stays",
    ),
]

NO_AIRING: list[Row] = [
    (V2(None, released="2026-04-19"), {}, "2026-04-19", "only a day of release: a whole day"),
    (V2("", released="2026-04-19"), {}, "2026-04-19", "an empty first_aired is none"),
    (V2(None, effective="2026-04-19"), {}, "2026-04-19", "an effective date without an hour is a day"),
    (V2(None, effective="2026-04-19T01:30:00.000Z"), {}, "2026-04-19 01:30Z", "with a real hour it is the instant"),
    (
        drop(None, "BBC One", LONDON, "2026-02-08", "2026-02-08T06:00:00.000Z"),
        {},
        "2026-02-08 06:00Z",
        "06:00 in London is a real hour",
    ),
    (drop(None, "HBO", NEW_YORK, "2026-04-09", "2026-04-09T12:00:00.000Z"), {}, "2026-04-09", "noon UTC put in"),
    (
        drop(None, "HBO", NEW_YORK, "2026-04-09", "2026-04-09T16:00:00.000Z"),
        {},
        "2026-04-09",
        "noon in New York put in",
    ),
    (drop(None, "NHK", TOKYO, "2026-04-09", "2026-04-09T03:00:00.000Z"), {}, "2026-04-09", "noon in Tokyo put in"),
    (V2(None, effective="2026-04-09T12:00:00.000Z"), {}, "2026-04-09", "noon alone gives its day"),
    (
        V2(None, "Pacific/Auckland", "TVNZ 1", effective="2026-04-09T00:00:00.000Z"),
        {},
        "2026-04-09",
        "noon in Auckland, which is UTC's midnight",
    ),
    (
        drop(None, "HBO", NEW_YORK, "2026-04-09", "2026-04-09T00:00:00.000Z"),
        {},
        "2026-04-09",
        "UTC's midnight put in: in New York it is still the 8th",
    ),
    (
        drop(None, "HBO", NEW_YORK, "2026-04-08", "2026-04-09T00:00:00.000Z"),
        {},
        "2026-04-09 00:00Z",
        "20:00 on the day of release in New York is real",
    ),
    (drop(None, "PBS", NEW_YORK, "2026-04-09", "2026-04-09T04:00:00.000Z"), {}, "2026-04-09", "00:00 is no hour here"),
    (
        drop(None, "Netflix", "America/Los_Angeles", "2026-04-09", "2026-04-09T07:00:00.000Z"),
        {},
        "2026-04-09 07:00Z",
        "but Netflix means it",
    ),
]

RELEASED = {"dates": "released"}
EARLIER_RELEASES: list[Row] = [
    (
        drop(
            "2025-01-26T08:00:00.000Z", "Paramount+ with Showtime", NEW_YORK, "2025-01-24", "2025-01-24T12:00:00.000Z"
        ),
        RELEASED,
        "2025-01-24",
        "The Agency: online two days before, at an hour that nobody knows",
    ),
    (
        drop("2026-02-15T21:00:00.000Z", "BBC One", LONDON, "2026-02-08", "2026-02-08T06:00:00.000Z"),
        RELEASED,
        "2026-02-08 06:00Z",
        "Lord of the Flies: the whole series online at 06:00",
    ),
    (
        drop("2026-02-15T21:00:00.000Z", "BBC One", LONDON, "2026-02-08", "2026-02-08T06:00:00.000Z"),
        {},
        "2026-02-15 21:00Z",
        "and by default, when it airs",
    ),
    (
        drop("2026-07-27T12:30:00.000Z", "BINGE", SYDNEY, "2026-07-27", "2026-07-27T10:30:00.000Z"),
        RELEASED,
        "2026-07-27 10:30Z",
        "two hours earlier on the same day",
    ),
    (
        drop("2026-04-10T01:00:00.000Z", "HBO Max", NEW_YORK, "2026-04-09", "2026-04-09T12:00:00.000Z"),
        RELEASED,
        "2026-04-10 01:00Z",
        "an evening drop is released on its own day, so its hour stays",
    ),
    (
        drop("2026-04-10T01:00:00.000Z", None, None, "2026-04-09", "2026-04-09T12:00:00.000Z"),
        RELEASED,
        "2026-04-10 01:00Z",
        "also where nothing tells the zone",
    ),
    (
        drop("2026-04-10T01:00:00.000Z", None, None, "2026-04-08", "2026-04-08T12:00:00.000Z"),
        RELEASED,
        "2026-04-08",
        "two days before is earlier in every zone",
    ),
    (
        drop("2026-04-19T01:00:00.000Z", "HBO", NEW_YORK, "2026-04-21", "2026-04-21T01:00:00.000Z"),
        RELEASED,
        "2026-04-19 01:00Z",
        "a later release counts for nothing",
    ),
    (
        V2("2026-04-19T01:00:00.000Z", released="2026-04-11"),
        RELEASED,
        "2026-04-11",
        "a day of release alone, a week before",
    ),
    (V2("2026-04-19", effective="2026-04-19T01:30:00.000Z"), RELEASED, "2026-04-19 01:30Z", "or an hour for its day"),
    (
        V2("2026-04-19T01:00:00.000Z", effective="2026-04-11T02:00:00.000Z"),
        RELEASED | {"offset": 60},
        "2026-04-11 03:00Z",
        "offsets move an hour of release",
    ),
    (V2("2026-04-19T01:00:00.000Z", released="2026-04-11"), RELEASED | {"offset": 60}, "2026-04-11", "but not a day"),
    (Film("2026-04-18"), RELEASED, "2026-04-18", "a movie has its release day anyway"),
]


def midnight(network: str | None, zone: str) -> V2:
    """An airing on 2026-04-19 at 00:00 of *zone*."""
    at = datetime(2026, 4, 19, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return V2(f"{at:%Y-%m-%dT%H:%M:%S.000Z}", zone, network)


REAL_MIDNIGHTS: list[Row] = [
    (V2("2025-01-04T15:00:00.000Z", TOKYO, "Tokyo MX"), {}, "2025-01-04 15:00Z", "Solo Leveling: Saturday's 24:00"),
    (midnight("TOKYO MX", TOKYO), {}, "2026-04-18 15:00Z", "however it is spelt"),
    (midnight("AT-X", TOKYO), {}, "2026-04-18 15:00Z", "AT-X: 24:00"),
    (midnight("ATX", TOKYO), {}, "2026-04-18 15:00Z", "with or without a hyphen"),
    (midnight("BS11", TOKYO), {}, "2026-04-18 15:00Z", "BS11: 24:00"),
    (midnight("BS 11", TOKYO), {}, "2026-04-18 15:00Z", "with or without a blank"),
    (midnight("MBS", TOKYO), {}, "2026-04-18 15:00Z", "MBS: 24:00"),
    (midnight("Sun TV", TOKYO), {}, "2026-04-18 15:00Z", "Sun TV shows it together with Tokyo MX"),
    (midnight("WOWOW", TOKYO), {}, "2026-04-18 15:00Z", "WOWOW: 24:00"),
    (midnight("AbemaTV", TOKYO), {}, "2026-04-18 15:00Z", "ABEMA streams when the stations begin"),
    (V2("2025-01-05T05:00:00.000Z", NEW_YORK, "Adult Swim"), {}, "2025-01-05 05:00Z", "Adult Swim: 00:00 in winter"),
    (midnight("Adult Swim", NEW_YORK), {}, "2026-04-19 04:00Z", "and in summer"),
    (midnight("Prime Video", NEW_YORK), {}, "2026-04-19 04:00Z", "The Expanse: real"),
    (midnight("Amazon Prime Video", NEW_YORK), {}, "2026-04-19 04:00Z", "under its other name"),
    (midnight("Apple TV", NEW_YORK), {}, "2026-04-19 04:00Z", "Apple TV+ under its new name"),
    (midnight("Peacock", NEW_YORK), {}, "2026-04-19 04:00Z", "Peacock"),
    (midnight("Starz", NEW_YORK), {}, "2026-04-19 04:00Z", "Starz: its app, at 00:00 in New York"),
    (midnight("Paramount+ with Showtime", NEW_YORK), {}, "2026-04-19 04:00Z", "a plan of Paramount+"),
    (midnight("JioHotstar", "Asia/Kolkata"), {}, "2026-04-18 18:30Z", "00:00 in India"),
    (midnight("Netflix (JP)", TOKYO), {}, "2026-04-18 15:00Z", "a country behind the name changes nothing"),
]

NO_MIDNIGHTS: list[Row] = [
    (midnight("TV Tokyo", TOKYO), {}, "2026-04-19", "Naruto: the slot reads 00:00 and nobody knows the hour"),
    (midnight("Fuji TV", TOKYO), {}, "2026-04-19", "a broadcaster with a programme for the whole day"),
    (midnight("NHK", TOKYO), {}, "2026-04-19", "and another"),
    (midnight("TBS", NEW_YORK), {}, "2026-04-19", "a cable channel"),
    (midnight("ZDF", "Europe/Berlin"), {}, "2026-04-19", "a broadcaster in Europe"),
    (midnight("ITVX", LONDON), {}, "2026-04-19", "nobody has shown that ITVX drops at midnight"),
    (midnight("RTL+", "Europe/Berlin"), {}, "2026-04-19", "nor RTL+"),
    (midnight(None, NEW_YORK), {}, "2026-04-19", "no network at all"),
    (midnight("Netflixable", NEW_YORK), {}, "2026-04-19", "a name that only begins like one"),
    (V2("2026-04-18T15:30:00.000Z", TOKYO, "TV Tokyo"), {}, "2026-04-18 15:30Z", "24:30 is an hour anywhere"),
    (midnight("RTL+", "Europe/Berlin"), {"midnight_networks": ("rtl+",)}, "2026-04-18 22:00Z", "the setting adds it"),
    (midnight("TV Tokyo", TOKYO), {"midnight_networks": ("TV-Tokyo",)}, "2026-04-18 15:00Z", "as networks are named"),
    (midnight("Stan", SYDNEY), {"midnight_networks": ("ITVX",)}, "2026-04-19", "but not others"),
    (midnight("Netflix", NEW_YORK), {"midnight_networks": ("ITVX",)}, "2026-04-19 04:00Z", "the table still counts"),
    (
        midnight("RTL+", "Europe/Berlin"),
        {"midnight_networks": ("RTL+",), "network_offsets": (("RTL+", 30),)},
        "2026-04-18 22:30Z",
        "such an hour is moved like another",
    ),
    (
        V1("2013-08-22", 1377154800, "12:00am", "Thursday", "MTV2"),
        {"midnight_networks": ("MTV2",)},
        "2013-08-22 04:00Z",
        "v1: 12:00am of a network that means it",
    ),
    (
        V1("2013-08-22", 1377154800, "", "Thursday", "MTV2"),
        {"midnight_networks": ("MTV2",)},
        "2013-08-22",
        "v1: no hour at all is no midnight",
    ),
    (
        V2("2026-04-19", "Europe/Berlin", "RTL+"),
        {"midnight_networks": ("RTL+",)},
        "2026-04-19",
        "a date without an hour has no midnight",
    ),
]

MIDNIGHTS = REAL_MIDNIGHTS + NO_MIDNIGHTS
AS_TRAKT_SAYS = [
    row for row in V1_OLD + V1_NEW + V2_ROWS + EVENING_DROPS + NO_AIRING + EARLIER_RELEASES + MIDNIGHTS if not row[1]
]
BY_RULE = [row for row in EARLIER_RELEASES + MIDNIGHTS if row[1]]
ROWS = AS_TRAKT_SAYS + BY_RULE + WHOLE_DAYS + LATE_NIGHTS + UNKNOWN_HOURS + OFFSETS


@pytest.mark.parametrize(("said", "settings", "expected", "reason"), ROWS, ids=[row[3] for row in ROWS])
def test_it_is_on_when_the_table_says(said: Said, settings: dict[str, Any], expected: str, reason: str) -> None:
    """What Trakt says and the settings become the moment that was worked out by hand."""
    assert format_moment(read(said, settings).start) == expected


@pytest.mark.parametrize("zone", ELSEWHERE)
def test_without_rules_the_viewer_s_zone_moves_nothing(zone: str) -> None:
    """An instant, and the date of an unknown hour, are the same wherever the subscriber lives."""
    moments = [format_moment(read(said, {"timezone": zone}).start) for said, _, _, _ in AS_TRAKT_SAYS]
    assert moments == [expected for _, _, expected, _ in AS_TRAKT_SAYS]


@pytest.mark.parametrize("zone", ELSEWHERE)
def test_an_unknown_hour_has_one_date_everywhere(zone: str) -> None:
    """As a whole day it bears the date of the show's zone, as midnight it is the first moment of that date."""
    unknown = [(said, date.fromisoformat(expected)) for said, _, expected, _ in AS_TRAKT_SAYS if "Z" not in expected]
    for said, expected in unknown:
        assert find_showing(said, {"timezone": zone} | late_night(12)).start == expected
        midnight = find_showing(said, {"timezone": zone} | MIDNIGHT).start
        assert local_date(midnight, ZoneInfo(zone)) == expected
        assert local_date(midnight - timedelta(seconds=1), ZoneInfo(zone)) < expected


ENDS: list[Row] = [
    (V2("2026-04-19T01:00:00.000Z", runtime=59, show_runtime=30), {}, "2026-04-19 01:59Z", "the episode's runtime"),
    (V2("2026-04-19T01:00:00.000Z", show_runtime=30), {}, "2026-04-19 01:30Z", "else the show's"),
    (V2("2026-04-19T01:00:00.000Z", runtime=1, show_runtime=30), {}, "2026-04-19 01:30Z", "1 is no runtime"),
    (V2("2026-04-19T01:00:00.000Z", runtime=0, show_runtime=1), {}, "2026-04-19 01:45Z", "nor is 0: the default"),
    (EVENING, {"default_runtime": 20}, "2026-04-19 01:20Z", "the default as it is set"),
    (V1("2011-04-17", 1303023600, "10:00pm", runtime=1), {}, "2011-04-18 02:45Z", "v1: 1 is no runtime"),
    (V2("2026-03-08T06:30:00.000Z", runtime=60), {}, "2026-03-08 07:30Z", "an hour is an hour when the clocks go on"),
    (V2("2026-11-01T05:30:00.000Z", runtime=60), {}, "2026-11-01 06:30Z", "and when they go back"),
    (V2("2026-04-19T01:00:00.000Z", runtime=59), {"offset": 180}, "2026-04-19 04:59Z", "the end moves with the start"),
    (
        V2("2026-04-18T15:00:00.000Z", "Asia/Tokyo", runtime=60),
        {},
        "2026-04-20",
        "an unknown hour is the 19th, all of it",
    ),
    (
        V2("2026-04-18T15:00:00.000Z", "Asia/Tokyo", runtime=60),
        BERLIN | MIDNIGHT,
        "2026-04-18 23:00Z",
        "as midnight it lasts as long as it runs",
    ),
    (V2("2026-04-05T11:30:00.000Z"), AUCKLAND | WHOLE, "2026-04-06", "a day of 25 hours ends on the next"),
    (EVENING, BERLIN | late_night(4), "2026-04-19", "an evening ends with its own day"),
    (Film("2026-12-31"), {}, "2027-01-01", "a movie takes its day, not its runtime"),
]


@pytest.mark.parametrize(("said", "settings", "expected", "reason"), ENDS, ids=[row[3] for row in ENDS])
def test_it_ends_when_the_table_says(said: Said, settings: dict[str, Any], expected: str, reason: str) -> None:
    """An instant ends after the runtime that is known best, a day on the next day."""
    assert format_moment(read(said, settings).end) == expected
