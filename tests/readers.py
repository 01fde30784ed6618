"""Independent readers of calendars: every calendar that a test exports must be right to all of them."""

from __future__ import annotations

import json
import os
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
DIGIT = re.compile(rb"\d")
OWN_LINES = re.compile(rb"^X-TRAKT-ICAL-.*\r\n(?: .*\r\n)*", re.M)


@dataclass
class Exports:
    """The calendars that tests made, for the readers: each different event once, in as few calendars as hold them.

    A reader takes longer to start than to read a calendar, so hundreds of exports that have most events in common
    are not read one by one. Events that differ by stamps and digits alone count as one: a show has hundreds. Else
    events of one UID are in calendars of their own, and so are different openings.
    """

    events: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)  # opening and event, by event without digits
    openings: dict[bytes, bytes] = field(default_factory=dict)  # by what other programs read of it

    def add(self, octets: bytes) -> None:
        """Gather the events of a calendar."""
        opening, *events = octets.removesuffix(END).split(BEGIN)
        opening = self.openings.setdefault(OWN_LINES.sub(b"", opening), opening)
        for event in events:
            self.events.setdefault(DIGIT.sub(b"0", STAMPS.sub(b"", event)), (opening, event))

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


READERS = [
    *(("validate_py.py", engine) for engine in ("bytes", "icalendar", "ical", "vobject")),
    ("validate_libical.py", ""),
    *(("validate_ics.mjs", engine) for engine in ("ical.js", "ts-ics")),
]


def judge(shared: Path, judges: Path, files: list[Path]) -> list[str]:
    """Return what the judges' readers complain of in *files*: nothing where each reads every event of every file.

    Each of them starts once for all files, which judge.sh does not do.
    """
    complaints = []
    for script, engine in READERS:
        program = "node" if script.endswith(".mjs") else str(judges / "venv" / "bin" / "python")
        done = subprocess.run(
            [program, str(shared / "judges" / script), *filter(None, [engine]), *map(str, files)],
            capture_output=True,
            text=True,
            env=os.environ | {"HARNESS_NODE": str(judges / "node")},
            check=False,
        )
        verdicts = [json.loads(line) for line in done.stdout.splitlines()]
        complaints += [done.stderr] if len(verdicts) != len(files) else []
        for file, verdict in zip(files, verdicts, strict=False):
            events = file.read_bytes().count(BEGIN)
            if not verdict["ok"] or verdict["events"] != events:
                complaints.append(f"{engine or script}: {file}: {verdict['errors']}, {verdict['events']} of {events}")
    return complaints
