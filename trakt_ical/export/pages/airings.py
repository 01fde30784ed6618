"""What is on this week, day by day, as a list for each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import htpy as h

from trakt_ical.export.pages import words
from trakt_ical.export.pages.shown import Airing, Page
from trakt_ical.export.pages.week import Slot, State, lately, week
from trakt_ical.model import local_date

LOOKS = {State.AHEAD: "ahead", State.ON: "on", State.OVER: "over", State.GONE: "gone"}


def airings(every: Iterable[Airing], shown: Page, *, anchor: str) -> h.Element:
    """The week's part of a calendar's section."""
    days = week(every, shown.now, shown.zone)
    return h.div(".week", id=f"{anchor}-week")[
        latest(every, shown),
        h.h3["This week"],
        [_day(day, slots, local_date(shown.now, shown.zone)) for day, slots in days.items()]
        if any(days.values())
        else h.p(".quiet")["Nothing is on in the next seven days."],
    ]


def latest(every: Iterable[Airing], shown: Page) -> h.Element | None:
    """What was on before today and may still be checked in to."""
    found = lately(every, shown.now, shown.zone)
    if not found:
        return None
    return h.div(".day.lately")[h.h3["Lately"], h.ul[[_slot(slot, day) for day, slot in found]]]


def _day(day: date, slots: list[Slot], today: date) -> h.Element:
    word, full = words.named_day(day, today), words.long_day(day)
    return h.div(class_=["day", day == today and "today"])[
        h.h4[full if full in word else [h.strong[word], f" {full}"]],
        h.ul[[_slot(each) for each in slots]] if slots else h.p(".quiet")["Nothing on."],
    ]


def _slot(slot: Slot, day: date | None = None) -> h.Element:
    """One line; with its *day* in place of its hours where that is not said above it."""
    title = h.bdi(".title")[slot.airing.summary]
    return h.li(class_=LOOKS[slot.state])[
        h.span(".hours")[h.time(datetime=slot.airing.start.isoformat())[words.short_day(day) if day else slot.hours]],
        h.span(".what")[
            h.s[title] if slot.state is State.GONE else title,
            slot.state.value and [" ", h.span(".unseen" if slot.state is State.OVER else ".mark")[slot.state.value]],
        ],
        slot.airing.check_in
        and h.a(".check-in", href=slot.airing.check_in)[
            "Check in", h.span(".unseen")[" to ", h.bdi[slot.airing.summary]]
        ],
    ]
