"""The command line with TVmaze as its source: what it asks and how often, what it does not believe, what it keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conftest import Clock, Line
from tests.tvmaze import (
    FakeTvmaze,
    Reply,
    make_imported_show,
    make_wire_episode,
    make_wire_show,
    save_list,
    serving_tvmaze,
)
from trakt_ical.demo import Fault

CREDIT = rb"Air times: TVmaze\, CC BY-SA 4.0"


@pytest.fixture
def tvmaze(clock: Clock) -> Iterator[FakeTvmaze]:
    """A TVmaze with twelve shows, each with an episode a week from next Monday on."""
    fake = FakeTvmaze(clock)
    for number in range(1, 13):
        days = [f"{clock.now + timedelta(days=7 * week - 8):%Y-%m-%d}" for week in range(5)]
        fake.add(number, [make_wire_episode(place, day) for place, day in enumerate(days, 1)])
    with serving_tvmaze(fake):
        yield fake


@pytest.fixture
def run(line: Line, tvmaze: FakeTvmaze, home: Path) -> Line:
    """A command line that asks *tvmaze* for a list of its twelve shows."""
    save_list(home, [make_imported_show(number) for number in tvmaze.shows], line.clock.now)
    return replace(line, environ=line.environ | {"TRAKT_ICAL_API": "tvmaze", "TRAKT_ICAL_API_URL": tvmaze.url})


def read_uids(line: Line) -> set[str]:
    return set(re.findall(r"^UID:(.*)\r$", line.ics.read_bytes().decode(), re.M))


def test_the_first_run_takes_one_request_for_all_and_one_for_each_show(run: Line, tvmaze: FakeTvmaze) -> None:
    """The schedule finds all shows, and each is read once; an hour later one request says that nothing changed."""
    assert run("export").exit_code == 0
    assert tvmaze.paths == ["/schedule/full", *(f"/shows/{number}/episodes" for number in range(1, 13))]
    before = run.ics.read_bytes()
    tvmaze.forget()
    assert "unchanged" in run("export").stderr
    assert tvmaze.paths == []
    run.clock.pass_by(hours=1)
    assert "unchanged" in run("export").stderr
    assert tvmaze.paths == ["/updates/shows?since=day"]
    assert run.ics.read_bytes() == before


@pytest.mark.parametrize("damaged", [{"changes_at": 10**15}, {"schedule_at": -(10**30)}])
def test_facts_of_no_date_are_not_kept(run: Line, home: Path, damaged: dict[str, int]) -> None:
    """A damaged file is as good as none: offline there is nothing to show, and the next question heals it."""
    before = run("agenda").stdout
    [file] = home.rglob("tvmaze.json")
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | damaged), encoding="utf-8")
    assert run("agenda", "--offline").exit_code == 5
    assert (run("agenda").stdout, run("agenda", "--offline").exit_code) == (before, 0)


def test_only_a_show_that_changed_is_read_again(run: Line, tvmaze: FakeTvmaze) -> None:
    """A show that changed is read again, and once more an hour later, since copies of answers may be an hour old."""
    run("export")
    tvmaze.forget()
    run.clock.pass_by(hours=2)
    tvmaze.changes[3] = int(run.clock.now.timestamp()) - 60
    tvmaze.episodes[3][2]["name"] = "Another Name"
    assert "1 renamed" in run("export").stderr
    run.clock.pass_by(hours=1)
    run("export")
    run.clock.pass_by(hours=1)
    run("export")
    assert tvmaze.paths.count("/shows/3/episodes") == 2
    assert {path.partition("?")[0] for path in tvmaze.paths} == {"/updates/shows", "/shows/3/episodes"}


@pytest.mark.parametrize(("days", "period"), [(0.5, "day"), (3, "week"), (20, "month"), (40, "")])
def test_after_a_longer_gap_more_is_asked_for(run: Line, tvmaze: FakeTvmaze, days: float, period: str) -> None:
    """The question reaches back as far as the last run; where no answer does, every show is read again."""
    run("export")
    tvmaze.forget()
    run.clock.pass_by(days=days)
    assert run("export").exit_code == 0
    asked = [path.partition("=")[2] for path in tvmaze.paths if path.startswith("/updates")]
    assert asked == [period] * bool(period)
    assert len([path for path in tvmaze.paths if path.endswith("/episodes")]) == (0 if period else 12)


def test_the_schedule_is_asked_for_once_a_day(run: Line, tvmaze: FakeTvmaze) -> None:
    """Twenty-four runs, one an hour, ask for the schedule once; the day after it is asked for again."""
    for _ in range(24):
        assert run("export").exit_code == 0
        run.clock.pass_by(hours=1)
    assert tvmaze.paths.count("/schedule/full") == 1
    run("export")
    assert tvmaze.paths.count("/schedule/full") == 2


def test_it_never_sends_more_than_twenty_requests_in_ten_seconds(
    run: Line, tvmaze: FakeTvmaze, home: Path, clock: Clock
) -> None:
    """Fifty shows are read over one connection, at most twenty in any ten seconds, whatever calendars ask."""
    for number in range(13, 51):
        tvmaze.add(number, tvmaze.episodes[1])
    save_list(home, [make_imported_show(number) for number in tvmaze.shows], clock.now)
    assert run("export").exit_code == 0
    assert (len(tvmaze.asked), len(tvmaze.connections)) == (51, 1)
    assert tvmaze.most_in(10) == 20
    assert sum(clock.slept) < 30


def test_two_processes_share_one_limit(run: Line, tvmaze: FakeTvmaze, home: Path, clock: Clock) -> None:
    """What one process has sent counts for the next one, which begins just after it."""
    run("export")
    clock.pass_by(seconds=1)
    save_list(home, [make_imported_show(number) for number in (*tvmaze.shows, 99)], clock.now)
    run("export", environ={"TRAKT_ICAL_OWNER": "somebody", "TRAKT_ICAL_OUTPUT": str(run.folder / "other.ics")})
    assert len(tvmaze.asked) == 26
    assert tvmaze.most_in(10) == 20


@pytest.mark.parametrize(("headers", "wait"), [({"Retry-After": "7"}, 7), ({}, 2)])
def test_a_429_is_waited_for(run: Line, tvmaze: FakeTvmaze, headers: dict[str, str], wait: float) -> None:
    """The request is sent again after the time that TVmaze asks for, or after some seconds; the sentence names it."""
    tvmaze.replies["/shows/2"] = [Reply(429, b"{}", headers)]
    result = run("export", typed="")
    assert result.exit_code == 0
    assert "TVmaze asks for fewer requests" in result.stderr
    assert "Trakt" not in result.stderr.replace("trakt", "")
    assert [each for each in run.clock.slept if wait / 2 <= each <= wait]
    assert tvmaze.paths.count("/shows/2/episodes") == 2


def test_a_merged_show_is_followed(run: Line, tvmaze: FakeTvmaze) -> None:
    """A 301 to another show is TVmaze's own merge: its episodes are read there, now and later, under the same UIDs."""
    run("export")
    before = read_uids(run)
    tvmaze.add(40, tvmaze.episodes.pop(4))
    tvmaze.replies["/shows/4/"] = [Reply(301, b"", {"Location": f"{tvmaze.url}/shows/40/episodes"})]
    tvmaze.changes = {4: int(run.clock.now.timestamp())}
    run.clock.pass_by(hours=2)
    assert run("export").exit_code == 0
    tvmaze.forget()
    tvmaze.changes = {40: int(run.clock.now.timestamp())}
    run.clock.pass_by(hours=2)
    assert run("export").exit_code == 0
    assert "/shows/40/episodes" in tvmaze.paths
    assert "/shows/4/episodes" not in tvmaze.paths
    assert read_uids(run) == before


