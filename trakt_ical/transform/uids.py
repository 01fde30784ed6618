"""The names of events, frozen for ever: a calendar program knows an event by nothing else."""

from __future__ import annotations

from typing import assert_never

from trakt_ical.model import Airing, Episode, Movie


def make_uid(airing: Airing) -> str:
    """The UID of an airing.

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
    """The name of the show or movie that *uid* begins with."""
    return uid.partition("@")[0].rpartition("-")[0]
