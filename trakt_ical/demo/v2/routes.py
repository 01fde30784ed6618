"""Which request of API v2 is answered by what."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from trakt_ical.demo import oauth
from trakt_ical.demo.answer import Answer, Refused, Seen, empty_answer
from trakt_ical.demo.limits import Limits
from trakt_ical.demo.v2 import activities, calendars, checkin, gate, progress, releases, search, summary, users, watched
from trakt_ical.demo.v2.watchlist import watchlist
from trakt_ical.demo.world import World


@dataclass(frozen=True)
class Route:
    """A method and a path, and the function that answers with the path's groups."""

    method: str
    path: str
    answer: Callable[..., Answer]
    login: bool = False  # a token is required
    open: bool = False  # no key is required, nothing is counted


KINDS = "shows/new|shows/premieres|shows/finales|shows|movies|streaming|dvd"
SORTED = "(?:/([^/]+)(?:/([^/]+)(?:/([^/]+))?)?)?"  # by type, then what it is sorted by and how
RANGE = "(?:/([^/]+)(?:/([^/]+))?)?"
ROUTES = (
    Route("POST", "/oauth/device/code", oauth.start_device, open=True),
    Route("POST", "/oauth/device/token", oauth.poll_device, open=True),
    Route("POST", "/oauth/token", oauth.renew_token, open=True),
    Route("POST", "/oauth/revoke", oauth.revoke_token, open=True),
    Route("GET", "/activate", oauth.show_activation, open=True),
    Route("POST", "/activate", oauth.activate, open=True),
    Route("GET", f"/calendars/(my)/({KINDS}){RANGE}", calendars.calendar, login=True),
    Route("GET", f"/calendars/(all)/({KINDS}){RANGE}", calendars.calendar),
    Route("GET", "/users/hidden/([^/]+)", users.hidden, login=True),
    Route("GET", "/users/settings", users.settings, login=True),
    Route("GET", "/users/([^/]+)/watching", checkin.watching),
    Route("POST", "/checkin", checkin.check_in, login=True),
    Route("DELETE", "/checkin", checkin.cancel, login=True),
    Route("GET", "/search/([^/]+)/exact", search.exactly),
    Route("GET", "/search/([^/]+)/([^/]+)", search.by_id),
    Route("GET", "/search/([^/]+)", search.by_words),
    Route("GET", r"/shows/([^/]+)/seasons/(\d{1,4})/episodes/(\d{1,5})", summary.episode),
    Route("GET", "/shows/([^/]+)/progress/watched", progress.progress, login=True),
    Route("GET", "/sync/last_activities", activities.last_activities, login=True),
    Route("GET", "/sync()/watched/(shows|movies)", watched.watched, login=True),
    Route("GET", "/users/([^/]+)/watched/(shows|movies)", watched.watched),
    Route("GET", f"/sync()/watchlist{SORTED}", watchlist, login=True),
    Route("GET", f"/users/([^/]+)/watchlist{SORTED}", watchlist),
    Route("GET", "/movies/([^/]+)/releases(?:/([^/]+))?", releases.releases),
)


class V2:
    """API v2, with its gate and its limits."""

    def __init__(self, world: World, limits: Limits) -> None:
        self._world = world
        self._limits = limits

    def answer(self, seen: Seen) -> Answer:
        """Answer a request, or raise Refused."""
        matching = [(route, match) for route in ROUTES if (match := re.fullmatch(route.path, seen.path))]
        method = "GET" if seen.method == "HEAD" else seen.method
        chosen = next((found for found in matching if found[0].method == method), None)
        if chosen is not None and chosen[0].open:
            gate.check_name(seen)
            return chosen[0].answer(self._world, seen)
        gate.check_headers(self._world, seen)
        if chosen is None:
            return _nowhere([route.method for route, _ in matching])
        route, match = chosen
        self._admit(route, seen)
        return _conditional(route.answer(self._world, seen, *match.groups()), seen)

    def _admit(self, route: Route, seen: Seen) -> None:
        if route.login:
            gate.check_login(self._world, seen)
        signed = self._world.tokens.knows(seen.bearer())
        refusal = self._limits.refusal(seen, signed=signed)
        if refusal is not None:
            raise Refused(refusal)


def _nowhere(methods: list[str]) -> Answer:
    return empty_answer(405, {"Allow": ", ".join(methods)}) if methods else empty_answer(404)


def _conditional(answer: Answer, seen: Seen) -> Answer:
    """Give a JSON answer its ETag, or 304 to those who have it."""
    if answer.status != 200:
        return answer
    digest = hashlib.md5(answer.body, usedforsecurity=False).hexdigest()
    validators = {
        "Cache-Control": "max-age=0, private, must-revalidate",
        **answer.headers,
        "ETag": f'W/"{digest}"',
    }
    if digest not in seen.headers.get("If-None-Match", ""):
        return replace(answer, headers=validators)
    del validators["Content-Type"]
    return Answer(304, b"", validators)
