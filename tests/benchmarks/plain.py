"""The plain way to a calendar, as a peer: `requests`, `json`, and icalendar as its manual shows it.

`cold_export` starts it with the file to write and the addresses to ask. It writes the properties that
trakt-ical writes for calendar programs, and does nothing else that trakt-ical does: it remembers nothing.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from icalendar import Calendar, Event

STAMP = datetime(2026, 1, 1, tzinfo=UTC)


def main(output: str, urls: list[str]) -> None:
    """Write what the answers of *urls* list to the file *output*."""
    calendar = make_calendar()
    with requests.Session() as session:
        for url in urls:
            for entry in session.get(url, timeout=60).json():
                calendar.add_component(make_event(entry))
    Path(output).write_bytes(calendar.to_ical())


def make_calendar() -> Calendar:
    """A calendar without events."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//trakt-ical//trakt-ical//EN")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("name", "Trakt")
    calendar.add("x-wr-calname", "Trakt")
    calendar.add("refresh-interval", timedelta(hours=6), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", timedelta(hours=6))
    calendar.add("color", "crimson")
    calendar.add("x-apple-calendar-color", "#DC143C")
    return calendar


def make_event(entry: dict[str, Any]) -> Event:
    """The event of one *entry*."""
    show, episode = entry["show"], entry["episode"]
    place = f"s{episode['season']}e{episode['number']}"
    link = f"https://trakt.tv/shows/{show['ids']['slug']}/seasons/{episode['season']}/episodes/{episode['number']}"
    start = datetime.fromisoformat(entry["first_aired"]).astimezone(UTC)
    result = Event()
    result.add("uid", f"trakt-{show['ids']['trakt']}-{place}@trakt-ical")
    result.add("dtstamp", STAMP)
    result.add("last-modified", STAMP)
    result.add("sequence", 0)
    result.add("dtstart", start)
    result.add("dtend", start + timedelta(minutes=episode["runtime"] or show["runtime"]))
    result.add("summary", f"{show['title']} {episode['season']}x{episode['number']:02d} {episode['title']}")
    result.add("description", "\n\n".join((episode["overview"], show["network"], link)))
    result.add("location", show["network"])
    result.add("categories", [genre.replace("-", " ").capitalize() for genre in show["genres"]])
    result.add("url", link)
    result.add("status", "CONFIRMED")
    result.add("transp", "TRANSPARENT")
    result.add("x-microsoft-cdo-busystatus", "FREE")
    return result


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
