"""The pages that check-in links lead to: a question with a button, and the result of pressing it."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from urllib.parse import parse_qsl

import htpy as h

from trakt_ical.checkin.items import Conflict
from trakt_ical.checkin.links import Done, Failed, FormChoice, LinkCheckIns, Outcome, Undone, UsedBefore, Waiting
from trakt_ical.checkin.listings import LEAD
from trakt_ical.checkin.service import CheckInContext, describe_conflict
from trakt_ical.checkin.signed_links import FOLDER, Ticket, Tickets
from trakt_ical.checkin.used_links import LinkUse
from trakt_ical.feed.answers import NOT_FOUND, Answer, make_html_answer, make_text_answer
from trakt_ical.feed.page import HEADERS as PAGE_HEADERS
from trakt_ical.feed.page import render_head

TOKEN_LIFETIME = timedelta(minutes=15)
MOST_TOKENS = 1000  # of forms that were shown and not sent; the oldest go first
USED = "That button was pressed before, or its page is too old. This page shows how things are now."
COUNTED = (
    "It has ended, so Trakt counts it as watched. To take that back, remove it from your history at Trakt.",
    "If you watch it once more, check in again.",
)
EXPIRED = "This airing was too long ago to check in from its link."

FORM_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        **PAGE_HEADERS,
        "Content-Security-Policy": PAGE_HEADERS["Content-Security-Policy"].replace(
            "form-action 'none'", "form-action 'self'"
        ),
    }
)
"""The headers of the feed's page, except that a form may be sent to the address that it came from."""

NOT_ALLOWED = make_text_answer(405, "Only GET, HEAD and POST are answered here.\n", ((b"allow", b"GET, HEAD, POST"),))


