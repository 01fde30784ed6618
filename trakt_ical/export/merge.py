"""The calendar remembers: the stored calendar and what is listed now make the next calendar.

There is no database. What did not change is kept byte for byte and is neither rendered nor parsed; what changed gets
a newer change stamp, since calendar programs look at nothing else; what is no longer listed stays as a tombstone for a
while, since some programs never drop an event that merely leaves; and an update in which most upcoming events
disappeared is held back.

Every decision about one event is a function here that can also tell its reason: `explain` asks the same functions.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from trakt_ical.errors import UpdateHeldBack
from trakt_ical.export import ics, no_airings
from trakt_ical.export.changes import Change, Kind, compare_event
from trakt_ical.export.ics import ChangeStamp, Heading
from trakt_ical.export.stored_calendar import (
    StoredCalendar,
    StoredEvent,
    has_text,
    parse_instant,
    parse_moment,
    read_name,
)
from trakt_ical.model import DateRange, Event, Moment, StepRecorder, ignore_step, local_date

# SEQUENCE counts minutes from here on. A plain counter would start again where a calendar was lost, and subscribers
# ignore an event whose SEQUENCE is lower than the one that they have.
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
DAY_ENDS = time(12)  # in UTC, of the next day: only then is a day over west of everybody
LONGEST_STAMP = ChangeStamp(datetime(9999, 12, 31, tzinfo=UTC), 10**9)  # no stamp takes more octets
FEWEST_OF_ALL = 3  # the loss of all upcoming events is held back if these were at least so many
FEWEST_OF_HALF = 10  # and the loss of over half of them if these were at least so many
_REST_OF_LINE = re.compile(rb"\A(?:[^\r]|\r\n )*\r\n")
_ALARMS = re.compile(rb"BEGIN:VALARM\r\n.*END:VALARM\r\n", re.S)


class Retention(msgspec.Struct, frozen=True):
    """How long things stay: a *tombstone*, past events that left the range (*keep*), an update that is *held_back*.

    *size_limit*: octets of a calendar, 0 for no limit.
    """

    tombstone: timedelta = timedelta(days=14)
    keep: timedelta = timedelta(days=180)
    held_back: timedelta = timedelta(days=7)
    size_limit: int = 1_000_000


class CurrentEvents(msgspec.Struct, frozen=True):
    """What the transform stage made of the answers of this run.

    *events* are those to be shown. The rest is about UIDs: *listed* are all that the source lists, before any rule;
    *ruled_out* are those of them that the filters leave out, the stored ones or, where nothing is shown, all;
    *grouped* are shown within another event. Of stored events that are not among *events*, *hidden* are those whose
    show the user hid or dropped, *unreadable* those that may be listed by an odd entry, *unreliable* those whose
    absence means nothing, and *not_requested* those of kinds that are no longer asked for. *days*, counted in *zone*,
    were fetched whole. *missed* are those of shows that a doubtful answer lacks: listed or not, they count as missing
    where it is decided whether to believe this update.
    """

    events: Sequence[Event]
    listed: Set[str]
    ruled_out: Set[str]
    grouped: Set[str]
    hidden: Set[str]
    unreadable: Set[str]
    unreliable: Set[str]
    not_requested: Set[str]
    days: DateRange
    zone: tzinfo
    answers: Sequence[Set[str]] = ()
    missed: Set[str] = frozenset()


class MergeInput(msgspec.Struct, frozen=True):
    """All that the next calendar is made of. *stored*: None where nothing is stored yet.

    *renumbered*: the current events that take over stored ones, by the UID of the old one.
    """

    stored: StoredCalendar | None
    current: CurrentEvents
    heading: Heading
    retention: Retention
    now: datetime
    renumbered: Mapping[str, Event]

    @property
    def stored_events(self) -> dict[str, StoredEvent]:
        """The stored events by UID."""
        return self.stored.events if self.stored else {}

    @property
    def stored_notice(self) -> StoredEvent | None:
        """The stored event that says that there are no airings, see `no_airings`."""
        return self.stored.no_airings_event if self.stored else None


class Loss(NamedTuple):
    """Most upcoming events disappeared: the UIDs that are *missing*, of so many that were *upcoming*.

    *in_part*: from some of the answers only, which is counted for these alone.
    """

    missing: frozenset[str]
    upcoming: int
    in_part: bool = False


class MergeResult(msgspec.Struct, frozen=True):
    """The next calendar: its *octets* and *events* in their order, and how it differs from the stored one.

    *over_limit* are the UIDs of events for which there was no room. *loss*: what disappeared and was accepted.
    """

    octets: bytes
    events: list[StoredEvent]
    changes: list[Change]
    over_limit: Set[str] = frozenset()
    loss: Loss | None = None


def merge(given: MergeInput, *, accept_loss: bool = False) -> MergeResult:
    """Make the next calendar. Raises UpdateHeldBack where too many events disappeared, unless *accept_loss*."""
    loss = find_loss(given)
    if loss and not accept_loss:
        count = f"{len(loss.missing)} of {loss.upcoming}"
        where = " in a part of the range" if loss.in_part else ""
        raise UpdateHeldBack(
            f"{count} upcoming events are no longer listed{where}. The calendar stays as it is.", loss.missing
        )
    stamps = _start_stamps(given)
    shown, changes = _renew_listed(given, stamps)
    retained, more_changes = _retain_missing(given, stamps, {event.uid for event in shown})
    successors = {event.uid for event in given.renumbered.values()}
    changes = [change for change in changes if change.uid not in successors]  # told as renumbered
    events = sorted(shown + retained, key=lambda event: (event.start, event.uid))
    given = replace(given, heading=replace(given.heading, credit=_find_credit(given, retained)))
    over_limit = find_over_limit(given, events)
    changes = _describe_over_limit(given, changes + more_changes, events, over_limit)
    if over_limit:
        events = [event for event in events if event.uid not in over_limit]
    notice = None if events or over_limit else _renew_no_airings_event(given, stamps)
    written = [notice] if notice else events
    newest = stamps.find_newest(written) if changes or notice is not given.stored_notice else stamps.last
    octets = ics.render_calendar(given.heading, newest, (event.octets for event in written))
    return MergeResult(octets, events, changes, over_limit, loss)


def _find_credit(given: MergeInput, retained: Iterable[StoredEvent]) -> str:
    """Return what the calendar has to say of where its events come from, "" for nothing.

    After a change of the source, it goes on as long as one of the *retained* events asks for it.
    """
    credit = next((event.credit for event in given.current.events if event.credit), "")
    before = given.stored.credit if given.stored else ""
    if credit or not before:
        return credit
    return before if any(has_text(event.octets, before) for event in retained) else ""


class _Stamps(NamedTuple):
    """Gives change stamps: *moment* is when this run's changes happen, *last* the newest stamp so far."""

    moment: datetime
    last: ChangeStamp | None

    def make_stamp(self, old: StoredEvent | None) -> ChangeStamp:
        before = old.sequence if old else self.last.sequence if self.last else -1
        return ChangeStamp(self.moment, max(before + 1, int((self.moment - EPOCH).total_seconds() // 60)))

    def find_newest(self, events: Iterable[StoredEvent]) -> ChangeStamp:
        """Return the highest stamp that the calendar ever had, also in an event that it no longer has."""
        highest = max((event.sequence for event in events), default=0)
        return ChangeStamp(self.moment, max(highest, self.last.sequence if self.last else 0))


def _start_stamps(given: MergeInput) -> _Stamps:
    """Start a run's stamps later than any before, also where the clock went back: else programs ignore the change."""
    last, now = given.stored.newest if given.stored else None, given.now.replace(microsecond=0)
    return _Stamps(max(now, last.moment + timedelta(seconds=1)) if last else now, last)


def _renew_listed(given: MergeInput, stamps: _Stamps) -> tuple[list[StoredEvent], list[Change]]:
    """Return the events to be shown, stored octets where nothing changed, and the changes."""
    stored, events, changes = given.stored_events, list[StoredEvent](), list[Change]()
    suffix = given.heading.appearance.uid_suffix
    for event in given.current.events:
        old = stored.get(event.uid)
        rev = ics.hash_event(event, suffix)
        # Rendering is deterministic, but its result would differ after an update of icalendar. The revision hash
        # covers what is shown alone, so an event never changes without a reason that people can see.
        if old and old.rev == rev:
            events.append(old)
            continue
        stamp = stamps.make_stamp(old)
        octets = ics.render_event(event, stamp, rev, created=_find_created(old), uid_suffix=suffix)
        changes.extend(compare_event(old, event))
        events.append(StoredEvent(event.uid, octets, ics.format_moment(event.start), "", stamp.sequence, rev))
    return events, changes


def _renew_no_airings_event(given: MergeInput, stamps: _Stamps) -> StoredEvent | None:
    """Return the event of a calendar without airings; None where no rule emptied it and nothing was ever in it."""
    old, current = given.stored_notice, given.current
    # Nobody subscribed to what was always empty has events that could stay, and nothing was left out that people miss.
    if not (old or current.ruled_out or given.stored_events):
        return None
    stands = parse_moment(old.start) if old else None
    first = no_airings.find_first_day(current.days, local_date(given.now, current.zone), stands)
    event, suffix = no_airings.make_no_airings_event(given.heading, first), given.heading.appearance.uid_suffix
    rev = ics.hash_event(event, suffix)
    if old and old.rev == rev:
        return old
    stamp = stamps.make_stamp(old)
    octets = ics.render_event(event, stamp, rev, created=_find_created(old), uid_suffix=suffix)
    if given.retention.size_limit and len(octets) > _find_room(given):
        return None
    return StoredEvent(event.uid, octets, ics.format_moment(first), "", stamp.sequence, rev)


def _find_created(old: StoredEvent | None) -> datetime | None:
    """Return when the event *old* first appeared, None where it is new."""
    # Earlier renderings had no CREATED. The last change is the earliest instant that is known of such an event.
    return parse_instant(old.created or old.modified) if old else None


def _retain_missing(given: MergeInput, stamps: _Stamps, shown: Set[str]) -> tuple[list[StoredEvent], list[Change]]:
    """Return what stays of the stored events that are not *shown* any more, and the changes."""
    events, changes = list[StoredEvent](), list[Change]()
    for old in given.stored_events.values():
        if old.uid in shown:
            continue
        match decide_fate(given, old):
            case Fate.KEPT:
                events.append(old)
            case Fate.REMOVED:
                changes.append(Change(Kind.REMOVED, old.uid, read_name(old.octets), parse_moment(old.start)))
            case Fate.RENUMBERED:
                new = given.renumbered[old.uid]
                was = read_name(old.octets)
                changes.append(Change(Kind.RENUMBERED, new.uid, new.summary, new.start, old_summary=was))
            case Fate.BURIED:
                until = stamps.moment + given.retention.tombstone if given.retention.tombstone else None
                if until:
                    events.append(_make_tombstone(old, stamps.make_stamp(old)))
                changes.append(Change(Kind.GONE, old.uid, read_name(old.octets), parse_moment(old.start), until=until))
    return events, changes


class Fate(enum.Enum):
    """What becomes of a stored event that is not shown any more."""

    KEPT = enum.auto()
    BURIED = enum.auto()  # missing and ahead: people counted on it, so a tombstone says that it is off
    REMOVED = enum.auto()
    RENUMBERED = enum.auto()  # another event has its airing


def decide_fate(given: MergeInput, old: StoredEvent, tell: StepRecorder = ignore_step) -> Fate:
    """Decide what becomes of the stored event *old*, which is not shown any more; *tell* hears the reasons."""
    current, retention = given.current, given.retention
    starts = parse_moment(old.start)
    day = local_date(starts, current.zone)
    if _is_left_out(given, old, day, tell):
        return Fate.REMOVED
    if old.rev is None:
        return Fate.KEPT if _does_tombstone_stay(given, old, tell) else Fate.REMOVED
    if old.uid in given.renumbered:
        tell("It is listed under another number now: %s (%s).", *_name(given.renumbered[old.uid]))
        return Fate.RENUMBERED
    if old.uid in current.unreadable:
        tell("It stays as it is: an entry that cannot be read may be this one.")
        return Fate.KEPT
    if day not in current.days:
        oldest = given.now.astimezone(current.zone).date() - retention.keep
        if old.uid not in current.listed:
            tell("Only %s to %s (back, ahead) is fetched.", current.days.first, current.days.last)
        verb = "stays" if day >= oldest else "stayed"
        tell(f"It {verb} until %s (keep_days = %d).", day + retention.keep, retention.keep.days)
        return Fate.KEPT if day >= oldest else Fate.REMOVED
    if old.uid in current.unreliable:
        tell("It stays: the answers do not show whether it still exists.")
        return Fate.KEPT
    return Fate.BURIED if _is_missed(given, starts, tell) else Fate.REMOVED


def _is_left_out(given: MergeInput, old: StoredEvent, day: date, tell: StepRecorder) -> bool:
    """Whether the rules, the user or the kinds of the calendar leave out the event *old*, which is on *day*."""
    current = given.current
    if old.uid in current.ruled_out or (day in current.days and old.uid in current.listed):
        tell("It is listed, but the rules leave it out: it is removed from the calendar.")
    elif old.uid in current.grouped or old.uid in current.hidden:
        reason = "It is now part of another event" if old.uid in current.grouped else "You hid or dropped its show"
        tell("%s: it is removed from the calendar.", reason)
    elif old.uid in current.not_requested:
        kinds = ", ".join(given.heading.calendar_id.kinds)
        tell("This calendar now contains only %s (kind): it is removed from the calendar.", kinds)
    else:
        return False
    return True


def _does_tombstone_stay(given: MergeInput, old: StoredEvent, tell: StepRecorder) -> bool:
    since, tombstone = parse_instant(old.modified), given.retention.tombstone
    until = since + tombstone
    tell("It is no longer listed, since %s.", _format_instant(since))
    verb = "stays" if given.now < until else "stayed"
    tell(f"It {verb} as cancelled until %s (tombstone_days = %d).", _format_instant(until), tombstone.days)
    return given.now < until


def _is_missed(given: MergeInput, starts: Moment, tell: StepRecorder) -> bool:
    """Whether people count on an event that is no longer listed, and must see that it is off: it was to come."""
    if not _is_ahead(starts, given.now):
        tell("It is no longer listed, and it is over: it is removed from the calendar.")
        return False
    # After other rules of time, an event that left the range may have been moved by them and not by Trakt.
    if not _has_same_placing(given):
        tell("The rules about times changed, and the new ones put it outside these days: it is removed.")
        return False
    tell("It is no longer listed, for the first time in this run.")
    if tombstone := given.retention.tombstone:
        until = _format_instant(given.now + tombstone)
        tell("The next export marks it as cancelled until %s (tombstone_days = %d).", until, tombstone.days)
    else:
        tell("The next export removes it at once (tombstone_days = 0).")
    return True


def _name(event: Event) -> tuple[str, str]:
    return event.summary, event.uid


def _format_instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def _has_same_placing(given: MergeInput) -> bool:
    """Whether the rules that put events on other days are the same: else what left the range did so by them."""
    return given.stored is not None and given.stored.placing == given.heading.placing


def _is_ahead(starts: Moment, now: datetime) -> bool:
    """Whether *starts* is still to come; a whole day, which is one of the show's zone, until it is over there."""
    if isinstance(starts, datetime):
        return starts > now
    return datetime.combine(starts, DAY_ENDS, UTC) + timedelta(days=1) > now


def find_loss(given: MergeInput) -> Loss | None:
    """Return what disappeared where that is most of what lay ahead: a broken Trakt answers 200 with an empty list."""
    if given.stored_events.keys() <= given.current.listed and not given.current.missed:
        return None
    upcoming = [old for old in given.stored_events.values() if old.rev is not None and _is_expected(given, old)]
    present = (given.current.listed | given.current.unreadable | given.renumbered.keys()) - given.current.missed
    missing = frozenset(old.uid for old in upcoming if old.uid not in present)
    if _is_most(len(missing), len(upcoming)):
        return Loss(missing, len(upcoming))
    # One of several answers may be the broken one: of 250 events, an emptied month takes a fifth, less than the guard
    # of the whole would stop at.
    expected = {old.uid for old in upcoming}
    lost = [group & expected for group in given.current.answers if _is_most_of_answer(group & expected, missing)]
    if not lost:
        return None
    doubtful = frozenset().union(*lost)
    return Loss(doubtful & missing, len(doubtful), in_part=True)


def _is_most(missing: int, upcoming: int) -> bool:
    """Whether *missing* of *upcoming* events are too many to be believed."""
    # A short list may well end at once; a long one shrinks by a few at a time. Hence the two limits.
    return missing == upcoming >= FEWEST_OF_ALL or (upcoming >= FEWEST_OF_HALF and 2 * missing > upcoming)


def _is_most_of_answer(expected: Set[str], missing: Set[str]) -> bool:
    lost = len(expected & missing)
    # A page of an answer that has two is half of it, so that half is enough.
    return _is_most(lost, len(expected)) or (len(expected) >= FEWEST_OF_HALF and 2 * lost >= len(expected))


def _is_expected(given: MergeInput, old: StoredEvent) -> bool:
    """Whether this run must list *old*, an event that was not cancelled, if nothing is wrong with the answers."""
    current, starts = given.current, parse_moment(old.start)
    if not _is_ahead(starts, given.now) or local_date(starts, current.zone) not in current.days:
        return False
    if old.uid in current.listed:
        return old.uid not in current.hidden
    # Nothing can be missing that was not asked for: of other kinds the answers say nothing.
    unlisted = (current.hidden, current.not_requested, current.unreliable, given.renumbered)
    return not any(old.uid in uids for uids in unlisted)


def find_over_limit(given: MergeInput, events: Sequence[StoredEvent]) -> Set[str]:
    """Return the UIDs of those of *events*, which are in order, that do not fit into the largest calendar."""
    if not given.retention.size_limit:
        return frozenset()
    room = _find_room(given)
    listed = {event.uid for event in given.current.events}
    gone: set[str] = set()
    while True:
        dropped = _find_dropped([event for event in events if event.uid not in gone], room, given.now)
        # What goes and is not listed never comes back, so its room is given to others. Otherwise the next run,
        # made of the same answers, would have more room than this one, and events would come and go.
        if dropped <= listed:
            return dropped | gone
        gone |= dropped - listed


def _find_room(given: MergeInput) -> int:
    """Return how many octets the events may take in the largest calendar."""
    # Room for the longest stamp is kept free: else a run that changes nothing but the stamp could drop an event.
    return given.retention.size_limit - len(ics.render_calendar(given.heading, LONGEST_STAMP, ()))


def _find_dropped(events: Sequence[StoredEvent], room: int, now: datetime) -> set[str]:
    """Drop past events and tombstones, oldest first, then what lies farthest ahead, until the rest fits into *room*."""
    size = sum(len(event.octets) for event in events)
    if size <= room:
        return set()
    first = [event for event in events if event.rev is None or not _is_ahead(parse_moment(event.start), now)]
    early = {event.uid for event in first}
    dropped: set[str] = set()
    for event in (*first, *(event for event in reversed(events) if event.uid not in early)):
        if size <= room:
            break
        size -= len(event.octets)
        dropped.add(event.uid)
    return dropped


def _describe_over_limit(
    given: MergeInput, changes: list[Change], events: Iterable[StoredEvent], over_limit: Set[str]
) -> list[Change]:
    """Return *changes* without those of events for which there is no room, and that some of these were there before."""
    if not over_limit:
        return changes
    kept = [
        replace(change, until=None) if change.uid in over_limit else change
        for change in changes
        if change.uid not in over_limit or change.kind is Kind.GONE
    ]
    described = {change.uid for change in kept}
    return kept + [
        Change(Kind.DROPPED, event.uid, read_name(event.octets), parse_moment(event.start))
        for event in events
        if event.uid in over_limit and event.uid in given.stored_events and event.uid not in described
    ]


def _make_tombstone(old: StoredEvent, stamp: ChangeStamp) -> StoredEvent:
    """Return *old* as its tombstone. Without a REV no event equals it, so its return is a change."""
    modified = ics.format_moment(stamp.moment)
    octets = bytes(old.octets)
    for name, value in (("DTSTAMP", modified), ("LAST-MODIFIED", modified), ("SEQUENCE", str(stamp.sequence))):
        octets = _replace_line(octets, name, f"{name}:{value}\r\n")
    octets = _replace_line(octets, "X-TRAKT-ICAL-REV", "")
    octets = _replace_line(octets, "STATUS", "STATUS:CANCELLED\r\n")
    # GNOME Calendar, KOrganizer, MagicMirror and older Home Assistants show STATUS nowhere: the title must say it.
    summary = ics.cut_summary(ics.NOT_LISTED + read_name(octets))
    octets = _replace_line(octets, "SUMMARY", ics.fold(f"SUMMARY:{ics.escape(summary)}".encode()).decode())
    octets = _ALARMS.sub(b"", octets)  # nothing rings for what is off
    return StoredEvent(old.uid, octets, old.start, modified, stamp.sequence, None, old.created)


def _replace_line(octets: bytes, name: str, line: str) -> bytes:
    """Return *octets* with *line* in place of the line *name*, folded or not."""
    before, _, after = octets.partition(f"\r\n{name}:".encode())
    return before + b"\r\n" + line.encode() + _REST_OF_LINE.sub(b"", after, count=1)
