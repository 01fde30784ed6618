"""The built-in Trakt's API v1: the calendar of a user, check-in and its end."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from tests.conftest import Clock
from tests.demos import Demo, make_headers, make_login

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
HARBOR: dict[str, Any] = {"tvdb_id": 400101, "title": "Harbor Nine", "year": 2024, "season": 13, "episode": 4}
RAMEN: dict[str, Any] = {"tvdb_id": "400103", "season": "13", "episode": "7"}


@pytest.fixture
def clock() -> Clock:
    """The clock of the demo."""
    return Clock(datetime(2026, 11, 23, 6, tzinfo=UTC))


@pytest.fixture
def trakt(clock: Clock) -> Iterator[Demo]:
    """A demo that lives by the clock."""
    with Demo(now=clock) as running:
        yield running


def get(trakt: Demo, *parts: str, key: str | None = None, **options: Any) -> requests.Response:
    """Ask for the calendar."""
    path = "/".join(("/user/calendar/shows.json", key or trakt.api_key, trakt.username, *parts))
    return requests.get(trakt.url + path, timeout=60, **options)


def list_days(trakt: Demo, *parts: str, **options: Any) -> list[dict[str, Any]]:
    """The days that the calendar lists."""
    answer = get(trakt, *parts, **options)
    assert answer.status_code == 200
    return list(answer.json())


def list_entries(trakt: Demo, slug: str, **options: Any) -> list[tuple[date, dict[str, Any], dict[str, Any]]]:
    """The listed day, show and episode of each airing of one show in 120 days."""
    listed = list_days(trakt, "20261024", "120", **options)
    return [
        (date.fromisoformat(day["date"]), entry["show"], entry["episode"])
        for day in listed
        for entry in day["episodes"]
        if entry["show"]["url"].endswith(f"/{slug}")
    ]


def check_in(trakt: Demo, *, key: str | None = None, **fields: Any) -> requests.Response:
    """Check in with a login and these *fields*."""
    name, password = make_login(trakt)
    body = {"username": name, "password": password, "app_version": "1", "app_date": "today", **fields}
    return requests.post(f"{trakt.url}/show/checkin/{key or trakt.api_key}", json=body, timeout=60)


def cancel(trakt: Demo) -> requests.Response:
    """End the running check-in."""
    url = f"{trakt.url}/show/cancelcheckin/{trakt.api_key}"
    return requests.post(url, json=dict(zip(("username", "password"), make_login(trakt), strict=True)), timeout=60)


def read_wall_clock(first_aired: int) -> datetime:
    """What the clock shows in Los Angeles."""
    return datetime.fromtimestamp(first_aired, LOS_ANGELES).replace(tzinfo=None)


def test_a_calendar_begins_on_the_day_of_los_angeles(trakt: Demo) -> None:
    """At 06:00Z it is still yesterday there; seven days are listed, empty ones left out."""
    listed = [day["date"] for day in list_days(trakt)]
    assert listed[0] == "2026-11-22"
    assert listed[-1] <= "2026-11-28"
    assert listed == sorted(listed)
    assert (
        list_days(trakt)
        == list_days(trakt, "20261122")
        == list_days(trakt, "20261122", "7")
        == list_days(trakt, "2026-11-22", "7")
    )


def test_days_are_those_of_first_aired_in_los_angeles(trakt: Demo) -> None:
    """Every entry stands under the day that its first_aired has in Los Angeles."""
    for day in list_days(trakt, "20261024", "120"):
        for entry in day["episodes"]:
            if entry["episode"]["first_aired"]:
                assert read_wall_clock(entry["episode"]["first_aired"]).date().isoformat() == day["date"]


def test_the_form_of_2014_has_the_instant_in_iso(trakt: Demo) -> None:
    """first_aired is the show's wall clock put into Los Angeles; iso and utc are the instant."""
    aired = list_entries(trakt, "tea-and-trespass")
    assert {read_wall_clock(episode["first_aired"]).strftime("%H:%M") for _, _, episode in aired} == {"19:30"}
    for _, show, episode in aired:
        instant = datetime.fromisoformat(episode["first_aired_iso"])
        assert instant.timestamp() == episode["first_aired_utc"]
        assert instant.replace(tzinfo=None) == read_wall_clock(episode["first_aired"])
        assert episode["first_aired_localized"] == episode["first_aired"]
        assert show["air_time"] == "7:30pm"
        assert show["tvdb_id"] == 400102
    assert {episode["first_aired_iso"][-6:] for _, _, episode in aired} == {"+00:00"}


def test_the_fields_named_utc_are_those_of_los_angeles(trakt: Demo) -> None:
    """air_time_utc holds the hour in Los Angeles: 6:00pm for nine in New York."""
    _, show, _ = list_entries(trakt, "harbor-nine")[0]
    assert (show["air_time"], show["air_time_utc"], show["air_day_utc"]) == ("9:00pm", "6:00pm", "Sunday")


