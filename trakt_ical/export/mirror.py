"""A mirror keeps a calendar on a server in step with stored calendars: only what differs from what is there is sent.

An event is in step if its revision hash there is that of the stored one and its SEQUENCE is no lower. So an event that
the user edited on the server stays edited until it changes at the source, and what is not ours is never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

import msgspec

from trakt_ical.errors import OutputError
from trakt_ical.export.ics import PRODID, fold, parse_owner
from trakt_ical.export.stored_calendar import UID_ENDING, StoredCalendar, StoredEvent, read_summary

_UID = re.compile(r"^UID(?:;[^:\r\n]*)?:([^\r\n]*)", re.M)
_OURS = re.compile(rf"{UID_ENDING}(-.*)?$")  # with the name of a calendar whose UIDs are its own
_SEQUENCE = re.compile(r"^SEQUENCE(?:;[^:\r\n]*)?:(\d{1,18})", re.M)
_REV = re.compile(r"^X-TRAKT-ICAL-REV(?:;[^:\r\n]*)?:([\w-]+)", re.M)
_SCOPE = re.compile(r"^X-TRAKT-ICAL-SCOPE(?:;[^:\r\n]*)?:([^\r\n]+)", re.M)
_ALARM = re.compile(r"^BEGIN:VALARM$.*?^END:VALARM$", re.M | re.S)  # some programs give alarms a UID of their own
MOST_REFUSED = 5  # events one after the other, before the first that is taken; then it is no matter of events
BEING_CHANGED = "Another program is changing the calendar on the server at this moment."


class Mark(msgspec.Struct, frozen=True):
    """What tells two versions of an event apart; *rev* is "" for a tombstone."""

    sequence: int
    rev: str


class MirroredEvent(msgspec.Struct, frozen=True):
    """An event on the server: at *href*, in the version *etag* ("" where the server did not say), with its *mark*.

    *owner*: whose event it says it is, see `find_owner`; "" where it does not say.
    """

    href: str
    etag: str
    mark: Mark
    owner: str = ""


class Collection(Protocol):
    """The calendar on the server. All methods raise OutputError where the server does not do its part."""

    def load_events(self) -> dict[str, MirroredEvent]:
        """Return the events of trakt-ical that are there, by UID, also those of other accounts."""
        ...

    def find_event(self, href: str) -> MirroredEvent | None:
        """Return the event at *href* as it is now, None where there is none. Raises EventRefused if it is not ours."""
        ...

    def put(self, uid: str, octets: bytes, mark: Mark, known: MirroredEvent | None) -> MirroredEvent:
        """Put the event *uid* in place of the *known* one; None: of nothing.

        Raises EditedMeanwhile, UidTaken, EventRefused.
        """
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


class PutForbidden(CollectionGone):
    """The server forbids to put an event, as Cyrus does where there is no calendar, and others for the one event."""


class UidTaken(Exception):
    """The account has an event of that UID in another calendar, and the server takes it only once."""


class EventRefused(Exception):
    """The server does not take this one event, or another program has put one of its own in its place."""


class WantedEvent(NamedTuple):
    """An event of the calendar *calendar_id* that the calendar on the server is to have."""

    uid: str
    mark: Mark
    event: StoredEvent
    calendar_id: str

    @property
    def owner(self) -> str:
        """Whose event it is."""
        return find_owner(self.calendar_id)

    def render(self) -> bytes:
        """Return the event as a calendar of its own, as CalDAV asks for."""
        head = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:{PRODID}\r\n".encode()
        # In the event, since some servers keep nothing of the calendar around it.
        begin = b"BEGIN:VEVENT\r\n"
        scope = fold(f"X-TRAKT-ICAL-SCOPE:{self.calendar_id}".encode())
        return head + bytes(self.event.octets).replace(begin, begin + scope, 1) + b"END:VCALENDAR\r\n"


class Plan(NamedTuple):
    """What must be sent: the *puts*, then the *deletes*, by UID."""

    puts: list[WantedEvent]
    deletes: list[str]

    @property
    def size(self) -> int:
        """How many requests that takes at least."""
        return len(self.puts) + len(self.deletes)


class PushResult(msgspec.Struct, frozen=True):
    """What a push did: how many events it *put* and *deleted*, and the titles, by UID, of those that are not there.

    *taken*: another calendar of the account has them, and the server takes an event once. *refused*: for some other
    reason, which the server did not say in a way that programs understand.
    """

    put: int = 0
    deleted: int = 0
    taken: Mapping[str, str] = {}
    refused: Mapping[str, str] = {}


def list_wanted(calendars: Iterable[StoredCalendar]) -> dict[str, WantedEvent]:
    """Return what the calendar on the server is to have: the events of all *calendars*, each UID once."""
    found: dict[str, WantedEvent] = {}
    for calendar in calendars:
        for event in calendar.events.values():
            uid = _find_uid(_unfold(bytes(event.octets).decode()))
            # Of an airing that two calendars have, the one that changed last counts.
            if uid not in found or event.modified > found[uid].event.modified:
                found[uid] = WantedEvent(uid, Mark(event.sequence, event.rev or ""), event, calendar.calendar_id)
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
    collection: Collection,
    plan: Plan,
    there: dict[str, MirroredEvent],
    tell: Callable[[int, int], object],
    *,
    is_found: bool = False,
) -> PushResult:
    """Send *plan* to *collection*, one request at a time; *there* follows what is done, also where it fails half-way.

    *tell* gets how many of how many are done. *is_found*: the server has just shown that it has the calendar.
    Raises OutputError: what is left is sent next time. Raises CollectionGone.
    """
    taken: dict[str, str] = {}
    refused: dict[str, str] = {}
    put = deleted = done = 0
    try:
        for done, each in enumerate(plan.puts):
            tell(done, plan.size)
            try:
                there[each.uid] = _put(collection, each, there.get(each.uid))
                put += 1
            except UidTaken:
                taken[each.uid] = read_summary(each.event.octets)
                there.pop(each.uid, None)  # it is somebody else's by now, and not ours to delete
            except EventRefused:
                refused[each.uid] = read_summary(each.event.octets)
                if not put and len(refused) == MOST_REFUSED:
                    raise OutputError("The server refuses every event.") from None
            except PutForbidden:
                if not put and not is_found:
                    raise
                refused[each.uid] = read_summary(each.event.octets)
                # Of a calendar that the user may only read, all are forbidden.
                is_last = done == len(plan.puts) - 1
                if not put and (len(refused) == MOST_REFUSED or (is_last and not there)):
                    raise
        # Late, since some servers keep what was deleted in a trash bin and refuse its UID for weeks.
        for done, uid in enumerate(plan.deletes, len(plan.puts)):
            tell(done, plan.size)
            deleted += _delete(collection, there[uid])
            del there[uid]
    except OutputError as error:
        raise OutputError(f"{error} {plan.size - done} of {plan.size} events are sent next time.") from error
    tell(plan.size, plan.size)
    return PushResult(put, deleted, taken, refused)


def _put(collection: Collection, wanted: WantedEvent, known: MirroredEvent | None) -> MirroredEvent:
    """Put *wanted* in place of the *known* event, or of what is there by now."""
    octets = wanted.render()
    try:
        return collection.put(wanted.uid, octets, wanted.mark, known)
    except EditedMeanwhile as error:
        now = collection.find_event(error.href)
    if now is not None and now.owner not in ("", wanted.owner):
        raise UidTaken  # somebody else's trakt-ical keeps it here
    # An earlier push that was killed, or a first attempt whose answer was lost, may have sent it already; or the user
    # edited or deleted it. It changed at the source since, so ours is newer.
    if now is not None and not is_outdated(now.mark, wanted.mark):
        return now
    try:
        return collection.put(wanted.uid, octets, wanted.mark, now)
    except EditedMeanwhile as error:
        raise OutputError(BEING_CHANGED) from error


def _delete(collection: Collection, known: MirroredEvent) -> bool:
    """Delete the *known* event, or what the user made of it; return whether it was deleted."""
    try:
        collection.delete(known)
    except EditedMeanwhile as error:
        try:
            now = collection.find_event(error.href)
            if now is None:
                return False
            collection.delete(now)
        except EventRefused:
            return False
        except EditedMeanwhile as again:
            raise OutputError(BEING_CHANGED) from again
    return True


def select_own(
    found: Mapping[str, MirroredEvent], wanted: Mapping[str, WantedEvent], known: Container[str]
) -> dict[str, MirroredEvent]:
    """Return the events of *found* that have an owner of those *wanted*, or whose UIDs *known* an earlier push sent.

    The others are of another account that pushes to the same calendar: deleted here, they would come back tomorrow, and
    its trakt-ical would delete ours. An event that does not say whose it is counts as ours if it is wanted.
    """
    owners = {each.owner for each in wanted.values()}
    return {
        uid: each
        for uid, each in found.items()
        if uid in known or each.owner in owners or (not each.owner and uid in wanted)
    }


def find_owner(calendar_id: str) -> str:
    """Return the API and the user of a `CalendarId` that was written as a text."""
    return "/".join(parse_owner(calendar_id))


def list_ours(texts: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, MirroredEvent]]:
    """Yield the events of trakt-ical of *texts*, each given by href, ETag and iCalendar text, by UID."""
    for href, etag, ics in texts:
        text = _ALARM.sub("", _unfold(ics))
        uid = _find_uid(text)
        if _OURS.search(uid):
            sequence, rev, scope = _SEQUENCE.search(text), _REV.search(text), _SCOPE.search(text)
            mark = Mark(int(sequence[1]) if sequence else 0, rev[1] if rev else "")
            yield uid, MirroredEvent(href, etag, mark, find_owner(scope[1]) if scope else "")


def _find_uid(text: str) -> str:
    """Return the first UID in the unfolded *text*, "" where there is none."""
    found = _UID.search(text)
    return found[1].strip() if found else ""


def _unfold(ics: str) -> str:
    return re.sub(r"\r?\n[ \t]", "", ics).replace("\r\n", "\n")
