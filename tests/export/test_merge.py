"""What a run makes of the stored calendar and of what is listed now: every rule of the merge, a row each."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from tests.calendars import find_value
from tests.factories import DAY, NOW, make_calendar_id, make_episode
from tests.runs import CalendarRuns
from trakt_ical.errors import UpdateHeldBack
from trakt_ical.export import ics
from trakt_ical.export.ics import Appearance
from trakt_ical.export.merge import MergeResult, Retention
from trakt_ical.model import DateRange, Episode, EpisodeKind
from trakt_ical.transform.filters import Filters
from trakt_ical.transform.rules import Rules

AHEAD = make_episode(number=1, starts=NOW + 5 * DAY)
PAST = make_episode(number=2, starts=NOW - 5 * DAY)
OTHERS = [make_episode(number=number, starts=NOW + number * DAY) for number in range(10, 14)]
"""Upcoming episodes that stay, so that the guard has nothing to say."""


Story = Callable[[CalendarRuns], tuple[str, str]]
ROWS: list[tuple[str, Story]] = []


def add_row(reason: str) -> Callable[[Story], Story]:
    def add(story: Story) -> Story:
        ROWS.append((reason, story))
        return story

    return add


# Each story ends in what became of the episode AHEAD (PAST where it says so), and what the run says of it.
# "same": the octets of before; "changed": newer stamps and a higher SEQUENCE; "tombstone"; "gone".


def find_fate(runs: CalendarRuns, before: str, airing: Episode = AHEAD) -> str:
    after = runs.find_event(airing)
    if not after:
        return "gone"
    if after == before:
        return "same"
    assert find_value(after, "DTSTAMP") == find_value(after, "LAST-MODIFIED") > find_value(before, "LAST-MODIFIED")
    assert int(find_value(after, "SEQUENCE")) > int(find_value(before, "SEQUENCE") or 0)
    if find_value(after, "STATUS") == "CANCELLED":
        assert "X-TRAKT-ICAL-REV" not in after
        assert find_value(after, "SUMMARY").startswith("No longer listed: A Show 2x")
        return "tombstone"
    assert "X-TRAKT-ICAL-REV" in after
    return "changed"


def describe_changes(revised: MergeResult) -> str:
    return ", ".join(change.kind.value for change in revised.changes)


def pass_time(runs: CalendarRuns, **span: float) -> None:
    runs.now += timedelta(**(span or {"hours": 1}))


@add_row("an unchanged event is carried over, and so is the whole calendar")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before, whole = runs.find_event(AHEAD), runs.octets
    pass_time(runs)
    revised = runs.run(AHEAD, *OTHERS)
    assert runs.octets == whole
    return find_fate(runs, before), describe_changes(revised)


@add_row("a new event bears the stamp of the run, the others keep theirs")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(*OTHERS)
    other = runs.find_event(OTHERS[0])
    pass_time(runs)
    revised = runs.run(AHEAD, *OTHERS)
    assert find_value(runs.find_event(AHEAD), "DTSTAMP") == "20260418T130000Z"
    assert (
        int(find_value(runs.find_event(AHEAD), "SEQUENCE"))
        == (runs.now - datetime(2020, 1, 1, tzinfo=UTC)).total_seconds() // 60
    )
    assert runs.find_event(OTHERS[0]) == other
    return find_fate(runs, ""), describe_changes(revised)


@add_row("a renamed event changes")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    pass_time(runs)
    revised = runs.run(replace(AHEAD, title="B"), *OTHERS)
    return find_fate(runs, before), describe_changes(revised)


@add_row("a moved event changes")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    pass_time(runs)
    revised = runs.run(replace(AHEAD, starts=AHEAD.starts + DAY), *OTHERS)
    assert revised.changes[0].was == AHEAD.starts
    return find_fate(runs, before), describe_changes(revised)


@add_row("another overview is an update")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    pass_time(runs)
    revised = runs.run(replace(AHEAD, overview="B"), *OTHERS)
    return find_fate(runs, before), describe_changes(revised)


@add_row("missing and ahead: a tombstone, and it says until when")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    pass_time(runs)
    revised = runs.run(*OTHERS)
    assert revised.changes[0].until == runs.now + 14 * DAY
    return find_fate(runs, before), describe_changes(revised)


@add_row("a tombstone stays as it is while it stands")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    pass_time(runs)
    runs.run(*OTHERS)
    before = runs.find_event(AHEAD)
    pass_time(runs, days=13, hours=23)
    runs.days = DateRange(runs.now.date() - 30 * DAY, 121)
    revised = runs.run(*OTHERS)
    return find_fate(runs, before), describe_changes(revised)


@add_row("a tombstone goes after its days")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    pass_time(runs)
    runs.run(*OTHERS)
    pass_time(runs, days=14)
    revised = runs.run(*OTHERS)
    return find_fate(runs, ""), describe_changes(revised)


@add_row("without tombstones what is missing goes at once")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.retention = Retention(tombstone=timedelta(0))
    runs.run(AHEAD, *OTHERS)
    revised = runs.run(*OTHERS)
    return find_fate(runs, ""), describe_changes(revised)


@add_row("missing and past: it leaves without a trace")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(PAST, *OTHERS)
    revised = runs.run(*OTHERS)
    return find_fate(runs, "", PAST), describe_changes(revised)


@add_row("a whole day is ahead until it is over in the west")
def _(runs: CalendarRuns) -> tuple[str, str]:
    yesterday = replace(AHEAD, starts=NOW.date() - DAY)
    runs.now = NOW - timedelta(seconds=1)
    runs.run(yesterday, *OTHERS)
    before = runs.find_event(AHEAD)
    revised = runs.run(*OTHERS)
    return find_fate(runs, before), describe_changes(revised)


@add_row("a whole day that is over in the west is past")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(replace(AHEAD, starts=NOW.date() - DAY), *OTHERS)
    revised = runs.run(*OTHERS)
    return find_fate(runs, ""), describe_changes(revised)


@add_row("other kinds: what is not asked for any more leaves at once, without a tombstone")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    runs.calendar_id = make_calendar_id(kinds=("movies", "premieres"))
    revised = runs.run()
    assert not revised.events
    return find_fate(runs, before), describe_changes(revised)


@add_row("one kind fewer: what the other one still asks for and no longer lists is missing")
def _(runs: CalendarRuns) -> tuple[str, str]:
    premiere = replace(AHEAD, kind=EpisodeKind.SEASON_PREMIERE)
    runs.calendar_id = make_calendar_id(kinds=("premieres", "shows"))
    runs.run(premiere, *OTHERS)
    before = runs.find_event(AHEAD)
    runs.calendar_id = make_calendar_id(kinds=("premieres",))
    pass_time(runs)
    revised = runs.run()
    assert len(revised.events) == 1
    return find_fate(runs, before), describe_changes(revised)


@add_row("changes within one minute, gone, and back in the same: SEQUENCE still rises")
def _(runs: CalendarRuns) -> tuple[str, str]:
    for title in "ABC":
        runs.run(replace(AHEAD, title=title), *OTHERS)
    before = runs.find_event(AHEAD)
    runs.run(*OTHERS, hidden=["trakt-1388"])
    revised = runs.run(AHEAD, *OTHERS)
    return find_fate(runs, before), describe_changes(revised).split(", ")[0]


@add_row("the clock was ahead, the show hidden and back: stamps still rise")
def _(runs: CalendarRuns) -> tuple[str, str]:
    pass_time(runs, hours=20)
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    pass_time(runs, hours=-20)
    runs.run(*OTHERS, hidden=["trakt-1388"])
    revised = runs.run(AHEAD, *OTHERS)
    return find_fate(runs, before), describe_changes(revised).split(", ")[0]


@add_row("an upcoming event whose tombstone has no room is told all the same")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    runs.retention = Retention(size_limit=len(runs.octets or b"") - 300)
    revised = runs.run(*OTHERS)
    assert revised.changes[0].until is None
    return find_fate(runs, ""), describe_changes(revised)


@add_row("ruled out: listed, but not to be shown, so it leaves without a trace")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    runs.rules = Rules(filters=Filters(watched=False))
    revised = runs.run(replace(AHEAD, watched=True), *OTHERS)
    return find_fate(runs, ""), describe_changes(revised)


@add_row("hidden: it leaves without a trace, listed or not")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    revised = runs.run(hidden=["trakt-1388"])
    assert len(revised.changes) == 5
    return find_fate(runs, ""), describe_changes(revised).split(", ")[0]


@add_row("out of range: untouched")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    pass_time(runs)
    runs.days = DateRange(NOW.date() + 8 * DAY, 30)
    revised = runs.run(*OTHERS)
    return find_fate(runs, before), describe_changes(revised)


@add_row("out of range and older than keep_days: gone")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(PAST, *OTHERS)
    pass_time(runs, days=176)
    runs.days = DateRange(runs.now.date(), 30)
    revised = runs.run()
    assert find_value(runs.find_event(OTHERS[0]), "STATUS") == "CONFIRMED"
    return find_fate(runs, "", PAST), describe_changes(revised)


@add_row("out of range and as old as keep_days: untouched")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(PAST, *OTHERS)
    before = runs.find_event(PAST)
    pass_time(runs, days=175)
    runs.days = DateRange(runs.now.date(), 30)
    revised = runs.run()
    return find_fate(runs, before, PAST), describe_changes(revised)


@add_row("the range slides by a day: what it leaves behind stays")
def _(runs: CalendarRuns) -> tuple[str, str]:
    oldest = replace(PAST, starts=NOW - 30 * DAY)
    runs.run(oldest, *OTHERS)
    before = runs.find_event(PAST)
    pass_time(runs, days=1)
    runs.days = DateRange(runs.days.first + DAY, runs.days.days)
    revised = runs.run(*OTHERS)
    return find_fate(runs, before, PAST), describe_changes(revised)


@add_row("the range is shortened: what lies beyond stays")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(OTHERS[3])
    runs.days = DateRange(NOW.date(), 11)
    revised = runs.run(AHEAD, OTHERS[0])
    return find_fate(runs, before, OTHERS[3]), describe_changes(revised)


@add_row("one kind more: what is no longer listed is missing")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    runs.calendar_id = make_calendar_id(kinds=("movies", "shows"))
    pass_time(runs)
    revised = runs.run(*OTHERS)
    return find_fate(runs, before), describe_changes(revised)


@add_row("the same kinds in another order are the same kinds")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.calendar_id = make_calendar_id(kinds=("shows", "new"))
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    runs.calendar_id = make_calendar_id(kinds=("new", "shows"))
    pass_time(runs)
    revised = runs.run(*OTHERS)
    return find_fate(runs, before), describe_changes(revised)


@add_row("returned before the tombstone went: back")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    pass_time(runs)
    runs.run(*OTHERS)
    before = runs.find_event(AHEAD)
    pass_time(runs)
    revised = runs.run(AHEAD, *OTHERS)
    return find_fate(runs, before), describe_changes(revised)


@add_row("returned after the tombstone went: new, and SEQUENCE still higher")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    runs.run(*OTHERS)
    before = runs.find_event(AHEAD)
    pass_time(runs, days=15)
    runs.run(*OTHERS)
    pass_time(runs)
    revised = runs.run(AHEAD, *OTHERS)
    return find_fate(runs, before), describe_changes(revised)


@add_row("an unknown hour that becomes known is a confirmation")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(replace(AHEAD, starts=AHEAD.starts.date()), *OTHERS)
    before = runs.find_event(AHEAD)
    pass_time(runs)
    revised = runs.run(AHEAD, *OTHERS)
    return find_fate(runs, before), describe_changes(revised)


@add_row("a known hour that becomes unknown is a move")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    pass_time(runs)
    revised = runs.run(replace(AHEAD, starts=AHEAD.starts.date()), *OTHERS)
    return find_fate(runs, before), describe_changes(revised)


@add_row("postponed past the range and out of sight: a tombstone")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    pass_time(runs)
    revised = runs.run(*OTHERS)
    return find_fate(runs, before), describe_changes(revised)


@add_row("postponed past the range but still in sight: moved")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    pass_time(runs)
    revised = runs.run(replace(AHEAD, starts=datetime.combine(runs.days.last + DAY, AHEAD.starts.timetz())), *OTHERS)
    return find_fate(runs, before), describe_changes(revised)


@add_row("the clock went back: stamps go on")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    pass_time(runs, hours=-12)
    revised = runs.run(replace(AHEAD, title="B"), *OTHERS)
    assert find_value(runs.find_event(AHEAD), "DTSTAMP") == "20260418T120001Z"
    return find_fate(runs, before), describe_changes(revised)


@add_row("two changes within a minute: SEQUENCE rises by one")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    pass_time(runs, seconds=1)
    revised = runs.run(replace(AHEAD, title="B"), *OTHERS)
    assert int(find_value(runs.find_event(AHEAD), "SEQUENCE")) == int(find_value(before, "SEQUENCE")) + 1
    return find_fate(runs, before), describe_changes(revised)


@add_row("the ceiling is reached: past events go first, oldest first, tombstones with them")
def _(runs: CalendarRuns) -> tuple[str, str]:
    recent = replace(PAST, number=3, starts=NOW - DAY)
    runs.run(PAST, recent, AHEAD, *OTHERS)
    size = len(runs.octets or b"")
    runs.retention = Retention(size_limit=size - len(runs.find_event(PAST)))
    revised = runs.run(PAST, recent, AHEAD, *OTHERS)
    assert (len(revised.over_limit), describe_changes(revised)) == (1, "left out")
    assert runs.find_event(recent)
    before = runs.find_event(AHEAD)
    pass_time(runs)
    runs.run(recent, *OTHERS)
    assert find_fate(runs, before) == "tombstone"
    runs.retention = Retention(size_limit=len(runs.octets or b"") - len(runs.find_event(recent)) - 10)
    revised = runs.run(recent, *OTHERS)
    assert len(revised.over_limit) == 2
    assert not runs.find_event(recent)
    assert all(map(runs.find_event, OTHERS))
    return find_fate(runs, ""), describe_changes(revised)


@add_row("the ceiling is reached by the future: the farthest goes, without a tombstone, run after run")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    runs.retention = Retention(size_limit=len(runs.octets or b"") - 1)
    revised = runs.run(AHEAD, *OTHERS)
    assert not runs.find_event(OTHERS[3])
    whole = runs.octets
    pass_time(runs)
    again = runs.run(AHEAD, *OTHERS)
    assert (len(revised.over_limit), len(again.over_limit), runs.octets) == (1, 1, whole)
    return find_fate(runs, "", OTHERS[3]), describe_changes(again)


@add_row("a later version renders differently: every event changes once")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    head, _, body = (runs.octets or b"").replace(b"REV:2-", b"REV:1-").partition(ics.SUM)
    body = body.partition(b"\r\n")[2]
    runs.octets = head + ics.SUM + ics.hash_parts(body) + b"\r\n" + body
    before = runs.find_event(AHEAD)
    pass_time(runs)
    assert len(runs.run(AHEAD, *OTHERS).changes) == 5
    became = find_fate(runs, before)
    pass_time(runs)
    return became, describe_changes(runs.run(AHEAD, *OTHERS))


EXPECTED = {
    "an unchanged event is carried over, and so is the whole calendar": ("same", ""),
    "a new event bears the stamp of the run, the others keep theirs": ("changed", "new"),
    "a renamed event changes": ("changed", "renamed"),
    "a moved event changes": ("changed", "moved"),
    "another overview is an update": ("changed", "updated"),
    "missing and ahead: a tombstone, and it says until when": ("tombstone", "no longer listed"),
    "a tombstone stays as it is while it stands": ("same", ""),
    "a tombstone goes after its days": ("gone", "removed"),
    "without tombstones what is missing goes at once": ("gone", "no longer listed"),
    "missing and past: it leaves without a trace": ("gone", "removed"),
    "a whole day is ahead until it is over in the west": ("tombstone", "no longer listed"),
    "a whole day that is over in the west is past": ("gone", "removed"),
    "other kinds: what is not asked for any more leaves at once, without a tombstone": (
        "gone",
        ", ".join(["removed"] * (1 + len(OTHERS))),
    ),
    "one kind fewer: what the other one still asks for and no longer lists is missing": (
        "tombstone",
        ", ".join(["no longer listed", *["removed"] * len(OTHERS)]),
    ),
    "changes within one minute, gone, and back in the same: SEQUENCE still rises": ("changed", "new"),
    "the clock was ahead, the show hidden and back: stamps still rise": ("changed", "new"),
    "an upcoming event whose tombstone has no room is told all the same": ("gone", "no longer listed"),
    "ruled out: listed, but not to be shown, so it leaves without a trace": ("gone", "removed"),
    "hidden: it leaves without a trace, listed or not": ("gone", "removed"),
    "out of range: untouched": ("same", ""),
    "out of range and older than keep_days: gone": ("gone", "removed"),
    "out of range and as old as keep_days: untouched": ("same", ""),
    "the range slides by a day: what it leaves behind stays": ("same", ""),
    "the range is shortened: what lies beyond stays": ("same", ""),
    "one kind more: what is no longer listed is missing": ("tombstone", "no longer listed"),
    "the same kinds in another order are the same kinds": ("tombstone", "no longer listed"),
    "returned before the tombstone went: back": ("changed", "back"),
    "returned after the tombstone went: new, and SEQUENCE still higher": ("changed", "new"),
    "an unknown hour that becomes known is a confirmation": ("changed", "confirmed"),
    "a known hour that becomes unknown is a move": ("changed", "moved"),
    "postponed past the range and out of sight: a tombstone": ("tombstone", "no longer listed"),
    "postponed past the range but still in sight: moved": ("changed", "moved"),
    "the clock went back: stamps go on": ("changed", "renamed"),
    "two changes within a minute: SEQUENCE rises by one": ("changed", "renamed"),
    "the ceiling is reached: past events go first, oldest first, tombstones with them": ("gone", "left out, left out"),
    "the ceiling is reached by the future: the farthest goes, without a tombstone, run after run": ("gone", ""),
    "a later version renders differently: every event changes once": ("changed", ""),
}


@pytest.mark.parametrize(("reason", "story"), ROWS, ids=[reason for reason, _ in ROWS])
def test_every_rule(reason: str, story: Story) -> None:
    """What becomes of an event, and what the run says of it, is as the table has it."""
    assert story(CalendarRuns()) == EXPECTED[reason]


def test_the_table_is_whole() -> None:
    """Each row of expectations has its story."""
    assert {reason for reason, _ in ROWS} == set(EXPECTED)


def make_earlier(octets: bytes) -> bytes:
    """Return a calendar as the first rendering wrote it: without CREATED, with another revision hash."""
    head, _, body = octets.replace(b"REV:2-", b"REV:1-").partition(ics.SUM)
    body = re.sub(rb"CREATED:.*\r\n", b"", body.partition(b"\r\n")[2])
    return head + ics.SUM + ics.hash_parts(body) + b"\r\n" + body


def test_created_is_when_the_event_first_appeared() -> None:
    """An event that changes, disappears and returns keeps its CREATED."""
    runs = CalendarRuns()
    runs.run(AHEAD, *OTHERS)
    created = find_value(runs.find_event(AHEAD), "CREATED")
    assert created == f"{NOW:%Y%m%dT%H%M%SZ}"
    for airings in ([replace(AHEAD, title="New"), *OTHERS], OTHERS, [AHEAD, *OTHERS]):
        pass_time(runs)
        runs.run(*airings)
        assert find_value(runs.find_event(AHEAD), "CREATED") == created
    assert find_value(runs.find_event(AHEAD), "DTSTAMP") > created


def test_a_calendar_of_an_earlier_rendering_is_read() -> None:
    """Each of its events changes once, and was created when it is known to have been there; tombstones stay."""
    runs = CalendarRuns()
    runs.run(AHEAD, *OTHERS)
    pass_time(runs)
    runs.run(*OTHERS)
    runs.octets = make_earlier(runs.octets or b"")
    buried = runs.find_event(AHEAD)
    pass_time(runs)
    assert len(runs.run(*OTHERS).changes) == len(OTHERS)
    assert runs.find_event(AHEAD) == buried
    assert find_value(runs.find_event(OTHERS[0]), "CREATED") == f"{NOW:%Y%m%dT%H%M%SZ}"
    pass_time(runs)
    assert runs.run(*OTHERS).changes == []


def test_a_calendar_may_have_uids_of_its_own() -> None:
    """Its UIDs end in its name; each event changes once, and the calendar goes on knowing it by its plain UID."""
    runs = CalendarRuns()
    runs.run(AHEAD, *OTHERS)
    assert b"\r\nUID:trakt-1388-s2e1@trakt-ical\r\n" in (runs.octets or b"")
    runs.appearance = Appearance(uid_suffix="-Drama%20%26%20more")
    pass_time(runs)
    assert describe_changes(runs.run(AHEAD, *OTHERS)) == ", ".join(["updated"] * 5)
    assert b"\r\nUID:trakt-1388-s2e1@trakt-ical-Drama%20%26%20more\r\n" in (runs.octets or b"")
    pass_time(runs)
    assert runs.run(AHEAD, *OTHERS).changes == []
    assert describe_changes(runs.run(*OTHERS)) == "no longer listed"
    assert find_value(runs.find_event(AHEAD), "UID") == "trakt-1388-s2e1@trakt-ical-Drama%20%26%20more"


@pytest.mark.parametrize(
    ("ahead", "missing", "believed"),
    [
        (2, 2, True),
        (3, 3, False),
        (3, 2, True),
        (9, 8, True),
        (10, 5, True),
        (10, 6, False),
        (21, 11, False),
        (0, 0, True),
    ],
)
def test_the_guard(ahead: int, missing: int, believed: bool) -> None:
    """All of three or more, or over half of ten or more, are not believed to be gone."""
    runs, upcoming = CalendarRuns(), [make_episode(number=number, starts=NOW + DAY) for number in range(ahead)]
    runs.run(PAST, *upcoming)
    before = runs.octets
    if believed:
        runs.run(*upcoming[missing:])
        return
    with pytest.raises(UpdateHeldBack, match=f"{missing} of {ahead} upcoming events"):
        runs.run(*upcoming[missing:])
    assert runs.octets == before
    assert runs.run(*upcoming[missing:], believe=True).changes


def test_the_guard_counts_what_is_upcoming_and_in_range_alone() -> None:
    """Past events, tombstones, hidden shows and what lies outside the range do not count."""
    runs = CalendarRuns()
    past = [replace(PAST, number=number) for number in range(50, 60)]
    far = [make_episode(number=number, starts=NOW + 80 * DAY) for number in range(60, 70)]
    runs.run(*OTHERS, *past, *far)
    runs.days = DateRange(NOW.date(), 20)
    with pytest.raises(UpdateHeldBack, match="4 of 4"):
        runs.run()
    runs.run(OTHERS[0])
    runs.run(hidden=["trakt-1388"])
