"""Which of Trakt's calendars lists an event: so that what was not asked for is not missed."""

from __future__ import annotations

from collections.abc import Collection

from trakt_ical.model import EpisodeKind, Release

_MOVIES = {Release.CINEMA: "movies", Release.STREAMING: "streaming", Release.PHYSICAL: "dvd"}
_EPISODES = {
    "new": {EpisodeKind.SERIES_PREMIERE},
    "premieres": {EpisodeKind.SERIES_PREMIERE, EpisodeKind.SEASON_PREMIERE, EpisodeKind.MID_SEASON_PREMIERE},
    "finales": {EpisodeKind.SERIES_FINALE, EpisodeKind.SEASON_FINALE, EpisodeKind.MID_SEASON_FINALE},
}


def asked_for(uid: str, category: str, kinds: Collection[str]) -> bool:
    """Whether a calendar of *kinds* would list the event *uid*, whose first category is *category*."""
    release = uid.partition("@")[0].rpartition("-")[2]
    for each, kind in _MOVIES.items():
        if release == each.value:
            return kind in kinds
    return "shows" in kinds or any(category == each.value for kind in kinds for each in _EPISODES.get(kind, ()))
