"""Which airings somebody means who writes `severance 2x03`."""

from __future__ import annotations

from collections.abc import Iterable

from trakt_ical.model import Airing, Episode, Movie
from trakt_ical.transform.codes import parted
from trakt_ical.transform.filters import fold, names
from trakt_ical.transform.uids import uid


def find(airings: Iterable[Airing], query: str) -> list[Airing]:
    """Those of *airings* that *query* fits, a show's or movie's name with `2x03` or `s02e03` after it, or a UID.

    Names are compared without capitals and hyphens; an exact one beats one that merely holds the words.
    """
    airings = list(airings)
    if known := [airing for airing in airings if uid(airing) == query.strip()]:
        return known
    words, code = parted(query)
    title = fold(words)
    if code:
        airings = [each for each in airings if isinstance(each, Episode) and (each.season, each.number) == code]
    exact = [airing for airing in airings if title in _names(airing)]
    return exact or [airing for airing in airings if _holds(airing, title)]


def _names(airing: Airing) -> tuple[str, ...]:
    if isinstance(airing, Movie):
        return tuple(fold(name) for name in (airing.slug, airing.key.rpartition("-")[2], airing.title) if name)
    return names(airing.show)


def _holds(airing: Airing, title: str) -> bool:
    """Whether every word of *title* begins a word of the airing's names, its own title included."""
    own = airing.title if isinstance(airing, Episode) else None
    words = " ".join((*_names(airing), fold(own or ""))).split()
    return all(any(word.startswith(part) for word in words) for part in title.split())
