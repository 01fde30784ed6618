"""The page for people as a document: its headers, what is wrong, and one section for each calendar."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import date
from importlib.resources import files
from types import MappingProxyType

import htpy as h
from markupsafe import Markup

from trakt_ical import wording
from trakt_ical.feed.page_content import (
    AiringRow,
    AiringState,
    PageAiring,
    PageCalendar,
    PageContent,
    arrange_week,
    find_recent,
)
from trakt_ical.feed.subscribe import render_subscribe
from trakt_ical.model import local_date


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash_source(text: str) -> str:
    """Return the source expression of a Content-Security-Policy that allows *text* and nothing else."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


STYLE = _read("style.css")
SCRIPT = _read("script.js")
ICON = "data:image/svg+xml;base64," + base64.b64encode(_read("icon.svg").encode()).decode()

# Titles and names come from strangers. Should one of them ever become markup, the policy still lets nothing run, load
# or leave: style and script are allowed by their hashes alone.
_POLICY = {
    "default-src": "'none'",
    "style-src": _hash_source(STYLE),
    "script-src": _hash_source(SCRIPT),
    "img-src": "data:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": "; ".join(f"{directive} {source}" for directive, source in _POLICY.items()),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",  # the page's address is a secret; the buttons lead to other sites
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow",
        "Cache-Control": "no-store",
    }
)
"""The headers of the page. They are constants, since nothing in the document's style or script ever changes."""


STATE_CLASSES = {
    AiringState.AHEAD: "ahead",
    AiringState.ON: "on",
    AiringState.OVER: "over",
    AiringState.UNLISTED: "gone",
}


def render_week(airings: Iterable[PageAiring], content: PageContent, *, anchor: str) -> h.Element:
    """Return the week's part of a calendar's section."""
    days = arrange_week(airings, content.now, content.zone)
    today = local_date(content.now, content.zone)
    return h.div(".week", id=f"{anchor}-week")[
        render_recent(airings, content),
        h.h3["This week"],
        [_render_day(day, rows, today) for day, rows in days.items()]
        if any(days.values())
        else h.p(".quiet")["Nothing is on in the next seven days."],
    ]


def render_recent(airings: Iterable[PageAiring], content: PageContent) -> h.Element | None:
    """Return what was on before today and still offers a check-in."""
    recent = find_recent(airings, content.now, content.zone)
    if not recent:
        return None
    return h.div(".day.lately")[h.h3["Lately"], h.ul[[_render_row(row, day) for day, row in recent]]]


def _render_day(day: date, rows: list[AiringRow], today: date) -> h.Element:
    word, full = wording.name_day(day, today), wording.format_long_day(day)
    return h.div(class_=["day", day == today and "today"])[
        h.h4[full if full in word else [h.strong[word], f" {full}"]],
        h.ul[[_render_row(row) for row in rows]] if rows else h.p(".quiet")["Nothing on."],
    ]


def _render_row(row: AiringRow, day: date | None = None) -> h.Element:
    """Return one line; with its *day* in place of its hours, where no heading says the day."""
    airing, state = row.airing, row.state
    title = h.bdi(".title")[airing.summary]  # bdi: a right-to-left title must not turn round the words beside it
    return h.li(class_=STATE_CLASSES[state])[
        h.span(".hours")[
            h.time(datetime=airing.start.isoformat())[wording.format_short_day(day) if day else row.hours]
        ],
        h.span(".what")[
            h.s[title] if state is AiringState.UNLISTED else title,
            state.value and [" ", h.span(".unseen" if state is AiringState.OVER else ".mark")[state.value]],
        ],
        airing.check_in_url
        and h.a(".check-in", href=airing.check_in_url)["Check in", h.span(".unseen")[" to ", h.bdi[airing.summary]]],
    ]


