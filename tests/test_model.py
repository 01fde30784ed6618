"""The nouns refuse what would be wrong later."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trakt_ical.model import DateRange, Event, Movie, Release, check_moment, local_date

ranges = st.builds(DateRange, st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.integers(min_value=1, max_value=1000))


@given(ranges, st.integers(min_value=1, max_value=60))
def test_the_pieces_of_a_range_cover_it_once(days: DateRange, longest: int) -> None:
    """Pieces follow each other without gap or overlap, none longer than allowed."""
    pieces = list(days.split(longest))
    covered = [piece.first + timedelta(days=number) for piece in pieces for number in range(piece.days)]
    assert covered == [days.first + timedelta(days=number) for number in range(days.days)]
    assert max(piece.days for piece in pieces) <= longest


@given(ranges)
def test_inner_pieces_are_the_same_tomorrow(days: DateRange) -> None:
    """A range that slides by a day shares all its pieces but the first and last."""
    today, tomorrow = list(days.split(33)), list(DateRange(days.first + timedelta(days=1), days.days).split(33))
    assert set(today[1:-1]) <= set(tomorrow)


def test_a_year_takes_12_or_13_pieces() -> None:
    """A year with a day more at both ends is cut into 12 or 13 pieces of 33 days, whenever it begins."""
    starts = (date(2026, 1, 1) + timedelta(days=number) for number in range(40))
    assert {len(list(DateRange(start, 365).widen(1).split(33))) for start in starts} == {12, 13}


@pytest.mark.parametrize("days", [0, -1])
def test_a_range_has_a_day(days: int) -> None:
    """A range without days is refused."""
    with pytest.raises(ValueError, match="at least one day"):
        DateRange(date(2026, 1, 1), days)


def test_a_range_stays_within_the_calendar() -> None:
    """A range that ends after the year 9999 is refused."""
    with pytest.raises(ValueError, match="leave the calendar"):
        DateRange(date(9999, 12, 1), 60)


@pytest.mark.parametrize(
    "moment",
    [datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1)))],  # noqa: DTZ001
)
def test_a_moment_is_in_utc(moment: datetime) -> None:
    """A naive datetime and one in another zone are no moments."""
    with pytest.raises(ValueError, match="not in UTC"):
        check_moment(moment)


def test_a_date_is_the_same_day_everywhere() -> None:
    """A date without an hour does not move with the zone; an instant does."""
    zone = timezone(timedelta(hours=-10))
    assert local_date(date(2026, 4, 18), zone) == date(2026, 4, 18)
    assert local_date(datetime(2026, 4, 18, 2, tzinfo=UTC), zone) == date(2026, 4, 17)


def test_a_movie_has_no_hour() -> None:
    """A movie with an instant is refused."""
    with pytest.raises(ValueError, match="not an hour"):
        Movie("trakt-movie-1", Release.CINEMA, "", "", datetime(2026, 1, 1, tzinfo=UTC), (), None)


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        (date(2026, 1, 1), date(2026, 1, 1), "not after"),
        (date(2026, 1, 1), datetime(2026, 1, 2, tzinfo=UTC), "differ in form"),
    ],
)
def test_an_event_ends_after_it_begins(start: date, end: date, reason: str) -> None:
    """An event whose end is not after its start, or of another form, is refused."""
    with pytest.raises(ValueError, match=reason):
        Event("1", "x", "", start, end, "", (), "")
