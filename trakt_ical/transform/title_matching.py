"""Finds the titles that `severance`, `fjrod by rail` or `severance 2x03` refers to: one matcher for all commands."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import TypeVar

from trakt_ical.model import Airing, Episode, Movie, Show
from trakt_ical.transform.codes import split_code
from trakt_ical.transform.filters import ORIGINS
from trakt_ical.transform.uids import make_uid

T = TypeVar("T")

ALIKE = 0.8  # of 1; below, two texts are different titles
ABOUT = 0.02  # texts alike by so little less than the best may be meant as well
NEAR, VAGUE = 0.6, 0.4  # from here on a title is worth offering to who wrote another one, if they share a word
LONG_WORD = 4  # letters; short words are in too many titles
VOICING = 8  # the class of the marks that make another letter of a Japanese one; all others are accents
_SIGNS = re.compile(r"[\W_]+")
_NUMBER, _YEAR = re.compile(r"[0-9]+"), re.compile(r"(19|20|21)[0-9]{2}")


def match_titles(words: str, titles: Mapping[T, Collection[str]]) -> list[T]:
    """Return those of *titles*, each given with all its names, that *words* fit best.

    A whole name comes before names in which every word begins a word, and these before names that are spelled alike.
    Capitals, accents and punctuation do not matter. Numbers must be right: `9-1-2` is not `9-1-1` misspelt, and a
    wrong year is another work.
    """
    wanted = normalize_title(words)
    if not wanted:
        return []
    names = {title: [normalize_title(name) for name in each] for title, each in titles.items()}
    if whole := [title for title, each in names.items() if wanted in each]:
        return whole
    names = {title: each for title, each in names.items() if _has_numbers(wanted, each)}
    return [title for title, each in names.items() if _begins_words(wanted, each)] or _find_alike(wanted, names)


def find_nearest(words: str, titles: Mapping[T, Collection[str]], most: int = 5) -> list[T]:
    """Return the *most* of *titles* that are most like *words*, best first, for who named none of them.

    They are spelled roughly so, or share a word that is not a short one, as `fjord boat` with Fjord by Rail.
    """
    wanted = normalize_title(words)
    names = {title: [normalize_title(name) for name in each] for title, each in titles.items()}
    long_words = {word for word in wanted.split() if len(word) >= LONG_WORD}
    ratios = _rate(wanted, names, VAGUE) if wanted else {}
    near = [
        title
        for title, ratio in ratios.items()
        if ratio >= NEAR or not long_words.isdisjoint(" ".join(names[title]).split())
    ]
    return sorted(near, key=lambda title: -ratios[title])[:most]


def begins_name(text: str, names: Iterable[str]) -> bool:
    """Whether one of *names* begins with *text*, as a shell completes it."""
    return any(normalize_title(name).startswith(normalize_title(text)) for name in names)


def find_airings(airings: Iterable[Airing], query: str) -> list[Airing]:
    """Return those of *airings* that *query* names: a title, perhaps with `2x03` or `s02e03` after it, or a UID.

    An episode's own title may stand beside the show's.
    """
    airings = list(airings)
    if known := [airing for airing in airings if make_uid(airing) == query.strip()]:
        return known
    words, code = split_code(query)
    names = {number: [*list_title_names(_get_work(each)), *_list_own(each)] for number, each in enumerate(airings)}
    found = [airings[number] for number in match_titles(words, names)] if words else airings if code else []
    if code is None:
        return found
    return [each for each in found if isinstance(each, Episode) and (each.season, each.number) == code]


def find_nearest_titles(airings: Iterable[Airing], query: str) -> list[str]:
    """Return the titles among *airings* that are spelled most like the title in *query*, best first."""
    works = {work.title: list_title_names(work) for each in airings if (work := _get_work(each)).title}
    return [title for title in find_nearest(split_code(query)[0], works) if title]


def list_title_names(work: Show | Movie) -> list[str]:
    """Return what people may call *work*: its slug, the number in its key, its title, and the title with its year."""
    origin, _, number = work.key.rpartition("-") if isinstance(work, Movie) else work.key.partition("-")
    number = number if origin.partition("-")[0] in ORIGINS else ""
    dated = f"{work.title} {work.year}" if work.title and work.year else ""
    return [name for name in (work.slug, number, work.title, dated) if name]


def _get_work(airing: Airing) -> Show | Movie:
    return airing.show if isinstance(airing, Episode) else airing


def _list_own(airing: Airing) -> Iterator[str]:
    """The title of an episode, after its show's: alone it would compete with shows that are called so."""
    if isinstance(airing, Episode) and airing.title:
        yield f"{airing.show.title or ''} {airing.title}"


@functools.lru_cache(maxsize=16384)  # a show's names come once for each of its airings
def normalize_title(text: str) -> str:
    """Return *text* as titles are compared: without capitals, accents and punctuation."""
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


def _begins_words(wanted: str, names: Collection[str]) -> bool:
    """Whether each word of *wanted* begins one of *names*; those of Japanese and its like have no blanks between."""
    words = " ".join(names).split()
    if all(any(word.startswith(part) for word in words) for part in wanted.split()):
        return True
    without_blanks = not wanted.isascii() and wanted == wanted.upper()  # no such script has capitals
    return without_blanks and any(wanted in name for name in names)


def _find_alike(wanted: str, names: Mapping[T, Collection[str]]) -> list[T]:
    """Those with a name, or a part of one, that is spelled nearly as *wanted*."""
    ratios = _rate(wanted, names, ALIKE)
    # Titles nearly as much alike are kept, too: which one is meant is for the person to say, not for the third decimal.
    best = max(ratios.values(), default=0)
    return [title for title, ratio in ratios.items() if ratio >= best - ABOUT]


def _rate(wanted: str, names: Mapping[T, Collection[str]], least: float) -> dict[T, float]:
    """How much the best name or part of a name of each title is spelled like *wanted*, where it is *least* of 1.

    difflib suffices: a slip in one word of several leaves most of the text as it is, and lists are short.
    """
    matcher = SequenceMatcher(b=wanted, autojunk=False)
    known: dict[str, float] = {}  # one text stands in the names of many titles
    for text in {part for each in names.values() for name in each for part in _list_parts(name, wanted)}:
        matcher.set_seq1(text)
        # Both quick ratios are upper bounds, and spare the slow one for most texts.
        if min(matcher.real_quick_ratio(), matcher.quick_ratio()) >= least and matcher.ratio() >= least:
            known[text] = matcher.ratio()
    best = {
        title: max((known.get(part, 0.0) for name in each for part in _list_parts(name, wanted)), default=0.0)
        for title, each in names.items()
    }
    return {title: ratio for title, ratio in best.items() if ratio}


def _list_parts(name: str, wanted: str) -> Iterator[str]:
    """*name*, and what in it is as many words as *wanted*: who misspells a title may also leave out some of it.

    One word alone is a slip of another only if both begin with the same letter: hardly anybody gets that one wrong,
    and `house` would be found in every title with a mouse.
    """
    yield name
    words, count = name.split(), wanted.count(" ") + 1
    for start in range(len(words) - count + 1):
        part = " ".join(words[start : start + count])
        if count > 1 or part[0] == wanted[:1]:
            yield part
