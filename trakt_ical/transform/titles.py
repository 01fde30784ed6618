"""Which titles somebody means who writes a few words, with a slip perhaps."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import TypeVar

T = TypeVar("T")

ALIKE = 0.8  # of 1; below, two texts are different ones
ABOUT = 0.02  # texts alike by so little less than the best may be meant as well
VOICING = 8  # the class of the marks that make another letter of a Japanese one; all others are accents
_SIGNS = re.compile(r"[\W_]+")
_NUMBER, _YEAR = re.compile(r"[0-9]+"), re.compile(r"(19|20|21)[0-9]{2}")


def matching(words: str, titles: Mapping[T, Collection[str]]) -> list[T]:
    """Those of *titles*, each with all its names, that *words* fit best.

    A whole name comes before one in which every word begins a word, and that before one which is
    merely spelled alike. Capitals, accents and punctuation do not matter. A number is no slip of another
    one: it is in the names as it stands.
    """
    wanted = plain(words)
    if not wanted:
        return []
    names = {title: [plain(name) for name in each] for title, each in titles.items()}
    whole = [title for title, each in names.items() if wanted in each]
    if whole:
        return whole
    names = {title: each for title, each in names.items() if _has_numbers(wanted, each)}
    return [title for title, each in names.items() if _begins(wanted, each)] or _alike(wanted, names)


def plain(text: str) -> str:
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


def _begins(wanted: str, names: Collection[str]) -> bool:
    """Whether each word of *wanted* begins one of *names*; those of Japanese and its like have no blanks between."""
    words = " ".join(names).split()
    if all(any(word.startswith(part) for word in words) for part in wanted.split()):
        return True
    without_blanks = not wanted.isascii() and wanted == wanted.upper()  # no such script has capitals
    return without_blanks and any(wanted in name for name in names)


def _alike(wanted: str, names: Mapping[T, Collection[str]]) -> list[T]:
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
