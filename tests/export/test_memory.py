"""The calendar remembers: every rule, a row each; files that are not what they should be; runs at once."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.calendars import find_upcoming, find_value
from tests.conftest import Clock, Line
from tests.factories import DAY, NOW, make_calendar_id, make_episode
from tests.runs import CalendarRuns
from trakt_ical import files
from trakt_ical.demo import Fault
from trakt_ical.errors import OutputError, UpdateHeldBack
from trakt_ical.export import ics
from trakt_ical.export.merge import MergeResult, Retention
from trakt_ical.export.stored import parse_calendar
from trakt_ical.export.stores import store
from trakt_ical.model import DateRange, Episode, EpisodeKind
from trakt_ical.transform.filters import Filters
from trakt_ical.transform.rules import Rules

AHEAD = make_episode(number=1, starts=NOW + 5 * DAY)
PAST = make_episode(number=2, starts=NOW - 5 * DAY)
OTHERS = [make_episode(number=number, starts=NOW + number * DAY) for number in range(10, 14)]
"""Upcoming episodes that stay, so that the guard has nothing to say."""


Story = Callable[[CalendarRuns], tuple[str, str]]
ROWS: list[tuple[str, Story]] = []


def row(reason: str) -> Callable[[Story], Story]:
    def add(story: Story) -> Story:
        ROWS.append((reason, story))
        return story

    return add


# Each story ends in what became of the episode AHEAD (PAST where it says so), and what the run says of it.
# "same": the octets of before; "changed": newer stamps and a higher SEQUENCE; "tombstone"; "gone".


def fate(runs: CalendarRuns, before: str, airing: Episode = AHEAD) -> str:
    after = runs.find_event(airing)
    if not after:
        return "gone"
    if after == before:
        return "same"
    assert find_value(after, "DTSTAMP") == find_value(after, "LAST-MODIFIED") > find_value(before, "LAST-MODIFIED")
    assert int(find_value(after, "SEQUENCE")) > int(find_value(before, "SEQUENCE") or 0)
    if find_value(after, "STATUS") == "CANCELLED":
        assert "X-TRAKT-ICAL-REV" not in after
        return "tombstone"
    assert "X-TRAKT-ICAL-REV" in after
    return "changed"


def told(revised: MergeResult) -> str:
    return ", ".join(change.kind.value for change in revised.changes)


def later(runs: CalendarRuns, **span: float) -> None:
    runs.now += timedelta(**(span or {"hours": 1}))


@row("an unchanged event is carried over, and so is the whole calendar")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before, whole = runs.find_event(AHEAD), runs.octets
    later(runs)
    revised = runs.run(AHEAD, *OTHERS)
    assert runs.octets == whole
    return fate(runs, before), told(revised)


@row("a new event bears the stamp of the run, the others keep theirs")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(*OTHERS)
    other = runs.find_event(OTHERS[0])
    later(runs)
    revised = runs.run(AHEAD, *OTHERS)
    assert find_value(runs.find_event(AHEAD), "DTSTAMP") == "20260418T130000Z"
    assert (
        int(find_value(runs.find_event(AHEAD), "SEQUENCE"))
        == (runs.now - datetime(2020, 1, 1, tzinfo=UTC)).total_seconds() // 60
    )
    assert runs.find_event(OTHERS[0]) == other
    return fate(runs, ""), told(revised)


@row("a renamed event changes")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    later(runs)
    revised = runs.run(replace(AHEAD, title="B"), *OTHERS)
    return fate(runs, before), told(revised)


@row("a moved event changes")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    later(runs)
    revised = runs.run(replace(AHEAD, starts=AHEAD.starts + DAY), *OTHERS)
    assert revised.changes[0].was == AHEAD.starts
    return fate(runs, before), told(revised)


@row("another overview is an update")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    later(runs)
    revised = runs.run(replace(AHEAD, overview="B"), *OTHERS)
    return fate(runs, before), told(revised)


@row("missing and ahead: a tombstone, and it says until when")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    later(runs)
    revised = runs.run(*OTHERS)
    assert revised.changes[0].until == runs.now + 14 * DAY
    return fate(runs, before), told(revised)


@row("a tombstone stays as it is while it stands")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    later(runs)
    runs.run(*OTHERS)
    before = runs.find_event(AHEAD)
    later(runs, days=13, hours=23)
    runs.days = DateRange(runs.now.date() - 30 * DAY, 121)
    revised = runs.run(*OTHERS)
    return fate(runs, before), told(revised)


@row("a tombstone goes after its days")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    later(runs)
    runs.run(*OTHERS)
    later(runs, days=14)
    revised = runs.run(*OTHERS)
    return fate(runs, ""), told(revised)


@row("without tombstones what is missing goes at once")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.retention = Retention(tombstone=timedelta(0))
    runs.run(AHEAD, *OTHERS)
    revised = runs.run(*OTHERS)
    return fate(runs, ""), told(revised)


@row("missing and past: it leaves without a trace")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(PAST, *OTHERS)
    revised = runs.run(*OTHERS)
    return fate(runs, "", PAST), told(revised)


@row("a whole day is ahead until it is over in the west")
def _(runs: CalendarRuns) -> tuple[str, str]:
    yesterday = replace(AHEAD, starts=NOW.date() - DAY)
    runs.now = NOW - timedelta(seconds=1)
    runs.run(yesterday, *OTHERS)
    before = runs.find_event(AHEAD)
    revised = runs.run(*OTHERS)
    return fate(runs, before), told(revised)


@row("a whole day that is over in the west is past")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(replace(AHEAD, starts=NOW.date() - DAY), *OTHERS)
    revised = runs.run(*OTHERS)
    return fate(runs, ""), told(revised)


@row("other kinds, and the same again: what was not asked for is not missed")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    for _ in range(2):
        later(runs)
        runs.calendar_id = make_calendar_id(kinds=("movies", "premieres"))
        revised = runs.run()
    return fate(runs, before), told(revised)


@row("other kinds, and the same again: a premiere that premieres no longer list is missing")
def _(runs: CalendarRuns) -> tuple[str, str]:
    premiere = replace(AHEAD, kind=EpisodeKind.SEASON_PREMIERE)
    runs.run(premiere, *OTHERS)
    before = runs.find_event(AHEAD)
    runs.calendar_id = make_calendar_id(kinds=("premieres",))
    runs.run()
    assert fate(runs, before) == "same"
    later(runs)
    revised = runs.run()
    return fate(runs, before), told(revised)


@row("changes within one minute, gone, and back in the same: SEQUENCE still rises")
def _(runs: CalendarRuns) -> tuple[str, str]:
    for title in "ABC":
        runs.run(replace(AHEAD, title=title), *OTHERS)
    before = runs.find_event(AHEAD)
    runs.run(*OTHERS, hidden=["trakt-1388"])
    revised = runs.run(AHEAD, *OTHERS)
    return fate(runs, before), told(revised).split(", ")[0]


@row("the clock was ahead, the show hidden and back: stamps still rise")
def _(runs: CalendarRuns) -> tuple[str, str]:
    later(runs, hours=20)
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    later(runs, hours=-20)
    runs.run(*OTHERS, hidden=["trakt-1388"])
    revised = runs.run(AHEAD, *OTHERS)
    return fate(runs, before), told(revised).split(", ")[0]


@row("an upcoming event whose tombstone has no room is told all the same")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    runs.retention = Retention(size_limit=len(runs.octets or b"") - 300)
    revised = runs.run(*OTHERS)
    assert revised.changes[0].until is None
    return fate(runs, ""), told(revised)


@row("ruled out: listed, but not to be shown, so it leaves without a trace")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    runs.rules = Rules(filters=Filters(watched=False))
    revised = runs.run(replace(AHEAD, watched=True), *OTHERS)
    return fate(runs, ""), told(revised)


@row("hidden: it leaves without a trace, listed or not")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    revised = runs.run(hidden=["trakt-1388"])
    assert len(revised.changes) == 5
    return fate(runs, ""), told(revised).split(", ")[0]


@row("out of range: untouched")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    later(runs)
    runs.days = DateRange(NOW.date() + 8 * DAY, 30)
    revised = runs.run(*OTHERS)
    return fate(runs, before), told(revised)


@row("out of range and older than keep_days: gone")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(PAST, *OTHERS)
    later(runs, days=176)
    runs.days = DateRange(runs.now.date(), 30)
    revised = runs.run()
    assert find_value(runs.find_event(OTHERS[0]), "STATUS") == "CONFIRMED"
    return fate(runs, "", PAST), told(revised)


@row("out of range and as old as keep_days: untouched")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(PAST, *OTHERS)
    before = runs.find_event(PAST)
    later(runs, days=175)
    runs.days = DateRange(runs.now.date(), 30)
    revised = runs.run()
    return fate(runs, before, PAST), told(revised)


@row("the range slides by a day: what it leaves behind stays")
def _(runs: CalendarRuns) -> tuple[str, str]:
    oldest = replace(PAST, starts=NOW - 30 * DAY)
    runs.run(oldest, *OTHERS)
    before = runs.find_event(PAST)
    later(runs, days=1)
    runs.days = DateRange(runs.days.first + DAY, runs.days.days)
    revised = runs.run(*OTHERS)
    return fate(runs, before, PAST), told(revised)


@row("the range is shortened: what lies beyond stays")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(OTHERS[3])
    runs.days = DateRange(NOW.date(), 11)
    revised = runs.run(AHEAD, OTHERS[0])
    return fate(runs, before, OTHERS[3]), told(revised)


@row("other kinds: nothing is cancelled and the guard rests")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    runs.calendar_id = make_calendar_id(kinds=("movies",))
    revised = runs.run()
    return fate(runs, before), told(revised)


@row("the same kinds in another order are the same kinds")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.calendar_id = make_calendar_id(kinds=("shows", "new"))
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    runs.calendar_id = make_calendar_id(kinds=("new", "shows"))
    later(runs)
    revised = runs.run(*OTHERS)
    return fate(runs, before), told(revised)


@row("returned before the tombstone went: back")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    later(runs)
    runs.run(*OTHERS)
    before = runs.find_event(AHEAD)
    later(runs)
    revised = runs.run(AHEAD, *OTHERS)
    return fate(runs, before), told(revised)


@row("returned after the tombstone went: new, and SEQUENCE still higher")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    runs.run(*OTHERS)
    before = runs.find_event(AHEAD)
    later(runs, days=15)
    runs.run(*OTHERS)
    later(runs)
    revised = runs.run(AHEAD, *OTHERS)
    return fate(runs, before), told(revised)


@row("an unknown hour that becomes known is a confirmation")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(replace(AHEAD, starts=AHEAD.starts.date()), *OTHERS)
    before = runs.find_event(AHEAD)
    later(runs)
    revised = runs.run(AHEAD, *OTHERS)
    return fate(runs, before), told(revised)


@row("a known hour that becomes unknown is a move")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    later(runs)
    revised = runs.run(replace(AHEAD, starts=AHEAD.starts.date()), *OTHERS)
    return fate(runs, before), told(revised)


@row("postponed past the range and out of sight: a tombstone")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    later(runs)
    revised = runs.run(*OTHERS)
    return fate(runs, before), told(revised)


@row("postponed past the range but still in sight: moved")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    later(runs)
    revised = runs.run(replace(AHEAD, starts=datetime.combine(runs.days.last + DAY, AHEAD.starts.timetz())), *OTHERS)
    return fate(runs, before), told(revised)


@row("the clock went back: stamps go on")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    later(runs, hours=-12)
    revised = runs.run(replace(AHEAD, title="B"), *OTHERS)
    assert find_value(runs.find_event(AHEAD), "DTSTAMP") == "20260418T120001Z"
    return fate(runs, before), told(revised)


@row("two changes within a minute: SEQUENCE rises by one")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    before = runs.find_event(AHEAD)
    later(runs, seconds=1)
    revised = runs.run(replace(AHEAD, title="B"), *OTHERS)
    assert int(find_value(runs.find_event(AHEAD), "SEQUENCE")) == int(find_value(before, "SEQUENCE")) + 1
    return fate(runs, before), told(revised)


@row("the ceiling is reached: past events go first, oldest first, tombstones with them")
def _(runs: CalendarRuns) -> tuple[str, str]:
    recent = replace(PAST, number=3, starts=NOW - DAY)
    runs.run(PAST, recent, AHEAD, *OTHERS)
    size = len(runs.octets or b"")
    runs.retention = Retention(size_limit=size - len(runs.find_event(PAST)))
    revised = runs.run(PAST, recent, AHEAD, *OTHERS)
    assert (len(revised.over_limit), told(revised)) == (1, "left out")
    assert runs.find_event(recent)
    before = runs.find_event(AHEAD)
    later(runs)
    runs.run(recent, *OTHERS)
    assert fate(runs, before) == "tombstone"
    runs.retention = Retention(size_limit=len(runs.octets or b"") - len(runs.find_event(recent)) - 10)
    revised = runs.run(recent, *OTHERS)
    assert len(revised.over_limit) == 2
    assert not runs.find_event(recent)
    assert all(map(runs.find_event, OTHERS))
    return fate(runs, ""), told(revised)


@row("the ceiling is reached by the future: the farthest goes, without a tombstone, run after run")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    runs.retention = Retention(size_limit=len(runs.octets or b"") - 1)
    revised = runs.run(AHEAD, *OTHERS)
    assert not runs.find_event(OTHERS[3])
    whole = runs.octets
    later(runs)
    again = runs.run(AHEAD, *OTHERS)
    assert (len(revised.over_limit), len(again.over_limit), runs.octets) == (1, 1, whole)
    return fate(runs, "", OTHERS[3]), told(again)


@row("a later version renders differently: every event changes once")
def _(runs: CalendarRuns) -> tuple[str, str]:
    runs.run(AHEAD, *OTHERS)
    head, _, body = (runs.octets or b"").replace(b"REV:1-", b"REV:0-").partition(ics.SUM)
    body = body.partition(b"\r\n")[2]
    runs.octets = head + ics.SUM + ics.hash_parts(body) + b"\r\n" + body
    before = runs.find_event(AHEAD)
    later(runs)
    assert len(runs.run(AHEAD, *OTHERS).changes) == 5
    became = fate(runs, before)
    later(runs)
    return became, told(runs.run(AHEAD, *OTHERS))


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
    "other kinds, and the same again: what was not asked for is not missed": ("same", ""),
    "other kinds, and the same again: a premiere that premieres no longer list is missing": (
        "tombstone",
        "no longer listed",
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
    "other kinds: nothing is cancelled and the guard rests": ("same", ""),
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


# The guard, the files, and runs at once.


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


def exported(line: Line) -> bytes:
    assert line("-q", "export").exit_code == 0
    return line.ics.read_bytes()


def empty(line: Line, home: Path) -> None:
    """From now on Trakt lists nothing, and no kept answer hides it."""
    line.demo.misbehave(Fault(path="/calendars/", empty_list=True, times=0))
    shutil.rmtree(home / ".cache", ignore_errors=True)


def test_what_is_not_believed_is_believed_after_a_week(line: Line, home: Path) -> None:
    """The guard says until when it holds; the same answer a week later is taken as true."""
    before = exported(line)
    empty(line, home)
    result = line("export")
    assert result.exit_code == 8
    assert "believed from 2026-04-25 on, or now with --accept-shrink" in result.stderr
    assert re.search("held back .*: trakt-ical export --accept-shrink\n", line("status").stdout)
    line.clock.now += timedelta(days=6, hours=23)
    assert line("export").exit_code == 8
    assert line.ics.read_bytes() == before
    line.clock.now += timedelta(hours=1, minutes=1)
    assert line("export").exit_code == 0
    assert b"STATUS:CANCELLED" in line.ics.read_bytes()
    assert "held back" not in line("status").stdout


def test_the_built_in_trakts_guard_is_overruled_beside_it(line: Line, home: Path) -> None:
    """With --demo `status` names the command of the built-in Trakt: the other one knows nothing of that guard."""
    assert line("--demo", "export").exit_code == 0
    [path] = home.rglob("outputs/*.json")
    path.write_text(path.read_text().replace('"guard_since":null', f'"guard_since":"{NOW:%FT%TZ}"'))
    assert ": trakt-ical --demo export --accept-shrink\n" in line("--demo", "status").stdout


def test_a_success_ends_the_guards_week(line: Line, home: Path) -> None:
    """Days of an empty Trakt before a good answer do not count later."""
    exported(line)
    empty(line, home)
    assert line("export").exit_code == 8
    line.demo.behave()
    line.clock.now += timedelta(days=5)
    assert line("export").exit_code == 0
    empty(line, home)
    line.clock.now += timedelta(days=5)
    assert line("export").exit_code == 8


def test_another_loss_begins_the_week_anew(line: Line, home: Path) -> None:
    """Only the same loss is believed after its week: a greater one is another answer."""
    exported(line)
    everything = len(line.demo.requests)
    hide_most(line)
    assert line("export").exit_code == 8
    line.clock.now += timedelta(days=8)
    line.demo.misbehave(Fault(path="/calendars/", empty_list=True, times=0))
    shutil.rmtree(home / ".cache", ignore_errors=True)
    assert line("export").exit_code == 8
    assert len(line.demo.requests) > everything


def hide_most(line: Line) -> None:
    """From now on Trakt lists two upcoming days alone."""
    from trakt_ical.export.stored import parse_moment

    for event in parse_calendar(line.ics.read_bytes()).events.values():
        starts = parse_moment(event.start)
        if isinstance(starts, datetime) and NOW < starts < NOW + 60 * DAY:
            parts = bytes(event.octets).replace(b"\r\n ", b"").decode().split("\r\nURL:")[1].splitlines()[0].split("/")
            line.demo.remove(parts[4], int(parts[6]), int(parts[8]))


def test_without_shrink_days_a_loss_is_believed_at_once(line: Line, home: Path) -> None:
    """`shrink_days = 0` is no guard."""
    exported(line)
    empty(line, home)
    assert line("export", environ={"TRAKT_ICAL_SHRINK_DAYS": "0"}).exit_code == 0


def test_an_accepted_loss_is_asked_for_anew(line: Line, home: Path) -> None:
    """What was believed for once is not kept: when Trakt is well again, the next run says so."""
    before = parse_calendar(exported(line)).events
    empty(line, home)
    assert line("export", "--accept-shrink").exit_code == 0
    line.demo.behave()
    assert " back" in line("export").stderr
    assert set(parse_calendar(line.ics.read_bytes()).events) == set(before)


@pytest.mark.parametrize(
    "written", ['"guard_since":"2026-01-01T00:00:00"', '"guard_since":"9999-12-31T00:00:00Z"', '"last_success":"x"']
)
def test_a_state_of_no_sense_is_none(line: Line, home: Path, written: str) -> None:
    """A state file with times that are none costs nothing but a warning, and believes nothing."""
    exported(line)
    [path] = (home / ".local" / "state").rglob("*.json")
    path.write_text(f'{{"output": "/x", {written}}}')
    assert line("status").exit_code == 0
    empty(line, home)
    assert line("export").exit_code == 8


@dataclass
class Meanwhile(Clock):
    """A clock at each look at which somebody else writes to *path*."""

    path: Path = Path()
    text: bytes = b""

    def __call__(self) -> datetime:
        self.path.write_bytes(self.text)
        return self.now


@pytest.mark.parametrize("there", [False, True])
def test_a_file_that_changes_meanwhile_stays(line: Line, there: bool) -> None:
    """A file that appears or changes while Trakt is asked is not overwritten."""
    if there:
        exported(line)
    line.clock = Meanwhile(path=line.ics, text=b"my diary")
    result = line("export", "--days", "3")
    assert (result.exit_code, "was changed while" in result.stderr) == (6, True), result.stderr
    assert line.ics.read_bytes() == b"my diary"


def test_accept_shrink_believes_at_once(line: Line, home: Path) -> None:
    """`--accept-shrink` overrules the guard."""
    exported(line)
    empty(line, home)
    assert line("export", "--accept-shrink").exit_code == 0
    assert b"STATUS:CANCELLED" in line.ics.read_bytes()


def edited(octets: bytes) -> bytes:
    return octets.replace(b"SUMMARY:", b"SUMMARY:My ", 1)


def unsummed(octets: bytes) -> bytes:
    return re.sub(rb"X-TRAKT-ICAL-SUM:.*?\r\n", b"", octets)


def unknown_shape(octets: bytes) -> bytes:
    head, _, body = octets.replace(b"\r\nLAST-MODIFIED:", b"\r\nX-MODIFIED:").partition(ics.SUM)
    body = body.partition(b"\r\n")[2]
    return head + ics.SUM + ics.hash_parts(body) + b"\r\n" + body


NOT_OURS = [
    (lambda octets: b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", "was not made by trakt-ical"),
    (lambda octets: b"my shopping list", "was not made by trakt-ical"),
    (lambda octets: b"\0" * 5000, "was not made by trakt-ical"),
    (unsummed, "was not made by trakt-ical"),
    (edited, "was edited or damaged"),
    (lambda octets: octets[: len(octets) // 2], "was edited or damaged"),
    (lambda octets: octets[:-1], "was edited or damaged"),
    (lambda octets: octets + b"\n", "was edited or damaged"),
    (lambda octets: octets.replace(b"\r\n", b"\n"), "was edited or damaged|was not made by"),
    (unknown_shape, "was made by another version"),
]


@pytest.mark.parametrize(("damage", "sentence"), NOT_OURS)
def test_a_file_that_is_not_ours_stays(line: Line, damage: Callable[[bytes], bytes], sentence: str) -> None:
    """A foreign, edited or damaged file is left alone with exit 6; --force replaces it and keeps a copy."""
    there = damage(exported(line))
    line.ics.write_bytes(there)
    asked = len(line.demo.requests)
    result = line("export")
    assert result.exit_code == 6
    assert re.search(sentence, result.stderr)
    assert line.ics.read_bytes() == there
    assert len(line.demo.requests) == asked
    assert line("export", "--force").exit_code == 0
    assert (line.folder / "trakt.ics.old").read_bytes() == there
    assert line.ics.read_bytes().startswith(b"BEGIN:VCALENDAR")


def test_copies_are_not_overwritten_either(line: Line) -> None:
    """A second --force keeps the first one's copy, and does not copy the same twice."""
    for number, text in enumerate((b"first", b"second", b"first")):
        line.ics.write_bytes(text)
        assert line("export", "--force").exit_code == 0
        assert (
            sorted(path.name for path in line.folder.glob("*.old*"))
            == ["trakt.ics.old", "trakt.ics.old.1"][: number + 1]
        )
    assert (line.folder / "trakt.ics.old").read_bytes() == b"first"


