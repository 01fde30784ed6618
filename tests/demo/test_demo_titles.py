"""The built-in Trakt's API v1 when it is asked about one show, season, episode or movie."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from tests.demos import Demo, make_login
from trakt_ical.demo import Fault

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LOS_ANGELES = ZoneInfo("America/Los_Angeles")
MOVIE = {"imdb_id": "tt90700036"}


@pytest.fixture
def trakt() -> Iterator[Demo]:
    """A demo whose clock stands still."""
    with Demo(now=lambda: NOW) as running:
        yield running


def get(trakt: Demo, method: str, rest: str, **options: Any) -> requests.Response:
    """Ask a method, whose path goes on after the key."""
    return requests.get(f"{trakt.url}/{method}.json/{trakt.api_key}/{rest}", timeout=60, **options)


def get_json(trakt: Demo, method: str, rest: str, **options: Any) -> Any:
    """What a method answers."""
    answer = get(trakt, method, rest, **options)
    assert answer.status_code == 200
    return answer.json()


def post(trakt: Demo, method: str, **fields: Any) -> requests.Response:
    """Write with a login."""
    body = dict(zip(("username", "password"), make_login(trakt), strict=True)) | fields
    return requests.post(f"{trakt.url}/{method}/{trakt.api_key}", json=body, timeout=60)


def load_recorded(shared: Path, name: str) -> Any:
    """An answer that Trakt once gave."""
    return json.loads((shared / "fixtures/v1" / name).read_text("utf-8"))


def list_forms(fields: dict[str, Any]) -> dict[str, type]:
    """The names of fields, and of what kind each is."""
    return {name: type(value) for name, value in fields.items()}


@pytest.mark.parametrize("asked", ["harbor+nine", "HARBOR%20nine", "harbor", "nine"])
def test_search_finds_by_words(trakt: Demo, asked: str) -> None:
    """Words stand in the path, whole or cut short."""
    assert [show["title"] for show in get_json(trakt, "search/shows", asked)] == ["Harbor Nine"]


def test_search_finds_nothing_or_some(trakt: Demo) -> None:
    """Nothing found is an empty list; the best come first."""
    assert get_json(trakt, "search/shows", "nooooooresults") == []
    assert [show["year"] for show in get_json(trakt, "search/shows", "the+long+shift")] == [2024, 2025]
    assert {movie["title"] for movie in get_json(trakt, "search/movies", "salt+moon")} == {"Salt Moon"}


@pytest.mark.parametrize(
    ("asked", "name"),
    [("harbor+nine", "search_shows_doctor_who.json"), ("quiet+archive", "search_shows_cowboy+bebop.json")],
)
def test_a_found_show_has_the_recorded_fields(trakt: Demo, shared: Path, asked: str, name: str) -> None:
    """A search gives each show in one of the two recorded forms, field by field."""
    (found,) = get_json(trakt, "search/shows", asked)
    assert list_forms(found) == list_forms(load_recorded(shared, f"recorded/{name}")[0])


def test_a_found_show_has_a_day_and_no_hour(trakt: Demo) -> None:
    """first_aired is midnight in Los Angeles in a search, and the show's own hour in its summary."""
    hours = [
        datetime.fromtimestamp(show["first_aired"], LOS_ANGELES).strftime("%H:%M")
        for show in (get_json(trakt, "search/shows", "harbor")[0], get_json(trakt, "show/summary", "harbor-nine"))
    ]
    assert hours == ["00:00", "21:00"]


@pytest.mark.parametrize("title", ["harbor-nine", "400101"])
def test_a_show_is_asked_for_by_slug_or_id(trakt: Demo, shared: Path, title: str) -> None:
    """A summary has the recorded fields, whichever name the show goes by."""
    summary = get_json(trakt, "show/summary", title)
    example = load_recorded(shared, "recorded/show__summary.json__277165__http_ok.json")
    assert list_forms(summary) == list_forms(example)
    assert list_forms(summary["top_episodes"][0]) == list_forms(example["top_episodes"][0])
    assert (summary["title"], summary["air_time"]) == ("Harbor Nine", "9:00pm")


