"""The rules of a calendar: what it shows, when, and in which words. `config` makes them from the settings."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import time, timedelta

import msgspec

from trakt_ical.transform.alarms import AlarmRule
from trakt_ical.transform.event_text import Words
from trakt_ical.transform.filters import Filters


class Dates(enum.Enum):
    """Which date of an episode counts that was released before it aired."""

    AIRED = "aired"
    RELEASED = "released"


class Hours(enum.Enum):
    """How airings are shown whose hour is known."""

    EXACT = "exact"
    WHOLE_DAY = "whole-day"


class Group(enum.Enum):
    """Which episodes of a show become one event."""

    OFF = "off"
    DAY = "day"
    DROP = "drop"


class Offsets(msgspec.Struct, frozen=True):
    """By how much known hours are moved: *everything*, by network, by show. Only the most specific one applies.

    Networks and shows are folded, see `filters.fold_text`.
    """

    everything: timedelta = timedelta(0)
    networks: Mapping[str, timedelta] = msgspec.field(default_factory=dict)
    shows: Mapping[str, timedelta] = msgspec.field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.everything or self.networks or self.shows)


class UnknownHours(msgspec.Struct, frozen=True):
    """At which hour of the subscriber's zone episodes are shown of which nobody knows it: all, and single shows.

    None shows them as whole days. Shows are folded, see `filters.fold_text`.
    """

    everything: time | None = None
    shows: Mapping[str, time | None] = msgspec.field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.everything is not None or bool(self.shows)


class Rules(msgspec.Struct, frozen=True):
    """*default_runtime* stands in where Trakt knows no runtime. *midnight_networks*, folded, really start at 00:00.

    In whole days what starts before the hour *late_night* belongs to the day before. *country*: whose release dates
    of movies count, as a two-letter code; "" for the world's first.
    """

    default_runtime: timedelta = timedelta(minutes=45)
    dates: Dates = Dates.AIRED
    midnight_networks: frozenset[str] = frozenset()
    hours: Hours = Hours.EXACT
    unknown_hours: UnknownHours = msgspec.field(default_factory=UnknownHours)
    late_night: int = 0
    offsets: Offsets = msgspec.field(default_factory=Offsets)
    filters: Filters = msgspec.field(default_factory=Filters)
    group: Group = Group.OFF
    country: str = ""
    words: Words = msgspec.field(default_factory=Words)
    alarms: tuple[AlarmRule, ...] = ()
