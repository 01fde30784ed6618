"""One calendar as it is served: every answer to it is made once, when its octets change, and none when it is asked."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import cached_property
from urllib.parse import quote

from trakt_ical.export.feed.answers import HIDDEN, NOT_ALLOWED, Answer, Headers
from trakt_ical.export.feed.conditions import instant, tags, takes_gzip

FRESH = b"private, max-age=900"
SUCCESS = b"last-success"  # not `Age`, which is a cache's word for how long it has kept an answer


@dataclass(frozen=True)
class Served:
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
        return digest(self.octets)

    def answer(self, method: str, headers: Mapping[bytes, bytes]) -> Answer:
        """The answer to a request; names of *headers* are in lower case."""
        if method not in ("GET", "HEAD"):
            return NOT_ALLOWED
        packed = takes_gzip(headers.get(b"accept-encoding", b""))
        known, whole, head = self._packed if packed else self._plain
        if self._knows(headers):
            return known
        return whole if method == "GET" else head

    def _knows(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether the client has these octets, in whatever coding: an entity tag says more than a date."""
        condition = headers.get(b"if-none-match")
        if condition is not None:
            return condition in self._tags or not self._any_tag.isdisjoint(tags(condition))
        since = headers.get(b"if-modified-since")
        if since is None:
            return False
        if since == self._changed:
            return True
        moment = instant(since)
        return moment is not None and moment >= self.changed

    @cached_property
    def _tags(self) -> tuple[bytes, bytes]:
        return f'"{self.digest}"'.encode(), f'"{self.digest}-gzip"'.encode()

    @cached_property
    def _any_tag(self) -> frozenset[bytes]:
        return frozenset((*self._tags, b"*"))

    @cached_property
    def _changed(self) -> bytes:
        return format_datetime(self.changed, usegmt=True).encode()

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
        success = ((SUCCESS, _http_date(self.last_success)),) if self.last_success else ()
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
                (b"content-disposition", _disposition(self.name)),
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


def digest(octets: bytes) -> str:
    """A short hash of *octets* that no others share."""
    return hashlib.blake2b(octets, digest_size=16).hexdigest()


def _http_date(moment: datetime) -> bytes:
    return format_datetime(moment.replace(microsecond=0), usegmt=True).encode()


def _disposition(name: str) -> bytes:
    """Shown, not saved; a program that saves it calls it by the calendar's name (RFC 6266)."""
    plain = "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '"\\%' else "_" for letter in name
    )
    exact = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}.ics"
    return f'inline; filename="{plain}.ics"{exact}'.encode()
