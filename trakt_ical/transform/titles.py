"""Which airings somebody means who writes `severance 2x03`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from trakt_ical.model import Airing, Episode, Movie
from trakt_ical.transform.codes import split_code
from trakt_ical.transform.filters import fold_text, list_names
from trakt_ical.transform.uids import make_uid

T = TypeVar("T")

ALIKE = 0.8  # of 1; below, two texts are different ones
ABOUT = 0.02  # texts alike by so little less than the best may be meant as well
VOICING = 8  # the class of the marks that make another letter of a Japanese one; all others are accents
_SIGNS = re.compile(r"[\W_]+")
_NUMBER, _YEAR = re.compile(r"[0-9]+"), re.compile(r"(19|20|21)[0-9]{2}")


def match_titles(words: str, titles: Mapping[T, Collection[str]]) -> list[T]:
    """Those of *titles*, each with all its names, that *words* fit best.

    A whole name comes before one in which every word begins a word, and that before one which is
    merely spelled alike. Capitals, accents and punctuation do not matter. A number is no slip of another
    one: it is in the names as it stands.
    """
    wanted = normalize_title(words)
    if not wanted:
        return []
    names = {title: [normalize_title(name) for name in each] for title, each in titles.items()}
    whole = [title for title, each in names.items() if wanted in each]
    if whole:
        return whole
    names = {title: each for title, each in names.items() if _has_numbers(wanted, each)}
    return [title for title, each in names.items() if _matches_beginnings(wanted, each)] or _find_alike(wanted, names)


def normalize_title(text: str) -> str:
    """*text* as it is compared."""
    letters = unicodedata.normalize("NFKD", text.replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", ""))
    kept = (each for each in letters if unicodedata.combining(each) in (0, VOICING))
    return _SIGNS.sub(" ", unicodedata.normalize("NFC", "".join(kept))).strip().casefold()


def _has_numbers(wanted: str, names: Collection[str]) -> bool:
    """Whether *names* have all numbers of *wanted*, in its order where it is nothing else.

    A year alone begins one of them: at the end of a title or slug it merely tells that from others.
    """
    if not wanted.replace(" ", "").isdecimal():
        return set(_NUMBER.findall(wanted)) <= set(_NUMBER.findall(" ".join(names)))
    if _YEAR.fullmatch(wanted):
        return any(name.startswith(f"{wanted} ") for name in names)
    return any(f" {wanted} " in f" {name} " for name in names)


def _matches_beginnings(wanted: str, names: Collection[str]) -> bool:
    """Whether each word of *wanted* begins one of *names*; those of Japanese and its like have no blanks between."""
    words = " ".join(names).split()
    if all(any(word.startswith(part) for word in words) for part in wanted.split()):
        return True
    without_blanks = not wanted.isascii() and wanted == wanted.upper()  # no such script has capitals
    return without_blanks and any(wanted in name for name in names)


def _find_alike(wanted: str, names: Mapping[T, Collection[str]]) -> list[T]:
    """Those with a name, or a beginning of one, that is spelled nearly as *wanted*."""
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(b=wanted, autojunk=False)
    ratios: dict[T, float] = {}
    for title, each in names.items():
        for name in each:
            for text in {name, " ".join(name.split()[: len(wanted.split())])}:
                matcher.set_seq1(text)
                if matcher.quick_ratio() >= ALIKE:
                    ratios[title] = max(ratios.get(title, 0), matcher.ratio())
    best = max(ratios.values(), default=0)
    return [title for title, ratio in ratios.items() if ratio >= max(ALIKE, best - ABOUT)]


def find_airings(airings: Iterable[Airing], query: str) -> list[Airing]:
    """Those of *airings* that *query* fits, a show's or movie's name with `2x03` or `s02e03` after it, or a UID.

    Names are compared without capitals and hyphens; an exact one beats one that merely holds the words.
    """
    airings = list(airings)
    if known := [airing for airing in airings if make_uid(airing) == query.strip()]:
        return known
    words, code = split_code(query)
    title = fold_text(words)
    if code:
        airings = [each for each in airings if isinstance(each, Episode) and (each.season, each.number) == code]
    exact = [airing for airing in airings if title in _list_names(airing)]
    return exact or [airing for airing in airings if _holds(airing, title)]


def _list_names(airing: Airing) -> tuple[str, ...]:
    if isinstance(airing, Movie):
        return tuple(fold_text(name) for name in (airing.slug, airing.key.rpartition("-")[2], airing.title) if name)
    return list_names(airing.show)


def _holds(airing: Airing, title: str) -> bool:
    """Whether every word of *title* begins a word of the airing's names, its own title included."""
    own = airing.title if isinstance(airing, Episode) else None
    words = " ".join((*_list_names(airing), fold_text(own or ""))).split()
    return all(any(word.startswith(part) for word in words) for part in title.split())
