"""The built-in Trakt's API v2: calendars, the user, search, check-in."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from tests.conftest import Clock
from tests.demos import Demo, make_headers

HARBOR = {"show": {"ids": {"slug": "harbor-nine"}}, "episode": {"season": 13, "number": 4}}
RAMEN = {"show": {"ids": {"trakt": 103}}, "episode": {"number_abs": 151}}


class Client:
    """A program that is logged in and sends what API v2 requires."""

    def __init__(self, trakt: Demo) -> None:
        self.trakt = trakt
        self.session = requests.Session()
        self.session.headers.update(make_headers(trakt))
        self.session.headers["Content-Type"] = "application/json"

    def get(self, path: str, **headers: str | None) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.get(self.trakt.url + path, headers=named, timeout=60)

    def list_entries(self, path: str) -> list[dict[str, Any]]:
        answer = self.get(path)
        assert answer.status_code == 200
        return list(answer.json())

    def check_in(self, body: object) -> requests.Response:
        return self.session.post(f"{self.trakt.url}/checkin", json=body, timeout=60)

    def cancel(self) -> requests.Response:
        return self.session.delete(f"{self.trakt.url}/checkin", timeout=60)


@pytest.fixture
def client(trakt: Demo) -> Iterator[Client]:
    """A program that is logged in."""
    opened = Client(trakt)
    with opened.session:
        yield opened


def find_place(entry: dict[str, Any]) -> tuple[str, int, int]:
    """Which episode an entry is of."""
    return entry["show"]["ids"]["slug"], entry["episode"]["season"], entry["episode"]["number"]


def test_a_calendar_is_cut_by_utc_days(client: Client) -> None:
    """Entries begin on the days asked for, in UTC, and come by time."""
    times = [entry["first_aired"] for entry in client.list_entries("/calendars/my/shows/2026-11-01/3")]
    assert times == sorted(times)
    assert {time[:10] for time in times} == {"2026-11-01", "2026-11-02", "2026-11-03"}


def test_a_calendar_begins_today_and_lasts_a_week(client: Client) -> None:
    """Without a date a calendar begins on today's UTC day; without days it has seven."""
    answer = client.get("/calendars/my/shows")
    assert answer.headers["X-Start-Date"] == "Mon, 23 Nov 2026 00:00:00 GMT"
    assert answer.headers["X-End-Date"] == "Sun, 29 Nov 2026 23:59:59 GMT"
    assert answer.json() == client.list_entries("/calendars/my/shows/2026-11-23")
    assert answer.json() == client.list_entries("/calendars/my/shows/2026-11-23/7")


def test_a_long_calendar_is_cut_without_a_word(client: Client) -> None:
    """More than 33 days are answered with 33, and only X-End-Date says so."""
    answer = client.get("/calendars/my/shows/2026-11-01/90")
    assert answer.status_code == 200
    assert answer.headers["X-End-Date"] == "Thu, 03 Dec 2026 23:59:59 GMT"
    assert answer.json() == client.list_entries("/calendars/my/shows/2026-11-01/33")


@pytest.mark.parametrize(
    ("kind", "types"),
    [
        ("new", {"series_premiere"}),
        ("premieres", {"series_premiere", "season_premiere", "mid_season_premiere"}),
        ("finales", {"series_finale", "season_finale", "mid_season_finale"}),
    ],
)
def test_a_calendar_of_some_episodes(client: Client, kind: str, types: set[str]) -> None:
    """New shows, premieres and finales are the episodes of those types, all of them."""
    found: set[str] = set()
    for day in ("2026-10-01", "2026-11-03", "2026-12-06"):
        chosen = client.list_entries(f"/calendars/my/shows/{kind}/{day}/33?extended=full")
        every = client.list_entries(f"/calendars/my/shows/{day}/33?extended=full")
        assert chosen == [each for each in every if each["episode"]["episode_type"] in types]
        found |= {each["episode"]["episode_type"] for each in chosen}
    assert found == types


