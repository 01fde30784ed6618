"""`trakt-ical checkin`: what is meant, on both APIs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.checkins import HARBOR, SLOW_FERRY, CheckInLine
from tests.conftest import Line
from tests.server import Reply, run_server

TWO_ON = datetime(2026, 4, 21, 18, 40, tzinfo=UTC)  # Tea & Trespass since 18:30, The Slow Ferry since 6:00
DROP = datetime(2026, 4, 23, 7, 5, tzinfo=UTC)  # eight episodes of Glass Orchard since 7:00


@pytest.fixture(params=["v2", "v1"])
def checkin(request: pytest.FixtureRequest, line: Line) -> CheckInLine:
    """The command over one API, then over the other."""
    return CheckInLine(line, request.param)


@pytest.fixture
def v2(line: Line) -> CheckInLine:
    """The command over API v2."""
    return CheckInLine(line, "v2")


@pytest.fixture
def v1(line: Line) -> CheckInLine:
    """The command over API v1."""
    return CheckInLine(line, "v1")


def watch_yesterday(checkin: CheckInLine) -> None:
    """Count as watched what aired on the day before."""
    checkin.demo.watch("the-garden-year", 2026, 16)
    checkin.demo.watch("moonlit-noodle-stand", 10, 12)


def test_one_word_checks_in_to_what_is_on_now(checkin: CheckInLine) -> None:
    """With the calendar kept, `checkin` is one POST and nothing else."""
    checkin.export()
    before = len(checkin.demo.requests)
    result = checkin()
    assert (result.exit_code, result.stdout) == (0, "")
    assert "The Slow Ferry 10x83 Rain" in result.stderr
    assert [each.method for each in checkin.demo.requests[before:]] == ["POST"]
    assert checkin.read_status() == "The Slow Ferry 10x83 Rain"


def test_a_calendar_that_was_not_kept_is_fetched(checkin: CheckInLine) -> None:
    """Without kept answers the calendar is asked for, and kept for the next time."""
    assert checkin("--dry-run").exit_code == 0
    asked = len(checkin.list_requests())
    assert asked > 0
    assert checkin("--dry-run").exit_code == 0
    assert len(checkin.list_requests()) == asked


def test_a_calendar_that_grew_old_is_fetched_anew(checkin: CheckInLine) -> None:
    """After more than six hours what was kept no longer tells what is on."""
    checkin.export()
    before = len(checkin.list_requests())
    checkin.clock.pass_by(hours=7)
    assert checkin("--dry-run").exit_code == 0
    assert any("calendar" in each for each in checkin.list_requests()[before:])


def test_several_things_on_are_listed_without_a_terminal(checkin: CheckInLine) -> None:
    """Nobody can be asked: exit 9, and a list with what began last at its head."""
    checkin.clock.now = TWO_ON
    result = checkin()
    assert (result.exit_code, checkin.list_posts()) == (9, [])
    _, first, second = result.stderr.splitlines()
    assert first.strip().startswith("Tea & Trespass 16x01")
    assert second.strip().startswith("The Slow Ferry 11x02")


def test_each_calendar_has_a_clock_of_its_own(checkin: CheckInLine, tmp_path: Path) -> None:
    """Of several calendars the first that shows an airing says when it is on, by its own offsets and filters."""
    checkin.clock.now = TWO_ON
    del checkin.line.environ["TRAKT_ICAL_OUTPUT"]
    (tmp_path / "two.toml").write_text(
        "[calendar.Late]\nexclude_shows = ['the-slow-ferry']\noffset = 180\n"
        "[calendar.Ferries]\ninclude_shows = ['the-slow-ferry']\n"
    )
    result = checkin("--config", str(tmp_path / "two.toml"))
    assert result.exit_code == 0, result.stderr
    assert checkin.read_status().startswith("The Slow Ferry")


@pytest.mark.parametrize(("typed", "chosen"), [("\n", "Tea & Trespass"), ("2\n", "The Slow Ferry")])
def test_several_things_on_are_a_numbered_choice(checkin: CheckInLine, typed: str, chosen: str) -> None:
    """On a terminal they are numbered; Enter takes the likeliest."""
    checkin.clock.now = TWO_ON
    result = checkin(typed=typed)
    assert "  1  Tea & Trespass" in result.stderr
    assert result.exit_code == 0
    assert checkin.read_status().startswith(chosen)


def test_no_input_never_asks(checkin: CheckInLine) -> None:
    """--no-input on a terminal is as without one."""
    checkin.clock.now = TWO_ON
    assert checkin("--no-input", typed="\n").exit_code == 9


def test_of_several_things_on_the_watched_ones_do_not_count(checkin: CheckInLine) -> None:
    """What was watched already is not what is meant, if something else is on."""
    checkin.clock.now = TWO_ON
    checkin.demo.watch("tea-and-trespass", 16, 1)
    assert checkin().exit_code == 0
    assert checkin.read_status().startswith("The Slow Ferry")


def test_what_is_about_to_begin_counts_as_on(checkin: CheckInLine) -> None:
    """Clocks differ: ten minutes before its time it is on, and no question is asked."""
    checkin.demo.remove(SLOW_FERRY, 11, 2)
    checkin.clock.now = datetime(2026, 4, 21, 18, 22, tzinfo=UTC)
    result = checkin()
    assert result.exit_code == 0
    assert "Tea & Trespass 16x01" in result.stderr


def test_nothing_on_is_the_latest_unwatched_airing(v2: CheckInLine) -> None:
    """Without anything on, the latest airing is taken that was not watched."""
    v2.demo.hide(SLOW_FERRY)
    result = v2("--cancel"), v2()
    assert "The Garden Year 2026x16" in result[1].stderr
    v2("--cancel")
    v2.demo.watch("the-garden-year", 2026, 16)
    v2()
    assert v2.read_status().startswith("月下の屋台 10x12")


def test_what_was_watched_just_now_is_known(v2: CheckInLine) -> None:
    """The calendar is kept, what was watched is not: Trakt is asked in at most two GETs."""
    v2.demo.hide(SLOW_FERRY)
    v2.export()
    v2("--dry-run")
    before = len(v2.demo.requests)
    v2.demo.watch("the-garden-year", 2026, 16)
    v2()
    asked = [each.method for each in v2.demo.requests[before:]]
    assert asked == ["GET", "GET", "POST"]
    assert v2.read_status().startswith("月下の屋台 10x12")


def test_of_a_drop_the_first_episode_is_meant(v2: CheckInLine) -> None:
    """Eight episodes at one instant: the lowest number that was not watched."""
    v2.demo.hide(SLOW_FERRY)
    v2.clock.now = datetime(2026, 4, 23, 12, tzinfo=UTC)
    v2.demo.watch("glass-orchard", 16, 1)
    assert v2("--dry-run", "--json").exit_code == 0
    assert json.loads(v2("--dry-run", "--json").stdout)["body"]["episode"] == {"season": 16, "number": 2}


def test_on_a_terminal_a_guess_is_a_choice(v2: CheckInLine) -> None:
    """Nothing is on: the latest unwatched episodes of several shows are offered, one of each."""
    v2.demo.hide(SLOW_FERRY)
    result = v2(typed="2\n")
    assert result.exit_code == 0
    assert v2.read_status().startswith("月下の屋台 10x12")


def test_with_nothing_unwatched_the_show_watched_last_goes_on(v2: CheckInLine) -> None:
    """A calendar without anything to watch leads to the next episode of the show that was watched last."""
    v2.demo.hide(SLOW_FERRY)
    watch_yesterday(v2)
    v2.clock.pass_by(minutes=1)
    v2.demo.watch("cold-platform", 3, 1)
    result = v2(environ={"TRAKT_ICAL_BACK": "0"})
    assert result.exit_code == 0
    assert v2.read_status().startswith("Cold Platform 3x02")


def test_with_nothing_unwatched_api_v1_asks_for_a_title(v1: CheckInLine) -> None:
    """V1 does not tell what was watched last: exit 9."""
    v1.demo.remove(SLOW_FERRY, 10, 83)
    v1.demo.remove(SLOW_FERRY, 10, 82)
    watch_yesterday(v1)
    result = v1(environ={"TRAKT_ICAL_BACK": "0", "TRAKT_ICAL_AHEAD": "0"})
    assert (result.exit_code, v1.list_posts()) == (9, [])


@pytest.mark.parametrize(
    "words", [("tea",), ("Tea", "&", "Trespass"), ("tea-and-trespass", "next"), ("tee", "tresspas")]
)
def test_a_title_is_its_next_unwatched_episode(checkin: CheckInLine, words: tuple[str, ...]) -> None:
    """A part of the title, its slug or a slip of the pen find the show, without a search."""
    assert checkin(*words).exit_code == 0
    assert checkin.read_status().startswith("Tea & Trespass 15x04")
    assert not any("search" in each for each in checkin.list_requests())


@pytest.mark.parametrize(
    ("place", "found"),
    [
        (("10x08",), "Harbor Nine 10x08"),
        (("s10e08",), "Harbor Nine 10x08"),
        (("S10E8",), "Harbor Nine 10x08"),
        (("special", "10"), "Harbor Nine 0x10"),
    ],
)
def test_an_episode_is_named_as_people_do(checkin: CheckInLine, place: tuple[str, ...], found: str) -> None:
    """`10x08`, `s10e08` and `special 10`, all in the calendar, take one POST."""
    checkin.export()
    before = len(checkin.demo.requests)
    assert checkin("harbor", *place).exit_code == 0
    assert [each.method for each in checkin.demo.requests[before:]] == ["POST"]
    assert checkin.read_status().startswith(found)


def test_a_title_outside_the_calendar_is_searched_for(checkin: CheckInLine) -> None:
    """Trakt's search finds what the calendar does not list."""
    assert checkin("cold platform", "2x01").exit_code == 0
    assert checkin.read_status().startswith("Cold Platform 2x01")
    assert any("/search/show" in each for each in checkin.list_requests())


