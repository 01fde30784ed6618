"""The calendar remembers: the previous calendar and what Trakt lists now make the next calendar.

There is no database. What did not change is carried over byte for byte and is neither rendered
nor parsed; what changed gets a newer stamp, since calendar programs look at nothing else; what
is no longer listed stays as a cancelled event for a while, since some programs never drop what
merely leaves; and a calendar that loses most of itself at once is not believed.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property

from trakt_ical.errors import NotBelieved
from trakt_ical.export import ics
from trakt_ical.export.changes import Change, Kind, differences
from trakt_ical.export.ics import Look, Scope, Stamp
from trakt_ical.export.previous import Previous, Remembered, moment, summary
from trakt_ical.model import DateRange, Event, Moment, local_date

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)  # of SEQUENCE: minutes since then keep it rising where a copy was lost
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
class Listing:
    """What Trakt lists in this run.

    *events* are those to be shown, asked for once; *listed* tells the UIDs of the whole answer, before any rule;
    *hidden* whether a UID is of a show that the user hid or dropped; *days*, counted in *zone*,
    were fetched whole.
    """

    events: Iterable[Event]
    listed: frozenset[str]
    hidden: Callable[[str], bool]
    days: DateRange
    zone: tzinfo


class Fate(enum.Enum):
    """What becomes of a previous event that is not shown any more."""

    KEPT = enum.auto()
    BURIED = enum.auto()  # missing and ahead: it was there, and people counted on it
    REMOVED = enum.auto()


@dataclass(frozen=True, slots=True)
class Revised:
    """The next calendar: its *octets*, how it differs from the previous one, and what the ceiling cost."""

    octets: bytes
    changes: list[Change]
    starts: list[Moment]
    dropped: int


@dataclass(frozen=True)
class Revision:
    """One step from a *previous* calendar (None: there is none) to the next, at *now*."""

    previous: Previous | None
    listing: Listing
    look: Look
    scope: Scope
    now: datetime
    retention: Retention = field(default_factory=Retention)

    def revise(self, *, believe: bool = False) -> Revised:
        """The next calendar. Raises NotBelieved where too much is missing, unless *believe*."""
        if not believe:
            self._guard()
        changes: list[Change] = []
        kept = list(self._shown(changes))
        kept += self._remaining({event.uid for event in kept}, changes)
        kept.sort(key=lambda event: (event.start, event.uid))
        dropped = self._over_ceiling(kept)
        kept = [event for event in kept if event.uid not in dropped]
        changes = [change for change in changes if change.uid not in dropped]
        octets = ics.calendar(self.look, self.scope, (event.octets for event in kept))
        return Revised(octets, changes, [moment(event.start) for event in kept], len(dropped))

    @property
    def _remembered(self) -> dict[str, Remembered]:
        return self.previous.events if self.previous else {}

    @property
    def _same_kinds(self) -> bool:
        return self.previous is not None and self.previous.scope == str(self.scope)

    @cached_property
    def _moment(self) -> datetime:
        """When this run's changes happen: later than any before, even where the clock went back."""
        now = self.now.replace(microsecond=0)
        newest = max((event.modified for event in self._remembered.values()), default="")
        return max(now, _instant(newest) + timedelta(seconds=1)) if newest else now

    def _stamp(self, old: Remembered | None) -> Stamp:
        minutes = int((self._moment - EPOCH).total_seconds() // 60)
        return Stamp(self._moment, max(old.sequence + 1 if old else 0, minutes))

    def _shown(self, changes: list[Change]) -> Iterator[Remembered]:
        """The events that are listed: old octets where nothing changed, else new ones."""
        for event in self.listing.events:
            old = self._remembered.get(event.uid)
            rev = ics.revision(event)
            if old and old.rev == rev:
                yield old
                continue
            stamp = self._stamp(old)
            octets = ics.event_octets(event, stamp, rev)
            changes.extend(differences(old, event, self.listing.zone))
            yield Remembered(event.uid, octets, ics.when(event.start), "", stamp.sequence, rev)

    def _remaining(self, shown: set[str], changes: list[Change]) -> Iterator[Remembered]:
        """What stays of the previous events that are not among the *shown* any more."""
        for old in self._remembered.values():
            if old.uid in shown:
                continue
            fate = self._fate(old)
            if fate is Fate.BURIED:
                until = self._moment + self.retention.tombstone if self.retention.tombstone else None
                changes.append(Change(Kind.GONE, old.uid, summary(old.octets), moment(old.start), until=until))
                if until:
                    yield _cancelled(old, self._stamp(old))
            elif fate is Fate.REMOVED:
                changes.append(Change(Kind.REMOVED, old.uid, summary(old.octets), moment(old.start)))
            else:
                yield old

    def _fate(self, old: Remembered) -> Fate:
        """What becomes of a previous event that is not shown any more."""
        starts = moment(old.start)
        if self.listing.hidden(old.uid) or old.uid in self.listing.listed:
            return Fate.REMOVED
        if old.rev is None:
            return Fate.KEPT if self.now < _instant(old.modified) + self.retention.tombstone else Fate.REMOVED
        day = local_date(starts, self.listing.zone)
        if day not in self.listing.days:
            oldest = self.now.astimezone(self.listing.zone).date() - self.retention.keep
            return Fate.KEPT if day >= oldest else Fate.REMOVED
        if not self._same_kinds:
            return Fate.KEPT
        return Fate.BURIED if self._ahead(starts) else Fate.REMOVED

    def _ahead(self, starts: Moment) -> bool:
        """Whether *starts* is still to come; a whole day is until it is over."""
        if isinstance(starts, datetime):
            return starts > self.now
        return starts >= self.now.astimezone(self.listing.zone).date()

    def _guard(self) -> None:
        """Refuse to believe that most of what lay ahead is gone: so looks a Trakt that answers 200 with nothing."""
        if not self._same_kinds:
            return
        ahead = [old for old in self._remembered.values() if old.rev is not None and self._expected(old)]
        missing = sum(old.uid not in self.listing.listed and not self.listing.hidden(old.uid) for old in ahead)
        if (missing == len(ahead) >= FEWEST_OF_ALL) or (len(ahead) >= FEWEST_OF_HALF and 2 * missing > len(ahead)):
            raise NotBelieved(f"Trakt no longer lists {missing} of {len(ahead)} upcoming events. The calendar stays.")

    def _expected(self, old: Remembered) -> bool:
        starts = moment(old.start)
        return self._ahead(starts) and local_date(starts, self.listing.zone) in self.listing.days

    def _over_ceiling(self, kept: list[Remembered]) -> set[str]:
        """The UIDs of those of *kept*, which are in order, that the largest calendar has no room for.

        Past events and tombstones go first, oldest first, then what lies farthest ahead.
        """
        size = len(ics.calendar(self.look, self.scope, ())) + sum(len(event.octets) for event in kept)
        dropped: set[str] = set()
        if not self.retention.largest or size <= self.retention.largest:
            return dropped
        past = [event for event in kept if event.rev is None or not self._ahead(moment(event.start))]
        gone = {event.uid for event in past}
        for event in (*past, *(event for event in reversed(kept) if event.uid not in gone)):
            if size <= self.retention.largest:
                break
            size -= len(event.octets)
            dropped.add(event.uid)
        return dropped


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _cancelled(old: Remembered, stamp: Stamp) -> Remembered:
    """*old* as its tombstone. Without a REV nothing equals it, so its return is a change."""
    modified = ics.when(stamp.moment)
    octets = bytes(old.octets)
    for name, value in (("DTSTAMP", modified), ("LAST-MODIFIED", modified), ("SEQUENCE", str(stamp.sequence))):
        octets = _with_line(octets, name, f"{name}:{value}\r\n")
    octets = _with_line(octets, "X-TRAKT-ICAL-REV", "")
    octets = _with_line(octets, "STATUS", "STATUS:CANCELLED\r\n")
    return Remembered(old.uid, octets, old.start, modified, stamp.sequence, None)


def _with_line(octets: bytes, name: str, line: str) -> bytes:
    """*octets* with *line* in place of the line *name*, which is a short one."""
    before, _, after = octets.partition(f"\r\n{name}:".encode())
    return before + b"\r\n" + line.encode() + after.partition(b"\r\n")[2]
