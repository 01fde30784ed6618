"""What subscribers are answered, decided in plain Python over octets in memory: no socket, no Trakt, no waiting."""

from __future__ import annotations

import functools
import gzip
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

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
_PROXY_SUFFIXES = rb"(?:[-;:]+[a-z]+)*[-;:]*"
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
FOREIGN_COPY = make_text_answer(
    503,
    "The stored copy of this calendar belongs to another account, so it is not served. Its owner finds on the page of "
    "the feeds what to do.\n",
    ((b"retry-after", b"3600"), ANY_ORIGIN),
)
LAST_SUCCESS = b"last-success"  # not `Age`, which says how long a cache has kept an answer


class ReadyAnswers(NamedTuple):
    """All answers to a reader of one coding: *not_modified* is 304, *whole* is for GET, *head* for HEAD."""

    not_modified: Answer
    whole: Answer
    head: Answer


@dataclass(frozen=True)
class CalendarAnswers:
    """The answers for the calendar *name*, which subscribers get as *octets* since *last_modified* (whole seconds).

    *last_success* is when the source last answered for it, None where nobody knows.
    """

    name: str
    octets: bytes
    last_modified: datetime
    last_success: datetime | None

    def answer(self, method: str, headers: Mapping[bytes, bytes]) -> Answer:
        """Return the answer to a request; names of *headers* are in lower case."""
        if method not in READ_METHODS:
            return NOT_ALLOWED
        ready = self._packed if accepts_gzip(headers.get(b"accept-encoding", b"")) else self._plain
        if self._is_known_to(headers):
            return ready.not_modified
        return ready.whole if method == "GET" else ready.head

    def make_ready(self) -> None:
        """Make all answers now: packing takes longer than any subscriber should hold up the others."""
        self.answer("GET", {b"accept-encoding": b"gzip", b"if-none-match": b"*"})
        self.answer("GET", {b"if-modified-since": self._last_modified_field})

    def _is_known_to(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether the client has these octets already, in whatever coding."""
        condition = headers.get(b"if-none-match")
        if condition is not None:  # then a date is not looked at (RFC 9110 §13.1.3)
            return condition in self._tags or any(map(self._matching_tag.fullmatch, parse_etags(condition)))
        since = headers.get(b"if-modified-since")
        if since is None:
            return False
        if since == self._last_modified_field:  # what nearly all clients send; parsing a date takes longer
            return True
        moment = parse_http_date(since.decode("latin-1"))
        return moment is not None and moment >= self.last_modified

    @cached_property
    def _tags(self) -> tuple[bytes, bytes]:
        # Each coding needs a tag of its own, since a strong tag stands for the octets that were sent. Both are
        # recognised in both codings: clients and proxies change Accept-Encoding between two requests.
        digest = hash_octets(self.octets)
        return f'"{digest}"'.encode(), f'"{digest}-gzip"'.encode()

    @cached_property
    def _matching_tag(self) -> re.Pattern[bytes]:
        # Without the suffixes, everybody behind such a proxy would download the whole calendar each time.
        return re.compile(rb'\*|"%s%s"' % (hash_octets(self.octets).encode(), _PROXY_SUFFIXES))

    @cached_property
    def _last_modified_field(self) -> bytes:
        return format_http_date(self.last_modified).encode()

    @cached_property
    def _plain(self) -> ReadyAnswers:
        return self._make_ready_answers(self._tags[0], self.octets, ())

    @cached_property
    def _packed(self) -> ReadyAnswers:
        # Without the time that gzip writes into its head: the same octets must stay the same for their tag.
        packed = gzip.compress(self.octets, 9, mtime=0)
        return self._make_ready_answers(self._tags[1], packed, ((b"content-encoding", b"gzip"),))

    def _make_ready_answers(self, tag: bytes, body: bytes, coding: Headers) -> ReadyAnswers:
        success = ((LAST_SUCCESS, format_http_date(self.last_success).encode()),) if self.last_success else ()
        validators: Headers = (
            (b"etag", tag),
            (b"last-modified", self._last_modified_field),
            (b"cache-control", CACHE_CONTROL.encode()),
            (b"vary", b"Accept-Encoding"),
            ANY_ORIGIN,
            *success,
        )
        whole = Answer(
            200,
            (
                (b"content-type", CALENDAR_TYPE.encode()),
                (b"content-length", str(len(body)).encode()),
                (b"content-disposition", make_disposition(f"{self.name}.ics").encode()),
                *coding,
                *validators,
                *HIDDEN,
            ),
            body,
        )
        return ReadyAnswers(Answer(304, validators), whole, whole.without_body())


def hash_octets(octets: bytes) -> str:
    """Return a short hash of *octets* that no others share."""
    return hashlib.blake2b(octets, digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed: the calendar that its secret opens, or the one answer where there is no copy to serve."""

    calendar: CalendarAnswers | Answer

    def answer(self, method: str, headers: Mapping[bytes, bytes]) -> Answer:
        """Return the answer to a request for it."""
        if isinstance(self.calendar, CalendarAnswers):
            return self.calendar.answer(method, headers)
        return answer_fixed(self.calendar, method)


def answer_fixed(answer: Answer, method: str) -> Answer:
    """Return *answer* to GET and HEAD, a refusal to other methods."""
    if method not in READ_METHODS:
        return NOT_ALLOWED
    return answer.without_body() if method == "HEAD" else answer
