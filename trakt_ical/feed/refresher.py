"""The refresher: looks at Trakt in the background, by its own clock, never because a subscriber asked."""

from __future__ import annotations

import logging
import random
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from trakt_ical.errors import TraktIcalError

log = logging.getLogger(__name__)

LOOK = timedelta(minutes=10)  # between two looks at whether something happened at Trakt
FIRST_PAUSE = timedelta(minutes=5)  # after a failure; doubled after each further one
JITTER = 0.1  # of the time between two refreshes, so that not all of the world asks at the full hour


@dataclass(frozen=True)
class RefreshJob:
    """What the refresher does.

    *refresh* makes the next copies and raises TraktIcalError where that fails; *moved* tells whether anything
    happened at Trakt since it was asked last; *done* is called after each refresh, however it ended.
    """

    refresh: Callable[[], object]
    moved: Callable[[], bool]
    done: Callable[[], object]


class Refresher:
    """Does its *work* *every* so often, and sooner where something moved; once at a time.

    *trouble* is one sentence on what is wrong, "" where all is well; *condition* a word: well, failing or crashed.
    """

    def __init__(
        self,
        work: RefreshJob,
        every: timedelta,
        now: Callable[[], datetime],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._work = work
        self._every = every
        self._now = now
        self._chance = chance
        self._failures = 0
        self._refresh_due = self._look_due = now()
        self.trouble = ""
        self.condition = "well"

    def run(self, wait: Callable[[float], bool]) -> None:
        """Work until *wait*, which is given the seconds until there is something to do, says that it is time to end."""
        while not wait(self._pause()):
            self.step()

    def step(self) -> None:
        """Do what is due now. Whatever goes wrong is told, and tried again later."""
        try:
            if not self._wanted():
                return
            self._work.refresh()
        except TraktIcalError as error:
            self._failed("failing", str(error))
        except Exception as error:  # a bug must not end the feed: it is told, here and on the page, and tried again
            log.error("The refresher crashed.\n%s", "".join(traceback.format_exception(error)))
            self._failed(
                "crashed", f"The refresher crashed ({type(error).__name__}), which is a bug. The log says more."
            )
        else:
            self._failures, self.condition, self.trouble = 0, "well", ""
            spread = 1 + JITTER * (2 * self._chance() - 1)
            self._refresh_due = self._now() + self._every * spread
        self._look_due = self._now() + LOOK
        self._work.done()

    def _wanted(self) -> bool:
        """Whether it is time for a refresh, or for a look that says so."""
        now = self._now()
        if now >= self._refresh_due:
            return True
        if now < self._look_due:
            return False
        self._look_due = now + LOOK
        return self._work.moved()

    def _pause(self) -> float:
        now = self._now()
        latest = max(self._every * (1 + JITTER), LOOK)  # a clock that was set back must not hold this up for long
        due = min(self._refresh_due, self._look_due, now + latest)
        self._refresh_due = min(self._refresh_due, now + latest)
        self._look_due = min(self._look_due, now + LOOK)
        return max(0.0, (due - now).total_seconds())

    def _failed(self, condition: str, sentence: str) -> None:
        self.condition, self.trouble = condition, sentence
        pause = min(FIRST_PAUSE * 2 ** min(self._failures, 10), max(self._every, FIRST_PAUSE))
        self._failures += 1
        self._refresh_due = self._now() + pause
        log.warning("The feed stays as it was until the next try at %s UTC: %s", f"{self._refresh_due:%H:%M}", sentence)


class Background:
    """A refresher in a thread of its own, for as long as its `with` block."""

    def __init__(self, refresher: Refresher) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=refresher.run, args=(self._ended.wait,), name="refresher", daemon=True)

    def __enter__(self) -> Background:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(0.5)

    @property
    def crashed(self) -> bool:
        """Whether it has ended, and nobody asked it to."""
        return self._thread.ident is not None and not self._thread.is_alive() and not self._ended.is_set()

    def stop(self, patience: float) -> bool:
        """Let it end, and wait for that for *patience* seconds; return whether it has."""
        self._ended.set()
        self._thread.join(patience)
        return not self._thread.is_alive()
