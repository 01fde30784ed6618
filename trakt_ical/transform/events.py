"""One airing becomes one event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from trakt_ical.model import Airing, Episode, Event, Movie
from trakt_ical.transform import times, words
from trakt_ical.transform.rules import Rules


def events(airings: Iterable[Airing], rules: Rules) -> Iterator[Event]:
    """The events of *airings*, in their order."""
    for airing in airings:
        match airing:
            case Episode():
                yield _episode(airing, rules)
            case Movie():
                yield _movie(airing, rules)
            case _:
                assert_never(airing)


def uid(airing: Airing) -> str:
    """The UID of an airing, frozen for ever: a calendar program knows an event by nothing else.

    It has no title, date or episode id in it, since these change, and no padding, no host.
    """
    match airing:
        case Episode():
            return f"{airing.show.key}-s{airing.season}e{airing.number}@trakt-ical"
        case Movie():
            return f"{airing.key}-{airing.release.value}@trakt-ical"
        case _:
            assert_never(airing)


def key(uid: str) -> str:
    """The name of the show or movie that *uid* begins with."""
    return uid.partition("@")[0].rpartition("-")[0]


def _episode(episode: Episode, rules: Rules) -> Event:
    show = episode.show
    network, link = words.clean(show.network), words.address(episode.link)
    return Event(
        uid=uid(episode),
        summary=words.episode_summary(episode),
        description=words.description(episode.overview, network, link, spoilers=rules.spoilers),
        start=episode.starts,
        end=times.end(episode.starts, episode.runtime, show.runtime, rules.default_runtime),
        location=network,
        categories=words.categories(show.genres, episode.kind.value),
        link=link,
    )


def _movie(movie: Movie, rules: Rules) -> Event:
    link = words.address(movie.link)
    return Event(
        uid=uid(movie),
        summary=words.movie_summary(movie),
        description=words.description(movie.overview, "", link, spoilers=rules.spoilers),
        start=movie.starts,
        end=times.end(movie.starts),
        location="",
        categories=words.categories(movie.genres, "Movie"),
        link=link,
    )
