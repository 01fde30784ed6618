"""Which request of API v1 is answered by what."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from trakt_ical.demo.answer import Answer, Seen, empty_answer
from trakt_ical.demo.v1 import calendar, checkin
from trakt_ical.demo.v1.login import failure
from trakt_ical.demo.world import World


@dataclass(frozen=True)
class Route:
    """A path and the methods it takes, and the function that answers with the path's groups."""

    methods: tuple[str, ...]
    path: str
    answer: Callable[..., Answer]


ROUTES = (
    Route(
        ("GET", "HEAD", "POST"),
        r"/user/calendar/shows\.json/([^/]+)/([^/]+)(?:/([^/]+)(?:/([^/]+))?)?",
        calendar.calendar,
    ),
    Route(("POST",), "/show/checkin/([^/]+)", checkin.check_in),
    Route(("POST",), "/show/cancelcheckin/([^/]+)", checkin.cancel),
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
