"""API v2's check-in: start one, see it, end it."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from trakt_ical.demo.airing import Airing
from trakt_ical.demo.answer import Answer, Refused, Seen, empty_answer, json_answer
from trakt_ical.demo.show import Movie, Show
from trakt_ical.demo.v2.find import find_episode, find_movie, find_numbered, find_show
from trakt_ical.demo.v2.gate import check_user
from trakt_ical.demo.v2.settings import CONNECTIONS
from trakt_ical.demo.v2.wire import episode_json, instant, movie_json, show_json, wants_full
from trakt_ical.demo.world import World

NETWORKS = ("twitter", "mastodon", "tumblr")


def check_in(world: World, seen: Seen) -> Answer:
    """Answer `POST /checkin`."""
    fields = _fields(seen)
    what = _wanted(world, fields)
    if what is None:
        return empty_answer(404)
    blocking = world.history.blocking()
    if blocking is not None:
        return json_answer({"expires_at": instant(blocking.expires_at)}, 409)
    sharing = _sharing(fields.get("sharing"))
    title = what.title if isinstance(what, Movie) else what.show.title
    started = world.history.check_in(
        what,
        timedelta(minutes=what.minutes),
        message=str(fields.get("message") or f"Watching {title}"),
        sharing=sharing,
    )
    answer = {
        "id": secrets.randbits(52),
        "watched_at": instant(started.started_at),
        "sharing": sharing,
        **_as_json(what, full=False),
    }
    return json_answer(answer, 201)


def cancel(world: World, _seen: Seen) -> Answer:
    """Answer `DELETE /checkin`: nothing to end is no error."""
    world.history.cancel()
    return Answer(204)


def watching(world: World, seen: Seen, name: str) -> Answer:
    """Answer `GET /users/NAME/watching`."""
    check_user(world, seen, name)
    running = world.history.running()
    what = world.catalogue.named(running.what) if running else None
    if running is None or what is None or isinstance(what, Show):
        return Answer(204)
    return json_answer(
        {
            "expires_at": instant(running.expires_at),
            "started_at": instant(running.started_at),
            "action": "checkin",
            "type": "movie" if isinstance(what, Movie) else "episode",
            **_as_json(what, full=wants_full(seen.query)),
        }
    )


def _fields(seen: Seen) -> Mapping[str, Any]:
    try:
        fields = seen.json()
    except ValueError:
        raise Refused(empty_answer(400)) from None
    if not isinstance(fields, dict) or not {"movie", "show", "episode"} & set(fields):
        raise Refused(json_answer({"errors": {"body": ["names no movie, show or episode"]}}, 422))
    return fields


def _wanted(world: World, fields: Mapping[str, Any]) -> Airing | Movie | None:
    movie, show, episode = (
        value if isinstance(value := fields.get(name), dict) else None for name in ("movie", "show", "episode")
    )
    if movie is not None:
        return find_movie(world.catalogue, movie)
    if episode is None:
        return None
    found = find_episode(world.catalogue, episode)
    if found is not None or show is None:
        return found
    its_show = find_show(world.catalogue, show)
    return find_numbered(world.catalogue, its_show, episode) if its_show else None


def _sharing(wanted: object) -> dict[str, bool]:
    """Where it is shared: what was not said is as the user's connections are."""
    said = wanted if isinstance(wanted, dict) else {}
    return {name: bool(said.get(name, CONNECTIONS[name])) and CONNECTIONS[name] for name in NETWORKS}


def _as_json(what: Airing | Movie, *, full: bool) -> dict[str, Any]:
    if isinstance(what, Movie):
        return {"movie": movie_json(what, full=full)}
    return {"episode": episode_json(what, full=full), "show": show_json(what.show, full=full)}
