"""The coming days on the terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from tests.conftest import Line
from tests.demos import Demo
from tests.factories import NOW, make_calendar_spec, make_episode, make_movie
from tests.runs import FixedSource
from trakt_ical.app.agenda import AgendaEntry, ListedAirings, make_agenda
from trakt_ical.demo import Fault
from trakt_ical.model import Airing, DateRange
from trakt_ical.pipeline import plan_fetch
from trakt_ical.transform.filters import Filters
from trakt_ical.transform.rules import Group, Offsets, Rules


def make_entries(*airings: Airing, rules: Rules | None = None, days: int = 2, now: datetime = NOW) -> list[AgendaEntry]:
    spec = make_calendar_spec(DateRange(NOW.date(), 30), rules)
    return make_agenda([ListedAirings(FixedSource(airings).fetch(plan_fetch([spec]), None), spec, now)], days)


def test_the_days_begin_today_and_are_in_order() -> None:
    """Whole days come before hours, what is over today is there, what comes later than the last day is not."""
    hour = timedelta(hours=1)
    found = make_entries(
        make_episode(number=1, starts=NOW + 3 * hour),
        make_episode(number=2, starts=NOW - 5 * hour),
        make_movie(starts=NOW.date()),
        make_episode(number=3, starts=NOW + 24 * hour),
        make_episode(number=4, starts=NOW + 48 * hour),
        make_episode(number=5, starts=NOW - 24 * hour),
    )
    assert [entry.event.uid.partition("@")[0] for entry in found] == [
        "trakt-movie-28-cinema",
        "trakt-1388-s2e2",
        "trakt-1388-s2e1",
        "trakt-1388-s2e3",
    ]
    assert [entry.day for entry in found] == [NOW.date()] * 3 + [NOW.date() + timedelta(days=1)]


def test_a_day_long_airing_reads_as_a_whole_day() -> None:
    """An airing of 24 hours or more stands before the hours; a shorter one does not."""
    hour = timedelta(hours=1)
    for length, order in ((24, [2, 1]), (23, [1, 2])):
        found = make_entries(
            make_episode(number=1, starts=NOW + hour),
            make_episode(number=2, starts=NOW + 3 * hour, runtime=length * hour),
        )
        assert [entry.event.uid.partition("@")[0] for entry in found] == [f"trakt-1388-s2e{number}" for number in order]


def test_days_of_several_calendars_are_those_of_the_first() -> None:
    """Two calendars whose zones differ are one list by one clock; a time that both have is one entry."""
    tokyo, honolulu = ZoneInfo("Asia/Tokyo"), ZoneInfo("Pacific/Honolulu")
    late = make_episode(number=1, starts=datetime(2026, 4, 18, 20, tzinfo=UTC))
    spec = make_calendar_spec(DateRange(NOW.date(), 30))
    fetched = FixedSource([late]).fetch(plan_fetch([spec]), None)
    for zones, day in (((tokyo, honolulu), 19), ((honolulu, tokyo), 18)):
        names = dict(zip(("Here", "There"), zones, strict=True))
        listed = [
            ListedAirings(fetched, replace(spec, zone=zone, calendar_id=replace(spec.calendar_id, name=name)), NOW)
            for name, zone in names.items()
        ]
        (entry,) = make_agenda(listed, 2)
        assert (entry.day.day, entry.calendars) == (day, ("Here", "There"))


def test_rules_that_differ_show_an_airing_at_each_time() -> None:
    """One calendar shows it an hour later: two entries, each with the name of its calendar."""
    spec = make_calendar_spec(DateRange(NOW.date(), 30))
    later = make_calendar_spec(DateRange(NOW.date(), 30), Rules(offsets=Offsets(timedelta(hours=1))))
    fetched = FixedSource([make_episode(starts=NOW)]).fetch(plan_fetch([spec]), None)
    found = make_agenda([ListedAirings(fetched, each, NOW) for each in (spec, later)], 2)
    assert [entry.event.start - NOW for entry in found] == [timedelta(0), timedelta(hours=1)]
    assert len({entry.event.uid for entry in found}) == 1


def test_a_group_was_watched_when_all_of_it_was() -> None:
    """One episode that was not watched leaves its group to be watched."""
    rules = Rules(group=Group.DROP)
    first, second = (make_episode(number=number, starts=NOW, watched=True) for number in (1, 2))
    assert [entry.watched for entry in make_entries(first, second, rules=rules)] == [True]
    assert [entry.watched for entry in make_entries(first, replace(second, watched=False), rules=rules)] == [False]


def test_what_is_on_is_marked_from_its_first_second_to_its_last() -> None:
    """An airing is on from its start on until it ends, also one that began before today."""
    begun = make_episode(starts=NOW - timedelta(hours=13), runtime=timedelta(hours=14))
    assert [entry.on for entry in make_entries(begun)] == [True]
    for before, on in ((timedelta(0), True), (timedelta(minutes=58), True), (timedelta(minutes=59), False)):
        assert [entry.on for entry in make_entries(make_episode(starts=NOW - before))] == [on]
    assert [entry.on for entry in make_entries(make_episode(starts=NOW.date()))] == [False]


def test_the_rules_of_the_calendar_hold() -> None:
    """What the calendar leaves out is not in its agenda."""
    watched = make_episode(starts=NOW, watched=True)
    assert [entry.watched for entry in make_entries(watched)] == [True]
    assert make_entries(watched, rules=Rules(filters=Filters(watched=False))) == []


def test_the_agenda_of_the_built_in_trakt(line: Line) -> None:
    """By day, in the calendar's zone; JSON has the same airings."""
    result = line("agenda", "--timezone", "Europe/Berlin", "--days", "3")
    assert result.exit_code == 0
    headings = [row for row in result.stdout.splitlines() if row[:1].isalpha()]
    assert headings[0] == "Today, Saturday 18 April"
    assert headings[1] == "Tomorrow, Sunday 19 April"
    told = json.loads(line("agenda", "--timezone", "Europe/Berlin", "--days", "3", "--json").stdout)
    assert len(told) == len(re.findall(r"^\W", result.stdout, re.M))
    assert {each["day"] for each in told} <= {"2026-04-18", "2026-04-19", "2026-04-20"}
    assert all(each["summary"] in result.stdout for each in told)


