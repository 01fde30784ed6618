"""Check-in from a link: whoever has the link needs no login, and gets the choices that a terminal offers.

What a page shows comes from the stored copy of the feed. Only a button that was pressed asks Trakt.
"""

from __future__ import annotations

import enum
import logging
import re
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from trakt_ical.checkin.items import CheckInApi, CheckInExtras, Conflict, Started, Title, WatchItem
from trakt_ical.checkin.service import GAP, CheckInContext, CheckInService, ConflictChoice
from trakt_ical.checkin.signed_links import Ticket
from trakt_ical.checkin.used_links import LinkUse, UsedLinks
from trakt_ical.errors import CheckInRunning, TraktIcalError

log = logging.getLogger(__name__)

PATIENCE = 30  # seconds that a button waits for a check-in that begins after its wait
QUIET = CheckInExtras()
BEGINNING = "A check-in that waited is being sent to Trakt right now. Try again in a minute."
OTHER_API = "This link was made for another API than the one in your settings now. Use a link from the newest calendar."
_EPISODE = re.compile(r"(?:(trakt|tvdb|imdb)-)?(.+)-s(\d+)e(\d+)@.*")
_MOVIE = re.compile(r"trakt-movie-(\d+)-\w+@.*")


class FormChoice(enum.Enum):
    """What somebody chose by a button; the values are those of the form."""

    CHECK_IN = "check-in"
    AGAIN = "again"
    WAIT = "wait"
    REPLACE = "replace"
    LEAVE = "leave"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Done:
    """The check-in began, and lasts *until* then (None: Trakt does not say)."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """The check-in will begin when the running one ends, *until* then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """The check-in did not begin, for the reason that *sentence* gives."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Undone:
    """The check-in does not run any more, or will not begin; *was_waiting*: it had not begun.

    *instead*: what is being watched in its place, and goes on.
    """

    was_waiting: bool = False
    instead: str = ""


@dataclass(frozen=True, slots=True)
class UsedBefore:
    """The link has checked in before. That *use* is over and counts as watched: another one must be asked for."""

    use: LinkUse


Outcome = Done | Conflict | Waiting | Failed | Undone | UsedBefore


@dataclass(frozen=True, slots=True)
class StoredAiring:
    """What a stored copy says of one airing: its *summary*, and its *runtime* where the event is as long as that."""

    summary: str
    runtime: timedelta | None


class LinkAccount(Protocol):
    """The account that links check in for."""

    def find_airing(self, uid: str) -> StoredAiring | None:
        """Return the airing of the event *uid*, None where no stored copy has one for it alone. Asks nobody."""
        ...

    def open_used_links(self) -> UsedLinks:
        """Return where it is kept which links were used."""
        ...

    def open_service(self) -> AbstractContextManager[CheckInService]:
        """Open the account's check-ins at Trakt. Raises TraktIcalError."""
        ...