def test_the_form_of_2011_has_a_day_and_an_hour(trakt: Demo) -> None:
    """first_aired is midnight in Los Angeles, ids are strings, and after midnight is the day before."""
    aired = list_entries(trakt, "moonlit-noodle-stand")
    assert aired
    for day, show, episode in aired:
        assert read_wall_clock(episode["first_aired"]).time().isoformat() == "00:00:00"
        assert "first_aired_iso" not in episode
        assert day.strftime("%A") == "Friday"
        assert (show["air_day"], show["air_time"]) == ("Saturday", "1:30am")
        assert (show["country"], show["tvdb_id"]) == ("Japan", "400103")


def test_unknown_hours_are_midnight(trakt: Demo) -> None:
    """12:00am stands for no hour, first_aired 0 for no day at all."""
    aired = list_entries(trakt, "quiet-archive")
    assert {show["air_time"] for _, show, _ in aired} == {"12:00am"}
    assert {show["air_day"] for _, show, _ in aired} == {""}
    assert [episode["number"] for _, _, episode in aired if episode["first_aired"] == 0] == [3]


def test_an_unknown_show_is_empty_and_of_1969(trakt: Demo) -> None:
    """What is not known is 0, an empty text or, for the country, null."""
    _, show, episode = list_entries(trakt, "static-hours")[0]
    assert (show["country"], show["network"], show["first_aired"], show["year"]) == (None, "", 0, 1969)
    assert (show["tvdb_id"], show["imdb_id"], show["genres"], show["runtime"]) == ("0", "", [""], 0)
    assert episode["overview"] == ""


def test_specials_have_an_address_of_their_own(trakt: Demo) -> None:
    """An episode of season 0 is found under /specials."""
    specials = [episode for _, _, episode in list_entries(trakt, "harbor-nine") if episode["season"] == 0]
    assert specials
    assert all("/specials/episode/" in episode["url"] for episode in specials)


@pytest.mark.parametrize("how", ["basic", "json"])
def test_a_login_adds_what_the_user_did(trakt: Demo, how: str) -> None:
    """With a valid login shows and episodes say what the user rated, watched and collected."""
    name, password = make_login(trakt)
    url = f"{trakt.url}/user/calendar/shows.json/{trakt.api_key}/{name}/20261024/10"
    if how == "basic":
        answer = requests.get(url, auth=(name, password), timeout=60)
    else:
        answer = requests.post(url, json={"username": name, "password": password}, timeout=60)
    entry = answer.json()[0]["episodes"][0]
    assert entry["watched"] is entry["episode"]["watched"] is True
    assert entry["episode"]["plays"] == 1
    assert {"rating", "rating_advanced", "in_watchlist"} <= set(entry["show"])
    assert {"rating", "rating_advanced", "in_watchlist", "in_collection"} <= set(entry["episode"])
    assert "watched" not in list_days(trakt, "20261024", "10")[0]["episodes"][0]


def test_a_protected_profile_is_empty_to_others(trakt: Demo) -> None:
    """Without a login a protected profile is an empty list; with one it is as before."""
    open_to_all = list_days(trakt, auth=make_login(trakt))
    trakt.protect()
    assert list_days(trakt) == []
    assert list_days(trakt, auth=make_login(trakt)) == open_to_all
    trakt.protect(False)
    assert list_days(trakt) != []


def test_strangers_are_refused(trakt: Demo) -> None:
    """A wrong key and a wrong password are a 401, an unknown user a 404, each in words."""
    for answer, status, error in (
        (get(trakt, key="nonsense"), 401, "invalid API key"),
        (get(trakt, auth=(trakt.username, trakt.password)), 401, "failed authentication"),
        (
            requests.get(f"{trakt.url}/user/calendar/shows.json/{trakt.api_key}/nobody", timeout=60),
            404,
            "user not found",
        ),
    ):
        assert (answer.status_code, answer.json()) == (status, {"status": "failure", "error": error})


def test_changes_show_in_both_apis(trakt: Demo) -> None:
    """A moved and renamed episode is so in API v1 as well, in either form."""
    trakt.move("moonlit-noodle-stand", 13, 7, timedelta(days=2, minutes=30))
    trakt.rename("moonlit-noodle-stand", 13, 7, "Late")
    aired = list_entries(trakt, "moonlit-noodle-stand")
    day, show, episode = next(it for it in aired if (it[2]["season"], it[2]["number"]) == (13, 7))
    assert (day.strftime("%A"), show["air_time"], episode["title"]) == ("Sunday", "2:00am", "Late")


