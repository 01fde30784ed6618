"""What the user of the built-in Trakt watched and listed, as API v2 tells it and as it can be told."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.conftest import Clock
from tests.demos import Demo, make_headers

KOI = "clockwork-koi"
KOI_EPISODE = {"show": {"ids": {"slug": KOI}}, "episode": {"number_abs": 70}}


class Client:
    """A program that is logged in."""

    def __init__(self, trakt: Demo) -> None:
        self.trakt = trakt
        self.session = requests.Session()
        self.session.headers.update(make_headers(trakt))

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(self.trakt.url + path, timeout=60, **options)

    def get_json(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status_code == 200
        return answer.json()

    def check_in(self, body: object) -> requests.Response:
        return self.session.post(f"{self.trakt.url}/checkin", json=body, timeout=60)

    def change(self, change: str, **fields: object) -> requests.Response:
        return requests.post(f"{self.trakt.url}/demo/changes", json={"change": change, **fields}, timeout=60)

    def find_watched(self, slug: str) -> dict[str, Any]:
        """The entry of one show among the watched ones."""
        shows = self.get_json("/users/me/watched/shows")
        return next(each for each in shows if each["show"]["ids"]["slug"] == slug)

    def fetch_progress(self, slug: str) -> dict[str, Any]:
        return dict(self.get_json(f"/shows/{slug}/progress/watched"))

    def list_slugs(self, path: str = "/users/me/watchlist/shows/rank/asc") -> list[str]:
        return [each[each["type"]]["ids"]["slug"] for each in self.get_json(path)]

    def list_on_air(self) -> set[str]:
        """The shows in the user's own calendar of some weeks."""
        return {each["show"]["ids"]["slug"] for each in self.get_json("/calendars/my/shows/2026-11-01/33")}


@pytest.fixture
def clock() -> Clock:
    """The clock of the demo."""
    return Clock(datetime(2026, 11, 23, 12, tzinfo=UTC))


@pytest.fixture
def client(clock: Clock) -> Iterator[Client]:
    """A program that is logged in at a demo that lives by the clock."""
    with Demo(now=clock) as trakt:
        opened = Client(trakt)
        with opened.session:
            yield opened


def count_behind(client: Client, slug: str) -> int:
    """How many aired episodes of a show are still to be watched."""
    progress = client.fetch_progress(slug)
    return int(progress["aired"]) - int(progress["completed"])


def test_the_user_is_behind_with_some_shows(client: Client) -> None:
    """Of what aired lately some shows are watched to the last episode, of others several are missing."""
    assert count_behind(client, "moonlit-noodle-stand") == 0
    assert count_behind(client, "first-light") in (1, 2, 3)
    assert count_behind(client, "tea-and-trespass") >= 3
    waiting = client.fetch_progress("tea-and-trespass")
    assert waiting["next_episode"]["number"] == waiting["last_episode"]["number"] + 1


@pytest.mark.parametrize("day", range(0, 84, 6))
def test_the_user_is_behind_on_any_first_day(day: int) -> None:
    """Whichever day the demo first starts on, episodes of the last month are watched, and others are not."""
    now = datetime(2026, 11, 23, 12, tzinfo=UTC) + timedelta(days=day)
    with Demo(now=lambda: now) as trakt:
        client = Client(trakt)
        with client.session:
            start = (now - timedelta(days=31)).date().isoformat()
            aired = client.get_json(f"/calendars/my/shows/{start}/30")
            shows = client.get_json("/users/me/watched/shows?extended=min&limit=all&specials=true")
            seen = {episode for seasons in shows.values() for its in seasons.values() for episode in its}
            watched = [str(each["episode"]["ids"]["trakt"]) in seen for each in aired]
            assert watched.count(True) >= 5
            assert watched.count(False) >= 5


def test_a_show_may_be_listed_and_never_watched(client: Client) -> None:
    """Such a show is in the user's own calendar, on the watchlist and in no list of what was watched."""
    assert KOI in client.list_on_air()
    assert client.list_slugs() == [KOI]
    assert client.fetch_progress(KOI)["completed"] == 0
    assert client.fetch_progress(KOI)["next_episode"]["season"] == 1
    assert KOI not in {each["show"]["ids"]["slug"] for each in client.get_json("/users/me/watched/shows")}


def test_what_was_watched_is_told_in_three_ways(client: Client) -> None:
    """An entry says how often and when last; `full` adds what the show is, `min` gives times by id alone."""
    plain = client.get_json("/users/me/watched/shows?limit=250")
    full = client.get_json("/users/me/watched/shows?extended=full&limit=250")
    minimal = client.get_json("/users/me/watched/shows?extended=min&limit=all")
    assert len(plain) == len(full) == len(minimal)
    assert "country" in full[0]["show"]
    assert "country" not in plain[0]["show"]
    lasts = [each["last_watched_at"] for each in plain]
    assert lasts == sorted(lasts, reverse=True)
    for entry in plain:
        seasons = minimal[str(entry["show"]["ids"]["trakt"])].values()
        assert sum(len(times) for its in seasons for times in its.values()) == entry["plays"]


