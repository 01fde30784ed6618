"""Alarms: how they are said, when they ring, and that independent readers find them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import icalendar
import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.conftest import needs_node
from tests.factories import DAY, NOW, make_calendar_id, make_episode, make_event, make_movie, make_stamp
from tests.runs import CalendarRuns
from trakt_ical.export import ics
from trakt_ical.fetch.sources import KINDS
from trakt_ical.model import Airing, Episode, EpisodeKind, Release
from trakt_ical.transform.alarms import AlarmRule, parse_alarm
from trakt_ical.transform.rules import Rules

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
AHEAD = make_episode(number=1, starts=NOW + 5 * DAY)
OTHERS = [make_episode(number=number, starts=NOW + number * DAY) for number in range(10, 14)]


def parse_rules(*texts: str) -> tuple[AlarmRule, ...]:
    return tuple(parse_alarm(text, KINDS) for text in texts)


SAID = [
    ("30 min before", AlarmRule(30 * MINUTE, whole_days=False)),
    ("30 minutes before", AlarmRule(30 * MINUTE, whole_days=False)),
    ("1 minute before", AlarmRule(MINUTE, whole_days=False)),
    ("30m before", AlarmRule(30 * MINUTE, whole_days=False)),
    ("1 h before", AlarmRule(HOUR, whole_days=False)),
    ("2 hours 15 min before", AlarmRule(2 * HOUR + 15 * MINUTE, whole_days=False)),
    ("1 day before", AlarmRule(DAY, whole_days=False)),
    ("2 days 3 h before", AlarmRule(2 * DAY + 3 * HOUR, whole_days=False)),
    ("0 min before", AlarmRule(timedelta(0), whole_days=False)),
    ("at the start", AlarmRule(timedelta(0), whole_days=False)),
    ("  At   THE start ", AlarmRule(timedelta(0), whole_days=False)),
    ("09:00 that day", AlarmRule(-9 * HOUR, whole_days=True)),
    ("9:00 that day", AlarmRule(-9 * HOUR, whole_days=True)),
    ("00:00 that day", AlarmRule(timedelta(0), whole_days=True)),
    ("20:30 the day before", AlarmRule(3 * HOUR + 30 * MINUTE, whole_days=True)),
    ("20:00 3 days before", AlarmRule(2 * DAY + 4 * HOUR, whole_days=True)),
    ("movies: 09:00 that day", AlarmRule(-9 * HOUR, whole_days=True, kind="movies")),
    ("premieres: 1 h before", AlarmRule(HOUR, whole_days=False, kind="premieres")),
]


@pytest.mark.parametrize(("text", "rule"), SAID, ids=[text for text, _ in SAID])
def test_an_alarm_is_what_its_words_say(text: str, rule: AlarmRule) -> None:
    """Relative ones are for what has an hour, those by the clock for whole days."""
    assert parse_alarm(text, KINDS) == rule


REFUSED = (
    *("", "before", " before", "30", "30 min", "30 min after", "-5 min before", "1.5 h before", "5 min before 09:00"),
    *("24:00 that day", "9:60 that day", "09:00", "09:00 tomorrow", "noon that day", "30 min before, 1 h before"),
)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_alarm_is_refused_with_what_is(text: str) -> None:
    """The error shows the forms."""
    with pytest.raises(ValueError, match='"30 min before"'):
        parse_alarm(text, KINDS)


def test_an_alarm_for_no_kind_is_refused() -> None:
    """The error names the kinds."""
    with pytest.raises(ValueError, match="kinds are shows, new, premieres"):
        parse_alarm("series: 30 min before", KINDS)


@given(st.one_of(st.text(), st.from_regex(r"\A[a-z]{0,9}:? ?[0-9:]{0,6} (min|h|days?|that day)? ?(before)?\Z")))
def test_any_text_is_an_alarm_or_refused(text: str) -> None:
    """Whatever is written is a rule or a ValueError."""
    try:
        rule = parse_alarm(text, KINDS)
    except ValueError:
        return
    assert rule.kind in ("", *KINDS)


def list_spans(airing: Airing, *texts: str) -> list[timedelta]:
    return [alarm.before for alarm in make_event(airing, alarms=parse_rules(*texts)).alarms]


WHOLE = make_episode(starts=date(2026, 4, 18))
BOTH = ("30 min before", "09:00 that day")


def test_an_hour_rings_before_and_a_whole_day_by_the_clock() -> None:
    """Half an hour before midnight would wake people for a day without an hour."""
    assert list_spans(make_episode(), *BOTH) == [30 * MINUTE]
    assert list_spans(WHOLE, *BOTH) == list_spans(make_movie(), *BOTH) == [-9 * HOUR]


def test_alarms_ring_once_each_the_earliest_first() -> None:
    """Two rules that say the same are one alarm."""
    assert list_spans(make_episode(), "5 min before", "1 h before", "60 min before", "shows: 5 min before") == [
        HOUR,
        5 * MINUTE,
    ]


OF_KINDS: list[tuple[Airing, set[str]]] = [
    (make_episode(), {"shows"}),
    (make_episode(kind=EpisodeKind.SERIES_PREMIERE), {"shows", "new", "premieres"}),
    (make_episode(kind=EpisodeKind.SEASON_PREMIERE), {"shows", "premieres"}),
    (make_episode(kind=EpisodeKind.MID_SEASON_PREMIERE), {"shows", "premieres"}),
    (make_episode(kind=EpisodeKind.SEASON_FINALE), {"shows", "finales"}),
    (make_movie(), {"movies"}),
    (make_movie(release=Release.STREAMING), {"streaming"}),
    (make_movie(release=Release.PHYSICAL), {"dvd"}),
]


@pytest.mark.parametrize(("airing", "kinds"), OF_KINDS)
def test_an_alarm_of_a_kind_is_for_that_kind_alone(airing: Airing, kinds: set[str]) -> None:
    """A kind means what Trakt's calendar of that name lists."""
    text = "30 min before" if isinstance(airing, Episode) else "09:00 that day"
    assert {kind for kind in KINDS if list_spans(airing, f"{kind}: {text}")} == kinds


