"""The fields of one show as lists write them, and several mentions of one show made into one.

Lists come from programs of many kinds: a number may be text, 0 or -1 may stand for none. What makes no sense counts as
not there, and never costs the show.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import asdict

from trakt_ical.fetch.imported.imported_list import ImportedShow

HIGHEST = 2**53  # numbers of sites are far below; higher ones are slips
LONGEST_TITLE = 250
YEARS = range(1900, 2200)
SHOW_TYPES = frozenset(("show", "shows", "series", "tv", "tvseries", "tvminiseries", "tvshow", "miniseries"))

_WHOLE_NUMBER = re.compile(r"([0-9]{1,16})(?:\.0+)?")  # a table saved by pandas has 1390.0
_IMDB = re.compile(r"(?:^|/)(tt[0-9]{1,12})(?:[/?#]|$)")
_SLUG = re.compile(r"[a-z0-9_-]{1,250}")
_UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+")
_NO_LETTERS = re.compile(r"[\W_]+")


def read_number(value: Any) -> int | None:
    """Return *value*, a number or its digits, as a show's number at a site; None for 0, -1 and what is none."""
    if isinstance(value, bool):
        return None
    found = _WHOLE_NUMBER.fullmatch(str(value).strip()) if isinstance(value, int | float | str) else None
    number = int(found[1]) if found else 0
    return number if 0 < number < HIGHEST else None


def read_imdb(value: Any) -> str:
    """Return the id of IMDb in *value*, which may be its address; "" where there is none."""
    found = _IMDB.search(value.strip().lower()) if isinstance(value, str) else None
    return found[1] if found else ""


def read_year(value: Any) -> int | None:
    """Return *value* as the year of a show, None where it is none."""
    year = read_number(value)
    return year if year in YEARS else None


def read_title(value: Any) -> str:
    """Return *value* as a title in one line; "" where it is none."""
    if not isinstance(value, str):
        return ""
    return " ".join(_UNWANTED.sub(" ", value).split())[:LONGEST_TITLE].strip()


def read_slug(value: Any) -> str:
    """Return *value* as the name of a show in Trakt's addresses, "" where it is none."""
    return value if isinstance(value, str) and _SLUG.fullmatch(value) else ""


def is_show_type(value: Any) -> bool:
    """Whether *value* is one of the words that lists have for a show, and not for a movie or an episode."""
    return isinstance(value, str) and _NO_LETTERS.sub("", value.casefold()) in SHOW_TYPES


def make_show(
    ids: Any, title: Any, year: Any, *, hidden: bool = False, watchlisted: bool = False
) -> ImportedShow | None:
    """Return the show with these fields, None where neither a title nor a number makes sense."""
    numbers: Mapping[str, Any] = ids if isinstance(ids, Mapping) else {}
    show = ImportedShow(
        title=read_title(title),
        year=read_year(year),
        trakt=read_number(numbers.get("trakt")),
        slug=read_slug(numbers.get("slug")),
        tvdb=read_number(numbers.get("tvdb")),
        imdb=read_imdb(numbers.get("imdb")),
        tmdb=read_number(numbers.get("tmdb")),
        tvmaze=read_number(numbers.get("tvmaze")),
        hidden=hidden,
        watchlisted=watchlisted,
    )
    return show if show.title or show.key else None


def split_title(text: str) -> tuple[str, int | None]:
    """Return the title and the year of `The Staircase (2004)`."""
    found = re.fullmatch(r"(.+?)\s*\(([0-9]{4})\)", text)
    year = read_year(found[2]) if found else None
    return (found[1], year) if found and year else (text, None)


def fold_title(title: str) -> str:
    """Return *title* as titles are compared: without case, accents, punctuation and blanks.

    It is part of the keys of kept pairs, so a title that folds to something else is matched anew.
    """
    letters = unicodedata.normalize("NFKD", title).casefold()
    folded = "".join(letter for letter in letters if letter.isalnum())
    return folded or title.casefold()  # some titles are all punctuation


def merge_shows(shows: Iterable[ImportedShow]) -> tuple[ImportedShow, ...]:
    """Return each of *shows* once, with all that its mentions say, in the order of titles.

    Two mentions are one show where they share a number, unless their numbers at Trakt differ; mentions without any
    number, where title and year are the same. What the first one says holds.
    """
    merged: list[ImportedShow] = []
    places: dict[object, int] = {}
    for show in shows:
        names = list_names(show)
        known = (places[name] for name in names if name in places)
        place = next((each for each in known if is_compatible(merged[each], show)), None)
        if place is None:
            place = len(merged)
            merged.append(show)
        else:
            merged[place] = _join(merged[place], show)
        for name in names:
            places.setdefault(name, place)
    return tuple(sorted(merged, key=_sort_key))


def find_same_shows(before: Iterable[ImportedShow], now: Iterable[ImportedShow]) -> dict[ImportedShow, ImportedShow]:
    """Return, for each show of *now* that is in *before* too, what it was there.

    A list may name a show by its title alone and the next one by a number, or the reverse. Then the title decides,
    where neither list has another show of that title that is left over.
    """
    before, now = list(before), list(now)
    known: dict[object, ImportedShow] = {}
    for show in before:
        for name in list_names(show):
            known.setdefault(name, show)
    found = {}
    for show in now:
        candidates = (known[name] for name in list_names(show) if name in known)
        same = next((each for each in candidates if is_compatible(each, show)), None)
        if same is not None:
            found[show] = same
    settled = set(found.values())
    gone = _group_by_title(show for show in before if show not in settled)
    for title, added in _group_by_title(show for show in now if show not in found).items():
        if len(added) == len(gone.get(title, ())) == 1 and _is_same_by_title(gone[title][0], added[0]):
            found[added[0]] = gone[title][0]
    return found


def _group_by_title(shows: Iterable[ImportedShow]) -> dict[str, list[ImportedShow]]:
    groups: dict[str, list[ImportedShow]] = {}
    for show in shows:
        if show.title:
            groups.setdefault(fold_title(show.title), []).append(show)
    return groups


def _is_same_by_title(one: ImportedShow, other: ImportedShow) -> bool:
    """Whether two shows of one title are the same: one of them has nothing else, and no year contradicts."""
    return (one.key is None or other.key is None) and (not one.year or not other.year or one.year == other.year)


def list_names(show: ImportedShow) -> list[object]:
    """Return all by which *show* may be known, what is surest first."""
    numbers = {"trakt": show.trakt, "tvdb": show.tvdb, "imdb": show.imdb, "tvmaze": show.tvmaze, "tmdb": show.tmdb}
    names: list[object] = [(site, number) for site, number in numbers.items() if number]
    return names or [(fold_title(show.title), show.year)]


def is_compatible(one: ImportedShow, other: ImportedShow) -> bool:
    """Whether two shows that share a number may be the same: Trakt has split shows that other sites have as one."""
    return one.trakt is None or other.trakt is None or one.trakt == other.trakt


def _join(first: ImportedShow, second: ImportedShow) -> ImportedShow:
    """Return *first* with what it lacks from *second*."""
    fallback = asdict(second)
    return ImportedShow(**{field: value or fallback[field] for field, value in asdict(first).items()})


def _sort_key(show: ImportedShow) -> tuple[str, int, str, str]:
    return fold_title(show.title), show.year or 0, show.key or "", show.title
