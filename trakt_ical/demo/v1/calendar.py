"""API v1's calendar of a user: days, and what is listed under each."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from trakt_ical.demo.airing import Airing
from trakt_ical.demo.answer import Answer, Refused, Seen, json_answer
from trakt_ical.demo.v1.login import check_reading_key, check_user, failure, signed_in
from trakt_ical.demo.v1.own import own_episode_json, own_show_json
from trakt_ical.demo.v1.wire import JSON, SERVER, episode_json, listed_on, show_json
from trakt_ical.demo.world import YEARS, World

DAYS = 7  # unless asked otherwise
MOST_DAYS = 3_660
MARGIN = timedelta(days=3)  # no listed day is farther from its instant


def calendar(world: World, seen: Seen, key: str, username: str, start: str | None, days: str | None) -> Answer:
    """Answer `GET /user/calendar/shows.json/KEY/USERNAME/START/DAYS`, without empty days."""
    check_reading_key(world, key)
    own = signed_in(world, seen)
    check_user(world, username)
    if world.protected and not own:
        return json_answer([])
    first = _first_day(world, start)
    groups = groupby(_listed(world, first, _length(days)), listed_on)
    watchlist = world.watchlist.names() if own else None
    return json_answer(
        [
            {"date": day.isoformat(), "episodes": [_entry(world, it, watchlist) for it in airings]}
            for day, airings in groups
        ]
    )


def _listed(world: World, first: date, days: int) -> list[Airing]:
    end = first + timedelta(days=days)
    midnight = datetime.combine(first, time(), UTC)
    mine = world.follows()
    around = world.catalogue.airings(midnight - MARGIN, midnight + timedelta(days=days) + MARGIN)
    listed = [airing for airing in around if mine(airing) and not airing.double and first <= listed_on(airing) < end]
    return sorted(listed, key=listed_on)


def _entry(world: World, airing: Airing, listed: frozenset[str] | None) -> JSON:
    """An episode and its show, with what the user did to both where *listed*, the watchlist, is given."""
    show, episode = show_json(airing.show, airing.wall), episode_json(airing)
    if listed is None:
        return {"show": show, "episode": episode}
    mine = own_episode_json(world, airing, listed)
    return {
        "watched": mine["watched"],
        "rating": False,
        "show": {**show, **own_show_json(airing.show, listed)},
        "episode": {**episode, **mine},
    }


def _first_day(world: World, start: str | None) -> date:
    if not start:
        return world.clock().astimezone(SERVER).date()
    try:
        first = date.fromisoformat(start)
    except ValueError:
        first = date.max
    if first.year not in YEARS:
        raise Refused(failure("invalid date", 400))
    return first


def _length(days: str | None) -> int:
    if not days:
        return DAYS
    if not days.isascii() or not days.isdigit():
        raise Refused(failure("invalid number of days", 400))
    return min(int(days), MOST_DAYS)
