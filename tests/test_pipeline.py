"""Doubles and days, between the fetch and the transform stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import permutations
from zoneinfo import ZoneInfo

from tests.export.test_ics import NIGHT, SCOPE, episode, movie
from trakt_ical import pipeline
from trakt_ical.export.ics import Appearance
from trakt_ical.export.merge import Merge, Retention
from trakt_ical.export.stored import StoredCalendar
from trakt_ical.fetch.source import Fetched, FetchRequest, Source
from trakt_ical.model import Airing, DateRange
from trakt_ical.pipeline import CalendarSpec, remove_doubles
from trakt_ical.transform.rules import Rules


class Listed:
    """A source that lists the same airings whatever is asked."""

    def __init__(self, airings: Sequence[Airing], hidden: frozenset[str] = frozenset()) -> None:
        self.airings = airings
        self.hidden = hidden

    def fetch(self, needs: FetchRequest, progress: object) -> Fetched:
        """The airings, under each kind that is asked for."""
        return Fetched(dict.fromkeys(needs.days, self.airings), self.hidden)


def made(source: Source, spec: CalendarSpec, now: datetime) -> bytes:
    """A calendar that has no previous one."""
    return step(source, spec, None, now).revise().octets


def step(source: Source, spec: CalendarSpec, previous: StoredCalendar | None, now: datetime) -> Merge:
    """The step from *previous* to a calendar of what *source* lists now."""
    return pipeline.make_merge(source.fetch(pipeline.plan_fetch([spec]), lambda done, of: None), spec, previous, now)


def make(source: Listed, first: date, days: int, zone: tzinfo = UTC) -> bytes:
    spec = CalendarSpec(DateRange(first, days), zone, Rules(), Appearance(), SCOPE, Retention())
    return made(source, spec, NIGHT)


def test_of_doubles_the_one_changed_last_stays() -> None:
    """The newest `updated_at`, then the highest episode id stays, in whatever order entries of one UID come."""
    march, april = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    old = episode(title="old", updated_at=march, episode_id=9)
    new = episode(title="new", updated_at=april, episode_id=2)
    newer_id = episode(title="newer id", updated_at=april, episode_id=3)
    unknown = episode(title="unknown")
    for order in permutations([old, new, newer_id, unknown]):
        assert list(remove_doubles(order).values()) == [newer_id]
    for order in permutations([episode(title="a"), episode(title="b")]):
        assert [each.title for each in remove_doubles(order).values() if hasattr(each, "season")] == ["b"]


def test_a_double_that_moved_away_does_not_stay_behind() -> None:
    """Doubles are settled before days are cut: an old date in range does not outlive a new one outside."""
    old = episode(starts=NIGHT, updated_at=datetime(2026, 3, 1, tzinfo=UTC))
    new = episode(starts=NIGHT + timedelta(days=30), updated_at=datetime(2026, 4, 1, tzinfo=UTC))
    assert b"VEVENT" not in make(Listed([old, new]), date(2026, 4, 18), 3)


def test_days_are_those_of_the_zone() -> None:
    """An instant belongs to the day that the zone's calendar shows, a date to itself."""
    airings = [episode(number=1, starts=NIGHT), episode(number=2, starts=date(2026, 4, 19))]
    honolulu, auckland = ZoneInfo("Pacific/Honolulu"), ZoneInfo("Pacific/Auckland")
    shown = [
        make(Listed(airings), date(2026, 4, day), 1, zone).count(b"BEGIN:VEVENT")
        for day, zone in ((18, honolulu), (19, honolulu), (19, auckland))
    ]
    assert shown == [1, 1, 2]


def test_several_calendars_ask_for_the_days_of_all() -> None:
    """Of each kind the days from the first to the last that any of them needs are asked for, and no others."""
    shows, films = replace(SCOPE, kinds=("shows",)), replace(SCOPE, kinds=("shows", "movies"))
    early = CalendarSpec(DateRange(date(2026, 4, 1), 5), UTC, Rules(), Appearance(), shows, Retention())
    late = CalendarSpec(DateRange(date(2026, 4, 11), 5), UTC, Rules(), Appearance(), films, Retention())
    own = DateRange(date(2026, 4, 11), 5)
    for specs in ([early, late], [late, early]):
        assert pipeline.plan_fetch(specs).days == {"shows": DateRange(date(2026, 4, 1), 15), "movies": own}


def test_a_countrys_movies_are_looked_for_where_the_world_has_them() -> None:
    """A country comes later than the world's first, by whose date Trakt lists: earlier days are asked for too."""
    both = replace(SCOPE, kinds=("shows", "movies"))
    spec = CalendarSpec(DateRange(date(2026, 4, 11), 5), UTC, Rules(country="de"), Appearance(), both, Retention())
    days = pipeline.plan_fetch([spec]).days
    assert days == {"shows": spec.days, "movies": DateRange(date(2026, 1, 9), 97)}


def test_what_is_hidden_is_not_shown() -> None:
    """Episodes and movies whose key is hidden stay out."""
    hidden = frozenset({"trakt-1388", "trakt-movie-28"})
    assert b"VEVENT" in make(Listed([episode(), movie()]), date(2026, 4, 18), 3)
    assert b"VEVENT" not in make(Listed([episode(), movie()], hidden), date(2026, 4, 18), 3)


def test_events_are_in_a_fixed_order() -> None:
    """Whatever order airings arrive in, the calendar is the same to the octet."""
    airings = [*(episode(number=number, starts=NIGHT) for number in range(1, 5)), movie(), episode(starts=NIGHT.date())]
    made = {make(Listed(order), date(2026, 4, 18), 3) for order in permutations(airings)}
    assert len(made) == 1