def test_seasons_go_by_ids(client: Client) -> None:
    """In the shortest form a season is named by its id alone, and an episode by the id that calendars give it."""
    seasons = client.get_json("/users/me/watched/shows?extended=min")["101"]
    assert all(key.isdigit() for key in seasons)
    assert "1010099" in {episode for its in seasons.values() for episode in its}


def test_specials_are_told_when_asked_for(client: Client) -> None:
    """Season 0 is left out of what was watched, unless `specials=true`."""
    path = "/users/me/watched/shows?extended=min"
    regular, every = client.get_json(path)["101"], client.get_json(f"{path}&specials=true")["101"]
    assert set(every) - set(regular) == {"1010000"}


def test_what_was_watched_comes_in_pages(client: Client) -> None:
    """A page has 100 entries, or as many as asked for, up to 250; with `min` all are to be had at once."""
    path = "/users/me/watched/shows"
    whole = client.get_json(path)
    second = client.get(f"{path}?limit=10&page=2")
    assert second.json() == whole[10:20]
    assert second.headers["X-Pagination-Item-Count"] == str(len(whole))
    assert client.get(path).headers["X-Pagination-Limit"] == "100"
    assert client.get(f"{path}?limit=1000").headers["X-Pagination-Limit"] == "250"
    assert client.get(f"{path}?extended=min&limit=all").headers["X-Pagination-Page-Count"] == "1"


def test_movies_were_watched_too(client: Client) -> None:
    """Some movies of the calendar were watched, in either form; the others are on the watchlist."""
    watched = client.get_json("/users/me/watched/movies")
    assert watched
    assert set(client.get_json("/users/me/watched/movies?extended=min")) == {
        str(it["movie"]["ids"]["trakt"]) for it in watched
    }
    slugs = {each["movie"]["ids"]["slug"] for each in watched}
    assert not slugs & set(client.list_slugs("/users/me/watchlist/movies/rank/asc"))


def test_lists_need_a_login(client: Client) -> None:
    """What was watched and listed is a 401 without a login."""
    for what in ("watched/shows", "watched/movies", "watchlist/shows/rank/asc"):
        assert client.get(f"/users/me/{what}", headers={"Authorization": None}).status_code == 401


def test_an_episode_can_be_watched_and_forgotten(client: Client, clock: Clock) -> None:
    """Both show in the progress, in the list of what was watched and in last_activities."""
    upcoming = client.fetch_progress("tea-and-trespass")["next_episode"]
    place = {"show": "tea-and-trespass", "season": upcoming["season"], "number": upcoming["number"]}
    moments = [client.get_json("/sync/last_activities")["episodes"]["watched_at"]]
    plays = client.find_watched("tea-and-trespass")["plays"]
    for change, more in (("watch", 1), ("watch", 2), ("unwatch", 0)):
        clock.pass_by(minutes=1)
        assert client.change(change, **place).status_code == 200
        assert client.find_watched("tea-and-trespass")["plays"] == plays + more
        moments.append(client.get_json("/sync/last_activities")["episodes"]["watched_at"])
    assert moments == sorted(set(moments))
    assert client.fetch_progress("tea-and-trespass")["next_episode"] == upcoming


def test_what_was_watched_as_it_aired_can_be_forgotten(client: Client) -> None:
    """An episode of long ago is unwatched like any other, and can be watched again."""
    plays = client.find_watched("harbor-nine")["plays"]
    client.trakt.unwatch("harbor-nine", 1, 1)
    client.trakt.unwatch("harbor-nine", 1, 1)
    assert client.find_watched("harbor-nine")["plays"] == plays - 1
    client.trakt.watch("harbor-nine", 1, 1)
    assert client.find_watched("harbor-nine")["plays"] == plays


def test_a_show_can_be_listed_and_taken_off(client: Client, clock: Clock) -> None:
    """Being listed brings a show into the user's own calendar; taken off, and never watched, it leaves."""
    before = client.get_json("/sync/last_activities")
    clock.pass_by(minutes=1)
    assert client.change("watchlist", show="cold-platform").status_code == 200
    after = client.get_json("/sync/last_activities")
    assert client.list_slugs() == [KOI, "cold-platform"]
    assert "cold-platform" in client.list_on_air()
    for moved in (("shows", "watchlisted_at"), ("watchlist", "updated_at")):
        assert after[moved[0]][moved[1]] > before[moved[0]][moved[1]]
    assert after["all"] > before["all"]
    client.change("unwatchlist", show="cold-platform")
    client.change("unwatchlist", show=KOI)
    assert client.list_slugs() == []
    assert not {"cold-platform", KOI} & client.list_on_air()


def test_movies_and_episodes_can_be_listed(client: Client) -> None:
    """The watchlist holds all three kinds, together or by type, and an episode by itself comes into the calendar."""
    client.change("watchlist", show="cold-platform", season=16, number=1)
    client.change("watchlist", movie="salt-moon-2024")
    types = {each["type"] for each in client.get_json("/users/me/watchlist/all/rank/asc")}
    assert types == {"show", "movie", "episode"}
    assert [each["episode"]["season"] for each in client.get_json("/users/me/watchlist/episodes/rank/asc")] == [16]
    assert set(client.list_slugs("/users/me/watchlist/movies,shows/rank/asc")) > {KOI, "salt-moon-2024"}
    assert client.get("/users/me/watchlist/books/rank/asc").status_code == 404