@pytest.mark.parametrize("arguments", [["--source", "all"], ["--api", "v1"]], ids=["another calendar", "another api"])
def test_another_calendars_file_stays(line: Line, arguments: list[str]) -> None:
    """A file of ours for another api, calendar or owner is not this calendar's; --force starts anew beside a copy."""
    before = exported(line)
    result = line("export", *arguments)
    assert (result.exit_code, "is another calendar (v2/my/demo/Trakt, not " in result.stderr) == (6, True)
    assert line.ics.read_bytes() == before
    result = line("export", "--force", *arguments)
    assert result.exit_code == 0
    assert result.stderr.endswith(" new.\n")
    assert (line.folder / "trakt.ics.old").read_bytes() == before


def test_other_kinds_are_the_same_calendar(line: Line) -> None:
    """What `kind` asks for may change; nothing is cancelled for that."""
    exported(line)
    assert line("export", "--kind", "movies").exit_code == 0
    assert b"STATUS:CANCELLED" not in line.ics.read_bytes()
    assert b"trakt-movie-" in line.ics.read_bytes()
    assert re.search(rb"UID:trakt-\d+-s\d", line.ics.read_bytes())
    assert line("export", "--kind", "movies").stderr.endswith("unchanged.\n")


def test_an_empty_file_is_no_calendar_yet(line: Line) -> None:
    """A file without an octet, as `touch` makes it, is begun anew."""
    line.ics.touch()
    assert line("export").stderr.endswith(" new.\n")


