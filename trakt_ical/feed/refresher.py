"""The refresher: fetches calendars in the background, by its own clock, never because a subscriber asked."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from trakt_ical.errors import TraktIcalError
from trakt_ical.feed.refresh_log import RefreshLog
from trakt_ical.pipeline import Outcome

ACTIVITY_INTERVAL = timedelta(minutes=10)  # between two requests for what the account did last
FIRST_RETRY = timedelta(minutes=5)  # after a failure; doubled after each further one
SLOW = timedelta(minutes=10)  # a refresh that takes longer is reported; a huge account takes two minutes
JITTER = 0.1  # of the time between two refreshes, so that not all installations ask at the full hour


class RefreshJob(Protocol):
    """What the refresher does."""

    def refresh(self) -> Mapping[str, Outcome]:
        """Make the next stored copies; return what became of each calendar, by its name."""
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
        self._is_requested = False
        self._log = RefreshLog(now)
        self.counts: Counter[str] = Counter()
        """How many refreshes came to which condition."""
        self.error: TraktIcalError | None = None
        """By what the last refresh failed; None where it did not, or by a bug."""

    @property
    def next_refresh(self) -> datetime | None:
        """When the next refresh is due, None while one is running."""
        return self._refresh_due if self._began is None else None

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
            self._began, self._is_requested = self._now(), False
            self._note_outcomes(self._job.refresh())
        except Exception as error:
            # A bug must not end the thread: the feed would grow old in silence. It is reported here and on the page.
            self.note_crash(error)
        finally:
            self._began = None
        # After the refresh, not before: it may have taken minutes, and has just asked for the activity itself.
        self._activity_due = self._now() + ACTIVITY_INTERVAL
        self._job.reload()

    def request(self, every: timedelta, *, now: bool) -> None:
        """Refresh *every* so often from now on, and with *now* at once; again, if a refresh is at work."""
        self._every = every
        self._is_requested = self._is_requested or now
        self._refresh_due = self._now() if now else min(self._refresh_due, self._now() + every)

    def note_crash(self, error: BaseException) -> None:
        """Report that *error*, a bug, ended the work; it is tried again like after any failure."""
        self._log.write_crash(error)
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

    def _note_outcomes(self, outcomes: Mapping[str, Outcome]) -> None:
        error = next((outcome for outcome in outcomes.values() if isinstance(outcome, TraktIcalError)), None)
        if error:
            self._note_failure("failing", str(error), error)
        else:
            self._failures, self._condition, self._trouble, self.error = 0, "well", "", None
            self.counts["well"] += 1
            self._schedule(self._every * (1 + JITTER * (2 * self._chance() - 1)))
        self._log.write_outcomes(outcomes, self._refresh_due)

    def _note_failure(self, condition: str, sentence: str, error: TraktIcalError | None = None) -> None:
        self._condition, self._trouble, self.error = condition, sentence, error
        self.counts[condition] += 1
        # Doubled, so that a long outage is not answered by a request every five minutes from every installation; no
        # longer than the usual interval, so that the end of an outage is found as soon as a change would be.
        pause = min(FIRST_RETRY * 2 ** min(self._failures, 10), max(self._every, FIRST_RETRY))
        self._failures += 1
        self._schedule(pause)

    def _schedule(self, pause: timedelta) -> None:
        """Let the next refresh be due after *pause*."""
        # At once if it was requested while this one was at work: this one did not know the newest settings.
        self._refresh_due = self._now() + (timedelta() if self._is_requested else pause)
