"""The stored calendar, read back: only ours, as we wrote it, cut into its events without parsing them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import msgspec

from trakt_ical.errors import OutputError
from trakt_ical.export.ics import CREDIT, END, NOT_LISTED, SUM, ChangeStamp, Octets, escape, hash_parts
from trakt_ical.export.no_airings import UID_BEGINS
from trakt_ical.model import Moment, check_moment, check_years

HEAD = 1000  # octets, within which a calendar of ours has its SUM
_SCOPE = "X-TRAKT-ICAL-SCOPE"
_NEWEST = "X-TRAKT-ICAL-NEWEST"
UID_ENDING = "@trakt-ical"
_PLACING = "X-TRAKT-ICAL-PLACING"
_BETWEEN = b"\r\nBEGIN:VEVENT\r\n"  # at the beginning of a line: a folded text has a blank there
_DAY = rb"\d{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_HOUR = rb"(?:[01]\d|2[0-3])[0-5]\d[0-5]\dZ"
_EVENT = re.compile(
    rb"UID:((?:[^\r]|\r\n )+)\r\n"
    rb"DTSTAMP:\w+\r\n"
    rb"(?:CREATED:(" + _DAY + rb"T" + _HOUR + rb")\r\n)?"  # calendars of earlier renderings have none
    rb"LAST-MODIFIED:(" + _DAY + rb"T" + _HOUR + rb")\r\n"
    rb"SEQUENCE:(\d{1,18})\r\n"
    rb"(?:X-TRAKT-ICAL-REV:([\w-]+)\r\n)?"
    rb"DTSTART(?:;VALUE=DATE)?:(" + _DAY + rb"(?:T" + _HOUR + rb")?)\r\n"
)


class DamagedCalendar(OutputError):
    """The file is not a calendar of ours, or was edited or damaged since."""


class StoredEvent(NamedTuple):
    """One event of the stored calendar: its *octets*, and what the next calendar must know of it.

    *start*, *modified* and *created* are texts as the calendar writes them; *rev* is None where it is cancelled. *uid*
    is without the suffix of a calendar that has UIDs of its own: an airing has one name everywhere in the program.
    """

    uid: str
    octets: Octets
    start: str
    modified: str
    sequence: int
    rev: str | None
    created: str = ""


class StoredCalendar(msgspec.Struct, frozen=True, dict=True):
    """A calendar that was made by an earlier run: its id as a text, its *newest* stamp, and its *octets*.

    *placing*: the rules that put its events on other days, see `ics.hash_placing`. *checksum*: its SUM.
    """

    calendar_id: str
    placing: str
    newest: ChangeStamp | None
    octets: bytes
    checksum: str

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of calendars that it was made of."""
        return tuple(self.calendar_id.rpartition("/")[2].split("+"))

    @property
    def credit(self) -> str:
        """What it says of where its events come from, "" for nothing."""
        first = self.octets.find(_BETWEEN)
        return _read_text(self.octets[: first + 2 if first >= 0 else HEAD], CREDIT.encode())

    @cached_property
    def events(self) -> dict[str, StoredEvent]:
        """Its events by UID, in their order. Raises DamagedCalendar where one has another form than ours."""
        if self.no_airings_event is not None:
            return {}
        return {event.uid: event for event in _cut_events(self.octets, self.octets.find(_BETWEEN))}

    @cached_property
    def no_airings_event(self) -> StoredEvent | None:
        """The event of a calendar without airings, which has no other, see `no_airings`; None where it has some."""
        event = next(_cut_events(self.octets, self.octets.find(_BETWEEN)), None)
        return event if event and event.uid.startswith(UID_BEGINS) else None


def parse_calendar(octets: bytes, *, checks_sum: bool = True) -> StoredCalendar:
    """Return the calendar in *octets*, without a copy. Raises DamagedCalendar where its SUM is missing or wrong.

    Without *checks_sum* it may be wrong: the caller knows the octets, or calls `check_sum` before it relies on them.
    """
    if checks_sum:
        check_sum(octets)
    found, body = _find_sum(octets)
    first = octets.find(_BETWEEN, body)
    next(_cut_events(octets, first), None)  # one tells of what version all are
    try:
        opening = octets[body : first if first >= 0 else len(octets)].replace(b"\r\n ", b"").decode()
        scope, newest, placing = (re.search(rf"^{name}:(.*)\r$", opening, re.M) for name in (_SCOPE, _NEWEST, _PLACING))
        stamp = _parse_stamp(newest[1]) if newest else None
    except ValueError as error:
        raise DamagedCalendar(f"its head is none that trakt-ical writes: {error}") from error
    if scope is None:
        raise DamagedCalendar("it does not say whose calendar it is")
    checksum = octets[found + len(SUM) : body - 2].decode()
    return StoredCalendar(scope[1], placing[1] if placing else "", stamp, octets, checksum)