@pytest.mark.parametrize("kind", ["movies", "streaming", "dvd"])
def test_movies_are_listed_by_a_plain_date(client: Client, kind: str) -> None:
    """A release has a day and no hour; each kind of release has its own."""

    def list_days(kind: str) -> list[str]:
        starts = ("2026-10-01", "2026-11-03", "2026-12-06")
        return [entry["released"] for day in starts for entry in client.list_entries(f"/calendars/my/{kind}/{day}/33")]

    assert list_days(kind) == sorted(list_days(kind))
    assert all("2026-10-01" <= day < "2027-01-08" and len(day) == 10 for day in list_days(kind))
    assert all(list_days(kind) != list_days(other) for other in {"movies", "streaming", "dvd"} - {kind})


def test_the_calendar_of_everything_holds_mine_and_more(client: Client) -> None:
    """What is in `my` is in `all`, beside the shows of others; `all` needs no login."""
    mine = client.list_entries("/calendars/my/shows/2026-11-01/33")
    answer = client.get("/calendars/all/shows/2026-11-01/33", Authorization=None)
    every = answer.json()
    assert all(entry in every for entry in mine)
    assert {find_place(it)[0] for it in every} - {find_place(it)[0] for it in mine} == {"cold-platform"}
    assert answer.headers["Cache-Control"] == "public, max-age=28800"


def test_hidden_shows_still_come(client: Client) -> None:
    """A show that is hidden or dropped stays in `my`; the program has to leave it out."""
    listed = {find_place(entry)[0] for entry in client.list_entries("/calendars/my/shows/2026-11-20/33")}
    assert {"proof-and-batter", "gridlock-live"} <= listed


def test_an_entry_may_come_twice(client: Client) -> None:
    """One episode is listed under two ids; the newer entry has the newer updated_at."""
    entries = client.list_entries("/calendars/my/shows/2026-11-01/33?extended=full")
    twins = [entry for entry in entries if find_place(entry) == ("double-booked", 16, 3)]
    assert len(twins) == 2
    assert twins[0]["episode"]["ids"]["trakt"] != twins[1]["episode"]["ids"]["trakt"]
    assert twins[0]["episode"]["updated_at"] < twins[1]["episode"]["updated_at"]
    assert twins[0]["first_aired"] < twins[1]["first_aired"]


def test_an_unchanged_calendar_is_a_304(client: Client, clock: Clock) -> None:
    """The ETag stands for the body: the same now, another after a change."""
    path = "/calendars/my/shows/2026-11-23/7?extended=full"
    tag = client.get(path).headers["ETag"]
    assert tag.startswith('W/"')
    clock.pass_by(hours=3)
    again = client.get(path, If_None_Match=tag)
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    client.trakt.rename("the-long-shift", 16, 2, "Whales")
    assert client.get(path, If_None_Match=tag).status_code == 200


def test_changes_show_in_the_calendar(client: Client) -> None:
    """An episode can be moved out of the window, renamed, taken away and put back."""
    path = "/calendars/my/shows/2026-11-23/2"
    shift = ("the-long-shift", 16, 2)

    def list_starts() -> dict[tuple[str, int, int], Any]:
        return {find_place(entry): entry for entry in client.list_entries(path)}

    before = list_starts()
    client.trakt.move(*shift, by=timedelta(hours=2))
    client.trakt.rename(*shift, "Whales")
    assert list_starts()[shift]["first_aired"] == "2026-11-24T05:00:00.000Z"
    assert list_starts()[shift]["episode"]["title"] == "Whales"
    client.trakt.move(*shift, by=timedelta(days=60))
    assert shift not in list_starts()
    moved = client.list_entries("/calendars/my/shows/2027-01-23/1")
    assert shift in [find_place(entry) for entry in moved]
    client.trakt.restore(*shift)
    client.trakt.remove(*shift)
    assert shift not in list_starts()
    client.trakt.restore(*shift)
    assert list_starts() == before
    with pytest.raises(LookupError):
        client.trakt.remove("the-long-shift", 16, 9)


@pytest.mark.parametrize("days", ["tomorrow", "2026-11-23/x", "9999-12-20/5", "0001-01-02/5"])
def test_a_date_must_be_a_date(client: Client, days: str) -> None:
    """What is no date, no number of days, or at the end of time, is a 400."""
    assert client.get(f"/calendars/my/shows/{days}").status_code == 400