@pytest.mark.parametrize("title", ["cold/platform", "Cold: Platform!", "cold & platform?"])
def test_the_signs_of_a_title_are_no_signs_of_the_search(checkin: CheckInLine, title: str) -> None:
    """A slash, which is part of many titles, and what searches obey find what they would find without."""
    assert checkin(title, "2x01").exit_code == 0
    assert checkin.read_status().startswith("Cold Platform 2x01")


def test_a_title_that_is_nowhere_matches_nothing(checkin: CheckInLine) -> None:
    """Neither calendar nor search has it: exit 9, and nothing is posted."""
    result = checkin("no", "such", "show")
    assert (result.exit_code, checkin.list_posts()) == (9, [])
    assert "“no such show”" in result.stderr


def test_a_near_miss_offers_the_nearest_titles(checkin: CheckInLine) -> None:
    """What is spelled only roughly like a title is not taken for it, but offered: exit 9, and nothing is posted."""
    result = checkin("the slow boat", "10x01", "--json")
    assert (result.exit_code, checkin.list_posts()) == (9, [])
    assert json.loads(result.stdout)["candidates"][0].startswith("The Slow Ferry")


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        (("cold", "platfrom"), "Cold Platform"),
        (("blue", "hour", "dinner"), "Blue Hour Diner"),
        (("--movie", "paper harbr"), "Paper Harbor"),
        (("--movie", "blue hour dinner"), "Blue Hour Diner"),
    ],
)
def test_a_near_miss_offers_what_trakt_has(checkin: CheckInLine, words: tuple[str, ...], nearest: str) -> None:
    """What the calendar does not list comes from a search for single words: exit 9, and a movie says that it is one."""
    result = checkin(*words, "--json")
    candidates = json.loads(result.stdout)["candidates"]
    assert (result.exit_code, checkin.list_posts()) == (9, [])
    assert candidates[0].startswith(nearest)
    assert candidates[0].endswith("--movie") is (nearest != "Cold Platform")