def render_calendar(airings: Sequence[Airing], *texts: str) -> bytes:
    """A calendar of *airings* with the alarms that *texts* say."""
    made = [make_event(airing, alarms=parse_rules(*texts)) for airing in airings]
    return ics.render_calendar(
        ics.Heading(ics.Appearance(), make_calendar_id()),
        None,
        [ics.render_event(each, make_stamp(), ics.hash_event(each)) for each in made],
    )


AIRINGS = [make_episode(title="Low Tide, High; Stakes"), replace(WHOLE, number=4), make_movie()]
TEXTS = ("1 day before", "30 min before", "at the start", "20:00 2 days before", "09:00 that day")
EXPECTED = {
    "trakt-1388-s2e3@trakt-ical": [-DAY, -30 * MINUTE, timedelta(0)],
    "trakt-1388-s2e4@trakt-ical": [-(DAY + 4 * HOUR), 9 * HOUR],
    "trakt-movie-28-cinema@trakt-ical": [-(DAY + 4 * HOUR), 9 * HOUR],
}
SUMMARIES = ["A Show 2x03 Low Tide, High; Stakes", "A Show 2x04 A Title", "A Movie"]


def test_icalendar_reads_the_alarms() -> None:
    """Each VALARM has ACTION, TRIGGER and DESCRIPTION, and no UID: with one, node-ical finds no alarm."""
    events = icalendar.Calendar.from_ical(render_calendar(AIRINGS, *TEXTS)).events
    found = {str(event["UID"]): [alarm.TRIGGER for alarm in event.walk("VALARM")] for event in events}
    assert found == EXPECTED
    for event in events:
        for alarm in event.walk("VALARM"):
            assert set(alarm) == {"ACTION", "TRIGGER", "DESCRIPTION"}
            assert (alarm["ACTION"], alarm["DESCRIPTION"]) == ("DISPLAY", event["SUMMARY"])
    assert sum(len(event.walk("VALARM")) for event in events) == 7


def test_an_alarm_at_the_start_has_a_trigger_in_seconds() -> None:
    """The package of npm named icalendar takes P0D for no trigger at all."""
    assert b"\r\nTRIGGER:PT0S\r\n" in render_calendar(AIRINGS, "at the start")
    assert b"\r\nTRIGGER:PT0S\r\n" in render_calendar(AIRINGS, "00:00 that day")


