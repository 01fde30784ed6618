"""Why an episode is in a calendar or not, told by what decides it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.conftest import Line
from tests.factories import NOW, SHOW, make_calendar_id, make_calendar_spec, make_episode, make_movie
from tests.runs import FixedSource, merge_source
from trakt_ical.app.explain import explain_airing
from trakt_ical.demo import Fault
from trakt_ical.export.merge import Retention
from trakt_ical.export.output import Output
from trakt_ical.export.stored_calendar import parse_calendar
from trakt_ical.export.stores.protocol import OutputState
from trakt_ical.fetch.sources import Fetched
from trakt_ical.fetch.v1.instant import AirTimes, resolve_instant
from trakt_ical.model import DateRange, Episode, Steps
from trakt_ical.pipeline import CalendarSpec
from trakt_ical.transform.filters import Filters
from trakt_ical.transform.rules import Group, Rules
from trakt_ical.transform.times import find_event_times
from trakt_ical.transform.title_matching import find_airings
from trakt_ical.transform.uids import make_uid as uid_of


def list_airings(line: Line) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(line("agenda", "--days", "80", "--json").stdout)
    return [each for each in found if "-movie-" not in each["uid"]]


def read_steps(line: Line, *arguments: str, **environ: str) -> list[str]:
    """The steps of an explanation, without their numbers."""
    settings = {f"TRAKT_ICAL_{name.upper()}": value for name, value in environ.items()}
    result = line("explain", *arguments, environ=settings)
    assert result.exit_code == 0, result.stderr
    return [row.split(". ", 1)[1] for row in result.stdout.splitlines()[1:]]


@pytest.fixture
def uid(line: Line) -> str:
    """An episode that airs soon, at an hour that is known."""
    return next(each["uid"] for each in list_airings(line) if "T" in each["start"])


def test_the_steps_lead_from_the_answer_to_the_event(line: Line, uid: str) -> None:
    """The answer's own fields come first, then each step, then what became of it."""
    steps = read_steps(line, uid, timezone="Pacific/Auckland")
    assert steps[0].startswith("Trakt says: first_aired 2026-")
    assert steps[1].startswith("By the show's own clock (")
    assert steps[2].startswith("It lasts ")
    assert steps[-1].startswith("It is in the calendar: 2026-")
    assert " in Pacific/Auckland, 2026-" in steps[-1]


def test_api_v1_tells_its_own_steps(line: Line) -> None:
    """On v1 the wall clock in Los Angeles is told."""
    steps = read_steps(line, "harbor nine", find_next_code(line, "Harbor Nine"), api="v1")
    assert steps[0].startswith("Trakt says: first_aired ")
    assert "first_aired_iso" in steps[0]


def find_next_code(line: Line, show: str) -> str:
    summary = next(each["summary"] for each in list_airings(line) if each["summary"].startswith(show))
    return summary.removeprefix(show).split()[0]


LEFT_OUT = [
    ({"exclude_networks": "{network}"}, "exclude_networks leaves it out: "),
    ({"include_genres": "no such genre"}, "include_genres leaves it out: the list has none of its genres."),
    ({"min_rating": "10"}, "which is below min_rating = 10."),
    ({"watchlist_only": "true"}, "It is not on your watchlist, and watchlist_only = true leaves out what is not."),
    ({"ahead": "0", "back": "0"}, "The calendar covers 2026-04-18 to 2026-04-18 (back, ahead)."),
]


@pytest.mark.parametrize(("environ", "reason"), LEFT_OUT)
def test_the_rule_that_leaves_it_out_is_named(line: Line, environ: dict[str, str], reason: str) -> None:
    """What is left out is told with the rule that did it, in the setting's name."""
    timed = [each for each in list_airings(line) if "T" in each["start"] and each["network"]]
    airing = next(each for each in timed if each["day"] > "2026-04-19")
    given = {name: value.format(network=airing["network"]) for name, value in environ.items()}
    if "ahead" in environ:
        airing = next(each for each in timed if each["day"] == "2026-04-19")
    steps = read_steps(line, airing["uid"], **given)
    assert steps[-2].endswith(reason) or steps[-2].startswith(reason)
    assert steps[-1].startswith("It is left out: ")


