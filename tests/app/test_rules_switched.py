"""Rules that are switched on and off again leave the calendar as it was, and time passes over them without flapping."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import Exports, Line
from tests.factories import DAY, NOW, make_episode
from tests.rules import EVERY, EVERY_OF_V1, RULES
from tests.runs import CalendarRuns
from trakt_ical.export.merge import Retention
from trakt_ical.export.stored import parse_calendar, parse_moment
from trakt_ical.model import local_date
from trakt_ical.transform.rules import Offsets, Rules

STAMPS = re.compile(r"^(?:DTSTAMP|LAST-MODIFIED|SEQUENCE):\w+\r\n", re.M)
KINDS = "shows,movies,streaming,dvd"


@pytest.fixture
def line(line: Line, tmp_path: Path) -> Line:
    """A command line whose many calendars are compared with each other, not left for the judges."""
    folder = tmp_path / "compared"
    folder.mkdir()
    return replace(line, exports=Exports(folder))


def calendar(line: Line, rules: Mapping[str, str], **others: str) -> dict[str, str]:
    """Export with *rules*; the events by UID, less their stamps. None is there twice, none is cancelled."""
    environ = {"KIND": KINDS, "TIMEZONE": "Pacific/Honolulu", "MAX_BYTES": "0", **others, **rules}
    result = line("export", environ={f"TRAKT_ICAL_{name}": value for name, value in environ.items()})
    assert result.exit_code == 0, result.stderr
    octets = line.ics.read_bytes()
    events = parse_calendar(octets).events
    assert octets.count(b"\r\nBEGIN:VEVENT\r\n") == len(events)
    assert b"STATUS:CANCELLED" not in octets
    return {uid: STAMPS.sub("", bytes(event.octets).decode()) for uid, event in events.items()}


def remembered(line: Line, zone: str, back: int, ahead: int) -> dict[str, bytes]:
    """The octets of the events that lie outside of the range around the clock's day."""
    events, today = parse_calendar(line.ics.read_bytes()).events.values(), local_date(line.clock(), ZoneInfo(zone))
    return {
        event.uid: bytes(event.octets)
        for event in events
        if not -back <= (local_date(parse_moment(event.start), ZoneInfo(zone)) - today).days <= ahead
    }


def anew(line: Line, rules: Mapping[str, str], **others: str) -> dict[str, str]:
    """The calendar that *rules* make where there was none before; what was there stays as it is."""
    before = line.ics.read_bytes()
    line.forget()
    made = calendar(line, rules, **others)
    line.ics.write_bytes(before)
    return made


HONOLULU, AUCKLAND = {"TIMEZONE": "Pacific/Honolulu"}, {"TIMEZONE": "Pacific/Auckland"}
OFFSETS = ("a-day-later", "a-day-earlier", "network-offset", "show-offset")
PLACING = (*OFFSETS, "late-night", "by-country", "by-day", "by-drop")
"""The rules that put events on other days, or together: what they do at the edges of the range is looked at closely."""

SWITCHED = [
    *(pytest.param(rule, HONOLULU, id=name) for name, rule in {**RULES, "every-rule": EVERY}.items()),
    *(pytest.param(RULES[name], AUCKLAND, id=f"{name}-in-the-east") for name in PLACING),
    pytest.param(EVERY, AUCKLAND, id="every-rule-in-the-east"),
    pytest.param(EVERY, AUCKLAND | {"BACK": "0", "AHEAD": "3"}, id="every-rule-of-a-few-days"),
    pytest.param(EVERY_OF_V1, AUCKLAND | {"API": "v1", "KIND": "shows"}, id="every-rule-of-v1"),
]


@pytest.mark.parametrize(("rule", "others"), SWITCHED)
def test_a_rule_switched_on_and_off_leaves_the_calendar_as_it_was(
    line: Line, rule: dict[str, str], others: dict[str, str]
) -> None:
    """With a rule the calendar is what the rule makes of it, without it again what it was, event by event."""
    before = calendar(line, {}, **others)
    line.clock.pass_by(minutes=1)
    within = calendar(line, rule, **others)
    assert within != before
    assert within == anew(line, rule, **others)
    line.clock.pass_by(minutes=1)
    assert calendar(line, {}, **others) == before


def test_rules_switched_one_after_the_other_leave_nothing_behind(line: Line) -> None:
    """From one rule to the next no event of the former stays, and none of the latter is missing."""
    before = calendar(line, {})
    for rule in RULES.values():
        line.clock.pass_by(minutes=1)
        assert calendar(line, rule) == anew(line, rule)
    assert calendar(line, {}) == before


@pytest.mark.parametrize(
    "rule",
    [*(rule for name, rule in RULES.items() if name not in OFFSETS), EVERY],
    ids=[*(name for name in RULES if name not in OFFSETS), "every-rule"],
)
def test_what_lies_outside_of_the_range_is_left_alone(line: Line, rule: dict[str, str]) -> None:
    """A rule changes the days that the calendar is made of; what it remembers of others stays to the octet."""
    zone, back, ahead = "Europe/Berlin", 3, 12
    span = {"TIMEZONE": zone, "BACK": str(back), "AHEAD": str(ahead)}
    for _ in range(2):
        before = calendar(line, {}, **span)
        line.clock.pass_by(days=4)
    left = remembered(line, zone, back, ahead)
    assert len(left) > 5
    calendar(line, rule, **span)
    assert remembered(line, zone, back, ahead) == left
    after = calendar(line, {}, **span)
    assert remembered(line, zone, back, ahead) == left
    assert before.items() <= after.items()


@pytest.mark.parametrize(
    "rule",
    [*(RULES[name] for name in (*PLACING, "nothing-watched", "hidden", "dropped")), EVERY],
    ids=[*PLACING, "nothing-watched", "hidden", "dropped", "every-rule"],
)
def test_nothing_flaps_while_days_pass(line: Line, rule: dict[str, str]) -> None:
    """Day by day the range shows what the rules make of it, and what it leaves behind never changes again."""
    zone, back, ahead = "Pacific/Auckland", 5, 10
    span = {"TIMEZONE": zone, "BACK": str(back), "AHEAD": str(ahead)}
    calendar(line, rule, **span)
    for _ in range(14):
        line.clock.pass_by(days=1)
        left = remembered(line, zone, back, ahead)
        after = calendar(line, rule, **span)
        assert remembered(line, zone, back, ahead) == left
        assert {uid: lines for uid, lines in after.items() if uid not in left} == anew(line, rule, **span)
    assert len(left) > 2


def test_what_is_back_is_back_at_once_under_other_rules_too() -> None:
    """An event that Trakt lists again past the range is no longer cancelled, also where an offset was set meanwhile."""
    runs = CalendarRuns()
    runs.run(make_episode(starts=NOW + 10 * DAY))
    runs.run()
    back = make_episode(starts=NOW + 91 * DAY)
    assert runs.days.last < back.starts.date()
    assert "STATUS:CANCELLED" in runs.find_event(back)
    runs.rules = Rules(offsets=Offsets(timedelta(hours=1)))
    runs.run(back)
    assert "STATUS:CONFIRMED" in runs.find_event(back)


def test_what_is_said_of_the_rules_has_room_below_the_ceiling() -> None:
    """The calendar keeps its largest size to the octet, with the line that its rules need."""
    airings = [make_episode(number=number, starts=NOW + number * DAY) for number in range(1, 12)]
    for largest in range(3000, 3700, 20):
        runs = CalendarRuns(retention=Retention(largest=largest), rules=Rules(offsets=Offsets(timedelta(hours=1))))
        assert len(runs.run(*airings).octets) <= largest