def test_answers_of_the_last_hour_are_not_asked_for_again(line: Line) -> None:
    """Within an hour the agenda comes from kept answers, on both APIs; --fresh asks, and so does the next hour."""
    for api in ("v2", "v1"):
        line("agenda", "--api", api)
        before = len(line.demo.requests)
        line.demo.misbehave(Fault(status=503, times=0))
        line.clock.pass_by(minutes=59)
        assert line("agenda", "--api", api).exit_code == 0
        assert len(line.demo.requests) == before
        assert line("agenda", "--fresh", "--api", api).exit_code == 5
        line.demo.behave()
        line.clock.pass_by(minutes=2)
        before = len(line.demo.requests)
        assert line("agenda", "--api", api).exit_code == 0
        assert len(line.demo.requests) > before


def test_an_export_leaves_answers_for_the_agenda(line: Line) -> None:
    """What an export fetched a while ago the agenda need not fetch, but for what was watched."""
    line("export")
    before = len(line.demo.requests)
    line.clock.pass_by(minutes=10)
    assert line("agenda").exit_code == 0
    asked = {seen.path for seen in line.demo.requests[before:]}
    assert asked <= {"/", "/sync/last_activities", "/users/me/watched/shows"}  # the first: does anybody answer?


def test_days_beyond_the_calendar_may_be_looked_at(line: Line) -> None:
    """More days than the calendar has ahead are fetched."""
    environ = {"TRAKT_ICAL_AHEAD": "3"}
    short = json.loads(line("agenda", "--days", "3", "--json", environ=environ).stdout)
    long = json.loads(line("agenda", "--days", "40", "--json", environ=environ).stdout)
    assert len(long) > len(short)
    assert long[-1]["day"] > "2026-05-15"