def test_what_you_watched_and_hid_is_told(line: Line, uid: str) -> None:
    """A watched episode and a hidden or dropped show are told as such, also where the rules want them shown."""
    airing = next(each for each in list_airings(line) if each["uid"] == uid)
    show, season, number = airing["link"].split("/")[4:9:2]
    line.demo.watch(show, int(season), int(number))
    assert (
        read_steps(line, uid, "--fresh", watched="false")[-2]
        == "You watched it, and watched = false leaves out what you watched."
    )
    line.demo.hide(show, "dropped")
    dropped, left_out = read_steps(line, uid, "--fresh")[-2:]
    assert dropped == "You dropped it at Trakt."
    assert left_out.startswith("It is left out: ")
    steps = read_steps(line, uid, "--fresh", dropped="true")
    assert "You dropped it at Trakt, but the rules want it shown." in steps
    assert steps[-1].startswith("It is in the calendar")


def test_the_rules_of_time_are_told(line: Line, uid: str) -> None:
    """Offsets, whole days, late nights and the country are told with the name of their setting."""
    steps = read_steps(line, uid, offset="90", hours="whole-day", late_night="12", timezone="Asia/Tokyo")
    assert "offset moves it by +90 min." in steps
    assert any(step.startswith("hours = whole-day dates it in Asia/Tokyo") for step in steps)
    films = read_steps(line, find_movie(line), country="de", kind="movies")
    assert any(step.startswith("In de (country) it comes out on 20") for step in films)


def test_the_reason_of_a_real_midnight_is_told(line: Line) -> None:
    """The table's line is told, or the setting that added the network, or that nobody knows the hour."""
    steps = read_steps(line, "glass orchard", find_next_code(line, "Glass Orchard"), group="off")
    assert any("Netflix is in the table of networks that start at midnight, since" in step for step in steps)
    unknown = read_steps(line, "quiet archive", find_next_code(line, "Quiet Archive"))
    assert any("00:00" in step and "the date counts" in step for step in unknown)
    added = read_steps(line, "quiet archive", find_next_code(line, "Quiet Archive"), midnight_networks="pbs")
    assert "midnight_networks names PBS: 00:00 is the real hour." in added


def test_an_earlier_release_is_told(line: Line) -> None:
    """What was released before it aired is told so, and which of the two the calendar takes."""
    code = find_next_code(line, "Tea & Trespass")
    assert any("released before that" in step for step in read_steps(line, "tea & trespass", code))
    steps = read_steps(line, "tea & trespass", code, dates="released")
    assert any(step.startswith("dates = released uses the earlier release: 2026-") for step in steps)


def test_a_day_that_is_not_known_is_not_told_to_be_none() -> None:
    """A movie that a run was not allowed to ask for has a day in the country perhaps: it is not told to have none."""
    steps = Steps()
    find_event_times(make_movie(), Rules(country="de"), UTC, steps)
    assert steps == ["In de (country) it has no known date; its first date anywhere is 2026-04-18."]


def test_an_hour_that_v1_does_not_know_is_told_as_v1_says_it() -> None:
    """`12:00am` is an air_time that says nothing, and not none."""
    steps = Steps()
    resolve_instant(AirTimes(first_aired=1776495600, iso="2026-04-18T00:00:00-04:00", air_time="12:00am"), steps)
    assert "air_time 12:00am" in steps[-1]


def find_movie(line: Line) -> str:
    found: list[dict[str, str]] = json.loads(line("agenda", "--days", "80", "--json", "--kind", "movies").stdout)
    return found[0]["uid"]


def test_a_group_is_told(line: Line) -> None:
    """An episode of a drop says whose event it is a part of."""
    plain = list_airings(line)
    drops = [
        each["uid"]
        for each, before in zip(plain[1:], plain, strict=False)
        if (each["start"], each["uid"].split("e")[0]) == (before["start"], before["uid"].split("e")[0])
    ]
    steps = read_steps(line, drops[-1], group="drop")
    assert any(step.startswith("group = drop puts it into one event with ") for step in steps)


def test_a_name_in_full_beats_one_that_begins_with_it() -> None:
    """Who writes `a show 2x03` does not mean that of A Show Abroad; `show` alone may be either."""
    own, other = make_episode(), make_episode(show=replace(SHOW, key="trakt-2", title="A Show Abroad"))
    assert find_airings([own, other], "a-show 2x03") == [own]
    assert find_airings([own, other], "show abr s02e03") == [other]
    assert find_airings([own, other], "show") == [own, other]


