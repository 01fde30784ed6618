"""What is answered to a request, and the answers that are the same for everybody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

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


def text(status: int, body: str, more: Iterable[tuple[bytes, bytes]] = ()) -> Answer:
    """A short answer in plain words, which no cache keeps."""
    return whole(status, body.encode(), b"text/plain; charset=utf-8", (*more, (b"cache-control", b"no-store")))


def whole(status: int, body: bytes, kind: bytes, more: Iterable[tuple[bytes, bytes]] = ()) -> Answer:
    """An answer with *body*, of the media type *kind*."""
    length = str(len(body)).encode()
    return Answer(status, ((b"content-type", kind), (b"content-length", length), *more, *HIDDEN), body)


NOT_FOUND = text(404, "Nothing is here.\n")
NOT_ALLOWED = text(405, "Only GET and HEAD are answered here.\n", ((b"allow", ALLOWED),))
NOT_YET = text(503, "This calendar was never fetched so far. Ask again soon.\n", ((b"retry-after", b"120"),))
ROBOTS = whole(
    200, b"User-agent: *\nDisallow:\n", b"text/plain; charset=utf-8", ((b"cache-control", b"max-age=86400"),)
)
"""It allows all: Google Calendar does not fetch what a robots.txt forbids, and search engines obey `X-Robots-Tag`."""
