"""API v1, as it was until 2014: which request is answered by what, and which key it needs."""

import re
from collections.abc import Callable

from trakt_ical.demo.account import Backend
from trakt_ical.demo.auth import API_KEY, READING_KEY
from trakt_ical.demo.messages import Answer, Request, make_empty
from trakt_ical.demo.v1 import catalogue, watching
from trakt_ical.demo.v1.catalogue import make_failure

READS = ("GET", "HEAD", "POST")  # a login may come as the body of a POST
POST = ("POST",)
# Methods and path, and the function that answers with what follows the key in the path.
ROUTES: tuple[tuple[tuple[str, ...], str, Callable[..., Answer]], ...] = (
    (READS, r"/user/calendar/shows\.json/([^/]+)/([^/]+)(?:/([^/]+)(?:/([^/]+))?)?", catalogue.list_calendar),
    (READS, r"/user/watching\.json/([^/]+)/([^/]+)", watching.show_watching),
    (READS, r"/search/shows\.json/([^/]+)/([^/]+)", catalogue.search_shows),
    (READS, r"/search/movies\.json/([^/]+)/([^/]+)", catalogue.search_movies),
    (READS, r"/show/summary\.json/([^/]+)/([^/]+)", catalogue.show_summary),
    (READS, r"/movie/summary\.json/([^/]+)/([^/]+)", catalogue.movie_summary),
    (READS, r"/show/seasons\.json/([^/]+)/([^/]+)", catalogue.list_seasons),
    (READS, r"/show/season\.json/([^/]+)/([^/]+)/([^/]+)", catalogue.list_season),
    (READS, r"/show/episode/summary\.json/([^/]+)/([^/]+)/([^/]+)/([^/]+)", catalogue.show_episode),
    (POST, "/show/checkin/([^/]+)", watching.check_in_to_episode),
    (POST, "/movie/checkin/([^/]+)", watching.check_in_to_movie),
    (POST, "/(?:show|movie)/cancelcheckin/([^/]+)", watching.cancel_checkin),
)


def answer(backend: Backend, request: Request) -> Answer:
    """Answer a request, or raise Refusal. No header fields are required, and there are no limits."""
    for methods, path, make_answer in ROUTES:
        match = re.fullmatch(path, request.path)
        if match is None:
            continue
        if request.method not in methods:
            return make_empty(405, {"Allow": ", ".join(methods)})
        key, *rest = match.groups()
        if methods == POST and key == READING_KEY:
            return make_failure("invalid development API permission (checkin)", 401)
        if key not in (API_KEY, READING_KEY):
            return make_failure("invalid development API key" if methods == POST else "invalid API key", 401)
        return make_answer(backend, request, *rest)
    return make_failure("method not found", 404)