def test_several_that_match_are_candidates(line: Line) -> None:
    """Where several match: exit 9, nothing on stdout, the nearest twenty with their times on stderr."""
    result = line("explain", "the slow ferry")
    assert (result.exit_code, result.stdout) == (9, "")
    head, *candidates = result.stderr.splitlines()
    assert head.endswith("airings match 'the slow ferry'. The nearest 20:")
    assert len(candidates) == 20
    assert all(row.startswith("  The Slow Ferry ") for row in candidates)
    assert candidates == sorted(candidates, key=lambda row: row.split(", ")[-1])


def test_a_candidate_can_be_named(line: Line) -> None:
    """Whatever they have in common, candidates differ in their UIDs, and these are queries too."""
    line.environ["TRAKT_ICAL_KIND"] = "movies, streaming, dvd"
    releases = Counter(each["link"] for each in json.loads(line("agenda", "--days", "80", "--json").stdout))
    several = next(link.rpartition("/")[2] for link, number in releases.items() if number > 1)
    rows = line("explain", several).stderr.splitlines()[1:]
    uids = [found for row in rows for found in re.findall(r" \((trakt-movie-\S+@trakt-ical)\), ", row)]
    assert len(uids) == len(rows) > 1
    for row, uid in zip(rows, uids, strict=True):
        assert line("explain", uid).stdout.startswith(row.rpartition(", 20")[0].strip())


def test_nothing_that_matches_offers_what_is_near(line: Line) -> None:
    """Where nothing matches: exit 9, with the days that were looked at and the titles that are near."""
    result = line("explain", "the slow boat")
    assert result.exit_code == 9
    head, *near = result.stderr.splitlines()
    assert "2026-03-19 to 2026-07-17" in head
    assert "the slow boat" in head
    assert near == ["  The Slow Ferry"]
    assert line("explain", "qqqqqq").stderr.count("\n") == 1


@pytest.mark.parametrize("query", ["THE SLOW BOAT", "the-slow-boat s02e03"])
def test_what_is_near_is_so_by_its_name(line: Line, query: str) -> None:
    """Capitals, hyphens and a code do not matter."""
    assert line("explain", query).stderr.splitlines()[1:] == ["  The Slow Ferry"]


@pytest.mark.parametrize("query", ["the slow ferry 99x1", "slow-ferry s99e01"])
def test_of_a_show_without_that_episode_its_own_are_said(line: Line, query: str) -> None:
    """Where only the number is wrong, the error names the show's episodes of these days, and no other title."""
    rows = [row for row in line("explain", "the slow ferry").stderr.splitlines() if row.startswith("  ")]
    assert len(rows) == 20
    error = line("explain", query).stderr
    first, last = re.findall(r"The Slow Ferry has (\d+x\d+) to (\d+x\d+) in these days", error)[0]
    codes = [tuple(map(int, re.findall(r" (\d+)x(\d+) ", row)[0])) for row in rows]
    assert tuple(map(int, first.split("x"))) <= min(codes)
    assert max(codes) <= tuple(map(int, last.split("x")))
    assert error.count("\n") == 1


def test_the_shows_clock_is_told_with_its_weekday(line: Line, uid: str) -> None:
    """The show's own clock is written for people: the day by its name, the hour without seconds and offset."""
    assert re.search(r" that is [A-Z][a-z]+day \d+ [A-Z][a-z]+ 20\d\d, \d\d:\d\d\.$", read_steps(line, uid)[1])
    dated = next(step for step in read_steps(line, uid, hours="whole-day") if step.startswith("hours = whole-day"))
    assert re.search(r"where it is [A-Z][a-z]+day \d+ [A-Z][a-z]+ 20\d\d, \d\d:\d\d\.$", dated)


@pytest.mark.parametrize("title", ["habor nine", "harbour-nine", "harbor nien", "Harbor Nine"])
def test_a_misspelt_title_is_found_as_by_a_check_in(line: Line, title: str) -> None:
    """A slip of the pen does not matter: `explain` and `checkin` have one matcher."""
    assert "Harbor Nine 10x08" in line("explain", title, "10x08").stdout
    assert "harbor" not in line("checkin", title, "10x08").stderr
    assert "Harbor Nine 10x08" in line("checkin", "--status").stdout


@pytest.mark.parametrize("query", ["fathoms", "show fathoms", "A Show Fathoms", "a show fatoms", "fathoms 2x03"])
def test_an_episode_is_found_by_its_own_title(query: str) -> None:
    """The title of an episode may stand beside that of its show, or alone."""
    wanted, other = make_episode(title="Fathoms"), make_episode(number=4, title="Untuned")
    assert find_airings([wanted, other], query) == [wanted]