@pytest.mark.parametrize("location", ["https://elsewhere.example/shows/40/episodes", "/shows/4/episodes", "/login", ""])
def test_no_other_redirect_is_followed(run: Line, tvmaze: FakeTvmaze, location: str) -> None:
    """A redirect to another server or to something else ends the run with 5."""
    tvmaze.replies["/shows/4/"] = [Reply(301, b"", {"Location": location})]
    result = run("export")
    assert (result.exit_code, "redirects" in result.stderr) == (5, True), result.stderr


def test_a_show_that_is_gone_keeps_its_events(run: Line, tvmaze: FakeTvmaze) -> None:
    """A 404 is said once, the pair is forgotten, and no event of the show is touched."""
    run("export")
    before = run.ics.read_bytes()
    del tvmaze.shows[5], tvmaze.episodes[5]
    tvmaze.changes = {5: int(run.clock.now.timestamp())}
    run.clock.pass_by(hours=2)
    first = run("export")
    assert (first.exit_code, "Show 5" in first.stderr) == (0, True)
    tvmaze.forget()
    for _ in range(3):
        run.clock.pass_by(hours=20)
        again = run("export")
        assert (again.exit_code, "Show 5" in again.stderr) == (0, False), again.stderr
    assert "/shows/5/episodes" not in tvmaze.paths
    assert run.ics.read_bytes() == before