def test_a_file_too_large_to_be_ours_stays(line: Line) -> None:
    """A huge file is not even read."""
    with line.ics.open("wb") as file:
        file.truncate(2**33)
    result = line("export", "--force")
    assert (result.exit_code, "larger than 256 MB" in result.stderr) == (6, True)
    assert line.ics.stat().st_size == 2**33


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="needs another user's eyes: root can become one")
def test_a_file_that_cannot_be_read_stays(line: Line, tmp_path: Path) -> None:
    """A file that this user may not read is told as such, exit 6."""
    line.ics.write_bytes(b"x")
    line.ics.chmod(0)
    tmp_path.chmod(0o755)
    script = (
        "import os, sys; from pathlib import Path; from trakt_ical.export.stores.file import FileStore\n"
        "import trakt_ical.files\n"
        "from trakt_ical.errors import OutputError; os.setuid(65534)\n"
        "try: FileStore(Path(sys.argv[1])).load()\n"
        "except OutputError as error: print(error.exit_code, error)"
    )
    target = Path("/tmp") / f"trakt-ical-{os.getpid()}.ics"
    target.write_bytes(b"x")
    target.chmod(0)
    try:
        done = subprocess.run([sys.executable, "-c", script, str(target)], capture_output=True, text=True, check=False)
    finally:
        target.unlink()
    assert re.match(r"6 .* cannot be read: .* may not be written to or read", done.stdout), done.stderr