def test_a_show_that_never_aired_is_of_1969(trakt: Demo) -> None:
    """What is 0 comes out as the last afternoon of 1969 everywhere."""
    summary = get_json(trakt, "show/summary", "fogbound")
    assert (summary["first_aired"], summary["first_aired_iso"]) == (0, "1969-12-31T16:00:00-05:00")
    assert (summary["air_day"], summary["air_time"], summary["status"]) == ("Wednesday", "4:00pm", "Ended")
    assert get_json(trakt, "show/seasons", "fogbound") == []


def test_seasons_are_listed_from_the_last(trakt: Demo, shared: Path) -> None:
    """Each season has its number and how many episodes it has; specials come last."""
    seasons = get_json(trakt, "show/seasons", "harbor-nine")
    assert list_forms(seasons[0]) == list_forms(
        load_recorded(shared, "recorded/show__seasons.json__277165__http_ok.json")[0]
    )
    numbers = [each["season"] for each in seasons]
    assert numbers == sorted(numbers, reverse=True)
    assert {each["season"]: each["episodes"] for each in seasons}[13] == 8
    assert seasons[-1]["url"].endswith("/specials")


def test_a_season_names_numbers_twice(trakt: Demo, shared: Path) -> None:
    """An episode of a season has its number as `episode` and as `number`, and an id of its own."""
    season = get_json(trakt, "show/season", "400101/13")
    assert list_forms(season[0]) == list_forms(
        load_recorded(shared, "recorded/show__season.json__277165__1__http_ok.json")[0]
    )
    assert [each["episode"] for each in season] == [each["number"] for each in season] == list(range(1, 9))
    by_id = post(trakt, "show/checkin", episode_tvdb_id=season[3]["tvdb_id"]).json()
    assert by_id["message"] == "checked in to Harbor Nine 13x04"


def test_a_season_says_what_its_user_watched(trakt: Demo) -> None:
    """With a login, sent either way, each episode bears its plays; a wrong one is refused."""
    season = get_json(trakt, "show/season", "harbor-nine/13", auth=make_login(trakt))
    assert [each["watched"] for each in season[:3]] == [True, True, True]
    assert [each["plays"] for each in season][-1] == 0
    url = f"{trakt.url}/show/season.json/{trakt.api_key}/harbor-nine/13"
    name, password = make_login(trakt)
    assert requests.post(url, json={"username": name, "password": password}, timeout=60).json() == season
    assert get(trakt, "show/season", "harbor-nine/13", auth=(name, "wrong")).status_code == 401
    assert "watched" not in get_json(trakt, "show/season", "harbor-nine/13")[0]


@pytest.mark.parametrize("slug", ["quiet-archive", "the-garden-year", "the-ninth-lantern-2026", "clockwork-koi"])
def test_every_kind_of_show_can_be_asked_about(trakt: Demo, slug: str) -> None:
    """A season lists what its show has, whatever it is numbered by; every episode of it can be asked for."""
    for season in get_json(trakt, "show/seasons", slug)[:2]:
        listed = get_json(trakt, "show/season", f"{slug}/{season['season']}")
        assert len(listed) == season["episodes"]
        found = get_json(trakt, "show/episode/summary", f"{slug}/{season['season']}/{listed[0]['number']}")
        assert found["episode"]["title"] == listed[0]["title"]


def test_an_episode_has_the_recorded_fields(trakt: Demo, shared: Path) -> None:
    """An episode comes with its show, both as once recorded."""
    found = get_json(trakt, "show/episode/summary", "harbor-nine/13/4")
    example = load_recorded(shared, "recorded/show__episode__summary.json__277165__1__1__http_ok.json")
    assert set(found) == set(example)
    for part in ("show", "episode"):
        assert list_forms(found[part]) == list_forms(example[part])
    assert found["episode"]["title"] == "Fathoms"


