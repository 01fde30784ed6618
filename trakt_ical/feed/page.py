"""The document as a whole: head, what is wrong with the service, one section for each calendar, what to keep secret."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from importlib.resources import files
from types import MappingProxyType

import htpy as h
import segno
from markupsafe import Markup

from trakt_ical import wording
from trakt_ical.feed import addresses
from trakt_ical.feed.addresses import Reach
from trakt_ical.feed.week import PageCalendar, PageContent, ShownAiring, Slot, State, arrange_week, find_latest
from trakt_ical.model import local_date


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _allowed(text: str) -> str:
    """The source expression of a Content-Security-Policy that lets *text* in, and nothing else."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


STYLE = _read("style.css")
SCRIPT = _read("script.js")
ICON = "data:image/svg+xml;base64," + base64.b64encode(_read("icon.svg").encode()).decode()

_POLICY = {
    "default-src": "'none'",
    "style-src": _allowed(STYLE),
    "script-src": _allowed(SCRIPT),
    "img-src": "data:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": "; ".join(f"{what} {where}" for what, where in _POLICY.items()),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow",
        "Cache-Control": "no-store",
    }
)


SCANNED = {
    Reach.INTERNET: "Scan it with the camera of an iPhone, or of an Android phone that has ICSx5.",
    Reach.NETWORK: "Scan it with a phone in the same network: an iPhone, or an Android phone that has ICSx5.",
}
LONGEST = 1000  # characters of an address; no phone reads a longer one from a code
KEPT_IN = {Reach.NETWORK: "inside your own network", Reach.COMPUTER: "on this computer"}


def render_subscribe(each: PageCalendar, *, public: bool, anchor: str) -> h.Element:
    """The subscribing part of a calendar's section; the ids inside begin with *anchor*."""
    reach = addresses.find_reach(each.url, public=public)
    return h.div(".subscribe")[
        h.h3["Subscribe"],
        h.ul(".ways")[
            _way(addresses.make_webcal_url(each.url), "Apple Calendar", "iPhone, iPad, Mac"),
            reach is Reach.INTERNET and _ways_of_servers(each),
        ],
        _about_google() if reach is Reach.INTERNET else _why_no_servers(reach),
        _address(each, anchor),
        reach in SCANNED and len(each.url) <= LONGEST and _code(each.url, SCANNED[reach]),
    ]


def _way(to: str, program: str, where: str) -> h.Element:
    return h.li[h.a(".way", href=to)[h.strong[program], h.span(".hint")[where]]]


def _ways_of_servers(each: PageCalendar) -> list[h.Element]:
    return [
        _way(addresses.make_google_url(each.url), "Google Calendar", "in a computer’s browser"),
        _way(addresses.make_outlook_url("outlook.live.com", each.name, each.url), "Outlook.com", "private account"),
        _way(
            addresses.make_outlook_url("outlook.office.com", each.name, each.url),
            "Microsoft 365",
            "work or school account",
        ),
    ]


def _about_google() -> h.Element:
    return h.p(".quiet")[
        "If Google refuses or stays empty, copy the address and paste it at ",
        h.a(href=addresses.GOOGLE_BY_URL)["Google’s “From URL”"],
        ". It looks for changes every 4 to 24 hours.",
    ]


def _why_no_servers(reach: Reach) -> h.Element:
    return h.details(".note")[
        h.summary["Not for Google Calendar, Outlook.com and Microsoft 365"],
        h.p[
            "They fetch calendars with servers of their own, which need an address that the whole internet reaches "
            f"over https. This one works {KEPT_IN[reach]} only. Give the feed a public address, and name it in the "
            "setting ",
            h.code["public_url"],
            ".",
        ],
    ]


def _address(each: PageCalendar, anchor: str) -> h.Element:
    field, told = f"{anchor}-address", f"{anchor}-copied"
    return h.div(".address")[
        h.label(for_=field)["Thunderbird, GNOME and all others"],
        h.div(".row")[
            h.input(id=field, type="text", readonly=True, value=each.url, dir="ltr", autocomplete="off"),
            h.button(".copy", type="button", hidden=True, data_copies=field, data_tells=told)[
                "Copy", h.span(".unseen")[" the address of ", h.bdi[each.name]]
            ],
        ],
        h.p(".told", id=told, role="status"),
        h.p[h.a(".download", href=each.url, download=True)["Download"], " the calendar as a file, as it is now."],
    ]


def _code(url: str, how: str) -> h.Element:
    """The QR code of the webcal address, by which a phone subscribes.

    By https an iPhone would import the events once, and webcals it does not know (nextcloud/calendar#2416).
    """
    drawn = segno.make(addresses.make_webcal_url(url), micro=False, error="l", boost_error=False)
    svg = drawn.svg_inline(border=4, dark="#000", light="#fff", omitsize=True)
    return h.div(".code")[
        h.div(".drawn", role="img", aria_label="QR code of the address")[Markup(svg)],  # noqa: S704  segno's
        h.p(".quiet")[how],
    ]


