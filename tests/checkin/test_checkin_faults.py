"""A check-in while Trakt or the network fails: it never counts twice, and nothing is claimed that is not known."""

from __future__ import annotations

import json
import re

import pytest

from tests.checkins import HARBOR, OTHER, CheckInLine
from tests.conftest import Line
from tests.server import Reply, Request, run_server
from trakt_ical.demo import Body, Drop, Fault

POST = {"path": r"^/checkin$|^/show/checkin/", "method": "POST"}
LOOK = {"path": "watching", "times": 0}


@pytest.fixture(params=["v2", "v1"])
def checkin(request: pytest.FixtureRequest, line: Line) -> CheckInLine:
    """The command over one API, then over the other."""
    return CheckInLine(line, request.param)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(**POST, status=500, takes_effect=True),
        Fault(**POST, status=503, takes_effect=True),
        Fault(**POST, status=502, body=Body.HTML, takes_effect=True),
        Fault(**POST, status=200, body=Body.HTML, takes_effect=True),
        Fault(**POST, status=200, body=Body.GARBAGE, takes_effect=True),
        Fault(**POST, status=200, body=Body.EMPTY, takes_effect=True),
        Fault(**POST, status=200, takes_effect=True),  # v1: a failure in words
        Fault(**POST, status=404, body=Body.EMPTY, takes_effect=True),
        Fault(**POST, status=404, body=Body.HTML, takes_effect=True),
        Fault(**POST, status=400, takes_effect=True),
        Fault(**POST, status=405, takes_effect=True),
        Fault(**POST, status=422, takes_effect=True),
        Fault(**POST, drop=Drop.AFTER),
        Fault(**POST, truncate=True),
    ],
    ids=lambda fault: str(fault.status or fault.drop or "truncated"),
)
def test_a_check_in_that_counted_although_its_answer_was_lost(checkin: CheckInLine, fault: Fault) -> None:
    """What is being watched tells that it counted: exit 0, until when is told, and one POST was sent."""
    checkin.demo.misbehave(fault)
    result = checkin(*HARBOR)
    assert result.exit_code == 0
    assert re.search(r"Harbor Nine 10x08 Fathoms\b.*\d\d:\d\d", result.stderr)
    assert len(checkin.list_posts()) == 1
    assert checkin.read_status() == "Harbor Nine 10x08 Fathoms"


def test_an_absolute_number_is_known_by_what_trakt_calls_it(line: Line) -> None:
    """Trakt tells season and number of what was posted by its absolute number: it counted all the same."""
    checkin = CheckInLine(line, "v2")
    checkin.demo.misbehave(Fault(**POST, drop=Drop.AFTER))
    result = checkin("月下", "absolute", "27")
    assert (result.exit_code, len(checkin.list_posts())) == (0, 1)
    assert checkin.read_status().startswith("月下の屋台 3x03")


@pytest.mark.parametrize(
    "fault",
    [
        Fault(**POST, status=500),
        Fault(**POST, status=503),
        Fault(**POST, status=520, body=Body.HTML),
        Fault(**POST, drop=Drop.BEFORE),
    ],
    ids=lambda fault: str(fault.status or fault.drop),
)
def test_a_check_in_that_did_not_count(checkin: CheckInLine, fault: Fault) -> None:
    """Nothing is being watched: exit 5 says so, and no second POST is sent."""
    checkin.demo.misbehave(fault)
    result = checkin(*HARBOR)
    assert result.exit_code == 5
    assert len(checkin.list_posts()) == 1
    assert checkin.read_status() == "Nothing is running"


def test_a_check_in_that_did_not_count_beside_another(checkin: CheckInLine) -> None:
    """Where something else is being watched it is named."""
    checkin(*OTHER)
    checkin.demo.misbehave(Fault(**POST, status=500))
    result = checkin(*HARBOR)
    assert result.exit_code == 5
    assert "Tea & Trespass 15x01" in result.stderr


def test_a_check_in_of_which_nothing_is_known(checkin: CheckInLine) -> None:
    """Where not even what is being watched can be asked: exit 5 says that it is not known, and how to look."""
    checkin.demo.misbehave(Fault(**POST, status=500, takes_effect=True), Fault(**LOOK, status=503))
    result = checkin(*HARBOR)
    assert result.exit_code == 5
    assert "trakt-ical checkin --status" in result.stderr
    assert len(checkin.list_posts()) == 1


