"""API v2's progress of a show: what has aired, what was watched, what comes next."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from trakt_ical.demo.airing import Airing
from trakt_ical.demo.answer import Answer, Seen, empty_answer, json_answer
from trakt_ical.demo.v2.find import find_show
from trakt_ical.demo.v2.wire import episode_json, instant, wants_full
from trakt_ical.demo.world import World

Watched = tuple[Airing, int | None]  # when last


def progress(world: World, seen: Seen, name: str) -> Answer:
    """Answer `GET /shows/NAME/progress/watched`, where *name* is a trakt id, a slug or an IMDb id."""
    show = find_show(world.catalogue, {"ids": {"trakt": name, "slug": name, "imdb": name}})
    if show is None:
        return empty_answer(404)
    specials = seen.query.get("specials") == "true"
    aired = [it for it in world.catalogue.aired(show) if specials or it.season > 0]
    watched = [(airing, max(world.history.plays(airing), default=None)) for airing in aired]
    counted = seen.query.get("count_specials", "true") == "true"
    stats = [each for each in watched if counted or each[0].season > 0]
    regular = [each for each in watched if each[0].season > 0]
    full = wants_full(seen.query)
    last, upcoming = _place(regular, by_time=seen.query.get("last_activity") == "watched")
    return json_answer(
        {
            "aired": len(stats),
            "completed": sum(when is not None for _, when in stats),
            "last_watched_at": _stamp(max((when for _, when in watched if when), default=None)),
            "reset_at": None,
            "seasons": [_season(list(group)) for _, group in groupby(watched, _season_of)],
            "hidden_seasons": [],
            "next_episode": episode_json(upcoming, full=full) if upcoming else None,
            "last_episode": episode_json(last, full=full) if last else None,
        }
    )


def _place(regular: list[Watched], *, by_time: bool) -> tuple[Airing | None, Airing | None]:
    """The last watched episode, by number or by time, and the first unwatched one after it."""
    seen = [(at, when) for at, (_, when) in enumerate(regular) if when is not None]
    if not seen:
        return None, next((airing for airing, _ in regular), None)
    last = max(seen, key=lambda each: each[1])[0] if by_time else seen[-1][0]
    later = (airing for airing, when in regular[last + 1 :] if when is None)
    return regular[last][0], next(later, None)


def _season_of(watched: Watched) -> int:
    return watched[0].season


def _season(episodes: Iterable[Watched]) -> dict[str, Any]:
    listed = [
        {
            "number": airing.number,
            "completed": when is not None,
            "last_watched_at": _stamp(when),
        }
        for airing, when in episodes
    ]
    season = next(iter(episodes))[0].season
    return {
        "number": season,
        "title": f"Season {season}" if season else "Specials",
        "aired": len(listed),
        "completed": sum(bool(each["completed"]) for each in listed),
        "episodes": listed,
    }


def _stamp(when: int | None) -> str | None:
    return None if when is None else instant(when)
