"""The refresher: fetches calendars in the background, by its own clock, never because a subscriber asked."""

from __future__ import annotations

import logging
import random
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from trakt_ical.errors import TraktIcalError

log = logging.getLogger(__name__)

ACTIVITY_INTERVAL = timedelta(minutes=10)  # between two requests for what the account did last
FIRST_RETRY = timedelta(minutes=5)  # after a failure; doubled after each further one
SLOW = timedelta(minutes=10)  # a refresh that takes longer is reported; a huge account takes two minutes
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
    """Refreshes *every* so often, and sooner where the account changed; the first time after *delay*.

    Before the first refresh has ended it is "starting": nobody knows yet whether it works.
    """

    def __init__(
        self,
        job: RefreshJob,
        every: timedelta,
        now: Callable[[], datetime],
        chance: Callable[[], float] = random.random,
        *,
        delay: timedelta = timedelta(),
    ) -> None:
        self._job = job
        self._every = every
        self._now = now
        self._chance = chance
        self._failures = 0
        self._refresh_due = self._activity_due = now() + delay
        self._began: datetime | None = None  # the refresh that runs now
        self._trouble, self._condition = "", "starting"

    @property
    def trouble(self) -> str:
        """A sentence that says what is wrong, "" where all is well."""
        return self._describe_slowness() or self._trouble

    @property
    def condition(self) -> str:
        """One word: starting, well, failing, hanging or crashed."""
        return "hanging" if self._describe_slowness() else self._condition

    def _describe_slowness(self) -> str:
        began = self._began  # once: the refresher's thread may end the refresh meanwhile
        if began is None or self._now() < began + SLOW:
            return ""
        return f"The refresh that began at {began:%H:%M} UTC has not ended yet. The calendars are as they were before."

    @property
    def due(self) -> datetime:
        """When there is something to do."""
        return min(self._refresh_due, self._activity_due)

    def step(self) -> None:
        """Do what is due now. A failure is reported, and tried again later."""
        try:
            if not self._is_refresh_due():
                return
            self._began = self._now()
            self._job.refresh()
        except TraktIcalError as error:
            self._note_failure("failing", str(error))
        except Exception as error:
            # A bug must not end the thread: the feed would grow old in silence. It is reported here and on the page.
            self.note_crash(error)
        else:
            self._failures, self._condition, self._trouble = 0, "well", ""
            spread = 1 + JITTER * (2 * self._chance() - 1)
            self._refresh_due = self._now() + self._every * spread
        finally:
            self._began = None
        # After the refresh, not before: it may have taken minutes, and has just asked for the activity itself.
        self._activity_due = self._now() + ACTIVITY_INTERVAL
        self._job.reload()

    def note_crash(self, error: BaseException) -> None:
        """Report that *error*, a bug, ended the work; it is tried again like after any failure."""
        log.error("The refresher crashed.\n%s", "".join(traceback.format_exception(error)))
        name = type(error).__name__
        sentence = f"The refresher crashed ({name}) and was started again. This is a bug; the log has the details."
        self._note_failure("crashed", sentence)

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

    def find_pause(self) -> float:
        """Return the seconds until there is something to do."""
        now = self._now()
        # A clock that was set back by a year would otherwise stop all refreshes for a year.
        latest = max(self._every * (1 + JITTER), ACTIVITY_INTERVAL)
        self._refresh_due = min(self._refresh_due, now + latest)
        self._activity_due = min(self._activity_due, now + ACTIVITY_INTERVAL)
        return max(0.0, (self.due - now).total_seconds())

    def _note_failure(self, condition: str, sentence: str) -> None:
        self._condition, self._trouble = condition, sentence
        # Doubled, so that a long outage is not answered by a request every five minutes from every installation; no
        # longer than the usual interval, so that the end of an outage is found as soon as a change would be.
        pause = min(FIRST_RETRY * 2 ** min(self._failures, 10), max(self._every, FIRST_RETRY))
        self._failures += 1
        self._refresh_due = self._now() + pause
        log.warning(
            "The feed could not be refreshed; trying again at %s UTC. %s", f"{self._refresh_due:%H:%M}", sentence
        )
