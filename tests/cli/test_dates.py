"""Dates and hours as the user's locale writes them."""

from __future__ import annotations

import locale
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from trakt_ical.cli.dates import DateFormat

EUROPEAN = DateFormat(month_first=False, twelve_hours=False)
AMERICAN = DateFormat(month_first=True, twelve_hours=True)


def test_dates_are_written_as_the_locale_has_it() -> None:
    """The month comes first and the clock has twelve hours where the locale says so, else day and month, 24 hours."""
    day, evening = date(2026, 4, 8), datetime(2026, 4, 8, 21, 5, tzinfo=UTC)
    assert (EUROPEAN.format_day(day), EUROPEAN.format_hour(evening)) == ("Wednesday 8 April", "21:05")
    assert (AMERICAN.format_day(day), AMERICAN.format_hour(evening)) == ("Wednesday, April 8", " 9:05 PM")
    assert AMERICAN.format_hour(evening.replace(hour=0)) == "12:05 AM"
    assert len(AMERICAN.format_hour(evening.replace(hour=12))) == AMERICAN.width


def test_a_moment_is_written_as_short_as_it_may_be() -> None:
    """The hour of today; the day as well of another day, the year of another year; as the locale has them."""
    zone, now = ZoneInfo("Europe/Berlin"), datetime(2026, 4, 18, 20, tzinfo=UTC)
    later = [datetime(2026, 4, 18, 21, 5, tzinfo=UTC), datetime(2026, 4, 18, 22, 5, tzinfo=UTC)]
    later.append(datetime(2027, 1, 1, 12, tzinfo=UTC))
    assert [EUROPEAN.format_moment(each, now, zone) for each in later] == [
        "23:05",
        "Sun 19 Apr 00:05",
        "Fri 1 Jan 2027 13:00",
    ]
    assert [AMERICAN.format_moment(each, now, zone) for each in later] == [
        "11:05 PM",
        "Sun Apr 19 12:05 AM",
        "Fri Jan 1 2027 1:00 PM",
    ]


def test_a_locale_that_is_not_there_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong LC_ALL gives the plain form."""
    monkeypatch.setenv("LC_ALL", "xx_YY.UTF-8")
    before = locale.setlocale(locale.LC_TIME)
    try:
        assert DateFormat.of_user() == EUROPEAN
    finally:
        locale.setlocale(locale.LC_TIME, before)
