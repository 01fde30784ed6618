"""What check-ins send and understand: API v1's own page, API v2's contract."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import trakt_ical
from tests.checkins import HARBOR, CheckInLine
from tests.conftest import Line
from tests.demos import make_json_schema
from tests.server import Reply, Request, run_server

PAGE = "004_539d799a4282c618.txt"
WALKING_DEAD = {"tvdb_id": 153021, "title": "The Walking Dead", "year": 2010}


@pytest.fixture(scope="module")
def page(shared: Path) -> str:
    """API v1's page on show/checkin."""
    return (shared / "seeds" / PAGE).read_text(encoding="utf-8")


@pytest.fixture
def v1(line: Line) -> CheckInLine:
    """The command over API v1."""
    return CheckInLine(line, "v1")


@pytest.fixture
def v2(line: Line) -> CheckInLine:
    """The command over API v2."""
    return CheckInLine(line, "v2")


def read_example(page: str) -> dict[str, Any]:
    """The page's example request, its two slips mended: a comma is missing, and `share` is called `shared`."""
    text = page.partition("Example JSON POST\n")[2].partition("Example Response")[0]
    mended = re.sub(r'(\})\s*("message")', r"\1, \2", text).replace('"shared"', '"share"')
    return dict(json.loads(mended))


def read_answers(page: str) -> list[bytes]:
    """The two answers that the page prints: success, and a check-in that runs."""
    text = page.partition("Example Response\n")[2]
    found, place = [], text.find("{")
    while place >= 0:
        _, end = json.JSONDecoder().raw_decode(text, place)
        found.append(text[place:end].encode())
        place = text.find("{", end)
    return found


def check_in_with_answer(v1: CheckInLine, answer: bytes, *words: str) -> tuple[Any, list[Request]]:
    """What comes of a check-in to The Walking Dead 1x01 at a server that answers it with *answer*."""

    def answer_request(request: Request) -> Reply:
        if "/checkin/" in request.path:
            return Reply(answer)
        if "/show/summary.json/" in request.path:
            return Reply(json.dumps(WALKING_DEAD).encode())
        if "/episode/summary.json/" in request.path:
            return Reply(json.dumps({"show": WALKING_DEAD, "episode": {"season": 1, "number": 1}}).encode())
        return Reply(b"{}" if "watching" in request.path else b"[]")

    with run_server(answer_request) as (url, asked):
        environ = {"TRAKT_ICAL_API_URL": url, "TRAKT_ICAL_USERNAME": "username", "TRAKT_ICAL_TIMEZONE": "UTC"}
        result = v1("--tvdb", "153021", "1x01", *words, environ=environ)
    return result, asked


def test_a_request_of_api_v1_is_the_pages_field_by_field(page: str, v1: CheckInLine) -> None:
    """With all that the example has, the request is the example; the page requires no imdb_id, and names none."""
    words = ("--duration", "60", "--venue-id", "1234", "--share", "facebook")
    message = "I'm revisiting the first season of The Walking Dead"
    _, asked = check_in_with_answer(v1, read_answers(page)[0], *words, "--message", message)
    (post,) = (each for each in asked if each.path.startswith("/show/checkin/"))
    sent = json.loads(post.body)
    wanted = read_example(page)
    del wanted["imdb_id"]
    wanted["password"] = hashlib.sha1(b"demo-password").hexdigest()
    wanted["app_version"], wanted["app_date"] = trakt_ical.__version__, trakt_ical.RELEASED
    wanted["share"]["tumblr"] = False
    assert sent == wanted
    assert post.path == "/show/checkin/demo-api-key"
    assert post.headers["Content-Type"] == "application/json"


def test_every_documented_parameter_of_api_v1_can_be_sent(page: str, v1: CheckInLine) -> None:
    """The page's list of parameters, and no other name, is what a request with everything has."""
    listed = page.partition("JSON POST\n-\n")[2].partition("Example JSON POST")[0]
    names = set(re.findall(r"^(\w+)(?: \(optional\))?\n", listed, re.M))
    words = ("--duration", "60", "--venue-id", "1", "--venue-name", "Home", "--message", "Hi", "--share", "twitter")
    _, asked = check_in_with_answer(v1, read_answers(page)[0], *words, "--episode-tvdb", "2534591")
    (post,) = (each for each in asked if each.path.startswith("/show/checkin/"))
    assert set(json.loads(post.body)) == names
    assert len(names) == 15


