"""The sample for Google Calendar, with stand-ins for Google's services. Google itself is not asked."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from tests.conftest import needs_node

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "samples"
SCRIPT = (SAMPLES / "google-apps-script.js").read_text(encoding="utf-8")
FEEDS = ("v2/shows.ics", "v2/movies.ics", "rules/alarms.ics", "rules/words.ics", "rules/whole-day.ics")

pytestmark = needs_node


def run_script(*steps: dict[str, Any], zone: str = "Europe/Berlin") -> list[dict[str, Any]]:
    """What is at Google after each of *steps*, with a script in *zone*."""
    command = ["node", str(ROOT / "tests" / "google_services.js")]
    given = json.dumps({"script": SCRIPT, "steps": steps})
    environ = dict(os.environ) | {"TZ": zone}
    done = subprocess.run(command, input=given, env=environ, capture_output=True, text=True, check=True)
    shown: list[dict[str, Any]] = json.loads(done.stdout)
    return shown


def answer(text: str, *, status: int = 200, etag: str = '"1"') -> dict[str, Any]:
    """A step in which the feed answers so."""
    return {"answer": {"status": status, "text": text, "etag": etag}}


def read_sample(name: str) -> str:
    return (SAMPLES / name).read_bytes().decode()


def read_events(text: str) -> list[tuple[str, str, str, str]]:
    """Title, description, start and end of each event, by a reader of somebody else's."""
    events = Calendar.from_ical(text.encode()).walk("VEVENT")
    return sorted(
        (str(event["SUMMARY"]), str(event["DESCRIPTION"]), format_moment(event.start), format_moment(event.end))
        for event in events
    )


