"""Which episodes become one event, and what that event is like."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import DAY, NIGHT, NOW, SHOW, make_episode, make_movie
from tests.runs import CalendarRuns
from trakt_ical.model import Airing, Episode, EpisodeKind, Event, Moment, Show
from trakt_ical.transform.alarms import parse_alarm
from trakt_ical.transform.codes import CodeStyle
from trakt_ical.transform.event_text import Words
from trakt_ical.transform.events import make_event
from trakt_ical.transform.grouping import schedule_airings
from trakt_ical.transform.rules import Group, Hours, Offsets, Rules, UnknownHours

HOUR = timedelta(hours=1)
OTHER = Show("trakt-2", "Another Show", None, (), None)


def make_events(airings: Sequence[Airing], rules: Rules, zone: tzinfo = UTC) -> list[Event]:
    """What *rules* make of *airings*, by UID."""
    made = (make_event(showing, rules) for showing in schedule_airings(airings, rules, zone))
    return sorted(made, key=lambda each: each.uid)


def list_members(airings: Sequence[Airing], rules: Rules, zone: tzinfo = UTC) -> list[list[tuple[int, int]]]:
    """Season and number of the episodes of each event."""
    return sorted(
        [(each.season, each.number) for each in showing.members if isinstance(each, Episode)]
        for showing in schedule_airings(airings, rules, zone)
    )


BY_DAY, BY_DROP = Rules(group=Group.DAY), Rules(group=Group.DROP)


def test_a_drop_is_one_season_at_one_instant() -> None:
    """Another season, another instant and another show are events of their own."""
    drop = [make_episode(number=number) for number in (3, 1, 2)]
    others = [
        make_episode(season=3),
        make_episode(number=4, starts=NIGHT + timedelta(minutes=1)),
        make_episode(show=OTHER, number=9),
        make_episode(number=5, starts=NIGHT.date()),
    ]
    assert list_members([*drop, *others], BY_DROP) == [[(2, 1), (2, 2), (2, 3)], [(2, 4)], [(2, 5)], [(2, 9)], [(3, 3)]]


def test_a_drop_without_an_hour_is_one_too() -> None:
    """Episodes of one date of which nobody knows the hour come at once."""
    dates = [make_episode(number=number, starts=date(2026, 4, 18)) for number in (1, 2)]
    [together] = make_events(dates, BY_DROP)
    assert (together.start, together.end) == (date(2026, 4, 18), date(2026, 4, 19))


def test_a_day_is_one_of_the_subscribers_zone() -> None:
    """01:00 in UTC is the evening before in New York, where it goes with what came at noon."""
    noon = make_episode(number=1, starts=datetime(2026, 4, 18, 16, tzinfo=UTC))
    evening = make_episode(number=2, starts=NIGHT)
    assert list_members([noon, evening], BY_DAY, ZoneInfo("America/New_York")) == [[(2, 1), (2, 2)]]
    assert list_members([noon, evening], BY_DAY) == [[(2, 1)], [(2, 2)]]


def test_what_has_an_hour_does_not_go_with_what_has_none() -> None:
    """Nor where a midnight stands for the hour that nobody knows: it is no hour at which the others begin."""
    both = [make_episode(number=1), make_episode(number=2, starts=NIGHT.date())]
    for hours in (UnknownHours(), UnknownHours(time(0)), UnknownHours(time(20))):
        assert list_members(both, Rules(group=Group.DAY, unknown_hours=hours)) == [[(2, 1)], [(2, 2)]]


def test_in_whole_days_all_of_a_day_goes_together() -> None:
    """Where hours become days, an hour is no difference any more."""
    rules = Rules(group=Group.DAY, hours=Hours.WHOLE_DAY)
    assert list_members([make_episode(number=1), make_episode(number=2, starts=NIGHT.date())], rules) == [
        [(2, 1), (2, 2)]
    ]


def test_a_day_is_that_on_which_things_are_shown() -> None:
    """Offsets and late nights come first, then what is shown on one day goes together."""
    early, late = make_episode(number=1, starts=NIGHT), make_episode(number=2, starts=NIGHT + 20 * HOUR)
    later = Rules(group=Group.DAY, offsets=Offsets(everything=4 * HOUR))
    assert list_members([early, late], BY_DAY) == [[(2, 1), (2, 2)]]
    assert list_members([early, late], later) == [[(2, 1)], [(2, 2)]]
    nights = Rules(group=Group.DAY, hours=Hours.WHOLE_DAY, late_night=5)
    assert list_members([early, late], nights) == [[(2, 1)], [(2, 2)]]


def test_movies_stay_by_themselves() -> None:
    """Two movies of one day are two events."""
    assert len(make_events([make_movie(), make_movie(key="trakt-movie-29")], BY_DAY)) == 2


def test_a_group_of_one_is_the_plain_event() -> None:
    """Switching grouping changes nothing of what is alone."""
    assert (
        make_events([make_episode()], BY_DAY)
        == make_events([make_episode()], BY_DROP)
        == make_events([make_episode()], Rules())
    )


def test_a_group_reads_as_one_event() -> None:
    """The name and the season in the summary, the list in the description, the length of all."""
    group = [
        make_episode(number=2, title=None, runtime=None, kind=EpisodeKind.SEASON_FINALE),
        make_episode(number=1, title="One", runtime=timedelta(minutes=59), kind=EpisodeKind.SEASON_PREMIERE),
    ]
    [made] = make_events(group, BY_DROP)
    assert made.uid == "trakt-1388-s2e1@trakt-ical"
    assert made.summary == "A Show S02 (2 episodes)"
    assert made.description == "2x01 One\n2x02\n\nHBO\n\nhttps://trakt.tv/shows/a-show/seasons/2/episodes/3"
    assert (made.start, made.end) == (NIGHT, NIGHT + timedelta(minutes=59 + 50))
    assert made.categories == ("Season premiere", "Season finale", "Drama", "Science fiction")


def test_a_group_of_several_seasons_names_none() -> None:
    """The list says which episodes they are of."""
    [made] = make_events([make_episode(), make_episode(season=0, number=9, title="Extra")], BY_DAY)
    assert made.summary == "A Show (2 episodes)"
    assert made.description.startswith("2x03 A Title\n0x09 Extra\n\n")


def test_a_special_never_takes_over_a_group() -> None:
    """A special that is added later leaves the event of the others theirs: it counts last."""
    [made] = make_events([make_episode(season=0, number=1), make_episode(number=2), make_episode(number=1)], BY_DAY)
    assert made.uid == "trakt-1388-s2e1@trakt-ical"


def test_a_group_keeps_the_rules_of_words() -> None:
    """The code is that of the setting, and without spoilers no title is told."""
    words = Words(code=CodeStyle.LONG, spoilers=False)
    [made] = make_events([make_episode(number=1), make_episode(number=2)], Rules(group=Group.DAY, words=words))
    assert made.description.startswith("S02E01\nS02E02\n\n")


def test_a_group_rings_once() -> None:
    """Alarms are those of the event; one of a kind rings where any of its episodes is of that kind."""
    rules = Rules(
        group=Group.DAY,
        alarms=tuple(parse_alarm(text, ["finales"]) for text in ("5 min before", "finales: 1 h before")),
    )
    [plain] = make_events([make_episode(number=1), make_episode(number=2)], rules)
    [ending] = make_events([make_episode(number=1), make_episode(number=2, kind=EpisodeKind.SEASON_FINALE)], rules)
    assert [alarm.before for alarm in plain.alarms] == [timedelta(minutes=5)]
    assert [alarm.before for alarm in ending.alarms] == [HOUR, timedelta(minutes=5)]
    assert {alarm.text for alarm in ending.alarms} == {"A Show S02 (2 episodes)"}


def test_the_first_hour_of_a_day_is_the_groups() -> None:
    """The group begins with what comes first, whatever its number."""
    [made] = make_events([make_episode(number=1, starts=NIGHT + HOUR), make_episode(number=2, starts=NIGHT)], BY_DAY)
    assert (made.uid, made.start) == ("trakt-1388-s2e1@trakt-ical", NIGHT)


moments = st.one_of(
    st.integers(0, 200).map(lambda hours: NIGHT + hours * HOUR / 2),
    st.integers(0, 4).map(lambda days: NIGHT.date() + days * DAY),
)
airings = st.dictionaries(
    st.tuples(st.sampled_from([SHOW, OTHER]), st.integers(0, 2), st.integers(1, 5)), moments, max_size=20
).map(
    lambda found: [
        make_episode(show=show, season=season, number=number, starts=starts)
        for (show, season, number), starts in found.items()
    ]
)
zones = st.sampled_from(["UTC", "Pacific/Auckland", "Pacific/Honolulu"]).map(ZoneInfo)


@given(airings, zones, st.sampled_from([Group.DAY, Group.DROP]), st.randoms(use_true_random=False))
def test_grouping_loses_no_episode_and_heeds_no_order(
    found: list[Episode], zone: ZoneInfo, group: Group, chance: random.Random
) -> None:
    """Each episode is in one event, each event bears a plain event's UID, in whatever order episodes come."""
    rules = Rules(group=group)
    made = list_members(found, rules, zone)
    assert sorted(each for group_of in made for each in group_of) == sorted(
        (each.season, each.number) for each in found
    )
    together, alone = make_events(found, rules, zone), make_events(found, Rules(), zone)
    assert len({each.uid for each in together}) == len(together)
    assert {each.uid for each in together} <= {each.uid for each in alone}
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert make_events(shuffled, rules, zone) == together


