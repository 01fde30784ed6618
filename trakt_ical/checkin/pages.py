"""Where links that check in lead, in its framework: a ticket is read, a desk answers."""

from __future__ import annotations

import enum
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import htpy as h
from markupsafe import Markup

from trakt_ical.checkin.tickets import FOLDER, Ticket
from trakt_ical.feed.answers import NOT_FOUND, Answer, make_html_answer, make_text_answer
from trakt_ical.feed.page import HEADERS as OF_PAGES
from trakt_ical.feed.page import ICON, STYLE
from trakt_ical.wording import describe_moment

if TYPE_CHECKING:
    from trakt_ical.checkin.tickets import Tickets


FORM_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        **OF_PAGES,
        "Content-Security-Policy": OF_PAGES["Content-Security-Policy"].replace(
            "form-action 'none'", "form-action 'self'"
        ),
    }
)
"""Those of the other page, but that its form may be sent to where it came from."""


@dataclass(frozen=True, slots=True)
class Button:
    """A button that sends *choice*, with what is written on it; the *main* one is what most people want."""

    choice: str
    text: str
    main: bool = False


@dataclass(frozen=True, slots=True)
class FormPage:
    """What a page says: a *title*, *what* it is about, *sentences*, and *buttons*, which need the *once* to send.

    *trouble* is said in a box of its own; *done* marks a success.
    """

    title: str
    what: str = ""
    sentences: Sequence[str] = ()
    buttons: Sequence[Button] = ()
    once: str = ""
    trouble: str = ""
    done: bool = False


def render_form(shown: FormPage) -> bytes:
    """The whole document in UTF-8; `HEADERS` go with it."""
    document = h.html(lang="en")[
        h.head[
            h.meta(charset="utf-8"),
            h.title[shown.title],
            h.meta(name="viewport", content="width=device-width, initial-scale=1"),
            h.meta(name="color-scheme", content="light dark"),
            h.link(rel="icon", href=ICON),
            h.style[Markup(STYLE)],  # noqa: S704  our own file
        ],
        h.body(".desk")[
            h.main[
                h.section(".calendar")[
                    h.h1[shown.title],
                    shown.what and h.p(".subject")[h.bdi[shown.what]],
                    shown.trouble and h.p(".trouble", role="alert")[shown.trouble],
                    (h.p(class_=["said", shown.done and "well"], role="status")[each] for each in shown.sentences),
                    _render_buttons(shown) if shown.buttons else None,
                ],
            ],
            h.footer[h.p["Made by trakt-ical. Not affiliated with Trakt."]],
        ],
    ]
    return str(document).encode()


def _render_buttons(shown: FormPage) -> h.Element:
    """The form, which is sent to the page's own address: no address of ours stands in it."""
    return h.form(".choices", method="post")[
        h.input(type="hidden", name="once", value=shown.once),
        [
            h.button(class_=["choice", each.main and "main"], type="submit", name="choice", value=each.choice)[
                each.text
            ]
            for each in shown.buttons
        ],
    ]


GOOD_FOR = timedelta(minutes=15)  # of the word in a form
MOST = 1000  # words at a time; the oldest go first
USED = "This page was used before, or is too old: this time it did nothing. Here is a new one."
EARLY = timedelta(minutes=10)  # before its start an airing counts as begun


class FormChoice(enum.Enum):
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
class FormContext:
    """How a desk does its work: *named* names a ticket's airing, *act* checks in; times are told in *zone*."""

    now: Callable[[], datetime]
    zone: Callable[[], tzinfo]
    named: Callable[[Ticket], str]
    act: Callable[[Ticket, FormChoice], Outcome]


class FormTokens:
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


