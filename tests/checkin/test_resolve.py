"""What a query refers to, decided without a server: who is offered what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.factories import NOW, SHOW, make_episode
from trakt_ical.checkin.items import Query, Title, WatchItem
from trakt_ical.checkin.listings import Schedule, find_shown_times
from trakt_ical.checkin.resolve import MOST_EPISODES, MOST_TITLES, ItemFinder
from trakt_ical.errors import NoMatch
from trakt_ical.model import Episode
from trakt_ical.transform.filters import Filters, Trait
from trakt_ical.transform.rules import Group, Hours, Offsets, Rules, UnknownHours
from trakt_ical.transform.uids import make_uid


@dataclass
class FirstChooser:
    """Somebody who takes the first of what is offered, and remembers all of it; not *present* a script."""

    present: bool = True
    items: list[WatchItem] = field(default_factory=list)

    def choose(self, sentence: str, items: Sequence[WatchItem]) -> WatchItem:
        """Return the first."""
        self.items = list(items)
        return items[0]


class NoMarks:
    """A user who has watched nothing."""

    def mark_watched(self, schedule: Schedule) -> Schedule:
        """Return *schedule* as it is."""
        return schedule


class FoundShows:
    """A search that finds *count* shows."""

    def __init__(self, count: int = 0) -> None:
        self.items = [WatchItem(Title(f"Elsewhere {each}", ids={"trakt": each}), 1, 1) for each in range(count)]

    def search_titles(self, words: str, *, movies: bool) -> list[WatchItem]:
        """Return all of them, whatever is looked for."""
        return self.items

    def search_word(self, word: str, *, shows: bool, movies: bool) -> list[WatchItem]:
        """Return none."""
        return []


def make_finder(chooser: FirstChooser, api: FoundShows, *starts: datetime) -> ItemFinder:
    """Return a finder in a calendar of one show for each of *starts*."""
    episodes = [
        make_episode(show=replace(SHOW, key=f"trakt-{number}", title=f"Show {number}"), starts=start)
        for number, start in enumerate(starts, 1)
    ]
    finder: Any = api
    return ItemFinder(make_schedule(episodes, Rules()), finder, NoMarks(), chooser)


def make_schedule(episodes: Sequence[Episode], rules: Rules) -> Schedule:
    """Return what a calendar of *episodes* shows at noon by *rules*."""
    airings = {make_uid(each): each for each in episodes}
    return Schedule(airings, find_shown_times(episodes, rules, UTC), UTC, NOW)


@pytest.mark.parametrize(("aired", "offered"), [(2, 2), (MOST_EPISODES, MOST_EPISODES), (9, MOST_EPISODES)])
def test_when_nothing_is_on_the_latest_episodes_are_offered(aired: int, offered: int) -> None:
    """Several shows are offered, the latest first, but not more than a person reads at a glance."""
    chooser = FirstChooser()
    starts = [NOW - timedelta(hours=2 + number) for number in range(aired)]
    item = make_finder(chooser, FoundShows(), *starts).find(Query())
    assert [each.title.name for each in chooser.items] == [f"Show {number}" for number in range(1, offered + 1)]
    assert item == chooser.items[0]
    assert MOST_EPISODES == 5


def test_a_script_is_offered_nothing() -> None:
    """Where nobody can be asked it is the latest episode."""
    chooser = FirstChooser(present=False)
    starts = [NOW - timedelta(hours=2 + number) for number in range(3)]
    assert make_finder(chooser, FoundShows(), *starts).find(Query()).title.name == "Show 1"
    assert chooser.items == []


@pytest.mark.parametrize(("found", "offered"), [(2, 2), (50, MOST_TITLES)])
def test_of_what_a_search_finds_the_best_are_offered(found: int, offered: int) -> None:
    """A search finds fifty titles; a list is short enough to choose from, and never one title alone."""
    chooser = FirstChooser()
    make_finder(chooser, FoundShows(found)).find(Query("elsewhere"))
    assert [each.title.ids["trakt"] for each in chooser.items] == list(range(offered))
    assert MOST_TITLES == 10


def test_nothing_found_offers_what_the_calendar_has() -> None:
    """The titles of the calendar that are spelled most alike come with the error."""
    with pytest.raises(NoMatch) as raised:
        make_finder(FirstChooser(), FoundShows(), NOW).find(Query("sheep 1"))
    assert "sheep 1" in str(raised.value)
    assert raised.value.candidates == ("Show 1",)


HOUR = timedelta(hours=1)


def list_on_now(rules: Rules, *episodes: Episode) -> list[int]:
    return [each.number for each in make_schedule(episodes, rules).list_on_now()]


@pytest.mark.parametrize(
    "offsets",
    [Offsets(3 * HOUR), Offsets(networks={"hbo": 3 * HOUR}), Offsets(HOUR, {"hbo": HOUR}, {"a show": 3 * HOUR})],
)
def test_what_is_on_follows_the_offsets(offsets: Offsets) -> None:
    """An airing that the calendar shows three hours later is on then, and not when it is on elsewhere."""
    delayed, live = make_episode(number=1, starts=NOW - 3 * HOUR), make_episode(number=2, starts=NOW)
    assert list_on_now(Rules(), delayed, live) == [2]
    assert list_on_now(Rules(offsets=offsets), delayed, live) == [1]


@pytest.mark.parametrize(("offset", "early"), [(0, True), (-9, False), (-7, True)])
def test_what_has_yet_to_air_follows_the_offsets(offset: int, early: bool) -> None:
    """An hour that Trakt has wrong is right by a show's offset, and the check-in is not early."""
    episode = make_episode(starts=NOW + 8 * HOUR)
    schedule = make_schedule([episode], Rules(offsets=Offsets(shows={"a show": offset * HOUR})))
    assert schedule.is_early(schedule.make_item(episode)) is early