@pytest.mark.parametrize(
    ("method", "rest", "status", "error"),
    [
        ("show/summary", "0", 404, "show not found"),
        ("show/summary", "no-such-show", 404, "show not found"),
        ("movie/summary", "no-such-movie", 404, "movie not found"),
        ("show/seasons", "0", 404, "show not found"),
        ("show/season", "0/1", 404, "show not found"),
        ("show/episode/summary", "0/1/1", 404, "show not found"),
        ("show/episode/summary", "400101/1/999", 400, "episode not found"),
        ("show/episode/summary", "400101/999/1", 404, "episode not found"),
        ("user/watching", "nobody", 404, "user not found"),
    ],
)
def test_what_is_not_there_is_refused_in_words(trakt: Demo, method: str, rest: str, status: int, error: str) -> None:
    """An unknown show, episode, movie or user has its own status and error."""
    answer = get(trakt, method, rest)
    assert (answer.status_code, answer.json()) == (status, {"status": "failure", "error": error})


def test_a_missing_season_is_empty(trakt: Demo) -> None:
    """A season that a show lacks is no error: it has no episodes."""
    assert get_json(trakt, "show/season", "400101/999") == []


@pytest.mark.parametrize(
    "path",
    [
        "search/shows.json/x/harbor",
        "show/summary.json/x/harbor-nine",
        "movie/summary.json/x/y",
        "search/movies.json/x/salt",
    ],
)
def test_every_method_needs_a_key(trakt: Demo, path: str) -> None:
    """An unknown key is a 401 in words."""
    answer = requests.get(f"{trakt.url}/{path}", timeout=60)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid API key")


def test_both_apis_search_under_their_own_path(trakt: Demo) -> None:
    """`/search/show` is API v2's, which asks for header fields; a fault speaks as the API that was asked."""
    assert requests.get(f"{trakt.url}/search/show?query=harbor", timeout=60).status_code == 412
    trakt.misbehave(Fault(path="^/search/", status=503, times=2))
    assert get(trakt, "search/shows", "harbor").json()["error"] == "server is over capacity"
    assert requests.get(f"{trakt.url}/search/show?query=harbor", timeout=60).content == b""


def test_nothing_watched_is_a_blank_object(trakt: Demo, shared: Path) -> None:
    """Before and after a check-in `user/watching` is blank; between, it has the documented fields."""
    assert get_json(trakt, "user/watching", "demo") == {}
    post(trakt, "show/checkin", tvdb_id=400101, season=13, episode=4)
    watching = get_json(trakt, "user/watching", "demo")
    example = load_recorded(shared, "docs/user_watching_episode_checkin.json")
    assert list_forms(watching) == list_forms(example)
    for part in ("show", "episode"):
        assert list_forms(watching[part]) == list_forms(example[part])
    post(trakt, "show/cancelcheckin")
    assert get_json(trakt, "user/watching", "demo") == {}


def test_a_protected_user_is_seen_watching_by_nobody_else(trakt: Demo) -> None:
    """Of a protected profile only its owner is told what runs."""
    post(trakt, "show/checkin", tvdb_id=400101, season=13, episode=4)
    trakt.protect()
    assert get_json(trakt, "user/watching", "demo") == {}
    assert get_json(trakt, "user/watching", "demo", auth=make_login(trakt))["episode"]["number"] == 4


@pytest.mark.parametrize(
    "fields",
    [
        MOVIE,
        {"tmdb_id": 970736},
        {"tmdb_id": "970736"},
        {"title": "Ten Past Never", "year": 2026},
        {"imdb_id": "tt0", "title": "Ten Past Never", "year": "2026"},
    ],
)
def test_a_movie_is_checked_in_to(trakt: Demo, shared: Path, fields: dict[str, Any]) -> None:
    """A movie is found by either id or by title and year; what runs has the documented fields."""
    answer = post(trakt, "movie/checkin", **fields).json()
    assert answer["message"] == "checked in to Ten Past Never (2026)"
    assert answer["timestamps"]["active_for"] == 117 * 60
    watching = get_json(trakt, "user/watching", "demo")
    example = load_recorded(shared, "docs/user_watching_movie.json")
    assert list_forms(watching) == list_forms(example)
    assert list_forms(watching["movie"]) == list_forms(example["movie"])