class CheckInForm:
    """Answers to who comes with a ticket."""

    def __init__(self, ways: FormContext) -> None:
        self._ways = ways
        self._words = FormTokens(ways.now)

    def ask(self, ticket: Ticket, trouble: str = "", status: int = 200) -> Answer:
        """The question whether to check in, which does nothing by itself."""
        name = self._ways.named(ticket)
        if ticket.expired(self._ways.now()):
            return self._page(
                410, FormPage("Too late", name, ["This airing was too long ago to check in from its link."])
            )
        button = Button(FormChoice.CHECK_IN.value, "Check in", main=True)
        asked = FormPage(
            "Check in?", name, self._early(ticket), [button], once=self._words.new(ticket), trouble=trouble
        )
        return self._page(status, asked)

    def answer(self, ticket: Ticket, form: bytes) -> Answer:
        """Do what the *form* asks for, once."""
        fields = dict(parse_qsl(form.decode(errors="replace")))
        word, wanted = (fields.get(name, "") for name in ("once", "choice"))
        if ticket.expired(self._ways.now()):
            return self.ask(ticket)
        if not self._words.spend(word, ticket) or wanted not in {each.value for each in FormChoice}:
            return self.ask(ticket, USED, 409)
        choice, name = FormChoice(wanted), self._ways.named(ticket)
        if choice is FormChoice.LEAVE:
            return self._page(200, FormPage("Left as it is", name, ["Nothing was changed."]))
        return self._told(ticket, name, self._ways.act(ticket, choice))

    def _told(self, ticket: Ticket, name: str, outcome: Outcome) -> Answer:
        match outcome:
            case Done():
                until = f" until {self._clock(outcome.until)}" if outcome.until else ""
                return self._page(200, FormPage("Checked in", name, [f"Enjoy it{until}."], done=True))
            case Waiting():
                said = f"The check-in follows when the running one ends, {self._clock(outcome.until)}."
                return self._page(200, FormPage("Waiting", name, [said, "You may close this page."], done=True))
            case Conflict():
                buttons = [
                    Button(FormChoice.WAIT.value, f"Wait until {self._clock(outcome.until)}", main=True),
                    Button(FormChoice.REPLACE.value, "End that one and check in now"),
                    Button(FormChoice.LEAVE.value, "Leave it as it is"),
                ]
                word = self._words.new(ticket)
                return self._page(409, FormPage("A check-in is running", name, [outcome.sentence], buttons, once=word))
            case Failed():
                again = Button(FormChoice.CHECK_IN.value, "Try again")
                word = self._words.new(ticket)
                return self._page(
                    200, FormPage("Not checked in", name, buttons=[again], once=word, trouble=outcome.sentence)
                )

    def _early(self, ticket: Ticket) -> list[str]:
        start, now = ticket.start, self._ways.now()
        if isinstance(start, datetime):
            return [f"It begins {self._clock(start)}."] if start - EARLY > now else []
        return [f"It is dated {start}."] if start > now.astimezone(self._ways.zone()).date() else []

    def _clock(self, moment: datetime) -> str:
        return describe_moment(moment, self._ways.now(), self._ways.zone())

    @staticmethod
    def _page(status: int, shown: FormPage) -> Answer:
        return make_html_answer(status, render_form(shown), FORM_HEADERS)


NOT_ALLOWED = make_text_answer(405, "Only GET, HEAD and POST are answered here.\n", ((b"allow", b"GET, HEAD, POST"),))


class CheckInRoute:
    """Answers requests for check-in links: a path without one of *tickets* is 404, the rest is *form*'s."""

    path = f"/{FOLDER}/"

    def __init__(self, form: CheckInForm, tickets: Tickets) -> None:
        self._form = form
        self._tickets = tickets

    def respond(self, method: str, path: str, body: bytes) -> Answer:
        """Return the answer to a request for *path*; *body* is the form that a POST sent."""
        if method not in ("GET", "HEAD", "POST"):
            return NOT_ALLOWED
        ticket = self._tickets.read(path.removeprefix("/"))
        if ticket is None:
            return NOT_FOUND
        return self._form.answer(ticket, body) if method == "POST" else self._form.ask(ticket)