class FormTokens:
    """The tokens of forms that were shown and not sent yet. Safe to use from several threads.

    A browser sends a form again on reload, on going back, and when a person taps twice. Without a token that works
    once, each of these would be another check-in. They are kept in memory alone: after a restart a page asks anew.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Ticket, datetime]] = {}

    def make_token(self, ticket: Ticket) -> str:
        """Return a token for one form about *ticket*."""
        token = secrets.token_urlsafe(20)
        with self._lock:
            # Anybody with a link can open its page as often as he likes, and each time makes a token.
            while len(self._known) >= MOST_TOKENS:
                self._known.pop(next(iter(self._known)))
            self._known[token] = ticket, self._now() + TOKEN_LIFETIME
        return token

    def use_token(self, token: str, ticket: Ticket) -> bool:
        """Whether *token* is good for *ticket*; it never will be again."""
        with self._lock:
            known, end = self._known.pop(token, (None, self._now()))
        return known == ticket and self._now() <= end


@dataclass(frozen=True, slots=True)
class Button:
    """A button that sends *choice*, with what is written on it; the *main* one is what most people want."""

    choice: FormChoice
    text: str
    main: bool = False


@dataclass(frozen=True, slots=True)
class FormPage:
    """What a page says about an airing: a *title*, *sentences*, and *buttons*; *done* marks a success."""

    title: str
    sentences: Sequence[str] = ()
    buttons: Sequence[Button] = ()
    done: bool = False


UNDO = Button(FormChoice.UNDO, "Undo the check-in")


class CheckInRoute:
    """Answers requests for check-in links: a path without one of *tickets* is 404; *links* does the rest.

    Only a POST with a token checks in: calendar programs, mail filters and browsers open links to preview them.
    """

    path = f"/{FOLDER}/"

    def __init__(self, links: LinkCheckIns, tickets: Tickets) -> None:
        self._links = links
        self.tickets = tickets
        """Replaced where the key of the links was."""
        self._tokens = FormTokens(links.context.now)

    @property
    def _context(self) -> CheckInContext:
        return self._links.context  # another one where the settings change

    def has_link(self, path: str) -> bool:
        """Whether *path* is a link of the account's, still good or not."""
        return self.tickets.read_ticket(path.removeprefix("/")) is not None

    def respond(self, method: str, path: str, body: bytes) -> Answer:
        """Return the answer to a request for *path*; *body* is the form that a POST sent."""
        if method not in ("GET", "HEAD", "POST"):
            return NOT_ALLOWED
        ticket = self.tickets.read_ticket(path.removeprefix("/"))
        if ticket is None:
            return NOT_FOUND
        # Before the form is looked at: a page that was left open does not outlive its link.
        if ticket.is_expired(self._context.now()):
            return self._answer(ticket, FormPage("Too late", [EXPIRED]), status=410)
        return self._answer_form(ticket, body) if method == "POST" else self._answer_state(ticket)

    def _answer_state(self, ticket: Ticket, trouble: str = "", status: int = 200) -> Answer:
        """What became of the link so far, and what can be done, from what is kept here alone: Trakt is not asked."""
        return self._answer(ticket, self._make_state_page(ticket), trouble, status)

    def _make_state_page(self, ticket: Ticket) -> FormPage:
        use, waits_until = self._links.find_use(ticket), self._links.find_wait(ticket)
        if waits_until:
            return self._make_waiting_page(waits_until)
        if use and not use.is_undone:
            return self._make_used_page(use)
        undone = [f"You undid the check-in of {self._context.describe_time(use.since)}."] if use else []
        sentences = [*undone, *self._describe_start(ticket)]
        return FormPage("Check in?", sentences, [Button(FormChoice.CHECK_IN, "Check in", main=True)])

    def _make_used_page(self, use: LinkUse) -> FormPage:
        describe = self._context.describe_time
        checked_in = f"You checked in from this link {describe(use.since)}."
        if use.is_over(self._context.now()):
            again = Button(FormChoice.AGAIN, "Check in again")
            return FormPage("Already checked in", [checked_in, *COUNTED], [again])
        until = [f"It runs until {describe(use.until)}."] if use.until else []
        return FormPage("Already checked in", [checked_in, *until], [UNDO])

    def _make_waiting_page(self, until: datetime) -> FormPage:
        sentence = f"You will be checked in when the other check-in ends, {self._context.describe_time(until)}."
        call_off = Button(FormChoice.UNDO, "Do not check in")
        return FormPage("Waiting", [sentence, "You may close this page."], [call_off], done=True)

    def _answer_form(self, ticket: Ticket, body: bytes) -> Answer:
        """What the form in *body* asks for, once."""
        fields = dict(parse_qsl(body.decode(errors="replace")))
        choice = next((each for each in FormChoice if each.value == fields.get("choice")), None)
        # The token is spent before anything else is looked at: two requests at a time must not both pass.
        if not self._tokens.use_token(fields.get("once", ""), ticket) or choice is None:
            self._links.wait_for_others()
            return self._answer_state(ticket, USED, 409)
        if choice is FormChoice.LEAVE:
            return self._answer(ticket, FormPage("Left as it is", ["Nothing was changed."]))
        return self._answer_outcome(ticket, choice, self._links.act(ticket, choice))

    def _answer_outcome(self, ticket: Ticket, choice: FormChoice, outcome: Outcome) -> Answer:
        describe = self._context.describe_time
        match outcome:
            case Done():
                until = f" until {describe(outcome.until)}" if outcome.until else ""
                return self._answer(ticket, FormPage("Checked in", [f"Enjoy it{until}."], [UNDO], done=True))
            case Waiting():
                return self._answer(ticket, self._make_waiting_page(outcome.until))
            case UsedBefore():
                return self._answer(ticket, self._make_used_page(outcome.use), status=409)
            case Undone():
                title = "Called off" if outcome.was_waiting else "Undone"
                sentence = "You will not be checked in." if outcome.was_waiting else "You are not checked in any more."
                instead = [f"{outcome.instead} is being watched now, and goes on."] if outcome.instead else []
                again = Button(FormChoice.CHECK_IN, "Check in again")
                return self._answer(ticket, FormPage(title, [sentence, *instead], [again], done=True))
            case Conflict():
                buttons = [
                    Button(FormChoice.WAIT, f"Wait until {describe(outcome.until)}", main=True),
                    Button(FormChoice.REPLACE, "End that one and check in now"),
                    Button(FormChoice.LEAVE, "Leave it as it is"),
                ]
                page = FormPage("A check-in is running", [describe_conflict(outcome, self._context)], buttons)
                return self._answer(ticket, page, status=409)
            case Failed():
                title = "Not undone" if choice is FormChoice.UNDO else "Not checked in"
                page = FormPage(title, buttons=[Button(choice, "Try again")])
                return self._answer(ticket, page, outcome.sentence)

    def _answer(self, ticket: Ticket, page: FormPage, trouble: str = "", status: int = 200) -> Answer:
        """Return *page* about the airing of *ticket*, with *trouble* in a box, and with a token for its buttons."""
        token = self._tokens.make_token(ticket) if page.buttons else ""
        document = render_form(page, self._links.name_airing(ticket), token, trouble)
        return make_html_answer(status, document, FORM_HEADERS)

    def _describe_start(self, ticket: Ticket) -> list[str]:
        """When the airing begins, where that is still to come."""
        start, now = ticket.start, self._context.now()
        if isinstance(start, datetime):
            return [f"It begins {self._context.describe_time(start)}."] if start - LEAD > now else []
        return [f"It airs on {start}."] if start > now.astimezone(self._context.zone).date() else []


def render_form(page: FormPage, airing: str, token: str, trouble: str) -> bytes:
    """Return the whole document in UTF-8; its buttons send the *token*. `FORM_HEADERS` go with it."""
    document = h.html(lang="en")[
        render_head(page.title),
        h.body(".form-page")[
            h.main[
                h.section(".calendar")[
                    h.h1[page.title],
                    h.p(".form-airing")[h.bdi[airing]],
                    trouble and h.p(".trouble", role="alert")[trouble],
                    (h.p(class_=page.done and "well", role="status")[each] for each in page.sentences),
                    _render_buttons(page.buttons, token) if page.buttons else None,
                ],
            ],
            h.footer[h.p["Made by trakt-ical. Not affiliated with Trakt."]],
        ],
    ]
    return str(document).encode()


def _render_buttons(buttons: Sequence[Button], token: str) -> h.Element:
    """The form, which is sent to the page's own address: no address of ours stands in it."""
    return h.form(".choices", method="post")[
        h.input(type="hidden", name="once", value=token),
        [
            h.button(class_=["choice", each.main and "main"], type="submit", name="choice", value=each.choice.value)[
                each.text
            ]
            for each in buttons
        ],
    ]
