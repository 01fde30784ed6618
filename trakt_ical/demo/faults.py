"""The ways a Trakt can misbehave, for trying out what its clients make of that."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from enum import StrEnum
from threading import Lock
from typing import Any

from trakt_ical.demo.answer import Answer, Seen, cloudflare, empty_answer, json_answer

V1_PATHS = ("/user/", "/show/", "/movie/", "/search/shows.json/", "/search/movies.json/")


class Body(StrEnum):
    """What a faulty answer carries."""

    JSON = "json"  # an error in the words of the API that was asked
    HTML = "html"  # Cloudflare's page
    EMPTY = "empty"
    GARBAGE = "garbage"  # declared as JSON, and none


class Drop(StrEnum):
    """When the connection is closed instead of an answer."""

    BEFORE = "before"  # nothing has happened
    AFTER = "after"  # the request took effect


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong, for which requests, and how often.

    *path* is a pattern searched in the path; empty, like an empty *method*, it fits all. *skip*
    requests that fit go through first, then *times* are hit (0: all of them). With *takes_effect*
    the request does what it asks for although a *status* or *body* is answered instead.
    """

    path: str = ""
    method: str = ""
    times: int = 1
    skip: int = 0
    status: int | None = None
    body: Body | None = None
    takes_effect: bool = False
    retry_after: int | None = None  # seconds
    delay: float = 0  # seconds
    drop: Drop | None = None
    truncate: bool = False  # half the body, then the connection ends
    empty_list: bool = False  # the true answer's status and header fields, but nothing listed
    date_offset: timedelta = timedelta()  # of the Date header
    location: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, described: Mapping[str, Any]) -> "Fault":
        """A fault from JSON, *date_offset* in seconds. Raises ValueError or TypeError."""
        wanted = dict(described)
        unknown = set(wanted) - {each.name for each in fields(cls)}
        if unknown:
            raise ValueError(f"A fault has no {', '.join(sorted(unknown))}.")
        try:
            re.compile(wanted.get("path", ""))
        except re.error as error:
            raise ValueError(f"The path of a fault is a pattern: {error}.") from error
        if "date_offset" in wanted:
            wanted["date_offset"] = timedelta(seconds=wanted["date_offset"])
        for name, kind in (("body", Body), ("drop", Drop)):
            if wanted.get(name) is not None:
                wanted[name] = kind(wanted[name])
        return cls(**wanted)

    def fits(self, seen: Seen) -> bool:
        """The request is one of those this fault is meant for."""
        return self.method.upper() in ("", seen.method) and bool(re.search(self.path, seen.path))

    def spoil(self, seen: Seen, answer: Callable[[Seen], Answer]) -> Answer:
        """What is answered instead of what *answer* says."""
        if self.status is None and self.body is None:
            true = answer(seen)
            if self.empty_list:
                true = replace(true, status=200, body=b"[]")
            return replace(true, headers={**true.headers, **self._extra()})
        if self.takes_effect:
            answer(seen)
        spoiled = self._instead(seen)
        return replace(spoiled, headers={**spoiled.headers, **self._extra()})

    def _instead(self, seen: Seen) -> Answer:
        status = self.status or 200
        match self.body:
            case Body.HTML:
                return cloudflare(status)
            case Body.GARBAGE:
                return replace(json_answer(None, status), body=b'[{"first_aired": "20')
            case Body.JSON:
                return _failure(seen, status)
            case Body.EMPTY:
                return empty_answer(status)
            case None if seen.path.startswith(V1_PATHS):
                return _failure(seen, status)
            case None:
                return empty_answer(status)

    def _extra(self) -> dict[str, str]:
        extra = dict(self.headers)
        if self.retry_after is not None:
            extra["Retry-After"] = str(self.retry_after)
        if self.location:
            extra["Location"] = self.location
        return extra


class Faults:
    """The faults that wait for a request; the first that fits and is due takes it."""

    def __init__(self) -> None:
        self._armed: list[tuple[Fault, list[int]]] = []
        self._lock = Lock()

    def arm(self, *faults: Fault) -> None:
        """Add faults behind those that wait already."""
        with self._lock:
            self._armed += [(fault, [0]) for fault in faults]

    def clear(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._armed = []

    def take(self, seen: Seen) -> Fault | None:
        """The fault that hits this request."""
        with self._lock:
            for fault, met in self._armed:
                if not fault.fits(seen):
                    continue
                met[0] += 1
                if fault.skip < met[0] and (not fault.times or met[0] <= fault.skip + fault.times):
                    return fault
        return None


def _failure(seen: Seen, status: int) -> Answer:
    if seen.path.startswith(V1_PATHS):
        words = {503: "server is over capacity", 401: "failed authentication"}
        error = words.get(status, f"error {status}")
        return json_answer({"status": "failure", "error": error}, status)
    if seen.path.startswith("/oauth/"):
        return json_answer({"error": "invalid_grant", "error_description": "session not found"}, status)
    return json_answer({"error": f"error {status}"}, status)