def read_calendar_id(path: Path) -> str:
    """Return the id that the calendar at *path* claims, "" where it claims none or cannot be read.

    Nothing is checked: what says that it is another account's is not touched, whatever else is wrong with it.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return ""
    found = re.search(rf"^{_SCOPE}:([^\r\n]+)".encode(), head.replace(b"\r\n ", b""), re.M)
    return found[1].decode(errors="replace") if found else ""


def check_sum(octets: bytes) -> None:
    """Raise DamagedCalendar unless *octets* are a calendar as it was written."""
    found, body = _find_sum(octets)
    view = memoryview(octets)
    # A calendar that somebody edited would be carried on with the edits, under our revision hashes: nothing would ever
    # put its events right again. So the file is refused as a whole.
    if view[found + len(SUM) : body - 2] != hash_parts(view[body:]) or not octets.endswith(END):
        raise DamagedCalendar("it was edited or damaged since trakt-ical wrote it")


def _find_sum(octets: bytes) -> tuple[int, int]:
    """Return where the line with the SUM begins, and where what it is the sum of."""
    found = octets.find(SUM, 0, HEAD)
    if found < 0 or not octets.startswith(b"BEGIN:VCALENDAR\r\n"):
        raise DamagedCalendar("it was not made by trakt-ical")
    return found, octets.find(b"\r\n", found) + 2


def _parse_stamp(text: str) -> ChangeStamp:
    moment, _, sequence = text.partition("/")
    instant = parse_instant(moment)
    check_years((instant,))
    return ChangeStamp(instant, int(sequence))


def _cut_events(octets: bytes, start: int) -> Iterator[StoredEvent]:
    """Cut *octets* into events; the line break before the first of them is at *start*."""
    # Views, no copies, and one regular expression for the head of each event: a parser takes seconds for 10,000 events.
    view = memoryview(octets)
    while start >= 0:
        found = _EVENT.match(octets, start + len(_BETWEEN))
        if found is None:
            raise DamagedCalendar("it was made by another version of trakt-ical")
        following = octets.find(_BETWEEN, found.end())
        end = following + 2 if following >= 0 else len(octets) - len(END)
        try:
            event = _make_event(found, view[start + 2 : end])
        except ValueError as error:
            raise DamagedCalendar(f"one of its events is none that trakt-ical writes: {error}") from error
        yield event
        start = following


def _make_event(found: re.Match[bytes], octets: Octets) -> StoredEvent:
    """Return the event with the head *found*. Raises ValueError for a day that is none."""
    uid, created, modified, sequence, rev, starts = found.groups()
    for day in (modified, starts, created or starts):
        # The expression knows most; only the last days of months and odd years need a closer look, which takes time.
        if day[6:8] > b"28" or not b"1900" <= day[:4] < b"2200":
            check_moment(parse_moment(day.decode()))
    return StoredEvent(
        strip_uid_suffix(uid.replace(b"\r\n ", b"").decode()),
        octets,
        starts.decode(),
        modified.decode(),
        int(sequence),
        rev.decode() if rev else None,
        created.decode() if created else "",
    )


def strip_uid_suffix(uid: str) -> str:
    """Return *uid* without what a calendar with UIDs of its own appends to it."""
    base, ending, _ = uid.partition(UID_ENDING)
    return base + ending


def parse_instant(text: str) -> datetime:
    """Return the instant that a DTSTAMP of ours writes as *text*. Raises ValueError."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text} leaves the calendar") from error


def parse_moment(text: str) -> Moment:
    """Return the moment that a DTSTART of ours writes as *text*. Raises ValueError."""
    return parse_instant(text) if "T" in text else date.fromisoformat(text)


def read_summary(octets: Octets) -> str:
    """Return the SUMMARY of an event of ours."""
    return _read_text(octets, b"SUMMARY")


def read_name(octets: Octets) -> str:
    """Return the SUMMARY of an event of ours, without what a tombstone says first."""
    return read_summary(octets).removeprefix(NOT_LISTED)


def read_description(octets: Octets) -> str:
    """Return the DESCRIPTION of an event of ours, "" where it has none."""
    return _read_text(octets, b"DESCRIPTION")


def read_link(octets: Octets) -> str:
    """Return the URL of an event of ours, "" where it has none."""
    return _read_text(octets, b"URL")


def read_end(octets: Octets) -> Moment | None:
    """Return the DTEND of an event of ours."""
    found = re.search(rb"\r\nDTEND(?:;VALUE=DATE)?:(\w+)\r\n", octets)
    try:
        return parse_moment(found[1].decode()) if found else None
    except ValueError:
        return None


def read_category(octets: Octets) -> str:
    """Return the first of an event's CATEGORIES, which is its kind where it has one."""
    return _read_text(octets, b"CATEGORIES", rb"((?:[^,\\\r]|\\.)*)")


def has_text(octets: Octets, text: str) -> bool:
    """Whether an event of ours says *text* somewhere."""
    return escape(text).encode() in bytes(octets).replace(b"\r\n ", b"")


def _read_text(octets: Octets, name: bytes, value: bytes = rb"([^\r]*)") -> str:
    found = re.search(rb"\r\n" + name + rb":" + value, bytes(octets).replace(b"\r\n ", b""))
    text = found[1].decode(errors="replace") if found else ""
    return re.sub(r"\\(.)", lambda escaped: "\n" if escaped[1] == "n" else escaped[1], text)
