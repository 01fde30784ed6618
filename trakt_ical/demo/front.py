"""The way of a request through the demo: seen, perhaps spoiled, answered."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from trakt_ical.demo.answer import Answer, Refused, Seen
from trakt_ical.demo.faults import V1_PATHS, Drop, Faults

Api: TypeAlias = Callable[[Seen], Answer]


@dataclass(frozen=True)
class Delivery:
    """An answer and how it is to be sent; without an answer the connection is closed."""

    answer: Answer | None
    date: datetime
    delay: timedelta = timedelta()
    truncated: bool = False


class Front:
    """Sends each request to its API and lets waiting faults spoil the answer."""

    def __init__(self, *, v1: Api, v2: Api, control: Api, faults: Faults, clock: Callable[[], datetime]) -> None:
        self.requests: list[Seen] = []
        self._v1 = v1
        self._v2 = v2
        self._control = control
        self._faults = faults
        self._clock = clock

    def deliver(self, seen: Seen) -> Delivery:
        """Answer one request. Control requests are neither noted nor spoiled."""
        if seen.path == "/demo" or seen.path.startswith("/demo/"):
            return Delivery(_answered(self._control, seen), self._clock())
        self.requests.append(seen)
        fault = self._faults.take(seen)
        if fault is None:
            return Delivery(self._answer(seen), self._clock())
        delay = timedelta(seconds=fault.delay)
        if fault.drop is not None:
            if fault.drop is Drop.AFTER:
                self._answer(seen)
            return Delivery(None, self._clock(), delay)
        date = self._clock() + fault.date_offset
        return Delivery(fault.spoil(seen, self._answer), date, delay, fault.truncate)

    def _answer(self, seen: Seen) -> Answer:
        return _answered(self._v1 if seen.path.startswith(V1_PATHS) else self._v2, seen)


def _answered(api: Api, seen: Seen) -> Answer:
    try:
        return api(seen)
    except Refused as refused:
        return refused.answer