def test_stdout_has_no_memory_of_its_own(line: Line) -> None:
    """`-o -` starts anew each time, unless --previous names a calendar to go on from."""
    line("export", "-o", "-")
    line.clock.now += timedelta(hours=1)
    before = exported(line)
    line.clock.now += timedelta(hours=1)
    assert line("export", "-o", "-").stdout_bytes != before
    assert line("export", "-o", "-", "--previous", str(line.ics)).stdout_bytes == before
    assert line.ics.read_bytes() == before
    assert line("export", "--previous", str(line.ics)).exit_code == 2
    line.ics.write_bytes(b"x")
    assert line("export", "-o", "-", "--previous", str(line.ics)).exit_code == 6


def test_changes_are_told_in_words_and_to_programs(line: Line) -> None:
    """--changes says what a run changed, --json the same for programs; the closing line counts it."""
    exported(line)
    airing = find_upcoming(line.ics.read_bytes())
    line.demo.rename(*airing, title="Quite Another")
    result = line("export", "--changes", "--timezone", "UTC")
    assert re.fullmatch(r"renamed: .+ is now .+ Quite Another, 2026-04-\d\d \d\d:\d\d\n", result.stdout)
    assert result.stderr.endswith(f"in {line.ics}: 1 renamed.\n")
    line.demo.move(*airing, by=timedelta(days=1))
    result = line("export", "--changes", "--timezone", "UTC")
    assert re.fullmatch(r"moved: .+, from 2026-04-\d\d \d\d:\d\d to 2026-0\d-\d\d \d\d:\d\d\n", result.stdout)
    line.demo.remove(*airing)
    result = line("export", "--changes", "--timezone", "UTC")
    assert re.fullmatch(r"no longer listed: .+, shown as cancelled until 2026-05-02 12:00\n", result.stdout)
    line.demo.restore(*airing)
    [change] = json.loads(line("export", "--changes", "--json").stdout)
    assert change["change"] == "back"
    assert set(change) == {"change", "uid", "summary", "start"}
    assert line("export", "--changes").stdout == ""
    assert line("export", "--changes", "-o", "-").exit_code == 2
    assert line("export", "--json").exit_code == 2