def test_one_check_in_runs_at_a_time(trakt: Demo) -> None:
    """A movie waits for an episode and an episode for a movie; either way of cancelling ends what runs."""
    episode = {"tvdb_id": 400101, "season": 13, "episode": 4}
    for first, second in (("show", "movie"), ("movie", "show")):
        fields = {"show": episode, "movie": MOVIE}
        assert post(trakt, f"{first}/checkin", **fields[first]).json()["status"] == "success"
        assert post(trakt, f"{second}/checkin", **fields[second]).json()["wait"] > 0
        assert post(trakt, f"{second}/cancelcheckin").json()["status"] == "success"
    assert post(trakt, "movie/cancelcheckin").json()["status"] == "failure"
    assert post(trakt, "movie/checkin", title="Nothing", year=2026).json()["error"] == "movie not found"


def test_a_movie_can_be_asked_about(trakt: Demo) -> None:
    """A movie goes by its slug or either id, and is found again by its title."""
    summary = get_json(trakt, "movie/summary", "ten-past-never-2026")
    assert summary == get_json(trakt, "movie/summary", "tt90700036") == get_json(trakt, "movie/summary", "970736")
    assert summary in get_json(trakt, "search/movies", "ten+past+never")


def test_a_calendar_says_what_its_user_did(trakt: Demo) -> None:
    """With a login each show bears the user's own rating and watchlist, each episode its plays."""
    trakt.add_to_watchlist("harbor-nine")
    days = get_json(trakt, "user/calendar/shows", "demo/20261101/40", auth=make_login(trakt))
    entries = {each["show"]["url"].rpartition("/")[2]: each for day in days for each in day["episodes"]}
    rated = {slug: (entries[slug]["show"]["rating"], entries[slug]["show"]["rating_advanced"]) for slug in entries}
    assert rated["moonlit-noodle-stand"] == ("love", 10)
    assert rated["first-light"] == ("hate", 3)
    assert rated["harbor-nine"] == (False, 0)
    assert {slug for slug in entries if entries[slug]["show"]["in_watchlist"]} == {"clockwork-koi", "harbor-nine"}
    assert {each["watched"] for each in entries.values()} == {True, False}
    for each in entries.values():
        assert each["watched"] == each["episode"]["watched"] == (each["episode"]["plays"] > 0)


def test_what_is_watched_shows_in_the_calendar(trakt: Demo) -> None:
    """An episode that is watched, forgotten or listed is told as such with a login."""

    def find_episode() -> dict[str, Any]:
        days = get_json(trakt, "user/calendar/shows", "demo/20261123/1", auth=make_login(trakt))
        entries = [each for day in days for each in day["episodes"]]
        return dict(next(it["episode"] for it in entries if it["show"]["tvdb_id"] == "400116"))

    place = ("the-long-shift", find_episode()["season"], find_episode()["number"])
    assert (find_episode()["watched"], find_episode()["plays"], find_episode()["in_watchlist"]) == (False, 0, False)
    trakt.watch(*place)
    trakt.watch(*place)
    assert (find_episode()["watched"], find_episode()["plays"]) == (True, 2)
    trakt.unwatch(*place)
    change = {"change": "watchlist", **dict(zip(("show", "season", "number"), place, strict=True))}
    assert requests.post(f"{trakt.url}/demo/changes", json=change, timeout=60).status_code == 200
    assert (find_episode()["watched"], find_episode()["plays"], find_episode()["in_watchlist"]) == (False, 0, True)
