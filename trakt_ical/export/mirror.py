"""A mirror keeps a calendar on a server in step with stored calendars: only what differs from what is there is sent.

An event is in step if its revision hash there is that of the stored one and its SEQUENCE is no lower. So an event that
the user edited on the server stays edited until it changes at the source, and what is not ours is never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

import msgspec

from trakt_ical.errors import OutputError
from trakt_ical.export.ics import PRODID
from trakt_ical.export.stored_calendar import UID_ENDING, StoredCalendar, StoredEvent, read_summary

_UID = re.compile(r"^UID(?:;[^:\r\n]*)?:([^\r\n]*)", re.M)
_SEQUENCE = re.compile(r"^SEQUENCE(?:;[^:\r\n]*)?:(\d{1,18})", re.M)
_REV = re.compile(r"^X-TRAKT-ICAL-REV(?:;[^:\r\n]*)?:([\w-]+)", re.M)


class Mark(msgspec.Struct, frozen=True):
    """What tells two versions of an event apart; *rev* is "" for a tombstone."""

    sequence: int
    rev: str


class MirroredEvent(msgspec.Struct, frozen=True):
    """An event on the server: at *href*, in the version *etag* ("" where the server did not say), with its *mark*."""

    href: str
    etag: str
    mark: Mark


class Collection(Protocol):
    """The calendar on the server. All methods raise OutputError where the server does not do its part."""

    def load_events(self) -> dict[str, MirroredEvent]:
        """Return our events that are there, by UID."""
        ...

    def find_event(self, href: str) -> MirroredEvent | None:
        """Return the event at *href* as it is now, None where there is none."""
        ...

    def put(self, uid: str, octets: bytes, mark: Mark, known: MirroredEvent | None) -> MirroredEvent:
        """Put the event *uid* in place of the *known* one; None: of nothing. Raises EditedMeanwhile, UidTaken."""
        ...

    def delete(self, known: MirroredEvent) -> None:
        """Delete the *known* event. Raises EditedMeanwhile."""
        ...


class EditedMeanwhile(Exception):
    """What is on the server is not what was known of it; at *href*."""

    def __init__(self, href: str) -> None:
        super().__init__(href)
        self.href = href


class CollectionGone(Exception):
    """The calendar is no longer where it was."""


class UidTaken(Exception):
    """The account has an event of that UID in another calendar, and the server takes it only once."""


class WantedEvent(NamedTuple):
    """An event that the calendar on the server is to have."""

    uid: str
    mark: Mark
    event: StoredEvent

    def render(self) -> bytes:
        """Return the event as a calendar of its own, as CalDAV asks for."""
        head = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:{PRODID}\r\n".encode()
        return head + bytes(self.event.octets) + b"END:VCALENDAR\r\n"


class Plan(NamedTuple):
    """What must be sent: the *puts*, then the *deletes*, by UID."""

    puts: list[WantedEvent]
    deletes: list[str]

    @property
    def size(self) -> int:
        """How many requests that takes at least."""
        return len(self.puts) + len(self.deletes)


class PushResult(msgspec.Struct, frozen=True):
    """What a push did: how many events it *put* and *deleted*, and the titles of those *taken* by other calendars."""

    put: int = 0
    deleted: int = 0
    taken: tuple[str, ...] = ()


def list_wanted(calendars: Iterable[StoredCalendar]) -> dict[str, WantedEvent]:
    """Return what the calendar on the server is to have: the events of all *calendars*, each UID once."""
    found: dict[str, WantedEvent] = {}
    for calendar in calendars:
        for event in calendar.events.values():
            uid = read_uid(bytes(event.octets).decode())
            # Of an airing that two calendars have, the one that changed last counts.
            if uid not in found or event.modified > found[uid].event.modified:
                found[uid] = WantedEvent(uid, Mark(event.sequence, event.rev or ""), event)
    return found


def make_plan(wanted: Mapping[str, WantedEvent], there: Mapping[str, MirroredEvent]) -> Plan:
    """Return what must be sent so that the server has what is *wanted*, where it has what is *there*."""
    puts = [each for uid, each in wanted.items() if uid not in there or is_outdated(there[uid].mark, each.mark)]
    # Who looks while a long push runs must see first what is off, then what changed, then what is new.
    puts.sort(key=lambda each: (each.mark.rev != "", each.uid not in there, each.event.start))
    return Plan(puts, [uid for uid in there if uid not in wanted])


def is_outdated(there: Mark, wanted: Mark) -> bool:
    """Whether an event with the mark *there* must be replaced by one with the mark *wanted*."""
    return there.rev != wanted.rev or there.sequence < wanted.sequence


def push(
    collection: Collection, plan: Plan, there: dict[str, MirroredEvent], tell: Callable[[int, int], None]
) -> PushResult:
    """Send *plan* to *collection*, one request at a time; *there* follows what is done, also where it fails half-way.

    *tell* gets how many of how many are done. Raises OutputError: what is left is sent next time.
    """
    taken: list[str] = []
    put = deleted = 0
    for number, each in enumerate(plan.puts):
        tell(number, plan.size)
        try:
            there[each.uid] = _put(collection, each, there.get(each.uid))
            put += 1
        except UidTaken:
            taken.append(read_summary(each.event.octets))
        except OutputError as error:
            raise OutputError(f"{error} {plan.size - number} of {plan.size} events are sent next time.") from error
    # Late, since some servers keep what was deleted in a trash bin and refuse its UID for weeks.
    for number, uid in enumerate(plan.deletes, len(plan.puts)):
        tell(number, plan.size)
        try:
            collection.delete(there[uid])
            deleted += 1
            del there[uid]
        except EditedMeanwhile:
            continue  # the next time that all is read back, it is known how it is
        except OutputError as error:
            raise OutputError(f"{error} {plan.size - number} of {plan.size} events are sent next time.") from error
    tell(plan.size, plan.size)
    return PushResult(put, deleted, tuple(taken))


def _put(collection: Collection, wanted: WantedEvent, known: MirroredEvent | None) -> MirroredEvent:
    """Put *wanted* in place of the *known* event, or of what is there by now."""
    octets = wanted.render()
    try:
        return collection.put(wanted.uid, octets, wanted.mark, known)
    except EditedMeanwhile as error:
        now = collection.find_event(error.href)
    # An earlier push that was killed may have sent it already, or the user edited or deleted it. It changed at the
    # source since, so ours is newer.
    if now is not None and not is_outdated(now.mark, wanted.mark):
        return now
    try:
        return collection.put(wanted.uid, octets, wanted.mark, now)
    except EditedMeanwhile as error:
        raise OutputError("The calendar on the server is being changed by another program just now.") from error


def read_mirrored(ics: str) -> tuple[str, Mark] | None:
    """Return UID and mark of the event in the text *ics* of a server, None where it is none of ours."""
    text = re.sub(r"\r?\n[ \t]", "", ics).replace("\r\n", "\n")
    uid = read_uid(text)
    if UID_ENDING not in uid:
        return None
    sequence, rev = _SEQUENCE.search(text), _REV.search(text)
    return uid, Mark(int(sequence[1]) if sequence else 0, rev[1] if rev else "")


def read_uid(ics: str) -> str:
    """Return the first UID in *ics*, "" where there is none."""
    found = _UID.search(re.sub(r"\r?\n[ \t]", "", ics))
    return found[1].strip() if found else ""


def list_ours(texts: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, MirroredEvent]]:
    """Yield our events of *texts*, each given by href, ETag and iCalendar text, by UID."""
    for href, etag, ics in texts:
        found = read_mirrored(ics)
        if found:
            yield found[0], MirroredEvent(href, etag, found[1])
