"""What subscribers are answered, decided in plain Python over octets in memory: no socket, no Trakt, no waiting."""

from __future__ import annotations

import functools
import gzip
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple, Protocol

from trakt_ical.http import CACHE_CONTROL, CALENDAR_TYPE, format_http_date, make_disposition, parse_http_date

READ_METHODS = ("GET", "HEAD")
HIDDEN = ((b"x-robots-tag", b"noindex"), (b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))
"""Header fields of every answer: no search engine keeps it, no program guesses another type for it."""

Headers = tuple[tuple[bytes, bytes], ...]


class Answer(NamedTuple):
    """A whole answer; names of *headers* are in lower case."""

    status: int
    headers: Headers
    body: bytes = b""

    def without_body(self) -> Answer:
        """Return the same answer to HEAD: every header field stays."""
        return self._replace(body=b"")


def make_answer(status: int, body: bytes, media_type: bytes, more: Iterable[tuple[bytes, bytes]] = ()) -> Answer:
    """Return an answer with *body*, and with the header fields *more* beside the usual ones."""
    length = str(len(body)).encode()
    return Answer(status, ((b"content-type", media_type), (b"content-length", length), *more, *HIDDEN), body)


def make_text_answer(status: int, body: str, more: Iterable[tuple[bytes, bytes]] = ()) -> Answer:
    """Return a short answer in plain words, which no cache keeps."""
    return make_answer(status, body.encode(), b"text/plain; charset=utf-8", (*more, (b"cache-control", b"no-store")))


def make_html_answer(status: int, document: bytes, headers: Mapping[str, str]) -> Answer:
    """Return an answer with *document*; *headers* name its type and policy."""
    fields = tuple((name.lower().encode(), value.encode()) for name, value in headers.items())
    return Answer(status, ((b"content-length", str(len(document)).encode()), *fields), document)


NOT_FOUND = make_text_answer(404, "Nothing is here.\n")
NOT_ALLOWED = make_text_answer(405, "Only GET and HEAD are answered here.\n", ((b"allow", b"GET, HEAD"),))
BODY_TOO_LARGE = make_text_answer(413, "The form is too large.\n")
# It allows everything. Google Calendar fetches nothing that robots.txt forbids, and never says so; search engines are
# kept out by X-Robots-Tag, which they obey on what they do fetch.
ROBOTS = make_answer(
    200, b"User-agent: *\nDisallow:\n", b"text/plain; charset=utf-8", ((b"cache-control", b"max-age=86400"),)
)


CACHED_VALUES = 256  # header values; programs send the same few over and over
_TAG = re.compile(rb'[ \t]*(?:W/)?("[!\x23-\x7e\x80-\xff]*")[ \t]*(?:,|\Z)|[ \t]*(?:,|\Z)')
# What proxies that pack an answer add to its tag: `-gzip`, `-br`, `-zstd`, `;gz`, and again at each further proxy.
# Without them, everybody behind such a proxy would download the whole calendar each time.
_OUR_TAG = re.compile(rb'"([0-9a-f]{32})(?:[-;:]+[a-z]+)*[-;:]*"')
_CODING = re.compile(r"\s*([\w*.-]+)\s*(?:;\s*q\s*=\s*([\d.]+)\s*)?")


