"""The calendar remembers: the previous calendar and what Trakt lists now make the next calendar.

There is no database. What did not change is carried over byte for byte and is neither rendered
nor parsed; what changed gets a newer stamp, since calendar programs look at nothing else; what
is no longer listed stays as a cancelled event for a while, since some programs never drop what
merely leaves; and a calendar that loses most of itself at once is not believed.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import cached_property

from trakt_ical.errors import UpdateHeldBack
from trakt_ical.export import ics
from trakt_ical.export.changes import Change, Kind, compare_event
from trakt_ical.export.ics import Appearance, CalendarId, ChangeStamp
from trakt_ical.export.stored import StoredCalendar, StoredEvent, parse_instant, parse_moment, read_summary
from trakt_ical.model import DateRange, Event, Moment, local_date

Past = Callable[[StoredEvent], bool]


def find_over_limit(kept: Sequence[StoredEvent], *, room: int, listed: AbstractSet[str], past: Past) -> set[str]:
    """The UIDs of those of *kept*, which are in order, that do not fit into *room* octets.

    What goes and is not *listed* never comes back, so its room is given away again: else the next run, made of
    the same, would have room for more.
    """
    gone: set[str] = set()
    while True:
        dropped = _find_dropped([event for event in kept if event.uid not in gone], room, past)
        if dropped <= listed:
            return dropped | gone
        gone |= dropped - listed


def _find_dropped(kept: Sequence[StoredEvent], room: int, past: Past) -> set[str]:
    """Past events and tombstones, oldest first, then what lies farthest ahead, until the rest fits."""
    size = sum(len(event.octets) for event in kept)
    if size <= room:
        return set()
    first = [event for event in kept if event.rev is None or past(event)]
    early = {event.uid for event in first}
    dropped: set[str] = set()
    for event in (*first, *(event for event in reversed(kept) if event.uid not in early)):
        if size <= room:
            break
        size -= len(event.octets)
        dropped.add(event.uid)
    return dropped


EPOCH = datetime(2020, 1, 1, tzinfo=UTC)  # of SEQUENCE: minutes since then keep it rising where a copy was lost
OVER = time(12)  # in UTC, of the next day: when a day is over west of everybody
_ALARMS = re.compile(rb"BEGIN:VALARM\r\n.*END:VALARM\r\n", re.S)
WIDEST = ChangeStamp(datetime(9999, 12, 31, tzinfo=UTC), 10**9)  # no stamp takes more room
FEWEST_OF_ALL = 3  # so many upcoming events, all missing, are not believed
FEWEST_OF_HALF = 10  # nor over half of so many


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is gone stays, and how large a calendar may grow.

    *tombstone*: how long a cancelled event stays, nothing for not at all. *keep*: how far back
    events out of the range reach. *largest*: octets of a calendar, 0 for any number.
    """

    tombstone: timedelta = timedelta(days=14)
    keep: timedelta = timedelta(days=180)
    largest: int = 1_000_000


@dataclass(frozen=True, slots=True)
class CurrentEvents:
    """What Trakt lists in this run.

    *events* are those to be shown, asked for once; *listed* tells the UIDs of the whole answer, before any rule,
    *grouped* those of them that are shown within the event of another; *placing* the rules that put events on other
    days (see `ics.placing`); *hidden* whether a UID is of a show that the user hid or dropped, *asked* whether the
    kinds that were asked for would list an event. *days*, counted in *zone*, were fetched whole.
    """

    events: Iterable[Event]
    listed: Set[str]
    grouped: frozenset[str]
    placing: str
    hidden: Callable[[str], bool]
    asked: Callable[[StoredEvent], bool]
    days: DateRange
    zone: tzinfo


class Fate(enum.Enum):
    """What becomes of a previous event that is not shown any more."""

    KEPT = enum.auto()
    BURIED = enum.auto()  # missing and ahead: it was there, and people counted on it
    REMOVED = enum.auto()


@dataclass(frozen=True, slots=True)
class MergeResult:
    """The next calendar: its *octets*, how it differs from the previous one, and what the ceiling cost."""

    octets: bytes
    changes: list[Change]
    starts: list[Moment]
    dropped: int


