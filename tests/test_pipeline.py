"""Doubles and days, between the fetch and the transform stage."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

from tests.test_ics import NIGHT, episode
from trakt_ical.model import DateRange
from trakt_ical.pipeline import settled, within


def test_of_doubles_the_one_changed_last_stays() -> None:
    """The newest `updated_at`, then the highest episode id stays, in whatever order entries of one UID come."""
    march, april = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    old = episode(title="old", updated_at=march, episode_id=9)
    new = episode(title="new", updated_at=april, episode_id=2)
    newer_id = episode(title="newer id", updated_at=april, episode_id=3)
    unknown = episode(title="unknown")
    for order in permutations([old, new, newer_id, unknown]):
        assert list(settled(order)) == [newer_id]
    for order in permutations([episode(title="a"), episode(title="b")]):
        assert [each.title for each in settled(order) if hasattr(each, "season")] == ["b"]


def test_a_double_that_moved_away_does_not_stay_behind() -> None:
    """Doubles are settled before days are cut: an old date in range does not outlive a new one outside."""
    old = episode(starts=NIGHT, updated_at=datetime(2026, 3, 1, tzinfo=UTC))
    new = episode(starts=NIGHT + timedelta(days=30), updated_at=datetime(2026, 4, 1, tzinfo=UTC))
    assert list(within(settled([old, new]), DateRange(date(2026, 4, 18), 3), UTC)) == []


def test_days_are_those_of_the_zone() -> None:
    """An instant belongs to the day that the zone's calendar shows, a date to itself."""
    airings = [episode(starts=NIGHT), episode(starts=date(2026, 4, 19))]
    honolulu, auckland = ZoneInfo("Pacific/Honolulu"), ZoneInfo("Pacific/Auckland")
    assert list(within(airings, DateRange(date(2026, 4, 18), 1), honolulu)) == airings[:1]
    assert list(within(airings, DateRange(date(2026, 4, 19), 1), honolulu)) == airings[1:]
    assert list(within(airings, DateRange(date(2026, 4, 19), 1), auckland)) == airings