def test_a_movie_outside_the_calendar_needs_no_option(checkin: CheckInLine) -> None:
    """Where Trakt has no show of that title and no episode is named, a movie is looked for; several are a choice."""
    assert checkin("blue hour diner 2025", "--early").exit_code == 0
    assert checkin.read_status() == "Blue Hour Diner (2025)"
    assert checkin("blue hour diner", "1x01").exit_code == 9
    candidates = json.loads(checkin("blue hour diner", "--json").stdout)["candidates"]
    assert len(candidates) > 1
    assert all("--movie" in each for each in candidates)


@pytest.mark.parametrize("title", ["slow fery", "slow ferri", "slw ferry", "the slow ferrry"])
def test_a_slip_in_one_word_of_a_title_does_not_matter(checkin: CheckInLine, title: str) -> None:
    """A wrong, missing or doubled letter finds the title, with its article or without, and so does its episode."""
    assert checkin(*title.split(), "10x82").exit_code == 0
    assert checkin.read_status().startswith("The Slow Ferry 10x82")


def test_a_slip_in_a_part_of_a_title_does_not_matter(checkin: CheckInLine) -> None:
    """One word of a title finds it, even misspelt."""
    assert checkin("tresspas", "15x01").exit_code == 0
    assert checkin.read_status().startswith("Tea & Trespass 15x01")
    assert not any("search" in each for each in checkin.list_requests())


