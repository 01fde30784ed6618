"""What a request asks for by its header fields: which coding, and whether it knows the calendar already (RFC 9110)."""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

REMEMBERED = 256  # header values; programs send the same few over and over
_TAG = re.compile(rb'[ \t]*(?:W/)?("[!\x23-\x7e\x80-\xff]*")[ \t]*(?:,|\Z)|[ \t]*(?:,|\Z)')
_CODING = re.compile(r"\s*([\w*.-]+)\s*(?:;\s*q\s*=\s*([\d.]+)\s*)?")


@functools.lru_cache(REMEMBERED)
def takes_gzip(accepted: bytes) -> bool:
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


def tags(condition: bytes) -> frozenset[bytes]:
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


def instant(date: bytes) -> datetime | None:
    """The instant of an HTTP date, None where it is none: such a condition is ignored."""
    try:
        moment = parsedate_to_datetime(date.decode("ascii"))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
