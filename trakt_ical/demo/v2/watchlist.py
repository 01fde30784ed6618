"""API v2's watchlist."""

from collections.abc import Callable
from typing import Any

from trakt_ical.demo.airing import Airing
from trakt_ical.demo.answer import Answer, Seen, empty_answer, json_answer
from trakt_ical.demo.show import Movie, Show
from trakt_ical.demo.v2.gate import check_user
from trakt_ical.demo.v2.pages import paged
from trakt_ical.demo.v2.wire import JSON, episode_json, instant, movie_json, show_json, wants_full
from trakt_ical.demo.watchlist import KINDS, kind_of
from trakt_ical.demo.world import World

USUAL = 100  # entries to a page
MOST = 250
FIRST_ID = 800_001
TYPES = {"movie": "movies", "show": "shows", "episode": "episodes", "season": "seasons"}
Order = Callable[[JSON], Any]
ORDERS: dict[str, Order] = {
    "rank": lambda entry: entry["rank"],
    "added": lambda entry: (entry["listed_at"], entry["rank"]),
    "title": lambda entry: str((entry.get("show") or entry["movie"])["title"]),
}


def watchlist(
    world: World, seen: Seen, name: str, types: str | None = None, sort_by: str | None = None, how: str | None = None
) -> Answer:
    """Answer `GET /users/NAME/watchlist/TYPES/SORT_BY/HOW`, and `/sync/watchlist` likewise."""
    check_user(world, seen, name)
    kinds = {TYPES.get(each, each) for each in types.split(",")} if types and types != "all" else set(KINDS)
    if not kinds <= set(TYPES.values()):
        return empty_answer(404)
    full = wants_full(seen.query)
    found = [(since, world.catalogue.named(name)) for name, since in world.watchlist.listed() if kind_of(name) in kinds]
    entries = [_entry(rank, since, what, full=full) for rank, (since, what) in enumerate(found, 1) if what is not None]
    order = ORDERS.get(seen.query.get("sort_by", sort_by or "rank"), ORDERS["rank"])
    entries.sort(key=order, reverse=seen.query.get("sort_how", how) == "desc")
    page, headers = paged(seen.query, entries, usual=USUAL, most=MOST)
    return json_answer(page, headers=headers)


def _entry(rank: int, since: int, what: Show | Movie | Airing, *, full: bool) -> JSON:
    said = {"rank": rank, "id": FIRST_ID + rank, "listed_at": instant(since), "notes": None}
    match what:
        case Movie():
            return {**said, "type": "movie", "movie": movie_json(what, full=full)}
        case Show():
            return {**said, "type": "show", "show": show_json(what, full=full)}
        case Airing():
            episode, show = episode_json(what, full=full), show_json(what.show, full=full)
            return {**said, "type": "episode", "episode": episode, "show": show}
