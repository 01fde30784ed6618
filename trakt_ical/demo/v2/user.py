"""API v2's answers about the user: settings, lists, activity, check-in."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from trakt_ical.demo.account import KINDS, SECTIONS, Backend, find_kind
from trakt_ical.demo.airings import Airing, find_by_ids, find_numbered
from trakt_ical.demo.cast import Movie, Show
from trakt_ical.demo.messages import JSON, Answer, Refusal, Request, make_empty, make_json
from trakt_ical.demo.v2.forms import cut_page, format_instant, make_item, wants_full

LONG_AGO = "2024-01-01T00:00:00.000Z"  # when the user last did what the built-in Trakt cannot do
CONNECTED = {"twitter": True, "mastodon": True, "tumblr": False}  # networks that a check-in can be shared on
HIDDEN_PAGE, LIST_PAGE, MOST_LISTED = 10, 100, 250  # entries to a page
FIRST_LISTED = 800_001  # the id of the first entry of the watchlist
Plays = Sequence[tuple[Movie | Airing, list[int]]]  # when a movie, or each episode of a show, was watched


def check_login(backend: Backend, request: Request) -> Backend:
    """Return the Trakt of the user who asks; refuse a request without a token that is good."""
    if username := backend.auth.find_user(request.bearer()):
        return backend.choose(username)
    reason = "The access token is missing" if request.bearer() is None else "The access token expired"
    challenge = f'Bearer realm="trakt", error="invalid_token", error_description="{reason}"'
    raise Refusal(make_empty(401, {"WWW-Authenticate": challenge}))


def show_settings(backend: Backend, _request: Request) -> Answer:
    """Answer `GET /users/settings`."""
    name = backend.account.username
    user = {
        "username": name, "name": name.title(), "private": backend.account.is_protected, "joined_at": LONG_AGO,
        "vip": True, "vip_ep": False, "vip_og": False, "vip_years": 1, "director": False,
        "ids": {"slug": name, "trakt": 1, "uuid": "00000000000000000000000000000001"},
        "images": {"avatar": {"full": f"{backend.auth.url}/avatar.png"}},
    }  # fmt: skip
    # The token opens Trakt's own feeds: a secret that comes though nobody asks for it.
    account = {"timezone": "Europe/Berlin", "date_format": "dmy", "time_24hr": True, "token": "demo-feed-token"}
    permissions = dict.fromkeys(("commenting", "liking", "following"), True)
    return make_json({"user": user, "account": account, "permissions": permissions})


def list_activities(backend: Backend, _request: Request) -> Answer:
    """Answer `GET /sync/last_activities`."""

    def find(deed: str) -> str:
        return format_instant(backend.account.find_last(deed))

    listed = {kind: {"watchlisted_at": find(f"listed {kind}")} for kind in KINDS}
    moved: dict[str, dict[str, str]] = {
        "movies": {"watched_at": find("watched movies"), **listed["movies"]},
        "episodes": {"watched_at": find("watched episodes"), **listed["episodes"]},
        "shows": {"hidden_at": find("hidden calendar"), "dropped_at": find("hidden dropped"), **listed["shows"]},
        "watchlist": {"updated_at": max(each["watchlisted_at"] for each in listed.values())},
    }
    others = {
        "movies": "collected rated favorited commented paused hidden",
        "episodes": "collected rated commented paused",
        "shows": "rated favorited commented",
        "seasons": "rated watchlisted commented hidden",
        "comments": "liked reacted blocked",
        "lists": "liked reacted updated commented",
        "account": "settings followed following pending requested",
        **dict.fromkeys(("favorites", "collaborations", "saved_filters", "notes"), "updated"),
    }
    answer = {name: {f"{deed}_at": LONG_AGO for deed in deeds.split()} for name, deeds in others.items()}
    for name, moments in moved.items():
        answer[name] = {**answer.get(name, {}), **moments}
    return make_json({"all": max(when for each in moved.values() for when in each.values()), **answer})


def list_hidden(backend: Backend, request: Request, section: str) -> Answer:
    """Answer `GET /users/hidden/SECTION`: in pages, of shows only."""
    if section not in SECTIONS:
        return make_empty(404)
    listed = backend.account.list_hidden(section) if request.query.get("type", "show") == "show" else {}
    shows = {show.slug: show for show in backend.catalogue.list_shows()}
    known = [(since, shows[slug]) for slug, since in listed.items() if slug in shows]
    page, headers = cut_page(request.query, known, usual=HIDDEN_PAGE)
    full = wants_full(request.query)
    return make_json(
        [{"hidden_at": format_instant(since), "type": "show", **make_item(show, full=full)} for since, show in page],
        headers=headers,
    )


def list_watchlist(backend: Backend, request: Request, types: str, *, more: Mapping[str, int] | None = None) -> Answer:
    """Answer `GET /users/me/watchlist/TYPES/rank/asc`; *more* is listed behind the rest, by name and since when."""
    kinds = set(KINDS) if types == "all" else set(types.split(","))
    if not kinds <= set(KINDS):
        return make_empty(404)
    names = backend.account.list_watchlist() | dict(more or {})
    listed = [(name, since) for name, since in names.items() if find_kind(name) in kinds]
    full, entries = wants_full(request.query), []
    for rank, (name, since) in enumerate(listed, 1):
        what = backend.catalogue.find_named(name)
        if what is not None:
            entry = {"rank": rank, "id": FIRST_LISTED + rank, "listed_at": format_instant(since), "notes": None}
            entries.append({**entry, "type": find_kind(name)[:-1], **make_item(what, full=full)})
    page, headers = cut_page(request.query, entries, usual=LIST_PAGE, most=MOST_LISTED)
    return make_json(page, headers=headers)


def list_watched(backend: Backend, request: Request, kind: str) -> Answer:
    """Answer `GET /users/me/watched/KIND`: what was watched last comes first.

    By itself and with `extended=full` an entry says how often and when last; `extended=min` gives
    times by id and nothing else, of all entries at once with `limit=all`.
    """
    found = _list_plays(backend, kind, has_specials=request.query.get("specials") == "true")
    usual = max(len(found), 1) if request.query.get("limit") == "all" else LIST_PAGE
    page, headers = cut_page(request.query, found, usual=usual, most=max(usual, MOST_LISTED))
    if request.query.get("extended") == "min":
        return make_json({str(what.trakt): _make_times(what, plays) for what, plays in page}, headers=headers)
    full = wants_full(request.query)
    return make_json([_make_watched(backend, what, plays, full=full) for what, plays in page], headers=headers)


def _list_plays(backend: Backend, kind: str, *, has_specials: bool) -> list[tuple[Show | Movie, Plays]]:
    found: list[tuple[Show | Movie, Plays]] = []
    catalogue, list_plays = backend.catalogue, backend.account.list_plays
    for what in catalogue.list_movies() if kind == "movies" else catalogue.list_shows():
        parts = [what] if isinstance(what, Movie) else catalogue.list_aired(what)
        counted = [each for each in parts if isinstance(each, Movie) or each.season or has_specials]
        if plays := [(each, times) for each in counted if (times := list_plays(each))]:
            found.append((what, plays))
    return sorted(found, key=_find_last_play, reverse=True)


def _find_last_play(entry: tuple[Show | Movie, Plays]) -> int:
    return max(times[-1] for _, times in entry[1])


def _make_watched(backend: Backend, what: Show | Movie, plays: Plays, *, full: bool) -> JSON:
    last, item = format_instant(_find_last_play((what, plays))), make_item(what, full=full)
    if isinstance(what, Show):
        aired = sum(each.season > 0 for each in backend.catalogue.list_aired(what))
        item = {"reset_at": None, "show": {**item["show"], "aired_episodes": aired}}
    return {"plays": sum(len(times) for _, times in plays), "last_watched_at": last, "last_updated_at": last, **item}


def _make_times(what: Show | Movie, plays: Plays) -> object:
    """A movie's times, or those of a show's episodes by the ids of season and episode."""
    if isinstance(what, Movie):
        return [format_instant(time) for _, times in plays for time in times]
    seasons: dict[str, dict[str, list[str]]] = {}
    for airing, times in plays:
        if isinstance(airing, Airing):
            season = seasons.setdefault(str(what.trakt * 10_000 + airing.season), {})
            season[str(airing.trakt)] = [format_instant(time) for time in times]
    return seasons


def show_watching(backend: Backend, request: Request) -> Answer:
    """Answer `GET /users/me/watching`."""
    running = backend.account.find_running()
    what = backend.catalogue.find_named(running.what) if running else None
    if running is None or what is None:
        return Answer(204)
    times = {"started_at": format_instant(running.started_at), "expires_at": format_instant(running.expires_at)}
    item = {"type": find_kind(running.what)[:-1], **make_item(what, full=wants_full(request.query))}
    return make_json({**times, "action": "checkin", **item})


def check_in(backend: Backend, request: Request) -> Answer:
    """Answer `POST /checkin`."""
    fields = _read_fields(request)
    what = _find_item(backend, fields)
    if what is None:
        return make_empty(404)
    blocking = backend.account.find_blocking()
    if blocking is not None:
        return make_json({"expires_at": format_instant(blocking.expires_at)}, 409)
    wanted = value if isinstance(value := fields.get("sharing"), dict) else {}
    # What the request does not say is as the user's connections are: leaving `sharing` out shares.
    sharing = {name: is_connected and bool(wanted.get(name, True)) for name, is_connected in CONNECTED.items()}
    message = str(fields.get("message") or "")
    started = backend.account.check_in(what, timedelta(minutes=what.minutes), message=message, sharing=sharing)
    at = format_instant(started.started_at)
    answer = {"id": secrets.randbits(52), "watched_at": at, "sharing": sharing, **make_item(what, full=False)}
    return make_json(answer, 201)


def cancel_checkin(backend: Backend, _request: Request) -> Answer:
    """Answer `DELETE /checkin`: nothing to end is no error."""
    backend.account.cancel()
    return Answer(204)


def _read_fields(request: Request) -> Mapping[str, Any]:
    try:
        fields = request.json()
    except ValueError:
        raise Refusal(make_empty(400)) from None
    if not isinstance(fields, dict) or not {"movie", "show", "episode"} & set(fields):
        raise Refusal(make_json({"errors": {"body": ["names no movie, show or episode"]}}, 422))
    return fields


def _find_item(backend: Backend, fields: Mapping[str, Any]) -> Airing | Movie | None:
    """The movie or episode of these ids, or the episode of a show by its numbers."""
    movie, show, episode = (
        value if isinstance(value := fields.get(name), dict) else {} for name in ("movie", "show", "episode")
    )
    catalogue = backend.catalogue
    found = find_by_ids(catalogue.list_movies(), movie.get("ids")) or (
        find_by_ids(catalogue.list_episodes(), episode.get("ids")) if "ids" in episode else None
    )
    its_show = find_by_ids(catalogue.list_shows(), show.get("ids"))
    return found or (find_numbered(catalogue, its_show, episode) if its_show else None)
