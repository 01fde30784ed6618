"""An episode that Trakt lists under another number is neither lost nor cancelled."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.factories import NOW, SHOW, make_episode
from tests.runs import CalendarRuns
from trakt_ical.export.changes import Kind, describe_change
from trakt_ical.model import Episode

HOUR = timedelta(hours=1)
FOUR = [make_episode(number=n, title=f"Part {n}", starts=NOW + timedelta(days=n)) for n in range(1, 5)]


def renumber(*after: Episode, before: list[Episode] = FOUR) -> tuple[list[Kind], str]:
    """Return how the calendar of *before* changes when *after* is listed in its place, and the calendar."""
    runs = CalendarRuns()
    runs.run(*before)
    runs.now += HOUR
    result = runs.run(*after)
    return [change.kind for change in result.changes], result.octets.decode()


def test_a_new_id_of_a_show_is_a_renumbering() -> None:
    """Four of four events go over to new UIDs: no loss, no tombstones, and the changes say so."""
    new = replace(SHOW, key="trakt-900", title="A, Show")
    kinds, octets = renumber(*(replace(each, show=new) for each in FOUR))
    assert kinds == [Kind.RENUMBERED] * 4
    assert "STATUS:CANCELLED" not in octets
    assert octets.count("BEGIN:VEVENT") == octets.count("UID:trakt-900-") == 4


@pytest.mark.parametrize(
    "changes", [{"season": 3}, {"season": 23, "number": 1}, {"number": 40}], ids=["season", "both", "number"]
)
def test_a_new_number_is_a_renumbering(changes: dict[str, int]) -> None:
    """Another season, or another number with the same title at the same moment, is the same episode."""
    kinds, octets = renumber(*FOUR[1:], replace(FOUR[0], **changes))  # type: ignore[arg-type]
    assert kinds == [Kind.RENUMBERED]
    assert octets.count("BEGIN:VEVENT") == 4


def test_another_show_at_the_same_moment_is_no_renumbering() -> None:
    """Services put the first episodes of several shows online at one moment."""
    other = replace(FOUR[0], show=replace(SHOW, key="trakt-9", title="Other"), title="Else")
    kinds, octets = renumber(*FOUR[1:], other)
    assert sorted(kind.value for kind in kinds) == ["new", "no longer listed"]
    assert "STATUS:CANCELLED" in octets


def test_another_moment_is_no_renumbering() -> None:
    """Only the same instant makes an episode the same one."""
    kinds, _ = renumber(*FOUR[1:], replace(FOUR[0], season=3, starts=FOUR[0].starts + HOUR))
    assert Kind.RENUMBERED not in kinds


def test_the_change_names_both_numbers() -> None:
    """The line of a renumbering has the old name and the new one."""
    runs = CalendarRuns()
    runs.run(*FOUR)
    [change] = runs.run(*FOUR[1:], replace(FOUR[0], season=3)).changes
    line = describe_change(change, NOW.tzinfo or runs.now.tzinfo)  # type: ignore[arg-type]
    assert "2x01" in line
    assert "3x01" in line
