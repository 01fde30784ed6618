"""API v2's summary of one episode."""

from trakt_ical.demo.answer import Answer, Seen, empty_answer, json_answer
from trakt_ical.demo.v2.find import find_show
from trakt_ical.demo.v2.wire import episode_json, wants_full
from trakt_ical.demo.world import World


def episode(world: World, seen: Seen, name: str, season: str, number: str) -> Answer:
    """Answer `GET /shows/NAME/seasons/SEASON/episodes/NUMBER`, where *name* is a trakt id, a slug or an IMDb id."""
    show = find_show(world.catalogue, {"ids": {"trakt": name, "slug": name, "imdb": name}})
    airing = world.catalogue.airing(show, int(season), int(number)) if show else None
    return json_answer(episode_json(airing, full=wants_full(seen.query))) if airing else empty_answer(404)