def test_vobject_reads_the_alarms() -> None:
    """Vobject finds each alarm, when it rings and what it says."""
    events = vobject.readOne(render_calendar(AIRINGS, *TEXTS).decode()).vevent_list
    found = {event.uid.value: [alarm.trigger.value for alarm in event.valarm_list] for event in events}
    assert found == EXPECTED
    said = [{alarm.description.value for alarm in event.valarm_list} for event in events]
    assert said == [{summary} for summary in SUMMARIES]


READ_BY_ICAL_JS = """
import { createRequire } from 'node:module';
import fs from 'node:fs';
const require = createRequire(process.argv[1] + '/package.json');
const ICAL = (await import(require.resolve('ical.js'))).default;
const events = new ICAL.Component(ICAL.parse(fs.readFileSync(0, 'utf8'))).getAllSubcomponents('vevent');
const value = (part, name) => part.getFirstPropertyValue(name);
const read = (alarm) => [value(alarm, 'trigger').toSeconds(), value(alarm, 'action'), value(alarm, 'description')];
const alarms = (event) => event.getAllSubcomponents('valarm').map(read);
console.log(JSON.stringify(events.map((event) => [value(event, 'uid'), alarms(event)])));
"""


@needs_node
def test_ical_js_reads_the_alarms(judges: Path) -> None:
    """Thunderbird's reader finds each alarm, when it rings and what it says."""
    command = ["node", "--input-type=module", "-e", READ_BY_ICAL_JS, str(judges / "node")]
    done = subprocess.run(command, input=render_calendar(AIRINGS, *TEXTS), capture_output=True, check=True)
    assert json.loads(done.stdout) == [
        [uid, [[span.total_seconds(), "DISPLAY", summary] for span in expected]]
        for (uid, expected), summary in zip(EXPECTED.items(), SUMMARIES, strict=True)
    ]


def test_without_alarms_an_events_rev_is_what_it_was() -> None:
    """The hash of what does not ring is frozen: alarms for others never change it."""
    assert ics.hash_event(make_event(make_episode(), alarms=parse_rules("09:00 that day"))) == "2-6aa5a121d2182fad"
    assert ics.hash_event(make_event(make_movie(), alarms=parse_rules("5 min before"))) == "2-bd1a4041085abd0f"
    assert ics.hash_event(make_event(make_episode(), alarms=parse_rules("5 min before"))) != "2-6aa5a121d2182fad"


def test_a_changed_alarm_changes_its_events_once() -> None:
    """What rings otherwise gets a newer stamp, what does not ring stays to the octet, and the run after is quiet."""
    whole = replace(WHOLE, number=5, starts=(NOW + 6 * DAY).date())
    runs = CalendarRuns(rules=Rules(alarms=parse_rules("30 min before")))
    runs.run(AHEAD, whole, *OTHERS)
    before, quiet = runs.find_event(AHEAD), runs.find_event(whole)
    runs.rules = Rules(alarms=parse_rules("1 h before"))
    runs.now += HOUR
    revised = runs.run(AHEAD, whole, *OTHERS)
    assert "TRIGGER:-PT1H" in runs.find_event(AHEAD)
    assert runs.find_event(AHEAD) != before
    assert runs.find_event(whole) == quiet
    assert len(revised.changes) == 1 + len(OTHERS)
    runs.now += HOUR
    assert runs.run(AHEAD, whole, *OTHERS).changes == []


def test_a_cancelled_event_does_not_ring() -> None:
    """A tombstone has no alarm; the event that comes back has it again."""
    runs = CalendarRuns(rules=Rules(alarms=parse_rules("30 min before", "1 h before")))
    runs.run(AHEAD, *OTHERS)
    assert runs.find_event(AHEAD).count("BEGIN:VALARM") == 2
    runs.now += HOUR
    runs.run(*OTHERS)
    assert "STATUS:CANCELLED" in runs.find_event(AHEAD)
    assert "VALARM" not in runs.find_event(AHEAD)
    assert runs.find_event(AHEAD).endswith("X-MICROSOFT-CDO-BUSYSTATUS:FREE\r\nEND:VEVENT\r\n")
    runs.now += HOUR
    runs.run(AHEAD, *OTHERS)
    assert runs.find_event(AHEAD).count("BEGIN:VALARM") == 2
