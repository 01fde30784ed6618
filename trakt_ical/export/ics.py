"""The octets of a calendar: RFC 5545 and 7986, with what real calendar programs turned out to need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from trakt_ical.model import Event, Moment

if TYPE_CHECKING:
    from icalendar import Component

STAMP = datetime(2026, 1, 1, tzinfo=UTC)  # fixed, so that the same answers give the same octets
LINE = 75  # octets, RFC 5545 §3.1


@dataclass(frozen=True, slots=True)
class Look:
    """How a calendar presents itself, and how often programs should *refresh* it.

    *color* is a name of CSS, *hex_color* the same color for Apple.
    """

    name: str = "Trakt"
    color: str = "crimson"
    hex_color: str = "#DC143C"
    refresh: timedelta = timedelta(hours=6)


def calendar(events: Iterable[Event], look: Look) -> bytes:
    """A whole calendar, events in the order of their start, then of their UID.

    It has no METHOD (which would ask for an ORGANIZER) and no VTIMEZONE (all times are in UTC).
    """
    ordered = sorted(events, key=lambda event: (event.start.isoformat(), event.uid))
    return b"".join((_opening(look), *map(event_octets, ordered), b"END:VCALENDAR\r\n"))


def event_octets(event: Event) -> bytes:
    """One VEVENT with its lines, each ended by CRLF."""
    import icalendar
    from icalendar.prop import vInline, vInt, vText, vUri

    # Values in their types from the start and lines in the order given here: `Event.add` guesses types, slowly.
    component = icalendar.Event()
    component["UID"] = vText(event.uid)
    component["DTSTAMP"] = _when(STAMP)
    component["LAST-MODIFIED"] = _when(STAMP)
    component["SEQUENCE"] = vInt(0)
    component["DTSTART"] = _when(event.start)
    component["DTEND"] = _when(event.end)
    component["SUMMARY"] = vInline(escape(event.summary))
    if event.description:
        component["DESCRIPTION"] = vInline(escape(event.description))
    if event.location:
        component["LOCATION"] = vInline(escape(event.location))
    if event.categories:
        component["CATEGORIES"] = vInline(",".join(map(escape, event.categories)))
    if event.link:
        component["URL"] = vUri(event.link)
    component["STATUS"] = vText("CONFIRMED")
    component["TRANSP"] = vText("TRANSPARENT")  # an airing keeps nobody busy
    component["X-MICROSOFT-CDO-BUSYSTATUS"] = vText("FREE")  # the same for Outlook
    return _lines(component)


def escape(text: str) -> str:
    r"""*text* as RFC 5545 §3.3.11 writes it; icalendar's own `vText` takes a `\N` in a title for a line break."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _when(moment: Moment) -> object:
    from icalendar.prop import vDate, vDatetime

    if isinstance(moment, datetime):
        return vDatetime(moment)
    day = vDate(moment)
    day.params["VALUE"] = "DATE"
    return day


def _opening(look: Look) -> bytes:
    """Everything before the first event."""
    import icalendar
    from icalendar.prop import vDuration, vInline, vText

    component = icalendar.Calendar()
    refresh = vDuration(look.refresh)
    component["VERSION"] = vText("2.0")
    component["PRODID"] = vText("-//trakt-ical//trakt-ical//EN")
    component["CALSCALE"] = vText("GREGORIAN")
    component["NAME"] = vInline(escape(look.name))
    component["X-WR-CALNAME"] = vInline(escape(look.name))
    component["REFRESH-INTERVAL"] = vDuration(look.refresh, {"VALUE": "DURATION"})  # RFC 7986: no default type
    component["X-PUBLISHED-TTL"] = refresh
    component["COLOR"] = vText(look.color)
    component["X-APPLE-CALENDAR-COLOR"] = vText(look.hex_color)
    return _lines(component).removesuffix(b"END:VCALENDAR\r\n")


def _lines(component: Component) -> bytes:
    return b"".join(fold(line.encode()) for line in component.content_lines(sorted=False) if line)


def fold(line: bytes) -> bytes:
    """*line* in pieces of at most 75 octets, cut between characters of UTF-8, with its CRLF.

    icalendar's own folding walks over characters and takes more than half of a rendering.
    """
    pieces, start, room = [], 0, LINE
    while len(line) - start > room:
        end = start + room
        while line[end] & 0xC0 == 0x80:  # the inside of a character
            end -= 1
        pieces.append(line[start:end])
        start, room = end, LINE - 1
    pieces.append(line[start:])
    return b"\r\n ".join(pieces) + b"\r\n"
