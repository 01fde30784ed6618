"""One calendar's section: how fresh its copy is, what is wrong with it, how to subscribe, what is on."""

from __future__ import annotations

import htpy as h

from trakt_ical.export.pages import words
from trakt_ical.export.pages.airings import airings
from trakt_ical.export.pages.shown import Page, Subscription
from trakt_ical.export.pages.subscribe import subscribe


def calendar(each: Subscription, shown: Page, *, anchor: str) -> h.Element:
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
            subscribe(each, public=shown.public, anchor=anchor),
            known and airings(each.airings, shown, anchor=anchor),
        ],
    ]


def _freshness(each: Subscription, shown: Page) -> h.Element:
    well = "well" if each.last_success and not each.trouble else "ill"
    if each.last_success is None:
        return h.p(class_=["fresh", well])["No copy yet. Subscribers see the calendar once the first one is there."]
    then = each.last_success.astimezone(shown.zone)
    return h.p(class_=["fresh", well])[
        f"Updated {words.ago(then, shown.now)} (",
        h.time(datetime=then.isoformat(timespec="seconds"))[words.absolute(then, shown.now, shown.zone)],
        ")",
    ]