def test_another_check_in_is_told_even_if_it_cannot_be_named(checkin: CheckInLine) -> None:
    """The conflict is certain; where what runs cannot be asked, its end is told all the same."""
    checkin(*OTHER)
    checkin.demo.misbehave(Fault(**LOOK, status=500))
    result = checkin(*HARBOR)
    assert (result.exit_code, bool(re.search(r"\b\d\d:\d\d\b", result.stderr))) == (7, True)


NO_END = [
    b"",
    b"{}",
    b"[]",
    b'{"expires_at": null}',
    b'{"expires_at": "soon"}',
    b'{"expires_at": "9999-12-31T23:59:59Z"}',
]


@pytest.mark.parametrize("body", NO_END)
@pytest.mark.parametrize("knows", [True, False])
def test_a_conflict_without_an_end_is_one(line: Line, body: bytes, knows: bool) -> None:
    """A 409 that does not say until when: what is being watched tells, or nobody does; exit 7, after one POST."""
    show = {"title": "Other", "ids": {"trakt": 9}}
    watching = {"started_at": "2026-04-18T11:30:00Z", "expires_at": "2026-04-18T12:30:00Z", "show": show}
    found = [{"type": "show", "show": {"title": "Named", "ids": {"trakt": 1}}}]
    episode = {"season": 1, "number": 2, "title": "Part"}

    def answer(request: Request) -> Reply:
        match request.path.partition("?")[0].split("/")[1:]:
            case ["checkin"]:
                return Reply(body, 409)
            case ["users", "me", "watching"]:
                return Reply(
                    json.dumps(watching | {"episode": episode}).encode() if knows else b"", 200 if knows else 204
                )
            case ["search", *_]:
                return Reply(json.dumps(found).encode())
            case ["shows", *_]:
                return Reply(json.dumps(episode).encode())
        return Reply()

    with run_server(answer) as (url, asked):
        result = line("checkin", "named", "1x02", environ={"TRAKT_ICAL_API_URL": url, "TRAKT_ICAL_TIMEZONE": "UTC"})
    assert result.exit_code == 7, result.output
    assert ("Other 1x02" in result.stderr, "12:30" in result.stderr) == (knows, knows)
    assert [request.path for request in asked if request.method == "POST"] == ["/checkin"]


def test_a_success_stays_one_if_its_end_cannot_be_asked(line: Line) -> None:
    """Of a show without a runtime v2 tells the end in what is being watched; without it the check-in counts as well."""
    checkin = CheckInLine(line, "v2")
    assert "14:30" in checkin("static hours", "10x01").stderr
    checkin("--cancel")
    checkin.demo.misbehave(Fault(**LOOK, status=500))
    result = checkin("static hours", "10x01")
    assert (result.exit_code, result.stderr.splitlines()[-1].count("Static Hours 10x01 Untuned")) == (0, 1)
    assert "14:30" not in result.stderr


def test_without_a_network_nothing_was_sent(checkin: CheckInLine) -> None:
    """Where no connection comes about it is tried again, and then told; nobody looks what counted."""
    checkin.export()
    checkin.demo.__exit__(None, None, None)
    result = checkin(*HARBOR)
    checkin.demo.__enter__()  # the fixture ends it
    assert result.exit_code == 5
    assert result.stderr.count("trying again") == 1
    assert "no connection" in result.stderr
    assert "not known" not in result.stderr


def test_a_refusal_for_haste_is_waited_out(line: Line) -> None:
    """After a 429 the POST is sent again when Trakt says, since the first had no effect."""
    checkin = CheckInLine(line, "v2")
    checkin.demo.misbehave(Fault(**POST, status=429, retry_after=7))
    assert checkin(*HARBOR).exit_code == 0
    assert 7 in checkin.clock.slept
    assert len(checkin.list_posts()) == 2


def test_a_login_that_ended_is_told(line: Line) -> None:
    """A 401 that a renewed token does not mend is exit 4, and the check-in did not count."""
    checkin = CheckInLine(line, "v2")
    checkin.export()
    checkin.demo.misbehave(Fault(**POST, status=401, times=0))
    assert checkin(*HARBOR).exit_code == 4
    checkin.demo.behave()
    assert checkin.read_status() == "Nothing is running"


def test_a_token_that_expired_is_renewed(line: Line) -> None:
    """A 401 renews the token once, and then the check-in counts, once."""
    checkin = CheckInLine(line, "v2")
    checkin.export()
    checkin.demo.expire_tokens()
    assert checkin(*HARBOR).exit_code == 0
    assert checkin.read_status() == "Harbor Nine 10x08 Fathoms"


