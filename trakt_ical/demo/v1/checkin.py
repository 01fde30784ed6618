"""API v1's check-in to an episode or a movie, and its end."""

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from trakt_ical.demo.airing import Airing
from trakt_ical.demo.answer import Answer, Refused, Seen, json_answer
from trakt_ical.demo.show import Movie, Show
from trakt_ical.demo.state import CheckIn
from trakt_ical.demo.v1.about import movie_ids
from trakt_ical.demo.v1.login import check_developer_key, failure, fields_of, signed_in
from trakt_ical.demo.v1.wire import UNKNOWN_YEAR
from trakt_ical.demo.v2.find import find_episode, find_movie
from trakt_ical.demo.world import World

CONNECTED = {"facebook": True, "twitter": True, "tumblr": False, "foursquare": False}
LONGEST_MESSAGE = 100  # characters, to leave room for the address


def check_in_to_episode(world: World, seen: Seen, key: str) -> Answer:
    """Answer `POST /show/checkin/KEY`."""
    fields = _checked(world, seen, key)
    return _start(world, fields, _episode(world, fields))


def check_in_to_movie(world: World, seen: Seen, key: str) -> Answer:
    """Answer `POST /movie/checkin/KEY`."""
    fields = _checked(world, seen, key)
    ids = {"imdb": fields.get("imdb_id"), "tmdb": fields.get("tmdb_id")}
    titled = (movie for movie in world.catalogue.movies() if movie.title == fields.get("title"))
    year = _whole(fields.get("year"))
    found = find_movie(world.catalogue, {"ids": ids}) or next((it for it in titled if _year(it) == year), None)
    if found is None:
        return failure("movie not found", 404)
    return _start(world, fields, found)


def cancel(world: World, seen: Seen, key: str) -> Answer:
    """Answer `POST /show/cancelcheckin/KEY` and its twin for movies: either ends whatever runs."""
    _checked(world, seen, key)
    if world.history.cancel() is None:
        return failure("no checkin in progress", 200)
    return json_answer({"status": "success", "message": "cancelled checkin"})


def _checked(world: World, seen: Seen, key: str) -> Mapping[str, Any]:
    check_developer_key(world, key)
    if not signed_in(world, seen):
        raise Refused(failure("failed authentication", 401))
    return fields_of(seen)


def _start(world: World, fields: Mapping[str, Any], what: Airing | Movie) -> Answer:
    running = world.history.running()
    if running is not None:
        return _wait(running.expires_at - int(world.clock().timestamp()))
    title = what.title if isinstance(what, Movie) else what.show.title
    message = str(fields.get("message") or f"Watching {title}")
    started = world.history.check_in(
        what,
        timedelta(minutes=_whole(fields.get("duration")) or what.minutes),
        message=message[:LONGEST_MESSAGE],
        sharing=_sharing(fields.get("share")),
    )
    return json_answer(_success(what, started))


def _success(what: Airing | Movie, started: CheckIn) -> dict[str, Any]:
    if isinstance(what, Movie):
        said = f"{what.title} ({_year(what)})"
        about: dict[str, Any] = {"movie": {"title": what.title, "year": _year(what), **movie_ids(what)}}
    else:
        said = f"{what.show.title} {what.season}x{what.number:02d}"
        about = {"show": _show_json(what.show)}
    start, end = started.started_at, started.expires_at
    return {
        "status": "success",
        "message": f"checked in to {said}",
        "timestamps": {"start": start, "end": end, "active_for": end - start},
        **about,
        **started.sharing,
    }


def _show_json(show: Show) -> dict[str, Any]:
    return {"title": show.title, "year": _year(show), "imdb_id": show.imdb or "", "tvdb_id": show.tvdb or 0}


def _wait(seconds: int) -> Answer:
    minutes = math.ceil(seconds / 60)
    error = f"A checkin is in progress already. Cancel it, or wait {minutes} minutes for its end."
    return failure(error, 200, wait=seconds)


def _episode(world: World, fields: Mapping[str, Any]) -> Airing:
    """The episode by its own TVDB id, else by show, season and number."""
    tvdb = fields.get("episode_tvdb_id")
    found = find_episode(world.catalogue, {"ids": {"tvdb": tvdb}}) if tvdb else None
    if found is not None:
        return found
    show = _show(world, fields)
    if show is None:
        raise Refused(failure("show not found", 404))
    season, number = _whole(fields.get("season")), _whole(fields.get("episode"))
    known = season is not None and number is not None
    found = world.catalogue.airing(show, season or 0, number or 0) if known else None
    if found is None:
        raise Refused(failure("episode not found", 404))
    return found


def _show(world: World, fields: Mapping[str, Any]) -> Show | None:
    tvdb, year = _whole(fields.get("tvdb_id")), _whole(fields.get("year"))
    shows = world.catalogue.shows()
    by_id = next((show for show in shows if tvdb and show.tvdb == tvdb), None)
    if by_id is not None:
        return by_id
    named = (show for show in shows if show.title == fields.get("title"))
    return next((show for show in named if _year(show) == year), None)


def _year(what: Show | Movie) -> int:
    return what.year or UNKNOWN_YEAR


def _sharing(wanted: object) -> dict[str, bool]:
    said = wanted if isinstance(wanted, dict) else {}
    return {name: connected and said.get(name) is True for name, connected in CONNECTED.items()}


def _whole(number: object) -> int | None:
    """A number that may have been sent as a string."""
    text = str(number)
    return int(text) if text.isascii() and text.isdigit() else None
