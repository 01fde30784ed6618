"""API v2's answers about the user: settings, hidden shows and recent activity."""

import math
from collections.abc import Mapping

from trakt_ical.demo.answer import Answer, Seen, empty_answer, json_answer
from trakt_ical.demo.hidden import SECTIONS
from trakt_ical.demo.v2.settings import ACCOUNT, BROWSING, CONNECTIONS, LIMITS
from trakt_ical.demo.v2.wire import instant, show_json, wants_full
from trakt_ical.demo.world import World

OTHER_SECTIONS = ("progress_watched", "progress_collected", "recommendations", "comments")
A_PAGE = 10  # entries, unless asked otherwise
LONG_AGO = "2024-01-01T00:00:00.000Z"  # when the user last did what the demo cannot do


def settings(world: World, seen: Seen) -> Answer:
    """Answer `GET /users/settings`."""
    name = world.identity.username
    answer = {
        "user": {
            "username": name, "private": world.protected, "name": "Demo", "vip": True,
            "vip_ep": False, "director": False,
            "ids": {"slug": name, "trakt": 1, "uuid": "00000000000000000000000000000001"},
            "joined_at": LONG_AGO, "location": None, "about": None, "gender": None, "age": None,
            "images": {"avatar": {"full": f"{world.url}/avatar.png"}},
            "vip_og": False, "vip_years": 1, "vip_cover_image": None,
        },
        "account": ACCOUNT,
        "connections": CONNECTIONS,
        "sharing_text": {
            "watching": "Watching [item]", "watched": "Watched [item]", "rated": "[item] [stars]"
        },
        "limits": LIMITS,
        "permissions": {"commenting": True, "liking": True, "following": True},
    }  # fmt: skip
    asked = seen.query.get("extended", "").split(",")
    return json_answer({**answer, "browsing": BROWSING} if "browsing" in asked else answer)


def hidden(world: World, seen: Seen, section: str) -> Answer:
    """Answer `GET /users/hidden/SECTION`: in pages, of shows only."""
    if section not in SECTIONS + OTHER_SECTIONS:
        return empty_answer(404)
    wanted = seen.query.get("type", "show") == "show"
    entries = world.hidden.listed(section) if wanted else []
    page = _positive(seen.query, "page", 1)
    limit = _positive(seen.query, "limit", A_PAGE)
    shows = {show.slug: show for show in world.catalogue.shows()}
    answer = [
        {
            "hidden_at": instant(since),
            "type": "show",
            "show": show_json(shows[slug], full=wants_full(seen.query)),
        }
        for slug, since in entries[(page - 1) * limit : page * limit]
        if slug in shows
    ]
    return json_answer(answer, headers=pagination(page, limit, len(entries)))


def pagination(page: int, limit: int, count: int) -> dict[str, str]:
    """The header fields of one page of *count* entries."""
    return {
        "X-Pagination-Page": str(page),
        "X-Pagination-Limit": str(limit),
        "X-Pagination-Page-Count": str(max(1, math.ceil(count / limit))),
        "X-Pagination-Item-Count": str(count),
    }


def last_activities(world: World, _seen: Seen) -> Answer:
    """Answer `GET /sync/last_activities`."""
    episodes = instant(world.history.last_watched(movies=False))
    movies = instant(world.history.last_watched(movies=True))
    hidden_at = instant(world.hidden.changed_at("calendar"))
    dropped_at = instant(world.hidden.changed_at("dropped"))
    rated = {"rated_at": LONG_AGO, "watchlisted_at": LONG_AGO, "commented_at": LONG_AGO}
    played = {"collected_at": LONG_AGO, "paused_at": LONG_AGO}
    favored, updated = {"favorited_at": LONG_AGO}, {"updated_at": LONG_AGO}
    liked = {"liked_at": LONG_AGO, "reacted_at": LONG_AGO}
    answer = {
        "all": max(episodes, movies, hidden_at, dropped_at),
        "movies": {"watched_at": movies, **played, **rated, **favored, "hidden_at": LONG_AGO},
        "episodes": {"watched_at": episodes, **played, **rated},
        "shows": {**rated, **favored, "hidden_at": hidden_at, "dropped_at": dropped_at},
        "seasons": {**rated, "hidden_at": LONG_AGO},
        "comments": {**liked, "blocked_at": LONG_AGO},
        "lists": {**liked, **updated, "commented_at": LONG_AGO},
        "account": {f"{name}_at": LONG_AGO for name in ("settings", "followed", "following", "pending", "requested")},
    }
    others = ("watchlist", "favorites", "collaborations", "saved_filters", "notes")
    return json_answer({**answer, **dict.fromkeys(others, updated)})


def _positive(query: Mapping[str, str], name: str, default: int) -> int:
    asked = query.get(name, "")
    return int(asked) if asked.isascii() and asked.isdigit() and int(asked) else default