def test_the_worlds_agenda_asks_for_nothing_of_yours(line: Line) -> None:
    """Of the world's calendar nobody is asked what you watched, so it needs no login."""
    line("logout")
    before = len(line.demo.requests)
    assert line("agenda", environ={"TRAKT_ICAL_SOURCE": "all", "TRAKT_ICAL_TIMEZONE": "UTC"}).exit_code == 0
    assert {seen.path.split("/")[1] for seen in line.demo.requests[before:]} == {"calendars"}


def test_an_empty_agenda_says_so(line: Line) -> None:
    """Without an airing stdout stays empty, and a line on stderr says why."""
    result = line("agenda", environ={"TRAKT_ICAL_INCLUDE_SHOWS": "no such show"})
    assert (result.exit_code, result.stdout) == (0, "")
    assert "7 days" in result.stderr


def test_a_long_title_widens_its_own_day_alone(demo: Demo, line: Line) -> None:
    """In a pipe it is told whole, and the rows of other days are no wider for it."""
    first, *_, last = json.loads(line("agenda", "--json").stdout)
    assert first["day"] != last["day"]
    title = "long" * 50
    show, season, number = last["link"].split("/")[4:9:2]
    demo.rename(show, int(season), int(number), title)
    (row,) = (row for row in line("agenda", "--fresh").stdout.splitlines() if first["summary"] in row)
    assert len(row) < 150
    assert title in line("agenda").stdout


def test_on_a_terminal_what_is_watched_is_dim(demo: Demo, line: Line, tmp_path: Path) -> None:
    """A terminal gets colors, a pipe none, and neither gets what a title smuggles in."""
    airing = next(each for each in json.loads(line("agenda", "--days", "9", "--json").stdout) if is_short(each))
    line.clock.now = datetime.fromisoformat(airing["end"]).astimezone(UTC)
    show, season, number = airing["link"].split("/")[4:9:2]
    demo.rename(show, int(season), int(number), "Tit\x1b]0;owned\x07le")
    demo.watch(show, int(season), int(number))
    environ = dict(os.environ) | line.environ | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "COLUMNS": "120"}
    piped = line("agenda", "--days", "9", "--fresh").stdout
    assert "Tit]0;ownedle" in piped
    assert "\x1b" not in piped
    leader, follower = pty.openpty()
    script = (
        "from datetime import datetime\nfrom trakt_ical.app.environment import Environment\n"
        "from trakt_ical.cli import cli\n"
        f"now = datetime.fromisoformat('{line.clock.now.isoformat()}')\n"
        "from datetime import UTC\n"
        "cli.main(['agenda', '--days', '9'], obj=Environment(lambda: now.astimezone(UTC)), standalone_mode=False)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=follower, env=environ) as running:
        os.close(follower)
        shown = read_all(leader)
    assert running.returncode == 0
    assert re.search("\x1b\\[2m[^\n]*Tit]0;ownedle", shown)
    assert "\x1b]0" not in shown


def is_short(airing: dict[str, str]) -> bool:
    """Whether it is over long before its day is."""
    start, end = (datetime.fromisoformat(airing[name]) for name in ("start", "end"))
    return "T" in airing["start"] and end - start < timedelta(hours=2) and start.hour < 16


def read_all(number: int) -> str:
    octets = b""
    while True:
        try:
            part = os.read(number, 65536)
        except OSError:  # the other end is closed
            part = b""
        if not part:
            os.close(number)
            return octets.decode()
        octets += part


@pytest.mark.parametrize("command", [("agenda",), ("explain", "harbor nine")])
def test_a_list_that_lost_most_of_the_calendar_is_not_kept(line: Line, command: tuple[str, ...]) -> None:
    """What is asked for next comes from Trakt, and not from an empty answer of the last hour."""
    assert line("export").exit_code == 0
    line.demo.misbehave(Fault(path="/calendars/", empty_list=True, times=0))
    line(*command, "--fresh")
    line.demo.faults.clear()
    assert json.loads(line("agenda", "--json").stdout)
