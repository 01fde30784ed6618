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
from markupsafe import Markup

from trakt_ical.checkin.items import Conflict
from trakt_ical.checkin.links import Done, Failed, FormChoice, LinkCheckIns, Outcome, Waiting
from trakt_ical.checkin.listings import LEAD
from trakt_ical.checkin.service import describe_conflict
from trakt_ical.checkin.signed_links import FOLDER, Ticket, Tickets
from trakt_ical.feed.answers import NOT_FOUND, Answer, make_html_answer, make_text_answer
from trakt_ical.feed.page import HEADERS as PAGE_HEADERS
from trakt_ical.feed.page import ICON, STYLE

TOKEN_LIFETIME = timedelta(minutes=15)
MOST_TOKENS = 1000  # of forms that were shown and not sent; the oldest go first
USED = "That page was already used or is too old, so nothing was done. You can check in from this page."
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
    """What a page says: a *title*, the *airing*, *sentences*, and *buttons*, which send the *token*.

    *trouble* stands in a box of its own; *done* marks a success.
    """

    title: str
    airing: str
    sentences: Sequence[str] = ()
    buttons: Sequence[Button] = ()
    token: str = ""
    trouble: str = ""
    done: bool = False


class CheckInRoute:
    """Answers requests for check-in links: a path without one of *tickets* is 404; *links* does the rest.

    Only a POST with a token checks in: calendar programs, mail filters and browsers open links to preview them.
    """

    path = f"/{FOLDER}/"

    def __init__(self, links: LinkCheckIns, tickets: Tickets) -> None:
        self._links = links
        self._context = links.context
        self._tickets = tickets
        self._tokens = FormTokens(links.context.now)

    def has_link(self, path: str) -> bool:
        """Whether *path* is a link of the account's, still good or not."""
        return self._tickets.read_ticket(path.removeprefix("/")) is not None

    def respond(self, method: str, path: str, body: bytes) -> Answer:
        """Return the answer to a request for *path*; *body* is the form that a POST sent."""
        if method not in ("GET", "HEAD", "POST"):
            return NOT_ALLOWED
        ticket = self._tickets.read_ticket(path.removeprefix("/"))
        if ticket is None:
            return NOT_FOUND
        # Before the form is looked at: a page that was left open does not outlive its link.
        if ticket.is_expired(self._context.now()):
            return _make_answer(410, FormPage("Too late", self._links.name_airing(ticket), [EXPIRED]))
        return self._answer_form(ticket, body) if method == "POST" else self._answer_question(ticket)

    def _answer_question(self, ticket: Ticket, trouble: str = "", status: int = 200) -> Answer:
        """The question whether to check in, from the stored copy alone: Trakt is not asked."""
        button = Button(FormChoice.CHECK_IN, "Check in", main=True)
        page = FormPage(
            "Check in?",
            self._links.name_airing(ticket),
            self._describe_start(ticket),
            [button],
            self._tokens.make_token(ticket),
            trouble,
        )
        return _make_answer(status, page)

    def _answer_form(self, ticket: Ticket, body: bytes) -> Answer:
        """What the form in *body* asks for, once."""
        fields = dict(parse_qsl(body.decode(errors="replace")))
        token, choice = fields.get("once", ""), fields.get("choice", "")
        # The token is spent before anything else is looked at: two requests at a time must not both pass.
        if not self._tokens.use_token(token, ticket) or choice not in {each.value for each in FormChoice}:
            return self._answer_question(ticket, USED, 409)
        airing = self._links.name_airing(ticket)
        if choice == FormChoice.LEAVE.value:
            return _make_answer(200, FormPage("Left as it is", airing, ["Nothing was changed."]))
        return self._answer_outcome(ticket, airing, self._links.act(ticket, FormChoice(choice)))

    def _answer_outcome(self, ticket: Ticket, airing: str, outcome: Outcome) -> Answer:
        describe = self._context.describe_time
        match outcome:
            case Done():
                until = f" until {describe(outcome.until)}" if outcome.until else ""
                return _make_answer(200, FormPage("Checked in", airing, [f"Enjoy it{until}."], done=True))
            case Waiting():
                sentence = f"You will be checked in when the other check-in ends, {describe(outcome.until)}."
                sentences = [sentence, "You may close this page."]
                return _make_answer(200, FormPage("Waiting", airing, sentences, done=True))
            case Conflict():
                buttons = [
                    Button(FormChoice.WAIT, f"Wait until {describe(outcome.until)}", main=True),
                    Button(FormChoice.REPLACE, "End that one and check in now"),
                    Button(FormChoice.LEAVE, "Leave it as it is"),
                ]
                token, sentences = self._tokens.make_token(ticket), [describe_conflict(outcome, self._context)]
                return _make_answer(409, FormPage("A check-in is running", airing, sentences, buttons, token))
            case Failed():
                buttons = [Button(FormChoice.CHECK_IN, "Try again")]
                token, trouble = self._tokens.make_token(ticket), outcome.sentence
                return _make_answer(200, FormPage("Not checked in", airing, (), buttons, token, trouble))

    def _describe_start(self, ticket: Ticket) -> list[str]:
        """When the airing begins, where that is still to come."""
        start, now = ticket.start, self._context.now()
        if isinstance(start, datetime):
            return [f"It begins {self._context.describe_time(start)}."] if start - LEAD > now else []
        return [f"It airs on {start}."] if start > now.astimezone(self._context.zone).date() else []


def _make_answer(status: int, page: FormPage) -> Answer:
    return make_html_answer(status, render_form(page), FORM_HEADERS)


def render_form(page: FormPage) -> bytes:
    """Return the whole document in UTF-8; `FORM_HEADERS` go with it."""
    document = h.html(lang="en")[
        h.head[
            h.meta(charset="utf-8"),
            h.title[page.title],
            h.meta(name="viewport", content="width=device-width, initial-scale=1"),
            h.meta(name="color-scheme", content="light dark"),
            h.link(rel="icon", href=ICON),
            h.style[Markup(STYLE)],  # noqa: S704  our own file
        ],
        h.body(".form-page")[
            h.main[
                h.section(".calendar")[
                    h.h1[page.title],
                    h.p(".form-airing")[h.bdi[page.airing]],
                    page.trouble and h.p(".trouble", role="alert")[page.trouble],
                    (h.p(class_=page.done and "well", role="status")[each] for each in page.sentences),
                    _render_buttons(page) if page.buttons else None,
                ],
            ],
            h.footer[h.p["Made by trakt-ical. Not affiliated with Trakt."]],
        ],
    ]
    return str(document).encode()


def _render_buttons(page: FormPage) -> h.Element:
    """The form, which is sent to the page's own address: no address of ours stands in it."""
    return h.form(".choices", method="post")[
        h.input(type="hidden", name="once", value=page.token),
        [
            h.button(class_=["choice", each.main and "main"], type="submit", name="choice", value=each.choice.value)[
                each.text
            ]
            for each in page.buttons
        ],
    ]