def test_hidden_shows_come_in_pages(client: Client) -> None:
    """Twelve are hidden, ten to a page; the one that airs is on the second."""
    pages = [client.get(f"/users/hidden/calendar?type=show&page={number}") for number in (1, 2, 3)]
    assert [len(page.json()) for page in pages] == [10, 2, 0]
    assert pages[0].headers["X-Pagination-Page-Count"] == "2"
    assert pages[0].headers["X-Pagination-Item-Count"] == "12"
    assert pages[1].json()[1]["show"]["ids"]["slug"] == "proof-and-batter"
    assert len(client.list_entries("/users/hidden/dropped?limit=100")) == 12
    assert client.list_entries("/users/hidden/calendar?type=movie") == []


def test_shows_can_be_hidden_and_shown(client: Client, clock: Clock) -> None:
    """Hiding a show lists it in its section and moves last_activities."""

    def list_hidden() -> list[str]:
        entries = client.list_entries("/users/hidden/dropped?limit=100")
        return [entry["show"]["ids"]["slug"] for entry in entries]

    before = client.get("/sync/last_activities").json()
    clock.pass_by(minutes=1)
    client.trakt.hide("lava-line", "dropped")
    assert "lava-line" in list_hidden()
    after = client.get("/sync/last_activities").json()
    assert after["shows"]["dropped_at"] > before["shows"]["dropped_at"]
    assert after["all"] > before["all"]
    client.trakt.unhide("lava-line")
    assert "lava-line" not in list_hidden()


def test_a_request_needs_its_headers(client: Client) -> None:
    """No name is Cloudflare's 403, no key Trakt's; no version is a 412."""
    blocked = client.get("/calendars/my/shows", User_Agent="")
    assert blocked.status_code == 403
    assert "html" in blocked.headers["Content-Type"]
    assert "X-Request-Id" not in blocked.headers
    refused = client.get("/calendars/my/shows", trakt_api_key="wrong")
    assert (refused.status_code, refused.content) == (403, b"")
    assert "X-Request-Id" in refused.headers
    assert client.get("/calendars/my/shows", trakt_api_version=None).status_code == 412
    form = client.session.post(
        f"{client.trakt.url}/checkin",
        data="a=b",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        timeout=60,
    )
    assert form.status_code == 412


def test_mine_needs_a_login(client: Client) -> None:
    """Without a good token `my` is an empty 401 that says why in a header."""
    for header in (None, "Bearer nonsense"):
        answer = client.get("/calendars/my/shows", Authorization=header)
        assert (answer.status_code, answer.content) == (401, b"")
        assert "invalid_token" in answer.headers["WWW-Authenticate"]


def test_unknown_paths_and_methods(client: Client) -> None:
    """An unknown path is an empty 404 of text/html, a wrong method a 405 that names the right one."""
    answer = client.get("/calendars/my/radio")
    assert (answer.status_code, answer.content) == (404, b"")
    assert answer.headers["Content-Type"].startswith("text/html")
    wrong = client.session.put(f"{client.trakt.url}/checkin", json={}, timeout=60)
    assert wrong.status_code == 405
    assert set(wrong.headers["Allow"].split(", ")) == {"POST", "DELETE"}


def test_answers_are_packed_when_the_client_likes(client: Client) -> None:
    """Packed octets are sent to those who take it, and the same octets to those who do not."""
    path = "/calendars/my/shows/2026-11-01/33"
    packed, plain = client.get(path, Accept_Encoding="gzip"), client.get(path, Accept_Encoding="")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.content == plain.content
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) == len(plain.content)