@dataclass(frozen=True)
class Merge:
    """One step from a *previous* calendar (None: there is none) to the next, at *now*."""

    previous: StoredCalendar | None
    listing: CurrentEvents
    look: Appearance
    scope: CalendarId
    now: datetime
    retention: Retention = field(default_factory=Retention)

    def revise(self, *, believe: bool = False) -> MergeResult:
        """The next calendar. Raises NotBelieved where too much is missing, unless *believe*."""
        if not believe:
            self._guard()
        changes: list[Change] = []
        kept = list(self._shown(changes))
        shown = {event.uid for event in kept}
        kept += self._remaining(shown, changes)
        kept.sort(key=lambda event: (event.start, event.uid))
        dropped = self._over_ceiling(kept, shown)
        changes = self._told(changes, kept, dropped)
        kept = [event for event in kept if event.uid not in dropped]
        newest, placing = self._newest(kept, changes), self.listing.placing
        octets = ics.render_calendar(self.look, self.scope, newest, (event.octets for event in kept), placing)
        return MergeResult(octets, changes, [parse_moment(event.start) for event in kept], len(dropped))

    def _told(self, changes: list[Change], kept: list[StoredEvent], dropped: set[str]) -> list[Change]:
        """*changes* less those of events that there is no room for, and that some of these were there before."""
        told = [
            replace(change, until=None) if change.uid in dropped else change
            for change in changes
            if change.uid not in dropped or change.kind is Kind.GONE
        ]
        gone = {change.uid for change in told}
        return told + [
            Change(Kind.DROPPED, event.uid, read_summary(event.octets), parse_moment(event.start))
            for event in kept
            if event.uid in dropped and event.uid in self._remembered and event.uid not in gone
        ]

    def _newest(self, kept: list[StoredEvent], changes: list[Change]) -> ChangeStamp | None:
        """The latest stamp that the calendar ever bore, with the highest SEQUENCE: later ones must pass both."""
        if not changes:
            return self._last
        highest = max((event.sequence for event in kept), default=0)
        return ChangeStamp(self._moment, max(highest, self._last.sequence if self._last else 0))

    @property
    def _remembered(self) -> dict[str, StoredEvent]:
        return self.previous.events if self.previous else {}

    @property
    def _same_kinds(self) -> bool:
        return self.previous is not None and self.previous.scope == str(self.scope)

    @property
    def _same_placing(self) -> bool:
        """Whether the rules that put events on other days are the same: else what left the range did so by them."""
        return self.previous is not None and self.previous.placing == self.listing.placing

    @property
    def _last(self) -> ChangeStamp | None:
        return self.previous.newest if self.previous else None

    @cached_property
    def _moment(self) -> datetime:
        """When this run's changes happen: later than any before, even where the clock went back."""
        now = self.now.replace(microsecond=0)
        return max(now, self._last.moment + timedelta(seconds=1)) if self._last else now

    def _stamp(self, old: StoredEvent | None) -> ChangeStamp:
        before = old.sequence if old else self._last.sequence if self._last else -1
        return ChangeStamp(self._moment, max(before + 1, int((self._moment - EPOCH).total_seconds() // 60)))

    def _shown(self, changes: list[Change]) -> Iterator[StoredEvent]:
        """The events that are listed: old octets where nothing changed, else new ones."""
        for event in self.listing.events:
            old = self._remembered.get(event.uid)
            rev = ics.hash_event(event)
            if old and old.rev == rev:
                yield old
                continue
            stamp = self._stamp(old)
            octets = ics.render_event(event, stamp, rev)
            changes.extend(compare_event(old, event))
            yield StoredEvent(event.uid, octets, ics.format_moment(event.start), "", stamp.sequence, rev)

    def _remaining(self, shown: set[str], changes: list[Change]) -> Iterator[StoredEvent]:
        """What stays of the previous events that are not among the *shown* any more."""
        for old in self._remembered.values():
            if old.uid in shown:
                continue
            fate = self._fate(old)
            if fate is Fate.BURIED:
                until = self._moment + self.retention.tombstone if self.retention.tombstone else None
                changes.append(
                    Change(Kind.GONE, old.uid, read_summary(old.octets), parse_moment(old.start), until=until)
                )
                if until:
                    yield _make_tombstone(old, self._stamp(old))
            elif fate is Fate.REMOVED:
                changes.append(Change(Kind.REMOVED, old.uid, read_summary(old.octets), parse_moment(old.start)))
            else:
                yield old

    def _fate(self, old: StoredEvent) -> Fate:
        """What becomes of a previous event that is not shown any more."""
        starts = parse_moment(old.start)
        day = local_date(starts, self.listing.zone)
        ruled_out = day in self.listing.days and old.uid in self.listing.listed
        if ruled_out or old.uid in self.listing.grouped or self.listing.hidden(old.uid):
            return Fate.REMOVED
        if old.rev is None:
            return Fate.KEPT if self.now < parse_instant(old.modified) + self.retention.tombstone else Fate.REMOVED
        if day not in self.listing.days:
            oldest = self.now.astimezone(self.listing.zone).date() - self.retention.keep
            return Fate.KEPT if day >= oldest else Fate.REMOVED
        if not self._same_kinds or not self.listing.asked(old):
            return Fate.KEPT
        return Fate.BURIED if self._ahead(starts) and self._same_placing else Fate.REMOVED

    def _ahead(self, starts: Moment) -> bool:
        """Whether *starts* is still to come; a whole day, which is one of the show's zone, until it is over there."""
        if isinstance(starts, datetime):
            return starts > self.now
        return datetime.combine(starts, OVER, UTC) + timedelta(days=1) > self.now

    def _guard(self) -> None:
        """Refuse to believe that most of what lay ahead is gone: so looks a Trakt that answers 200 with nothing."""
        if not self._same_kinds or self._remembered.keys() <= self.listing.listed:
            return
        ahead = [old for old in self._remembered.values() if old.rev is not None and self._expected(old)]
        missing = frozenset(old.uid for old in ahead if old.uid not in self.listing.listed)
        everything = len(missing) == len(ahead) >= FEWEST_OF_ALL
        if everything or (len(ahead) >= FEWEST_OF_HALF and 2 * len(missing) > len(ahead)):
            raise UpdateHeldBack(
                f"Trakt no longer lists {len(missing)} of {len(ahead)} upcoming events. The calendar stays.", missing
            )

    def _expected(self, old: StoredEvent) -> bool:
        starts = parse_moment(old.start)
        within = self._ahead(starts) and local_date(starts, self.listing.zone) in self.listing.days
        return (
            within and not self.listing.hidden(old.uid) and (old.uid in self.listing.listed or self.listing.asked(old))
        )

    def _over_ceiling(self, kept: list[StoredEvent], shown: set[str]) -> set[str]:
        """The UIDs of those of *kept*, which are in order, that the largest calendar has no room for."""
        if not self.retention.largest:
            return set()
        room = self.retention.largest - len(
            ics.render_calendar(self.look, self.scope, WIDEST, (), self.listing.placing)
        )
        return find_over_limit(
            kept, room=room, listed=shown, past=lambda event: not self._ahead(parse_moment(event.start))
        )


def _make_tombstone(old: StoredEvent, stamp: ChangeStamp) -> StoredEvent:
    """*old* as its tombstone. Without a REV nothing equals it, so its return is a change."""
    modified = ics.format_moment(stamp.moment)
    octets = bytes(old.octets)
    for name, value in (("DTSTAMP", modified), ("LAST-MODIFIED", modified), ("SEQUENCE", str(stamp.sequence))):
        octets = _replace_line(octets, name, f"{name}:{value}\r\n")
    octets = _replace_line(octets, "X-TRAKT-ICAL-REV", "")
    octets = _replace_line(octets, "STATUS", "STATUS:CANCELLED\r\n")
    octets = _ALARMS.sub(b"", octets)  # what is off does not ring
    return StoredEvent(old.uid, octets, old.start, modified, stamp.sequence, None)


def _replace_line(octets: bytes, name: str, line: str) -> bytes:
    """*octets* with *line* in place of the line *name*, which is a short one."""
    before, _, after = octets.partition(f"\r\n{name}:".encode())
    return before + b"\r\n" + line.encode() + after.partition(b"\r\n")[2]