@functools.lru_cache(CACHED_VALUES)
def accepts_gzip(accepted: bytes) -> bool:
    """Whether an Accept-Encoding of *accepted* takes gzip; an unreadable part of it takes nothing."""
    weights: dict[str, float] = {}
    for part in accepted.decode("latin-1").split(","):
        found = _CODING.fullmatch(part)
        if found:
            weights[found[1].lower()] = _parse_weight(found[2] or "1")
    # `gzip;q=0` refuses it, whatever `*` says (RFC 9110 §12.5.3).
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def _parse_weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def parse_etags(condition: bytes) -> frozenset[bytes]:
    """Return the entity tags that an If-None-Match lists; `*` alone is a tag that matches any.

    Weak tags count like strong ones, as RFC 9110 §13.1.2 wants it. A list that breaks the rules matches nothing: a 200
    too many costs a download, a 304 too many would keep an old calendar for ever.
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


# For calendar programs that run in a browser. It gives nothing away, since a page that does not know the secret cannot
# ask, and nothing in an answer depends on who asks. The page and everything else stay closed to other origins.
ANY_ORIGIN = (b"access-control-allow-origin", b"*")
NOT_YET_FETCHED = make_text_answer(
    503, "This calendar has not been fetched yet. Try again in two minutes.\n", ((b"retry-after", b"120"), ANY_ORIGIN)
)
NOT_READABLE = make_text_answer(
    503, "This calendar cannot be read just now. Try again in two minutes.\n", ((b"retry-after", b"120"), ANY_ORIGIN)
)
FOREIGN_COPY = make_text_answer(
    503,
    "The stored copy of this calendar belongs to another account, so it is not served. Its owner finds on the page of "
    "the feeds what to do.\n",
    ((b"retry-after", b"3600"), ANY_ORIGIN),
)
FETCH_MODE = b"sec-fetch-mode"
LAST_SUCCESS = b"last-success"  # not `Age`, which says how long a cache has kept an answer


class Body(Protocol):
    """The octets of one calendar as subscribers get them, which need not be in memory. Its methods ask nobody.

    *digest* is their hash and *length* their number.
    """

    digest: str
    length: int

    def find(self, *, is_packed: bool) -> bytes | None:
        """Return the octets, packed or not, if they are in memory."""
        ...

    def find_length(self, *, is_packed: bool) -> int | None:
        """Return how many there are, None where that is not known. It needs no octets."""
        ...

    def load(self, *, is_packed: bool) -> bytes | None:
        """Return the octets, from disk if need be; None where they are gone. It may take some milliseconds."""
        ...


class FixedBody:
    """A body in memory."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self.digest = hash_octets(octets)
        self.length = len(octets)

    def find(self, *, is_packed: bool) -> bytes:
        """Return the octets."""
        return self.load(is_packed=is_packed)

    def find_length(self, *, is_packed: bool) -> int:
        """Return how many there are."""
        return len(self.load(is_packed=is_packed))

    def load(self, *, is_packed: bool) -> bytes:
        """Return the octets."""
        return gzip.compress(self._octets, mtime=0) if is_packed else self._octets