@pytest.mark.parametrize(
    ("body", "where", "title"),
    [
        (HARBOR, "show", "Harbor Nine"),
        (RAMEN, "show", "月下の屋台"),
        ({"episode": {"ids": {"trakt": 1_010_099}}}, "episode", "Fathoms"),
        ({"episode": {"ids": {"tvdb": 10_010_099, "trakt": None}}}, "episode", "Fathoms"),
        ({"movie": {"ids": {"trakt": 734}}}, "movie", "Nobody's Lighthouse"),
        ({"movie": {"ids": {"tmdb": 0, "slug": "nobodys-lighthouse-2026"}}}, "movie", "Nobody's Lighthouse"),
    ],
)
def test_a_check_in_starts(client: Client, body: object, where: str, title: str) -> None:
    """Every documented form of the request finds what it means and is a 201."""
    answer = client.check_in(body)
    assert answer.status_code == 201
    assert answer.json()[where]["title"] == title
    watching = client.get("/users/me/watching").json()
    assert watching["action"] == "checkin"
    assert watching[where] == answer.json()[where]


def test_a_running_check_in_refuses_the_next(client: Client, clock: Clock) -> None:
    """A second check-in is a 409 with the end of the first; near that end it takes its place."""
    client.check_in(HARBOR)
    until = client.get("/users/me/watching").json()["expires_at"]
    refused = client.check_in(RAMEN)
    assert (refused.status_code, refused.json()) == (409, {"expires_at": until})
    clock.pass_by(minutes=55)
    assert client.check_in(RAMEN).status_code == 201
    assert client.get("/users/me/watching").json()["show"]["ids"]["trakt"] == 103


def test_a_check_in_lasts_as_long_as_its_episode(client: Client) -> None:
    """The end is the episode's runtime after the start, or else its show's."""
    for body, minutes in ((HARBOR, 58), (RAMEN, 24), ({"episode": {"ids": {"trakt": 1_010_098}}}, 60)):
        client.check_in(body)
        watching = client.get("/users/me/watching").json()
        start, end = (datetime.fromisoformat(watching[name]) for name in ("started_at", "expires_at"))
        assert end - start == timedelta(minutes=minutes)
        client.cancel()


def test_what_ended_was_watched(client: Client, clock: Clock) -> None:
    """A check-in that ran to its end is in the progress and moves last_activities."""
    before = client.get("/shows/harbor-nine/progress/watched").json()
    moment = client.get("/sync/last_activities").json()["episodes"]["watched_at"]
    upcoming = before["next_episode"]
    client.check_in({"episode": {"ids": upcoming["ids"]}})
    clock.pass_by(hours=2)
    assert client.get("/users/me/watching").status_code == 204
    after = client.get("/shows/harbor-nine/progress/watched").json()
    assert after["completed"] == before["completed"] + 1
    assert after["last_episode"] == upcoming
    assert after["next_episode"] != upcoming
    assert client.get("/sync/last_activities").json()["episodes"]["watched_at"] > moment


def test_what_was_cancelled_was_not_watched(client: Client, clock: Clock) -> None:
    """A cancelled check-in leaves no trace, and cancelling nothing is no error."""
    before = client.get("/shows/harbor-nine/progress/watched").json()
    client.check_in(HARBOR)
    assert client.cancel().status_code == 204
    assert client.cancel().status_code == 204
    clock.pass_by(hours=2)
    assert client.get("/users/me/watching").status_code == 204
    assert client.get("/shows/harbor-nine/progress/watched").json() == before


def test_sharing_is_as_said_or_as_connected(client: Client) -> None:
    """What a check-in does not say is shared where the user is connected; false is quiet."""
    loud = client.check_in({**HARBOR, "message": "Low tide"})
    assert loud.json()["sharing"] == {"twitter": True, "mastodon": True, "tumblr": False}
    client.cancel()
    client.check_in({**HARBOR, "sharing": {"twitter": False, "mastodon": False, "tumblr": False}})
    assert [shared["message"] for shared in client.trakt.shared] == ["Low tide"]
    assert client.trakt.shared[0]["networks"] == ["twitter", "mastodon"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"movie": {"ids": {"trakt": 99_999}}}, 404),
        ({"movie": {"ids": {"tmdb": 0}}}, 404),
        ({"show": {"ids": {"slug": "harbor-nine"}}, "episode": {"season": 1, "number": 99}}, 404),
        ({"show": {"ids": {"slug": "harbor-nine"}}}, 404),
        ({"book": {}}, 422),
    ],
)
def test_nothing_found_is_not_checked_in(client: Client, body: object, status: int) -> None:
    """Ids that nobody has are a 404, a body that names nothing a 422."""
    assert client.check_in(body).status_code == status
    assert client.get("/users/me/watching").status_code == 204