def test_half_an_answer_is_none(run: Line, tvmaze: FakeTvmaze) -> None:
    """An answer that was cut short is asked for again; where it stays so, the calendar stays as it was: exit 5."""
    run("export")
    before = run.ics.read_bytes()
    run.clock.pass_by(days=1)
    tvmaze.replies["/schedule"] = [Reply(200, b'[{"id": 1, "name": "x"}]', cut=True)]
    assert run("export").exit_code == 0
    run.clock.pass_by(days=1)
    tvmaze.replies["/schedule"] = [Reply(200, b'[{"id": 1, "name": "x"}]', cut=True)] * 4
    result = run("export")
    assert (result.exit_code, "TVmaze's answer was cut short" in result.stderr) == (5, True), result.stderr
    assert run.ics.read_bytes() == before


@pytest.mark.parametrize("left", [0, 3], ids=["empty", "shrunken"])
def test_a_schedule_that_lost_most_shows_is_not_believed(run: Line, tvmaze: FakeTvmaze, left: int) -> None:
    """The update is held back (exit 8) with the calendar as it was, until TVmaze is right again."""
    run("export")
    before = run.ics.read_bytes()
    tvmaze.unscheduled = set(range(left + 1, 13))
    for _ in range(2):
        run.clock.pass_by(days=1)
        assert run("export").exit_code == 8
        assert run.ics.read_bytes() == before
    tvmaze.unscheduled = set()
    run.clock.pass_by(hours=1)
    assert run("export").exit_code == 0


def test_a_schedule_that_lost_most_shows_can_be_accepted(run: Line, tvmaze: FakeTvmaze) -> None:
    """With --accept-shrink the shorter schedule is the one to compare with from then on."""
    run("export")
    tvmaze.unscheduled = set(range(4, 13))
    run.clock.pass_by(days=1)
    assert run("export").exit_code == 8
    assert run("export", "--accept-shrink").exit_code == 0
    run.clock.pass_by(days=1)
    assert run("export").exit_code == 0


def test_an_empty_schedule_is_never_the_first(run: Line, tvmaze: FakeTvmaze) -> None:
    """Without a schedule to compare with, an empty one is a broken answer: exit 5, and no file."""
    tvmaze.unscheduled = set(tvmaze.shows)
    assert run("export").exit_code == 5
    assert not run.ics.exists()


def test_shows_that_left_the_schedule_one_by_one_keep_their_past(run: Line, tvmaze: FakeTvmaze) -> None:
    """A show leaves the schedule after its last episode. What it had is still there, and nothing is cancelled."""
    run("export")
    uids = read_uids(run)
    for _ in range(4):
        run.clock.pass_by(days=7)
        assert run("export", "--back", "60").exit_code == 0
    assert read_uids(run) == uids
    assert b"STATUS:CANCELLED" not in run.ics.read_bytes()


