"""The subscribing part of the page: a button for each calendar program, the plain address, and the QR code.

Google's `cid` wants `webcal://` (it refuses `https://`), Microsoft's `addfromweb` wants `https://`. Neither is
documented by its maker, so the plain address always stands beside the buttons.
"""

from __future__ import annotations

import enum
import functools
from urllib.parse import quote, urlsplit

import htpy as h
import segno
from markupsafe import Markup

from trakt_ical.feed.page_content import PageCalendar
from trakt_ical.http import is_loopback

GOOGLE_BY_URL = "https://calendar.google.com/calendar/u/0/r/settings/addbyurl"
UNESCAPED = "!'()*"  # with what quote() leaves alone: the characters that encodeURIComponent() leaves alone


class Reach(enum.Enum):
    """From where a feed's address can be reached."""

    INTERNET = enum.auto()
    NETWORK = enum.auto()
    COMPUTER = enum.auto()


def find_reach(url: str, *, is_public: bool) -> Reach:
    """Return where *url* works. A loopback address works on this computer only, whatever *is_public* says."""
    host = urlsplit(url).hostname or ""
    if is_loopback(host):
        return Reach.COMPUTER
    return Reach.INTERNET if is_public else Reach.NETWORK


def make_webcal_url(url: str) -> str:
    """Return *url* with the scheme that opens a calendar program."""
    return "webcal" + url[url.index("://") :]


def make_google_url(url: str) -> str:
    """Return Google Calendar's page that asks whether to add the calendar; for a browser on a computer."""
    return f"https://calendar.google.com/calendar/r?cid={quote(make_webcal_url(url), safe=UNESCAPED)}"


def make_outlook_url(host: str, name: str, url: str) -> str:
    """Return the page of Outlook on the web at *host* that asks whether to add the calendar."""
    return f"https://{host}/calendar/0/addfromweb?url={quote(url, safe=UNESCAPED)}&name={quote(name, safe=UNESCAPED)}"


SCAN_HINTS = {
    Reach.INTERNET: "Scan a code with an iPhone, or with an Android phone that has ICSx5.",
    Reach.NETWORK: "Scan a code with a phone in the same network: an iPhone, or an Android phone that has ICSx5.",
}
LONGEST_SCANNED = 1000  # characters of an address; no phone reads a longer one from a code
REACH_HINTS = {Reach.NETWORK: "only in your own network", Reach.COMPUTER: "only on this computer"}


def render_subscribe(calendar: PageCalendar, *, is_public: bool, anchor: str) -> h.Element:
    """Return how to subscribe to *calendar*; the ids inside begin with *anchor*."""
    reach = find_reach(calendar.url, is_public=is_public)
    return h.div(".subscribe")[
        h.ul(".ways")[
            _render_button(make_webcal_url(calendar.url), "Apple Calendar", "iPhone, iPad, Mac"),
            reach is Reach.INTERNET and _render_web_buttons(calendar),
        ],
        _render_address(calendar, anchor),
        reach in SCAN_HINTS and len(calendar.url) <= LONGEST_SCANNED and _render_qr_code(calendar.url),
    ]


def render_advice(calendar: PageCalendar, *, is_public: bool) -> h.Element:
    """Return what to know before you subscribe. It is the same for all calendars, of which *calendar* is one."""
    reach = find_reach(calendar.url, is_public=is_public)
    return h.div(".advice")[
        reach in SCAN_HINTS and h.p(".quiet")[SCAN_HINTS[reach]],
        _render_google_hint() if reach is Reach.INTERNET else _render_reach_hint(reach),
    ]


def _render_button(url: str, program: str, hint: str) -> h.Element:
    return h.li[h.a(".way", href=url)[h.strong[program], h.span(".hint")[hint]]]


def _render_web_buttons(calendar: PageCalendar) -> list[h.Element]:
    name, url = calendar.name, calendar.url
    return [
        _render_button(make_google_url(url), "Google Calendar", "in a browser on a computer"),
        _render_button(make_outlook_url("outlook.live.com", name, url), "Outlook.com", "personal account"),
        _render_button(make_outlook_url("outlook.office.com", name, url), "Microsoft 365", "work or school account"),
    ]


def _render_google_hint() -> h.Element:
    return h.p(".quiet")[
        "If Google refuses the calendar or shows it empty, copy the address and paste it at ",
        h.a(href=GOOGLE_BY_URL)["Google’s “From URL”"],
        ". Google looks for changes every 4 to 24 hours.",
    ]


def _render_reach_hint(reach: Reach) -> h.Element:
    return h.details(".note")[
        h.summary["Google Calendar, Outlook and Microsoft 365 need a public address"],
        h.p[
            "Their servers fetch calendars from the internet, over https. This address works ",
            f"{REACH_HINTS[reach]}. To use these programs, give the feed a public address and set ",
            h.code["public_url"],
            " to it.",
        ],
    ]


def _render_address(calendar: PageCalendar, anchor: str) -> h.Element:
    field, message = f"{anchor}-address", f"{anchor}-copied"
    return h.div(".address")[
        h.label(for_=field)["Thunderbird, GNOME and other programs"],
        h.div(".row")[
            h.input(id=field, type="text", readonly=True, value=calendar.url, dir="ltr", autocomplete="off"),
            h.button(".copy", type="button", hidden=True, data_copies=field, data_message=message)[
                "Copy", h.span(".unseen")[" the address of ", h.bdi[calendar.name]]
            ],
        ],
        h.p(".copied", id=message, role="status"),
        h.a(".download", href=calendar.url, download=True)["Download as a file"],
    ]


def _render_qr_code(url: str) -> h.Element:
    return h.div(".drawn", role="img", aria_label="QR code of the address")[_draw_qr_code(make_webcal_url(url))]


@functools.lru_cache(maxsize=64)  # drawing one takes longer than all the rest of the page
def _draw_qr_code(url: str) -> Markup:
    # The webcal address: from https an iPhone would import the events once, and never look again. It does not know
    # webcals at all (nextcloud/calendar#2416).
    code = segno.make(url, micro=False, error="l", boost_error=False)
    return Markup(code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True))  # noqa: S704  segno's