def render_calendar(calendar: PageCalendar, content: PageContent, *, anchor: str) -> h.Element:
    """Return the section of *calendar*, to be found under *anchor*; the ids inside begin with it."""
    has_copy = calendar.last_success is not None
    return h.section(".calendar", id=anchor, aria_labelledby=f"{anchor}-name")[
        h.div(".name")[
            h.h2(id=f"{anchor}-name")[h.bdi[calendar.name]],
            _render_freshness(calendar, content),
            has_copy and h.a(".jump", href=f"#{anchor}-week")["This week"],
        ],
        calendar.trouble and h.p(".trouble", role="status")[calendar.trouble],
        h.div(".columns")[
            render_subscribe(calendar, is_public=content.is_public, anchor=anchor),
            has_copy and render_week(calendar.airings, content, anchor=anchor),
        ],
        calendar.credit and render_credit(calendar),
    ]


def render_credit(calendar: PageCalendar) -> h.Element:
    """Return the sentence that the licence of the airings asks for, with its links."""
    pattern = "|".join(re.escape(words) for words in calendar.credit_links)
    parts = re.split(f"({pattern})", calendar.credit) if pattern else [calendar.credit]
    links = calendar.credit_links
    return h.p(".quiet.credit")[[h.a(href=links[part])[part] if part in links else part for part in parts]]


def _render_freshness(calendar: PageCalendar, content: PageContent) -> h.Element:
    if calendar.last_success is None:
        return h.p(".fresh.ill")["This calendar has not been fetched yet. You can subscribe to it already."]
    then = calendar.last_success.astimezone(content.zone)
    return h.p(class_=["fresh", "ill" if calendar.trouble else "well"])[
        f"Updated {wording.describe_age(then, content.now)} (",
        h.time(datetime=then.isoformat(timespec="seconds"))[wording.describe_moment(then, content.now, content.zone)],
        ")",
    ]


def render_page(content: PageContent) -> bytes:
    """Return the whole document in UTF-8; `HEADERS` go with it."""
    title = "Your Trakt calendar" if len(content.calendars) == 1 else "Your Trakt calendars"
    document = h.html(lang="en")[
        _render_head(title),
        h.body[
            h.header(".top")[h.div[h.h1[title], _render_clock(content)], _render_contents(content)],
            h.main[
                content.trouble and h.p(".trouble", role="alert")[content.trouble],
                [
                    render_calendar(calendar, content, anchor=_make_anchor(number))
                    for number, calendar in enumerate(content.calendars, 1)
                ],
                not content.calendars and h.p(".quiet")["There is no calendar yet."],
            ],
            _render_footer(),
            h.script[Markup(SCRIPT)],  # noqa: S704  our own file
        ],
    ]
    return str(document).encode()


def _render_head(title: str) -> h.Element:
    return h.head[
        h.meta(charset="utf-8"),
        h.title[title],
        h.meta(name="viewport", content="width=device-width, initial-scale=1"),
        h.meta(name="color-scheme", content="light dark"),
        h.link(rel="icon", href=ICON),
        h.style[Markup(STYLE)],  # noqa: S704  our own file
    ]


def _render_clock(content: PageContent) -> h.Element:
    now = content.now.astimezone(content.zone)
    day_and_hour = f"{wording.format_long_day(now.date())}, {wording.format_hour(now, content.zone)}"
    return h.p(".quiet")[h.time(datetime=now.isoformat(timespec="minutes"))[day_and_hour], f" · {content.zone}"]


def _make_anchor(number: int) -> str:
    return f"calendar-{number}"


def _render_contents(content: PageContent) -> h.Element | None:
    if len(content.calendars) < 2:
        return None
    links = [
        h.li[h.a(href=f"#{_make_anchor(number)}")[h.bdi[calendar.name]]]
        for number, calendar in enumerate(content.calendars, 1)
    ]
    return h.nav(".contents", aria_label="Calendars")[h.ul[links]]


def _render_footer() -> h.Element:
    return h.footer[
        h.p[
            "Keep these addresses secret. Anyone with an address can read that calendar, and anyone with the address "
            "of this page can read them all. If an address leaks, replace it with ",
            h.code["trakt-ical feed renew NAME"],
            ".",
        ],
        h.p["Made by trakt-ical. Not affiliated with Trakt."],
    ]