def group_by_day(runs: CalendarRuns) -> CalendarRuns:
    runs.rules = BY_DAY
    return runs


def test_an_episode_added_later_changes_the_text_alone() -> None:
    """The group stays the same event, and what was there before grouping leaves without a trace."""
    first, second = (make_episode(number=number, starts=NOW + 5 * DAY) for number in (1, 2))
    runs = CalendarRuns()
    runs.run(first, second)
    group_by_day(runs).run(first, second)
    assert runs.find_event(second) == ""
    assert "SUMMARY:A Show S02 (2 episodes)" in runs.find_event(first)
    runs.now += HOUR
    revised = runs.run(first, second, make_episode(number=3, starts=NOW + 5 * DAY))
    assert "SUMMARY:A Show S02 (3 episodes)" in runs.find_event(first)
    assert [change.uid for change in revised.changes] == ["trakt-1388-s2e1@trakt-ical"]


@pytest.mark.parametrize("moved", [NOW + 6 * DAY, NOW + 92 * DAY], ids=["to another day", "past the range"])
def test_an_episode_that_leaves_its_group_is_an_event_again(moved: Moment) -> None:
    """One that was not the lowest-numbered comes as a new event where its day is in range, and nothing is cancelled."""
    first, second = (make_episode(number=number, starts=NOW + 5 * DAY) for number in (1, 2))
    runs = group_by_day(CalendarRuns())
    runs.run(first, second)
    runs.now += HOUR
    runs.run(first, make_episode(number=2, starts=moved))
    assert "SUMMARY:A Show 2x01" in runs.find_event(first)
    assert bool(runs.find_event(second)) is (moved < NOW + 90 * DAY)
    assert b"CANCELLED" not in (runs.octets or b"")


def test_a_group_that_is_postponed_past_the_range_is_shown_there() -> None:
    """What was in range is followed, also where the lowest-numbered of its new day never was."""
    far = NOW + 92 * DAY
    runs = group_by_day(CalendarRuns())
    runs.run(make_episode(number=2, starts=NOW + 5 * DAY))
    runs.now += HOUR
    runs.run(make_episode(number=1, starts=far), make_episode(number=2, starts=far))
    assert "SUMMARY:A Show S02 (2 episodes)" in runs.find_event(make_episode(number=1))
    assert runs.find_event(make_episode(number=2)) == ""
    assert b"CANCELLED" not in (runs.octets or b"")
