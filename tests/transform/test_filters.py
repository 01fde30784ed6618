"""What is left out, and what the rule says that left it out."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.factories import NIGHT, make_episode, make_movie
from trakt_ical.model import Airing, Show, Steps
from trakt_ical.transform.filters import EVERYTHING, Filters, Trait, fold_text, list_names

SHOW = Show(
    "trakt-1388",
    "Harbor Watch",
    "BBC One",
    ("drama", "science-fiction"),
    None,
    slug="harbor-watch-2024",
    country="gb",
    language="en",
    certification="TV-MA",
    rating=7.5,
)
SPECIAL = make_episode(show=SHOW, season=0, number=4)
PLAIN = make_episode(show=SHOW)
UNKNOWN = make_episode(show=Show("trakt-2", None, None, (), None))
MOVIE = make_movie(genres=("drama",), country="gb", language="en", certification="PG-13", rating=7.5)


def include(trait: Trait, *values: str) -> Filters:
    return Filters(include={trait: frozenset(map(fold_text, values))})


def exclude(trait: Trait, *values: str) -> Filters:
    return Filters(exclude={trait: frozenset(map(fold_text, values))})


NAMES = ["harbor-watch-2024", "Harbor Watch", "HARBOR  watch", "1388"]
TRAITS = [
    *((Trait.SHOWS, name) for name in NAMES),
    (Trait.NETWORKS, "bbc one"),
    (Trait.GENRES, "Science Fiction"),
    (Trait.GENRES, "drama"),
    (Trait.COUNTRIES, "GB"),
    (Trait.LANGUAGES, "EN"),
    (Trait.CERTIFICATIONS, "tv-ma"),
]


@pytest.mark.parametrize(("trait", "value"), TRAITS)
def test_capitals_blanks_and_hyphens_do_not_matter(trait: Trait, value: str) -> None:
    """An episode is found by each of its traits, however it is written."""
    assert include(trait, "something else", value).allows(PLAIN)
    assert not exclude(trait, "something else", value).allows(PLAIN)
    assert not include(trait, "something else").allows(PLAIN)
    assert exclude(trait, "something else").allows(PLAIN)


def test_an_accent_is_the_same_in_one_character_or_two() -> None:
    """Some keyboards and programs write a letter with its accent as two characters."""
    show = replace(SHOW, network="R\N{LATIN CAPITAL LETTER U WITH ACUTE}V")
    assert include(Trait.NETWORKS, "ru\N{COMBINING ACUTE ACCENT}v").allows(make_episode(show=show))


@pytest.mark.parametrize("trait", Trait)
def test_what_is_not_known_is_no_match(trait: Trait) -> None:
    """Neither to be left in nor to be left out."""
    assert not include(trait, "x").allows(UNKNOWN)
    assert exclude(trait, "x").allows(UNKNOWN)


def test_a_number_is_trakts_or_tvdbs_and_no_part_of_a_slug() -> None:
    """`12` means the show with that number; a show that is known by its slug alone has none."""
    assert list_names(SHOW) == ("harbor watch 2024", "1388", "harbor watch")
    assert list_names(Show("tvdb-77", "A", None, (), None)) == ("77", "a")
    assert list_names(Show("rookie-12", None, None, (), None, slug="rookie-12")) == ("rookie 12",)


def test_of_several_includes_all_must_agree() -> None:
    """Within one a single value is enough, of several each must have one."""
    british, ours = frozenset({"gb"}), frozenset({"bbc one", "itv"})
    assert Filters(include={Trait.COUNTRIES: british, Trait.NETWORKS: ours}).allows(PLAIN)
    assert not Filters(include={Trait.COUNTRIES: british, Trait.NETWORKS: frozenset({"itv"})}).allows(PLAIN)


def test_an_exclude_beats_an_include() -> None:
    """One reason to leave out is enough."""
    both = Filters(include={Trait.COUNTRIES: frozenset({"gb"})}, exclude={Trait.GENRES: frozenset({"drama"})})
    assert not both.allows(PLAIN)


@pytest.mark.parametrize("trait", [Trait.SHOWS, Trait.NETWORKS])
def test_shows_and_networks_say_nothing_of_movies(trait: Trait) -> None:
    """A calendar of one show and all movies can be made."""
    assert include(trait, "Harbor Watch").allows(MOVIE)
    assert exclude(trait, "A Movie").allows(MOVIE)


@pytest.mark.parametrize(
    ("trait", "value"),
    [(Trait.GENRES, "drama"), (Trait.COUNTRIES, "gb"), (Trait.LANGUAGES, "en"), (Trait.CERTIFICATIONS, "PG-13")],
)
def test_the_other_traits_are_those_of_movies_too(trait: Trait, value: str) -> None:
    """Movies have genres, a country, a language and a certification of their own."""
    assert include(trait, value).allows(MOVIE)
    assert not include(trait, "x").allows(MOVIE)
    assert not exclude(trait, value).allows(MOVIE)


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        (Filters(), True),
        (Filters(specials=False), False),
        (Filters(specials=False, show_specials={"harbor watch": True}), True),
        (Filters(specials=False, show_specials={"1388": True}), True),
        (Filters(specials=False, show_specials={"another show": True}), False),
        (Filters(show_specials={"harbor watch 2024": False}), False),
    ],
)
def test_specials_are_shown_as_the_nearest_rule_says(filters: Filters, shown: bool) -> None:
    """What is said of a show overrules what is said of all; what is no special is shown in any case."""
    assert filters.allows(SPECIAL) is shown
    assert filters.allows(PLAIN)
    assert filters.allows(MOVIE)


@pytest.mark.parametrize(("rating", "shown"), [(7.5, True), (7.6, False), (0, True), (10, False)])
@pytest.mark.parametrize("airing", [PLAIN, MOVIE], ids=["episode", "movie"])
def test_the_least_rating_is_good_enough(airing: Airing, rating: float, shown: bool) -> None:
    """What is rated lower is left out."""
    assert Filters(min_rating=rating).allows(airing) is shown


def test_what_nobody_rated_is_shown() -> None:
    """A new show is not punished for being new."""
    assert Filters(min_rating=10).allows(UNKNOWN)
    assert Filters(min_rating=10).allows(make_movie())


@pytest.mark.parametrize("airing", [PLAIN, MOVIE], ids=["episode", "movie"])
def test_what_was_watched_and_listed_counts_where_it_is_known(airing: Airing) -> None:
    """What was not watched and what Trakt did not tell of is unwatched; what is not on the watchlist is not."""
    watched, listed = Filters(watched=False), Filters(watchlist_only=True)
    assert [watched.allows(replace(airing, watched=said)) for said in (True, False, None)] == [False, True, True]
    assert [listed.allows(replace(airing, watchlisted=said)) for said in (True, False, None)] == [True, False, False]
    assert EVERYTHING.allows(replace(airing, watched=True, watchlisted=False))


TOLD: list[tuple[Filters, dict[str, Any], str]] = [
    (Filters(specials=False), {"season": 0}, "It is a special, and specials = false leaves out specials."),
    (
        Filters(show_specials={"harbor watch": False}),
        {"season": 0},
        "show_specials decides about harbor watch: left out.",
    ),
    (Filters(watched=False), {"watched": True}, "You watched it, and watched = false leaves out what you watched."),
    (
        Filters(watchlist_only=True),
        {},
        "It is not on your watchlist, and watchlist_only = true leaves out what is not.",
    ),
    (Filters(min_rating=9), {}, "It is rated 7.5, which is below min_rating = 9."),
    (include(Trait.NETWORKS, "ITV"), {}, "include_networks leaves it out: the list has none of its networks."),
    (
        exclude(Trait.GENRES, "Drama", "Science Fiction", "x"),
        {},
        "exclude_genres leaves it out: drama, science fiction.",
    ),
]


@pytest.mark.parametrize(("filters", "change", "sentence"), TOLD)
def test_the_rule_that_left_something_out_is_told(filters: Filters, change: dict[str, Any], sentence: str) -> None:
    """One sentence, that of the rule which decided, names the setting."""
    steps = Steps()
    assert not filters.allows(make_episode(show=SHOW, starts=NIGHT, **change), steps)
    assert tuple(steps) == (sentence,)


def test_what_is_shown_needs_no_reason() -> None:
    """Nothing is told of rules that left something in."""
    steps = Steps()
    assert exclude(Trait.GENRES, "western").allows(PLAIN, steps)
    assert tuple(steps) == ()
