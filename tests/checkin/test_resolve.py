"""What a query refers to, decided without a server: who is offered what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.factories import NOW, SHOW, make_episode
from trakt_ical.checkin.items import Query, Title, WatchItem
from trakt_ical.checkin.resolve import MOST_EPISODES, MOST_TITLES, ItemFinder
from trakt_ical.checkin.schedule import Schedule
from trakt_ical.errors import NoMatch
from trakt_ical.transform.uids import make_uid


@dataclass
class Offered:
    """Somebody who takes the first of what is offered, and remembers all of it; not *present* a script."""

    present: bool = True
    items: list[WatchItem] = field(default_factory=list)

    def choose(self, sentence: str, items: Sequence[WatchItem]) -> WatchItem:
        """Return the first."""
        self.items = list(items)
        return items[0]


class NothingWatched:
    """A user who has watched nothing."""

    def mark_watched(self, schedule: Schedule) -> Schedule:
        """Return *schedule* as it is."""
        return schedule


class Found:
    """A search that finds *count* shows."""

    def __init__(self, count: int = 0) -> None:
        self.items = [WatchItem(Title(f"Elsewhere {each}", ids={"trakt": each}), 1, 1) for each in range(count)]

    def search_titles(self, words: str, *, movies: bool) -> list[WatchItem]:
        """Return all of them, whatever is looked for."""
        return self.items


def make_finder(chooser: Offered, api: Found, *starts: datetime) -> ItemFinder:
    """Return a finder in a calendar of one show for each of *starts*."""
    episodes = [
        make_episode(show=replace(SHOW, key=f"trakt-{number}", title=f"Show {number}"), starts=start)
        for number, start in enumerate(starts, 1)
    ]
    schedule = Schedule({make_uid(each): each for each in episodes}, UTC, NOW, timedelta(minutes=45))
    finder: Any = api
    return ItemFinder(schedule, finder, NothingWatched(), chooser)


@pytest.mark.parametrize(("aired", "offered"), [(2, 2), (MOST_EPISODES, MOST_EPISODES), (9, MOST_EPISODES)])
def test_when_nothing_is_on_the_latest_episodes_are_offered(aired: int, offered: int) -> None:
    """Several shows are offered, the latest first, but not more than a person reads at a glance."""
    chooser = Offered()
    starts = [NOW - timedelta(hours=2 + number) for number in range(aired)]
    item = make_finder(chooser, Found(), *starts).find(Query())
    assert [each.title.name for each in chooser.items] == [f"Show {number}" for number in range(1, offered + 1)]
    assert item == chooser.items[0]
    assert MOST_EPISODES == 5


def test_a_script_is_offered_nothing() -> None:
    """Where nobody can be asked it is the latest episode."""
    chooser = Offered(present=False)
    starts = [NOW - timedelta(hours=2 + number) for number in range(3)]
    assert make_finder(chooser, Found(), *starts).find(Query()).title.name == "Show 1"
    assert chooser.items == []


@pytest.mark.parametrize(("found", "offered"), [(2, 2), (50, MOST_TITLES)])
def test_of_what_a_search_finds_the_best_are_offered(found: int, offered: int) -> None:
    """A search finds fifty titles; a list is short enough to choose from, and never one title alone."""
    chooser = Offered()
    make_finder(chooser, Found(found)).find(Query("elsewhere"))
    assert [each.title.ids["trakt"] for each in chooser.items] == list(range(offered))
    assert MOST_TITLES == 10


def test_nothing_found_offers_what_the_calendar_has() -> None:
    """The titles of the calendar that are spelled most alike come with the error."""
    with pytest.raises(NoMatch) as raised:
        make_finder(Offered(), Found(), NOW).find(Query("sheep 1"))
    assert "sheep 1" in str(raised.value)
    assert raised.value.candidates == ("Show 1",)
