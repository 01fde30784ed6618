"""The page for people as a document: its headers, what is wrong, the week, and how to subscribe to each calendar."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.resources import files
from types import MappingProxyType

import htpy as h
from markupsafe import Markup

from trakt_ical import wording
from trakt_ical.feed.outage import Condition, Freshness
from trakt_ical.feed.page_content import Destination, PageCalendar, PageContent
from trakt_ical.feed.page_week import FILTER_RULES, render_week
from trakt_ical.feed.subscribe import render_advice, render_subscribe


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash_source(text: str) -> str:
    """Return the source expression of a Content-Security-Policy that allows *text* and nothing else."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


STYLE = _read("style.css") + FILTER_RULES
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


NOT_FETCHED = "Not fetched yet. You can subscribe already."
_ORDER = (Condition.OLD, Condition.FAILING, Condition.WELL)  # the worst first


def render_page(content: PageContent) -> bytes:
    """Return the whole document in UTF-8; `HEADERS` go with it."""
    calendars = content.calendars
    title = calendars[0].name if len(calendars) == 1 else "Your calendars"
    document = h.html(lang="en")[
        render_head(title),
        h.body[
            _render_top(title, content),
            h.main[
                bool(content.trouble) and _render_trouble("alert", content.trouble),
                h.div(".columns")[
                    any(calendar.last_success for calendar in calendars) and render_week(content),
                    _render_calendars(content) if calendars else h.p(".quiet")["There is no calendar yet."],
                ],
                [_render_credit(calendar) for calendar in _list_credits(calendars)],
            ],
            _render_footer(content.renew_command),
            h.script[Markup(SCRIPT)],  # noqa: S704  our own file
        ],
    ]
    return str(document).encode()


def render_head(title: str) -> h.Element:
    """Return the head of a page for people, with all that `HEADERS` allow."""
    return h.head[
        h.meta(charset="utf-8"),
        h.title[title],
        h.meta(name="viewport", content="width=device-width, initial-scale=1"),
        h.meta(name="color-scheme", content="light dark"),
        h.link(rel="icon", href=ICON),
        h.style[Markup(STYLE)],  # noqa: S704  our own file
    ]


def _render_top(title: str, content: PageContent) -> h.Element:
    """Return the head of the page: its name, the day, and how fresh all calendars are together."""
    now = content.now.astimezone(content.zone)
    day_and_hour = f"{wording.format_long_day(now.date())}, {wording.format_hour(now, content.zone)}"
    return h.header(".top")[
        h.h1[h.bdi[title]],
        h.p(".quiet")[h.time(datetime=now.isoformat(timespec="minutes"))[day_and_hour], f" · {content.zone}"],
        bool(content.calendars) and _render_overall_freshness(content),
        not all(calendar.has_subscribers for calendar in content.calendars)
        and h.a(".jump", href="#calendars")["Subscribe"],
    ]


def _render_overall_freshness(content: PageContent) -> list[h.Element]:
    """Return how fresh most calendars are, and which others are not up to date."""
    usual = _find_usual_age(content)
    common = next(each for each in content.calendars if _find_age(each, content) == usual)
    lines = [_render_freshness(common, content)]
    others = [each for each in content.calendars if _find_age(each, content) != usual]
    if ill := [each for each in others if _find_condition(each, content) is not Condition.WELL]:
        worst = min((_find_condition(each, content) for each in ill), key=_ORDER.index)
        names = Markup(", ").join(h.bdi[each.name] for each in ill)
        lines.append(_render_dot(worst)["Not up to date: ", names])
    return lines


def _find_usual_age(content: PageContent) -> object:
    """Return the age and condition that most calendars have. One line says it for all of them."""
    return Counter(_find_age(calendar, content) for calendar in content.calendars).most_common(1)[0][0]


def _find_age(calendar: PageCalendar, content: PageContent) -> object:
    then = calendar.last_success
    return _find_condition(calendar, content), then and then.replace(second=0, microsecond=0)


def _find_condition(calendar: PageCalendar, content: PageContent) -> Condition:
    return content.describe_freshness(calendar).find_condition(fails=bool(calendar.trouble or content.trouble))


def _render_trouble(role: str, paragraphs: Iterable[str]) -> h.Element:
    return h.div(".trouble", role=role)[[h.p[paragraph] for paragraph in paragraphs]]


