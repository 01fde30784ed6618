"""The addresses that the buttons lead to, as the programs' makers read them, and who can reach the feed at all.

Google's `cid` wants `webcal://` (it refuses `https://`), Microsoft's `addfromweb` wants `https://`; neither is
documented by its maker, which is why the plain address always stands beside them.
"""

from __future__ import annotations

import enum
from urllib.parse import quote, urlsplit

from trakt_ical.http import is_loopback


def make_feed_url(base: str, secret: str, name: str) -> str:
    """The whole address of the calendar *name*; programs make its name out of the last part."""
    return f"{base}/{secret}/{quote(name, safe='')}.ics"


def make_page_url(base: str, secret: str) -> str:
    """The whole address of the page."""
    return f"{base}/{secret}"


GOOGLE_BY_URL = "https://calendar.google.com/calendar/u/0/r/settings/addbyurl"
UNESCAPED = "!'()*"  # with what quote() leaves alone: the characters that encodeURIComponent() leaves alone


class Reach(enum.Enum):
    """From where a feed's address can be reached."""

    INTERNET = enum.auto()
    NETWORK = enum.auto()
    COMPUTER = enum.auto()


def find_reach(url: str, *, public: bool) -> Reach:
    """Where *url* works; an address of this very computer works nowhere else, whatever is said of it."""
    host = urlsplit(url).hostname or ""
    if is_loopback(host):
        return Reach.COMPUTER
    return Reach.INTERNET if public else Reach.NETWORK


def make_webcal_url(url: str) -> str:
    """The same address with the scheme that calendar programs answer to."""
    return "webcal" + url[url.index("://") :]


def make_google_url(url: str) -> str:
    """Google Calendar's page that asks whether to add the calendar; for a browser on a computer."""
    return f"https://calendar.google.com/calendar/r?cid={quote(make_webcal_url(url), safe=UNESCAPED)}"


def make_outlook_url(host: str, name: str, url: str) -> str:
    """The page of Outlook on the web at *host* that asks whether to add the calendar."""
    return f"https://{host}/calendar/0/addfromweb?url={quote(url, safe=UNESCAPED)}&name={quote(name, safe=UNESCAPED)}"