def test_a_rating_is_told_to_its_last_digit() -> None:
    """What is rated just below the least rating is not told to have it."""
    airing, steps = make_episode(show=replace(SHOW, rating=7.99734)), Steps()
    assert not Filters(min_rating=8).allows(airing, steps)
    assert steps == ["It is rated 7.99734, which is below min_rating = 8."]


def explain_first(*listed: Sequence[Episode], kinds: tuple[str, ...] = ("shows",), **rules: Any) -> tuple[str, ...]:
    """The steps to the first of what is *listed*, for each of *kinds*."""
    spec = make_calendar_spec(DateRange(NOW.date(), 9), Rules(**rules), calendar_id=make_calendar_id(kinds=kinds))
    return explain_airing(Fetched(dict(zip(kinds, listed, strict=True))), spec, NOW, uid_of(listed[0][0])).steps


def test_what_two_calendars_of_trakt_list_is_no_double() -> None:
    """An episode is not told to be listed twice because it is a premiere besides."""
    steps = explain_first([make_episode()], [make_episode()], kinds=("shows", "premieres"))
    assert not [step for step in steps if step.startswith("It is listed")]


def test_a_group_of_two_is_told_as_such() -> None:
    """Who has one companion is not told of others."""
    steps = explain_first([make_episode(number=3), make_episode(number=4)], group=Group.DAY)
    assert "group = day puts it into one event with 1 other, that of A Show 2x03 A Title." in steps


def test_doubles_are_told(line: Line) -> None:
    """An episode that Trakt lists twice says that the one that changed last counts."""
    spec = make_calendar_spec(DateRange(NOW.date(), 9))
    twice = [make_episode(updated_at=NOW), make_episode(updated_at=NOW - timedelta(days=1))]
    found = explain_airing(Fetched({"shows": twice}), spec, NOW, "a show")
    assert "It is listed 2 times. The entry that changed last counts." in found.steps
    assert found.is_shown


def make_stored_output(*listed: Episode, retention: Retention | None = None) -> tuple[CalendarSpec, Output]:
    """A calendar, and the output that holds it after a run that listed *listed*."""
    spec = make_calendar_spec(DateRange(NOW.date() - timedelta(days=30), 121), retention=retention)
    stored = parse_calendar(merge_source(FixedSource(listed), spec, None, NOW).octets)
    return spec, Output(state=OutputState(output="x"), stored=stored)


def make_upcoming(number: int) -> Episode:
    return make_episode(number=number, starts=NOW + timedelta(days=number))


def explain_after(spec: CalendarSpec, output: Output, listed: Sequence[Episode], query: str, hours: int = 1) -> str:
    """The explanation in one text, for a run some *hours* later."""
    found = explain_airing(Fetched({"shows": listed}), spec, NOW + timedelta(hours=hours), query, output)
    return "\n".join(found.steps)


def test_what_the_size_limit_leaves_out_is_told() -> None:
    """An event for which the calendar has no room is left out, by max_bytes."""
    spec, _ = make_stored_output(make_upcoming(1), make_upcoming(2), make_upcoming(3))
    room = len(merge_source(FixedSource([make_upcoming(1), make_upcoming(2)]), spec, None, NOW).octets) + 40
    small = replace(spec, retention=Retention(size_limit=room))
    listed = [make_upcoming(1), make_upcoming(2), make_upcoming(3)]
    text = explain_after(small, Output(), listed, uid_of(make_upcoming(3)))
    assert f"max_bytes = {room}" in text
    assert "It is left out" in text
    assert "It is in the calendar" in explain_after(small, Output(), listed, uid_of(make_upcoming(1)))


def test_a_missing_event_says_what_becomes_of_it() -> None:
    """What the stored calendar has and Trakt no longer lists becomes cancelled, for tombstone_days."""
    listed = [make_upcoming(number) for number in range(1, 6)]
    spec, output = make_stored_output(*listed)
    for query in (uid_of(listed[0]), "a show 2x01"):
        text = explain_after(spec, output, listed[1:], query)
        assert "2026-05-02 13:00 UTC (tombstone_days = 14)" in text
        assert "It is in the calendar as cancelled" in text
    kept_nothing = replace(spec, retention=Retention(tombstone=timedelta(0)))
    assert "It is left out" in explain_after(kept_nothing, output, listed[1:], "a show 2x01")


