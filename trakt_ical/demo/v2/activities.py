"""API v2's record of when the user last did what."""

from trakt_ical.demo.answer import Answer, Seen, json_answer
from trakt_ical.demo.v2.settings import LONG_AGO
from trakt_ical.demo.v2.wire import instant
from trakt_ical.demo.watchlist import KINDS
from trakt_ical.demo.world import World

OTHERS = ("favorites", "collaborations", "saved_filters", "notes")
OF_THE_ACCOUNT = ("settings_at", "followed_at", "following_at", "pending_at", "requested_at")


def last_activities(world: World, _seen: Seen) -> Answer:
    """Answer `GET /sync/last_activities`."""
    watched = {kind: {"watched_at": instant(world.history.last_watched(kind))} for kind in ("episodes", "movies")}
    listed = {kind: {"watchlisted_at": instant(world.watchlist.changed_at(kind))} for kind in KINDS}
    hidden = {"hidden_at": instant(world.hidden.changed_at("calendar"))}
    dropped = {"dropped_at": instant(world.hidden.changed_at("dropped"))}
    watchlist = {"updated_at": max(each["watchlisted_at"] for each in listed.values())}
    rated = {"rated_at": LONG_AGO, "commented_at": LONG_AGO}
    played, favored = {"collected_at": LONG_AGO, "paused_at": LONG_AGO}, {"favorited_at": LONG_AGO}
    liked, updated = {"liked_at": LONG_AGO, "reacted_at": LONG_AGO}, {"updated_at": LONG_AGO}
    moved = (*watched.values(), hidden, dropped, watchlist)
    answer = {
        "all": max(when for each in moved for when in each.values()),
        "movies": {**watched["movies"], **listed["movies"], **played, **rated, **favored, "hidden_at": LONG_AGO},
        "episodes": {**watched["episodes"], **listed["episodes"], **played, **rated},
        "shows": {**listed["shows"], **rated, **favored, **hidden, **dropped},
        "seasons": {**rated, "watchlisted_at": LONG_AGO, "hidden_at": LONG_AGO},
        "comments": {**liked, "blocked_at": LONG_AGO},
        "lists": {**liked, **updated, "commented_at": LONG_AGO},
        "watchlist": watchlist,
        "account": dict.fromkeys(OF_THE_ACCOUNT, LONG_AGO),
    }
    return json_answer({**answer, **dict.fromkeys(OTHERS, updated)})
