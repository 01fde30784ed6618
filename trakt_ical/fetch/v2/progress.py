"""Where the user is in a show, over API v2: what was watched last, and what comes next."""

from __future__ import annotations

import msgspec

from trakt_ical.errors import NoMatch, Refused
from trakt_ical.trakt.client import Client
from trakt_ical.trakt.search.v2 import EpisodeWire, ShowWire, episode_of, work_of
from trakt_ical.trakt.subject import Subject, Work

REGULAR = {"hidden": "false", "specials": "false", "count_specials": "false", "extended": "full"}


class _Progress(msgspec.Struct):
    """*next_episode* has aired and was not watched; null where all was."""

    next_episode: EpisodeWire | None = None


class _Watched(msgspec.Struct):
    show: ShowWire


class Progress:
    """The progress of the login that *client* signs with."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def following(self, show: Work) -> Subject | None:
        """The next unwatched episode of *show* that has aired, None where there is none."""
        try:
            answer = self._client.get(f"/shows/{show.ids['trakt']}/progress/watched", REGULAR)
        except Refused as error:
            if error.status == 404:
                raise NoMatch(f"Trakt knows no show {show}.") from error
            raise
        episode = answer.decode(_Progress).next_episode
        return episode_of(show, episode) if episode else None

    def episode(self, show: Work, season: int, number: int) -> Subject | None:
        """That episode of *show*, None where Trakt knows no such one."""
        path = f"/shows/{show.ids['trakt']}/seasons/{season}/episodes/{number}"
        try:
            answer = self._client.get(path, {"extended": "full"})
        except Refused as error:
            if error.status == 404:
                return None
            raise
        return episode_of(show, answer.decode(EpisodeWire))

    def last_watched(self) -> Work | None:
        """The show of which an episode was watched last."""
        answer = self._client.get("/users/me/watched/shows", {"limit": "1", "extended": "full"})
        return next((work_of(entry.show) for entry in answer.decode(list[_Watched])), None)
