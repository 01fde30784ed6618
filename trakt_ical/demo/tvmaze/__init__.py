"""A TVmaze with the same cast: its schedule, what changed, its shows and their episodes."""

import re
from collections.abc import Callable

from trakt_ical.demo.account import Backend
from trakt_ical.demo.airings import AHEAD
from trakt_ical.demo.cast import Show
from trakt_ical.demo.messages import JSON, Answer, Request, make_json
from trakt_ical.demo.tvmaze.forms import (
    find_changed_at,
    find_number,
    list_regular,
    list_scheduled,
    make_episode,
    make_show,
)

PERIODS = {"day": 86_400, "week": 7 * 86_400, "month": 30 * 86_400}  # seconds
SCHEDULE_AGE, ANSWER_AGE = 86_400, 3600  # seconds for which an answer is good


def list_schedule(backend: Backend, request: Request) -> Answer:  # noqa: ARG001  as all answers are made
    """Answer `GET /schedule/full`: every episode ahead, each with its show."""
    now = backend.clock()
    shows: dict[str, JSON] = {}
    entries = []
    for airing in list_scheduled(backend.catalogue.list_airings(now, now + AHEAD)):
        name = airing.show.name
        show = shows[name] = shows.get(name) or make_show(
            airing.show, find_changed_at(backend.catalogue, airing.show, now)
        )
        entries.append({**make_episode(airing), "_embedded": {"show": show}})
    return _make_kept(entries, SCHEDULE_AGE)


def list_changes(backend: Backend, request: Request) -> Answer:
    """Answer `GET /updates/shows`: when each show changed, of those that changed in the time that is asked for."""
    now = int(backend.clock().timestamp())
    oldest = now - PERIODS.get(request.query.get("since", ""), now)
    changes = {
        str(find_number(show)): changed_at
        for show in backend.catalogue.list_shows()
        if (changed_at := find_changed_at(backend.catalogue, show, backend.clock())) >= oldest
    }
    return _make_kept(changes, ANSWER_AGE)


def show_show(backend: Backend, request: Request, number: str) -> Answer:  # noqa: ARG001
    """Answer `GET /shows/NUMBER`."""
    show = _find_show(backend, number)
    if show is None:
        return _make_not_found("show")
    return _make_kept(make_show(show, find_changed_at(backend.catalogue, show, backend.clock())), ANSWER_AGE)


def list_episodes(backend: Backend, request: Request, number: str) -> Answer:  # noqa: ARG001
    """Answer `GET /shows/NUMBER/episodes`: all of them in the order of airing, without the specials."""
    show = _find_show(backend, number)
    if show is None:
        return _make_not_found("show")
    return _make_kept([make_episode(each) for each in list_regular(backend.catalogue, show)], ANSWER_AGE)


ROUTES: tuple[tuple[str, Callable[..., Answer]], ...] = (
    ("/schedule/full", list_schedule),
    ("/updates/shows", list_changes),
    (r"/shows/(\d{1,9})", show_show),
    (r"/shows/(\d{1,9})/episodes", list_episodes),
)


def answers(path: str) -> bool:
    """Whether *path* is one of TVmaze's and none of API v2's."""
    return any(re.fullmatch(route, path) for route, _ in ROUTES)


def answer(backend: Backend, request: Request) -> Answer:
    """Answer a request. Rate limits are not kept: a fault of status 429 stands for them."""
    if request.method not in ("GET", "HEAD"):
        return make_json({"name": "Method Not Allowed", "message": "", "code": 0, "status": 405}, 405)
    for route, make_answer in ROUTES:
        if match := re.fullmatch(route, request.path):
            return make_answer(backend, request, *match.groups())
    return _make_not_found("page")


def _find_show(backend: Backend, number: str) -> Show | None:
    shows = backend.catalogue.list_shows()
    return next((show for show in shows if find_number(show) == int(number) and show.airs), None)


def _make_kept(content: object, age: int) -> Answer:
    """An answer that may be kept, and that nothing can be compared with: TVmaze sends no ETag."""
    return make_json(content, headers={"Cache-Control": f"public, max-age={age}", "Access-Control-Allow-Origin": "*"})


def _make_not_found(what: str) -> Answer:
    content = {"name": "Not Found", "message": f"Unknown {what}", "code": 0, "status": 404}
    return make_json(content, 404, {"Cache-Control": f"public, max-age={ANSWER_AGE}"})