def test_a_success_of_api_v1_is_understood_as_printed(page: str, v1: CheckInLine) -> None:
    """The page's first answer: begun at 1330670727, over an hour later."""
    result, _ = check_in_with_answer(v1, read_answers(page)[0], "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert told["since"] == datetime.fromtimestamp(1330670727, UTC).isoformat()
    assert told["until"] == datetime.fromtimestamp(1330674327, UTC).isoformat()
    assert told["shared"] == []


def test_a_conflict_of_api_v1_is_understood_as_printed(page: str, v1: CheckInLine) -> None:
    """The page's second answer: to be waited for 180 seconds."""
    result, _ = check_in_with_answer(v1, read_answers(page)[1])
    assert result.exit_code == 7
    assert all(part in result.stderr for part in ("12:03", "--wait", "--replace"))


def test_a_success_that_names_no_wait_is_one(page: str, v1: CheckInLine) -> None:
    """A server that fills in every field answers a success with a wait of 0."""
    result, _ = check_in_with_answer(v1, json.dumps({**json.loads(read_answers(page)[0]), "wait": 0}).encode())
    assert (result.exit_code, "The Walking Dead 1x01" in result.stderr) == (0, True)


@pytest.mark.parametrize(
    "answer",
    [
        b'{"status": "success"}',
        b'{"status": "success", "timestamps": {"start": 9, "end": 1}}',
        b'{"status": "failure", "wait": -5}',
        b'{"status": "failure", "wait": 1e99}',
        b"[]",
    ],
)
def test_an_answer_of_another_shape_is_not_believed(v1: CheckInLine, answer: bytes) -> None:
    """It counts as a lost one: what is being watched is looked at, and nothing is."""
    result, asked = check_in_with_answer(v1, answer)
    assert result.exit_code == 5
    assert sum("/checkin/" in each.path for each in asked) == 1


@pytest.mark.parametrize("blank", [b"", b"{}", b"[]", b" {} \n"])
def test_a_blank_answer_says_that_nothing_is_watched(v1: CheckInLine, blank: bytes) -> None:
    """PHP writes an empty object as a list, and sometimes as nothing."""
    with run_server(lambda asked: Reply(blank)) as (url, _):
        result = v1("--status", environ={"TRAKT_ICAL_API_URL": url})
    assert result.stdout == "Nothing is running.\n"


@pytest.mark.parametrize("api", ["v2", "v1"])
def test_a_title_is_one_line_and_commands_no_terminal(line: Line, api: str) -> None:
    """What a terminal would obey is left out of a title, and its line breaks are blanks."""
    moments = {"started_at": "2026-04-18T11:30:00.000Z", "expires_at": "2026-04-18T12:30:00.000Z"}
    show = {"title": "Heat\n\x1b]0;owned\x07Wave\x9b2J", "ids": {"trakt": 5}}
    running = {"type": "episode", "show": show, "episode": {"season": 1, "number": 2}, **moments}
    with run_server(lambda asked: Reply(json.dumps(running).encode())) as (url, _):
        environ = {"TRAKT_ICAL_API_URL": url, "TRAKT_ICAL_TIMEZONE": "UTC"}
        result = CheckInLine(line, api)("--status", environ=environ)
    assert result.stdout.splitlines()[0].startswith("Heat ]0;ownedWave2J 1x02")
    assert result.stdout.count("\n") == 1


@pytest.mark.parametrize("api", ["v2", "v1"])
def test_a_player_is_left_alone(line: Line, api: str) -> None:
    """What a player reports is told, and --cancel ends nothing."""
    show = {"title": "Heat Wave", "year": 2020, "ids": {"trakt": 5}, "tvdb_id": "5"}
    moments = {"started_at": "2026-04-18T11:30:00.000Z", "expires_at": "2026-04-18T12:30:00.000Z"}
    running = {"action": "scrobble", "type": "episode", "show": show, "episode": {"season": 1, "number": 2}, **moments}
    with run_server(lambda asked: Reply(json.dumps(running).encode())) as (url, asked):
        environ = {"TRAKT_ICAL_API_URL": url, "TRAKT_ICAL_TIMEZONE": "UTC"}
        result = CheckInLine(line, api)("--cancel", environ=environ)
    assert (result.exit_code, "player" in result.stderr) == (0, True)
    assert {each.method for each in asked} == {"GET"}


def test_what_a_player_reports_is_no_check_in(v2: CheckInLine) -> None:
    """A check-in that failed is not taken for begun because a player reports the same episode."""
    ids = {"show": {"title": "Heat Wave", "ids": {"trakt": 5}}, "episode": {"season": 1, "number": 2}}
    moments = {"started_at": "2026-04-18T11:30:00.000Z", "expires_at": "2026-04-18T12:30:00.000Z"}

    def answer_request(request: Request) -> Reply:
        if request.path == "/checkin":
            return Reply(b"", 500)
        if request.path.startswith("/users/me/watching"):
            return Reply(json.dumps({"action": "scrobble", **ids, **moments}).encode())
        if "/search/" in request.path:
            return Reply(json.dumps([{"show": ids["show"]}]).encode())
        return Reply(json.dumps(ids["episode"]).encode() if "/episodes/" in request.path else b"[]")

    with run_server(answer_request) as (url, _):
        environ = {"TRAKT_ICAL_API_URL": url, "TRAKT_ICAL_TIMEZONE": "UTC"}
        result = v2("--trakt", "5", "1x02", environ=environ)
    assert result.exit_code == 5
    assert "Heat Wave 1x02" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        HARBOR,
        (*HARBOR, "--share", "twitter,mastodon", "--message", "Fog"),
        ("月下", "absolute", "27"),
        ("harbor", "special", "10"),
        ("--movie", "paper harbor", "2025"),
        ("--movie", "--imdb", "tt90700029"),
        ("tea",),
        (),
    ],
)
def test_a_request_of_api_v2_keeps_the_contract(shared: Path, v2: CheckInLine, words: tuple[str, ...]) -> None:
    """Each form of a check-in fits the contract's body, all keys of sharing said, and names nothing else."""
    contract = json.loads((shared / "oracle" / "trakt-v2.openapi.json").read_text(encoding="utf-8"))
    schema = contract["paths"]["/checkin"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert v2(*words).exit_code == 0
    (body,) = v2.list_bodies()
    assert list(Draft202012Validator(make_json_schema(schema)).iter_errors(body)) == []
    assert set(body["sharing"]) == {"twitter", "mastodon", "tumblr"}


def test_lucenes_signs_are_escaped(v2: CheckInLine) -> None:
    """A title's own signs are no commands of the search: each bears a backslash, operators are small."""
    v2("what/if?: (AND) it*")
    queries = [each.query["query"] for each in v2.demo.requests if "/search/" in each.path]
    # Exactly and roughly so among shows, then among movies; then the longest words alone, among both.
    assert queries == [*[r"what\/if\?\: \(and\) it\*"] * 4, "what", "and", "if"]
