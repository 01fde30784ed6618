"""Check-in from a link: who comes with a ticket need not log in, and has the choices that a terminal gives."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from trakt_ical.app.app import App
from trakt_ical.checkin.items import Busy, CheckInExtras, Started, Title, WatchItem
from trakt_ical.checkin.pages import Conflict, Done, Failed, FormChoice, Outcome, Waiting
from trakt_ical.checkin.resolve import Schedule, load_schedule
from trakt_ical.checkin.service import ConflictChoice as AtDesk
from trakt_ical.checkin.service import make_context, open_check_in
from trakt_ical.checkin.tickets import Ticket
from trakt_ical.errors import CheckInRunning, TraktIcalError, Unreachable
from trakt_ical.model import Airing
from trakt_ical.wording import describe_moment

log = logging.getLogger(__name__)

KEPT = timedelta(days=7)  # a kept answer of so recent a time tells what an airing is called
QUIET = CheckInExtras()
BRISK = (3, 5)  # seconds to connect to Trakt and between two reads, while somebody waits to learn a mere name
_EPISODE = re.compile(r"(trakt|tvdb|imdb)-(\w+)-s(\d+)e(\d+)@.*")
_MOVIE = re.compile(r"trakt-movie-(\d+)-\w+@.*")


class LinkCheckIns:
    """What links that check in do at Trakt, for the account of *app*; times are told in *zone*.

    Safe to use from several threads.
    """

    def __init__(self, app: App, zone: Callable[[], tzinfo]) -> None:
        self._app = app
        self._impatient = replace(app, environment=replace(app.environment, timeout=BRISK, sleep=_give_up))
        self._outside = make_context(app, describe_moment, zone)
        self._one_at_a_time = threading.Lock()
        self._waiting: Ticket | None = None
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def named(self, ticket: Ticket) -> str:
        """What people call the airing of *ticket*, as its calendar would; by its number where nobody knows."""
        if listed := self._listed(ticket):
            return self._words(listed[1])
        known = parse_uid(ticket)
        return f"Episode {known.code}" if known and known.code else "This airing"

    def act(self, ticket: Ticket, choice: FormChoice) -> Outcome:
        """Check in to the airing of *ticket*, with one POST; every failure is told in a sentence."""
        try:
            with self._one_at_a_time:
                return self._act(ticket, choice)
        except TraktIcalError as error:
            return Failed(str(error))

    def join(self, patience: float) -> None:
        """Wait *patience* seconds at the most for a check-in that waits."""
        if self._thread is not None:
            self._thread.join(patience)

    def close(self) -> None:
        """Let those who wait for the end of a check-in wait no more."""
        self._ended.set()

    def _act(self, ticket: Ticket, choice: FormChoice) -> Outcome:
        what = self._meant(ticket)
        if what is None:
            return Failed("Trakt cannot be told what this is: the calendar no longer lists it.")
        with open_check_in(self._app, self._outside) as place:
            if choice is FormChoice.REPLACE:
                outcome: Started | Busy = place.desk.check_in(
                    what, QUIET, lambda busy: AtDesk.REPLACE, lambda until: None
                )
            else:
                outcome = place.desk.attempt(what, QUIET)
            if isinstance(outcome, Started) or outcome.is_of(what):  # who tapped twice waits for nothing
                self._call_off(ticket)
                return Done(outcome.until)
            if choice is FormChoice.WAIT:
                return self._wait(ticket, what, outcome.until)
            return Conflict(self._outside.told(outcome), outcome.until)

    def _wait(self, ticket: Ticket, what: WatchItem, until: datetime) -> Outcome:
        """Check in when what runs has ended, beside everything else; one at a time."""
        if self._waiting is not None and self._waiting != ticket:
            return Failed(f"Another check-in waits already: {self.named(self._waiting)}.")
        if self._waiting is None:
            self._waiting = ticket
            self._thread = threading.Thread(target=self._later, args=(what, until), name="check-in", daemon=True)
            self._thread.start()
        return Waiting(until)

    def _call_off(self, ticket: Ticket) -> None:
        """Let nobody wait for what *ticket* has begun by now: it would be counted twice."""
        if self._waiting == ticket:
            self._waiting = self._thread = None

    def _later(self, what: WatchItem, until: datetime) -> None:
        try:
            self._sleep(until)
            with open_check_in(self._app, self._outside) as place:
                place.desk.check_in(what, QUIET, lambda busy: _wait_for_another(what, busy), self._sleep)
            log.info("Checked in to %s after waiting.", what)
        except TraktIcalError as error:
            log.warning("The check-in that waited did not come about: %s", error)
        finally:
            if threading.current_thread() is self._thread:
                self._waiting = None

    def _sleep(self, until: datetime) -> None:
        """Wait for *until*. Raises Running where the server ends before, or the check-in is no longer waited for.

        So the end of the server never cuts short what runs.
        """
        seconds = max(0.0, (until - self._app.environment.now()).total_seconds())
        (self._app.environment.sleep or self._ended.wait)(seconds)
        if self._ended.is_set():
            raise CheckInRunning("The server ended before what was running did.", until)
        if threading.current_thread() is not self._thread:
            raise CheckInRunning("It was begun by hand meanwhile.", until)

    def _meant(self, ticket: Ticket) -> WatchItem | None:
        """What the airing of *ticket* is to Trakt: as it is listed, else by the number in its UID.

        A link of the other API, from before the settings changed, bears a number that this one does not go by.
        """
        if listed := self._listed(ticket):
            return listed[0].subject(listed[1])
        known, names = parse_uid(ticket), self._app.capabilities.id_types
        return known if known and any(name in known.work.ids for name in names) else None

    def _listed(self, ticket: Ticket) -> tuple[Schedule, Airing] | None:
        """The airing of *ticket* and what is listed with it; None where it is not, or Trakt does not tell at once."""
        try:
            listed = load_schedule(self._impatient, KEPT)
        except TraktIcalError as error:
            log.info("What is listed is not known: %s", error)
            return None
        airing = listed.airings.get(ticket.uid)
        return (listed, airing) if airing else None

    def _words(self, airing: Airing) -> str:
        linked = (each for each in self._app.calendars if each.settings.checkin_links)
        return next(linked, self._app.calendars[0]).rules.words.summary(airing)


def _wait_for_another(what: WatchItem, busy: Busy) -> AtDesk:
    """What to do when a wait is over and something runs: *what* itself, begun elsewhere, would be counted twice."""
    return AtDesk.LEAVE if busy.is_of(what) else AtDesk.WAIT


def _give_up(seconds: float) -> None:  # noqa: ARG001  in place of sleeping so long before the next try
    raise Unreachable("Trakt does not answer at once.")


def parse_uid(ticket: Ticket) -> WatchItem | None:
    """What the UID of *ticket* says by itself, None where it bears no number that Trakt goes by."""
    if found := _MOVIE.fullmatch(ticket.uid):
        return WatchItem(Title("", ids={"trakt": int(found[1])}, movie=True))
    if found := _EPISODE.fullmatch(ticket.uid):
        origin, number, season, episode = found.groups()
        show = Title("", ids={origin: int(number) if number.isdecimal() else number})
        return WatchItem(show, int(season), int(episode), starts=ticket.start)
    return None
