"""Check-in from a link: a GET asks and does nothing, a POST bears a word that works once.

Previews, prefetching and bots send GET and HEAD: these never check in. The word of the form is for one link, dies after
a while and with the server, and is spent by the first POST that bears it.
"""

from __future__ import annotations

import enum
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from urllib.parse import parse_qsl

from trakt_ical.export.pages.desk import HEADERS, Button, Sheet, sheet
from trakt_ical.export.pages.words import absolute
from trakt_ical.export.tickets import Ticket

GOOD_FOR = timedelta(minutes=15)  # of the word in a form
MOST = 1000  # words at a time; the oldest go first
USED = "This page was used before, or is too old: this time it did nothing. Here is a new one."
EARLY = timedelta(minutes=10)  # before its start an airing counts as begun


class Choice(enum.Enum):
    """What somebody asks for by a button."""

    CHECK_IN = "check-in"
    WAIT = "wait"
    REPLACE = "replace"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Done:
    """The check-in began, and lasts *until* then (None: Trakt does not say)."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another check-in runs *until* then; *sentence* says which."""

    sentence: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """The check-in follows when the running one ends, *until* then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """Nothing came of it, for the reason that *sentence* gives."""

    sentence: str


Outcome = Done | Conflict | Waiting | Failed


@dataclass(frozen=True)
class Ways:
    """How a desk does its work: *named* names a ticket's airing, *act* checks in; times are told in *zone*."""

    now: Callable[[], datetime]
    zone: Callable[[], tzinfo]
    named: Callable[[Ticket], str]
    act: Callable[[Ticket, Choice], Outcome]


class Words:
    """The words of forms that were shown and not sent yet. Safe to use from several threads."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Ticket, datetime]] = {}

    def new(self, ticket: Ticket) -> str:
        """A word for a form about *ticket*."""
        word = secrets.token_urlsafe(20)
        with self._lock:
            while len(self._known) >= MOST:
                self._known.pop(next(iter(self._known)))
            self._known[word] = ticket, self._now() + GOOD_FOR
        return word

    def spend(self, word: str, ticket: Ticket) -> bool:
        """Whether *word* was good for *ticket*; it never is again."""
        with self._lock:
            known, until = self._known.pop(word, (None, self._now()))
        return known == ticket and self._now() <= until


@dataclass(frozen=True)
class Reply:
    """A page, with the status and the headers that it goes with."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: HEADERS)


class Desk:
    """Answers to who comes with a ticket."""

    def __init__(self, ways: Ways) -> None:
        self._ways = ways
        self._words = Words(ways.now)

    def ask(self, ticket: Ticket, trouble: str = "", status: int = 200) -> Reply:
        """The question whether to check in, which does nothing by itself."""
        name = self._ways.named(ticket)
        if ticket.expired(self._ways.now()):
            return self._page(410, Sheet("Too late", name, ["This airing was too long ago to check in from its link."]))
        button = Button(Choice.CHECK_IN.value, "Check in", main=True)
        asked = Sheet("Check in?", name, self._early(ticket), [button], once=self._words.new(ticket), trouble=trouble)
        return self._page(status, asked)

    def answer(self, ticket: Ticket, form: bytes) -> Reply:
        """Do what the *form* asks for, once."""
        fields = dict(parse_qsl(form.decode(errors="replace")))
        word, wanted = (fields.get(name, "") for name in ("once", "choice"))
        if ticket.expired(self._ways.now()):
            return self.ask(ticket)
        if not self._words.spend(word, ticket) or wanted not in {each.value for each in Choice}:
            return self.ask(ticket, USED, 409)
        choice, name = Choice(wanted), self._ways.named(ticket)
        if choice is Choice.LEAVE:
            return self._page(200, Sheet("Left as it is", name, ["Nothing was changed."]))
        return self._told(ticket, name, self._ways.act(ticket, choice))

    def _told(self, ticket: Ticket, name: str, outcome: Outcome) -> Reply:
        match outcome:
            case Done():
                until = f" until {self._clock(outcome.until)}" if outcome.until else ""
                return self._page(200, Sheet("Checked in", name, [f"Enjoy it{until}."], done=True))
            case Waiting():
                said = f"The check-in follows when the running one ends, {self._clock(outcome.until)}."
                return self._page(200, Sheet("Waiting", name, [said, "You may close this page."], done=True))
            case Conflict():
                buttons = [
                    Button(Choice.WAIT.value, f"Wait until {self._clock(outcome.until)}", main=True),
                    Button(Choice.REPLACE.value, "End that one and check in now"),
                    Button(Choice.LEAVE.value, "Leave it as it is"),
                ]
                word = self._words.new(ticket)
                return self._page(409, Sheet("A check-in is running", name, [outcome.sentence], buttons, once=word))
            case Failed():
                again = Button(Choice.CHECK_IN.value, "Try again")
                word = self._words.new(ticket)
                return self._page(
                    200, Sheet("Not checked in", name, buttons=[again], once=word, trouble=outcome.sentence)
                )

    def _early(self, ticket: Ticket) -> list[str]:
        start, now = ticket.start, self._ways.now()
        if isinstance(start, datetime):
            return [f"It begins {self._clock(start)}."] if start - EARLY > now else []
        return [f"It is dated {start}."] if start > now.astimezone(self._ways.zone()).date() else []

    def _clock(self, moment: datetime) -> str:
        return absolute(moment, self._ways.now(), self._ways.zone())

    @staticmethod
    def _page(status: int, shown: Sheet) -> Reply:
        return Reply(status, sheet(shown))