def test_a_wrong_password_is_told(line: Line) -> None:
    """V1 takes neither a wrong password nor a key that may not check in: exit 3."""
    checkin = CheckInLine(line, "v1")
    checkin.export()
    assert checkin(*HARBOR, environ={"TRAKT_ICAL_PASSWORD": "wrong-password"}).exit_code == 3
    assert checkin(*HARBOR, environ={"TRAKT_ICAL_API_KEY": checkin.demo.reading_key}).exit_code == 3
    assert checkin.read_status() == "Nothing is running"


def test_a_locked_account_is_told(line: Line) -> None:
    """What Trakt refuses for good is told with its reason, and nobody looks what counted."""
    checkin = CheckInLine(line, "v2")
    checkin.demo.misbehave(Fault(**POST, status=423))
    result = checkin(*HARBOR)
    assert (result.exit_code, "locked" in result.stderr, "being watched" in result.stderr) == (5, True, False)


def test_cancelling_whose_answer_is_lost(checkin: CheckInLine) -> None:
    """V2 is asked again, v1 is looked at: what was ended is told with exit 0."""
    checkin(*HARBOR)
    cancel = {"path": "^/checkin$|cancelcheckin", "method": "DELETE" if checkin.api == "v2" else "POST"}
    checkin.demo.misbehave(Fault(**cancel, status=503, takes_effect=True))
    result = checkin("--cancel")
    assert (result.exit_code, "Harbor Nine" in result.stderr) == (0, True)
    assert checkin.read_status() == "Nothing is running"


def test_cancelling_that_fails_is_told(checkin: CheckInLine) -> None:
    """What still runs was not ended: exit 5."""
    checkin(*HARBOR)
    cancel = {"path": "^/checkin$|cancelcheckin", "method": "DELETE" if checkin.api == "v2" else "POST"}
    checkin.demo.misbehave(Fault(**cancel, status=503, times=0))
    assert checkin("--cancel").exit_code == 5
    assert checkin.read_status().startswith("Harbor Nine")


def test_replacing_that_fails_half_way_is_told(checkin: CheckInLine) -> None:
    """The other one was ended and the new one did not count: that nothing is being watched is said."""
    checkin(*OTHER)
    checkin.demo.misbehave(Fault(**POST, status=500, skip=1))
    result = checkin(*HARBOR, "--replace")
    assert (result.exit_code, checkin.count_cancels()) == (5, 1)
    assert checkin.read_status() == "Nothing is running"


CANCEL = {"path": r"^/checkin$|^/show/cancelcheckin/"}
UNKNOWN = [
    Fault(**CANCEL, status=204),
    Fault(**CANCEL, status=200, body=Body.EMPTY),
    Fault(**CANCEL, status=200, body=Body.GARBAGE),
    Fault(**CANCEL, status=404),
    Fault(**CANCEL, status=500),
]


@pytest.mark.parametrize("takes_effect", [False, True])
@pytest.mark.parametrize("fault", UNKNOWN, ids=["204", "empty", "garbage", "404", "500"])
def test_an_end_that_trakt_does_not_confirm_is_looked_up(
    checkin: CheckInLine, fault: Fault, takes_effect: bool
) -> None:
    """“Ended” is said where nothing runs any more, and never while something does."""
    assert checkin(*HARBOR).exit_code == 0
    if checkin.api == "v2" and fault.status == 204:
        return  # that is how v2 confirms it
    times = 0 if fault.status == 500 else 1
    checkin.demo.misbehave(Fault(**{**vars(fault), "takes_effect": takes_effect, "times": times}))
    result = checkin("--cancel")
    checkin.demo.behave()
    is_over = checkin.read_status() == "Nothing is running"
    assert is_over is takes_effect
    assert (result.exit_code == 0, "Ended" in result.stderr) == (is_over, is_over), result.stderr


def test_what_cannot_be_named_is_not_taken_for_nothing(line: Line) -> None:
    """An answer about something that is being watched, without a title, is no answer."""
    checkin = CheckInLine(line, "v2")
    moments = {"started_at": "2026-04-18T11:00:00Z", "expires_at": "2026-04-18T13:00:00Z"}
    with run_server(lambda _: Reply(json.dumps(moments).encode())) as (url, _):
        result = checkin("--cancel", environ={"TRAKT_ICAL_API_URL": url})
    assert (result.exit_code, "Nothing is running" in result.stderr) == (5, False)
