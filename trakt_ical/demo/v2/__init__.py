"""API v2, as it is today: which request is answered by what, and what is required of every request."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from trakt_ical.demo.account import Backend
from trakt_ical.demo.auth import CLIENT_ID, Auth
from trakt_ical.demo.messages import Answer, Refusal, Request, make_cloudflare_page, make_empty
from trakt_ical.demo.v2 import catalogue, user

WRITES = ("POST", "PUT", "PATCH")
KINDS = "shows/new|shows/premieres|shows/finales|shows|movies|streaming|dvd"
RANGE = "(?:/([^/]+)(?:/([^/]+))?)?"


@dataclass(frozen=True)
class Route:
    """A method and a path, and the function that answers with the path's groups."""

    method: str
    path: str
    answer: Callable[..., Answer]
    needs_login: bool = True


LOGINS: dict[tuple[str, str], Callable[[Auth, Request], Answer]] = {
    ("POST", "/oauth/device/code"): Auth.start_device,
    ("POST", "/oauth/device/token"): Auth.poll_device,
    ("POST", "/oauth/token"): Auth.renew_token,
    ("POST", "/oauth/revoke"): Auth.revoke_token,
    ("GET", "/activate"): Auth.show_activation,
    ("POST", "/activate"): Auth.activate,
}
ROUTES = (
    Route("GET", f"/calendars/(my)/({KINDS}){RANGE}", catalogue.list_calendar),
    Route("GET", f"/calendars/(all)/({KINDS}){RANGE}", catalogue.list_calendar, needs_login=False),
    Route("GET", "/movies/([^/]+)/releases/([^/]+)", catalogue.list_releases, needs_login=False),
    Route("GET", "/users/settings", user.show_settings),
    Route("GET", "/users/hidden/([^/]+)", user.list_hidden),
    Route("GET", "/users/me/watched/(shows|movies)", user.list_watched),
    Route("GET", "/users/me/watchlist/([^/]+)/rank/asc", user.list_watchlist),
    Route("GET", "/users/me/watching", user.show_watching),
    Route("GET", "/sync/last_activities", user.list_activities),
    Route("POST", "/checkin", user.check_in),
    Route("DELETE", "/checkin", user.cancel_checkin),
    Route("GET", "/search/([^/]+)(?:/(exact))?", catalogue.search, needs_login=False),
    Route("GET", "/search/([^/]+)/([^/]+)", catalogue.search_by_id, needs_login=False),
    Route("GET", r"/shows/([^/]+)/seasons/(\d{1,4})/episodes/(\d{1,5})", catalogue.show_episode, needs_login=False),
    Route("GET", "/shows/([^/]+)/progress/watched", catalogue.show_progress),
)


def answer(backend: Backend, request: Request) -> Answer:
    """Answer a request, or raise Refusal. Rate limits are not kept: a fault of status 429 stands for them."""
    if not request.headers.get("User-Agent"):
        return make_cloudflare_page(403)  # as Cloudflare does before Trakt sees the request
    path = "/activate" if request.path.startswith("/activate/") else request.path  # the code may stand at its end
    login = LOGINS.get((request.method, path))
    if login is not None:
        return login(backend.auth, request)
    _check_headers(request)
    matching = [(route, match) for route in ROUTES if (match := re.fullmatch(route.path, request.path))]
    method = "GET" if request.method == "HEAD" else request.method
    route, match = next((each for each in matching if each[0].method == method), (None, None))
    if route is None or match is None:
        methods = ", ".join(route.method for route, _ in matching)
        return make_empty(405, {"Allow": methods}) if methods else make_empty(404)
    if route.needs_login:
        backend = user.check_login(backend, request)
    return _make_conditional(route.answer(backend, request, *match.groups()), request)


def _check_headers(request: Request) -> None:
    """Refuse a request without the version, JSON where it writes, or a known key."""
    is_json = "json" in request.headers.get("Content-Type", "")
    if request.headers.get("trakt-api-version") != "2" or (request.method in WRITES and not is_json):
        raise Refusal(make_empty(412))
    if request.headers.get("trakt-api-key") != CLIENT_ID:
        raise Refusal(make_empty(403))


def _make_conditional(answer: Answer, request: Request) -> Answer:
    """Give a JSON answer its ETag, or 304 to those who have it."""
    if answer.status != 200:
        return answer
    digest = hashlib.md5(answer.body, usedforsecurity=False).hexdigest()
    caching = {"Cache-Control": "max-age=0, private, must-revalidate", **answer.headers, "ETag": f'W/"{digest}"'}
    if digest not in request.headers.get("If-None-Match", ""):
        return replace(answer, headers=caching)
    del caching["Content-Type"]
    return Answer(304, b"", caching)
