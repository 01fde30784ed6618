"""Days, hours, spans and ages in English words."""

from __future__ import annotations

import locale
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from trakt_ical.wording import (
    describe_age,
    describe_moment,
    describe_past,
    describe_span,
    format_long_day,
    suggest_nearest,
)

NOW = datetime(2026, 11, 23, 20, 20, tzinfo=UTC)  # a Monday
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=47), "1 day ago"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(minutes=-5), "just now"),
    ],
)
def test_ages_are_words(age: timedelta, words: str) -> None:
    """An age is written in its largest whole unit; a moment ahead, from a wrong clock, is just now."""
    assert describe_age(NOW - age, NOW) == words


def test_a_span_below_a_minute_has_no_number() -> None:
    """Spans are written in their largest whole unit, down to minutes."""
    assert [describe_span(timedelta(seconds=each)) for each in (-5, 0, 59, 60, 7200)] == [
        *["less than a minute"] * 3,
        "1 minute",
        "2 hours",
    ]


def test_a_past_moment_is_an_age_and_a_time() -> None:
    """A moment is written as its age with the time in UTC; what never was is never."""
    assert describe_past(NOW - timedelta(hours=3), NOW) == "3 hours ago (2026-11-23 17:20 UTC)"
    assert describe_past(None, NOW) == "never"


@pytest.mark.parametrize(
    ("then", "words"),
    [
        (datetime(2026, 11, 23, 14, 5, tzinfo=UTC), "today, 15:05"),
        (datetime(2026, 11, 22, 22, 59, tzinfo=UTC), "yesterday, 23:59"),
        (datetime(2026, 11, 20, 9, tzinfo=UTC), "Friday 20 November, 10:00"),
        (datetime(2025, 12, 31, 12, tzinfo=UTC), "Wednesday 31 December 2025, 13:00"),
    ],
)
def test_moments_are_written_in_the_zone(then: datetime, words: str) -> None:
    """A moment is written as the day and hour of the zone, with the year where that is not this year."""
    assert describe_moment(then, NOW, BERLIN) == words


def test_days_are_english_whatever_the_locale() -> None:
    """The locale of the process does not reach pages and calendars."""
    before = locale.setlocale(locale.LC_TIME)
    try:
        locale.setlocale(locale.LC_TIME, "")
        assert format_long_day(date(2026, 3, 4)) == "Wednesday 4 March"
    finally:
        locale.setlocale(locale.LC_TIME, before)


def test_the_nearest_name_is_suggested() -> None:
    """The most similar name is a sentence to append; where none is similar, there is nothing to append."""
    assert suggest_nearest("exprot", ["export", "explain"]) == " Did you mean export?"
    assert suggest_nearest("zzz", ["export", "explain"]) == ""