class LinkCheckIns:
    """The check-ins from links of one *account*. Safe to use from several threads.

    *ended* is set when the server ends: who waits for the end of a check-in then waits no longer.
    """

    def __init__(self, account: LinkAccount, context: CheckInContext, ended: threading.Event) -> None:
        self.context = context
        self.ended = ended
        self._account = account
        # One POST at a time: people tap twice, and the second tap must meet the check-in of the first.
        self._lock = threading.Lock()
        self._waiting: tuple[Ticket, datetime] | None = None  # and until when
        self._thread: threading.Thread | None = None
        self._is_beginning = False  # its wait is over, and Trakt is being asked, without the lock
        self._has_begun = threading.Condition(self._lock)

    def name_airing(self, ticket: Ticket) -> str:
        """Return what the calendar calls the airing of *ticket*, or its number where no stored copy has it."""
        if stored := self._account.find_airing(ticket.uid):
            return stored.summary
        item = parse_uid(ticket)
        return f"Episode {item.code}" if item and item.code else "This airing"

    def find_use(self, ticket: Ticket) -> LinkUse | None:
        """Return the last use of the link of *ticket*, None where it was never used. Asks nobody."""
        return self._account.open_used_links().find(ticket)

    def find_wait(self, ticket: Ticket) -> datetime | None:
        """Return until when the check-in of *ticket* waits, None where it does not."""
        waiting = self._waiting
        return waiting[1] if waiting and waiting[0] == ticket else None

    def wait_for_others(self) -> None:
        """Wait until what another request does at Trakt is done: a second tap shows what came of the first."""
        with self._lock:
            pass

    def act(self, ticket: Ticket, choice: FormChoice) -> Outcome:
        """Do what *choice* says with the airing of *ticket*: at most one check-in. A failure is an outcome too."""
        try:
            with self._lock:
                if self._is_beginning:
                    if not self._has_begun.wait_for(lambda: not self._is_beginning, PATIENCE):
                        return Failed(BEGINNING)
                    self.context.sleep(GAP.total_seconds())  # Trakt refuses two changes within a second
                return self._undo(ticket) if choice is FormChoice.UNDO else self._act(ticket, choice)
        except TraktIcalError as error:
            return Failed(str(error))

    def join(self, seconds: float) -> None:
        """Wait for a check-in that waits, *seconds* at most."""
        if self._thread is not None:
            self._thread.join(seconds)

    def change(self, account: LinkAccount, context: CheckInContext) -> None:
        """Check in for *account* from now on, the same one with other settings.

        A check-in that waits goes on with the settings that it was begun with.
        """
        # Without the lock, which may be held for as long as Trakt takes to answer.
        self._account, self.context = account, context

    def close(self) -> None:
        """Give up a check-in that waits for the end of another one."""
        self.ended.set()

    def _act(self, ticket: Ticket, choice: FormChoice) -> Outcome:
        use = self.find_use(ticket)
        if choice is FormChoice.CHECK_IN and use and not use.is_undone:
            # From a page that was opened before. In the last fifth of a check-in Trakt would begin another one.
            return UsedBefore(use) if use.is_over(self.context.now()) else Done(use.until)
        account = self._account
        with account.open_service() as service:
            item = self._make_item(ticket, service.api)
            if item is None:
                return Failed(OTHER_API)
            outcome: Started | Conflict
            if choice is FormChoice.REPLACE:
                outcome = service.check_in(item, QUIET, _Replacing())
            else:
                outcome = service.attempt(item, QUIET)
            # A conflict with the airing itself is a success: the check-in came from an earlier tap, or from elsewhere.
            if isinstance(outcome, Started) or outcome.is_with(item):
                self._forget_waiting(ticket)
                self._note_use(ticket, outcome)
                return Done(outcome.until)
            if choice is FormChoice.WAIT:
                return self._wait(account, ticket, item, outcome.until)
            return outcome

    def _undo(self, ticket: Ticket) -> Outcome:
        """Take the check-in of *ticket* back, or call off the one that waits."""
        if self.find_wait(ticket):
            self._forget_waiting(ticket)
            return Undone(was_waiting=True)
        use, now = self.find_use(ticket), self.context.now()
        if use and use.is_undone:
            return Undone()
        if use and use.is_over(now):
            return UsedBefore(use)
        with self._account.open_service() as service:
            item = self._make_item(ticket, service.api)
            if item is None:
                return Failed(OTHER_API)
            # What does not run any more was ended elsewhere, which is what the user wants.
            instead = service.undo(item)
        if use:  # else it could not be kept, as on a full disk
            self._account.open_used_links().note(ticket, msgspec.structs.replace(use, is_undone=True))
        return Undone(instead=str(instead.item) if instead else "")

    def _note_use(self, ticket: Ticket, outcome: Started | Conflict) -> None:
        began = outcome if isinstance(outcome, Started) else outcome.watching
        since = began.since if began and began.since else self.context.now()
        self._account.open_used_links().note(ticket, LinkUse(since, outcome.until))

    def _make_item(self, ticket: Ticket, api: CheckInApi) -> WatchItem | None:
        """What *api* calls the airing of *ticket*; None where its UID has the number of another API."""
        item = parse_uid(ticket)
        if item is None or not any(name in item.title.ids for name in api.abilities.title_ids):
            return None
        # The runtime comes from the stored copy: without it Trakt would have to be asked until when the check-in lasts.
        stored = self._account.find_airing(ticket.uid)
        return replace(item, title=api.complete_title(item.title), runtime=stored.runtime if stored else None)

    def _wait(self, account: LinkAccount, ticket: Ticket, item: WatchItem, until: datetime) -> Outcome:
        """Let a thread check in to *item* for *account* when what runs has ended; only one airing can wait."""
        if self._waiting is not None and self._waiting[0] != ticket:
            return Failed(f"Another check-in is already waiting: {self.name_airing(self._waiting[0])}.")
        if self._waiting is None:
            self._waiting = ticket, until
            # A daemon, since a wait of two hours must not keep the server from ending.
            arguments = account, ticket, item, until
            self._thread = threading.Thread(target=self._check_in_later, args=arguments, name="check-in")
            self._thread.daemon = True
            self._thread.start()
        return Waiting(until)

    def _forget_waiting(self, ticket: Ticket) -> None:
        """Let nobody wait for what *ticket* has checked in to by now: it would be counted twice."""
        if self.find_wait(ticket):
            self._waiting = self._thread = None

    def _check_in_later(self, account: LinkAccount, ticket: Ticket, item: WatchItem, until: datetime) -> None:
        try:
            self.wait_until(until)
            with account.open_service() as service:
                started = service.check_in(item, QUIET, _WaitingOn(item, self))
            with self._lock:
                self._note_use(ticket, started)
            log.info("Checked in to %s after waiting.", self.name_airing(ticket))
        except TraktIcalError as error:
            log.warning("The check-in that waited did not begin: %s", error)
        finally:
            with self._lock:
                if threading.current_thread() is self._thread:
                    self._waiting = None
                    self._note_beginning(is_beginning=False)

    def wait_until(self, end: datetime) -> None:
        """Wait for *end*. Raises CheckInRunning where the server ends before, or nobody waits any longer.

        A wait that the server's end cuts short must not check in: Trakt lets the last fifth of a check-in be replaced,
        and what runs would end early.
        """
        with self._lock:
            self._note_beginning(is_beginning=False)  # where another check-in began in between, and it waits once more
        self.context.sleep(max(0.0, (end - self.context.now()).total_seconds()))
        with self._lock:
            if self.ended.is_set():
                raise CheckInRunning("The server stopped before the running check-in ended.", end)
            if threading.current_thread() is not self._thread:
                raise CheckInRunning("The check-in was called off, or begun by hand meanwhile.", end)
            self._note_beginning(is_beginning=True)

    def _note_beginning(self, *, is_beginning: bool) -> None:
        """Note whether the check-in that waited is being sent to Trakt: as long as it is, no button does anything."""
        self._is_beginning = is_beginning
        self._has_begun.notify_all()


