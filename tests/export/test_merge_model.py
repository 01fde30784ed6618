"""The merge against a model of it, whatever is played.

The model is written from the rules as they are told (what becomes of an event that is listed, missing,
hidden, out of range, cancelled), not from the code; the calendars are read back by vobject.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import vobject
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.factories import DAY, make_calendar_spec, make_episode
from tests.runs import FixedSource, merge_source
from trakt_ical.errors import UpdateHeldBack
from trakt_ical.export.merge import MergeResult, Retention
from trakt_ical.export.stored_calendar import parse_calendar
from trakt_ical.fetch.sources import Fetched, FetchRequest
from trakt_ical.model import DateRange, Moment, Show
from trakt_ical.pipeline import CalendarSpec

MINUTE = timedelta(minutes=1)
BEGIN = datetime(2026, 4, 18, 12, tzinfo=UTC)
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
SHOWS = ("trakt-1", "trakt-2")
TOMBSTONE, KEEP = 14 * DAY, 180 * DAY


@dataclass(frozen=True)
class ListedEpisode:
    """One episode as the world lists it."""

    show: str
    number: int
    starts: Moment
    title: str

    @property
    def uid(self) -> str:
        return f"{self.show}-s1e{self.number}@trakt-ical"


@dataclass(frozen=True)
class ReadEvent:
    """One event of a calendar as vobject reads it."""

    starts: Moment
    summary: str
    cancelled: bool
    sequence: int
    modified: datetime
    octets: bytes


def read_events(octets: bytes) -> dict[str, ReadEvent]:
    """The events of a calendar by UID. Fails where a UID is there twice."""
    blocks = re.findall(rb"^BEGIN:VEVENT\r$.*?^END:VEVENT\r$", octets, re.M | re.S)
    events = getattr(vobject.readOne(octets.decode()), "vevent_list", [])
    assert len(blocks) == len(events) == len({event.uid.value for event in events})
    found = {}
    for event, block in zip(events, blocks, strict=True):
        if event.uid.value.startswith("no-airings."):
            assert len(events) == 1
            continue
        starts = event.dtstart.value
        found[event.uid.value] = ReadEvent(
            starts.astimezone(UTC) if isinstance(starts, datetime) else starts,
            event.summary.value,
            event.status.value == "CANCELLED",
            int(event.sequence.value),
            event.last_modified.value.astimezone(UTC),
            block,
        )
        assert event.dtstamp.value == event.last_modified.value
    return found


def find_day(starts: Moment) -> date:
    return starts.date() if isinstance(starts, datetime) else starts


class MergeMachine(RuleBasedStateMachine):
    """A world that changes, and a calendar that is revised now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN
        self.world: dict[str, ListedEpisode] = {}
        self.removed: dict[str, ListedEpisode] = {}
        self.hidden: set[str] = set()
        self.length = 60
        self.octets: bytes | None = None
        self.highest: dict[str, int] = {}  # the largest SEQUENCE that was ever published, by UID
        self.lost = False

    # The world.

    @rule(show=st.sampled_from(SHOWS), number=st.integers(1, 9), hours=st.integers(-200, 1500), known=st.booleans())
    def add(self, show: str, number: int, hours: int, known: bool) -> None:
        starts = self.now + timedelta(hours=hours)
        aired = ListedEpisode(show, number, starts if known else starts.date(), f"Title {number}")
        self.removed.pop(aired.uid, None)
        self.world[aired.uid] = aired

    @rule()
    def announce_season(self) -> None:
        """A whole season is announced."""
        for number in range(1, 13):
            aired = ListedEpisode(SHOWS[0], number, self.now + number * DAY, f"Title {number}")
            self.removed.pop(aired.uid, None)
            self.world[aired.uid] = aired

    @precondition(lambda self: self.world)
    @rule(data=st.data(), hours=st.integers(-100, 2500))
    def move(self, data: st.DataObject, hours: int) -> None:
        aired = self.world[data.draw(st.sampled_from(sorted(self.world)))]
        self.world[aired.uid] = replace(aired, starts=aired.starts + timedelta(hours=hours))

    @precondition(lambda self: self.world)
    @rule(data=st.data())
    def learn_or_forget_the_hour(self, data: st.DataObject) -> None:
        aired = self.world[data.draw(st.sampled_from(sorted(self.world)))]
        known = isinstance(aired.starts, datetime)
        starts = find_day(aired.starts)
        self.world[aired.uid] = replace(
            aired, starts=starts if known else datetime(starts.year, starts.month, starts.day, 20, tzinfo=UTC)
        )

    @precondition(lambda self: self.world)
    @rule(data=st.data(), title=st.sampled_from(["A", "B, c; d", "👩‍🚀\\n"]))
    def rename(self, data: st.DataObject, title: str) -> None:
        aired = self.world[data.draw(st.sampled_from(sorted(self.world)))]
        self.world[aired.uid] = replace(aired, title=title)

    @precondition(lambda self: self.world)
    @rule(data=st.data(), most=st.integers(1, 20))
    def remove(self, data: st.DataObject, most: int) -> None:
        for uid in data.draw(
            st.lists(st.sampled_from(sorted(self.world)), unique=True, min_size=min(most, len(self.world)))
        ):
            self.removed[uid] = self.world.pop(uid)

    @precondition(lambda self: self.removed)
    @rule(data=st.data())
    def put_back(self, data: st.DataObject) -> None:
        uid = data.draw(st.sampled_from(sorted(self.removed)))
        self.world[uid] = self.removed.pop(uid)

    @rule(show=st.sampled_from(SHOWS))
    def hide_or_show(self, show: str) -> None:
        self.hidden ^= {show}

    @rule(days=st.integers(1, 90))
    def lengthen_or_shorten(self, days: int) -> None:
        self.length = days

    # Time and accidents.

    @rule(hours=st.integers(1, 100))
    def hours_pass(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(days=st.sampled_from([5, 13, 14, 15, 31, 100, 200]))
    def days_pass(self, days: int) -> None:
        self.now += days * DAY

    @rule(hours=st.integers(-20, 20))
    def the_clock_is_wrong(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def the_copy_is_lost(self) -> None:
        self.octets, self.lost = None, True

    # Runs.

    @rule()
    def a_day_passes_and_a_run(self) -> None:
        self.now += DAY
        self.run(believe=False)

    @rule(believe=st.booleans())
    def run(self, believe: bool) -> None:
        """A run, and everything that must be true of it."""
        self.now += timedelta(seconds=1)
        if self.lost:
            self.lost = False
            self.highest = {
                uid: number for uid, number in self.highest.items() if number < (self.now - EPOCH) // MINUTE
            }
        before = read_events(self.octets) if self.octets else {}
        if self.has_shrunk(before) and not believe:
            try:
                self.revise(believe=False)
            except UpdateHeldBack:
                return
            raise AssertionError("so much less is not to be believed")
        octets = self.revise(believe=believe).octets
        after = read_events(octets)
        assert self.list_fields(after) == self.find_expected(before)
        self.check_stamps(before, after)
        self.octets = octets
        assert self.revise(believe=False).octets == octets, "the same again changes nothing"

    @precondition(lambda self: self.octets)
    @rule()
    def a_fetch_fails(self) -> None:
        """A source that fails leaves nothing but what was there."""

        class FailingSource:
            def fetch(self, needs: FetchRequest, progress: object) -> Fetched:
                raise ConnectionError

        try:
            merge_source(FailingSource(), self.spec(), parse_calendar(self.octets or b""), self.now)
        except ConnectionError:
            return
        raise AssertionError("the fault is told")

    # The model.

    def days(self) -> DateRange:
        return DateRange(self.now.date() - 30 * DAY, 30 + self.length)

    def spec(self) -> CalendarSpec:
        return make_calendar_spec(self.days(), retention=Retention(size_limit=0))

    def revise(self, *, believe: bool) -> MergeResult:
        airings = [
            make_episode(
                show=Show(aired.show, "Show", None, (), None),
                season=1,
                number=aired.number,
                title=aired.title,
                starts=aired.starts,
            )
            for aired in self.list_entries().values()
        ]
        source = FixedSource(airings, frozenset(self.hidden))
        previous = parse_calendar(self.octets) if self.octets else None
        return merge_source(source, self.spec(), previous, self.now, accept_loss=believe)

    def list_entries(self) -> dict[str, ListedEpisode]:
        """What Trakt answers: the days that are asked for, one more at both ends."""
        return {uid: aired for uid, aired in self.world.items() if find_day(aired.starts) in self.days().widen(1)}

    def is_ahead(self, starts: Moment) -> bool:
        if isinstance(starts, datetime):
            return starts > self.now
        return datetime(starts.year, starts.month, starts.day, 12, tzinfo=UTC) + DAY > self.now  # over at UTC-12

    def is_hidden(self, uid: str) -> bool:
        return uid.split("-s1e")[0] in self.hidden

    def has_shrunk(self, before: dict[str, ReadEvent]) -> bool:
        """All of three or more upcoming events of shows that are not hidden are missing, or over half of ten."""
        upcoming = [
            uid
            for uid, event in before.items()
            if not event.cancelled
            and self.is_ahead(event.starts)
            and find_day(event.starts) in self.days()
            and not self.is_hidden(uid)
        ]
        missing = [uid for uid in upcoming if uid not in self.list_entries()]
        everything = len(missing) == len(upcoming) >= 3
        return everything or (len(upcoming) >= 10 and len(missing) > len(upcoming) / 2)

    def find_expected(self, before: dict[str, ReadEvent]) -> dict[str, tuple[Moment, str, bool, bytes | None]]:
        """What the next calendar holds: start, summary, whether cancelled, and octets that must not change."""
        found: dict[str, tuple[Moment, str, bool, bytes | None]] = {}
        for uid, aired in self.list_entries().items():
            if not self.is_hidden(uid) and (
                find_day(aired.starts) in self.days() or self.is_expected_anywhere(before, uid)
            ):
                summary = f"Show 1x{aired.number:02d} {aired.title}"
                old = before.get(uid)
                same = old is not None and not old.cancelled and (old.starts, old.summary) == (aired.starts, summary)
                found[uid] = (aired.starts, summary, False, old.octets if old and same else None)
        for uid, old in before.items():
            if uid in found or self.is_hidden(uid):
                continue
            kept = (old.starts, old.summary, old.cancelled, old.octets)
            if old.cancelled:
                if self.now < old.modified + TOMBSTONE:
                    found[uid] = kept
            elif find_day(old.starts) not in self.days():
                if find_day(old.starts) >= self.now.date() - KEEP:
                    found[uid] = kept
            elif self.is_ahead(old.starts):
                found[uid] = (old.starts, f"No longer listed: {old.summary}", True, None)
        self.unchanged = {uid: octets for uid, (_, _, _, octets) in found.items() if octets is not None}
        return {uid: (starts, summary, cancelled, None) for uid, (starts, summary, cancelled, _) in found.items()}

    def is_expected_anywhere(self, before: dict[str, ReadEvent], uid: str) -> bool:
        """Whether the episode is shown outside of the range too: it was within, or a tombstone."""
        return uid in before and (before[uid].cancelled or find_day(before[uid].starts) in self.days())

    @staticmethod
    def list_fields(events: dict[str, ReadEvent]) -> dict[str, tuple[Moment, str, bool, bytes | None]]:
        return {uid: (event.starts, event.summary, event.cancelled, None) for uid, event in events.items()}

    def check_stamps(self, before: dict[str, ReadEvent], after: dict[str, ReadEvent]) -> None:
        """Unchanged octets stay; what changed has a later stamp and a higher SEQUENCE than it ever had.

        Only where the copy was lost while the clock had been ahead nobody can know the highest one.
        """
        newest = max((event.modified for event in before.values()), default=None)
        for uid, event in after.items():
            if uid in self.unchanged:
                assert event.octets == self.unchanged[uid]
                continue
            assert newest is None or event.modified > newest
            assert event.sequence > self.highest.get(uid, -1)
            self.highest[uid] = max(self.highest.get(uid, 0), event.sequence)


MergeMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=50)
TestMergeMachine = MergeMachine.TestCase


@settings(max_examples=300)
@given(
    first=st.lists(st.tuples(st.integers(1, 30), st.integers(-700, 2000), st.integers(0, 300)), max_size=15),
    second=st.lists(st.tuples(st.integers(1, 30), st.integers(-700, 2000), st.integers(0, 300)), max_size=15),
    largest=st.integers(300, 6000),
)
def test_with_little_room_the_same_again_changes_nothing(
    first: list[tuple[int, int, int]], second: list[tuple[int, int, int]], largest: int
) -> None:
    """However small the ceiling, a calendar that is revised by what it was made of stays as it is."""
    octets: bytes | None = None
    spec = make_calendar_spec(DateRange(BEGIN.date() - 30 * DAY, 120), retention=Retention(size_limit=largest))
    for listed in (first, second, second):
        airings = [
            make_episode(number=number, starts=BEGIN + timedelta(hours=hours), title="x" * length)
            for number, hours, length in listed
        ]
        previous = parse_calendar(octets) if octets else None
        before, octets = octets, merge_source(FixedSource(airings), spec, previous, BEGIN, accept_loss=True).octets
    assert octets == before
    assert b"BEGIN:VEVENT" not in octets or len(octets) <= largest
