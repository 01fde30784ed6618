"""Finding a show, an episode or a movie by what a request says about it."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from trakt_ical.demo.airing import Airing
from trakt_ical.demo.catalogue import Catalogue
from trakt_ical.demo.show import Movie, Show
from trakt_ical.demo.v2.wire import episode_json, movie_json, show_json

ID_TYPES = ("trakt", "imdb", "tmdb", "tvdb", "slug")  # in the order Trakt tries them
Wanted = Mapping[str, Any]
Found = TypeVar("Found", Show, Movie, Airing)
Titled = TypeVar("Titled", bound=Show | Movie)


def find_show(catalogue: Catalogue, wanted: Wanted) -> Show | None:
    """The show of these ids, or of this title and year, or the newest of this title."""
    shows = catalogue.shows()
    found = by_ids(shows, show_ids, _ids(wanted))
    return found or _by_title(shows, wanted)


def find_movie(catalogue: Catalogue, wanted: Wanted) -> Movie | None:
    """The movie of these ids, or of this title and year, or the newest of this title."""
    movies = catalogue.movies()
    found = by_ids(movies, movie_ids, _ids(wanted))
    return found or _by_title(movies, wanted)


def find_numbered(catalogue: Catalogue, show: Show, wanted: Wanted) -> Airing | None:
    """An episode of *show*, by season and number or by its absolute number."""
    season, number, absolute = (wanted.get(name) for name in ("season", "number", "number_abs"))
    if isinstance(season, int) and isinstance(number, int):
        return catalogue.airing(show, season, number)
    if isinstance(absolute, int) and show.absolute and show.timetable is not None:
        cycle, index = divmod(absolute - 1, len(show.timetable.days))
        return catalogue.airing(show, cycle + 1, index + 1)
    return None


def find_episode(catalogue: Catalogue, wanted: Wanted) -> Airing | None:
    """The episode of these ids."""
    ids = _ids(wanted)
    return by_ids(catalogue.episodes(), episode_ids, ids) if ids else None


def by_ids(candidates: Iterable[Found], ids_of: Callable[[Found], Wanted], wanted: Wanted) -> Found | None:
    """The first candidate with one of the *wanted* ids; 0 and null are nobody's id."""
    known = [(each, ids_of(each)) for each in candidates]
    for name in ID_TYPES:
        if not wanted.get(name):
            continue
        for each, ids in known:
            if str(ids.get(name) or "") == str(wanted[name]):
                return each
    return None


def show_ids(show: Show) -> Wanted:
    """The ids of a show."""
    return _ids(show_json(show, full=False))


def movie_ids(movie: Movie) -> Wanted:
    """The ids of a movie."""
    return _ids(movie_json(movie, full=False))


def episode_ids(airing: Airing) -> Wanted:
    """The ids of an episode."""
    return _ids(episode_json(airing, full=False))


def ranked(words: str, candidates: Iterable[Titled]) -> list[tuple[int, Titled]]:
    """What a search for *words* finds, best first: 3 for the whole title, 2 for its start, 1 for all words in it."""
    wanted = plain(words)
    found = [(_rank(wanted, plain(each.title)), each) for each in candidates]
    return sorted((each for each in found if each[0]), key=lambda each: each[0], reverse=True)


def plain(text: str) -> str:
    """*text* as a search sees it: no case, no accents, no punctuation."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    kept = (" " if not letter.isalnum() else letter for letter in letters if not _accent(letter))
    return " ".join("".join(kept).split())


def _rank(words: str, title: str) -> int:
    if not words:
        return 0
    if title == words:
        return 3
    if title.startswith(words):
        return 2
    return int(all(any(it.startswith(word) for it in title.split()) for word in words.split()))


def _accent(letter: str) -> bool:
    return unicodedata.combining(letter) > 0


def _ids(wanted: Wanted) -> Wanted:
    ids = wanted.get("ids")
    return ids if isinstance(ids, Mapping) else {}


def _by_title(candidates: Iterable[Found], wanted: Wanted) -> Found | None:
    title, year = wanted.get("title"), wanted.get("year")
    if not isinstance(title, str) or not title:
        return None
    named = [each for each in candidates if plain(str(each.title)) == plain(title)]
    if year is not None:
        named = [each for each in named if not isinstance(each, Airing) and each.year == year]
    return named[-1] if named else None