def test_a_check_in_starts(trakt: Demo, clock: Clock) -> None:
    """A check-in answers with the episode, its show and when it ends; API v2 sees it too."""
    answer = check_in(trakt, **HARBOR)
    start = int(clock.now.timestamp())
    assert answer.json() == {
        "status": "success",
        "message": "checked in to Harbor Nine 13x04",
        "timestamps": {"start": start, "end": start + 3480, "active_for": 3480},
        "show": {"title": "Harbor Nine", "year": 2024, "imdb_id": "tt90100101", "tvdb_id": 400101},
        "facebook": False,
        "twitter": False,
        "tumblr": False,
        "foursquare": False,
    }
    watching = requests.get(f"{trakt.url}/users/me/watching", headers=make_headers(trakt), timeout=60).json()
    assert (watching["show"]["ids"]["slug"], watching["episode"]["number"]) == ("harbor-nine", 4)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (RAMEN, "checked in to 月下の屋台 13x07"),
        ({**HARBOR, "tvdb_id": 0}, "checked in to Harbor Nine 13x04"),
        ({**HARBOR, "season": 0, "episode": 2}, "checked in to Harbor Nine 0x02"),
        ({**HARBOR, "episode_tvdb_id": 10_010_098}, "checked in to Harbor Nine 13x03"),
        ({**HARBOR, "episode_tvdb_id": 1}, "checked in to Harbor Nine 13x04"),
        ({**HARBOR, "tvdb_id": 400117, "season": 1, "episode": 1}, "checked in to The Long Shift 1x01"),
    ],
)
def test_an_episode_is_found_in_every_documented_way(trakt: Demo, fields: dict[str, Any], message: str) -> None:
    """By the id of the show, its title and year, or the id of the episode, with a way back."""
    assert check_in(trakt, **fields).json()["message"] == message


def test_a_duration_is_minutes(trakt: Demo) -> None:
    """A duration that is sent takes the place of the runtime."""
    answer = check_in(trakt, **HARBOR, duration=90, venue_id=1234, venue_name="Home").json()
    assert answer["timestamps"]["active_for"] == 5400


def test_a_running_check_in_names_the_wait(trakt: Demo, clock: Clock) -> None:
    """A second check-in fails with status 200 and the seconds to wait, until the first has ended."""
    check_in(trakt, **HARBOR, duration=5)
    clock.pass_by(minutes=2)
    refused = check_in(trakt, **RAMEN)
    assert refused.status_code == 200
    assert set(refused.json()) == {"status", "error", "wait"}
    assert (refused.json()["status"], refused.json()["wait"]) == ("failure", 180)
    assert "3 minutes" in refused.json()["error"]
    clock.pass_by(minutes=3)
    assert check_in(trakt, **RAMEN).json()["status"] == "success"


def test_a_check_in_can_be_cancelled(trakt: Demo) -> None:
    """Cancelling ends the running check-in; with none running it fails."""
    check_in(trakt, **HARBOR)
    assert cancel(trakt).json()["status"] == "success"
    assert cancel(trakt).json()["status"] == "failure"
    assert check_in(trakt, **RAMEN).json()["status"] == "success"


def test_a_message_is_cut_at_100_characters(trakt: Demo) -> None:
    """Only networks that are asked for and connected get the message, and only so much of it."""
    share = {"facebook": True, "twitter": False, "tumblr": True}
    answer = check_in(trakt, **HARBOR, share=share, message="x" * 140).json()
    assert (answer["facebook"], answer["twitter"], answer["tumblr"]) == (True, False, False)
    assert trakt.shared[0]["message"] == "x" * 100
    assert trakt.shared[0]["networks"] == ["facebook"]


def test_check_ins_are_refused_in_words(trakt: Demo) -> None:
    """A key without permission, no login, an unknown show or episode: each has its own error."""
    wrong = {**HARBOR, "password": "wrong"}
    for answer, status, error in (
        (check_in(trakt, key="nonsense", **HARBOR), 401, "invalid development API key"),
        (check_in(trakt, key=trakt.reading_key, **HARBOR), 401, "invalid development API permission (checkin)"),
        (check_in(trakt, **wrong), 401, "failed authentication"),
        (requests.post(f"{trakt.url}/show/checkin/{trakt.api_key}", json=HARBOR, timeout=60), 401, None),
        (check_in(trakt, title="Harbor Nine", year=1999, season=1, episode=1), 404, "show not found"),
        (check_in(trakt, **{**HARBOR, "episode": 99}), 404, "episode not found"),
    ):
        assert (answer.status_code, answer.json()["status"]) == (status, "failure")
        assert error in (None, answer.json()["error"])
    assert "x04" in check_in(trakt, **HARBOR).json()["message"]


def test_a_check_in_is_a_post(trakt: Demo) -> None:
    """Asked with GET, a check-in is a 405."""
    answer = requests.get(f"{trakt.url}/show/checkin/{trakt.api_key}", timeout=60)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert requests.get(f"{trakt.url}/show/nothing.json/{trakt.api_key}", timeout=60).status_code == 404
