"""The week on the page: a filter where there are several calendars, what is on now, what was lately, seven days."""

from __future__ import annotations

from datetime import date

import htpy as h
from markupsafe import Markup

from trakt_ical import wording
from trakt_ical.feed.page_content import PageContent
from trakt_ical.feed.week import AiringRow, AiringState, arrange_week
from trakt_ical.model import local_date

MOST_FILTERED = 24  # calendars that the filter offers
# The filter needs no script: each choice hides what its calendar does not have.
FILTER_RULES = "\n".join(
    f"body:has(#only-{number}:checked) :is(.airing, .on-now, .earlier):not(.in-{number}, :has(.in-{number})) "
    f"{{ display: none; }}\n"
    f"body:has(#only-{number}:checked) .day:not(:has(.in-{number})) .none {{ display: block; }}"
    for number in range(1, MOST_FILTERED + 1)
)

UNLISTED = "No longer listed"  # an airing postponed past the range looks the same, so not "cancelled"


def render_week(content: PageContent) -> h.Element:
    """Return one picture of the week for all calendars of *content*."""
    # A foreign or missing copy has no airings, and nothing is known of its week.
    week = arrange_week((calendar.airings for calendar in content.calendars), content.now, content.zone)
    names = [calendar.name for calendar in content.calendars]
    today = local_date(content.now, content.zone)
    return h.div(".picture")[
        len(names) > 1 and _render_filter(names),
        bool(week.on)
        and h.section(".on-now", aria_labelledby="on-now")[
            h.h2("#on-now")["On now"], h.ul[[_render_row(row, names) for row in week.on]]
        ],
        h.section(".week", aria_labelledby="week")[
            h.h2("#week")["This week"],
            bool(week.earlier) and _render_earlier(week.earlier, names, today),
            [_render_day(day, rows, today, names) for day, rows in week.days.items()]
            if any(week.days.values())
            else h.p(".quiet")[f"Nothing {'else ' if week.on else ''}is on in the next seven days."],
        ],
    ]


def _render_filter(names: list[str]) -> h.Element:
    choices = [("all", "All"), *((str(number), name) for number, name in enumerate(names[:MOST_FILTERED], 1))]
    return h.fieldset(".filter")[
        h.legend(".unseen")["Show"],
        [
            h.label[
                h.input(".unseen", type="radio", name="only", id=f"only-{key}", checked=key == "all"),
                h.span(".chip")[h.bdi[name]],
            ]
            for key, name in choices
        ],
    ]


def _render_earlier(rows: list[AiringRow], names: list[str], today: date) -> h.Element:
    """Return what was on, folded: people look at a calendar for what is to come."""
    return h.details(".earlier")[
        h.summary[f"Earlier ({len(rows)})"],
        h.ul[
            [
                _render_row(row, names, day="Today" if row.day == today else wording.format_short_day(row.day))
                for row in rows
            ]
        ],
    ]


def _render_day(day: date, rows: list[AiringRow], today: date, names: list[str]) -> h.Element:
    word, full = wording.name_day(day, today), wording.format_long_day(day)
    return h.div(class_=["day", day == today and "today"])[
        h.h3[full if full in word else [h.strong[word], f" {full}"]],
        bool(rows) and h.ul[[_render_row(row, names) for row in rows]],
        h.p(class_=["quiet", bool(rows) and "none"])["Nothing on."],
    ]


def _render_row(row: AiringRow, names: list[str], *, day: str = "") -> h.Element:
    """Return one line; with its *day* where no heading says it."""
    airing, state = row.airing, row.state
    title = h.bdi(".title")[airing.summary]  # bdi: a right-to-left title must not turn round the words beside it
    words = [h.s[title] if state is AiringState.UNLISTED else title, _render_notes(row, names)]
    return h.li(class_=["airing", state.value, *(f"in-{number}" for number in row.calendars)])[
        h.time(".hours", datetime=airing.start.isoformat())[f"{day}, {row.hours}" if day else row.hours],
        h.a(".what", href=airing.link)[words] if airing.link else h.div(".what")[words],
        airing.check_in_url
        and h.a(".check-in", href=airing.check_in_url)["Check in", h.span(".unseen")[" to ", h.bdi[airing.summary]]],
    ]


def _render_notes(row: AiringRow, names: list[str]) -> h.Element | None:
    """Return what stands below a title: where it is on, which calendars have it, and whether it is listed still."""
    listed = ", ".join(names[number - 1] for number in row.calendars) if len(names) > 1 else ""
    notes = [h.bdi[text] for text in (row.airing.network, listed) if text]
    if row.state is AiringState.UNLISTED:
        notes.append(h.span(".mark")[UNLISTED])
    return h.span(".notes")[Markup(" · ").join(notes)] if notes else None
