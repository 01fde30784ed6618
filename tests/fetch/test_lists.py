"""What Trakt is asked for besides its calendars: what was watched, the watchlist, release dates by country."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import icalendar
import pytest

from tests.conftest import Clock, Line
from tests.factories import NOW, make_movie
from tests.server import Reply, Request, run_server
from trakt_ical.demo import Fault
from trakt_ical.errors import Refused
from trakt_ical.fetch.v2.lists import Lists
from trakt_ical.fetch.v2.releases import Releases
from trakt_ical.model import Movie, Release
from trakt_ical.trakt.client import Client


@pytest.fixture
def rules(line: Line) -> Line:
    """A command line with an hour's calendar of the last three weeks, when a lot was watched."""
    line.environ |= {"TRAKT_ICAL_BACK": "21", "TRAKT_ICAL_AHEAD": "7"}
    return line


def read_uids(line: Line) -> set[str]:
    return {str(event["UID"]) for event in icalendar.Calendar.from_ical(line.ics.read_bytes()).events}


def count_requests(line: Line, part: str) -> int:
    return sum(part in seen.path for seen in line.demo.requests)


def export_unwatched(line: Line) -> set[str]:
    assert line("export", environ={"TRAKT_ICAL_WATCHED": "false"}).exit_code == 0
    return read_uids(line)


def test_what_was_watched_is_left_out(rules: Line) -> None:
    """`watched = false` leaves out what the user watched, asked for in one request."""
    rules("export")
    everything = read_uids(rules)
    unwatched = export_unwatched(rules)
    assert set() < unwatched < everything
    assert count_requests(rules, "/watched/") == 1
    gone = sorted(everything - unwatched)[0]
    show, season, number = re.fullmatch(r"trakt-(\d+)-s(\d+)e(\d+)@trakt-ical", gone).groups()  # type: ignore[union-attr]
    slug = next(each for each in find_slugs(rules) if find_slugs(rules)[each] == int(show))
    rules.demo.unwatch(slug, int(season), int(number))
    rules.clock.pass_by(minutes=5)
    assert gone in export_unwatched(rules)


def find_slugs(line: Line) -> dict[str, int]:
    """The ids of the shows in the calendar, by slug."""
    text = line.ics.read_bytes().replace(b"\r\n ", b"").decode()
    pairs = re.findall(r"UID:trakt-(\d+)-s.*?URL:https://trakt\.tv/shows/([^/]+)/", text, re.S)
    return {slug: int(number) for number, slug in pairs}


def test_what_was_watched_is_asked_for_again_only_when_it_changed(rules: Line) -> None:
    """While `/sync/last_activities` stands still the kept list is used; when it moved, the list is asked for anew."""
    export_unwatched(rules)
    rules.clock.pass_by(hours=1)
    left = sorted(export_unwatched(rules))
    assert (count_requests(rules, "/watched/"), count_requests(rules, "/sync/last_activities")) == (1, 2)
    aired = [uid for uid in left if "s" in uid]
    show, season, number = re.fullmatch(r"trakt-(\d+)-s(\d+)e(\d+)@trakt-ical", aired[0]).groups()  # type: ignore[union-attr]
    slug = {number: slug for slug, number in find_slugs(rules).items()}[int(show)]
    rules.demo.watch(slug, int(season), int(number))
    rules.clock.pass_by(hours=1)
    assert aired[0] not in export_unwatched(rules)
    assert count_requests(rules, "/watched/") == 2


def test_watched_movies_are_asked_for_with_movies_alone(rules: Line) -> None:
    """A calendar of movies asks for the movies that were watched, not for episodes."""
    result = rules("export", "--kind", "movies", environ={"TRAKT_ICAL_WATCHED": "false"})
    assert result.exit_code == 0
    assert (count_requests(rules, "/watched/movies"), count_requests(rules, "/watched/shows")) == (1, 0)


