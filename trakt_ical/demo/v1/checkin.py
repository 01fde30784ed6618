"""API v1's check-in to an episode, and its end."""

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from trakt_ical.demo.airing import Airing
from trakt_ical.demo.answer import Answer, Refused, Seen, json_answer
from trakt_ical.demo.show import Show
from trakt_ical.demo.state import CheckIn
from trakt_ical.demo.v1.login import check_developer_key, failure, fields_of, signed_in
from trakt_ical.demo.v1.wire import UNKNOWN_YEAR
from trakt_ical.demo.v2.find import find_episode
from trakt_ical.demo.world import World

CONNECTED = {"facebook": True, "twitter": True, "tumblr": False, "foursquare": False}
LONGEST_MESSAGE = 100  # characters, to leave room for the address


def check_in(world: World, seen: Seen, key: str) -> Answer:
    """Answer `POST /show/checkin/KEY`."""
    fields = _checked(world, seen, key)
    airing = _episode(world, fields)
    running = world.history.running()
    if running is not None:
        return _wait(running.expires_at - int(world.clock().timestamp()))
    sharing = _sharing(fields.get("share"))
    message = str(fields.get("message") or f"Watching {airing.show.title}")
    started = world.history.check_in(
        airing,
        timedelta(minutes=_whole(fields.get("duration")) or airing.minutes),
        message=message[:LONGEST_MESSAGE],
        sharing=sharing,
    )
    return json_answer(_success(airing, started))


def cancel(world: World, seen: Seen, key: str) -> Answer:
    """Answer `POST /show/cancelcheckin/KEY`."""
    _checked(world, seen, key)
    if world.history.cancel() is None:
        return failure("no checkin in progress", 200)
    return json_answer({"status": "success", "message": "cancelled checkin"})


def _checked(world: World, seen: Seen, key: str) -> Mapping[str, Any]:
    check_developer_key(world, key)
    if not signed_in(world, seen):
        raise Refused(failure("failed authentication", 401))
    return fields_of(seen)


def _success(airing: Airing, started: CheckIn) -> dict[str, Any]:
    show = airing.show
    return {
        "status": "success",
        "message": f"checked in to {show.title} {airing.season}x{airing.number:02d}",
        "timestamps": {
            "start": started.started_at,
            "end": started.expires_at,
            "active_for": started.expires_at - started.started_at,
        },
        "show": {
            "title": show.title,
            "year": show.year or UNKNOWN_YEAR,
            "imdb_id": show.imdb or "",
            "tvdb_id": show.tvdb or 0,
        },
        **started.sharing,
    }


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
    return next((show for show in named if (show.year or UNKNOWN_YEAR) == year), None)


def _sharing(wanted: object) -> dict[str, bool]:
    said = wanted if isinstance(wanted, dict) else {}
    return {name: connected and said.get(name) is True for name, connected in CONNECTED.items()}


def _whole(number: object) -> int | None:
    """A number that may have been sent as a string."""
    text = str(number)
    return int(text) if text.isascii() and text.isdigit() else None
