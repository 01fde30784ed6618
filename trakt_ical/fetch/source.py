"""What both APIs write for a runtime."""

from __future__ import annotations

import functools
from datetime import timedelta

SHORTEST = 2  # minutes; 0 and 1 are placeholders for a runtime that nobody knows
LONGEST = 7 * 24 * 60  # minutes; what is longer is a slip


@functools.lru_cache(maxsize=256)  # few lengths for thousands of entries
def parse_runtime(minutes: int | None) -> timedelta | None:
    """*minutes* as a span, None where nobody knows."""
    return timedelta(minutes=minutes) if minutes and SHORTEST <= minutes <= LONGEST else None