def test_the_watchlist_alone(rules: Line) -> None:
    """`watchlist_only` shows what is on the watchlist, and what is put there shows up."""
    environ = {"TRAKT_ICAL_WATCHLIST_ONLY": "true"}
    rules("export")
    everything = find_slugs(rules)
    rules("export", "--accept-shrink", environ=environ)
    before = find_slugs(rules)
    assert set(before) < set(everything)
    added = sorted(set(everything) - set(before))[0]
    rules.demo.add_to_watchlist(added)
    rules.clock.pass_by(minutes=5)
    rules("export", environ=environ)
    assert added in find_slugs(rules)
    assert count_requests(rules, "/watchlist/") == 2


@pytest.mark.parametrize("path", ["/users/me/watched", "/sync/last_activities"])
def test_a_list_that_fails_leaves_the_calendar(rules: Line, path: str) -> None:
    """Without the list nobody knows what to leave out: exit 5, and the calendar stays."""
    export_unwatched(rules)
    before = rules.ics.read_bytes()
    rules.clock.pass_by(hours=1)
    for kept in Path.home().rglob("watched-*.json"):
        kept.unlink()
    rules.demo.misbehave(Fault(path=path, status=500, times=0))
    assert rules("export", environ={"TRAKT_ICAL_WATCHED": "false"}).exit_code == 5
    assert rules.ics.read_bytes() == before


def test_a_kept_list_that_is_damaged_is_asked_for_anew(rules: Line) -> None:
    """What is kept may be deleted or damaged at any time."""
    left = export_unwatched(rules)
    [kept] = Path.home().rglob("watched-shows.json")
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.write_text("{")
    assert export_unwatched(rules) == left
    assert count_requests(rules, "/watched/") == 2


def test_watched_says_v1_itself(rules: Line) -> None:
    """On API v1 the calendar's own fields tell what was watched and what is on the watchlist."""
    rules("export", "--api", "v1")
    everything = read_uids(rules)
    rules.forget()
    rules("export", "--api", "v1", environ={"TRAKT_ICAL_WATCHED": "false"})
    unwatched = read_uids(rules)
    rules.forget()
    rules.demo.add_to_watchlist("harbor-nine")
    rules("export", "--api", "v1", environ={"TRAKT_ICAL_WATCHLIST_ONLY": "true"})
    assert set() < read_uids(rules) < everything
    assert set() < unwatched < everything
    assert {seen.path.split("/")[1] for seen in rules.demo.requests} == {"user"}


# Release dates by country.

MOVIES = [make_movie(key=f"trakt-movie-{number}", starts=date(2026, 4, number % 28 + 1)) for number in range(1, 4)]


def make_release(kind: str, day: str) -> dict[str, object]:
    return {"country": "de", "certification": "12", "release_date": day, "release_type": kind, "note": None}


def list_releases(path: str) -> list[dict[str, object]]:
    number = int(path.split("/")[2])
    return {
        1: [
            make_release("premiere", "2026-04-01"),
            make_release("theatrical", "2026-05-07"),
            make_release("limited", "2026-05-05"),
            make_release("digital", "2026-08-01"),
        ],
        2: [
            make_release("physical", "2026-09-01"),
            make_release("theatrical", "soon"),
            make_release("tv", "2027-01-01"),
        ],
    }.get(number, [])


def answer_releases(request: Request) -> Reply:
    return Reply(json.dumps(list_releases(request.path)).encode())


def find_days(folder: Path, clock: Clock, url: str, movies: list[Movie]) -> list[date]:
    with Client(url, now=clock) as client:
        found = Releases(client, folder, clock.now).add_dates({"movies": movies}, {"movies": ["de"]})
    return [each.days.get("de", each.starts) for each in found["movies"]]


def test_a_release_is_of_its_kind(tmp_path: Path, clock: Clock) -> None:
    """Cinemas count from the first showing for everybody, streaming and disc by their own; a premiere is for few."""
    of_one = [make_movie(key="trakt-movie-1", release=kind) for kind in Release]
    with run_server(answer_releases) as (url, asked):
        assert find_days(tmp_path, clock, url, of_one) == [date(2026, 5, 5), date(2026, 8, 1), date(2026, 4, 18)]
    assert len(asked) == 1


