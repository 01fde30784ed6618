"""API v1's answer to what the user is watching."""

from trakt_ical.demo.airing import Airing
from trakt_ical.demo.answer import Answer, Seen, json_answer
from trakt_ical.demo.show import Movie, Show
from trakt_ical.demo.v1.login import check_reading_key, check_user, signed_in
from trakt_ical.demo.v1.wire import JSON, UNKNOWN_YEAR, episode_json, show_json
from trakt_ical.demo.world import World


def watching(world: World, seen: Seen, key: str, username: str) -> Answer:
    """Answer `GET /user/watching.json/KEY/USERNAME`: a blank object when nothing runs, or is not to be seen."""
    check_reading_key(world, key)
    own = signed_in(world, seen)
    check_user(world, username)
    running = world.history.running() if own or not world.protected else None
    match world.catalogue.named(running.what) if running else None:
        case Movie() as movie:
            return json_answer({"type": "movie", "action": "checkin", "movie": _movie(movie)})
        case Airing() as airing:
            return json_answer({"type": "episode", "action": "checkin", **_episode(airing)})
        case Show() | None:
            return json_answer({})


def _movie(movie: Movie) -> JSON:
    return {
        "title": movie.title,
        "year": movie.year or UNKNOWN_YEAR,
        "url": f"http://trakt.tv/movie/{movie.slug}",
        "imdb_id": movie.imdb or "",
        "tmdb_id": str(movie.tmdb or 0),
    }


def _episode(airing: Airing) -> JSON:
    show, episode = show_json(airing.show, airing.wall), episode_json(airing)
    return {
        "show": {
            **{name: show[name] for name in ("title", "url", "imdb_id")},
            **{name: str(show[name]) for name in ("tvdb_id", "tvrage_id")},
        },
        "episode": {name: episode[name] for name in ("season", "number", "title", "url", "first_aired")},
    }
