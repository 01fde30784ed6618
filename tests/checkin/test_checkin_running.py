"""A check-in that meets another one, and how either ends."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.checkins import HARBOR, OTHER, Desk
from tests.conftest import Line

WHAT_RUNS = "A check-in is running: Harbor Nine 10x08 Fathoms, until "


@pytest.fixture(params=["v2", "v1"])
def desk(request: pytest.FixtureRequest, line: Line) -> Desk:
    """The command over one API, then over the other."""
    return Desk(line, request.param)


@pytest.fixture
def running(desk: Desk) -> Desk:
    """The same, while a check-in of an hour runs."""
    assert desk(*HARBOR).exit_code == 0
    return desk


def test_without_a_terminal_it_is_told(running: Desk) -> None:
    """What runs, and until when, is told with exit 7, and it goes on."""
    result = running(*OTHER)
    assert result.exit_code == 7
    assert result.stderr.startswith(f"Error: {WHAT_RUNS}")
    assert running.status() == "Harbor Nine 10x08 Fathoms"


def test_replace_ends_the_other(running: Desk) -> None:
    """--replace ends what runs, once, and begins the new one."""
    assert running(*OTHER, "--replace").exit_code == 0
    assert running.status().startswith("Tea & Trespass 15x01")
    assert (running.cancels(), len(running.posts())) == (1, 3)


def test_replace_without_another_ends_nothing(desk: Desk) -> None:
    """--replace where nothing runs is a check-in as any other."""
    assert desk(*OTHER, "--replace").exit_code == 0
    assert (desk.cancels(), len(desk.posts())) == (0, 1)


def test_wait_begins_when_the_other_ended(running: Desk) -> None:
    """--wait sleeps until the other's end, and no longer; the other one counts as watched."""
    begun = running.clock.now
    result = running(*OTHER, "--wait")
    assert result.exit_code == 0
    assert "Waiting until " in result.stderr
    assert timedelta(minutes=60) <= running.clock.now - begun <= timedelta(minutes=62)
    assert running.status().startswith("Tea & Trespass 15x01")
    assert running.cancels() == 0


@pytest.mark.parametrize("choice", ["--wait", "--replace"])
def test_quiet_says_nothing(running: Desk, choice: str) -> None:
    """With -q a check-in that replaces or waits for another one is silent."""
    result = running.line("-q", "checkin", "--api", running.api, *OTHER, choice)
    assert (result.exit_code, result.output) == (0, "")


def test_of_wait_and_replace_the_last_one_holds(desk: Desk) -> None:
    """As with any switch that a line turns twice."""
    assert desk(*HARBOR).exit_code == 0
    assert desk(*OTHER, "--wait", "--replace").exit_code == 0
    assert desk.cancels() == 1


@pytest.mark.parametrize(
    ("typed", "status", "after", "ended"),
    [
        ("r\n", 0, "Tea & Trespass 15x01", 1),
        ("no\nreplace\n", 0, "Tea & Trespass 15x01", 1),
        ("replace\n", 0, "Tea & Trespass 15x01", 1),
        ("wait\n", 0, "Tea & Trespass 15x01", 0),
        ("leave\n", 7, "Harbor Nine 10x08", 0),
        ("\n", 7, "Harbor Nine 10x08", 0),
    ],
)
def test_on_a_terminal_it_is_asked(running: Desk, typed: str, status: int, after: str, ended: int) -> None:
    """Wait, replace or leave: Enter leaves what runs as it is."""
    result = running(*OTHER, typed=typed)
    assert result.exit_code == status
    assert WHAT_RUNS in result.stderr
    assert running.status().startswith(after)
    assert running.cancels() == ended


def test_status_tells_what_runs(running: Desk) -> None:
    """--status is data, on stdout; v1 does not tell until when."""
    result = running("--status")
    until = ", until 15:01 (1 h 1 min left)" if running.api == "v2" else ""
    assert (result.exit_code, result.stdout) == (0, f"Harbor Nine 10x08 Fathoms{until}.\n")


def test_cancel_ends_what_runs(running: Desk) -> None:
    """--cancel says what it ended; a second one, that nothing is running."""
    result = running("--cancel")
    assert (result.exit_code, result.stderr) == (0, "Ended the check-in to Harbor Nine 10x08 Fathoms.\n")
    again = running("--cancel")
    assert (again.exit_code, again.stderr) == (0, "Nothing is running.\n")
    assert running.status() == "Nothing is running"


def test_a_movie_is_cancelled_as_a_movie(desk: Desk) -> None:
    """V1 has a way of its own to end a movie's check-in."""
    assert desk("--movie", "paper harbor", "2025").exit_code == 0
    assert desk("--cancel").exit_code == 0
    if desk.api == "v1":
        assert any(each.path.startswith("/movie/cancelcheckin/") for each in desk.demo.requests)
    assert desk.status() == "Nothing is running"


def test_a_check_in_ends_by_itself(running: Desk) -> None:
    """When its time is over nothing runs, and the episode is watched."""
    running.clock.pass_by(minutes=62)
    assert running.status() == "Nothing is running"
    result = running("harbor")
    assert (result.exit_code, "waits to be watched" in result.stderr) == (9, True)


def test_near_its_end_trakt_lets_the_next_begin(line: Line) -> None:
    """After four fifths of a check-in API v2 answers the next one with success."""
    desk = Desk(line, "v2")
    desk(*HARBOR)
    desk.clock.pass_by(minutes=50)
    assert desk(*OTHER).exit_code == 0
    assert desk.status().startswith("Tea & Trespass 15x01")


def test_what_is_shared_is_told(desk: Desk) -> None:
    """Only what --share names is shared, in the words of --message; what Trakt did not share is told as well."""
    other = "mastodon" if desk.api == "v2" else "tumblr"
    result = desk(*HARBOR, "--share", f"twitter,{other}", "--message", "Fog, for three days")
    shared = desk.demo.shared
    assert [each["message"] for each in shared] == ["Fog, for three days"]
    networks = shared[0]["networks"]
    assert f"Shared on {', '.join(sorted(networks))}." in result.stderr
    missing = sorted({"twitter", other} - set(networks))
    assert all(f"Not shared on {name}" in result.stderr for name in missing)


def test_a_check_in_is_quiet(desk: Desk) -> None:
    """Without --share nothing is shared, whatever the account's own settings say."""
    result = desk(*HARBOR)
    sharing = desk.bodies()[0]["sharing" if desk.api == "v2" else "share"]
    assert set(sharing.values()) == {False}
    assert (desk.demo.shared, "hared" in result.stderr) == ([], False)


def test_a_long_message_is_cut_by_api_v1(line: Line) -> None:
    """V1 takes 100 characters: the rest is cut, and that is said; v2 takes all."""
    message = "Fog. " * 30
    v1, v2 = Desk(line, "v1"), Desk(line, "v2")
    cut = v1(*HARBOR, "--share", "twitter", "--message", message)
    assert v1.bodies()[-1]["message"] == message[:100]
    assert "cut at 100 characters" in cut.stderr
    v1("--cancel")
    whole = v2(*HARBOR, "--share", "twitter", "--message", message)
    assert v2.bodies()[-1]["message"] == message.strip()
    assert "cut" not in whole.stderr


def test_running_is_told_to_scripts(running: Desk) -> None:
    """--json says until when what runs goes on."""
    told = json.loads(running(*OTHER, "--json").stdout)
    assert WHAT_RUNS in told["error"]
    assert told["running_until"].endswith("+00:00")
