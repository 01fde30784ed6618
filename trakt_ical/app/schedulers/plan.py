"""What a schedule runs and when, and the seam of the schedulers that follow it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import msgspec

# Spreads the requests of all users over some minutes, so that Trakt does not get them at the same second.
JITTER = timedelta(minutes=10)


class Plan(msgspec.Struct, frozen=True):
    """What a schedule called *name* runs: the words of *command*, in *folder*, each *hours* from *minute* on.

    *log* takes what the command writes where the scheduler itself keeps nothing.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    hours: int
    minute: int
    log: Path

    def list_hours(self) -> range:
        """Return the hours of the day at which the command runs."""
        return range(0, 24, self.hours)


class ScheduleStatus(msgspec.Struct, frozen=True):
    """How a schedule is: *installed*, *next_run*, *last_run* and how that ended ("" unknown), and *notes*.

    Times are in ISO 8601 with their offset, but for Windows, which writes them as its language does.
    """

    scheduler: str
    installed: bool
    next_run: str = ""
    last_run: str = ""
    notes: tuple[str, ...] = ()


class Scheduler(Protocol):
    """A program that starts others by the clock. Each method raises OutputError where that program fails."""

    name: str

    def is_available(self) -> bool:
        """Whether this computer has it, and the user may use it."""
        ...

    def render(self, plan: Plan) -> dict[str, str]:
        """Return what is written for *plan*: the texts, by the places they go to."""
        ...

    def install(self, plan: Plan) -> None:
        """Start *plan* by the clock, in place of what was installed under its name."""
        ...

    def remove(self, name: str) -> bool:
        """Remove the schedule *name*, and return whether there was one."""
        ...

    def find_status(self, name: str, now: datetime) -> ScheduleStatus:
        """Return how the schedule *name* is."""
        ...


def find_next(times: list[tuple[int, int]], now: datetime) -> str:
    """Return when the next of *times* (hour and minute by the clock of this computer) comes after *now*."""
    today = now.astimezone().replace(second=0, microsecond=0, tzinfo=None)
    days = (today.replace(hour=hour, minute=minute) + timedelta(days=day) for day in (0, 1) for hour, minute in times)
    return min(each for each in days if each > today).astimezone().isoformat(sep=" ", timespec="minutes")