def _render_dot(condition: Condition) -> h.Element:
    return h.p(class_=["fresh", condition.value])


def _render_freshness(calendar: PageCalendar, content: PageContent) -> h.Element:
    condition = _find_condition(calendar, content)
    if calendar.last_success is None:
        return _render_dot(condition)[NOT_FETCHED]
    age = wording.describe_age(calendar.last_success, content.now)
    moment = wording.describe_moment(calendar.last_success, content.now, content.zone)
    stamp = calendar.last_success.astimezone(content.zone).isoformat(timespec="seconds")
    words = {Condition.WELL: "Updated", Condition.FAILING: "Last updated", Condition.OLD: "Out of date: last updated"}
    return _render_dot(condition)[f"{words[condition]} {age} (", h.time(datetime=stamp)[moment], ")"]


def _render_calendars(content: PageContent) -> h.Element:
    """Return how to subscribe to each calendar, how each is, and where else it is written."""
    is_single = len(content.calendars) == 1
    # The first that nobody subscribed to is what somebody comes here for; the others take no room.
    unused = next((calendar for calendar in content.calendars if not calendar.has_subscribers), None)
    usual = _find_usual_age(content)
    return h.section(".calendars", aria_labelledby="calendars")[
        h.h2("#calendars")["Subscribe" if is_single else "Calendars"],
        [
            _render_calendar(
                calendar,
                content,
                f"calendar-{number}",
                is_open=calendar is unused,
                is_usual=_find_age(calendar, content) == usual,
            )
            for number, calendar in enumerate(content.calendars, 1)
        ],
        render_advice(content.calendars[0], is_public=content.is_public),
    ]


def _render_calendar(
    calendar: PageCalendar, content: PageContent, anchor: str, *, is_open: bool, is_usual: bool
) -> h.Element:
    """Return the part of one calendar; how fresh it is stands there where the top of the page does not say it."""
    again = " in another program" if calendar.has_subscribers else ""
    is_single = len(content.calendars) == 1
    return h.article(".calendar", id=anchor, aria_label=calendar.name)[
        not is_single and h.h3[h.bdi[calendar.name]],
        not is_usual and _render_freshness(calendar, content),
        bool(calendar.trouble) and _render_trouble("status", calendar.trouble),
        bool(calendar.destinations)
        and h.ul(".destinations")[[_render_destination(each, content) for each in calendar.destinations]],
        h.details(".subscribing", open=is_open)[
            h.summary[
                f"Subscribe{again}",
                not is_single and h.span(".unseen")[" to ", h.bdi[calendar.name]],
            ],
            render_subscribe(calendar, is_public=content.is_public, anchor=anchor),
        ],
    ]


def _render_destination(destination: Destination, content: PageContent) -> h.Element:
    then, failure = destination.last_success, destination.failure
    freshness = Freshness(then, destination.limit, content.now, content.zone)
    success = f"last success {_describe_then(then, content)}" if then else "not yet written"
    return h.li[
        _render_dot(freshness.find_condition(fails=failure is not None))[
            f"{destination.kind} ", h.bdi[destination.name], f": {success}"
        ],
        failure is not None
        and h.p(".failure")[f"Failing since {_describe_then(failure.since, content)}: {failure.message}"],
    ]


def _describe_then(then: datetime, content: PageContent) -> str:
    return wording.describe_since(then, content.now, content.zone)


def _list_credits(calendars: tuple[PageCalendar, ...]) -> list[PageCalendar]:
    """Return one calendar for each credit that is to be said."""
    return list({calendar.credit: calendar for calendar in reversed(calendars) if calendar.credit}.values())


def _render_credit(calendar: PageCalendar) -> h.Element:
    """Return the sentence that the licence of the airings asks for, with its links."""
    pattern = "|".join(re.escape(words) for words in calendar.credit_links)
    parts = re.split(f"({pattern})", calendar.credit) if pattern else [calendar.credit]
    links = calendar.credit_links
    return h.p(".quiet.credit")[[h.a(href=links[part])[part] if part in links else part for part in parts]]


def _render_footer(renew_command: str) -> h.Element:
    return h.footer[
        h.p[
            "Keep these addresses secret. Anyone with an address can read that calendar, and anyone with the address "
            "of this page can read them all. If an address leaks, replace it with ",
            h.code[renew_command],
            ".",
        ],
        h.p["Made by trakt-ical. Not affiliated with Trakt."],
    ]
