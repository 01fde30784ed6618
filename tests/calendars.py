"""What a test finds in a calendar that was written."""

from __future__ import annotations

import re

from trakt_ical.export.stored_calendar import parse_calendar


def find_value(event: str, name: str) -> str:
    """Return the value of the property *name* among the unfolded lines of *event*, "" without one."""
    found = re.search(rf"^{name}(?:;[^:]*)?:(.*)\r$", event, re.M)
    return found[1] if found else ""


def find_upcoming(calendar: bytes) -> tuple[str, int, int]:
    """Return slug, season and number of an episode of the week after next that is shown with its hour."""
    for event in parse_calendar(calendar).events.values():
        if "20260425T" <= event.start < "20260501T":
            lines = bytes(event.octets).replace(b"\r\n ", b"").decode()
            parts = find_value(lines, "URL").split("/")
            return parts[4], int(parts[6]), int(parts[8])
    raise AssertionError("the built-in Trakt always has one")


def find_slug(calendar: bytes, uid: str) -> str:
    """Return the slug of the show of the event *uid*, from its address."""
    event = calendar.replace(b"\r\n ", b"").partition(uid.encode())[2]
    found = re.search(rb"URL:https://trakt\.tv/shows/([^/]+)/", event)
    assert found
    return found[1].decode()
