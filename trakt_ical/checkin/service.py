"""Checks in for one account: one POST, what to do if its answer is lost, and what to do while another check-in runs."""

from __future__ import annotations

import enum
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Protocol

from trakt_ical.checkin.items import CheckInApi, CheckInExtras, Conflict, Started, Watching, WatchItem
from trakt_ical.errors import BrokenAnswer, CheckInRunning, NoMatch, Refused, TraktError, TraktIcalError, Unreachable
from trakt_ical.trakt.statuses import was_never_sent

log = logging.getLogger(__name__)

LOOKS = 2  # at what is being watched after a lost answer: Trakt may take a moment to know
PAUSE = timedelta(seconds=2)  # between two looks
GAP = timedelta(seconds=1)  # between two requests that change something; Trakt refuses more
NO_EFFECT = frozenset((403, 420, 423, 426, 429))  # statuses that refuse for a reason
SAID_NO = 200  # v1's status of a refusal in words
TRIES = 5  # where other check-ins begin in between


class ConflictChoice(enum.Enum):
    """What to do while another check-in runs; the values are the words that people type."""

    WAIT = "wait"
    REPLACE = "replace"
    LEAVE = "leave"


class ConflictResolver(Protocol):
    """Decides what happens while another check-in runs."""

    def resolve_conflict(self, conflict: Conflict) -> ConflictChoice:
        """Return what to do. May raise CheckInRunning in place of `LEAVE`."""
        ...

    def wait_until(self, end: datetime) -> None:
        """Wait for *end*. May raise CheckInRunning to give up."""
        ...


class CheckInContext(Protocol):
    """What a check-in takes from the world around it."""

    @property
    def zone(self) -> tzinfo:
        """The zone in which people read moments."""
        ...

    def now(self) -> datetime:
        """Return the present."""
        ...

    def sleep(self, seconds: float) -> object:
        """Wait that long."""
        ...

    def describe_time(self, moment: datetime) -> str:
        """Return *moment* as people read it."""
        ...


def describe_conflict(conflict: Conflict, context: CheckInContext) -> str:
    """Return a sentence that says what runs, and until when."""
    item = f": {conflict.watching.item}," if conflict.watching else ""
    return f"A check-in is running{item} until {context.describe_time(conflict.until)}."


@dataclass(frozen=True)
class CheckInService:
    """The check-ins of one account, at *api*."""

    api: CheckInApi
    context: CheckInContext

    def check_in(self, item: WatchItem, extras: CheckInExtras, resolver: ConflictResolver) -> Started:
        """Check in to *item*; while another check-in runs, *resolver* decides.

        Raises CheckInRunning where the other one is left alone, and TraktIcalError.
        """
        # Several times, since another check-in may begin between the end of one and ours, from a phone or a player.
        for _ in range(TRIES):
            outcome = self.attempt(item, extras)
            if isinstance(outcome, Started):
                return outcome
            match resolver.resolve_conflict(outcome):
                case ConflictChoice.LEAVE:
                    raise CheckInRunning(describe_conflict(outcome, self.context), outcome.until)
                case ConflictChoice.REPLACE:
                    self._end_running(outcome)
                case ConflictChoice.WAIT:
                    # An end that lies behind us already would be asked about again at once, and refused again.
                    resolver.wait_until(max(outcome.until, self.context.now() + PAUSE))
        raise CheckInRunning("Each time a check-in ended, another one began.")

    def attempt(self, item: WatchItem, extras: CheckInExtras) -> Started | Conflict:
        """Check in to *item* with one POST. Raises TraktIcalError.

        A POST is never sent a second time to find out what became of the first: it would count the episode twice.
        Where its answer is lost, what is being watched says whether it counted.
        """
        try:
            outcome = self.api.start(item, extras)
        except (Unreachable, BrokenAnswer, Refused, NoMatch) as error:
            if had_no_effect(error):
                raise
            return self._find_lost(item, extras, error)
        if isinstance(outcome, Conflict):
            # The refusal says until when something runs, but not what: people decide by its name.
            return replace(outcome, watching=self._look())
        if outcome.until is None and (running := self._look()):
            return replace(outcome, until=running.until)
        return outcome

    def cancel(self) -> Watching | None:
        """End the check-in that runs, and return it. What a player reports is returned too, but only it can end it."""
        running = self.api.fetch_watching()
        if running is not None and not running.player:
            self._end(movie=running.item.title.movie)
        return running

    def undo(self, item: WatchItem) -> Watching | None:
        """End the check-in to *item*, if that runs; return what is being watched instead, and goes on.

        A check-in to something else is left alone, and so is what a player reports: neither is what is to be undone.
        """
        running = self.api.fetch_watching()
        if running is None or not running.is_check_in_to(item):
            return running
        self._end(movie=item.title.movie)
        return None

    def _look(self) -> Watching | None:
        """What is being watched; None as well where that cannot be fetched, since the outcome is certain without it."""
        try:
            return self.api.fetch_watching()
        except TraktIcalError as error:
            log.warning("%s", error)
            return None

    def _end_running(self, conflict: Conflict) -> None:
        # Trakt refuses a second request that changes something within a second, and the POST before was one.
        self.context.sleep(GAP.total_seconds())
        self._end(movie=conflict.watching is not None and conflict.watching.item.title.movie)
        self.context.sleep(GAP.total_seconds())

    def _end(self, *, movie: bool) -> None:
        """End the check-in that runs. An error does not matter if nothing is being watched after it."""
        try:
            self.api.cancel(movie=movie)
        except TraktError as error:
            log.warning("%s Checking whether anything still runs.", error)
            if self.api.fetch_watching() is not None:
                raise

    def _find_lost(self, item: WatchItem, extras: CheckInExtras, error: TraktError | NoMatch) -> Started:
        """The check-in that began although its answer was lost to *error*.

        Where none did, raises NoMatch if that is what Trakt said, else TraktError.
        """
        log.warning("%s Checking whether it counted.", error)
        watching = None
        for look in range(LOOKS):
            if look:
                self.context.sleep(PAUSE.total_seconds())
            try:
                watching = self.api.fetch_watching()
            except TraktIcalError as second:
                raise Unreachable(
                    f"{error} It is not known whether the check-in counted: {second} Run: trakt-ical checkin --status"
                ) from error
            if watching is not None and watching.is_check_in_to(item):
                since = watching.since or self.context.now()
                runtime = extras.duration or item.runtime or item.title.runtime
                return Started(item, since, watching.until or (since + runtime if runtime else None))
        if isinstance(error, NoMatch) or (isinstance(error, Refused) and error.status == SAID_NO):
            raise error
        player = " by a player" if watching and watching.player else ""
        instead = f"{watching.item} is being watched{player}" if watching else "nothing is being watched"
        raise TraktError(f"{error} The check-in did not count: {instead}.") from error


def had_no_effect(error: Exception) -> bool:
    """Whether *error* means that a POST had no effect: Trakt refused it, or there was no connection."""
    # A 5xx proves nothing: Trakt has answered 500 to check-ins that it had counted (trakt/trakt-api issue 387). Neither
    # does a 404 or another status that says something is wrong with a request which another server may have passed on.
    if isinstance(error, Refused):
        return error.status in NO_EFFECT
    return error.__cause__ is not None and was_never_sent(error.__cause__)
