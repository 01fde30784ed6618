"""The octets of a calendar: RFC 5545 and 7986, with what real calendar programs turned out to need."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from trakt_ical.model import LONGEST_SUMMARY, Alarm, Event, Moment

Octets = bytes | memoryview
LINE = 75  # octets, RFC 5545 §3.1
RENDERING = 2  # raised when the same event is rendered differently, so that each changes once
PRODID = "-//trakt-ical//trakt-ical//EN"
CREDIT = "X-WR-CALDESC"  # what Apple's and Google's programs show of a calendar, as others do its DESCRIPTION
SUM = b"X-TRAKT-ICAL-SUM:"
CHECKSUM_LENGTH = 32  # hexadecimal digits
END = b"END:VCALENDAR\r\n"
NOT_LISTED = "No longer listed: "  # begins a tombstone's SUMMARY
ALIKE = (  # in all events
    "STATUS:CONFIRMED",
    "TRANSP:TRANSPARENT",  # an airing keeps nobody busy
    "X-MICROSOFT-CDO-BUSYSTATUS:FREE",  # the same for Outlook
)


class Appearance(msgspec.Struct, frozen=True):
    """How a calendar presents itself, and how often programs should *refresh* it.

    *color* is a name of CSS, *hex_color* the same color for Apple. *uid_suffix* ends each UID where a person has an
    airing in several calendars: programs show one event for each UID.
    """

    name: str = "Trakt"
    color: str = "crimson"
    hex_color: str = "#DC143C"
    refresh: timedelta = timedelta(hours=6)
    uid_suffix: str = ""


class CalendarId(msgspec.Struct, frozen=True):
    """Identifies a calendar and its owner. It has no dates: it is the same calendar while its range slides."""

    api: str
    source: str
    owner: str
    name: str
    kinds: tuple[str, ...]

    def __str__(self) -> str:
        parts = (self.api, self.source, self.owner, self.name, "+".join(sorted(self.kinds)))
        return "/".join(quote(part, safe="+") for part in parts)


def parse_owner(calendar_id: str) -> tuple[str, str]:
    """Return the API and the user of a `CalendarId` that was written as a text; "" for what it does not say."""
    api, _, owner, *_ = [*map(unquote, calendar_id.split("/")), "", ""]
    return api, owner


class ChangeStamp(msgspec.Struct, frozen=True):
    """When an event last changed, and the number of that change."""

    moment: datetime
    sequence: int


class Heading(msgspec.Struct, frozen=True):
    """What a calendar says of itself before its first event.

    *placing*: see `hash_placing`. *credit*: what the licence of its airings asks to be said, "" for nothing.
    """

    appearance: Appearance
    calendar_id: CalendarId
    placing: str = ""
    credit: str = ""


def render_calendar(heading: Heading, newest: ChangeStamp | None, events: Iterable[Octets]) -> bytes:
    """Render a calendar of rendered *events*, in their order; *newest* is the latest stamp that it ever had.

    It has no METHOD (which would ask for an ORGANIZER) and no VTIMEZONE (all times are in UTC).
    """
    head, rest = _render_head(heading, newest)
    parts = (rest, *events, END)
    return b"".join((head, SUM, hash_parts(*parts), b"\r\n", *parts))


def hash_parts(*parts: Octets) -> bytes:
    """Return the checksum that a calendar's SUM line has of all octets after it, which are *parts*."""
    found = hashlib.blake2b(digest_size=CHECKSUM_LENGTH // 2)
    for part in parts:  # one after the other: joined, they would be a second copy of the calendar in memory
        found.update(part)
    return found.hexdigest().encode()


def hash_placing(rules: str) -> str:
    """Return a short hash of the *rules* that put events on other days than Trakt does, "" where there are none.

    With it the next run tells an event that the rules moved from one that Trakt moved.
    """
    return hashlib.blake2b(rules.encode(), digest_size=8).hexdigest() if rules else ""


def hash_event(event: Event, uid_suffix: str = "") -> str:
    """Return the revision hash: a short hash of what *event* shows, with the version of the rendering.

    It never covers when the event was changed. Clean texts have no control characters, so these separate them safely.
    """
    shown = [
        event.summary,
        event.description,
        event.start.isoformat(),
        event.end.isoformat(),
        event.location,
        event.link,
        "\x1e".join(event.categories),
    ]
    if event.alarms:
        shown += [str(alarm.before) for alarm in event.alarms]
    if uid_suffix:
        shown.append(uid_suffix)
    short = hashlib.blake2b("\x1f".join(shown).encode(), digest_size=8).hexdigest()
    return f"{RENDERING}-{short}"


def render_event(
    event: Event, stamp: ChangeStamp, rev: str, *, created: datetime | None = None, uid_suffix: str = ""
) -> bytes:
    """Render one VEVENT, each line ended by CRLF. *created*: when it first appeared; None: with this *stamp*."""
    import icalendar
    from icalendar.prop import vInline, vUri

    # Values in their types from the start and lines in the order given here: `Event.add` guesses types, slowly.
    component = icalendar.Event()
    component["DTSTART"] = _make_date_value(event.start)
    component["DTEND"] = _make_date_value(event.end)
    component["SUMMARY"] = vInline(escape(event.summary))
    if event.description:
        component["DESCRIPTION"] = vInline(escape(event.description))
    if event.location:
        component["LOCATION"] = vInline(escape(event.location))
    if event.categories:
        component["CATEGORIES"] = vInline(",".join(map(escape, event.categories)))
    if event.link:
        component["URL"] = vUri(event.link)
    shown = (_format_line(name, value) for name, value in component.items())
    alarms = (line for alarm in event.alarms for line in _render_alarm(alarm))
    head = ("BEGIN:VEVENT", f"UID:{escape(event.uid + uid_suffix)}", *_change_lines(stamp, rev, created))
    return _fold_lines((*head, *shown, *ALIKE, *alarms, "END:VEVENT"))


def _render_alarm(alarm: Alarm) -> tuple[str, ...]:
    """Return the lines of a VALARM, without a UID (RFC 9074): with one, node-ical finds no alarm at all."""
    from icalendar.prop import vDuration

    trigger = str(vDuration(-alarm.before).to_ical(), "ascii")  # type: ignore[no-untyped-call]
    if not alarm.before:
        trigger = "PT0S"  # the package of npm named icalendar takes P0D for a missing trigger
    return (
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"TRIGGER:{trigger}",
        f"DESCRIPTION:{escape(alarm.text)}",
        "END:VALARM",
    )


def _format_line(name: str, value: Any) -> str:
    """Return a property as its content line. icalendar's own lines are folded character by character, slowly."""
    parameters = f";{value.params.to_ical().decode()}" if value.params else ""
    return f"{name}{parameters}:{value.to_ical().decode()}"


def _change_lines(stamp: ChangeStamp, rev: str, created: datetime | None) -> tuple[str, ...]:
    """Return the change stamp as lines: programs look at these alone to see that an event changed."""
    moment = format_moment(stamp.moment)
    return (
        f"DTSTAMP:{moment}",
        # Without it, KOrganizer shows the moment of the download as that of the event's creation.
        f"CREATED:{format_moment(created or stamp.moment)}",
        f"LAST-MODIFIED:{moment}",
        f"SEQUENCE:{stamp.sequence}",
        f"X-TRAKT-ICAL-REV:{rev}",
    )


def cut_summary(text: str) -> str:
    """Return *text* as long as a SUMMARY may be."""
    return text if len(text) <= LONGEST_SUMMARY else text[: LONGEST_SUMMARY - 1] + "…"


def escape(text: str) -> str:
    r"""*text* as RFC 5545 §3.3.11 writes it; icalendar's own `vText` takes a `\N` in a title for a line break."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def format_moment(moment: Moment) -> str:
    """Return *moment* as a DTSTART writes it; such texts sort by time, a day before its hours."""
    return f"{moment:%Y%m%dT%H%M%SZ}" if isinstance(moment, datetime) else f"{moment:%Y%m%d}"


def _make_date_value(moment: Moment) -> object:
    from icalendar.prop import vDate, vDatetime

    if isinstance(moment, datetime):
        return vDatetime(moment)
    day = vDate(moment)
    day.params["VALUE"] = "DATE"
    return day


def _render_head(heading: Heading, newest: ChangeStamp | None) -> tuple[bytes, bytes]:
    """Render everything before the first event: what stands before the SUM, and what after it.

    Written without icalendar, so that a run that changes nothing need not load it.
    """
    look, placing = heading.appearance, heading.placing
    name = escape(look.name)
    refresh = f"PT{int(look.refresh.total_seconds() // 60)}M" if look.refresh.seconds % 3600 else ""
    refresh = refresh or f"PT{int(look.refresh.total_seconds() // 3600)}H"
    head = ("BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}")
    rest = (
        f"X-TRAKT-ICAL-SCOPE:{heading.calendar_id}",
        *([f"X-TRAKT-ICAL-NEWEST:{format_moment(newest.moment)}/{newest.sequence}"] if newest else []),
        *([f"X-TRAKT-ICAL-PLACING:{placing}"] if placing else []),
        "CALSCALE:GREGORIAN",
        f"NAME:{name}",
        f"X-WR-CALNAME:{name}",
        *([f"DESCRIPTION:{escape(heading.credit)}", f"{CREDIT}:{escape(heading.credit)}"] if heading.credit else []),
        f"REFRESH-INTERVAL;VALUE=DURATION:{refresh}",  # RFC 7986: no default type
        f"X-PUBLISHED-TTL:{refresh}",
        f"COLOR:{look.color}",
        f"X-APPLE-CALENDAR-COLOR:{look.hex_color}",
    )
    return _fold_lines(head), _fold_lines(rest)


def _fold_lines(lines: Iterable[str]) -> bytes:
    return b"".join(fold(line.encode()) for line in lines)


def fold(line: bytes) -> bytes:
    """Cut *line* into pieces of at most 75 octets, between characters of UTF-8, with its CRLF."""
    # A cut inside a character is legal, but programs that decode before they unfold then show broken characters.
    pieces, start, room = [], 0, LINE
    while len(line) - start > room:
        end = start + room
        while line[end] & 0xC0 == 0x80:  # the inside of a character
            end -= 1
        pieces.append(line[start:end])
        start, room = end, LINE - 1
    pieces.append(line[start:])
    return b"\r\n ".join(pieces) + b"\r\n"
