"""An update is held back where one answer of several lost most of what it must list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from tests.factories import NOW, make_calendar_id, make_calendar_spec, make_episode, make_movie
from tests.runs import merge_fetched
from trakt_ical.errors import UpdateHeldBack
from trakt_ical.export.stored_calendar import parse_calendar
from trakt_ical.fetch.sources import Fetched
from trakt_ical.model import Airing, DateRange

DAYS = DateRange(NOW.date(), 90)
MONTHS = list(DAYS.widen(1).split(30))


def list_airings(count: int) -> list[Airing]:
    """Return so many episodes, spread over the days."""
    step = timedelta(days=88) / count
    return [make_episode(number=number, starts=NOW + number * step) for number in range(1, count + 1)]


def update(kind: str, before: Sequence[Airing], after: Sequence[Airing], *, ranges: bool = True) -> int:
    """Return how many events disappear where *after* is listed in place of *before*."""
    spec = make_calendar_spec(DAYS, calendar_id=make_calendar_id(kinds=(kind,)))
    given = {kind: MONTHS} if ranges else {}
    first = merge_fetched(Fetched({kind: before}, ranges=given), spec, None, NOW)
    later = NOW + timedelta(hours=1)
    return len(merge_fetched(Fetched({kind: after}, ranges=given), spec, parse_calendar(first.octets), later).changes)


def is_in(airing: Airing, days: DateRange) -> bool:
    start = airing.starts
    return (start.date() if hasattr(start, "date") else start) in days


def test_an_emptied_month_is_held_back() -> None:
    """One answer of several that is empty holds the update back, and its events alone are named."""
    airings = list_airings(40)
    emptied = [each for each in airings if not is_in(each, MONTHS[1])]
    assert len(emptied) > 20
    with pytest.raises(UpdateHeldBack) as held:
        update("shows", airings, emptied)
    assert len(held.value.missing) == len(airings) - len(emptied)
    # Without the ranges, the guard of the whole calendar lets it pass.
    assert update("shows", airings, emptied, ranges=False) == len(airings) - len(emptied)


def test_half_a_month_is_held_back() -> None:
    """An answer that has half of its events is held back where they were ten or more."""
    airings = list_airings(60)
    month = [each for each in airings if is_in(each, MONTHS[1])]
    assert len(month) >= 10
    with pytest.raises(UpdateHeldBack):
        update("shows", airings, [each for each in airings if each not in month[: (len(month) + 1) // 2]])


def test_a_few_that_leave_a_month_are_believed() -> None:
    """Two of three, or a few of many, may well leave."""
    airings = list_airings(60)
    month = [each for each in airings if is_in(each, MONTHS[1])]
    assert update("shows", airings, [each for each in airings if each not in month[:3]]) == 3


def test_an_emptied_month_of_movies_is_held_back() -> None:
    """What holds for shows holds for movies."""
    movies = [make_movie(key=f"trakt-movie-{n}", starts=NOW.date() + timedelta(days=2 * n)) for n in range(1, 45)]
    with pytest.raises(UpdateHeldBack):
        update("movies", movies, [each for each in movies if not is_in(each, MONTHS[1])])
