"""The refresher: fetches calendars in the background, by its own clock, never because a subscriber asked."""

from __future__ import annotations

import logging
import random
import threading
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from trakt_ical.errors import TraktIcalError

log = logging.getLogger(__name__)

ACTIVITY_INTERVAL = timedelta(minutes=10)  # between two requests for what the account did last
FIRST_RETRY = timedelta(minutes=5)  # after a failure; doubled after each further one
JITTER = 0.1  # of the time between two refreshes, so that not all installations ask at the full hour


class RefreshJob(Protocol):
    """What the refresher does."""

    def refresh(self) -> None:
        """Make the next stored copies. Raises TraktIcalError where that fails."""
        ...

    def has_account_changed(self) -> bool:
        """Whether the account did anything since this was asked last."""
        ...

    def reload(self) -> None:
        """Serve what is stored now. It is called after each refresh, successful or not."""
        ...


class Refresher:
    """Refreshes *every* so often, and sooner where the account changed.

    *trouble* is a sentence that says what is wrong, "" where all is well; *condition* a word: well, failing or crashed.
    """

    def __init__(
        self,
        job: RefreshJob,
        every: timedelta,
        now: Callable[[], datetime],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._job = job
        self._every = every
        self._now = now
        self._chance = chance
        self._failures = 0
        self._refresh_due = self._activity_due = now()
        self.trouble = ""
        self.condition = "well"

    def run(self, wait: Callable[[float], bool]) -> None:
        """Work until *wait*, which gets the seconds until there is something to do, returns that it is time to end."""
        while not wait(self._find_pause()):
            self.step()

    def step(self) -> None:
        """Do what is due now. A failure is reported, and tried again later."""
        try:
            if not self._is_refresh_due():
                return
            self._job.refresh()
        except TraktIcalError as error:
            self._note_failure("failing", str(error))
        except Exception as error:
            # A bug must not end the thread: the feed would grow old in silence. It is reported here and on the page.
            log.error("The refresher crashed.\n%s", "".join(traceback.format_exception(error)))
            self._note_failure(
                "crashed", f"The refresher crashed ({type(error).__name__}). This is a bug; the log has the details."
            )
        else:
            self._failures, self.condition, self.trouble = 0, "well", ""
            spread = 1 + JITTER * (2 * self._chance() - 1)
            self._refresh_due = self._now() + self._every * spread
        # After the refresh, not before: it may have taken minutes, and has just asked for the activity itself.
        self._activity_due = self._now() + ACTIVITY_INTERVAL
        self._job.reload()

    def _is_refresh_due(self) -> bool:
        """Whether it is time for a refresh, or the account changed."""
        now = self._now()
        if now >= self._refresh_due:
            return True
        if now < self._activity_due:
            return False
        self._activity_due = now + ACTIVITY_INTERVAL
        # This is asked during the pause after a failure too: an answer that differs from the failed one means that
        # the login or Trakt is back, so that nobody waits an hour for it.
        return self._job.has_account_changed()

    def _find_pause(self) -> float:
        """Return the seconds until there is something to do."""
        now = self._now()
        # A clock that was set back by a year would otherwise stop all refreshes for a year.
        latest = max(self._every * (1 + JITTER), ACTIVITY_INTERVAL)
        due = min(self._refresh_due, self._activity_due, now + latest)
        self._refresh_due = min(self._refresh_due, now + latest)
        self._activity_due = min(self._activity_due, now + ACTIVITY_INTERVAL)
        return max(0.0, (due - now).total_seconds())

    def _note_failure(self, condition: str, sentence: str) -> None:
        self.condition, self.trouble = condition, sentence
        # Doubled, so that a long outage is not answered by a request every five minutes from every installation; no
        # longer than the usual interval, so that the end of an outage is found as soon as a change would be.
        pause = min(FIRST_RETRY * 2 ** min(self._failures, 10), max(self._every, FIRST_RETRY))
        self._failures += 1
        self._refresh_due = self._now() + pause
        log.warning("The feed is not refreshed before %s UTC: %s", f"{self._refresh_due:%H:%M}", sentence)


class RefresherThread:
    """A refresher in a thread of its own, for as long as its `with` block."""

    def __init__(self, refresher: Refresher) -> None:
        self._ended = threading.Event()
        # A daemon: it may hang in a request to Trakt, and must not keep the process from ending.
        self._thread = threading.Thread(target=refresher.run, args=(self._ended.wait,), name="refresher", daemon=True)

    def __enter__(self) -> RefresherThread:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(0.5)

    @property
    def has_crashed(self) -> bool:
        """Whether it has ended although nobody stopped it."""
        return self._thread.ident is not None and not self._thread.is_alive() and not self._ended.is_set()

    def stop(self, timeout: float) -> bool:
        """Let it end, and wait *timeout* seconds for that; return whether it has ended."""
        self._ended.set()
        self._thread.join(timeout)
        return not self._thread.is_alive()
