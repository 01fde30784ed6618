"""Rules that are switched on and off again leave the calendar as it was, and time passes over them without flapping."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import Clock
from tests.demos import Demo, log_in, make_environ
from tests.factories import DAY, NOW, make_episode
from tests.rules import EVERY, EVERY_OF_V1, RULES
from tests.runs import CalendarRuns, merge_fetched
from trakt_ical.app.calendar_specs import DaySpan, make_calendar_spec
from trakt_ical.app.context import App, open_app
from trakt_ical.app.environment import Environment
from trakt_ical.app.open_source import open_source
from trakt_ical.export.merge import Retention
from trakt_ical.export.stored_calendar import StoredCalendar, parse_calendar, parse_moment
from trakt_ical.fetch.sources import Fetched, FetchRequest, ignore_progress
from trakt_ical.model import local_date
from trakt_ical.pipeline import plan_fetch
from trakt_ical.transform.rules import Offsets, Rules

STAMPS = re.compile(r"^(?:DTSTAMP|CREATED|LAST-MODIFIED|SEQUENCE):\w+\r\n", re.M)
KINDS = "shows,movies,streaming,dvd"


@dataclass
class Trakt:
    """The built-in Trakt, and what it answered: each request is sent once for all tests of this file.

    Rules are switched in process: over HTTP every test would fetch and decode the same answers again and again.
    """

    demo: Demo
    clock: Clock
    fetched: dict[tuple[str, str, datetime], Fetched] = field(default_factory=dict)

    def fetch(self, app: App, request: FetchRequest) -> Fetched:
        """Return what is listed at the clock's time, fetched with a new login where nobody asked for it yet."""
        key = (app.settings.api, repr(request), self.clock.now)
        if key not in self.fetched:
            log_in(self.demo, app.token_file.path)
            if app.folders.cache.exists():  # what earlier requests kept would make this answer depend on them
                app.folders.cache.rename(app.folders.cache.with_name(f"before-{len(self.fetched)}"))
            with open_source(app) as source:
                self.fetched[key] = source.fetch(request, ignore_progress)
        return self.fetched[key]


@dataclass
class RuleRuns:
    """A calendar over several runs, each by the rules of its settings; *octets*: what the last one wrote."""

    trakt: Trakt
    now: datetime = NOW
    octets: bytes = b""

    def run(self, rules: Mapping[str, str], **others: str) -> dict[str, str]:
        """Go on to the calendar of *rules*; return its events by UID, less their stamps."""
        self.octets = self.make(rules, others, parse_calendar(self.octets) if self.octets else None)
        return read_events(self.octets)

    def run_anew(self, rules: Mapping[str, str], **others: str) -> dict[str, str]:
        """Return what *rules* make where there is no calendar; the one that is there stays."""
        return read_events(self.make(rules, others, None))

    def make(self, rules: Mapping[str, str], others: Mapping[str, str], previous: StoredCalendar | None) -> bytes:
        """Return the calendar that follows *previous*."""
        self.trakt.clock.now = self.now.replace(minute=0)  # answers of this hour
        named = {"KIND": KINDS, "TIMEZONE": "Pacific/Honolulu", "MAX_BYTES": "0", **others, **rules}
        environ = make_environ(self.trakt.demo) | {f"TRAKT_ICAL_{name}": value for name, value in named.items()}
        environment = Environment(self.trakt.clock, self.trakt.clock.sleep, environ)
        with open_app({}, demo=False, environment=environment) as app:
            if not app.token_file.path.exists():
                log_in(self.trakt.demo, app.token_file.path)
            [calendar] = app.calendars
            spec = make_calendar_spec(app, calendar, ZoneInfo(named["TIMEZONE"]), self.now, DaySpan())
            fetched = self.trakt.fetch(app, plan_fetch([spec]))
        return merge_fetched(fetched, spec, previous, self.now).octets

    def find_remembered(self, zone: str, back: int, ahead: int) -> dict[str, bytes]:
        """Return the octets of the events that lie outside of the range around the clock's day."""
        today = local_date(self.now, ZoneInfo(zone))
        return {
            event.uid: bytes(event.octets)
            for event in parse_calendar(self.octets).events.values()
            if not -back <= (local_date(parse_moment(event.start), ZoneInfo(zone)) - today).days <= ahead
        }