@dataclass(frozen=True)
class CalendarAnswers:
    """The answers for the calendar *name*, which subscribers get as *body* since *last_modified* (whole seconds).

    *last_success* is when the source last answered for it, None where nobody knows.
    """

    name: str
    body: Body
    last_modified: datetime
    last_success: datetime | None

    def answer(self, method: str, headers: Mapping[bytes, bytes]) -> Answer | Download:
        """Return the answer to a request, or the download that makes it; names of *headers* are in lower case."""
        if method not in READ_METHODS:
            return NOT_ALLOWED
        is_packed = accepts_gzip(headers.get(b"accept-encoding", b""))
        if self._is_known_to(headers):
            return self._not_modified[is_packed]
        if method == "HEAD":
            return self._make_whole(b"", self.body.find_length(is_packed=is_packed), is_packed=is_packed)
        octets = self.body.find(is_packed=is_packed)
        return Download(self, is_packed) if octets is None else self.make_download(octets, is_packed=is_packed)

    def make_download(self, octets: bytes, *, is_packed: bool) -> Answer:
        """Return the whole calendar, whose body is *octets*."""
        return self._make_whole(octets, len(octets), is_packed=is_packed)

    def _is_known_to(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether the client has these octets already, in whatever coding."""
        condition = headers.get(b"if-none-match")
        if condition is not None:  # then a date is not looked at (RFC 9110 §13.1.3)
            return condition in self._tags or any(map(self._is_own_tag, parse_etags(condition)))
        since = headers.get(b"if-modified-since")
        if since is None:
            return False
        if since == self._last_modified_field:  # what nearly all clients send; parsing a date takes longer
            return True
        moment = parse_http_date(since.decode("latin-1"))
        return moment is not None and moment >= self.last_modified

    def _is_own_tag(self, tag: bytes) -> bool:
        found = _OUR_TAG.fullmatch(tag)
        return tag == b"*" or (found is not None and found[1] == self.body.digest.encode())

    @cached_property
    def _tags(self) -> tuple[bytes, bytes]:
        # Each coding needs a tag of its own, since a strong tag stands for the octets that were sent. Both are
        # recognised in both codings: clients and proxies change Accept-Encoding between two requests.
        return f'"{self.body.digest}"'.encode(), f'"{self.body.digest}-gzip"'.encode()

    @cached_property
    def _last_modified_field(self) -> bytes:
        return format_http_date(self.last_modified).encode()

    @cached_property
    def _not_modified(self) -> tuple[Answer, Answer]:
        return Answer(304, self._make_validators(0)), Answer(304, self._make_validators(1))

    def _make_validators(self, coding: int) -> Headers:
        success = ((LAST_SUCCESS, format_http_date(self.last_success).encode()),) if self.last_success else ()
        return (
            (b"etag", self._tags[coding]),
            (b"last-modified", self._last_modified_field),
            (b"cache-control", CACHE_CONTROL.encode()),
            (b"vary", b"Accept-Encoding"),
            ANY_ORIGIN,
            *success,
        )

    def _make_whole(self, octets: bytes, length: int | None, *, is_packed: bool) -> Answer:
        # HEAD may leave the length out (RFC 9110 §8.6): to pack a calendar for it would take too long.
        lengths = () if length is None else ((b"content-length", str(length).encode()),)
        headers = (
            (b"content-type", CALENDAR_TYPE.encode()),
            *lengths,
            (b"content-disposition", make_disposition(f"{self.name}.ics").encode()),
            *(((b"content-encoding", b"gzip"),) if is_packed else ()),
            *self._not_modified[is_packed].headers,
            *HIDDEN,
        )
        return Answer(200, headers, octets)


@dataclass(frozen=True, slots=True)
class Download:
    """An answer with octets that are not in memory: a thread makes it, so that it holds up nobody else."""

    calendar: CalendarAnswers
    is_packed: bool

    def make(self) -> Answer | None:
        """Return the answer, None where the octets are gone: the stored copy is another one by now."""
        octets = self.calendar.body.load(is_packed=self.is_packed)
        return None if octets is None else self.calendar.make_download(octets, is_packed=self.is_packed)


def hash_octets(octets: bytes) -> str:
    """Return a short hash of *octets* that no others share."""
    return hashlib.blake2b(octets, digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed: the calendar that its secret opens, or the one answer where there is no copy to serve.

    A program that fetches the calendar puts its name into *subscribed*.
    """

    calendar: CalendarAnswers | Answer
    subscribed: set[str] = field(default_factory=set)

    def answer(self, method: str, headers: Mapping[bytes, bytes]) -> Answer | Download:
        """Return the answer to a request for it, or the download that makes it."""
        if isinstance(self.calendar, CalendarAnswers):
            # A browser says that a person follows a link, as that on the page; a program does not.
            if method == "GET" and headers.get(FETCH_MODE) != b"navigate":
                self.subscribed.add(self.calendar.name)
            return self.calendar.answer(method, headers)
        return answer_fixed(self.calendar, method)


def answer_fixed(answer: Answer, method: str) -> Answer:
    """Return *answer* to GET and HEAD, a refusal to other methods."""
    if method not in READ_METHODS:
        return NOT_ALLOWED
    return answer.without_body() if method == "HEAD" else answer