def test_an_outage_in_between_loses_nothing_that_was_read(run: Line, tvmaze: FakeTvmaze) -> None:
    """A run that fails half-way is gone on with: shows that were read are not asked for again."""
    tvmaze.replies["/shows/7/"] = [Reply(503)] * 4
    result = run("export")
    assert (result.exit_code, "TVmaze is overloaded or down" in result.stderr) == (5, True)
    tvmaze.forget()
    assert run("export").exit_code == 0
    assert tvmaze.paths == [f"/shows/{number}/episodes" for number in range(7, 13)]


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'[{"season": 1, "number"', b"[]"])
def test_a_broken_answer_costs_one_show(run: Line, tvmaze: FakeTvmaze, body: bytes) -> None:
    """Where one show's answer is no list of episodes, or an empty one, its events stay and the others go on."""
    run("export")
    before = read_uids(run)
    tvmaze.changes = dict.fromkeys((6, 7), int(run.clock.now.timestamp()))
    tvmaze.replies["/shows/6/"] = [Reply(200, body)] * 5
    tvmaze.episodes[7][4]["name"] = "Another Name"
    run.clock.pass_by(hours=2)
    result = run("export")
    if body == b"{}":
        assert tvmaze.paths.count("/shows/6/episodes") == 2
    if body == b"<html>":  # a page instead of data is Cloudflare's, and concerns all
        assert result.exit_code == 5
    else:
        assert (result.exit_code, "1 renamed" in result.stderr) == (0, True), result.stderr
    assert read_uids(run) == before


