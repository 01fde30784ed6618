"""The document as a whole: head, what is wrong with the service, one section for each calendar, what to keep secret."""

from __future__ import annotations

import htpy as h
from markupsafe import Markup

from trakt_ical.export.pages import words
from trakt_ical.export.pages.calendar import calendar
from trakt_ical.export.pages.look import ICON, SCRIPT, STYLE
from trakt_ical.export.pages.shown import Page


def page(shown: Page) -> bytes:
    """The whole document in UTF-8; `HEADERS` go with it, since its style and script are let in by their hashes."""
    title = "Your Trakt calendar" if len(shown.subscriptions) == 1 else "Your Trakt calendars"
    document = h.html(lang="en")[
        _head(title),
        h.body[
            h.header(".top")[h.div[h.h1[title], _as_of(shown)], _contents(shown)],
            h.main[
                shown.trouble and h.p(".trouble", role="alert")[shown.trouble],
                [calendar(each, shown, anchor=_anchor(number)) for number, each in enumerate(shown.subscriptions, 1)],
                not shown.subscriptions and h.p(".quiet")["There is no calendar yet."],
            ],
            _foot(),
            h.script[Markup(SCRIPT)],  # noqa: S704  our own file
        ],
    ]
    return str(document).encode()


def _head(title: str) -> h.Element:
    return h.head[
        h.meta(charset="utf-8"),
        h.title[title],
        h.meta(name="viewport", content="width=device-width, initial-scale=1"),
        h.meta(name="color-scheme", content="light dark"),
        h.link(rel="icon", href=ICON),
        h.style[Markup(STYLE)],  # noqa: S704  our own file
    ]


def _as_of(shown: Page) -> h.Element:
    now = shown.now.astimezone(shown.zone)
    day_and_hour = f"{words.long_day(now.date())}, {words.hour(now, shown.zone)}"
    return h.p(".quiet")[h.time(datetime=now.isoformat(timespec="minutes"))[day_and_hour], f" · {shown.zone}"]


def _anchor(number: int) -> str:
    return f"calendar-{number}"


def _contents(shown: Page) -> h.Element | None:
    if len(shown.subscriptions) < 2:
        return None
    named = [(f"#{_anchor(number)}", each.name) for number, each in enumerate(shown.subscriptions, 1)]
    return h.nav(".contents", aria_label="Calendars")[h.ul[[h.li[h.a(href=to)[h.bdi[name]]] for to, name in named]]]


def _foot() -> h.Element:
    return h.footer[
        h.p[
            "Every address here is a secret: whoever has one can read that calendar, and this page shows them all. "
            "If one got out, give the calendar a new one with ",
            h.code["trakt-ical feed renew NAME"],
            ".",
        ],
        h.p["Made by trakt-ical. Not affiliated with Trakt."],
    ]
