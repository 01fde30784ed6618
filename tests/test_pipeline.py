"""Doubles and days, between the fetch and the transform stage."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import permutations
from zoneinfo import ZoneInfo

from tests.factories import NIGHT, make_calendar_id, make_calendar_spec, make_episode, make_movie
from tests.runs import FixedSource, make_first_calendar
from trakt_ical import pipeline
from trakt_ical.export.output import Output
from trakt_ical.export.stored_calendar import parse_calendar
from trakt_ical.export.stores.protocol import OutputState
from trakt_ical.model import DateRange
from trakt_ical.pipeline import remove_doubles
from trakt_ical.transform.filters import Filters
from trakt_ical.transform.rules import Dates, Rules


def make(source: FixedSource, first: date, days: int, zone: tzinfo = UTC) -> bytes:
    return make_first_calendar(source, make_calendar_spec(DateRange(first, days), zone=zone), NIGHT)


def test_of_doubles_the_one_changed_last_stays() -> None:
    """The newest `updated_at`, then the highest episode id stays, in whatever order entries of one UID come."""
    march, april = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    old = make_episode(title="old", updated_at=march, episode_id=9)
    new = make_episode(title="new", updated_at=april, episode_id=2)
    newer_id = make_episode(title="newer id", updated_at=april, episode_id=3)
    unknown = make_episode(title="unknown")
    for order in permutations([old, new, newer_id, unknown]):
        assert list(remove_doubles(order).values()) == [newer_id]
    for order in permutations([make_episode(title="a"), make_episode(title="b")]):
        assert [each.title for each in remove_doubles(order).values() if hasattr(each, "season")] == ["b"]


def test_a_double_that_moved_away_does_not_stay_behind() -> None:
    """Doubles are settled before days are cut: an old date in range does not outlive a new one outside."""
    old = make_episode(starts=NIGHT, updated_at=datetime(2026, 3, 1, tzinfo=UTC))
    new = make_episode(starts=NIGHT + timedelta(days=30), updated_at=datetime(2026, 4, 1, tzinfo=UTC))
    assert b"VEVENT" not in make(FixedSource([old, new]), date(2026, 4, 18), 3)


def test_days_are_those_of_the_zone() -> None:
    """An instant belongs to the day that the zone's calendar shows, a date to itself."""
    airings = [make_episode(number=1, starts=NIGHT), make_episode(number=2, starts=date(2026, 4, 19))]
    honolulu, auckland = ZoneInfo("Pacific/Honolulu"), ZoneInfo("Pacific/Auckland")
    shown = [
        make(FixedSource(airings), date(2026, 4, day), 1, zone).count(b"BEGIN:VEVENT")
        for day, zone in ((18, honolulu), (19, honolulu), (19, auckland))
    ]
    assert shown == [1, 1, 2]


def test_several_calendars_ask_for_the_days_of_all() -> None:
    """Of each kind the days from the first to the last that any of them needs are asked for, and no others."""
    shows, films = make_calendar_id(kinds=("shows",)), make_calendar_id(kinds=("shows", "movies"))
    early = make_calendar_spec(DateRange(date(2026, 4, 1), 5), calendar_id=shows)
    late = make_calendar_spec(DateRange(date(2026, 4, 11), 5), calendar_id=films)
    own = DateRange(date(2026, 4, 11), 5)
    for specs in ([early, late], [late, early]):
        assert pipeline.plan_fetch(specs).days == {"shows": DateRange(date(2026, 4, 1), 15), "movies": own}


def test_a_countrys_movies_are_looked_for_where_the_world_has_them() -> None:
    """A country comes later than the world's first, by whose date Trakt lists: earlier days are asked for too."""
    both = make_calendar_id(kinds=("shows", "movies"))
    spec = make_calendar_spec(DateRange(date(2026, 4, 11), 5), Rules(country="de"), calendar_id=both)
    days = pipeline.plan_fetch([spec]).days
    assert days == {"shows": spec.days, "movies": DateRange(date(2026, 1, 9), 97)}


def test_earlier_releases_are_looked_for_where_trakt_lists_the_airing() -> None:
    """A whole series may be online weeks before its last episode airs: by releases, later days are asked for too."""
    both = make_calendar_id(kinds=("shows", "movies"))
    spec = make_calendar_spec(DateRange(date(2026, 4, 11), 5), Rules(dates=Dates.RELEASED), calendar_id=both)
    assert pipeline.plan_fetch([spec]).days == {"shows": DateRange(date(2026, 4, 11), 97), "movies": spec.days}


def test_what_is_hidden_is_not_shown() -> None:
    """Episodes and movies whose key is hidden stay out."""
    hidden = frozenset({"trakt-1388", "trakt-movie-28"})
    assert b"VEVENT" in make(FixedSource([make_episode(), make_movie()]), date(2026, 4, 18), 3)
    assert b"VEVENT" not in make(FixedSource([make_episode(), make_movie()], hidden), date(2026, 4, 18), 3)


def test_events_are_in_a_fixed_order() -> None:
    """Whatever order airings arrive in, the calendar is the same to the octet."""
    airings = [
        *(make_episode(number=number, starts=NIGHT) for number in range(1, 5)),
        make_movie(),
        make_episode(starts=NIGHT.date()),
    ]
    made = {make(FixedSource(order), date(2026, 4, 18), 3) for order in permutations(airings)}
    assert len(made) == 1


def test_new_filters_are_put_to_what_lies_outside_of_the_range() -> None:
    """The days of stored events are fetched too, up to a year beyond the range; with the same filters they are not."""
    days = DateRange(date(2026, 4, 1), 30)
    starts = [date(2026, 2, 1), NIGHT, date(2060, 1, 1)]
    airings = [make_episode(number=number, starts=start) for number, start in enumerate(starts, 1)]
    octets = make_first_calendar(FixedSource(airings), make_calendar_spec(DateRange(date(2026, 1, 1), 20000)), NIGHT)
    rules = Rules(filters=Filters(specials=False))
    spec, state = make_calendar_spec(days, rules), OutputState(output="x")
    output = Output(state=state, stored=parse_calendar(octets))
    assert pipeline.find_fetched_days(spec, output) == DateRange(date(2026, 2, 1), 59 + 30 + 366)
    state.filters = pipeline.hash_filters(rules)
    assert pipeline.find_fetched_days(spec, output) == days
    state.filters = ""
    assert pipeline.find_fetched_days(make_calendar_spec(days), output) == days  # nothing is filtered
    assert pipeline.find_fetched_days(spec, Output(stored=output.stored)) == days  # nobody knows by what it was made