def test_a_movie_of_the_calendar_needs_no_option(v2: CheckInLine) -> None:
    """Shows and movies of the calendar are looked up together, unless an episode is named."""
    result = v2("weekend, twice", "--early", environ={"TRAKT_ICAL_KIND": "shows,movies"})
    assert result.exit_code == 0
    assert v2.read_status() == "A Weekend, Twice (2026)"
    assert v2("weekend, twice", "1x01", environ={"TRAKT_ICAL_KIND": "shows,movies"}).exit_code == 9


def test_an_episode_that_does_not_exist_matches_nothing(checkin: CheckInLine) -> None:
    """Trakt says that it has no such episode: exit 9."""
    result = checkin("harbor", "1x99")
    assert (result.exit_code, "Harbor Nine 1x99" in result.stderr) == (9, True)


def test_a_show_without_episodes_to_watch_matches_nothing(checkin: CheckInLine) -> None:
    """A show of which nothing waits: exit 9."""
    assert checkin("kiln").exit_code == 9


def test_two_shows_of_one_title_are_told_apart(checkin: CheckInLine) -> None:
    """An ambiguous title is exit 9 with what names each; on a terminal it is a choice; slug and year decide."""
    result = checkin("the long shift", "7x04")
    option = "--trakt" if checkin.api == "v2" else "--tvdb"
    assert result.exit_code == 9
    assert sorted(each.strip().partition(option)[0].strip() for each in result.stderr.splitlines()[1:]) == [
        "The Long Shift (2024)",
        "The Long Shift (2025)",
    ]
    assert checkin("the-long-shift-2025", "7x04").exit_code == 0
    assert checkin("--cancel").exit_code == 0
    assert checkin("the long shift 2025", "7x04").exit_code == 0
    assert checkin("--cancel").exit_code == 0
    assert checkin("the long shift", "7x04", typed="1\n").exit_code == 0


def test_of_several_shows_that_of_which_one_began_last_is_likeliest(checkin: CheckInLine) -> None:
    """Enter takes the show that is on, wherever the calendar lists it."""
    checkin.clock.now = TWO_ON
    candidates = json.loads(checkin("t", "--json").stdout)["candidates"]
    assert [each.partition(" (")[0] for each in candidates][:2] == ["Tea & Trespass", "The Slow Ferry"]
    assert checkin("t", "16x01", typed="\n").exit_code == 0
    assert checkin.read_status().startswith("Tea & Trespass 16x01")


