"""Alarms: "30 min before" for what has an hour, "09:00 that day" for whole days, for all or for one kind."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from trakt_ical.model import Airing, Alarm, Moment
from trakt_ical.transform.uids import is_of_kind

_BEFORE = re.compile(
    r"(?:(\d{1,3}) ?(?:d|days?))? ?(?:(\d{1,3}) ?(?:h|hours?))? ?(?:(\d{1,4}) ?(?:m|min|minutes?))? before"
)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d) (?:(that day)|(the day before)|(\d{1,2}) days before)")
FORMS = (
    '"30 min before", "1 h before", "at the start", "09:00 that day", "20:00 the day before" or "20:00 3 days before"'
)


class AlarmRule(msgspec.Struct, frozen=True):
    """An alarm *before* the start of events that have an hour or, with *whole_days*, of whole days; negative: after it.

    *kind* is that of a calendar (`movies`, `premieres`), "" for all.
    """

    before: timedelta
    whole_days: bool
    kind: str = ""


def parse_alarm(text: str, kinds: Iterable[str]) -> AlarmRule:
    """Return the rule in *text*, which may begin with one of *kinds*. Raises ValueError."""
    kind, colon, when = text.partition(": ")
    if not colon:
        kind, when = "", text
    elif kind not in kinds:
        raise ValueError(f"{text!r} is for {kind!r}, which is not a kind; the kinds are {', '.join(kinds)}")
    when = " ".join(when.split()).lower()
    if when == "at the start":
        return AlarmRule(timedelta(0), whole_days=False, kind=kind)
    if found := _BEFORE.fullmatch(when):
        days, hours, minutes = (int(number or 0) for number in found.groups())
        if any(found.groups()):
            return AlarmRule(timedelta(days=days, hours=hours, minutes=minutes), whole_days=False, kind=kind)
    if found := _CLOCK.fullmatch(when):
        hour, minute, that_day, _, early = found.groups()
        ahead = timedelta(days=0 if that_day else int(early or 1))
        return AlarmRule(ahead - timedelta(hours=int(hour), minutes=int(minute)), whole_days=True, kind=kind)
    raise ValueError(f"{text!r} is not an alarm; write {FORMS}")


def make_alarms(members: Iterable[Airing], start: Moment, text: str, rules: Iterable[AlarmRule]) -> tuple[Alarm, ...]:
    """Return the alarms of an event of *members* that starts at *start*, each once, the earliest first."""
    whole = not isinstance(start, datetime)
    members = tuple(members)
    spans = {
        rule.before
        for rule in rules
        if rule.whole_days == whole and (not rule.kind or any(is_of_kind(rule.kind, member) for member in members))
    }
    return tuple(Alarm(before, text) for before in sorted(spans, reverse=True))
