"""Which show of TVmaze is which imported show: what is certain is paired, and what could be two is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from tests.tvmaze import make_imported_show, make_wire_show
from trakt_ical.fetch.imported.imported_list import ImportedShow
from trakt_ical.fetch.imported.show_fields import fold_title
from trakt_ical.fetch.tvmaze.match import Matches, make_list_key, make_show_key, match_shows
from trakt_ical.fetch.tvmaze.wire import ShowWire


def match(
    imported: list[ImportedShow],
    *known: Mapping[str, Any],
    choices: Mapping[str, str] | None = None,
    learnt: Mapping[str, list[int]] | None = None,
) -> Matches:
    """Match *imported* with the shows *known* at TVmaze."""
    shows = {make_list_key(show): show for show in imported}
    wires = [msgspec.convert(each, ShowWire) for each in known]
    return match_shows(shows, wires, choices=choices or {}, learnt=learnt or {})


def wire(number: int, tvdb: int | None = None, imdb: str | None = None, **attributes: object) -> dict[str, Any]:
    return make_wire_show(number, externals={"tvrage": None, "thetvdb": tvdb, "imdb": imdb}, **attributes)


STAIRCASE = make_imported_show(1, title="The Staircase", year=2004, tvdb=None)
LATER = make_imported_show(2, title="The Staircase", year=2022, tvdb=None)

CASES: dict[str, tuple[list[ImportedShow], list[dict[str, Any]], dict[str, tuple[int, ...]], set[str]]] = {
    "by its number at TheTVDB": ([make_imported_show(1, tvdb=5)], [wire(7, tvdb=5)], {"trakt-1": (7,)}, set()),
    "by its number at IMDb": (
        [make_imported_show(1, tvdb=None, imdb="tt5")],
        [wire(7, imdb="tt5")],
        {"trakt-1": (7,)},
        set(),
    ),
    "two of TVmaze are one show": (
        [make_imported_show(1, tvdb=5, imdb="tt5")],
        [wire(7, tvdb=5), wire(8, imdb="tt5")],
        {"trakt-1": (7, 8)},
        set(),
    ),
    "its numbers lead to two shows of the list": (
        [make_imported_show(1, tvdb=5), make_imported_show(2, tvdb=6, imdb="tt6")],
        [wire(7, tvdb=5, imdb="tt6")],
        {},
        {"trakt-1", "trakt-2"},
    ),
    "two shows of the list have one number": (
        [make_imported_show(1, tvdb=5), make_imported_show(2, tvdb=5)],
        [wire(7, tvdb=5)],
        {},
        {"trakt-1", "trakt-2"},
    ),
    "two shows of the list have one number, and the other tells": (
        [make_imported_show(1, tvdb=5, imdb="tt1"), make_imported_show(2, tvdb=5, imdb="tt2")],
        [wire(7, tvdb=5, imdb="tt2")],
        {"trakt-2": (7,)},
        set(),
    ),
    "by title and year": ([LATER], [wire(8, name="the staircase!", premiered="2022-05-05")], {"trakt-2": (8,)}, set()),
    "the year before": ([LATER], [wire(8, name="The Staircase", premiered="2021-12-31")], {"trakt-2": (8,)}, set()),
    "two years apart": ([LATER], [wire(8, name="The Staircase", premiered="2020-05-05")], {}, set()),
    "a title alone is no proof": (
        [make_imported_show(1, title="Static", year=None, tvdb=None)],
        [wire(8, name="Static", premiered="2020-05-05")],
        {},
        set(),
    ),
    "two of TVmaze from about that year": (
        [STAIRCASE],
        [wire(9, name="The Staircase", premiered="2004-10-08"), wire(11, name="The Staircase", premiered="2005-04-04")],
        {},
        {"trakt-1"},
    ),
    "two of the list from about that year": (
        [STAIRCASE, make_imported_show(3, title="The Staircase", year=2005, tvdb=None)],
        [wire(9, name="The Staircase", premiered="2004-10-08")],
        {},
        {"trakt-1", "trakt-3"},
    ),
    "the years tell two of the list apart": (
        [STAIRCASE, LATER],
        [wire(8, name="The Staircase", premiered="2022-05-05"), wire(9, name="The Staircase", premiered="2004-10-08")],
        {"trakt-1": (9,), "trakt-2": (8,)},
        set(),
    ),
    "another of that title has numbers that nobody has": (
        [LATER],
        [
            wire(8, name="The Staircase", premiered="2022-05-05"),
            wire(9, tvdb=9, name="The Staircase", premiered="2022-01-01"),
        ],
        {},
        {"trakt-2"},
    ),
    "a show with numbers is not found by its title": (
        [make_imported_show(2, title="The Staircase", year=2022, tvdb=3)],
        [wire(9, tvdb=9, name="The Staircase", premiered="2022-01-01")],
        {},
        set(),
    ),
    "a list that has TVmaze's own number": ([make_imported_show(1, tvmaze=82)], [], {"trakt-1": (82,)}, set()),
    "a number 0 is none": ([make_imported_show(1, tvdb=0)], [wire(7, tvdb=0, imdb="", name="Other")], {}, set()),
}


@pytest.mark.parametrize(("imported", "known", "pairs", "clashes"), CASES.values(), ids=CASES)
def test_what_is_paired_and_what_clashes(
    imported: list[ImportedShow], known: list[dict[str, Any]], pairs: dict[str, tuple[int, ...]], clashes: set[str]
) -> None:
    """Numbers come first, titles only where TVmaze has no number, and both sides must have one candidate."""
    for shows, wires in ((imported, known), (imported[::-1], known[::-1])):
        found = match(shows, *wires)
        assert {key: tuple(sorted(numbers)) for key, numbers in found.pairs.items()} == pairs
        assert found.clashes.keys() == clashes
        assert all(found.clashes.values())


def test_a_learnt_pair_stays_until_a_number_says_otherwise() -> None:
    """A pair is kept while its show is in no schedule, and beside a namesake that comes later."""
    namesake = wire(9, name="The Staircase", premiered="2022-02-02")
    assert match([LATER], namesake, learnt={"trakt-2": [8]}).pairs == {"trakt-2": (8,)}
    with_number = match([LATER, make_imported_show(3, tvdb=5)], wire(8, tvdb=5), learnt={"trakt-2": [8]})
    assert with_number.pairs == {"trakt-3": (8,)}


@pytest.mark.parametrize("name", ["trakt-2", "the-staircase-2022", "2"])
def test_the_users_word_beats_everything(name: str) -> None:
    """A show may be named by its key, slug or number; what the user says counts, also against numbers."""
    show = make_imported_show(2, title="The Staircase", slug="the-staircase-2022", tvdb=5)
    found = match([show, STAIRCASE], wire(7, tvdb=5), choices={name: "tvmaze:8"})
    assert (found.pairs, found.unknown) == ({"trakt-2": (8,)}, ())
    assert found.learnt == {}
    off = match([show], wire(7, tvdb=5), choices={name: "off"})
    assert (off.pairs, off.off) == ({}, {"trakt-2"})


def test_a_title_of_two_shows_names_none() -> None:
    """A title that two shows have, and a name that no show has, are told and do nothing."""
    found = match([STAIRCASE, LATER], choices={"The Staircase": "tvmaze:8", "nobody": "off"})
    assert (found.pairs, found.off, len(found.unknown)) == ({}, frozenset(), 2)


@pytest.mark.parametrize(
    ("show", "key"),
    [
        (ImportedShow(title="A", trakt=1, tvdb=2, imdb="tt3", tvmaze=4), "trakt-1"),
        (ImportedShow(title="A", tvdb=2, imdb="tt3", tvmaze=4), "tvdb-2"),
        (ImportedShow(title="A", imdb="tt3", tvmaze=4), "imdb-tt3"),
        (ImportedShow(title="A", tvmaze=4), "tvmaze-4"),
        (ImportedShow(title="A", year=2020), "tvmaze-99"),
    ],
)
def test_the_uid_begins_with_the_best_number(show: ImportedShow, key: str) -> None:
    """Trakt's number first, so that events have the UIDs of API v2; a title alone leaves TVmaze's own."""
    assert make_show_key(make_list_key(show), 99) == key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Pokémon", "pokemon"),
        ("Marvel's Agents", "MARVELS AGENTS"),
        ("Ｆｕｌｌ", "full"),
        ("ß", "SS"),
        ("𝐅ull", "full"),
    ],
)
def test_titles_are_compared_without_accents_case_and_punctuation(one: str, other: str) -> None:
    """NFKD, folded, letters and digits alone."""
    assert fold_title(one) == fold_title(other)
