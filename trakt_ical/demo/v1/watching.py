"""API v1's check-in to an episode or a movie, its end, and what is being watched."""

import math
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from trakt_ical.demo.account import Account, Backend
from trakt_ical.demo.airings import Airing, Titled, find_by_ids
from trakt_ical.demo.cast import Movie
from trakt_ical.demo.messages import JSON, Answer, Refusal, Request, make_json
from trakt_ical.demo.v1.catalogue import check_login, find_account, make_failure, read_fields
from trakt_ical.demo.v1.forms import UNKNOWN_YEAR, make_episode, make_show

CONNECTED = {"facebook": True, "twitter": True, "tumblr": False, "foursquare": False}
LONGEST_MESSAGE = 100  # characters, to leave room for the address


def check_in_to_episode(backend: Backend, request: Request) -> Answer:
    """Answer `POST /show/checkin/KEY`."""
    account, fields = _read_checked(backend, request)
    return _start(backend, account, fields, _find_episode(backend, fields))


def check_in_to_movie(backend: Backend, request: Request) -> Answer:
    """Answer `POST /movie/checkin/KEY`."""
    account, fields = _read_checked(backend, request)
    movies = backend.catalogue.list_movies()
    ids = {"imdb": fields.get("imdb_id"), "tmdb": fields.get("tmdb_id")}
    found = find_by_ids(movies, ids) or _find_titled(movies, fields)
    if found is None:
        return make_failure("movie not found", 404)
    return _start(backend, account, fields, found)


def cancel_checkin(backend: Backend, request: Request) -> Answer:
    """Answer `POST /show/cancelcheckin/KEY` and its twin for movies: either ends whatever runs."""
    account, _ = _read_checked(backend, request)
    if account.cancel() is None:
        return make_failure("no checkin in progress", 200)
    return make_json({"status": "success", "message": "cancelled checkin"})


def show_watching(backend: Backend, request: Request, username: str) -> Answer:
    """Answer `GET /user/watching.json/KEY/USERNAME`: a blank object when nothing runs, or may not be seen."""
    account = find_account(backend, username, check_login(backend, request))
    running = account.find_running() if account else None
    match backend.catalogue.find_named(running.what) if running else None:
        case Movie() as movie:
            return make_json({"type": "movie", "action": "checkin", "movie": _make_movie(movie)})
        case Airing() as airing:
            return make_json({"type": "episode", "action": "checkin", **_make_episode(airing)})
        case _:
            return make_json({})


def _make_movie(movie: Movie) -> JSON:
    ids = {"imdb_id": movie.imdb or "", "tmdb_id": str(movie.tmdb or 0)}
    year, url = movie.year or UNKNOWN_YEAR, f"http://trakt.tv/movie/{movie.slug}"
    return {"title": movie.title, "year": year, "url": url, **ids}


def _make_episode(airing: Airing) -> JSON:
    show, episode = make_show(airing.show, airing.wall), make_episode(airing)
    known = {name: show[name] for name in ("title", "url", "imdb_id")}
    ids = {name: str(show[name]) for name in ("tvdb_id", "tvrage_id")}
    names = ("season", "number", "title", "url", "first_aired")
    return {"show": {**known, **ids}, "episode": {name: episode[name] for name in names}}


def _read_checked(backend: Backend, request: Request) -> tuple[Account, Mapping[str, Any]]:
    """The account of the user who asks, and the fields of a request that must come with a login."""
    asking = check_login(backend, request)
    if asking is None:
        raise Refusal(make_failure("failed authentication", 401))
    return asking, read_fields(request)


def _start(backend: Backend, account: Account, fields: Mapping[str, Any], what: Airing | Movie) -> Answer:
    running = account.find_running()
    if running is not None:
        wait = running.expires_at - int(backend.clock().timestamp())
        error = f"A checkin is in progress already. Cancel it, or wait {math.ceil(wait / 60)} minutes for its end."
        return make_failure(error, 200, wait=wait)
    wanted = value if isinstance(value := fields.get("share"), dict) else {}
    sharing = {name: is_connected and wanted.get(name) is True for name, is_connected in CONNECTED.items()}
    length = timedelta(minutes=_read_number(fields.get("duration")) or what.minutes)
    message = str(fields.get("message") or "")[:LONGEST_MESSAGE]
    started = account.check_in(what, length, message=message, sharing=sharing)
    start, end = started.started_at, started.expires_at
    times = {"start": start, "end": end, "active_for": end - start}
    return make_json({"status": "success", "timestamps": times, **_describe(what), **sharing})


def _describe(what: Airing | Movie) -> JSON:
    work = what if isinstance(what, Movie) else what.show
    about = {"title": work.title, "year": work.year or UNKNOWN_YEAR, "imdb_id": work.imdb or ""}
    if isinstance(what, Movie):
        message = f"checked in to {what.title} ({about['year']})"
        return {"message": message, "movie": {**about, "tmdb_id": what.tmdb or 0}}
    message = f"checked in to {work.title} {what.season}x{what.number:02d}"
    return {"message": message, "show": {**about, "tvdb_id": what.show.tvdb or 0}}


def _find_episode(backend: Backend, fields: Mapping[str, Any]) -> Airing:
    """The episode by its own TVDB id, else by show, season and number."""
    tvdb, catalogue = fields.get("episode_tvdb_id"), backend.catalogue
    found = find_by_ids(catalogue.list_episodes(), {"tvdb": tvdb}) if tvdb else None
    if found is not None:
        return found
    shows = catalogue.list_shows()
    show = find_by_ids(shows, {"tvdb": fields.get("tvdb_id")}) or _find_titled(shows, fields)
    if show is None:
        raise Refusal(make_failure("show not found", 404))
    season, episode = _read_number(fields.get("season")), _read_number(fields.get("episode"))
    if season is not None and episode is not None:
        found = catalogue.find_airing(show, season, episode)
    if found is None:
        raise Refusal(make_failure("episode not found", 404))
    return found


def _find_titled(candidates: Iterable[Titled], fields: Mapping[str, Any]) -> Titled | None:
    """The show or movie of exactly this title and year."""
    title, year = fields.get("title"), _read_number(fields.get("year"))
    return next((each for each in candidates if each.title == title and (each.year or UNKNOWN_YEAR) == year), None)


def _read_number(value: object) -> int | None:
    """A number that may have been sent as a string."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else None
