"""The built-in Trakt's answers against the contract of API v2 and the answers of API v1."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from jsonschema import Draft202012Validator

from tests.demos import Demo, make_headers, make_json_schema, make_login

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RANGE = "/calendars/{target}/%s/{start_date}/{days}"
KINDS = ("shows", "shows/new", "shows/premieres", "shows/finales", "movies", "streaming", "dvd")
EPISODE = {"show": {"ids": {"slug": "harbor-nine"}}, "episode": {"season": 13, "number": 4}}
MOVIE = {"movie": {"ids": {"trakt": 734}}}


@pytest.fixture(scope="module")
def contract(shared: Path) -> dict[str, Any]:
    """What the contract says of each path."""
    return dict(json.loads((shared / "oracle" / "trakt-v2.openapi.json").read_text("utf-8"))["paths"])


@pytest.fixture
def trakt() -> Iterator[Demo]:
    """A demo whose clock stands still."""
    with Demo(now=lambda: NOW, interval=0) as running:
        yield running


@pytest.fixture
def session(trakt: Demo) -> Iterator[requests.Session]:
    """A program that is logged in."""
    with requests.Session() as opened:
        opened.headers.update(make_headers(trakt))
        opened.headers["Content-Type"] = "application/json"
        yield opened


def find_faults(contract: dict[str, Any], path: str, answer: requests.Response) -> list[str]:
    """Where an answer differs from what the contract says of its path, method and status."""
    assert answer.request.method
    described = contract[path][answer.request.method.lower()]["responses"][str(answer.status_code)]
    schema = make_json_schema(described["content"]["application/json"]["schema"])
    found = Draft202012Validator(schema).iter_errors(answer.json())
    return [f"{error.json_path}: {error.message[:200]}" for error in found]


@pytest.mark.parametrize("extended", ["min", "full"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", ["my", "all"])
def test_calendars_are_as_the_contract_says(
    trakt: Demo, session: requests.Session, contract: dict[str, Any], target: str, kind: str, extended: str
) -> None:
    """Every calendar, minimal and full, fits its schema and names nothing else."""
    listed = 0
    for start in ("2026-10-24", "2026-11-26", "2026-12-29", "2027-01-31"):
        url = f"{trakt.url}/calendars/{target}/{kind}/{start}/33?extended={extended}"
        answer = session.get(url, timeout=60)
        assert find_faults(contract, RANGE % kind, answer) == []
        listed += len(answer.json())
    assert listed


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/users/hidden/{section}", "/users/hidden/calendar?extended=full"),
        ("/users/hidden/{section}", "/users/hidden/dropped?limit=100"),
        ("/users/hidden/dropped", "/users/hidden/dropped"),
        ("/sync/last_activities", "/sync/last_activities"),
        ("/shows/{id}/progress/watched", "/shows/harbor-nine/progress/watched?specials=false"),
        ("/shows/{id}/progress/watched", "/shows/101/progress/watched?extended=full"),
        ("/shows/{id}/progress/watched", "/shows/cabin-pressure-point/progress/watched"),
        ("/shows/{id}/progress/watched", "/shows/clockwork-koi/progress/watched"),
        ("/users/{id}/watched/{type}", "/users/me/watched/shows"),
        ("/users/{id}/watched/{type}", "/users/me/watched/shows?limit=1"),
        ("/users/{id}/watched/{type}", "/users/me/watched/movies"),
        ("/users/{id}/watched/shows", "/users/me/watched/shows?extended=min&limit=all&specials=true"),
        ("/users/{id}/watched/movies", "/users/me/watched/movies?extended=min"),
        ("/users/{id}/watchlist/{type}/{sort_by}/{sort_how}", "/users/me/watchlist/movies,shows/rank/asc"),
        ("/users/{id}/watchlist/{type}/{sort_by}/{sort_how}", "/users/me/watchlist/movies/rank/asc?extended=full"),
        ("/users/{id}/watchlist/{type}/{sort_by}/{sort_how}", "/users/me/watchlist/all/rank/asc"),
        ("/movies/{id}/releases/{country}", "/movies/735/releases/us"),
        ("/movies/{id}/releases/{country}", "/movies/paper-harbor-2026/releases/gb"),
        ("/shows/{id}/seasons/{season}/episodes/{episode}", "/shows/harbor-nine/seasons/13/episodes/4"),
        ("/shows/{id}/seasons/{season}/episodes/{episode}", "/shows/101/seasons/0/episodes/4?extended=full"),
        ("/search/{type}", "/search/movie,show?query=the"),
        ("/search/{type}", "/search/show?query=the+long+shift&extended=full"),
        ("/search/{type}/exact", "/search/movie/exact?query=paper+harbor&extended=full"),
        ("/search/{id_type}/{id}", "/search/tvdb/400101?type=show"),
        ("/search/{id_type}/{id}", "/search/trakt/1010099?type=episode&extended=full"),
    ],
)
def test_answers_about_the_user_are_as_the_contract_says(
    trakt: Demo, session: requests.Session, contract: dict[str, Any], path: str, asked: str
) -> None:
    """Hidden shows, activity, progress, what was watched and listed, releases and search fit their schemas."""
    answer = session.get(trakt.url + asked, timeout=60)
    assert find_faults(contract, path, answer) == []
    assert answer.json()


def test_settings_are_as_the_contract_says(trakt: Demo, session: requests.Session, contract: dict[str, Any]) -> None:
    """Settings fit their schema."""
    answer = session.get(f"{trakt.url}/users/settings", timeout=60)
    assert find_faults(contract, "/users/settings", answer) == []


@pytest.mark.parametrize("extended", ["min", "full"])
@pytest.mark.parametrize("body", [EPISODE, MOVIE])
def test_check_ins_are_as_the_contract_says(
    trakt: Demo, session: requests.Session, contract: dict[str, Any], body: object, extended: str
) -> None:
    """A check-in, its refusal and what is watched fit their schemas."""
    url = f"{trakt.url}/checkin"
    started, refused = session.post(url, json=body, timeout=60), session.post(url, json=body, timeout=60)
    assert (started.status_code, refused.status_code) == (201, 409)
    assert find_faults(contract, "/checkin", started) == []
    assert find_faults(contract, "/checkin", refused) == []
    watching = session.get(f"{trakt.url}/users/me/watching?extended={extended}", timeout=60)
    assert find_faults(contract, "/users/{id}/watching", watching) == []


def test_logins_are_as_the_contract_says(trakt: Demo, session: requests.Session, contract: dict[str, Any]) -> None:
    """Codes, tokens and refusals fit their schemas."""
    client = {"client_id": trakt.client_id}

    def post(path: str, **fields: str) -> requests.Response:
        answer = session.post(trakt.url + path, json={**client, **fields}, timeout=60)
        assert find_faults(contract, path, answer) == []
        return answer

    device = post("/oauth/device/code").json()
    trakt.approve(device["user_code"])
    token = post("/oauth/device/token", code=device["device_code"]).json()
    renewal = {"refresh_token": token["refresh_token"], "grant_type": "refresh_token"}
    assert [post("/oauth/token", **renewal).status_code for _ in range(2)] == [200, 400]


def test_api_v1_has_the_fields_of_2011(trakt: Demo, shared: Path) -> None:
    """An entry of the older form has exactly the fields of the documentation's example."""
    documented = json.loads((shared / "fixtures/v1/docs/user_calendar_shows.fixed.json").read_text("utf-8"))
    example = documented[0]["episodes"][0]
    entry = list_v1_entries(trakt)["quiet-archive"]
    assert set(entry["show"]) == set(example["show"])
    assert set(entry["episode"]) == set(example["episode"])
    for name, value in example["show"].items():
        assert isinstance(entry["show"][name], type(value)), name