def test_a_tombstone_says_since_when_and_until_when_it_stays() -> None:
    """A cancelled event tells when Trakt ceased to list it, and until when it is shown as cancelled."""
    listed = [make_upcoming(number) for number in range(1, 6)]
    spec, output = make_stored_output(*listed)
    missed = merge_source(FixedSource(listed[1:]), spec, output.stored, NOW + timedelta(hours=2)).octets
    buried = replace(output, stored=parse_calendar(missed))
    text = explain_after(spec, buried, listed[1:], "a show 2x01", hours=48)
    assert "since 2026-04-18 14:00 UTC" in text
    assert "until 2026-05-02 14:00 UTC (tombstone_days = 14)" in text
    assert "It is left out" in explain_after(spec, buried, listed[1:], "a show 2x01", hours=24 * 20)


def test_a_past_event_out_of_the_range_says_how_long_it_stays() -> None:
    """An event from before the range stays for keep_days."""
    old = make_episode(number=9, starts=NOW - timedelta(days=10))
    spec, output = make_stored_output(old, make_upcoming(1))
    later = replace(spec, days=DateRange(NOW.date(), 90))
    text = explain_after(later, output, [make_upcoming(1)], uid_of(old))
    assert "2026-10-05 (keep_days = 180)" in text
    assert "It is in the calendar: 2026-04-08" in text


def test_what_is_listed_outside_the_days_and_still_stored_is_in_the_calendar() -> None:
    """An event that Trakt lists just before the range, and that the stored calendar keeps, is in the calendar."""
    old = make_episode(number=9, starts=NOW - timedelta(days=2))
    spec, output = make_stored_output(old, make_upcoming(1))
    later = replace(spec, days=DateRange(NOW.date() - timedelta(days=1), 90))
    text = explain_after(later, output, [old, make_upcoming(1)], uid_of(old))
    assert "(keep_days = 180)" in text
    assert "It is in the calendar: 2026-04-16" in text
    kept_nothing = replace(later, retention=Retention(keep=timedelta(0)))
    assert "It is left out" in explain_after(kept_nothing, output, [old, make_upcoming(1)], uid_of(old))


def test_of_a_held_back_update_no_other_fate_is_told() -> None:
    """While an update is held back, nothing is said of what it would do to the event."""
    listed = [make_upcoming(number) for number in range(1, 13)]
    spec, output = make_stored_output(*listed)
    text = explain_after(spec, output, [], "a show 2x01")
    assert "tombstone_days" not in text
    ruled_out = replace(spec, rules=Rules(filters=Filters(min_rating=11)))
    listed_alone = Fetched({"shows": [replace(listed[0], show=replace(SHOW, rating=5.0))]})
    found = explain_airing(listed_alone, ruled_out, NOW + timedelta(hours=1), uid_of(listed[0]), output)
    assert "(shrink_days = 7)" in "\n".join(found.steps)
    assert found.is_shown  # the stored calendar still has it


def test_an_update_that_is_held_back_is_told() -> None:
    """Where most upcoming events disappeared, the explanation names shrink_days, and the stored calendar counts."""
    listed = [make_upcoming(number) for number in range(1, 6)]
    spec, output = make_stored_output(*listed)
    text = explain_after(spec, output, [], "a show 2x01")
    assert "5 of 5 upcoming events" in text
    assert "(shrink_days = 7)" in text
    assert "It is in the calendar: 2026-04-19" in text


def test_explain_writes_nothing(line: Line, home: Path) -> None:
    """An explanation of a stored calendar changes no file but the kept answers, also where the update is held back."""
    assert line("export").exit_code == 0
    uid = list_airings(line)[5]["uid"]
    line.demo.misbehave(Fault(path="/calendars/", empty_list=True, times=0))
    kept = [line.ics, *(path for path in (home / ".local").rglob("*") if path.is_file())]
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in kept}
    steps = read_steps(line, uid, "--fresh")
    assert "It is not listed, but the stored calendar has it." in steps
    assert steps[-1].startswith("It is in the calendar: ")
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in kept} == before


def test_an_event_is_found_by_a_uid_of_its_calendars_own(line: Line, uid: str) -> None:
    """With unique_uids the UID in the file ends in the calendar's name; it names the same airing."""
    line("export", environ={"TRAKT_ICAL_UNIQUE_UIDS": "true"})
    assert f"UID:{uid}-Trakt\r\n".encode() in line.ics.read_bytes()
    assert read_steps(line, f"{uid}-Trakt", unique_uids="true")[-1].startswith("It is in the calendar: ")
