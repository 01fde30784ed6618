"""API v2's calendars, cut by UTC days, its search, single episodes, releases, and how far the user is with a show."""

from datetime import UTC, datetime, time, timedelta
from email.utils import format_datetime
from itertools import groupby

from trakt_ical.demo.account import Backend
from trakt_ical.demo.airings import ANSWERED_YEARS, ID_TYPES, WHOLE_TITLE, Airing, find_by_name, rank_titles
from trakt_ical.demo.cast import Movie, Show
from trakt_ical.demo.messages import JSON, Answer, Refusal, Request, make_empty, make_json
from trakt_ical.demo.v2.forms import cut_page, format_instant, make_episode, make_item, wants_full

DAYS = 7  # unless asked otherwise
MOST_DAYS = 33  # longer requests are cut without a word
EPISODE_TYPES = {
    "shows/new": ("series_premiere",),
    "shows/premieres": ("series_premiere", "season_premiere", "mid_season_premiere"),
    "shows/finales": ("series_finale", "season_finale", "mid_season_finale"),
}
# Kinds of release in a country, and the world's release that each is counted from.
RELEASES = dict.fromkeys(("premiere", "limited", "theatrical"), "movies")
RELEASES |= {"digital": "streaming", "tv": "streaming", "physical": "dvd"}
RELEASE_NOTES = {"digital": "Meridian+"}


def list_calendar(
    backend: Backend, request: Request, target: str, kind: str, first: str | None, days: str | None
) -> Answer:
    """Answer `GET /calendars/TARGET/KIND/START/DAYS`."""
    start, end = _read_window(backend, first, days)
    is_shows, full = kind.startswith("shows"), wants_full(request.query)
    listed = _list_episodes(backend, start, end, kind) if is_shows else _list_movies(backend, start, end, kind)
    if target == "my":
        listed = [(at, what) for at, what in listed if backend.account.is_mine(what)]
    entries = [{"first_aired" if is_shows else "released": at, **make_item(what, full=full)} for at, what in listed]
    last = end - timedelta(seconds=1)
    headers = {"X-Start-Date": _format_date(start), "X-End-Date": _format_date(last)}
    if target == "all":
        expires = backend.clock().astimezone(UTC) + timedelta(hours=8)
        headers |= {"Cache-Control": "public, max-age=28800", "Expires": _format_date(expires)}
    return make_json(entries, headers=headers)


def list_releases(backend: Backend, _request: Request, name: str, country: str) -> Answer:
    """Answer `GET /movies/NAME/releases/COUNTRY`, by day; where the movie never comes out the list is empty.

    The calendars list a movie by its first day anywhere; in most countries it comes later, in some never.
    """
    movie = find_by_name(backend.catalogue.list_movies(), name)
    if movie is None:
        return make_empty(404)
    market = backend.catalogue.cast.releases.get(country, {})
    if not market or movie.trakt % market.get("every", 1):
        return make_json([])
    kinds = [kind for kind in RELEASES if kind in market]
    days = sorted((movie.releases[RELEASES[kind]] + timedelta(days=market[kind]), kind) for kind in kinds)
    place = {"country": country, "certification": market["certification"]}
    return make_json(
        [
            {**place, "release_date": day.isoformat(), "release_type": kind, "note": RELEASE_NOTES.get(kind)}
            for day, kind in days
        ]
    )


def _list_episodes(backend: Backend, start: datetime, end: datetime, kind: str) -> list[tuple[str, Airing | Movie]]:
    types = EPISODE_TYPES.get(kind)
    airings = backend.catalogue.list_airings(start, end)
    return [(format_instant(each.at), each) for each in airings if types is None or each.kind in types]


def _list_movies(backend: Backend, start: datetime, end: datetime, kind: str) -> list[tuple[str, Airing | Movie]]:
    first, last = start.date(), end.date() - timedelta(days=1)
    dated = [(movie.releases[kind], movie) for movie in backend.catalogue.cast.list_movies(first, last)]
    dated.sort(key=lambda entry: entry[0])
    return [(day.isoformat(), movie) for day, movie in dated if first <= day <= last]


def _read_window(backend: Backend, first: str | None, days: str | None) -> tuple[datetime, datetime]:
    """The first instant of the UTC days that are asked for, and the first one after them."""
    today = datetime.combine(backend.clock().astimezone(UTC), time(), UTC)
    try:
        start = datetime.strptime(first, "%Y-%m-%d").replace(tzinfo=UTC) if first else today
        length = min(int(days or DAYS), MOST_DAYS)
    except ValueError:
        raise Refusal(make_empty(400)) from None
    if start.year not in ANSWERED_YEARS or length < 1:
        raise Refusal(make_empty(400))
    return start, start + timedelta(days=length)


