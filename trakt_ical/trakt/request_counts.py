"""How many requests this process sent to each server, and how they were answered; `serve` offers it to Prometheus."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping

NO_ANSWER = "none"


class RequestCounts:
    """Counts requests by server and status. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def note(self, server: str, status: int | None) -> None:
        """Count a request that *server* answered with *status*, None: with nothing that could be read."""
        with self._lock:
            self._counts[server, NO_ANSWER if status is None else str(status)] += 1

    def read(self) -> Mapping[tuple[str, str], int]:
        """Return how many requests there were, by server and status."""
        with self._lock:
            return dict(self._counts)


request_counts = RequestCounts()
"""Those of this process, whatever account they are of."""
