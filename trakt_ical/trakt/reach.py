"""What a run does where a server may not answer: how often it asks again, and what it shows in the meantime."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from trakt_ical.errors import Refused, TraktError, TraktIcalError, Unreachable
from trakt_ical.wording import describe_age

log = logging.getLogger(__name__)

WAITS = (2, 8, 30)  # seconds before the second, third and fourth try; Trakt asks for 30 when overloaded
# Seconds in which a server must say its first word where kept answers could be shown in its place. Most of them take
# less, and a command that shows kept answers takes no longer than this together with its own time.
FIRST_WORD = 0.4


class Patience(NamedTuple):
    """How often a request is sent again: after each of *waits*, in seconds.

    Where no answer came, no try begins later than *limit* seconds after the first one.
    """

    waits: Sequence[float]
    limit: float = float("inf")


JOB = Patience(WAITS)
PERSON = Patience(WAITS, limit=5)
"""Somebody waits at a terminal, and would rather know at once that there is no connection."""
ONCE = Patience(())
"""There is something to show instead."""


class KeptOnly:
    """A look at kept answers alone: no request is sent.

    *oldest*: the date of the oldest answer that was read. *lacks*: some answer is not kept.
    """

    def __init__(self) -> None:
        self.oldest: datetime | None = None
        self.lacks = False

    def note(self, date: datetime) -> None:
        """Note that an answer of *date* was read."""
        self.oldest = min(self.oldest or date, date)

    def is_young(self, now: datetime, max_age: timedelta) -> bool:
        """Whether all answers are kept and younger than *max_age*: then a server would not be asked for any."""
        return not self.lacks and self.oldest is not None and abs(now - self.oldest) < max_age


class Reach:
    """What one command knows of the servers that it asks. With *offline* it asks none.

    A server that does not answer is waited for once, however many calendars want it, and the user hears of it once.
    """

    def __init__(self, *, offline: bool = False) -> None:
        self.offline = offline
        self._faults: dict[str, TraktError | None] = {}
        self._said: set[str] = set()

    def find_fault(self, url: str, server: str, now: Callable[[], datetime]) -> TraktError | None:
        """Return why the *server* at *url* cannot be asked now, None where it answers within a moment."""
        if url not in self._faults:
            self._faults[url] = _find_fault(url, server, now)
        return self._faults[url]

    def note_fault(self, url: str, fault: TraktError) -> None:
        """Note that the server at *url* answered a request with *fault*."""
        self._faults[url] = fault

    def tell(self, fault: TraktError | None, oldest: datetime | None, now: datetime) -> None:
        """Tell that kept answers are shown because of *fault*, and how old they are."""
        why = f"{fault} " if fault else ""
        if why not in self._said:
            self._said.add(why)
            log.warning("%sShowing what was fetched %s.", why, describe_age(oldest or now, now))


def is_outage(error: TraktIcalError) -> bool:
    """Whether *error* says that a server cannot be reached or is overloaded, so that kept answers are the best."""
    # 403 as a refusal is Cloudflare's: Trakt's own says that the client_id is wrong, and is another error.
    is_overloaded = isinstance(error, Refused) and (error.status in (403, 429) or error.status >= 500)
    return is_overloaded or isinstance(error, Unreachable)


def _find_fault(url: str, server: str, now: Callable[[], datetime]) -> TraktError | None:
    """Return why the *server* at *url* does not say a word within a moment, None where it does."""
    from trakt_ical.trakt.client import Client  # takes longer to import than `status` may take

    found: list[TraktError] = []

    def ask() -> None:
        try:
            with Client(url, timeout=(FIRST_WORD, FIRST_WORD), patience=ONCE, server=server, now=now) as client:
                client.get("/")
        except TraktIcalError as error:  # a refusal is an answer, too
            found.extend([error] if isinstance(error, TraktError) and is_outage(error) else [])

    # In a thread of its own: the look-up of a host's name knows no time-out. It is unsigned, so that it renews no login
    # and may be abandoned.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(FIRST_WORD)
    if thread.is_alive():
        return Unreachable(f"{server} does not answer.")
    return found[0] if found else None