def test_a_choice_of_titles_is_short(v2: CheckInLine) -> None:
    """Of the fifty shows that a search finds the best ten are offered."""
    shows = [{"show": {"title": f"Elsewhere {each}", "ids": {"trakt": each}}} for each in range(1, 51)]
    found = json.dumps(shows).encode()
    with run_server(lambda asked: Reply(found if "/search/show?" in asked.path else b"[]")) as (url, _):
        environ = {"TRAKT_ICAL_API_URL": url, "TRAKT_ICAL_TIMEZONE": "UTC"}
        candidates = json.loads(v2("elsewhere", "--json", environ=environ).stdout)["candidates"]
    assert candidates == [f"Elsewhere {each}  --trakt {each}" for each in range(1, 11)]


def test_a_year_tells_apart_what_a_search_finds(checkin: CheckInLine) -> None:
    """A year after a movie's title chooses among movies of that title."""
    several = checkin("--movie", "paper harbor")
    assert several.exit_code == 9
    assert "Paper Harbor (2025)" in several.stderr
    assert checkin("--movie", "paper harbor", "2025").exit_code == 0
    assert checkin.read_status() == "Paper Harbor (2025)"


def test_a_movie_of_the_calendar_is_found_there(v2: CheckInLine) -> None:
    """A calendar of movies is looked at before Trakt's search."""
    result = v2("--movie", "weekend, twice", "--early", environ={"TRAKT_ICAL_KIND": "shows,movies"})
    assert result.exit_code == 0
    assert v2.read_status() == "A Weekend, Twice (2026)"
    assert not any("search" in each for each in v2.list_requests())


def test_a_movie_that_was_in_cinemas_is_not_early(v2: CheckInLine) -> None:
    """Its release on disc lies ahead, its first days do not count as still to come."""
    v2.clock.now = datetime(2026, 5, 2, 12, tzinfo=UTC)
    for kinds in ("movies,streaming,dvd", "dvd"):
        assert v2("--movie", "weekend, twice", "--dry-run", environ={"TRAKT_ICAL_KIND": kinds}).exit_code == 0
    assert not any("search" in each for each in v2.list_requests())


def test_the_worlds_calendar_is_not_what_you_watch(v2: CheckInLine) -> None:
    """Settings for the world's calendar alone: a check-in looks at your own all the same."""
    result = v2(environ={"TRAKT_ICAL_SOURCE": "all"})
    assert "The Slow Ferry 10x83" in result.stderr


@pytest.mark.parametrize(
    ("option", "number"), [("--trakt", "101"), ("--tvdb", "400101"), ("--imdb", "tt90100101"), ("--tmdb", "300101")]
)
def test_any_number_finds_the_show(v2: CheckInLine, option: str, number: str) -> None:
    """The numbers that other programs have find the show."""
    assert v2(option, number, "10x08").exit_code == 0
    assert v2.read_status().startswith("Harbor Nine 10x08")


def test_a_number_may_be_that_of_an_episode(v2: CheckInLine) -> None:
    """IMDb numbers episodes, too."""
    assert v2("--imdb", "tt92020073").exit_code == 0
    assert v2.read_status().startswith("Tea & Trespass 15x04")


def test_a_number_finds_a_movie(checkin: CheckInLine) -> None:
    """With --movie the number is that of a movie."""
    assert checkin("--movie", "--imdb", "tt90700029").exit_code == 0
    assert checkin.read_status().startswith("Paper Harbor")


def test_api_v1_knows_shows_by_tvdb_alone(v1: CheckInLine) -> None:
    """--tvdb finds a show of the calendar or not; other numbers are exit 9."""
    assert v1("--tvdb", "400124", "2x01").exit_code == 0
    assert v1.read_status().startswith("Cold Platform 2x01")
    assert v1("--imdb", "tt90100124").exit_code == 9
    assert v1("--trakt", "124").exit_code == 9
    assert v1("--tvdb", "1").exit_code == 9


