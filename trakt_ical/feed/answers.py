"""What subscribers are answered, decided in plain Python over ready octets: no socket, no Trakt, no waiting."""

from __future__ import annotations

import functools
import gzip
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from urllib.parse import quote

from trakt_ical.http import format_http_date, parse_http_date

ALLOWED = b"GET, HEAD"
HIDDEN = ((b"x-robots-tag", b"noindex"), (b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))
"""Header fields of every answer: no search engine keeps it, no program takes it for something else."""

Headers = tuple[tuple[bytes, bytes], ...]


class Answer(NamedTuple):
    """A whole answer; names of *headers* are in lower case."""

    status: int
    headers: Headers
    body: bytes = b""

    def without_body(self) -> Answer:
        """The same answer to HEAD: every header field stays."""
        return self._replace(body=b"")


def make_text_answer(status: int, body: str, more: Iterable[tuple[bytes, bytes]] = ()) -> Answer:
    """A short answer in plain words, which no cache keeps."""
    return make_answer(status, body.encode(), b"text/plain; charset=utf-8", (*more, (b"cache-control", b"no-store")))


def make_answer(status: int, body: bytes, kind: bytes, more: Iterable[tuple[bytes, bytes]] = ()) -> Answer:
    """An answer with *body*, of the media type *kind*."""
    length = str(len(body)).encode()
    return Answer(status, ((b"content-type", kind), (b"content-length", length), *more, *HIDDEN), body)


def make_html_answer(status: int, document: bytes, headers: Mapping[str, str]) -> Answer:
    """An answer with *document*; *headers* name its type and policy."""
    fields = tuple((name.lower().encode(), value.encode()) for name, value in headers.items())
    return Answer(status, ((b"content-length", str(len(document)).encode()), *fields), document)


NOT_FOUND = make_text_answer(404, "Nothing is here.\n")
NOT_ALLOWED = make_text_answer(405, "Only GET and HEAD are answered here.\n", ((b"allow", ALLOWED),))
BODY_TOO_LARGE = make_text_answer(413, "The form is too large.\n")
NOT_YET = make_text_answer(
    503, "This calendar was never fetched so far. Ask again soon.\n", ((b"retry-after", b"120"),)
)
ROBOTS = make_answer(
    200, b"User-agent: *\nDisallow:\n", b"text/plain; charset=utf-8", ((b"cache-control", b"max-age=86400"),)
)
"""It allows all: Google Calendar does not fetch what a robots.txt forbids, and search engines obey `X-Robots-Tag`."""


REMEMBERED = 256  # header values; programs send the same few over and over
_TAG = re.compile(rb'[ \t]*(?:W/)?("[!\x23-\x7e\x80-\xff]*")[ \t]*(?:,|\Z)|[ \t]*(?:,|\Z)')
_CODING = re.compile(r"\s*([\w*.-]+)\s*(?:;\s*q\s*=\s*([\d.]+)\s*)?")


@functools.lru_cache(REMEMBERED)
def accepts_gzip(accepted: bytes) -> bool:
    """Whether an Accept-Encoding of *accepted* takes gzip; what cannot be read takes nothing."""
    weights: dict[str, float] = {}
    for part in accepted.decode("latin-1").split(","):
        found = _CODING.fullmatch(part)
        if found:
            weights[found[1].lower()] = _weight(found[2] or "1")
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def parse_etags(condition: bytes) -> frozenset[bytes]:
    """The entity tags that an If-None-Match lists, weak ones like strong ones; `*` alone is a tag that means any.

    One that breaks the rules knows nothing.
    """
    if condition.strip() == b"*":
        return frozenset((b"*",))
    found: set[bytes] = set()
    position = 0
    while position < len(condition):
        match = _TAG.match(condition, position)
        if match is None:
            return frozenset()
        if match[1]:
            found.add(match[1])
        position = match.end()
    return frozenset(found)


FRESH = b"private, max-age=900"
SUCCESS = b"last-success"  # not `Age`, which is a cache's word for how long it has kept an answer


