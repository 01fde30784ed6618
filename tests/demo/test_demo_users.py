"""The users of the built-in Trakt: each has a login, a calendar, a history and check-ins of his own."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conftest import Clock
from tests.demos import Demo, make_headers
from trakt_ical.demo import Fault

USERS = tuple(Demo.passwords)
DAYS = "2026-11-01/33"
COLD_PLATFORM = {"show": {"ids": {"slug": "cold-platform"}}, "episode": {"season": 15, "number": 1}}


def ask(trakt: Demo, username: str, path: str, method: str = "GET", **fields: object) -> requests.Response:
    """Return the answer of API v2 to a user."""
    body = {"json": fields} if fields else {}
    return requests.request(method, trakt.url + path, headers=make_headers(trakt, "", username), timeout=60, **body)  # type: ignore[arg-type]


def ask_v1(trakt: Demo, asking: str, owner: str, password: str | None = None) -> requests.Response:
    """Return the answer of API v1 to who asks for the calendar of *owner*."""
    digest = hashlib.sha1((Demo.passwords[asking] if password is None else password).encode()).hexdigest()
    path = f"/user/calendar/shows.json/{trakt.api_key}/{owner}/20261101/33"
    return requests.get(trakt.url + path, auth=(asking, digest), timeout=60)


def list_watched(answer: Any) -> dict[str, bool]:
    """Return whether each episode of a calendar of API v1 was watched."""
    its = [each for day in answer for each in day["episodes"]]
    return {each["show"]["title"] + each["episode"]["url"]: each["episode"]["watched"] for each in its}


def test_each_user_has_a_calendar_and_a_name(trakt: Demo) -> None:
    """They share some shows; each token says whose it is."""
    calendars = {}
    for name in USERS:
        assert ask(trakt, name, "/users/settings").json()["user"]["username"] == name
        entries = ask(trakt, name, f"/calendars/my/shows/{DAYS}").json()
        calendars[name] = {each["show"]["ids"]["slug"] for each in entries}
    assert len(set(map(frozenset, calendars.values()))) == len(USERS)
    assert all(calendars.values())
    assert "cold-platform" in calendars["anna"] - calendars["demo"]


def test_what_a_user_does_is_his_own(trakt: Demo) -> None:
    """A check-in, a play and an entry of the watchlist are those of the user who asks."""
    assert ask(trakt, "anna", "/checkin", "POST", **COLD_PLATFORM).status_code in (201, 404)
    change = {"change": "watchlist", "show": "cold-platform", "user": "anna"}
    assert requests.post(f"{trakt.url}/demo/changes", json=change, timeout=60).status_code == 200
    lists = {name: ask(trakt, name, "/users/me/watchlist/shows/rank/asc").json() for name in USERS}
    has_it = {name: any(each["show"]["ids"]["slug"] == "cold-platform" for each in lists[name]) for name in USERS}
    assert has_it == {"demo": False, "anna": True, "ben": False}


def test_a_check_in_is_of_who_sends_it(trakt: Demo) -> None:
    """Another user may check in meanwhile."""
    movie = trakt.backend.catalogue.list_movies()[0]
    body = {"movie": {"ids": {"trakt": movie.trakt}}}
    assert ask(trakt, "anna", "/checkin", "POST", **body).status_code == 201
    assert ask(trakt, "demo", "/users/me/watching").status_code == 204
    assert ask(trakt, "demo", "/checkin", "POST", **body).status_code == 201
    assert ask(trakt, "anna", "/users/me/watching").status_code == 200


def test_a_user_chooses_whose_login_it_becomes(trakt: Demo) -> None:
    """The page and `POST /demo/logins` take the name of who enters the code."""
    for name, enter in (("anna", "page"), ("ben", "control")):
        login = {"client_id": trakt.client_id}
        device = requests.post(f"{trakt.url}/oauth/device/code", json=login, timeout=60).json()
        if enter == "page":
            form = {"code": device["user_code"], "choice": "allow", "user": name}
            entered = requests.post(device["verification_url"], data=form, timeout=60)
        else:
            form = {"code": device["user_code"], "user": name}
            entered = requests.post(f"{trakt.url}/demo/logins", json=form, timeout=60)
        assert entered.status_code == 200
        polled = requests.post(
            f"{trakt.url}/oauth/device/token", json=login | {"code": device["device_code"]}, timeout=60
        ).json()
        headers = make_headers(trakt, polled["access_token"])
        settings = requests.get(f"{trakt.url}/users/settings", headers=headers, timeout=60).json()
        assert settings["user"]["username"] == name


@pytest.mark.parametrize("login", [{"code": "none"}, {"code": "none", "user": "nobody"}, {}])
def test_an_unknown_code_or_user_is_a_400(trakt: Demo, login: dict[str, str]) -> None:
    """Nobody is logged in by a slip."""
    assert requests.post(f"{trakt.url}/demo/logins", json=login, timeout=60).status_code == 400


def test_api_v1_knows_each_user_by_his_password(trakt: Demo) -> None:
    """A calendar is its owner's; what was watched depends on who asks."""
    change = {"change": "unwatch", "show": "village-hall", "season": 13, "number": 5, "user": "anna"}
    assert requests.post(f"{trakt.url}/demo/changes", json=change, timeout=60).status_code == 200
    hers, his = ask_v1(trakt, "anna", "anna"), ask_v1(trakt, "demo", "anna")
    assert set(list_watched(hers.json())) == set(list_watched(his.json()))
    assert list_watched(hers.json()) != list_watched(his.json())
    assert ask_v1(trakt, "anna", "nobody").status_code == 404
    assert ask_v1(trakt, "anna", "anna", password=Demo.password).status_code == 401
    assert ask_v1(trakt, "nobody", "anna", password="").status_code == 401


def test_a_protected_profile_is_seen_by_its_user_alone(trakt: Demo) -> None:
    """Another login counts as none."""
    trakt.backend.accounts["anna"].is_protected = True
    assert ask_v1(trakt, "anna", "anna").json()
    assert ask_v1(trakt, "demo", "anna").json() == []


def test_a_fault_may_hit_one_user(trakt: Demo) -> None:
    """A limit of Trakt's is one user's."""
    trakt.misbehave(Fault(user="anna", status=429, retry_after=30, times=0))
    assert [ask(trakt, name, "/users/settings").status_code for name in USERS] == [200, 429, 200]


def test_each_user_is_remembered(tmp_path: Path, clock: Clock) -> None:
    """Every user has a state of his own beside the first one's."""
    with Demo(now=clock, state_file=tmp_path / "state.json") as trakt:
        token = trakt.grant("anna")["access_token"]
    with Demo(now=clock, state_file=tmp_path / "state.json") as trakt:
        assert trakt.backend.auth.find_user(token) == "anna"
