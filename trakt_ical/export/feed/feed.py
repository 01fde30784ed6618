"""What subscribers are answered, decided in plain Python over ready octets: no socket, no Trakt, no waiting."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from trakt_ical.export.feed.answers import NOT_ALLOWED, NOT_FOUND, NOT_YET, ROBOTS, Answer, whole
from trakt_ical.export.feed.served import Served


@dataclass(frozen=True, slots=True)
class Channel:
    """A calendar by its *name* at its *secret*; *served* is None before there ever was a copy."""

    name: str
    secret: str = field(repr=False)
    served: Served | None


@dataclass(frozen=True, slots=True)
class Health:
    """How the service is: of each calendar whether it can be served and how many seconds ago it was fetched.

    The world may read it, so that it has no names, and *refresher* is one word: well, failing or crashed.
    """

    calendars: Sequence[tuple[bool, float | None]]
    refresher: str

    def answer(self) -> Answer:
        """200 where all calendars can be served, 503 where one was never fetched."""
        ready = all(served for served, _ in self.calendars)
        told = [{"ready": served, "age": None if age is None else int(age)} for served, age in self.calendars]
        body = json.dumps({"ready": ready, "refresher": self.refresher, "calendars": told}).encode()
        return whole(200 if ready else 503, body, b"application/json", ((b"cache-control", b"no-store"),))


@dataclass(frozen=True)
class Feed:
    """All calendars as they are now, in one value that is swapped whole.

    *prefix* is the path that a proxy may leave before ours ("" for none); *health* is asked for at `/healthz`.
    """

    channels: tuple[Channel, ...]
    page_secret: str = field(repr=False)
    health: Callable[[], Health]
    prefix: str = ""

    def answer(self, method: str, path: str, headers: Mapping[bytes, bytes]) -> Answer | None:
        """The answer to a request; None where the path is the page's, whatever comes after its secret.

        *path* is decoded, *headers* have names in lower case. Who does not know a secret learns nothing, not even
        from the time that it takes: a path is compared with every secret, and what is found is always 404.
        """
        path = self.own(path)
        secret, _, name = path[1:].partition("/")
        octets = secret.encode(errors="replace")
        page = hmac.compare_digest(octets, self.page_secret.encode())
        found = None
        for channel in self.channels:
            right = hmac.compare_digest(octets, channel.secret.encode())
            if right and name == f"{channel.name}.ics":
                found = channel
        if page and path.startswith("/"):
            return None
        if found and path.startswith("/"):
            return self._calendar(found, method, headers)
        return self._known_to_all(method, path)

    def own(self, path: str) -> str:
        """*path* without the prefix that a proxy may have left before it."""
        return path[len(self.prefix) :] if self.prefix and path.startswith(self.prefix + "/") else path

    @staticmethod
    def _calendar(channel: Channel, method: str, headers: Mapping[bytes, bytes]) -> Answer:
        if channel.served is None:
            answer = NOT_YET if method in ("GET", "HEAD") else NOT_ALLOWED
            return answer.without_body() if method == "HEAD" else answer
        return channel.served.answer(method, headers)

    def _known_to_all(self, method: str, path: str) -> Answer:
        if path == "/robots.txt":
            answer = ROBOTS
        elif path == "/healthz":
            answer = self.health().answer()
        else:
            return NOT_FOUND.without_body() if method == "HEAD" else NOT_FOUND
        if method not in ("GET", "HEAD"):
            return NOT_ALLOWED
        return answer.without_body() if method == "HEAD" else answer