@dataclass(frozen=True)
class CalendarAnswers:
    """*octets* for subscribers of the calendar *name*, as they are since *changed* (in whole seconds).

    *last_success* is when Trakt last answered for it, None where nobody knows.
    """

    name: str
    octets: bytes
    changed: datetime
    last_success: datetime | None

    @cached_property
    def digest(self) -> str:
        """What the entity tags are made of."""
        return hash_octets(self.octets)

    def answer(self, method: str, headers: Mapping[bytes, bytes]) -> Answer:
        """The answer to a request; names of *headers* are in lower case."""
        if method not in ("GET", "HEAD"):
            return NOT_ALLOWED
        packed = accepts_gzip(headers.get(b"accept-encoding", b""))
        known, whole, head = self._packed if packed else self._plain
        if self._knows(headers):
            return known
        return whole if method == "GET" else head

    def _knows(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether the client has these octets, in whatever coding: an entity tag says more than a date."""
        condition = headers.get(b"if-none-match")
        if condition is not None:
            return condition in self._tags or not self._any_tag.isdisjoint(parse_etags(condition))
        since = headers.get(b"if-modified-since")
        if since is None:
            return False
        if since == self._changed:
            return True
        moment = parse_http_date(since.decode("latin-1"))
        return moment is not None and moment >= self.changed

    @cached_property
    def _tags(self) -> tuple[bytes, bytes]:
        return f'"{self.digest}"'.encode(), f'"{self.digest}-gzip"'.encode()

    @cached_property
    def _any_tag(self) -> frozenset[bytes]:
        return frozenset((*self._tags, b"*"))

    @cached_property
    def _changed(self) -> bytes:
        return format_http_date(self.changed).encode()

    @cached_property
    def _plain(self) -> tuple[Answer, Answer, Answer]:
        return self._answers(self._tags[0], self.octets, ())

    @cached_property
    def _packed(self) -> tuple[Answer, Answer, Answer]:
        return self._answers(self._tags[1], self.gzipped, ((b"content-encoding", b"gzip"),))

    @cached_property
    def gzipped(self) -> bytes:
        """The octets in gzip, the same for the same octets."""
        return gzip.compress(self.octets, 9, mtime=0)

    def _answers(self, tag: bytes, body: bytes, coding: Headers) -> tuple[Answer, Answer, Answer]:
        """304, 200, and 200 to HEAD."""
        success = ((SUCCESS, format_http_date(self.last_success).encode()),) if self.last_success else ()
        known: Headers = (
            (b"etag", tag),
            (b"last-modified", self._changed),
            (b"cache-control", FRESH),
            (b"vary", b"Accept-Encoding"),
            *success,
        )
        whole = Answer(
            200,
            (
                (b"content-type", b"text/calendar; charset=utf-8"),
                (b"content-length", str(len(body)).encode()),
                (b"content-disposition", _make_disposition(self.name)),
                *coding,
                *known,
                *HIDDEN,
            ),
            body,
        )
        return Answer(304, known), whole, whole.without_body()

    def prepare(self) -> None:
        """Make all answers now, not when the first of each is asked for."""
        self.answer("GET", {b"accept-encoding": b"gzip", b"if-none-match": b"*"})
        self.answer("GET", {b"if-modified-since": self._changed})


def hash_octets(octets: bytes) -> str:
    """A short hash of *octets* that no others share."""
    return hashlib.blake2b(octets, digest_size=16).hexdigest()


def _make_disposition(name: str) -> bytes:
    """Shown, not saved; a program that saves it calls it by the calendar's name (RFC 6266)."""
    plain = "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '"\\%' else "_" for letter in name
    )
    exact = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}.ics"
    return f'inline; filename="{plain}.ics"{exact}'.encode()


@dataclass(frozen=True, slots=True)
class Channel:
    """A calendar by its *name* at its *secret*; *served* is None before there ever was a copy."""

    name: str
    secret: str = field(repr=False)
    served: CalendarAnswers | None


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
        return make_answer(200 if ready else 503, body, b"application/json", ((b"cache-control", b"no-store"),))


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

        *path* is decoded and without the prefix, *headers* have names in lower case. Somebody without a secret learns
        nothing, not even from the time it takes: a path is compared with every secret, and the answer is always 404.
        """
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

    def strip_prefix(self, path: str) -> str:
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
