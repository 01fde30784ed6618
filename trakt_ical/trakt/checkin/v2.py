"""Check-in over API v2: `POST /checkin`, `DELETE /checkin`, `GET /users/me/watching`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import msgspec

from trakt_ical.errors import NoMatch
from trakt_ical.trakt.client import Client
from trakt_ical.trakt.search.v2 import EpisodeWire, MovieWire, ShowWire, subject
from trakt_ical.trakt.subject import Busy, Extras, Request, Started, Subject, Watching

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
NETWORKS = ("twitter", "mastodon", "tumblr")


class _Started(msgspec.Struct):
    """The answer to a check-in; it does not say until when."""

    watched_at: Instant
    sharing: dict[str, bool | None] | None = None


class _Busy(msgspec.Struct):
    expires_at: Instant


class _Watching(msgspec.Struct):
    expires_at: Instant
    started_at: Instant
    action: str = "checkin"
    movie: MovieWire | None = None
    show: ShowWire | None = None
    episode: EpisodeWire | None = None


class CheckIns:
    """The check-ins of the login that *client* signs with."""

    networks: Collection[str] = NETWORKS
    longest_message: int | None = None

    def __init__(self, client: Client) -> None:
        self._client = client

    def request(self, what: Subject, extras: Extras) -> Request:
        """The POST that checks in to *what*: quiet, but for the networks of *extras*."""
        sharing = {name: name in extras.share for name in NETWORKS}
        message = {"message": extras.message} if extras.message else {}
        return Request("/checkin", {**_item(what), "sharing": sharing, **message})

    def start(self, what: Subject, extras: Extras) -> Started | Busy:
        """Check in, with one POST. Raises NoMatch where Trakt knows no such thing."""
        request = self.request(what, extras)
        answer = self._client.post(request.path, request.body, expected={404, 409})
        if answer.status == 404:
            raise NoMatch(f"Trakt knows no {what}.")
        if answer.status == 409:
            return Busy(answer.decode(_Busy).expires_at.astimezone(UTC))
        said = answer.decode(_Started)
        since = said.watched_at.astimezone(UTC)
        runtime = what.runtime or what.work.runtime
        shared = frozenset(name for name, was in (said.sharing or {}).items() if was)
        return Started(what, since, since + runtime if runtime else None, shared)

    def watching(self) -> Watching | None:
        """What is being watched; Trakt's 204 says nothing."""
        answer = self._client.get("/users/me/watching", {"extended": "full"})
        if answer.status == 204:
            return None
        said = answer.decode(_Watching)
        found = subject(said.show, said.episode, said.movie)
        if found is None:
            return None
        since, until = said.started_at.astimezone(UTC), said.expires_at.astimezone(UTC)
        return Watching(replace(found, runtime=until - since), since, until, said.action != "checkin")

    def cancel(self, *, movie: bool) -> None:  # noqa: ARG002  v1 has two ways
        """End the check-in that runs."""
        self._client.delete("/checkin")


def _item(what: Subject) -> dict[str, object]:
    """The part of the POST that names *what*, by Trakt's own ids: by others it would have to guess."""
    ids = {"ids": {"trakt": what.work.ids["trakt"]}}
    if what.work.movie:
        return {"movie": ids}
    if what.season is None:
        return {"show": ids, "episode": {"number_abs": what.absolute}}
    return {"show": ids, "episode": {"season": what.season, "number": what.number}}