LOOKS = {State.AHEAD: "ahead", State.ON: "on", State.OVER: "over", State.GONE: "gone"}


def render_week(every: Iterable[ShownAiring], shown: PageContent, *, anchor: str) -> h.Element:
    """The week's part of a calendar's section."""
    days = arrange_week(every, shown.now, shown.zone)
    return h.div(".week", id=f"{anchor}-week")[
        render_latest(every, shown),
        h.h3["This week"],
        [_day(day, slots, local_date(shown.now, shown.zone)) for day, slots in days.items()]
        if any(days.values())
        else h.p(".quiet")["Nothing is on in the next seven days."],
    ]


def render_latest(every: Iterable[ShownAiring], shown: PageContent) -> h.Element | None:
    """What was on before today and may still be checked in to."""
    found = find_latest(every, shown.now, shown.zone)
    if not found:
        return None
    return h.div(".day.lately")[h.h3["Lately"], h.ul[[_slot(slot, day) for day, slot in found]]]


def _day(day: date, slots: list[Slot], today: date) -> h.Element:
    word, full = wording.name_day(day, today), wording.format_long_day(day)
    return h.div(class_=["day", day == today and "today"])[
        h.h4[full if full in word else [h.strong[word], f" {full}"]],
        h.ul[[_slot(each) for each in slots]] if slots else h.p(".quiet")["Nothing on."],
    ]


def _slot(slot: Slot, day: date | None = None) -> h.Element:
    """One line; with its *day* in place of its hours where that is not said above it."""
    title = h.bdi(".title")[slot.airing.summary]
    return h.li(class_=LOOKS[slot.state])[
        h.span(".hours")[
            h.time(datetime=slot.airing.start.isoformat())[wording.format_short_day(day) if day else slot.hours]
        ],
        h.span(".what")[
            h.s[title] if slot.state is State.GONE else title,
            slot.state.value and [" ", h.span(".unseen" if slot.state is State.OVER else ".mark")[slot.state.value]],
        ],
        slot.airing.check_in
        and h.a(".check-in", href=slot.airing.check_in)[
            "Check in", h.span(".unseen")[" to ", h.bdi[slot.airing.summary]]
        ],
    ]


def render_calendar(each: PageCalendar, shown: PageContent, *, anchor: str) -> h.Element:
    """The section of *each*, to be found under *anchor*; the ids inside begin with it."""
    known = each.last_success is not None
    return h.section(".calendar", id=anchor, aria_labelledby=f"{anchor}-name")[
        h.div(".name")[
            h.h2(id=f"{anchor}-name")[h.bdi[each.name]],
            _freshness(each, shown),
            known and h.a(".jump", href=f"#{anchor}-week")["This week"],
        ],
        each.trouble and h.p(".trouble", role="status")[each.trouble],
        h.div(".columns")[
            render_subscribe(each, public=shown.public, anchor=anchor),
            known and render_week(each.airings, shown, anchor=anchor),
        ],
    ]


def _freshness(each: PageCalendar, shown: PageContent) -> h.Element:
    well = "well" if each.last_success and not each.trouble else "ill"
    if each.last_success is None:
        return h.p(class_=["fresh", well])["No copy yet. Subscribers see the calendar once the first one is there."]
    then = each.last_success.astimezone(shown.zone)
    return h.p(class_=["fresh", well])[
        f"Updated {wording.describe_age(then, shown.now)} (",
        h.time(datetime=then.isoformat(timespec="seconds"))[wording.describe_moment(then, shown.now, shown.zone)],
        ")",
    ]


def render_page(shown: PageContent) -> bytes:
    """The whole document in UTF-8; `HEADERS` go with it, since its style and script are let in by their hashes."""
    title = "Your Trakt calendar" if len(shown.subscriptions) == 1 else "Your Trakt calendars"
    document = h.html(lang="en")[
        _head(title),
        h.body[
            h.header(".top")[h.div[h.h1[title], _as_of(shown)], _contents(shown)],
            h.main[
                shown.trouble and h.p(".trouble", role="alert")[shown.trouble],
                [
                    render_calendar(each, shown, anchor=_anchor(number))
                    for number, each in enumerate(shown.subscriptions, 1)
                ],
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


def _as_of(shown: PageContent) -> h.Element:
    now = shown.now.astimezone(shown.zone)
    day_and_hour = f"{wording.format_long_day(now.date())}, {wording.format_hour(now, shown.zone)}"
    return h.p(".quiet")[h.time(datetime=now.isoformat(timespec="minutes"))[day_and_hour], f" · {shown.zone}"]


def _anchor(number: int) -> str:
    return f"calendar-{number}"


def _contents(shown: PageContent) -> h.Element | None:
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
