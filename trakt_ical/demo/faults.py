"""The ways in which a Trakt can misbehave, to try out what its clients make of that."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from enum import StrEnum
from threading import Lock
from typing import Any

import msgspec

from trakt_ical.demo.messages import Answer, Request, make_cloudflare_page, make_empty, make_json

V1_PATHS = ("/user/", "/show/", "/movie/", "/search/shows.json/", "/search/movies.json/")
V1_ERRORS = {503: "server is over capacity", 401: "failed authentication"}


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

    *path* is a pattern searched in the path; empty, like an empty *method* or *user*, it fits all. *skip*
    requests that fit go through first, then *times* are hit (0: all of them). With *takes_effect*
    the request does what it asks for although a *status* or *body* is answered instead.
    """

    path: str = ""
    method: str = ""
    user: str = ""  # whose token is sent
    times: int = 1
    skip: int = 0
    status: int | None = None
    body: Body | None = None
    takes_effect: bool = False
    retry_after: int | None = None  # seconds
    delay: float = 0  # seconds
    drop: Drop | None = None
    truncate: bool = False  # half the body, then the connection ends
    empty_list: bool = False  # the true answer's header fields but its ETag, and nothing listed
    date_offset: timedelta = timedelta()  # of the Date header
    location: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, described: object) -> "Fault":
        """A fault from JSON, *date_offset* in seconds. Raises ValueError if it is not understood."""
        unknown = set(described if isinstance(described, dict) else ()) - {each.name for each in fields(cls)}
        if unknown:
            raise ValueError(f"A fault has no {', '.join(sorted(unknown))}.")
        try:
            fault = msgspec.convert(described, cls, strict=False)
            re.compile(fault.path)
        except (msgspec.ValidationError, re.error) as error:
            raise ValueError(f"This is not a fault: {error}.") from error
        return fault

    def fits(self, request: Request, user: str | None) -> bool:
        """Whether the request is one of those that this fault is for; *user* is whose token it has."""
        is_meant = self.method.upper() in ("", request.method) and self.user in ("", user)
        return is_meant and bool(re.search(self.path, request.path))

    def spoil(self, request: Request, answer: Callable[[Request], Answer]) -> Answer:
        """What is answered instead of what *answer* says."""
        if self.status is None and self.body is None:
            spoiled = answer(request)
            if self.empty_list:
                # Under the full list's ETag, clients would be told that the empty one is still right.
                headers = {name: value for name, value in spoiled.headers.items() if name != "ETag"}
                spoiled = Answer(200, b"[]", headers)
        else:
            if self.takes_effect:
                answer(request)
            spoiled = self._make_answer(request)
        return replace(spoiled, headers={**spoiled.headers, **self._list_headers()})

    def _make_answer(self, request: Request) -> Answer:
        status = self.status or 200
        # API v1 has words for every failure; API v2's failures are empty.
        match self.body or (Body.JSON if request.path.startswith(V1_PATHS) else Body.EMPTY):
            case Body.HTML:
                return make_cloudflare_page(status)
            case Body.GARBAGE:
                return replace(make_json(None, status), body=b'[{"first_aired": "20')
            case Body.JSON:
                return _make_error(request, status)
            case Body.EMPTY:
                return make_empty(status)

    def _list_headers(self) -> dict[str, str]:
        retry = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return {**self.headers, **retry, **({"Location": self.location} if self.location else {})}


class Faults:
    """The faults that wait for a request; the first that fits and is due takes it."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Fault, list[int]]] = []
        self._lock = Lock()

    def add(self, *faults: Fault) -> None:
        """Add faults behind those that wait already."""
        with self._lock:
            self._waiting += [(fault, [0]) for fault in faults]

    def clear(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._waiting = []

    def take(self, request: Request, user: str | None) -> Fault | None:
        """The fault that hits this request, sent with the token of *user*."""
        with self._lock:
            for fault, met in self._waiting:
                if not fault.fits(request, user):
                    continue
                met[0] += 1
                if fault.skip < met[0] and (not fault.times or met[0] <= fault.skip + fault.times):
                    return fault
        return None


def _make_error(request: Request, status: int) -> Answer:
    content: dict[str, Any] = {"error": f"error {status}"}
    if request.path.startswith(V1_PATHS):
        content = {"status": "failure", "error": V1_ERRORS.get(status, f"error {status}")}
    elif request.path.startswith("/oauth/"):
        content = {"error": "invalid_grant", "error_description": "session not found"}
    return make_json(content, status)