def test_what_a_country_does_not_say_stays_the_worlds(tmp_path: Path, clock: Clock) -> None:
    """A movie without a release of its kind in the country, or with one that is no date, keeps the world's day."""
    with run_server(answer_releases) as (url, _):
        assert find_days(tmp_path, clock, url, MOVIES[1:]) == [each.starts for each in MOVIES[1:]]


def test_releases_are_kept_for_a_week(tmp_path: Path, clock: Clock) -> None:
    """Within seven days no movie is asked for twice, also one that is not known; then it is."""
    with run_server(answer_releases) as (url, asked):
        for hours in (0, 24 * 7 - 1, 1):
            clock.pass_by(hours=hours)
            find_days(tmp_path, clock, url, MOVIES)
            if hours == 0:
                assert len(asked) == 3
        assert Counter(request.path for request in asked).most_common(1)[0][1] == 2
        assert len(asked) == 6


def test_at_most_a_hundred_are_asked_for(tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    """One run asks for a hundred release dates and says how many wait; the next run goes on."""
    many = [make_movie(key=f"trakt-movie-{number}") for number in range(1, 131)]
    with run_server(answer_releases) as (url, asked):
        find_days(tmp_path, clock, url, many)
        assert len(asked) == 100
        assert "30 release dates are not asked for in this run" in caplog.text
        find_days(tmp_path, clock, url, many)
        assert len(asked) == 130


def test_which_are_asked_for_first_is_no_chance(tmp_path: Path, clock: Clock) -> None:
    """Of more than one run may ask for it asks for the same ones, in whatever order a set has the countries."""
    many = [make_movie(key=f"trakt-movie-{number}") for number in range(1, 131)]
    first: list[set[str]] = []
    for countries in (["de", "fr", "us"], ["us", "fr", "de"]):
        with run_server(answer_releases) as (url, asked), Client(url, now=clock) as client:
            Releases(client, tmp_path / countries[0], clock.now).add_dates({"movies": many}, {"movies": countries})
        first.append({request.path for request in asked})
    assert first[0] == first[1]


def test_what_is_not_asked_again_yet_keeps_what_was_told(tmp_path: Path, clock: Clock) -> None:
    """After a week no date that is known falls back to the world's because only a hundred are asked for in a run."""
    many = [make_movie(key=f"trakt-movie-{number}") for number in range(1, 251)]
    with run_server(lambda _: Reply(json.dumps([make_release("theatrical", "2026-05-07")]).encode())) as (url, asked):
        for _ in range(3):
            found = find_days(tmp_path, clock, url, many)
        assert (set(found), len(asked)) == ({date(2026, 5, 7)}, 250)
        clock.pass_by(days=7)
        assert (set(find_days(tmp_path, clock, url, many)), len(asked)) == ({date(2026, 5, 7)}, 350)


def test_a_run_in_a_week_comes_to_every_movie(tmp_path: Path, clock: Clock) -> None:
    """What was never asked for comes first, then what was asked for longest ago: so none waits for ever."""
    many = [make_movie(key=f"trakt-movie-{number}") for number in range(1, 251)]
    with run_server(answer_releases) as (url, asked):
        for _ in range(3):
            find_days(tmp_path, clock, url, many)
            clock.pass_by(days=7)
    assert len({request.path for request in asked}) == len(many)


@pytest.mark.parametrize(("days", "is_kept"), [(91, True), (93, False)])
def test_a_release_date_is_forgotten_after_three_months(tmp_path: Path, clock: Clock, days: int, is_kept: bool) -> None:
    """What nobody asked for again for 92 days leaves the file, which would grow for ever."""
    with run_server(answer_releases) as (url, _):
        find_days(tmp_path, clock, url, MOVIES[:1])
        clock.pass_by(days=days)
        find_days(tmp_path, clock, url, MOVIES[1:2])
    assert ("trakt-movie-1 de" in json.loads((tmp_path / "releases.json").read_bytes())) == is_kept


def test_a_movie_without_a_record_is_no_fault(tmp_path: Path, clock: Clock) -> None:
    """A 404 for one movie is an answer: nothing is known."""
    with run_server(lambda asked: Reply(status=404)) as (url, asked):
        assert find_days(tmp_path, clock, url, MOVIES[:1]) == [MOVIES[0].starts]
        assert find_days(tmp_path, clock, url, MOVIES[:1]) == [MOVIES[0].starts]
    assert len(asked) == 1


def test_what_fails_midway_is_a_fault_and_what_was_answered_is_kept(tmp_path: Path, clock: Clock) -> None:
    """Another refusal than 404 is no answer; the next run asks for that movie alone."""
    with run_server(lambda asked: Reply(status=400) if "/2/" in asked.path else answer_releases(asked)) as (url, _):
        with pytest.raises(Refused):
            find_days(tmp_path, clock, url, MOVIES[:2])
    with run_server(answer_releases) as (url, asked):
        find_days(tmp_path, clock, url, MOVIES[:2])
    assert [request.path for request in asked] == ["/movies/2/releases/de"]


def test_a_hidden_season_does_not_hide_its_show(tmp_path: Path, clock: Clock) -> None:
    """Trakt lists hidden seasons beside hidden shows; the show of such a season is still wanted."""
    entries = [{"show": {"ids": {"trakt": 5}}, "season": {"number": 2}}, {"show": {"ids": {"trakt": 6}}}]
    with run_server(lambda _: Reply(json.dumps(entries).encode())) as (url, _), Client(url, now=clock) as client:
        assert Lists(client, tmp_path).fetch_hidden("calendar") == {"trakt-6"}


def test_movies_bear_the_days_of_the_country(line: Line) -> None:
    """With `country` the calendar's movies are on that country's days, and their UIDs stay."""
    arguments = ("export", "--kind", "movies", "--kind", "streaming", "--kind", "dvd")
    line(*arguments)
    world = read_days(line)
    assert line(*arguments, environ={"TRAKT_ICAL_COUNTRY": "DE"}).exit_code == 0
    german = read_days(line)
    assert any(german[uid] != day for uid, day in world.items() if uid in german)
    assert b"CANCELLED" not in line.ics.read_bytes()
    assert line(*arguments).exit_code == 0
    assert read_days(line) == world


def test_a_country_is_asked_of_the_movies_that_bear_it(line: Line) -> None:
    """Neither the movies of a calendar without a country are asked for, nor all in the countries of others."""
    file = line.folder / "config.toml"
    file.write_text(
        f'[calendar.Cinema]\nkind = "movies"\ncountry = "de"\noutput = "{line.folder}/cinema.ics"\n'
        f'[calendar.Home]\nkind = "streaming"\ncountry = "us"\noutput = "{line.folder}/home.ics"\n'
        f'[calendar.Discs]\nkind = "dvd"\noutput = "{line.folder}/discs.ics"\n'
    )
    del line.environ["TRAKT_ICAL_OUTPUT"]
    assert line("export", "Cinema", "--config", str(file)).exit_code == 0
    german = count_requests(line, "/releases/")
    assert line("export", "--config", str(file)).exit_code == 0
    assert {seen.path[-2:] for seen in line.demo.requests if "/releases/" in seen.path} == {"de", "us"}
    assert count_requests(line, "/releases/de") == german > 0


def read_days(line: Line) -> dict[str, date]:
    calendar = icalendar.Calendar.from_ical(line.ics.read_bytes())
    return {str(event["UID"]): event.DTSTART for event in calendar.events}


def test_a_movie_that_the_world_saw_long_ago_stays(line: Line) -> None:
    """A movie whose world release has left the range is neither lost nor cancelled while its country's is ahead."""
    arguments = ("export", "--kind", "movies")
    environ = {"TRAKT_ICAL_COUNTRY": "jp", "TRAKT_ICAL_BACK": "5"}
    line(*arguments, environ=environ)
    ahead = {uid for uid, day in read_days(line).items() if day > NOW.date() + timedelta(days=30)}
    assert ahead
    for _ in range(5):
        line.clock.pass_by(days=6)
        assert line(*arguments, environ=environ).exit_code == 0
        assert ahead <= read_days(line).keys()
        assert b"CANCELLED" not in line.ics.read_bytes()