def format_moment(moment: Any) -> str:
    """As a program in JavaScript writes it; a date by itself."""
    if not isinstance(moment, datetime):
        return str(moment.isoformat())
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def read_google(shown: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    assert shown["error"] is None
    return sorted((each["title"], each["description"], each["start"], each["end"]) for each in shown["events"])


def change_event(text: str, number: int, **values: str) -> str:
    """The calendar *text* with other lines in one event, and the change number that goes with them."""
    head, *events = text.split("BEGIN:VEVENT\r\n")
    rows = events[number].split("\r\n")
    values = {"SEQUENCE": "9999999", **values}
    for name, value in values.items():
        at = next(at for at, row in enumerate(rows) if row.startswith((f"{name}:", f"{name};")))
        rows[at] = value if value.startswith(name) else f"{name}:{value}"
    events[number] = "\r\n".join(rows)
    return "BEGIN:VEVENT\r\n".join((head, *events))


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_google_has_what_the_feed_has(zone: str) -> None:
    """Titles, descriptions, instants and whole days, whatever zone the script is in; folded and escaped or not."""
    for name in FEEDS if zone == "UTC" else FEEDS[-1:]:
        text = read_sample(name)
        (shown,) = run_script(answer(text), zone=zone)
        assert read_google(shown) == read_events(text)
        assert all(event["isFree"] for event in shown["events"])


def test_text_is_unfolded_and_unescaped() -> None:
    """Folds of CRLF and a blank or tab, and all four escapes; a backslash before an n stays one."""
    text = read_sample("v2/shows.ics")
    title = 'SUMMARY;LANGUAGE=en;X-A="a:b;c":One\\, two\\; three \\\\n fo\r\n ur\r\n\t: five\\n'
    (shown,) = run_script(answer(change_event(text, 0, SUMMARY=title)))
    assert "One, two; three \\n four: five\n" in [event["title"] for event in shown["events"]]


def test_an_unchanged_feed_costs_one_request() -> None:
    """It is asked with its ETag, and its 304 changes nothing; neither does the same feed under another ETag."""
    text = read_sample("v2/shows.ics")
    first, second, third = run_script(answer(text), answer(text), answer(text, etag='"2"'))
    assert first["headers"] == {}
    assert second["headers"] == third["headers"] == {"If-None-Match": '"1"'}
    assert (second["changes"], third["changes"]) == (0, 0)
    assert first["events"] == second["events"] == third["events"]


def test_a_changed_event_is_changed() -> None:
    """One event changes in title and time, another becomes a whole day, and nobody touches the others."""
    text = read_sample("v2/shows.ics")
    moved = change_event(text, 0, SUMMARY="Moved", DTSTART="20260501T010000Z", DTEND="20260501T020000Z")
    moved = change_event(moved, 1, DTSTART="DTSTART;VALUE=DATE:20260502", DTEND="DTEND;VALUE=DATE:20260503")
    first, second = run_script(answer(text), answer(moved, etag='"2"'))
    assert read_google(second) == read_events(moved)
    assert len(first["events"]) == len(second["events"])
    assert second["changes"] < 2 * 10


def test_a_cancelled_event_is_deleted_and_returns() -> None:
    """Also one that left the feed is; events of the user's own stay, and what lies before the feed stays."""
    text = read_sample("v2/shows.ics")
    count = len(read_events(text))
    cancelled = change_event(text, 1, STATUS="CANCELLED")
    head, first, *rest = cancelled.split("BEGIN:VEVENT\r\n")
    shorter = "BEGIN:VEVENT\r\n".join((head, first, *rest[:-1])) + "END:VCALENDAR\r\n"
    steps = run_script(
        answer(text),
        answer(cancelled, etag='"2"') | {"add": ["Dentist"]},
        answer(shorter, etag='"3"'),
        answer(text, etag='"4"'),
    )
    assert [len(step["events"]) for step in steps] == [count, count, count - 1, count + 1]
    assert all("Dentist" in [event["title"] for event in step["events"]] for step in steps[1:])
    later = change_event(text, 0, DTSTART="20260601T010000Z", DTEND="20260601T020000Z")
    head, first, *_ = later.split("BEGIN:VEVENT\r\n")
    only_later = "BEGIN:VEVENT\r\n".join((head, first)) + "END:VCALENDAR\r\n"
    assert len(run_script(answer(text), answer(only_later, etag='"2"'))[1]["events"]) == count


def test_another_answer_changes_nothing() -> None:
    """An error, a page and half a calendar leave Google's calendar as it is; the sentence has no address."""
    good = read_sample("v2/shows.ics")
    bad = (
        (404, ""),
        (503, "down"),
        (200, "<html>log in</html>"),
        (200, ""),
        (200, "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"),
    )
    steps = [answer(text, status=status, etag='"x"') for status, text in bad]
    first, *others, last = run_script(answer(good), *steps, answer(good, etag='"2"'))
    for each in others:
        assert each["events"] == first["events"]
        assert each["error"]
        assert "https" not in each["error"]
    assert (last["headers"], last["error"], last["changes"]) == ({"If-None-Match": '"1"'}, None, 0)


def test_a_run_that_ends_early_is_gone_on_with() -> None:
    """Google refuses a change, or the time is up: the next run makes the rest, and nothing twice."""
    text = read_sample("v2/shows.ics")
    for trouble in (*({"fail": number} for number in (4, 5, 6)), {"minutes": 1}):
        first, second, third = run_script(answer(text) | trouble, *[answer(text)] * 2)
        assert 0 < len(first["events"]) < len(read_events(text))
        assert all(event["isOurs"] for event in first["events"])
        assert (second["headers"], read_google(second)) == ({}, read_events(text))
        assert third["headers"] != {}


def test_alarms_ring() -> None:
    """Minutes before the start; what Google does not have is left out, and no alarm leaves the calendar's own."""
    (shown,) = run_script(answer(read_sample("rules/alarms.ics")))
    reminders = {event["title"]: event["reminders"] for event in shown["events"]}
    for event in Calendar.from_ical(read_sample("rules/alarms.ics").encode()).walk("VEVENT"):
        triggers = [alarm["TRIGGER"].dt.total_seconds() / 60 for alarm in event.walk("VALARM")]
        assert reminders[event["SUMMARY"]] == ([-minutes for minutes in triggers if minutes < 0] or None)
    assert {len(minutes or ()) for minutes in reminders.values()} == {0, 1, 2}
    (plain,) = run_script(answer(read_sample("v2/shows.ics")))
    assert {event["reminders"] for event in plain["events"]} == {None}


def test_it_is_installed_once() -> None:
    """To install it again looks at the whole feed, and leaves one trigger; to uninstall it leaves the calendar."""
    step = answer(read_sample("v2/shows.ics"))
    first, again, end = run_script(*(step | {"call": name} for name in ("install", "install", "uninstall")))
    assert first["triggers"] == again["triggers"] == ["sync"]
    assert (again["headers"], again["changes"]) == ({}, 0)
    assert (end["triggers"], end["events"]) == ([], first["events"])