def read_events(octets: bytes) -> dict[str, str]:
    """Return the events by UID, less their stamps. None is there twice, none is cancelled."""
    events = parse_calendar(octets).events
    assert octets.count(b"\r\nBEGIN:VEVENT\r\n") == len(events)
    assert b"STATUS:CANCELLED" not in octets
    return {uid: STAMPS.sub("", bytes(event.octets).decode()) for uid, event in events.items()}


@pytest.fixture(scope="module")
def trakt() -> Iterator[Trakt]:
    """A built-in Trakt for all tests of this file: none of them changes what it lists."""
    clock = Clock()
    with Demo(now=clock) as demo:
        yield Trakt(demo, clock)


@pytest.fixture
def runs(trakt: Trakt) -> RuleRuns:
    """A calendar that does not exist yet."""
    return RuleRuns(trakt)


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
    runs: RuleRuns, rule: dict[str, str], others: dict[str, str]
) -> None:
    """With a rule the calendar is what the rule makes of it, without it again what it was, event by event."""
    before = runs.run({}, **others)
    runs.now += timedelta(minutes=1)
    within = runs.run(rule, **others)
    assert within != before
    assert within == runs.run_anew(rule, **others)
    runs.now += timedelta(minutes=1)
    assert runs.run({}, **others) == before


def test_rules_switched_one_after_the_other_leave_nothing_behind(runs: RuleRuns) -> None:
    """From one rule to the next no event of the former stays, and none of the latter is missing."""
    before = runs.run({})
    for rule in RULES.values():
        runs.now += timedelta(minutes=1)
        assert runs.run(rule) == runs.run_anew(rule)
    assert runs.run({}) == before


@pytest.mark.parametrize(
    "rule",
    [*(rule for name, rule in RULES.items() if name not in OFFSETS), EVERY],
    ids=[*(name for name in RULES if name not in OFFSETS), "every-rule"],
)
def test_what_lies_outside_of_the_range_stays_unless_a_rule_leaves_it_out(runs: RuleRuns, rule: dict[str, str]) -> None:
    """A rule changes the days that the calendar is made of; of other days only what it leaves out goes."""
    zone, back, ahead = "Europe/Berlin", 3, 12
    span = {"TIMEZONE": zone, "BACK": str(back), "AHEAD": str(ahead)}
    for _ in range(2):
        before = runs.run({}, **span)
        runs.now += timedelta(days=4)
    left = runs.find_remembered(zone, back, ahead)
    assert len(left) > 5
    runs.run(rule, **span)
    stays = runs.find_remembered(zone, back, ahead)
    assert stays.items() <= left.items()
    gone = left.keys() - stays.keys()
    assert not gone & runs.run_anew(rule, **span | {"BACK": "30"}).keys()
    after = runs.run({}, **span)
    assert runs.find_remembered(zone, back, ahead) == stays
    assert {uid: event for uid, event in before.items() if uid not in gone}.items() <= after.items()


@pytest.mark.parametrize(
    "rule",
    [*(RULES[name] for name in (*PLACING, "nothing-watched", "hidden", "dropped")), EVERY],
    ids=[*PLACING, "nothing-watched", "hidden", "dropped", "every-rule"],
)
def test_nothing_flaps_while_days_pass(runs: RuleRuns, rule: dict[str, str]) -> None:
    """Day by day the range shows what the rules make of it, and what it leaves behind never changes again."""
    zone, back, ahead = "Pacific/Auckland", 5, 10
    span = {"TIMEZONE": zone, "BACK": str(back), "AHEAD": str(ahead)}
    runs.run(rule, **span)
    for _ in range(14):
        runs.now += timedelta(days=1)
        left = runs.find_remembered(zone, back, ahead)
        after = runs.run(rule, **span)
        assert runs.find_remembered(zone, back, ahead) == left
        assert {uid: lines for uid, lines in after.items() if uid not in left} == runs.run_anew(rule, **span)
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
        runs = CalendarRuns(retention=Retention(size_limit=largest), rules=Rules(offsets=Offsets(timedelta(hours=1))))
        assert len(runs.run(*airings).octets) <= largest
