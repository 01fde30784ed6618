"""API v1's answers about one show, season, episode or movie, and its search for them."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from trakt_ical.demo.airing import Airing
from trakt_ical.demo.answer import Answer, Refused, Seen, json_answer
from trakt_ical.demo.show import Movie, Show
from trakt_ical.demo.v1.about import (
    episode_of_season_json,
    episode_summary_json,
    found_show_json,
    movie_json,
    season_json,
    show_of_episode_json,
    show_summary_json,
)
from trakt_ical.demo.v1.login import check_reading_key, failure, signed_in
from trakt_ical.demo.v1.own import own_episode_json
from trakt_ical.demo.v1.wire import JSON
from trakt_ical.demo.v2.find import find_movie, find_show, ranked
from trakt_ical.demo.world import World

MOST = 30  # results, unless fewer are asked for
Titled = TypeVar("Titled", bound=Show | Movie)


def search_shows(world: World, seen: Seen, key: str, words: str | None) -> Answer:
    """Answer `GET /search/shows.json/KEY/WORDS`, and `?query=WORDS`; with `seasons` their episodes are named."""
    check_reading_key(world, key)

    def told(show: Show) -> JSON:
        seasons = {"seasons": _numbers(world, show)} if _asked(seen, "seasons") else {}
        return {**found_show_json(show), **seasons}

    return _found(seen, words, world.catalogue.shows(), told)


def search_movies(world: World, seen: Seen, key: str, words: str | None) -> Answer:
    """Answer `GET /search/movies.json/KEY/WORDS`, and `?query=WORDS`."""
    check_reading_key(world, key)
    return _found(seen, words, world.catalogue.movies(), movie_json)


def show_summary(world: World, _seen: Seen, key: str, title: str, extended: str | None) -> Answer:
    """Answer `GET /show/summary.json/KEY/TITLE`, with every episode when it ends in `/extended`."""
    show = _show(world, key, title)
    seasons = world.catalogue.seasons(show)
    episodes = [
        {"season": number, "episodes": [episode_of_season_json(airing) for airing in its]}
        for number, its in sorted(seasons.items(), reverse=True)
    ]
    return json_answer({**show_summary_json(show, seasons), **({"seasons": episodes} if extended else {})})


def show_seasons(world: World, _seen: Seen, key: str, title: str) -> Answer:
    """Answer `GET /show/seasons.json/KEY/TITLE`, the last season first."""
    show = _show(world, key, title)
    seasons = sorted(world.catalogue.seasons(show).items(), reverse=True)
    return json_answer([season_json(show, number, len(its)) for number, its in seasons])


def show_season(world: World, seen: Seen, key: str, title: str, season: str) -> Answer:
    """Answer `GET /show/season.json/KEY/TITLE/SEASON`; a season that does not exist has no episodes.

    With a login each episode says whether it was watched: programs of the time sent theirs and kept that.
    """
    its = _season(world, _show(world, key, title), season)
    if not signed_in(world, seen):
        return json_answer([episode_of_season_json(airing) for airing in its])
    listed = world.watchlist.names()
    return json_answer([{**episode_of_season_json(it), **own_episode_json(world, it, listed)} for it in its])


def episode_summary(world: World, _seen: Seen, key: str, title: str, season: str, number: str) -> Answer:
    """Answer `GET /show/episode/summary.json/KEY/TITLE/SEASON/NUMBER`.

    A season that does not exist is a 404, a number that it lacks a 400.
    """
    show = _show(world, key, title)
    its = _season(world, show, season)
    airing = next((each for each in its if str(each.number) == number), None)
    if airing is None:
        return failure("episode not found", 400 if its else 404)
    return json_answer({"show": show_of_episode_json(show), "episode": episode_summary_json(airing)})


def movie_summary(world: World, _seen: Seen, key: str, title: str) -> Answer:
    """Answer `GET /movie/summary.json/KEY/TITLE`, where *title* is a slug, an IMDb or a TMDB id."""
    check_reading_key(world, key)
    movie = find_movie(world.catalogue, {"ids": {"slug": title, "imdb": title, "tmdb": title}})
    return failure("movie not found", 404) if movie is None else json_answer(movie_json(movie))


def _found(seen: Seen, words: str | None, titles: Iterable[Titled], told: Callable[[Titled], JSON]) -> Answer:
    wanted = words if words is not None else seen.query.get("query", "")
    limit = seen.query.get("limit", "")
    most = int(limit) if limit.isascii() and limit.isdigit() else MOST
    return json_answer([told(title) for _, title in ranked(wanted.replace("+", " "), titles)[:most]])


def _show(world: World, key: str, title: str) -> Show:
    """The show of a slug or a TVDB id."""
    check_reading_key(world, key)
    found = find_show(world.catalogue, {"ids": {"slug": title, "tvdb": title}})
    if found is None:
        raise Refused(failure("show not found", 404))
    return found


def _season(world: World, show: Show, season: str) -> list[Airing]:
    return next((its for number, its in world.catalogue.seasons(show).items() if str(number) == season), [])


def _numbers(world: World, show: Show) -> list[JSON]:
    return [
        {"season": number, "episodes": [{"season": number, "number": each.number} for each in reversed(its)]}
        for number, its in sorted(world.catalogue.seasons(show).items(), reverse=True)
    ]


def _asked(seen: Seen, name: str) -> bool:
    return seen.query.get(name, "") not in ("", "0", "false")
