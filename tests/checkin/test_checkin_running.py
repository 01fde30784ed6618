"""A check-in that meets another one, and how either ends."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.checkins import HARBOR, OTHER, CheckInLine
from tests.conftest import Line

WHAT_RUNS = "Harbor Nine 10x08 Fathoms"


@pytest.fixture(params=["v2", "v1"])
def checkin(request: pytest.FixtureRequest, line: Line) -> CheckInLine:
    """The command over one API, then over the other."""
    return CheckInLine(line, request.param)


@pytest.fixture
def running(checkin: CheckInLine) -> CheckInLine:
    """The same, while a check-in of an hour runs."""
    assert checkin(*HARBOR).exit_code == 0
    return checkin


def test_without_a_terminal_it_is_told(running: CheckInLine) -> None:
    """What runs, and until when, is told with exit 7, and it goes on."""
    result = running(*OTHER)
    assert result.exit_code == 7
    assert WHAT_RUNS in result.stderr
    assert running.read_status() == "Harbor Nine 10x08 Fathoms"


def test_replace_ends_the_other(running: CheckInLine) -> None:
    """--replace ends what runs, once, and begins the new one."""
    assert running(*OTHER, "--replace").exit_code == 0
    assert running.read_status().startswith("Tea & Trespass 15x01")
    assert (running.count_cancels(), len(running.list_posts())) == (1, 3)


def test_replace_without_another_ends_nothing(checkin: CheckInLine) -> None:
    """--replace where nothing runs is a check-in as any other."""
    assert checkin(*OTHER, "--replace").exit_code == 0
    assert (checkin.count_cancels(), len(checkin.list_posts())) == (0, 1)


def test_wait_begins_when_the_other_ended(running: CheckInLine) -> None:
    """--wait sleeps until the other's end, and no longer; the other one counts as watched."""
    begun = running.clock.now
    result = running(*OTHER, "--wait")
    assert result.exit_code == 0
    assert WHAT_RUNS in result.stderr
    assert timedelta(minutes=60) <= running.clock.now - begun <= timedelta(minutes=62)
    assert running.read_status().startswith("Tea & Trespass 15x01")
    assert running.count_cancels() == 0


@pytest.mark.parametrize("choice", ["--wait", "--replace"])
def test_quiet_says_nothing(running: CheckInLine, choice: str) -> None:
    """With -q a check-in that replaces or waits for another one is silent."""
    result = running.line("-q", "checkin", "--api", running.api, *OTHER, choice)
    assert (result.exit_code, result.output) == (0, "")


def test_of_wait_and_replace_the_last_one_holds(checkin: CheckInLine) -> None:
    """As with any switch that a line turns twice."""
    assert checkin(*HARBOR).exit_code == 0
    assert checkin(*OTHER, "--wait", "--replace").exit_code == 0
    assert checkin.count_cancels() == 1


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
def test_on_a_terminal_it_is_asked(running: CheckInLine, typed: str, status: int, after: str, ended: int) -> None:
    """Wait, replace or leave: Enter leaves what runs as it is."""
    result = running(*OTHER, typed=typed)
    assert result.exit_code == status
    assert WHAT_RUNS in result.stderr
    assert running.read_status().startswith(after)
    assert running.count_cancels() == ended


def test_status_tells_what_runs(running: CheckInLine) -> None:
    """--status is data, on stdout; v1 does not tell until when."""
    result = running("--status")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(WHAT_RUNS)
    assert ("15:01" in result.stdout) == ("1 h 1 min" in result.stdout) == (running.api == "v2")


def test_cancel_ends_what_runs(running: CheckInLine) -> None:
    """--cancel says what it ended; a second one, that nothing is running."""
    result = running("--cancel")
    assert (result.exit_code, WHAT_RUNS in result.stderr) == (0, True)
    again = running("--cancel")
    assert (again.exit_code, WHAT_RUNS in again.stderr) == (0, False)
    assert running.read_status() == "Nothing is running"


def test_a_movie_is_cancelled_as_a_movie(checkin: CheckInLine) -> None:
    """V1 has a way of its own to end a movie's check-in."""
    assert checkin("--movie", "paper harbor", "2025").exit_code == 0
    assert checkin("--cancel").exit_code == 0
    if checkin.api == "v1":
        assert any(each.path.startswith("/movie/cancelcheckin/") for each in checkin.demo.requests)
    assert checkin.read_status() == "Nothing is running"


def test_a_check_in_ends_by_itself(running: CheckInLine) -> None:
    """When its time is over nothing runs, and the episode is watched."""
    running.clock.pass_by(minutes=62)
    assert running.read_status() == "Nothing is running"
    result = running("harbor")
    assert (result.exit_code, "Harbor Nine" in result.stderr) == (9, True)


def test_near_its_end_trakt_lets_the_next_begin(line: Line) -> None:
    """After four fifths of a check-in API v2 answers the next one with success."""
    checkin = CheckInLine(line, "v2")
    checkin(*HARBOR)
    checkin.clock.pass_by(minutes=50)
    assert checkin(*OTHER).exit_code == 0
    assert checkin.read_status().startswith("Tea & Trespass 15x01")


def test_what_is_shared_is_told(checkin: CheckInLine) -> None:
    """Only what --share names is shared, in the words of --message; what Trakt did not share is told as well."""
    other = "mastodon" if checkin.api == "v2" else "tumblr"
    result = checkin(*HARBOR, "--share", f"twitter,{other}", "--message", "Fog, for three days")
    shared = checkin.demo.shared
    assert [each["message"] for each in shared] == ["Fog, for three days"]
    networks = shared[0]["networks"]
    shared_on, _, not_shared = result.stderr.partition(" not share ")
    assert all(name in shared_on for name in networks)
    assert all(name in not_shared for name in {"twitter", other} - set(networks))


def test_a_check_in_is_quiet(checkin: CheckInLine) -> None:
    """Without --share nothing is shared, whatever the account's own settings say."""
    result = checkin(*HARBOR)
    sharing = checkin.list_bodies()[0]["sharing" if checkin.api == "v2" else "share"]
    assert set(sharing.values()) == {False}
    assert (checkin.demo.shared, "hared" in result.stderr) == ([], False)


def test_a_long_message_is_cut_by_api_v1(line: Line) -> None:
    """V1 takes 100 characters: the rest is cut, and that is said; v2 takes all."""
    message = "Fog. " * 30
    v1, v2 = CheckInLine(line, "v1"), CheckInLine(line, "v2")
    cut = v1(*HARBOR, "--share", "twitter", "--message", message)
    assert v1.list_bodies()[-1]["message"] == message[:100]
    assert "100 characters" in cut.stderr
    v1("--cancel")
    whole = v2(*HARBOR, "--share", "twitter", "--message", message)
    assert v2.list_bodies()[-1]["message"] == message.strip()
    assert "100" not in whole.stderr


def test_running_is_told_to_scripts(running: CheckInLine) -> None:
    """--json says until when what runs goes on."""
    told = json.loads(running(*OTHER, "--json").stdout)
    assert WHAT_RUNS in told["error"]
    assert told["running_until"].endswith("+00:00")