def _format_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


BEST_SCORE = 1_157_451_471_441_102_800  # scores are 64-bit numbers nowadays
TYPES = ("movie", "show", "episode", "person", "list")
A_PAGE = 50
Watched = tuple[Airing, int | None]  # when last


def search_by_id(backend: Backend, request: Request, id_type: str, wanted: str) -> Answer:
    """Answer `GET /search/ID_TYPE/WANTED`: an unknown id is an empty list."""
    if id_type == "slug" or id_type not in ID_TYPES:
        return make_empty(404)
    types, catalogue = request.query.get("type", ",".join(TYPES)).split(","), backend.catalogue
    found: list[Show | Movie | Airing] = []
    found += catalogue.list_shows() if "show" in types else []
    found += catalogue.list_movies() if "movie" in types else []
    found += catalogue.list_episodes() if "episode" in types else []
    fitting = [each for each in found if each.ids.get(id_type) and str(each.ids[id_type]) == wanted]
    return _list_results(request, [(BEST_SCORE, each) for each in fitting])


def show_episode(backend: Backend, request: Request, name: str, season: str, number: str) -> Answer:
    """Answer `GET /shows/NAME/seasons/SEASON/episodes/NUMBER`."""
    show = find_by_name(backend.catalogue.list_shows(), name)
    airing = backend.catalogue.find_airing(show, int(season), int(number)) if show else None
    return make_json(make_episode(airing, full=wants_full(request.query))) if airing else make_empty(404)


def show_progress(backend: Backend, request: Request, name: str) -> Answer:
    """Answer `GET /shows/NAME/progress/watched`, without specials: what aired, was watched and comes next."""
    show = find_by_name(backend.catalogue.list_shows(), name)
    if show is None:
        return make_empty(404)
    aired = [each for each in backend.catalogue.list_aired(show) if each.season]
    watched = [(each, max(backend.account.list_plays(each), default=None)) for each in aired]
    times = [when for _, when in watched if when is not None]
    # Next is what follows the last watched episode by number, not the first that was left out long ago.
    last = max((place for place, (_, when) in enumerate(watched) if when is not None), default=-1)
    upcoming = next((each for each, when in watched[last + 1 :] if when is None), None)
    full, by_season = wants_full(request.query), groupby(watched, lambda each: each[0].season)
    return make_json(
        {
            "aired": len(watched),
            "completed": len(times),
            "last_watched_at": format_instant(max(times)) if times else None,
            "reset_at": None,
            "seasons": [_make_season(number, list(its)) for number, its in by_season],
            "hidden_seasons": [],
            "next_episode": make_episode(upcoming, full=full) if upcoming else None,
            "last_episode": make_episode(watched[last][0], full=full) if times else None,
        }
    )


def _make_season(number: int, watched: list[Watched]) -> JSON:
    return {
        "number": number,
        "title": f"Season {number}",
        "aired": len(watched),
        "completed": sum(when is not None for _, when in watched),
        "episodes": [
            {"number": airing.number, "completed": when is not None, "last_watched_at": when and format_instant(when)}
            for airing, when in watched
        ],
    }


def search(backend: Backend, request: Request, types: str, exact: str | None) -> Answer:
    """Answer `GET /search/TYPES`, and `/search/TYPES/exact`, which takes the whole title alone."""
    wanted = types.split(",")
    if not set(wanted) <= set(TYPES):
        return make_empty(404)
    words = request.query.get("query", "").replace("\\", "")
    least = WHOLE_TITLE if exact else 1
    movies = rank_titles(words, backend.catalogue.list_movies() if "movie" in wanted else [])
    shows = rank_titles(words, backend.catalogue.list_shows() if "show" in wanted else [])
    ranked: list[tuple[int, Show | Movie | Airing]] = [*movies, *shows]
    ranked.sort(key=lambda each: each[0], reverse=True)
    scored = [(BEST_SCORE // 4 * rank - place, each) for place, (rank, each) in enumerate(ranked) if rank >= least]
    return _list_results(request, scored)


def _list_results(request: Request, found: list[tuple[int, Show | Movie | Airing]]) -> Answer:
    full = wants_full(request.query)
    items = [(score, make_item(each, full=full)) for score, each in found]
    results = [{"type": next(iter(item)), "score": score, **item} for score, item in items]
    page, headers = cut_page({}, results, usual=A_PAGE)
    return make_json(page, headers={**headers, "Cache-Control": "public, max-age=1800"})
