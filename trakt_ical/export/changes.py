"""What a run changed, for people and for programs."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo

import msgspec

from trakt_ical.export.stored_calendar import StoredEvent, parse_moment, read_summary
from trakt_ical.model import Event, Moment


class Kind(enum.Enum):
    """How an event changed; the values are its names in the closing line."""

    NEW = "new"
    MOVED = "moved"
    CONFIRMED = "confirmed"  # the day was known, now the hour is
    RENAMED = "renamed"
    RENUMBERED = "renumbered"  # the same airing under a new UID
    UPDATED = "updated"  # other words: its text, length, network
    BACK = "back"
    GONE = "no longer listed"
    REMOVED = "removed"  # past, hidden, or its tombstone has stood long enough
    DROPPED = "left out"  # for lack of room


class Change(msgspec.Struct, frozen=True):
    """One change of one event: it starts at *start*, started at *was*, and its tombstone stays *until*."""

    kind: Kind
    uid: str
    summary: str
    start: Moment
    was: Moment | None = None
    old_summary: str = ""
    until: datetime | None = None


def compare_event(old: StoredEvent | None, new: Event) -> Iterator[Change]:
    """Return how *new* differs from *old*; *old* is None where there was no such event."""
    if old is None:
        yield Change(Kind.NEW, new.uid, new.summary, new.start)
        return
    if old.rev is None:
        yield Change(Kind.BACK, new.uid, new.summary, new.start)
        return
    was, called = parse_moment(old.start), read_summary(old.octets)
    if was != new.start:
        yield Change(
            Kind.CONFIRMED if _is_hour_of(was, new.start) else Kind.MOVED, new.uid, new.summary, new.start, was=was
        )
    if called != new.summary:
        yield Change(Kind.RENAMED, new.uid, new.summary, new.start, old_summary=called)
    elif was == new.start:
        yield Change(Kind.UPDATED, new.uid, new.summary, new.start)


def _is_hour_of(day: Moment, start: Moment) -> bool:
    """Whether *start* is an hour of *day*, which is the day in the show's zone, wherever that is."""
    if isinstance(day, datetime) or not isinstance(start, datetime):
        return False
    return (start - timedelta(hours=12)).date() <= day <= (start + timedelta(hours=14)).date()


def count_changes(changes: Iterable[Change]) -> str:
    """Return *changes* as "3 new, 1 moved", "" where there are none."""
    found = Counter(change.kind for change in changes)
    return ", ".join(f"{found[kind]} {kind.value}" for kind in Kind if found[kind])


def describe_change(change: Change, zone: tzinfo) -> str:
    """Return one line about *change*, with times in *zone*."""
    name, starts = " ".join(change.summary.split()), format_start(change.start, zone)
    match change.kind:
        case Kind.NEW:
            return f"new: {name}, {starts}"
        case Kind.MOVED:
            return f"moved: {name}, from {format_start(change.was or change.start, zone)} to {starts}"
        case Kind.CONFIRMED:
            return f"confirmed: {name}, {starts}"
        case Kind.RENAMED:
            return f"renamed: {' '.join(change.old_summary.split())} is now {name}, {starts}"
        case Kind.RENUMBERED:
            return f"renumbered: {' '.join(change.old_summary.split())} is now {name}, {starts}"
        case Kind.UPDATED:
            return f"updated: {name}, {starts}"
        case Kind.BACK:
            return f"back: {name}, {starts}"
        case Kind.GONE:
            until = f", shown as cancelled until {format_start(change.until, zone)}" if change.until else ""
            return f"no longer listed: {name}, {starts}{until}"
        case Kind.REMOVED | Kind.DROPPED:
            return f"{change.kind.value}: {name}, {starts}"


def format_start(when: Moment, zone: tzinfo) -> str:
    """Return *when* by the clock of *zone*."""
    return f"{when.astimezone(zone):%Y-%m-%d %H:%M}" if isinstance(when, datetime) else f"{when:%Y-%m-%d}"


def change_to_json(change: Change) -> dict[str, str]:
    """Return *change* for programs: texts alone, instants in UTC, without what does not apply."""
    found = {
        "change": change.kind.name.lower(),
        "uid": change.uid,
        "summary": change.summary,
        "start": change.start.isoformat(),
        "was": change.was.isoformat() if change.was else "",
        "old_summary": change.old_summary,
        "until": change.until.isoformat() if change.until else "",
    }
    return {name: value for name, value in found.items() if value}
