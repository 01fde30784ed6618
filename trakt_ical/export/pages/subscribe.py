"""How to subscribe to one calendar: a button for each program that has one, the address for the others, a QR code."""

from __future__ import annotations

import htpy as h
import segno
from markupsafe import Markup

from trakt_ical.export.pages import links
from trakt_ical.export.pages.links import Reach
from trakt_ical.export.pages.shown import Subscription

SCANNED = {
    Reach.INTERNET: "Scan it with the camera of an iPhone, or of an Android phone that has ICSx5.",
    Reach.NETWORK: "Scan it with a phone in the same network: an iPhone, or an Android phone that has ICSx5.",
}
LONGEST = 1000  # characters of an address; no phone reads a longer one from a code
KEPT_IN = {Reach.NETWORK: "inside your own network", Reach.COMPUTER: "on this computer"}


def subscribe(each: Subscription, *, public: bool, anchor: str) -> h.Element:
    """The subscribing part of a calendar's section; the ids inside begin with *anchor*."""
    reach = links.reach(each.url, public=public)
    return h.div(".subscribe")[
        h.h3["Subscribe"],
        h.ul(".ways")[
            _way(links.webcal(each.url), "Apple Calendar", "iPhone, iPad, Mac"),
            reach is Reach.INTERNET and _ways_of_servers(each),
        ],
        _about_google() if reach is Reach.INTERNET else _why_no_servers(reach),
        _address(each, anchor),
        reach in SCANNED and len(each.url) <= LONGEST and _code(each.url, SCANNED[reach]),
    ]


def _way(to: str, program: str, where: str) -> h.Element:
    return h.li[h.a(".way", href=to)[h.strong[program], h.span(".hint")[where]]]


def _ways_of_servers(each: Subscription) -> list[h.Element]:
    return [
        _way(links.google(each.url), "Google Calendar", "in a computer’s browser"),
        _way(links.outlook("outlook.live.com", each.name, each.url), "Outlook.com", "private account"),
        _way(links.outlook("outlook.office.com", each.name, each.url), "Microsoft 365", "work or school account"),
    ]


def _about_google() -> h.Element:
    return h.p(".quiet")[
        "If Google refuses or stays empty, copy the address and paste it at ",
        h.a(href=links.GOOGLE_BY_URL)["Google’s “From URL”"],
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


def _address(each: Subscription, anchor: str) -> h.Element:
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
    drawn = segno.make(links.webcal(url), micro=False, error="l", boost_error=False)
    svg = drawn.svg_inline(border=4, dark="#000", light="#fff", omitsize=True)
    return h.div(".code")[
        h.div(".drawn", role="img", aria_label="QR code of the address")[Markup(svg)],  # noqa: S704  segno's
        h.p(".quiet")[how],
    ]
