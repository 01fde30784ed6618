"""API v2's answers about the user: settings and hidden shows."""

from trakt_ical.demo.answer import Answer, Seen, empty_answer, json_answer
from trakt_ical.demo.hidden import SECTIONS
from trakt_ical.demo.v2.pages import paged
from trakt_ical.demo.v2.settings import ACCOUNT, BROWSING, CONNECTIONS, LIMITS, LONG_AGO
from trakt_ical.demo.v2.wire import instant, show_json, wants_full
from trakt_ical.demo.world import World

OTHER_SECTIONS = ("progress_watched", "progress_collected", "recommendations", "comments")
A_PAGE = 10  # entries, unless asked otherwise


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
    listed, headers = paged(seen.query, entries, usual=A_PAGE)
    shows = {show.slug: show for show in world.catalogue.shows()}
    answer = [
        {
            "hidden_at": instant(since),
            "type": "show",
            "show": show_json(shows[slug], full=wants_full(seen.query)),
        }
        for slug, since in listed
        if slug in shows
    ]
    return json_answer(answer, headers=headers)