def test_an_anime_is_counted_through(v2: CheckInLine) -> None:
    """`absolute 27` is sent as Trakt's number_abs."""
    assert v2("月下", "absolute", "27").exit_code == 0
    assert v2.list_bodies()[0]["episode"] == {"number_abs": 27}
    assert v2.read_status().startswith("月下の屋台 3x03")


def test_api_v1_finds_a_show_without_numbers(v1: CheckInLine) -> None:
    """A show that no other site numbers is checked in to by title and year, as v1 writes them."""
    assert v1("static hours", "10x01").exit_code == 0
    assert v1.read_status().startswith("Static Hours 10x01")
    assert {"tvdb_id", "imdb_id"}.isdisjoint(v1.list_bodies()[0])


def test_api_v1_does_not_count_through(v1: CheckInLine) -> None:
    """V1 has no absolute numbers: exit 9, and nothing is posted."""
    assert (v1("月下", "absolute", "27").exit_code, v1.list_posts()) == (9, [])


def test_an_episode_outside_the_calendar_is_asked_for(checkin: CheckInLine) -> None:
    """One GET more tells whether an episode aired that the calendar does not list: exit 9 where it did not."""
    checkin.export()
    before = len(checkin.demo.requests)
    assert checkin("tea", "15x01").exit_code == 0
    assert [each.method for each in checkin.demo.requests[before:]] == ["GET", "POST"]
    result = checkin("harbor", "13x01")
    assert (result.exit_code, "12 Oct" in result.stderr) == (9, True)


def test_what_has_yet_to_air_is_refused_without_a_terminal(checkin: CheckInLine) -> None:
    """An episode of next week is likelier a slip than a preview: exit 9, and it says when it airs."""
    result = checkin("harbor", "11x01")
    assert (result.exit_code, checkin.list_posts()) == (9, [])
    assert "Harbor Nine 11x01" in result.stderr
    assert "--early" in result.stderr
    assert checkin("harbor", "11x01", "--early").exit_code == 0


@pytest.mark.parametrize(("typed", "status", "running"), [("y\n", 0, "Harbor Nine 11x01"), ("\n", 9, "Nothing is")])
def test_what_has_yet_to_air_is_asked_about(checkin: CheckInLine, typed: str, status: int, running: str) -> None:
    """On a terminal it is asked whether that is meant; Enter says no."""
    assert checkin("harbor", "11x01", typed=typed).exit_code == status
    assert checkin.read_status().startswith(running)


@pytest.mark.parametrize(
    "words",
    [
        ("2x03",),
        ("--movie",),
        ("severance", "--trakt", "1"),
        ("--trakt", "1", "--tvdb", "2"),
        ("--trakt", "x"),
        ("--imdb", "123"),
        ("harbor", "10x08", "--share", "myspace"),
        ("harbor", "--status"),
        ("harbor", "--cancel"),
        ("--tvdb", "1", "--status"),
        ("\udcff",),
        ("--movie", "\udcff"),
        ("harbor", "10x08", "--message", "\udcff"),
        ("--dry-run", "--cancel"),
        ("--status", "--cancel"),
        ("",),
        (" ", ""),
        ("--trakt", ""),
        ("--movie", " "),
        ("--trakt", "²"),
    ],
)
def test_contradictory_words_are_wrong_usage(checkin: CheckInLine, words: tuple[str, ...]) -> None:
    """What cannot be meant is exit 2, before Trakt is asked."""
    assert checkin(*words).exit_code == 2
    assert checkin.list_requests() == []


def test_what_api_v2_dropped_is_refused_there(v2: CheckInLine) -> None:
    """Duration and venue are parameters of v1; v2 would pass them over in silence."""
    for words in (("--duration", "60"), ("--venue-id", "1"), ("--venue-name", "Home"), ("--episode-tvdb", "1")):
        assert v2(*HARBOR, *words).exit_code == 2
    assert v2(*HARBOR, "--share", "facebook").exit_code == 2