def test_status_shows_each_output(line: Line) -> None:
    """The state beside each output: last success and last change."""
    exported(line)
    line.clock.now += timedelta(hours=3)
    exported(line)
    line("export", "-o", str(line.folder / "other.ics"))
    shown = line("status").stdout
    assert shown.count("last success   just now") == 2
    assert "last change    3 hours ago (2026-04-18 12:00 UTC)" in shown
    assert str(line.ics.resolve()) in shown


def test_losing_the_state_loses_no_event(line: Line, home: Path) -> None:
    """A damaged or lost state file costs a warning at the most."""
    before = exported(line)
    [path] = (home / ".local" / "state").rglob("*.json")
    path.write_text("{")
    assert "is made anew" in line("export").stderr
    path.unlink()
    assert exported(line) == before


def environment(line: Line) -> dict[str, str]:
    now = {"TRAKT_ICAL_OUTPUT": str(line.ics), "TRAKT_ICAL_TIMEZONE": "UTC"}
    return dict(os.environ) | now


EXPORT = [sys.executable, "-m", "trakt_ical", "--demo", "-q", "export"]


def test_an_export_waits_for_the_lock_of_its_output(line: Line, home: Path) -> None:
    """While another run holds the output, an export neither writes nor ends; it gives up after a minute."""
    subprocess.run([*EXPORT, "--days", "5"], env=environment(line), check=True)
    before = line.ics.read_bytes()
    [path] = (home / ".local" / "share").rglob("outputs/*.json")
    with files.lock(path, wait=1), pytest.raises(subprocess.TimeoutExpired):
        subprocess.run([*EXPORT, "--days", "9"], env=environment(line), check=False, timeout=2)
    assert line.ics.read_bytes() == before
    with pytest.raises(OutputError, match="Another run holds .* for more than 0 s"):
        with files.lock(path, wait=1), files.lock(path, wait=0.1):
            raise AssertionError("locked twice")
    assert store.LOCK_WAIT == 60


