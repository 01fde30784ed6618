"""From Trakt's recorded export, as a zip, to a calendar: the hard episodes, each where it belongs."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import Clock, Line
from tests.tvmaze import FakeTvmaze, serving_tvmaze

NOW = datetime(2026, 11, 25, 6, tzinfo=UTC)

HARD = {
    "Evening in New York": ("trakt-2177-s29e6", "20261203T030000Z"),
    "Found by its IMDb id alone, no runtime": ("trakt-60267-s14e1", "20270215T040000Z"),
    "A global channel: nobody knows the hour": ("s3e1", "20270115"),
    "A drop, part 1": ("s4e1", "20261226"),
    "A drop, part 2": ("s4e2", "20261226"),
    "A drop, part 3": ("s4e3", "20261226"),
    "After midnight: the day of the schedule is the day before": ("trakt-138254-s4e1", "20261204T160000Z"),
    "A year for a season": ("trakt-2211-s2026e145", "20261202T040000Z"),
    "A special without a number": None,
    "Found by title and year": ("trakt-315568-s1e8", "20261218"),
    "One of three of this title: the year tells": ("s1e9", "20261220"),
    "One of two from about 2004: the year does not tell": None,
    "The other of them": None,
    "Time and stamp contradict": ("trakt-2177-s29e7", "20261209"),
    "Not followed": None,
}


@pytest.fixture
def recorded(line: Line, clock: Clock, shared: Path, tmp_path: Path) -> Iterator[Line]:
    """A command line with the recorded export imported, beside a TVmaze that has the made schedule."""
    clock.now = NOW
    export = tmp_path / "trakt-export-someone.zip"
    with zipfile.ZipFile(export, "w") as archive:
        for path in (shared / "fixtures/access/trakt_export").glob("*.json"):
            archive.write(path, path.name)
    fake = FakeTvmaze(clock)
    entries = json.loads((shared / "fixtures/access/made/schedule_full.json").read_bytes())
    for entry in entries:
        show = entry.pop("_embedded")["show"]
        fake.shows[show["id"]] = show
        if entry["number"] is None:
            fake.specials.append({**entry, "_embedded": {"show": show}})
        else:
            fake.episodes.setdefault(show["id"], []).append(entry)
    assert len(entries) == len(HARD)
    with serving_tvmaze(fake):
        run = replace(line, environ=line.environ | {"TRAKT_ICAL_API": "tvmaze", "TRAKT_ICAL_API_URL": fake.url})
        imported = run("import", str(export))
        assert imported.exit_code == 0, imported.stderr
        yield run


def read_events(line: Line) -> dict[str, tuple[str, str]]:
    """Return UID and start of each event, by what its title ends with."""
    text = line.ics.read_bytes().replace(b"\r\n ", b"").decode().replace("\\,", ",")
    found = re.findall(r"UID:(\S+)\r.*?DTSTART\S*?:(\S+)\r.*?SUMMARY:([^\r]*)\r", text, re.S)
    return {re.split(r" \d+x\d+ ", summary)[-1]: (uid, start) for uid, start, summary in found}


def test_each_hard_episode_is_where_it_belongs(recorded: Line) -> None:
    """Instants, days, the night after the schedule's day, shows found by number or title, and what is left out."""
    assert recorded("export", "--ahead", "120", environ={"TRAKT_ICAL_HIDDEN": "true"}).exit_code == 0
    events = read_events(recorded)
    for title, expected in HARD.items():
        if expected is None:
            assert title not in events, title
        else:
            uid, start = events[title]
            assert (uid.partition("@")[0].endswith(expected[0]), start) == (True, expected[1]), title
    lasting = recorded.ics.read_bytes().replace(b"\r\n ", b"")
    assert b"DTSTART:20270215T040000Z\r\nDTEND:20270215T045000Z" in lasting  # by the average of the show
    assert len(events) == sum(expected is not None for expected in HARD.values())


def test_what_is_left_out_is_told(recorded: Line) -> None:
    """Hidden shows are not in the calendar; the clash is named once, and the special counted."""
    first = recorded("export", "--ahead", "120")
    assert (first.exit_code, "The Staircase is left out" in first.stderr) == (0, True)
    assert "left out" not in recorded("export", "--ahead", "120").stderr
    assert "Evening in New York" not in read_events(recorded)
    assert "specials" in recorded("status").stdout
    assert "tvmaze:9" in recorded("shows", "--state", "clashing").stdout


def test_explain_says_why_nothing_is_known_of_a_show(recorded: Line) -> None:
    """A show of the list that clashes, or that TVmaze does not list, is named with the reason: exit 9."""
    for query, reason in (("the staircase 2x01", "tvmaze:9"), ("family guy", "no such show with an episode ahead")):
        result = recorded("explain", query)
        assert (result.exit_code, reason in result.stderr) == (9, True), result.stderr


def test_status_has_the_list_in_json_too(recorded: Line) -> None:
    """What is printed is there for programs as well."""
    recorded("export")
    found = json.loads(recorded("status", "--json").stdout)
    assert found["login"]["username"] == "someone"
    assert (found["list"]["specials"], found["list"]["clashing"]) == (1, ["The Staircase"])
    assert found["credit"] == "Air times: TVmaze, CC BY-SA 4.0"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("severance 3x01", "Without airtime"),
        ("kaguya-sama 4x01", "night after airdate"),
        ("south park 29x07", "not the hour of airtime"),
        ("south park 29x06", "airtime and airstamp agree"),
    ],
)
def test_explain_tells_each_step(recorded: Line, query: str, reason: str) -> None:
    """What TVmaze says, how it was checked, and what came of it."""
    result = recorded("explain", query, environ={"TRAKT_ICAL_HIDDEN": "true"})
    assert (result.exit_code, reason in result.stdout) == (0, True), result.stdout + result.stderr