@pytest.mark.parametrize("words", [("--venue-id", "3"), ("--share", "facebook"), ("--share", "myspace")])
def test_wrong_usage_is_told_before_a_missing_login(v2: CheckInLine, words: tuple[str, ...]) -> None:
    """What the API can do is known without a login: exit 2, where the same without these options is exit 4."""
    v2.line("logout")
    assert v2(*HARBOR, *words).exit_code == 2
    assert v2(*HARBOR).exit_code == 4


def test_a_check_in_over_api_v1_takes_a_password(v1: CheckInLine) -> None:
    """Without a password it is a setting that is missing: exit 3."""
    result = v1(*HARBOR, environ={"TRAKT_ICAL_PASSWORD": ""})
    assert (result.exit_code, "password" in result.stderr) == (3, True)


def test_json_is_for_scripts(checkin: CheckInLine) -> None:
    """--json tells on stdout what began, what runs, what was ended, and why nothing began."""
    started = json.loads(checkin(*HARBOR, "--json").stdout)
    assert started["checked_in"]["episode"] == {"season": 10, "number": 8, "absolute": None, "title": "Fathoms"}
    assert datetime.fromisoformat(started["until"]) > datetime.fromisoformat(started["since"])
    running = checkin("tea", "15x01", "--json")
    assert running.exit_code == 7
    assert set(json.loads(running.stdout)) == {"error", "running_until"}
    assert json.loads(checkin("--status", "--json").stdout)["running"]["what"]["show"]["title"] == "Harbor Nine"
    assert json.loads(checkin("--cancel", "--json").stdout)["cancelled"]["what"]["episode"]["number"] == 8
    assert json.loads(checkin("--status", "--json").stdout) == {"running": None}
    assert json.loads(checkin("--cancel", "--json").stdout) == {"cancelled": None}
    nothing = checkin("the long shift", "--json")
    assert (nothing.exit_code, len(json.loads(nothing.stdout)["candidates"])) == (9, 2)


def test_a_dry_run_shows_the_request_and_no_secret(checkin: CheckInLine) -> None:
    """--dry-run prints method, address and body; password and key are not in it, and nothing is posted."""
    result = checkin(*HARBOR, "--dry-run")
    first, _, body = result.stdout.partition("\n")
    assert first.startswith(f"POST {checkin.demo.url}/")
    assert "season" in json.dumps(json.loads(body))
    for secret in ("demo-password", "demo-api-key", "demo-client-secret", "Bearer", "0ea5dce31ecd49a1"):
        assert secret not in result.output
    assert checkin.list_posts() == []
    told = json.loads(checkin(*HARBOR, "--dry-run", "--json").stdout)
    assert (told["method"], told["body"]) == ("POST", json.loads(body))


def test_a_dry_run_masks_a_password_in_the_address(checkin: CheckInLine) -> None:
    """What precedes the @ of api_url is masked, as `trakt-ical config` does it."""
    environ = {"TRAKT_ICAL_API_URL": checkin.demo.url.replace("://", "://me:hunter2@")}
    for arguments in ((), ("--json",)):
        told = checkin(*HARBOR, "--dry-run", *arguments, environ=environ).output
        assert "hunter2" not in told
        assert checkin.demo.url.replace("://", "://…@") in told


def test_until_when_is_told_in_local_time(v2: CheckInLine) -> None:
    """The zone is that of the calendar: a setting, else the account's."""
    assert "15:01" in v2(*HARBOR).stderr  # 61 minutes from 14:00 in Berlin, in summer
    status = v2("--status", environ={"TRAKT_ICAL_TIMEZONE": "Asia/Tokyo"}).stdout
    assert status.startswith("Harbor Nine 10x08")
    assert " 21:" in status or " 22:" in status