@pytest.mark.parametrize(("slug", "season", "number"), [("the-garden-year", 0, 1), ("harbor-nine", 0, 99_999)])
def test_an_episode_of_no_year_is_a_404(client: Client, slug: str, season: int, number: int) -> None:
    """An episode before the year 1 or after 9999 is unknown like any other, whether its season is a year or not."""
    assert client.get(f"/shows/{slug}/seasons/{season}/episodes/{number}").status_code == 404
    body = {"show": {"ids": {"slug": slug}}, "episode": {"season": season, "number": number}}
    assert client.check_in(body).status_code == 404


def test_watching_needs_a_login(client: Client) -> None:
    """What the user watches is a 401 without a login."""
    client.check_in(HARBOR)
    assert client.get("/users/me/watching", Authorization=None).status_code == 401


def test_search_finds_by_words(client: Client) -> None:
    """The exact title comes first; words may be cut short, and Lucene's signs escaped."""

    def search_slugs(query: str) -> list[str]:
        results = client.get(f"/search/movie,show?query={query}").json()
        return [(result.get("show") or result["movie"])["ids"]["slug"] for result in results]

    assert search_slugs("harbor nine")[0] == "harbor-nine"
    assert set(search_slugs("The Long Shift")) == {"the-long-shift", "the-long-shift-2025"}
    assert "tea-and-trespass" in search_slugs("tres tea")
    assert search_slugs(r"Tea%20\%26\%26%20Trespass") == ["tea-and-trespass"]
    assert search_slugs("noooooothing") == []
    scores = [it["score"] for it in client.list_entries("/search/show?query=the")]
    assert scores == sorted(scores, reverse=True)


def test_exact_search_takes_the_whole_title(client: Client) -> None:
    """Part of a title is not found by the exact search."""
    assert len(client.list_entries("/search/show/exact?query=harbor+nine")) == 1
    assert client.list_entries("/search/show/exact?query=harbor") == []


def test_search_finds_by_id(client: Client) -> None:
    """An id of any kind finds its show, movie or episode; an unknown one an empty list."""
    assert client.list_entries("/search/tvdb/400101?type=show")[0]["show"]["title"] == "Harbor Nine"
    assert client.list_entries("/search/trakt/1010099?type=episode")[0]["episode"]["number"] == 4
    assert client.list_entries("/search/imdb/tt90700035?type=movie")[0]["movie"]["ids"]["trakt"] == 735
    assert client.list_entries("/search/tmdb/0?type=show") == []


def test_progress_leaves_specials_out(client: Client) -> None:
    """Progress counts the seasons from 1, and knows the shows of the cast alone."""
    assert client.get("/shows/harbor-nine/progress/watched").json()["seasons"][0]["number"] == 1
    assert client.get("/shows/no-such-show/progress/watched").status_code == 404


def test_full_answers_say_more(client: Client) -> None:
    """extended=full adds what the show and the episode are, and changes nothing else."""
    path = "/calendars/my/shows/2026-11-23/7"
    brief, full = client.list_entries(path), client.list_entries(f"{path}?extended=full")
    for some, more in zip(brief, full, strict=True):
        for part in ("show", "episode"):
            assert set(some[part]) < set(more[part])
            assert {name: more[part][name] for name in some[part]} == some[part]
    garden = next(it for it in full if it["show"]["ids"]["slug"] == "the-garden-year")
    assert garden["show"]["airs"]["timezone"] == "Europe/Oslo"
    assert garden["episode"]["effective_release_date"] == garden["first_aired"]


def test_settings_name_the_account_and_its_zone(client: Client) -> None:
    """Settings give the user name and the zone."""
    answer = client.get("/users/settings").json()
    assert answer["user"]["username"] == client.trakt.username
    assert answer["account"]["timezone"] == "Europe/Berlin"
