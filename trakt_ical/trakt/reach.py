"""What a run does where a server may not answer: how often it asks again, and what it shows in the meantime."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from trakt_ical.errors import BrokenAnswer, PageForPeople, Refused, TraktError, TraktIcalError, Unreachable, WrongClock
from trakt_ical.wording import describe_age

log = logging.getLogger(__name__)

WAITS = (2, 8, 30)  # seconds before the second, third and fourth try; Trakt asks for 30 when overloaded
# Seconds in which a server must say its first word where kept answers could be shown in its place. Most of them take
# less, and a command that shows kept answers takes no longer than this together with its own time.
FIRST_WORD = 0.3
LATE_WORD = 2.0  # seconds in which it may still do so once they are shown, at a terminal


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
        self._questions: dict[str, _Question] = {}
        self._said: set[str] = set()

    def find_fault(self, url: str, server: str, now: Callable[[], datetime]) -> TraktError | None:
        """Return why the *server* at *url* cannot be asked now, None where it answers within a moment."""
        if url not in self._faults:
            question = self._questions[url] = _Question(url, server, now)
            question.start()
            question.join(FIRST_WORD)
            self._faults[url] = Unreachable(f"{server} does not answer.") if question.is_alive() else question.fault
        return self._faults[url]

    def has_late_word(self) -> bool:
        """Whether a server that was given up says a word within the next seconds; it is then asked the next time."""
        end, late = time.monotonic() + LATE_WORD, False
        for url, question in self._questions.items():
            if question.is_alive():
                question.join(max(0.0, end - time.monotonic()))
                if not question.is_alive() and question.fault is None:
                    self._faults[url], late = None, True
        return late

    def get_fault(self, url: str) -> TraktError | None:
        """Return what is known to be wrong with the server at *url*, None where nothing is known."""
        return self._faults.get(url)

    def note_fault(self, url: str, fault: TraktError) -> None:
        """Note that the server at *url* answered a request with *fault*."""
        self._faults[url] = fault

    def tell(self, fault: TraktError | None, oldest: datetime | None, now: datetime) -> None:
        """Tell that kept answers are shown because of *fault*, and how old they are."""
        why = f"{fault} " if fault else ""
        if why not in self._said:
            self._said.add(why)
            log.warning("%sShowing what was fetched %s.", why, describe_age(oldest, now) if oldest else "last")


def is_outage(error: TraktIcalError) -> bool:
    """Whether *error* says that a server cannot be reached or is overloaded, so that kept answers are the best."""
    # 403 as a refusal is Cloudflare's: Trakt's own says that the client_id is wrong, and is another error.
    is_overloaded = isinstance(error, Refused) and (error.status in (403, 429) or error.status >= 500)
    return is_overloaded or isinstance(error, Unreachable | PageForPeople)


def is_doubtful(error: object) -> bool:
    """Whether *error* says that an answer is not to be used again: kept, a 304 would bring it back."""
    # A page is never kept, and of a wrong clock nothing says that it is the server's.
    return isinstance(error, BrokenAnswer) and not isinstance(error, PageForPeople | WrongClock)


class _Question(threading.Thread):
    """Asks whether the *server* at *url* says a word; *fault*: why not, once that is known.

    In a thread of its own: the look-up of a host's name knows no time-out. It is unsigned, so that it renews no login
    and may be abandoned.
    """

    def __init__(self, url: str, server: str, now: Callable[[], datetime]) -> None:
        super().__init__(daemon=True)
        self._url = url
        self._server = server
        self._now = now
        self.fault: TraktError | None = None

    def run(self) -> None:
        from trakt_ical.trakt.client import Client  # takes longer to import than `status` may take

        limits = (LATE_WORD, LATE_WORD)
        try:
            with Client(self._url, timeout=limits, patience=ONCE, server=self._server, now=self._now) as client:
                client.get("/")
        except PageForPeople:
            pass  # many a server has one at this address
        except TraktIcalError as error:  # a refusal is an answer, too
            if isinstance(error, TraktError) and is_outage(error):
                self.fault = error
