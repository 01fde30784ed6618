"""The demo's timetables: fixed from day to day, and never short of a hard case."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest

from trakt_ical.demo import load_cast
from trakt_ical.demo.airings import Airing, Catalogue
from trakt_ical.demo.cast import Movie, Show, Timetable

TODAY = datetime(2026, 11, 23, tzinfo=UTC)
WINDOW = timedelta(days=120)
DAY = timedelta(days=1)
YEARS = [TODAY + DAY * day for day in range(-365, 5 * 365)]


def catalogue() -> Catalogue:
    """The default cast, as it is known today."""
    return Catalogue(load_cast(), lambda: TODAY)


@pytest.fixture(scope="module")
def airings() -> list[Airing]:
    """Six years of what the user watches."""
    everything = catalogue().list_airings(YEARS[0], YEARS[-1] + WINDOW)
    return [airing for airing in everything if airing.show.mine]


def is_local(zone: str, hour: int, minute: int) -> Callable[[Airing], bool]:
    """Airings of a zone at one hour of its clock."""

    def fits(airing: Airing) -> bool:
        table = airing.show.airs
        return table is not None and table.zone == zone and airing.wall.time() == time(hour, minute)

    return fits


HARD_CASES: dict[str, Callable[[Airing], bool]] = {
    "New York at nine": is_local("America/New_York", 21, 0),
    "London at half past seven": is_local("Europe/London", 19, 30),
    "25:30 in Tokyo, numbered throughout": lambda it: is_local("Asia/Tokyo", 1, 30)(it) and it.number_abs is not None,
    "Sydney": is_local("Australia/Sydney", 20, 30),
    "the end of the day in Honolulu": is_local("Pacific/Honolulu", 23, 30),
    "the start of the day in Auckland": is_local("Pacific/Auckland", 0, 30),
    "no hour known": lambda it: it.wall.time() == time(0) and it.show.network == "PBS",
    "a drop at midnight": lambda it: it.wall.time() == time(0) and it.show.network == "Netflix",
    "a release day without an hour": lambda it: it.show.whole_days,
    "a release day with noon put in": lambda it: it.show.noon_put_in,
    "a release a week before the airing": lambda it: it.show.days_online == 7,
    "no title": lambda it: it.title is None,
    "an empty title": lambda it: it.title == "",
    "no runtime of the episode": lambda it: it.runtime is None and bool(it.show.runtime),
    "no runtime at all": lambda it: it.runtime is None and it.show.runtime is None,
    "a runtime of 0": lambda it: it.runtime == 0,
    "a special": lambda it: it.season == 0,
    "an emoji of several": lambda it: "\u200d" in it.show.title,
    "right to left": lambda it: "ميناء" in it.show.title,
    "CJK": lambda it: "屋台" in it.show.title,
    "a long title": lambda it: len(it.title or "") > 1000,
    "a long overview": lambda it: len(it.overview or "") > 1000 and all(mark in str(it.overview) for mark in ",;\\\n"),
    "HTML": lambda it: "<p>" in (it.overview or ""),
    "control characters": lambda it: "\x07" in (it.title or ""),
    "U+2028": lambda it: "\u2028" in (it.title or ""),
    "a twin": lambda it: it.is_double,
    "nothing known of the show": lambda it: it.show.network is None and not it.show.airs_known,
    "tmdb 0": lambda it: it.show.tmdb == 0,
    "tmdb null": lambda it: it.show.tmdb is None,
    "hidden from the calendar": lambda it: "calendar" in it.show.hidden_in,
    "dropped": lambda it: "dropped" in it.show.hidden_in,
    "a year for a season": lambda it: it.season == it.wall.year,
    "one title": lambda it: it.show.slug == "the-long-shift",
    "the same title": lambda it: it.show.slug == "the-long-shift-2025",
    "forgotten by API v1": lambda it: it.season > 0 and it.number in it.show.forgotten,
    **{
        kind: lambda it, kind=kind: it.kind == kind  # type: ignore[misc]
        for kind in (
            "series_premiere",
            "season_premiere",
            "mid_season_premiere",
            "mid_season_finale",
            "season_finale",
            "series_finale",
        )
    },
}


@pytest.mark.parametrize("case", HARD_CASES)
def test_every_window_holds_every_hard_case(case: str, airings: list[Airing]) -> None:
    """Whatever today is, 30 days back and 90 ahead hold each hard case."""
    times = [airing.at for airing in airings if HARD_CASES[case](airing)]
    for start in YEARS:
        at = bisect_left(times, start)
        assert at < len(times), (case, start)
        assert times[at] < start + WINDOW, (case, start)


def test_every_window_holds_a_whole_season_at_one_instant(airings: list[Airing]) -> None:
    """Eight episodes of one show air at the same instant, once in any 120 days."""
    starts = Counter((airing.show.slug, airing.at) for airing in airings)
    drops = sorted(at for (_, at), count in starts.items() if count == 8)
    for start in YEARS:
        assert any(start <= at < start + WINDOW for at in drops)


def test_a_window_is_of_a_useful_size(airings: list[Airing]) -> None:
    """120 days hold between 160 and 260 entries of the user's own."""
    times = [airing.at for airing in airings]
    sizes = [bisect_left(times, day + WINDOW) - bisect_left(times, day) for day in YEARS]
    assert min(sizes) >= 160
    assert max(sizes) <= 260


