"""What API v1 adds for the user who is logged in: what they rated, watched and listed."""

from trakt_ical.demo.airing import Airing
from trakt_ical.demo.show import Show
from trakt_ical.demo.v1.wire import JSON
from trakt_ical.demo.world import World

LOVED = 6  # of ten; the least that is love and not hate


def own_show_json(show: Show, listed: frozenset[str]) -> JSON:
    """The user's rating of a show, and whether it is *listed*, on the watchlist."""
    own = show.own_rating
    rating = ("love" if own >= LOVED else "hate") if own else False
    return {"rating": rating, "rating_advanced": own, "in_watchlist": show.name in listed}


def own_episode_json(world: World, airing: Airing, listed: frozenset[str]) -> JSON:
    """How often the user watched an episode, and whether it is *listed* by itself; nobody rates episodes here."""
    plays = len(world.history.plays(airing))
    unrated = {"rating": False, "rating_advanced": 0}
    return {
        **unrated,
        "in_watchlist": airing.name in listed,
        "plays": plays,
        "watched": plays > 0,
        "in_collection": False,
    }
