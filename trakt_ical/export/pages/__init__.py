"""The page for people: how to subscribe to each calendar, what is on this week, how fresh and how well the copies are.

One document by itself: style and script are inside, nothing is asked of another address, and without the script only
the copy buttons are missing. The same *Page* gives the same octets.
"""

from trakt_ical.export.pages.document import page
from trakt_ical.export.pages.look import HEADERS
from trakt_ical.export.pages.shown import Airing, Page, Subscription

__all__ = ["HEADERS", "Airing", "Page", "Subscription", "page"]