class _Replacing:
    """Ends whatever runs."""

    def resolve_conflict(self, conflict: Conflict) -> ConflictChoice:  # noqa: ARG002  whatever it is
        return ConflictChoice.REPLACE

    def wait_until(self, end: datetime) -> None:
        raise AssertionError(f"waits until {end}, although it never chose to wait")


@dataclass(frozen=True)
class _WaitingOn:
    """Waits on, unless what runs when a wait is over is *item* itself: begun elsewhere, it would be counted twice."""

    item: WatchItem
    links: LinkCheckIns

    def resolve_conflict(self, conflict: Conflict) -> ConflictChoice:
        return ConflictChoice.LEAVE if conflict.is_with(self.item) else ConflictChoice.WAIT

    def wait_until(self, end: datetime) -> None:
        self.links.wait_until(end)


def parse_uid(ticket: Ticket) -> WatchItem | None:
    """Return what the UID of *ticket* says by itself: the number of a movie, or of a show with season and episode."""
    if found := _MOVIE.fullmatch(ticket.uid):
        return WatchItem(Title("", ids={"trakt": int(found[1])}, movie=True))
    if found := _EPISODE.fullmatch(ticket.uid):
        origin, number, season, episode = found.groups()
        show = Title("", ids={origin or "slug": int(number) if origin and number.isdecimal() else number})
        return WatchItem(show, int(season), int(episode), starts=ticket.start)
    return None