def test_whole_days_are_not_on_and_not_early_on_their_day() -> None:
    """Where the calendar shows days, nothing is on; tonight's episode is today's, and what aired last comes first."""
    rules = Rules(hours=Hours.WHOLE_DAY)
    morning, noon, tonight, tomorrow = (
        make_episode(number=number, starts=NOW + hours * HOUR) for number, hours in enumerate((-5, -1, 8, 20), 1)
    )
    schedule = make_schedule([morning, noon, tonight, tomorrow], rules)
    assert schedule.list_on_now() == []
    assert [each.number for each in schedule.list_begun()] == [2, 1, 3]
    assert not schedule.is_early(schedule.make_item(tonight))
    assert schedule.is_early(schedule.make_item(tomorrow))


def test_an_unknown_hour_is_on_at_the_hour_that_the_rules_give_it() -> None:
    """At noon an episode without an hour is on where unknown_hour says so."""
    episode = make_episode(starts=date(2026, 4, 18))
    assert list_on_now(Rules(), episode) == []
    assert list_on_now(Rules(unknown_hours=UnknownHours(time(11, 30))), episode) == [3]
    schedule = make_schedule([episode], Rules(unknown_hours=UnknownHours(time(20))))
    assert schedule.is_early(schedule.make_item(episode))


def test_of_a_group_that_is_on_the_first_unwatched_episode_counts() -> None:
    """A season that was dropped at once is one event, on as long as all of it; nobody is asked which episode."""
    chooser = FirstChooser(present=False)
    episodes = [make_episode(number=number, starts=NOW - 2 * HOUR) for number in (1, 2, 3)]
    rules = Rules(group=Group.DROP)
    assert list_on_now(Rules(), *episodes) == []
    assert list_on_now(rules, *episodes) == [1, 2, 3]
    watched = [replace(each, watched=each.number == 1) for each in episodes]
    api: Any = FoundShows()
    finder = ItemFinder(make_schedule(watched, rules), api, NoMarks(), chooser)
    assert finder.find(Query()).number == 2
    assert chooser.items == []


def test_what_the_rules_leave_out_is_not_on_and_can_be_named() -> None:
    """A filter takes a show out of what is on, and not out of what somebody may name."""
    rules = Rules(filters=Filters(exclude={Trait.NETWORKS: frozenset({"hbo"})}))
    schedule = make_schedule([make_episode(starts=NOW)], rules)
    assert (schedule.list_on_now(), schedule.list_begun()) == ([], [])
    assert [each.title.name for each in schedule.find_titles("a show", shows=True, movies=True)] == ["A Show"]
