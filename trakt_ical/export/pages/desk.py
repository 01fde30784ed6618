"""The pages of a check-in from a link: the question, what came of it, and why nothing did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import htpy as h
from markupsafe import Markup

from trakt_ical.export.pages.look import HEADERS as OF_PAGES
from trakt_ical.export.pages.look import ICON, STYLE

HEADERS: Mapping[str, str] = MappingProxyType(
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
class Sheet:
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


def sheet(shown: Sheet) -> bytes:
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
                    _form(shown) if shown.buttons else None,
                ],
            ],
            h.footer[h.p["Made by trakt-ical. Not affiliated with Trakt."]],
        ],
    ]
    return str(document).encode()


def _form(shown: Sheet) -> h.Element:
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
