"""A calendar without airings says so by one event, and what rules no longer ask for leaves with its past."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from pathlib import Path

import icalendar
import pytest

from tests.conftest import Line
from tests.factories import DAY, NOW
from tests.feeds import run_feed
from tests.server import Reply, run_server
from tests.subscriber import Subscriber
from trakt_ical.demo import Fault

NOTHING = {"TRAKT_ICAL_INCLUDE_SHOWS": "no such show"}


def export(line: Line, *arguments: str, **environ: str) -> list[icalendar.Event]:
    """Export, and return the events."""
    result = line("-q", "export", *arguments, environ=environ)
    assert (result.exit_code, result.stderr) == (0, "")
    return list(icalendar.Calendar.from_ical(line.ics.read_bytes()).events)


def test_a_calendar_that_its_rules_leave_empty_has_one_event_that_says_so(line: Line) -> None:
    """It is a whole day around today, it stays as it is, and it leaves without a tombstone with the first airing."""
    airings = line.ics.read_bytes() if export(line) else b""
    line.clock.pass_by(minutes=5)
    [event] = export(line, **NOTHING)
    assert str(event["SUMMARY"]).startswith("No airings match")
    assert (event.start, event["STATUS"]) == (NOW.date(), "CONFIRMED")
    octets, touched = line.ics.read_bytes(), line.ics.stat().st_mtime_ns
    for _ in range(3):
        line.clock.pass_by(days=2)
        export(line, **NOTHING)
        assert (line.ics.read_bytes(), line.ics.stat().st_mtime_ns) == (octets, touched)
    line.clock.pass_by(hours=-24 * 6)
    export(line)
    after = line.ics.read_bytes()
    assert after.count(b"BEGIN:VEVENT") == airings.count(b"BEGIN:VEVENT")
    assert b"no-airings" not in after
    assert b"CANCELLED" not in after


def test_the_event_of_an_empty_calendar_moves_on_each_week(line: Line) -> None:
    """Who looks at this week sees it: it moves when its week is over, as a newer version of the same event."""
    [first] = export(line, **NOTHING)
    line.clock.pass_by(days=7)
    [second] = export(line, **NOTHING)
    assert second.start == first.start + 7 * DAY
    assert second["UID"] == first["UID"]
    assert second["SEQUENCE"] > first["SEQUENCE"]
    assert second["CREATED"].dt == first["CREATED"].dt
    assert second["LAST-MODIFIED"].dt == line.clock.now


@pytest.mark.parametrize(("first", "days"), [("2026-04-18", 1), ("2026-04-01", 40), ("2026-07-01", 3)])
def test_the_event_of_an_empty_calendar_lies_on_its_days(line: Line, first: str, days: int) -> None:
    """Where the calendar has today, it begins today; else on the first day that the calendar has."""
    span = ("--from", first, "--days", str(days))
    [event] = export(line, *span, **NOTHING)
    expected = NOW.date() if NOW.date() - date.fromisoformat(first) >= timedelta(0) else date.fromisoformat(first)
    assert event.start == expected


def test_two_empty_calendars_have_events_of_their_own(line: Line) -> None:
    """Programs show one event for each UID, so a person's two empty calendars must not share one."""
    del line.environ["TRAKT_ICAL_OUTPUT"]
    uids = set()
    for name in ("Shows", "Films"):
        file = line.folder / "config.toml"
        file.write_text(f'[calendar.{name}]\noutput = "{line.ics}-{name}"\n')
        result = line("-q", "--config", str(file), "export", environ=NOTHING)
        assert result.exit_code == 0, result.output
        [event] = icalendar.Calendar.from_ical((line.folder / f"trakt.ics-{name}").read_bytes()).events
        uids.add(event["UID"])
    assert len(uids) == 2


def test_the_event_of_an_empty_calendar_keeps_the_limits(line: Line) -> None:
    """A name of any length leaves its title short enough, and it is left out where there is no room for it."""
    [event] = export(line, **NOTHING, TRAKT_ICAL_NAME="long " * 100)
    assert len(str(event["SUMMARY"])) <= 250
    line.ics.unlink()
    assert export(line, **NOTHING, TRAKT_ICAL_MAX_BYTES="700") == []
    assert len(line.ics.read_bytes()) < 700
    octets = line.ics.read_bytes()
    assert export(line, **NOTHING, TRAKT_ICAL_MAX_BYTES="700") == []
    assert line.ics.read_bytes() == octets


