"""The UIDs of events, frozen for ever since programs know an event by nothing else, and the kinds of calendars."""

from __future__ import annotations

from collections.abc import Collection
from typing import assert_never

from trakt_ical.model import Airing, Episode, EpisodeKind, Movie, OddEntry, Release

_MOVIES = {Release.CINEMA: "movies", Release.STREAMING: "streaming", Release.PHYSICAL: "dvd"}
_EPISODES = {
    "new": {EpisodeKind.SERIES_PREMIERE},
    "premieres": {EpisodeKind.SERIES_PREMIERE, EpisodeKind.SEASON_PREMIERE, EpisodeKind.MID_SEASON_PREMIERE},
    "finales": {EpisodeKind.SERIES_FINALE, EpisodeKind.SEASON_FINALE, EpisodeKind.MID_SEASON_FINALE},
}
_KIND_OF = {release.value: kind for release, kind in _MOVIES.items()}
KINDS_OF_MOVIES = frozenset(_MOVIES.values())


def make_uid(airing: Airing) -> str:
    """Return the UID of an airing.

    It has no title, date or episode id in it, since these change, and no padding, no host.
    """
    match airing:
        case Episode():
            return f"{airing.show.key}-s{airing.season}e{airing.number}@trakt-ical"
        case Movie():
            return f"{airing.key}-{airing.release.value}@trakt-ical"
        case _:
            assert_never(airing)


def read_key(uid: str) -> str:
    """Return the key of the show or movie that *uid* begins with."""
    return uid.partition("@")[0].rpartition("-")[0]


def is_listed_in(uid: str, category: str, kinds: Collection[str]) -> bool:
    """Whether a calendar of *kinds* would list the event *uid*, whose first category is *category*."""
    release = uid.partition("@")[0].rpartition("-")[2]
    if release in _KIND_OF:
        return _KIND_OF[release] in kinds
    return "shows" in kinds or any(category == each.value for kind in kinds for each in _EPISODES.get(kind, ()))


def may_be(uid: str, odd: OddEntry) -> bool:
    """Whether the event *uid* may be that of *odd*: nothing that is known of the entry says otherwise."""
    key, _, ending = uid.partition("@")[0].rpartition("-")
    if odd.key is not None and odd.key != key:
        return False
    if odd.release is not None or ending in _KIND_OF:
        return odd.release is not None and odd.release.value == ending
    season, _, number = ending[1:].partition("e")
    known = (odd.season, season), (odd.number, number)
    return all(stated is None or str(stated) == found for stated, found in known)


def is_movie(uid: str) -> bool:
    """Whether *uid* is that of a movie."""
    return uid.partition("@")[0].rpartition("-")[2] in _KIND_OF


def is_of_kind(kind: str, airing: Airing) -> bool:
    """Whether Trakt's calendar *kind* lists *airing*."""
    if isinstance(airing, Movie):
        return _MOVIES[airing.release] == kind
    return kind == "shows" or airing.kind in _EPISODES.get(kind, ())


def is_premiere(kind: EpisodeKind) -> bool:
    """Whether an episode of *kind* begins something."""
    return kind in _EPISODES["premieres"]
