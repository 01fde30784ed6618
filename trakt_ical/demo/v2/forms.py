"""Shows, episodes and movies in the JSON of API v2, minimal and full."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from trakt_ical.demo.airings import Airing
from trakt_ical.demo.cast import Movie, Show
from trakt_ical.demo.messages import JSON

UPDATED_AT = "2026-01-05T12:00:00.000Z"
Entry = TypeVar("Entry")


def wants_full(query: Mapping[str, str]) -> bool:
    """Whether the request asks for `extended=full`, alone or among others."""
    return "full" in query.get("extended", "").split(",")


def format_instant(moment: datetime | int) -> str:
    """A moment (unix seconds or aware) as API v2 writes it: UTC, milliseconds, Z."""
    at = datetime.fromtimestamp(moment, UTC) if isinstance(moment, int) else moment.astimezone(UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def make_item(what: Show | Movie | Airing, *, full: bool) -> JSON:
    """A show, a movie, or an episode with its show, each under its own name."""
    match what:
        case Movie():
            return {"movie": make_movie(what, full=full)}
        case Show():
            return {"show": make_show(what, full=full)}
        case Airing():
            return {"episode": make_episode(what, full=full), "show": make_show(what.show, full=full)}


def make_show(show: Show, *, full: bool) -> JSON:
    """A show."""
    brief = _copy(show, "title", "year", "ids")
    if not full:
        return brief
    first = show.airs.first().wall if show.airs else None
    airs: JSON = dict.fromkeys(("day", "time", "timezone"))
    if first and show.airs and show.airs_known:
        airs = {"day": f"{first:%A}", "time": f"{first:%H:%M}", "timezone": show.airs.zone}
    return {
        **brief,
        **_copy(show, "overview", "runtime", "certification", "network", "country", "rating", "language", "genres"),
        "first_aired": format_instant(first) if first else None,
        "airs": airs,
        "status": "returning series" if show.airs_known else None,
        "updated_at": UPDATED_AT,
    }


def make_episode(airing: Airing, *, full: bool) -> JSON:
    """An episode."""
    brief = _copy(airing, "season", "number", "title", "ids")
    if not full:
        return brief
    day, effective = _date_release(airing)
    return {
        **brief,
        **_copy(airing, "number_abs", "overview", "runtime"),
        "rating": 7.0,
        "first_aired": format_instant(airing.at),
        "released": day,
        "effective_release_date": effective,
        "updated_at": format_instant(airing.updated_at),
        "episode_type": airing.kind,
    }


def make_movie(movie: Movie, *, full: bool) -> JSON:
    """A movie."""
    brief = _copy(movie, "title", "year", "ids")
    if not full:
        return brief
    return {
        **brief,
        **_copy(movie, "overview", "runtime", "country", "rating", "language", "genres"),
        "released": movie.releases["movies"].isoformat(),
        "status": "released",
        "updated_at": UPDATED_AT,
        "certification": "PG-13" if movie.country == "us" else None,
    }


def _copy(what: Show | Movie | Airing, *names: str) -> JSON:
    return {name: getattr(what, name) for name in names}


def cut_page(
    query: Mapping[str, str], entries: Sequence[Entry], *, usual: int, most: int = 10_000
) -> tuple[Sequence[Entry], dict[str, str]]:
    """The page of *entries* that is asked for, and the header fields that describe it.

    It is of *usual* length unless the query asks otherwise, and of *most* at most.
    """
    page = _read_positive(query, "page", 1)
    limit = min(_read_positive(query, "limit", usual), most)
    pages = max(1, math.ceil(len(entries) / limit))
    fields = {"Page": page, "Limit": limit, "Page-Count": pages, "Item-Count": len(entries)}
    headers = {f"X-Pagination-{name}": str(number) for name, number in fields.items()}
    return entries[(page - 1) * limit : page * limit], headers


def _read_positive(query: Mapping[str, str], name: str, default: int) -> int:
    wanted = query.get(name, "")
    return int(wanted) if wanted.isascii() and wanted.isdigit() and int(wanted) else default


def _date_release(airing: Airing) -> tuple[str, str]:
    """The day on which an episode is released, and its `effective_release_date`, which may be only that day."""
    wall = airing.wall - timedelta(days=airing.show.days_online)
    day = wall.date().isoformat()
    if airing.show.whole_days:
        return day, day
    if airing.show.noon_put_in:
        return day, f"{day}T12:00:00.000Z"
    return day, format_instant(wall.replace(hour=6, minute=0) if airing.show.days_online else airing.at)
