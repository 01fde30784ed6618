"""Trakt's two rate limits: so many GETs in five minutes, and one write a second."""

import json
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from trakt_ical.demo.answer import Answer, Seen, empty_answer

PERIOD = timedelta(minutes=5)


class Limits:
    """Counts requests per token, or per client where there is no token."""

    def __init__(self, clock: Callable[[], datetime], *, get_limit: int, post_gap: timedelta) -> None:
        self._clock = clock
        self._get_limit = get_limit
        self._post_gap = post_gap
        self._windows: dict[str, tuple[datetime, int]] = {}
        self._written: datetime | None = None
        self._lock = Lock()

    def refusal(self, seen: Seen, *, signed: bool) -> Answer | None:
        """The 429 a request gets instead of its answer, or None. *signed*: its token is good."""
        with self._lock:
            if seen.method in ("GET", "HEAD"):
                return self._get(seen, signed=signed)
            return self._write()

    def _get(self, seen: Seen, *, signed: bool) -> Answer | None:
        who = f"token {seen.bearer()}" if signed else "client"
        now = self._clock()
        began, count = self._windows.get(who, (now, 0))
        if not began <= now < began + PERIOD:
            began, count = now, 0
        if count >= self._get_limit:
            name = "AUTHED_API_GET_LIMIT" if signed else "UNAUTHED_API_GET_LIMIT"
            return _refused(name, PERIOD, self._get_limit, until=began + PERIOD, now=now)
        self._windows[who] = began, count + 1
        return None

    def _write(self) -> Answer | None:
        now = self._clock()
        if self._written is not None and self._written <= now < self._written + self._post_gap:
            until = self._written + self._post_gap
            return _refused("AUTHED_API_POST_LIMIT", self._post_gap, 1, until=until, now=now)
        self._written = now
        return None


def _refused(name: str, period: timedelta, limit: int, *, until: datetime, now: datetime) -> Answer:
    rate = {
        "name": name,
        "period": math.ceil(period.total_seconds()),
        "limit": limit,
        "remaining": 0,
        "until": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    wait = max(1, math.ceil((until - now).total_seconds()))
    return empty_answer(429, {"Retry-After": str(wait), "X-Ratelimit": json.dumps(rate)})