def test_two_exports_at_once_leave_one_whole_calendar(line: Line) -> None:
    """Runs for one file at the same time queue up; each leaves a whole calendar."""
    running = [subprocess.Popen([*EXPORT, "--days", str(days)], env=environment(line)) for days in (10, 20, 30, 40)]
    assert [each.wait(60) for each in running] == [0, 0, 0, 0]
    assert len(parse_calendar(line.ics.read_bytes()).events) > 40
    assert [path.name for path in line.folder.iterdir() if path.name.startswith(".trakt")] == []


def test_a_killed_export_leaves_the_old_calendar_or_the_new_one(line: Line) -> None:
    """Kill -9 at any point: the file is the calendar of before or the next one, whole."""
    subprocess.run([*EXPORT, "--days", "5"], env=environment(line), check=True)
    begun = time.monotonic()
    subprocess.run([*EXPORT, "--days", "6"], env=environment(line), check=True)
    whole = time.monotonic() - begun
    finished = 0
    for number in range(40):
        before = line.ics.read_bytes()
        with subprocess.Popen([*EXPORT, "--days", str(7 + number)], env=environment(line)) as running:
            try:
                finished += running.wait(whole * (0.3 + number / 15)) == 0
            except subprocess.TimeoutExpired:
                running.kill()
        after = line.ics.read_bytes()
        assert after == before or set(parse_calendar(after).events) > set(parse_calendar(before).events)
    assert 0 < finished < 40, "some were killed, some were not"
    assert subprocess.run([*EXPORT, "--days", "60"], env=environment(line), check=False).returncode == 0
