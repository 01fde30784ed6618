"""The previous calendar, read back: ours alone, as we wrote it, cut into its events without parsing them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple

from trakt_ical.errors import OutputError
from trakt_ical.export.ics import END, SUM, digest
from trakt_ical.model import Moment

_SCOPE = b"X-TRAKT-ICAL-SCOPE:"
_BETWEEN = b"\r\nBEGIN:VEVENT\r\n"  # at the beginning of a line: a folded text has a blank there
_EVENT = re.compile(
    rb"UID:((?:[^\r]|\r\n )+)\r\n"
    rb"DTSTAMP:\w+\r\n"
    rb"LAST-MODIFIED:(\w+)\r\n"
    rb"SEQUENCE:(\d+)\r\n"
    rb"(?:X-TRAKT-ICAL-REV:([\w-]+)\r\n)?"
    rb"DTSTART(?:;VALUE=DATE)?:(\w+)\r\n"
)


class Damaged(OutputError):
    """The file is not a calendar of ours, or was edited or damaged since."""


class Remembered(NamedTuple):
    """One event of the previous calendar: its *octets*, and what the next one must know of it.

    *start* and *modified* are texts as the calendar writes them; *rev* is None where it is cancelled.
    """

    uid: str
    octets: bytes
    start: str
    modified: str
    sequence: int
    rev: str | None


@dataclass(frozen=True, slots=True)
class Previous:
    """A calendar that was made by an earlier run: its *scope* as a text, and its *events* by UID."""

    scope: str
    events: dict[str, Remembered]


def read(octets: bytes) -> Previous:
    """The calendar in *octets*. Raises Damaged where its SUM is missing or wrong."""
    head, found, rest = octets.partition(SUM)
    claimed, _, body = rest.partition(b"\r\n")
    if not found or not head.startswith(b"BEGIN:VCALENDAR\r\n") or len(head) > 1000:
        raise Damaged("it was not made by trakt-ical")
    if claimed != digest(body) or not body.endswith(END):
        raise Damaged("it was edited or damaged since trakt-ical wrote it")
    opening, *blocks = body.removesuffix(END).split(_BETWEEN)
    events = {}
    for number, block in enumerate(blocks, 1):
        last = number == len(blocks)
        event = _event(b"BEGIN:VEVENT\r\n" + block + (b"" if last else b"\r\n"))
        events[event.uid] = event
    return Previous(_scope(opening), events)


def _scope(opening: bytes) -> str:
    unfolded = opening.replace(b"\r\n ", b"")
    for line in unfolded.split(b"\r\n"):
        if line.startswith(_SCOPE):
            return line.removeprefix(_SCOPE).decode()
    raise Damaged("it does not say whose calendar it is")


def _event(octets: bytes) -> Remembered:
    found = _EVENT.match(octets, len(b"BEGIN:VEVENT\r\n"))
    if found is None:
        raise Damaged("it was made by another version of trakt-ical")
    uid, modified, sequence, rev, start = found.groups()
    return Remembered(
        uid.replace(b"\r\n ", b"").decode(),
        octets,
        start.decode(),
        modified.decode(),
        int(sequence),
        rev.decode() if rev else None,
    )


def moment(text: str) -> Moment:
    """The moment that a DTSTART of ours writes as *text*."""
    return datetime.fromisoformat(text).astimezone(UTC) if "T" in text else date.fromisoformat(text)


def summary(octets: bytes) -> str:
    """The SUMMARY of an event of ours."""
    line = octets.replace(b"\r\n ", b"").partition(b"\r\nSUMMARY:")[2].partition(b"\r\n")[0]
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], line.decode())
