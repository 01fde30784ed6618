"""Which request of API v1 is answered by what."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from trakt_ical.demo.answer import Answer, Seen, empty_answer
from trakt_ical.demo.v1 import calendar, checkin, titles, watching
from trakt_ical.demo.v1.login import failure
from trakt_ical.demo.world import World


@dataclass(frozen=True)
class Route:
    """A path and the methods it takes, and the function that answers with the path's groups."""

    methods: tuple[str, ...]
    path: str
    answer: Callable[..., Answer]


READS = ("GET", "HEAD", "POST")  # a login may come as the body of a POST
ROUTES = (
    Route(
        READS,
        r"/user/calendar/shows\.json/([^/]+)/([^/]+)(?:/([^/]+)(?:/([^/]+))?)?",
        calendar.calendar,
    ),
    Route(READS, r"/user/watching\.json/([^/]+)/([^/]+)", watching.watching),
    Route(READS, r"/search/shows\.json/([^/]+)(?:/([^/]+))?", titles.search_shows),
    Route(READS, r"/search/movies\.json/([^/]+)(?:/([^/]+))?", titles.search_movies),
    Route(READS, r"/show/summary\.json/([^/]+)/([^/]+)(?:/([^/]+))?", titles.show_summary),
    Route(READS, r"/show/seasons\.json/([^/]+)/([^/]+)", titles.show_seasons),
    Route(READS, r"/show/season\.json/([^/]+)/([^/]+)/([^/]+)", titles.show_season),
    Route(READS, r"/show/episode/summary\.json/([^/]+)/([^/]+)/([^/]+)/([^/]+)", titles.episode_summary),
    Route(READS, r"/movie/summary\.json/([^/]+)/([^/]+)", titles.movie_summary),
    Route(("POST",), "/show/checkin/([^/]+)", checkin.check_in_to_episode),
    Route(("POST",), "/movie/checkin/([^/]+)", checkin.check_in_to_movie),
    Route(("POST",), "/(?:show|movie)/cancelcheckin/([^/]+)", checkin.cancel),
)


class V1:
    """API v1: no required header fields, no limits."""

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, seen: Seen) -> Answer:
        """Answer a request, or raise Refused."""
        for route in ROUTES:
            match = re.fullmatch(route.path, seen.path)
            if match is None:
                continue
            if seen.method not in route.methods:
                return empty_answer(405, {"Allow": ", ".join(route.methods)})
            return route.answer(self._world, seen, *match.groups())
        return failure("method not found", 404)