def test_api_v1_has_the_fields_of_2014(trakt: Demo, shared: Path) -> None:
    """An entry of the newer form, asked for with a login, has exactly the fields once recorded."""
    recorded = shared / "fixtures/v1/recorded/user_calendar_shows_20130915_authed.json"
    example = json.loads(recorded.read_text("utf-8"))[0]["episodes"][0]
    entry = list_v1_entries(trakt, login=True)["harbor-nine"]
    assert set(entry["show"]) == set(example["show"])
    assert set(entry["episode"]) == set(example["episode"])
    for part in ("show", "episode"):
        for name, value in example[part].items():
            assert isinstance(entry[part][name], type(value)), name


@pytest.mark.parametrize(
    ("name", "twice"),
    [("show_checkin_success.json", False), ("show_checkin_failure_in_progress.json", True)],
)
def test_api_v1_checks_in_with_the_documented_fields(trakt: Demo, shared: Path, name: str, twice: bool) -> None:
    """A check-in of API v1 and its refusal have exactly the documented fields."""
    example = json.loads((shared / "fixtures/v1/docs" / name).read_text("utf-8"))
    url = f"{trakt.url}/show/checkin/{trakt.api_key}"
    body = {"tvdb_id": 400101, "season": 13, "episode": 4}
    for _ in range(1 + twice):
        answer = requests.post(url, json=body, auth=make_login(trakt), timeout=60)
    assert answer.status_code == 200
    assert set(answer.json()) == set(example)
    assert {key: type(value) for key, value in answer.json().items()} == {
        key: type(value) for key, value in example.items()
    }


def list_v1_entries(trakt: Demo, *, login: bool = False) -> dict[str, dict[str, Any]]:
    """One entry of each show in API v1's calendar of 120 days."""
    url = f"{trakt.url}/user/calendar/shows.json/{trakt.api_key}/{trakt.username}/20261024/120"
    auth = make_login(trakt) if login else None
    days = requests.get(url, auth=auth, timeout=60).json()
    entries = [entry for day in days for entry in day["episodes"]]
    return {entry["show"]["url"].rpartition("/")[2]: entry for entry in entries}