ODD: dict[str, dict[str, Any]] = {
    "a season that is null": {"season": None},
    "a text for a number": {"number": "three"},
    "a date that is none": {"airdate": "2026-06-31"},
    "a year that is none": {"airdate": "9999-12-31"},
    "a runtime with a half": {"runtime": 22.5},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_episode_costs_a_warning(run: Line, tvmaze: FakeTvmaze, odd: dict[str, Any]) -> None:
    """An entry that cannot be read is named; its event stays as it was, and so do all others."""
    run("export")
    before = run.ics.read_bytes()
    tvmaze.episodes[2][3] |= odd
    tvmaze.changes = {2: int(run.clock.now.timestamp())}
    run.clock.pass_by(hours=2)
    result = run("export")
    assert (result.exit_code, "Left out: Show 2" in result.stderr) == (0, True), result.stderr
    assert run.ics.read_bytes() == before


def test_an_odd_entry_of_the_schedule_costs_a_warning(run: Line, tvmaze: FakeTvmaze) -> None:
    """The shows of the other entries are found all the same."""
    tvmaze.specials = [{"id": 1, "_embedded": None}, {"number": "x"}]  # type: ignore[list-item]
    result = run("export")
    assert (result.exit_code, "2 entries of TVmaze's schedule" in result.stderr) == (0, True)
    assert len(read_uids(run)) == 60


def test_specials_are_left_out_and_counted(run: Line, tvmaze: FakeTvmaze) -> None:
    """A special has no number, so it has no UID: it is in no calendar, and `status` counts it."""
    special = make_wire_episode(0, f"{run.clock.now:%Y-%m-%d}", number=None, type="significant_special")
    tvmaze.specials = [{**special, "_embedded": {"show": tvmaze.shows[1]}}]
    run("export")
    assert len(read_uids(run)) == 60
    assert re.search(r"specials +1 ", run("status").stdout)


def test_the_users_word_settles_what_a_show_is(run: Line, tvmaze: FakeTvmaze, home: Path) -> None:
    """In [shows] a show is a number at TVmaze, which is asked for what it is like, or off."""
    shows = [make_imported_show(1), make_imported_show(2), make_imported_show(50, tvdb=None, title="By Hand")]
    save_list(home, shows, run.clock.now)
    tvmaze.unscheduled = {9}
    settings = run.folder / "config.toml"
    settings.write_text('[shows]\nshow-50 = "tvmaze:9"\n"Show 2" = "off"\n', encoding="utf-8")
    assert run("--config", str(settings), "export").exit_code == 0
    assert {uid.partition("-s1")[0] for uid in read_uids(run)} == {"trakt-1", "trakt-50"}
    assert "/shows/9" in tvmaze.paths
    listed = run("--config", str(settings), "shows", "--state", "off")
    assert (listed.exit_code, "Show 2" in listed.stdout) == (0, True)


@pytest.mark.parametrize("value", ["8", "tvmaze:", "tvmaze:x", "Off", "tvmaze:0"])
def test_a_choice_that_is_none_is_refused(run: Line, value: str) -> None:
    """[shows] takes tvmaze:NUMBER or off: anything else is exit 3."""
    result = run("export", environ={"TRAKT_ICAL_SHOWS": f"show-1={value}"})
    assert (result.exit_code, "shows" in result.stderr) == (3, True), result.stderr


def test_shows_lists_what_each_show_is(run: Line, tvmaze: FakeTvmaze, home: Path) -> None:
    """Found and ahead, found, clashing, not found; the schedule is the one request that it takes."""
    tvmaze.add(20, [], name="Twice", externals=None)
    tvmaze.add(21, [], name="Twice", externals=None, premiered="2019-01-01")
    for number in (20, 21):
        tvmaze.episodes[number] = tvmaze.episodes[1]
    shows = [
        make_imported_show(1),
        make_imported_show(60, title="Twice", tvdb=None, year=2019),
        make_imported_show(61, title="Nobody", tvdb=7),
    ]
    save_list(home, shows, run.clock.now)
    result = run("shows")
    states = {line.split("  ")[0].strip(): line for line in result.stdout.splitlines()}
    assert (result.exit_code, list(states)) == (0, ["ahead", "clashing", "unmatched"])
    assert "tvmaze:1" in states["ahead"]
    assert "tvmaze:20" in states["clashing"]
    assert "tvmaze:21" in states["clashing"]
    assert tvmaze.paths == ["/schedule/full"]
    run("shows", "--json")
    assert len(tvmaze.paths) == 1


BEYOND = [
    ("export", {"TRAKT_ICAL_KIND": "movies"}, "movies"),
    ("export", {"TRAKT_ICAL_KIND": "finales"}, "finales"),
    ("export", {"TRAKT_ICAL_WATCHED": "false"}, "watched"),
    ("export", {"TRAKT_ICAL_WATCHLIST_ONLY": "true"}, "watchlist_only"),
    ("export", {"TRAKT_ICAL_SOURCE": "all"}, "everything"),
    ("export", {"TRAKT_ICAL_INCLUDE_CERTIFICATIONS": "TV-MA"}, "certifications"),
    ("export", {"TRAKT_ICAL_DATES": "released"}, "dates"),
    ("login", {}, "login"),
    ("checkin", {}, "check-in"),
]


@pytest.mark.parametrize(("command", "environ", "named"), BEYOND)
def test_what_tvmaze_cannot_do_names_the_way_out(
    run: Line, tvmaze: FakeTvmaze, command: str, environ: dict[str, str], named: str
) -> None:
    """Exit 3 before anything is asked, with the reason and api v2 as the way to it."""
    result = run(command, environ=environ)
    assert (result.exit_code, named in result.stderr, "v2" in result.stderr) == (3, True, True), result.stderr
    assert tvmaze.paths == []


def test_without_a_list_the_import_is_named(line: Line) -> None:
    """Nothing was imported: exit 3, and the message says what to run."""
    result = line("export", environ={"TRAKT_ICAL_API": "tvmaze"})
    assert (result.exit_code, "trakt-ical import" in result.stderr) == (3, True)


def test_a_list_that_is_old_is_said_to_be(run: Line) -> None:
    """After 90 days each run says that shows added since are missing."""
    assert "days old" not in run("export").stderr
    assert "Import it again" not in run("status").stdout
    run.clock.pass_by(days=91)
    assert "91 days old" in run("export").stderr
    assert "Import it again" in run("status").stdout


def test_agenda_and_explain_go_by_the_same_answers(run: Line, tvmaze: FakeTvmaze) -> None:
    """Both list what the export had, and explain tells what TVmaze says and what became of it."""
    run("export")
    tvmaze.forget()
    assert "Show 3" in run("agenda", "--days", "30").stdout
    result = run("explain", "Show 3 1x03")
    assert (result.exit_code, "airdate" in result.stdout, "the date counts" in result.stdout) == (0, True, True)
    assert tvmaze.paths == []


class TestChangeOver:
    """From API v2 to TVmaze and back: the same UIDs, nothing twice, nothing cancelled."""

    @pytest.fixture
    def world(self, line: Line, home: Path) -> Line:
        """A command line whose list is what the built-in Trakt's user follows."""
        account, catalogue = line.demo.backend.account, line.demo.backend.catalogue
        shows = [
            make_imported_show(
                show.trakt, title=show.title, year=show.year, slug=show.slug, tvdb=show.tvdb, imdb=show.imdb or ""
            )
            for show in catalogue.list_shows()
            if any(account.is_mine(its[0]) for its in catalogue.list_seasons(show).values())
        ]
        hidden = {name for section in ("calendar", "dropped") for name in account.list_hidden(section)}
        save_list(home, [each for each in shows if each.slug not in hidden], line.clock.now)
        return line

    def test_there_and_back(self, world: Line) -> None:
        """Only what differs changes: no event is new, removed or cancelled, and each second run is the same bytes."""
        world("export")
        first, uids = world.ics.read_bytes(), read_uids(world)
        for api in ("tvmaze", "v2", "tvmaze"):
            world.clock.pass_by(hours=1)
            result = world("export", "--api", api)
            assert result.exit_code == 0, result.stderr
            assert re.search(r": (\d+ (moved|confirmed|updated|renamed)(, )?)+\.$", result.stderr.strip()), (
                result.stderr
            )
            assert read_uids(world) == uids
            octets = world.ics.read_bytes()
            assert b"STATUS:CANCELLED" not in octets
            assert octets.count(b"BEGIN:VEVENT") == first.count(b"BEGIN:VEVENT")
            world.clock.pass_by(hours=1)
            assert "unchanged" in world("export", "--api", api).stderr
            assert world.ics.read_bytes() == octets

    def test_there_and_back_with_the_users_own_export(self, line: Line) -> None:
        """The export has every show that the calendar has, also one that is yet to begin: nothing is cancelled."""
        line("export")
        with requests.get(f"{line.demo.url}/demo/export", {"user": line.demo.username}, timeout=60) as answer:
            export = line.folder / "export.zip"
            export.write_bytes(answer.content)
        assert line("import", str(export)).exit_code == 0
        for api in ("tvmaze", "v2"):
            line.clock.pass_by(hours=1)
            assert line("export", "--api", api).exit_code == 0
            assert b"STATUS:CANCELLED" not in line.ics.read_bytes()

    def test_what_is_untouched_is_untouched(self, world: Line) -> None:
        """Events of specials and of shows that TVmaze does not know stay byte for byte."""
        world("export")
        before = _cut_events(world.ics.read_bytes())
        world.clock.pass_by(hours=1)
        world("export", "--api", "tvmaze")
        after = _cut_events(world.ics.read_bytes())
        same = {uid for uid, octets in before.items() if after[uid] == octets}
        assert any("-s0e" in uid for uid in same)
        assert len(same) < len(before) / 5

    def test_a_feed_keeps_its_address(self, world: Line) -> None:
        """Who subscribed over API v2 gets the same address and the same copy over TVmaze."""
        world("feed", "accept", "Trakt")
        address = world("feed", "url", "Trakt").stdout
        world.clock.pass_by(hours=1)
        assert world("feed", "accept", "Trakt", environ={"TRAKT_ICAL_API": "tvmaze"}).exit_code == 0
        assert world("feed", "url", "Trakt", environ={"TRAKT_ICAL_API": "tvmaze"}).stdout == address

    def test_the_credit_is_in_calendars_with_tvmazes_data_alone(self, world: Line) -> None:
        """Each event and the calendar have it with TVmaze; after the way back, only what is left of it asks for it."""
        world("export")
        assert CREDIT not in world.ics.read_bytes()
        world.clock.pass_by(hours=1)
        world("export", "--api", "tvmaze", "--back", "60")
        events = _cut_events(world.ics.read_bytes())
        assert b"X-WR-CALDESC:" + CREDIT in world.ics.read_bytes()
        credited = [octets for octets in events.values() if b"URL:https://www.tvmaze.com/" in octets]
        assert len(credited) > 100
        assert all(CREDIT in octets for octets in credited)
        world.clock.pass_by(hours=1)
        world("export")  # past events of TVmaze, before the range, are still there
        assert b"X-WR-CALDESC:" + CREDIT in world.ics.read_bytes()
        world.clock.pass_by(hours=1)
        world("export", "--back", "60")
        assert CREDIT not in world.ics.read_bytes()


def _cut_events(octets: bytes) -> dict[str, bytes]:
    """Return the events of a calendar by UID, unfolded."""
    events = octets.replace(b"\r\n ", b"").split(b"BEGIN:VEVENT\r\n")[1:]
    return {re.search(rb"UID:([^\r]*)", event)[1].decode(): event for event in events}  # type: ignore[index]


def test_a_feed_goes_on_while_tvmaze_is_down(run: Line, tvmaze: FakeTvmaze) -> None:
    """For a week each refresh fails, and the copy that subscribers get is the last good one."""
    assert run("feed", "accept", "Trakt").exit_code == 0
    [copy] = Path(str(run.folder / "home")).rglob("*/feed/*.ics")
    before = copy.read_bytes()
    for _ in range(7):
        run.clock.pass_by(days=1)
        tvmaze.replies["/"] = [Reply(503)] * 4
        assert run("feed", "accept", "Trakt").exit_code == 5
    assert copy.read_bytes() == before
    tvmaze.replies.clear()
    assert run("feed", "accept", "Trakt").exit_code == 0


def test_the_built_in_tvmaze_takes_faults(line: Line, home: Path) -> None:
    """A 429 of the built-in TVmaze is waited for as Trakt's own is."""
    save_list(home, [make_imported_show(101, title="Harbor Nine", tvdb=400_101)], line.clock.now)
    line.demo.misbehave(Fault(path="/schedule/full", status=429, retry_after=30))
    result = line("export", "--api", "tvmaze")
    assert (result.exit_code, 30 in line.clock.slept) == (0, True), result.stderr
    assert b"Harbor Nine" in line.ics.read_bytes()


def test_one_show_in_two_lists_of_tvmaze(run: Line, tvmaze: FakeTvmaze, home: Path) -> None:
    """TVmaze may have a show twice, under two hosts perhaps: by its number both belong to one."""
    tvmaze.shows[2] = make_wire_show(2, externals={"thetvdb": 1001})
    for episode in tvmaze.episodes[2]:
        episode["season"] = 2
    tvmaze.episodes[2] = [dict(episode, season=2) for episode in tvmaze.episodes[2]]
    save_list(home, [make_imported_show(1)], run.clock.now)
    assert run("export").exit_code == 0
    assert {uid.partition("e")[0] for uid in read_uids(run)} == {"trakt-1-s1", "trakt-1-s2"}


def test_two_accounts_have_lists_of_their_own(run: Line, tvmaze: FakeTvmaze, home: Path) -> None:
    """Each account imports its own list, and neither calendar has a show of the other's."""
    settings = run.folder / "config.toml"
    tables = [
        f'[account.{name}]\n[calendar.{name}]\naccount = "{name}"\noutput = "{run.folder / name}.ics"\n'
        for name in ("ann", "bob")
    ]
    settings.write_text("".join(tables), encoding="utf-8")
    run = replace(run, environ={name: each for name, each in run.environ.items() if "OUTPUT" not in name})
    advised = run("--config", str(settings), "export").stderr
    assert all(f"import FILE --account {name}\n" in advised for name in ("ann", "bob"))
    for name, number in (("ann", 1), ("bob", 2)):
        path = run.folder / f"{name}.txt"
        path.write_text(f"tvdb:{1000 + number}\n", encoding="utf-8")
        assert run("--config", str(settings), "import", "--account", name, str(path)).exit_code == 0
    result = run("--config", str(settings), "export")
    assert result.exit_code == 0, result.stderr
    for name, number in (("ann", 1), ("bob", 2)):
        octets = (run.folder / f"{name}.ics").read_bytes()
        assert set(re.findall(rb"UID:(tvdb-\d+)", octets)) == {b"tvdb-%d" % (1000 + number)}
        assert f"SCOPE:v2/my/{name}/".encode() in octets
    assert "trakt-ical --config" in (shown := run("--config", str(settings), "status").stdout)
    assert "shows --account ann\n" in shown
    assert tvmaze.paths.count("/schedule/full") == 2
