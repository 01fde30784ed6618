"""Check-in from a link: who comes with a ticket need not log in, and has the choices that a terminal gives."""

from __future__ import annotations

import logging
import re
import threading
from datetime import datetime, timedelta

from trakt_ical.app.checkin.desk import Choice as AtDesk
from trakt_ical.app.checkin.opening import office
from trakt_ical.app.checkin.programme import Programme, programme
from trakt_ical.app.parts import App
from trakt_ical.errors import TraktIcalError
from trakt_ical.export.feed.desk import Choice, Conflict, Done, Failed, Outcome, Waiting
from trakt_ical.export.tickets import Ticket
from trakt_ical.model import Airing
from trakt_ical.trakt.subject import Busy, Extras, Subject, Work

log = logging.getLogger(__name__)

KEPT = timedelta(days=7)  # a kept answer of so recent a time tells what an airing is called
QUIET = Extras()
_EPISODE = re.compile(r"(trakt|tvdb|imdb)-(\w+)-s(\d+)e(\d+)@.*")
_MOVIE = re.compile(r"trakt-movie-(\d+)-\w+@.*")


class Links:
    """What links that check in do at Trakt, for the account of *app*. Safe to use from several threads."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._one_at_a_time = threading.Lock()
        self._waiting: Ticket | None = None
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def named(self, ticket: Ticket) -> str:
        """What people call the airing of *ticket*, as its calendar would; by its number where nobody knows."""
        listed = self._listed()
        airing = listed.airings.get(ticket.uid) if listed else None
        if airing is not None:
            return self._words(airing)
        known = subject(ticket)
        return f"Episode {known.code}" if known and known.code else "This airing"

    def act(self, ticket: Ticket, choice: Choice) -> Outcome:
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

    def _act(self, ticket: Ticket, choice: Choice) -> Outcome:
        what, name = self._meant(ticket), self.named(ticket)
        if what is None:
            return Failed("Trakt cannot be told what this is: the calendar no longer lists it.")
        with office(self._app) as place:
            if choice is Choice.REPLACE:
                started = place.desk.check_in(what, QUIET, lambda busy: AtDesk.REPLACE, lambda until: None)
                return Done(name, started.until)
            outcome = place.desk.attempt(what, QUIET)
            if not isinstance(outcome, Busy):
                return Done(name, outcome.until)
            if choice is Choice.WAIT:
                return self._wait(ticket, what, outcome.until)
            return Conflict(place.desk.outside.told(outcome), outcome.until)

    def _wait(self, ticket: Ticket, what: Subject, until: datetime) -> Outcome:
        """Check in when what runs has ended, beside everything else; one at a time."""
        if self._waiting is not None and self._waiting != ticket:
            return Failed(f"Another check-in waits already: {self.named(self._waiting)}.")
        if self._waiting is None:
            self._waiting = ticket
            self._thread = threading.Thread(target=self._later, args=(what,), name="check-in", daemon=True)
            self._thread.start()
        return Waiting(until)

    def _later(self, what: Subject) -> None:
        try:
            with office(self._app) as place:
                place.desk.check_in(what, QUIET, lambda busy: self._patience, self._sleep)
            log.info("Checked in to %s after waiting.", what)
        except TraktIcalError as error:
            log.warning("The check-in that waited did not come about: %s", error)
        finally:
            self._waiting = None

    @property
    def _patience(self) -> AtDesk:
        return AtDesk.LEAVE if self._ended.is_set() else AtDesk.WAIT

    def _sleep(self, until: datetime) -> None:
        seconds = max(0.0, (until - self._app.outside.now()).total_seconds())
        (self._app.outside.sleep or self._ended.wait)(seconds)

    def _meant(self, ticket: Ticket) -> Subject | None:
        """What the airing of *ticket* is to Trakt: as it is listed, else by the numbers in its UID."""
        listed = self._listed()
        airing = listed.airings.get(ticket.uid) if listed else None
        return listed.subject(airing) if listed and airing else subject(ticket)

    def _listed(self) -> Programme | None:
        try:
            return programme(self._app, KEPT)
        except TraktIcalError as error:
            log.info("What is listed is not known: %s", error)
            return None

    def _words(self, airing: Airing) -> str:
        linked = (each for each in self._app.calendars if each.settings.checkin_links)
        return next(linked, self._app.calendars[0]).rules.words.summary(airing)


def subject(ticket: Ticket) -> Subject | None:
    """What the UID of *ticket* says by itself, None where it bears no number that Trakt goes by."""
    if found := _MOVIE.fullmatch(ticket.uid):
        return Subject(Work("", ids={"trakt": int(found[1])}, movie=True))
    if found := _EPISODE.fullmatch(ticket.uid):
        origin, number, season, episode = found.groups()
        show = Work("", ids={origin: int(number) if number.isdecimal() else number})
        return Subject(show, int(season), int(episode), starts=ticket.start)
    return None