def test_episodes_keep_their_places(airings: list[Airing]) -> None:
    """The same episode has the same id, number and instant, however the window is cut."""
    whole = {airing.trakt: airing for airing in airings}
    later = Catalogue(load_cast(), lambda: TODAY + DAY * 40)
    for start in YEARS[300:420:7]:
        for airing in later.list_airings(start, start + DAY * 9):
            if airing.show.mine:
                assert whole[airing.trakt] == airing


def test_ids_and_keys_are_unique(airings: list[Airing]) -> None:
    """No two episodes share an id; no two but twins share show, season and number."""
    assert len({airing.trakt for airing in airings}) == len(airings)
    single = [airing.name for airing in airings if not airing.is_double]
    assert len(set(single)) == len(single)


def test_shows_have_ids_and_slugs_of_their_own() -> None:
    """No two shows and no two movies share an id or a slug."""
    found = catalogue()
    for listed in (found.list_shows(), found.list_movies()):
        for name in ("trakt", "slug"):
            values = [getattr(each, name) for each in listed]
            assert len(set(values)) == len(values)


def test_an_episode_is_found_by_its_numbers(airings: list[Airing]) -> None:
    """Looking an episode up gives what the calendar lists."""
    found = catalogue()
    for airing in airings[::7]:
        if not airing.is_double:
            assert found.find_airing(airing.show, airing.season, airing.number) == airing


def test_nobody_is_found_beyond_a_season() -> None:
    """Numbers outside the timetable name no episode."""
    found = catalogue()
    show = found.find_named("harbor-nine")
    assert isinstance(show, Show)
    for season, number in ((13, 9), (13, 0), (-1, 1), (0, 0)):
        assert found.find_airing(show, season, number) is None


def test_the_wall_clock_stays_when_clocks_change() -> None:
    """Nine in the evening in New York is 01:00Z in summer and 02:00Z in winter."""
    table = Timetable(cycle=1, days=(6,), at=time(21), zone="America/New_York")
    slots = table.slots(date(2026, 10, 18), date(2026, 11, 15))
    assert [slot.wall.astimezone(UTC).hour for slot in slots] == [1, 1, 2, 2, 2]


@pytest.mark.parametrize("kind", ["movies", "streaming", "dvd"])
def test_every_window_holds_movies_of_every_kind(kind: str) -> None:
    """Whatever today is, each kind of release occurs, once without a year and once without a country."""
    cast = load_cast()
    for start in YEARS[::5]:
        first, end = start.date(), (start + WINDOW).date()
        movies: list[Movie] = list(cast.list_movies(first, end))
        inside = [movie for movie in movies if movie.mine and first <= movie.releases[kind] < end]
        assert any(movie.year is None for movie in inside)
        assert any(movie.country is None for movie in inside)
        assert any(movie.country for movie in inside)