def test_a_calendar_from_which_the_last_event_left_says_so(line: Line) -> None:
    """Trakt lists nothing any more: after the tombstones GNOME would keep these for ever."""
    days = ("--from", "2026-04-18", "--days", "30")
    assert export(line, "--kind", "movies", *days)
    line.demo.misbehave(Fault(path="/calendars/", empty_list=True, times=0))
    line.clock.pass_by(hours=2)
    line("-q", "export", "--kind", "movies", *days, "--accept-shrink")
    assert b"CANCELLED" in line.ics.read_bytes()
    line.clock.pass_by(days=15)
    [event] = export(line, "--kind", "movies", *days)
    assert str(event["SUMMARY"]).startswith("No airings match")


def test_a_new_calendar_for_which_nothing_is_listed_is_empty(line: Line) -> None:
    """No rule left anything out and no program has anything to forget: there is nothing to say."""
    line.demo.misbehave(Fault(path="/calendars/", empty_list=True, times=0))
    assert export(line) == []
    line.clock.pass_by(days=1)
    assert export(line) == []


def test_subscribers_of_an_emptied_calendar_see_its_event(line: Line) -> None:
    """The feed serves it as the file has it; the page, which shows airings, does not."""
    with run_feed(line, refresh=60) as running:
        running.renew()
        before = running.get()
    with run_feed(dataclasses.replace(line, environ=line.environ | NOTHING), refresh=60) as running:
        line.clock.pass_by(hours=1)
        running.renew()
        after = running.get(headers={"If-None-Match": before.headers["ETag"]})
        assert (after.status_code, after.content.count(b"BEGIN:VEVENT")) == (200, 1)
        assert b"SUMMARY:No airings match" in after.content
        assert running.get(headers={"If-None-Match": after.headers["ETag"]}).status_code == 304
        assert "No airings match" not in running.get(running.page).text
        line.clock.pass_by(hours=1)
        running.renew()
        assert running.get().headers["ETag"] == after.headers["ETag"]


def test_vdirsyncer_and_khal_see_that_a_calendar_is_empty(line: Line, tmp_path: Path) -> None:
    """A program that follows the feed shows that one event in place of the airings, and the airings again after it."""
    seen = []
    with run_server(lambda _: Reply(line.ics.read_bytes(), headers={"Content-Type": "text/calendar"})) as (url, _):
        for rules in ({}, NOTHING, {}):
            line.clock.pass_by(hours=1)
            export(line, **rules)
            if not seen:
                subscriber = Subscriber(tmp_path / "subscriber", f"{url}/trakt.ics")
            seen.append({event.title for event in subscriber.refresh("2026-04-18", "5d")})
    airings, nothing, again = seen
    assert len(airings) > 3
    assert nothing == {"No airings match: Trakt"}
    assert again == airings


def test_past_events_that_a_new_rule_leaves_out_go_in_the_same_run(line: Line) -> None:
    """They lie before the days that are fetched, so these are fetched once; what the rule lets through stays."""
    few = {"TRAKT_ICAL_BACK": "1", "TRAKT_ICAL_AHEAD": "30", "TRAKT_ICAL_TIMEZONE": "UTC"}
    export(line, **few)
    line.clock.pass_by(days=20)
    export(line, **few)
    before = find_past_titles(line)
    assert len(before) > 5
    title = sorted(before)[0]
    rule = few | {"TRAKT_ICAL_EXCLUDE_SHOWS": title}
    line.clock.pass_by(hours=1)
    export(line, **rule)
    assert find_past_titles(line) == before - {title}
    assert b"CANCELLED" not in line.ics.read_bytes()
    asked = len(line.demo.requests)
    export(line, **rule)
    first = len(line.demo.requests) - asked
    export(line, **rule)
    assert len(line.demo.requests) - asked - first == first  # the other days are fetched once only
    assert not any("2026-04-1" in seen.path for seen in line.demo.requests[asked:])


def find_past_titles(line: Line) -> set[str]:
    """The titles of the shows whose events lie before yesterday."""
    events = icalendar.Calendar.from_ical(line.ics.read_bytes()).events
    past = (
        event for event in events if str(event["DTSTART"].to_ical(), "ascii")[:8] < f"{line.clock.now - DAY:%Y%m%d}"
    )
    return {str(event["SUMMARY"]).rpartition("x")[0].rpartition(" ")[0] for event in past}