def test_the_watchlist_comes_in_pages_by_rank(client: Client, clock: Clock) -> None:
    """What was listed first comes first."""
    clock.pass_by(minutes=1)
    client.trakt.add_to_watchlist("cold-platform")
    path = "/users/me/watchlist/shows/rank/asc"
    assert client.list_slugs(path) == [KOI, "cold-platform"]
    page = client.get(f"{path}?limit=1&page=2")
    assert [each["show"]["ids"]["slug"] for each in page.json()] == ["cold-platform"]
    assert page.headers["X-Pagination-Page-Count"] == "2"


def test_watching_takes_off_the_watchlist(client: Client, clock: Clock) -> None:
    """A show whose episode was watched leaves the watchlist and stays in the calendar."""
    assert client.check_in(KOI_EPISODE).status_code == 201
    assert client.list_slugs() == [KOI]
    clock.pass_by(hours=1)
    assert client.fetch_progress(KOI)["completed"] == 1
    assert client.list_slugs() == []
    assert KOI in client.list_on_air()


def test_checking_in_and_cancelling_move_the_activity(client: Client, clock: Clock) -> None:
    """What runs or is cancelled moves last_activities at once."""
    moments = [client.get_json("/sync/last_activities")["movies"]["watched_at"]]
    for act in (
        lambda: client.check_in({"movie": {"ids": {"trakt": 735}}}),
        lambda: client.session.delete(f"{client.trakt.url}/checkin", timeout=60),
    ):
        clock.pass_by(minutes=1)
        act()
        moments.append(client.get_json("/sync/last_activities")["movies"]["watched_at"])
    assert moments == sorted(set(moments))


@pytest.mark.parametrize(
    "change",
    [
        {"change": "watch", "show": KOI},
        {"change": "watch", "show": KOI, "season": 1, "number": 99},
        {"change": "unwatch", "movie": "no-such-movie"},
        {"change": "watchlist", "show": "nobody"},
        {"change": "watchlist"},
    ],
)
def test_changes_of_nothing_are_refused(client: Client, change: dict[str, object]) -> None:
    """A change that names no episode, show or movie is a 400 in words and changes nothing."""
    answer = client.change(**change)  # type: ignore[arg-type]
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert client.list_slugs() == [KOI]


def fetch_releases(client: Client, movie: str, country: str) -> dict[str, date]:
    """The days on which a movie comes out in a country, by the way in which it does."""
    listed = client.get_json(f"/movies/{movie}/releases/{country}")
    assert [each["release_date"] for each in listed] == sorted(each["release_date"] for each in listed)
    return {each["release_type"]: date.fromisoformat(each["release_date"]) for each in listed}


def test_movies_come_out_on_other_days_elsewhere(client: Client) -> None:
    """A country has days of its own; the calendar has the world's, and previews come before it."""
    world = date.fromisoformat(client.get_json("/search/trakt/735?type=movie&extended=full")[0]["movie"]["released"])
    american, german = fetch_releases(client, "735", "us"), fetch_releases(client, "blue-hour-diner-2026", "de")
    assert american["theatrical"] == world
    assert american["premiere"] < american["limited"] < world
    found = {kind for code in ("us", "gb") for kind in fetch_releases(client, "735", code)}
    assert found == {"premiere", "limited", "theatrical", "digital", "physical", "tv"}
    assert set(german) == {"theatrical", "digital", "physical", "tv"}
    assert client.get_json("/movies/735/releases/us")[0]["certification"] == "PG-13"


def test_a_movie_may_never_come_to_a_country(client: Client) -> None:
    """Where a movie is not released the list is empty."""
    assert fetch_releases(client, "736", "jp") == {}
    assert fetch_releases(client, "735", "jp")["theatrical"].year >= 2026
    assert fetch_releases(client, "735", "xx") == {}
    assert client.get("/movies/99999/releases/us").status_code == 404


def test_there_is_something_for_every_filter(client: Client) -> None:
    """The user's shows differ in language, country, certification, genre, network and rating."""
    entries = client.get_json("/calendars/my/shows/2026-11-01/33?extended=full")
    for field, least in (
        ("language", 5),
        ("country", 8),
        ("certification", 6),
        ("network", 12),
        ("rating", 6),
    ):
        assert len({each["show"][field] for each in entries}) >= least, field
    assert len({genre for each in entries for genre in each["show"]["genres"]}) >= 8
    numbered = {each["show"]["ids"]["slug"] for each in entries if each["episode"]["number_abs"]}
    assert numbered == {"moonlit-noodle-stand", KOI}
    movies = client.get_json("/calendars/my/dvd/2026-06-01/33?extended=full")
    movies += client.get_json("/calendars/my/movies/2026-11-01/33?extended=full")
    assert len({each["movie"]["rating"] for each in movies}) >= 2
