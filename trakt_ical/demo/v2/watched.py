"""API v2's lists of all that the user has watched, in the forms they have had since July 2026.

By itself and with `extended=full` an entry says how often and when last; episodes are named only with
`extended=progress`. `extended=min` gives times by id and nothing else.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from trakt_ical.demo.airing import Airing
from trakt_ical.demo.answer import Answer, Seen, json_answer
from trakt_ical.demo.show import Movie, Show
from trakt_ical.demo.v2.gate import check_user
from trakt_ical.demo.v2.pages import paged
from trakt_ical.demo.v2.wire import JSON, instant, movie_json, show_json, wants_full
from trakt_ical.demo.world import World

USUAL = 100  # entries to a page
MOST = 250
MOST_WITH_EPISODES = 100
MOST_IN_MIN = 500  # unless all are asked for
SEASONS = 10_000  # ids of seasons to a show


@dataclass(frozen=True)
class Watched:
    """A movie or a show, and the plays of the movie itself or of each watched episode."""

    what: Movie | Show
    plays: list[tuple[Airing | None, list[int]]]

    @property
    def last(self) -> int:
        """When it was last watched."""
        return max(times[-1] for _, times in self.plays)

    @property
    def count(self) -> int:
        """How often it was watched, all episodes together."""
        return sum(len(times) for _, times in self.plays)


def watched(world: World, seen: Seen, name: str, kind: str) -> Answer:
    """Answer `GET /sync/watched/KIND` and `GET /users/NAME/watched/KIND`: what was watched last comes first."""
    check_user(world, seen, name)
    specials = seen.query.get("specials") == "true"
    found = list(_movies(world) if kind == "movies" else _shows(world, specials=specials))
    found.sort(key=lambda each: each.last, reverse=True)
    extended = seen.query.get("extended", "").split(",")
    if "min" in extended:
        return _minimal(seen, found)
    episodes = "progress" in extended and kind == "shows"
    page, headers = paged(seen.query, found, usual=USUAL, most=MOST_WITH_EPISODES if episodes else MOST)
    full = wants_full(seen.query)
    return json_answer([_entry(world, each, episodes=episodes, full=full) for each in page], headers=headers)


def _movies(world: World) -> Iterator[Watched]:
    for movie in world.catalogue.movies():
        if times := world.history.plays(movie):
            yield Watched(movie, [(None, times)])


def _shows(world: World, *, specials: bool) -> Iterator[Watched]:
    for show in world.catalogue.shows():
        aired = (airing for airing in world.catalogue.aired(show) if specials or airing.season)
        plays = [(airing, times) for airing in aired if (times := world.history.plays(airing))]
        if plays:
            yield Watched(show, [*plays])


def _entry(world: World, each: Watched, *, episodes: bool, full: bool) -> JSON:
    last = instant(each.last)
    said: JSON = {"plays": each.count, "last_watched_at": last, "last_updated_at": last}
    if isinstance(each.what, Movie):
        return {**said, "movie": movie_json(each.what, full=full)}
    aired = sum(airing.season > 0 for airing in world.catalogue.aired(each.what))
    show = {**show_json(each.what, full=full and not episodes), "aired_episodes": aired}
    seasons = {"seasons": [_season(number, its) for number, its in _by_season(each)]} if episodes else {}
    return {**said, "reset_at": None, "show": show, **seasons}


def _season(number: int, plays: Iterable[tuple[Airing, list[int]]]) -> JSON:
    return {
        "number": number,
        "episodes": [
            {"number": airing.number, "plays": len(times), "last_watched_at": instant(times[-1])}
            for airing, times in plays
        ],
    }


def _minimal(seen: Seen, found: list[Watched]) -> Answer:
    everything = seen.query.get("limit") == "all"
    most = max(len(found), 1) if everything else MOST_IN_MIN
    page, headers = paged(seen.query, found, usual=most if everything else USUAL, most=most)
    numbers = seen.query.get("season_numbers") == "true"
    return json_answer({str(each.what.trakt): _times(each, numbers=numbers) for each in page}, headers=headers)


def _times(each: Watched, *, numbers: bool) -> object:
    """A movie's times, or those of a show's episodes by the id of the season (and its number) and of the episode."""
    if isinstance(each.what, Movie):
        return [instant(time) for _, times in each.plays for time in times]
    return {
        f"{each.what.trakt * SEASONS + season}{f'|{season}' if numbers else ''}": {
            str(airing.trakt): [instant(time) for time in times] for airing, times in its
        }
        for season, its in _by_season(each)
    }


def _by_season(each: Watched) -> Iterator[tuple[int, list[tuple[Airing, list[int]]]]]:
    episodes = [(airing, times) for airing, times in each.plays if airing is not None]
    for season, its in groupby(episodes, key=lambda play: play[0].season):
        yield season, list(its)
