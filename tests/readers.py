"""Independent readers of calendars: every calendar that a test exports must be right to all of them."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import icalendar
import vobject
from ical.calendar_stream import IcsCalendarStream

BEGIN, END = b"BEGIN:VEVENT\r\n", b"END:VCALENDAR\r\n"
UID = re.compile(rb"^UID:.*\r\n(?: .*\r\n)*", re.M)
STAMPS = re.compile(rb"^(?:DTSTAMP|CREATED|LAST-MODIFIED|SEQUENCE):.*\r\n", re.M)
OWN_LINES = re.compile(rb"^X-TRAKT-ICAL-.*\r\n(?: .*\r\n)*", re.M)


@dataclass
class Exports:
    """The calendars that tests made, for the readers: each different event once, in as few calendars as hold them.

    A reader takes longer to start than to read a calendar, so hundreds of exports that have most events in common
    are not read one by one. Events that differ by their stamps alone count as one; else events of one UID are in
    calendars of their own, and so are different openings.
    """

    events: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)  # opening and event, by event without stamps
    openings: dict[bytes, bytes] = field(default_factory=dict)  # by what other programs read of it

    def add(self, octets: bytes) -> None:
        """Gather the events of a calendar."""
        opening, *events = octets.removesuffix(END).split(BEGIN)
        opening = self.openings.setdefault(OWN_LINES.sub(b"", opening), opening)
        for event in events:
            self.events.setdefault(STAMPS.sub(b"", event), (opening, event))

    def make_calendars(self) -> list[bytes]:
        """Return calendars that hold all events, none a UID twice."""
        calendars: list[tuple[bytes, dict[bytes, bytes]]] = []
        for opening, event in self.events.values():
            found = UID.search(event)
            uid = found[0] if found else event
            for head, held in calendars:
                if head == opening and uid not in held:
                    held[uid] = event
                    break
            else:
                calendars.append((opening, {uid: event}))
        return [head + b"".join(BEGIN + event for event in held.values()) + END for head, held in calendars]


def check_calendar(octets: bytes) -> None:
    """Assert that every reader which Python's package index has takes a calendar whole and without complaint."""
    uids = sorted(str(event["UID"]) for event in icalendar.Calendar.from_ical(octets).events)
    assert len(uids) == octets.count(b"\r\n" + BEGIN) == len(set(uids))
    assert not [each.errors for each in icalendar.Calendar.from_ical(octets).walk() if each.errors]
    text = octets.decode()
    assert sorted(event.uid.value for event in getattr(vobject.readOne(text), "vevent_list", [])) == uids
    assert sorted(str(event.uid) for event in IcsCalendarStream.calendar_from_ics(text).events) == uids


def judge(shared: Path, judges: Path, files: list[Path]) -> str:
    """Return what judge.sh says of *files*; "" where every reader takes every file."""
    command = ["bash", str(shared / "judges" / "judge.sh"), str(judges), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip() or ("" if done.returncode == 0 else f"exit {done.returncode}")
