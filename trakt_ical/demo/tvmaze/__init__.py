"""A TVmaze with the same cast: its schedule, what changed, its shows and their episodes."""

import re
from collections.abc import Callable

from trakt_ical.demo.account import Backend
from trakt_ical.demo.airings import AHEAD
from trakt_ical.demo.cast import Show
from trakt_ical.demo.messages import JSON, Answer, Refusal, Request, make_json
from trakt_ical.demo.tvmaze.forms import find_changed_at, find_number, list_regular, make_episode, make_show

PERIODS = {"day": 86_400, "week": 7 * 86_400, "month": 30 * 86_400}  # seconds
SCHEDULE_AGE, ANSWER_AGE = 86_400, 3600  # seconds for which an answer is good


def list_schedule(backend: Backend, _request: Request) -> Answer:
    """Answer `GET /schedule/full`: every episode ahead with its show, specials too, and nothing twice."""
    now = backend.clock()
    shows: dict[str, JSON] = {}
    entries = []
    for airing in backend.catalogue.list_airings(now, now + AHEAD):
        if airing.is_double:
            continue
        name = airing.show.name
        if name not in shows:
            shows[name] = _make_show(backend, airing.show)
        entries.append({**make_episode(airing), "_embedded": {"show": shows[name]}})
    return _make_kept(entries, SCHEDULE_AGE)


def list_changes(backend: Backend, request: Request) -> Answer:
    """Answer `GET /updates/shows`: when each show changed, of those that changed in the time that is asked for."""
    now = backend.clock()
    oldest = int(now.timestamp()) - PERIODS.get(request.query.get("since", ""), int(now.timestamp()))
    times = {
        find_number(show): find_changed_at(backend.catalogue, show, now) for show in backend.catalogue.list_shows()
    }
    return _make_kept({str(number): changed_at for number, changed_at in times.items() if changed_at >= oldest})


def show_show(backend: Backend, _request: Request, number: str) -> Answer:
    """Answer `GET /shows/NUMBER`."""
    return _make_kept(_make_show(backend, _find_show(backend, number)))


def list_episodes(backend: Backend, _request: Request, number: str) -> Answer:
    """Answer `GET /shows/NUMBER/episodes`: all of them in the order of airing, without the specials."""
    show = _find_show(backend, number)
    return _make_kept([make_episode(each) for each in list_regular(backend.catalogue, show)])


ROUTES: tuple[tuple[str, Callable[..., Answer]], ...] = (
    ("/schedule/full", list_schedule),
    ("/updates/shows", list_changes),
    (r"/shows/(\d{1,9})", show_show),
    (r"/shows/(\d{1,9})/episodes", list_episodes),
)


def answer(backend: Backend, request: Request) -> Answer | None:
    """Answer a request, or raise Refusal; None where the path is none of TVmaze's.

    Rate limits are not kept: a fault of status 429 stands for them.
    """
    for path, make_answer in ROUTES:
        if match := re.fullmatch(path, request.path):
            return make_answer(backend, request, *match.groups())
    return None


def _find_show(backend: Backend, number: str) -> Show:
    """The show of this number; without one, a refusal that may be kept as well."""
    for show in backend.catalogue.list_shows():
        if find_number(show) == int(number) and show.airs:
            return show
    content = {"name": "Not Found", "message": "Unknown show", "code": 0, "status": 404}
    raise Refusal(make_json(content, 404, {"Cache-Control": f"public, max-age={ANSWER_AGE}"}))


def _make_show(backend: Backend, show: Show) -> JSON:
    return make_show(show, find_changed_at(backend.catalogue, show, backend.clock()))


def _make_kept(content: object, age: int = ANSWER_AGE) -> Answer:
    """An answer that may be kept, and that nothing can be compared with: TVmaze sends no ETag."""
    return make_json(content, headers={"Cache-Control": f"public, max-age={age}", "Access-Control-Allow-Origin": "*"})
