"""Where the user is in a show, over API v1: its seasons say of each episode whether it was watched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

import msgspec

from trakt_ical.errors import NoMatch, Refused
from trakt_ical.fetch.v1.instant import Aired, instant
from trakt_ical.model import Moment
from trakt_ical.trakt.client import Client
from trakt_ical.trakt.subject import Subject, Work


class _Season(msgspec.Struct):
    season: int


class _Episode(msgspec.Struct):
    season: int
    number: int
    title: str | None = None
    tvdb_id: str | int | None = None
    first_aired: int | None = None
    first_aired_iso: str | None = None
    first_aired_utc: int | None = None
    watched: bool = False


class _Slot(msgspec.Struct):
    """When its show airs, where the answer has it."""

    air_time: str | None = None
    air_day: str | None = None
    network: str | None = None
    country: str | None = None


class _Summary(msgspec.Struct):
    show: _Slot
    episode: _Episode


class Progress:
    """The progress of the user whom *client* signs for; *api_key* is part of each address, *now* that of the run."""

    def __init__(self, client: Client, *, api_key: str, now: datetime) -> None:
        self._client = client
        self._key = quote(api_key, safe="")
        self._now = now

    def following(self, show: Work) -> Subject | None:
        """The first unwatched episode after the farthest that was watched, None where none has aired yet.

        v1 tells what was watched season by season: they are asked for from the last one back.
        """
        later: list[_Episode] = []
        for number in sorted(self._seasons(show), reverse=True):
            episodes = [each for each in self._episodes(show, number) if self._has_aired(each)]
            watched = [place for place, each in enumerate(episodes) if each.watched]
            if watched:
                return _first_unwatched(show, [*episodes[watched[-1] + 1 :], *later])
            later = [*episodes, *later]
        return _first_unwatched(show, later)

    def episode(self, show: Work, season: int, number: int) -> Subject | None:
        """That episode of *show*, None where Trakt knows no such one: it says so with 404, and once with 400."""
        try:
            answer = self._client.get(f"/show/episode/summary.json/{self._key}/{_name(show)}/{season}/{number}")
        except Refused as error:
            if error.status in (400, 404):
                return None
            raise
        summary = answer.decode(_Summary)
        return _subject(show, summary.episode, summary.show)

    def last_watched(self) -> Work | None:
        """None: v1 does not tell what was watched last."""
        return None

    def _seasons(self, show: Work) -> list[int]:
        try:
            answer = self._client.get(f"/show/seasons.json/{self._key}/{_name(show)}")
        except Refused as error:
            if error.status == 404:
                raise NoMatch(f"Trakt knows no show {show}.") from error
            raise
        return [each.season for each in answer.decode(list[_Season]) if each.season]

    def _episodes(self, show: Work, season: int) -> Sequence[_Episode]:
        answer = self._client.get(f"/show/season.json/{self._key}/{_name(show)}/{season}")
        return sorted(answer.decode(list[_Episode]), key=lambda each: each.number)

    def _has_aired(self, episode: _Episode) -> bool:
        starts = _starts(episode, _Slot())
        if isinstance(starts, datetime):
            return starts <= self._now
        return starts is not None and starts <= self._now.date()


def _first_unwatched(show: Work, episodes: Sequence[_Episode]) -> Subject | None:
    return next((_subject(show, each, _Slot()) for each in episodes if not each.watched), None)


def _subject(show: Work, episode: _Episode, slot: _Slot) -> Subject:
    tvdb = str(episode.tvdb_id or "")
    return Subject(
        show,
        episode.season,
        episode.number,
        title=episode.title or "",
        episode_tvdb=int(tvdb) if tvdb.isdecimal() and int(tvdb) else None,
        runtime=show.runtime,
        starts=_starts(episode, slot),
    )


def _starts(episode: _Episode, slot: _Slot) -> Moment | None:
    """When *episode* airs; a date where the *slot* does not tell the hour, None where nobody knows the day."""
    stated = episode.first_aired, episode.first_aired_iso, episode.first_aired_utc
    try:
        return instant(Aired(*stated, None, slot.air_time, slot.air_day, slot.network, slot.country))
    except (ValueError, OverflowError, OSError):
        return None


def _name(show: Work) -> str:
    """How v1's addresses call *show*: by its number at TVDB, else by its slug."""
    return quote(str(show.ids.get("tvdb") or show.ids.get("slug") or ""), safe="")
