"""Dates and hours as the user's locale writes them."""

from __future__ import annotations

import locale
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

TWELVE = ("%r", "%I", "%p", "%l")  # what a clock of twelve hours is written with


@dataclass(frozen=True, slots=True)
class Dates:
    """Whether the month is written before the day, and whether the clock has twelve hours."""

    month_first: bool
    twelve_hours: bool

    @classmethod
    def of_user(cls) -> Dates:
        """As the user's locale has it, whose names of days and months hold from now on in this process."""
        try:
            locale.setlocale(locale.LC_TIME, "")
        except locale.Error:  # a locale that this computer does not have
            return cls(month_first=False, twelve_hours=False)
        if not hasattr(locale, "nl_langinfo"):  # Windows does not tell
            return cls(month_first=False, twelve_hours=False)
        form = locale.nl_langinfo(locale.D_FMT)
        clock = locale.nl_langinfo(locale.T_FMT)
        unset = (locale.setlocale(locale.LC_TIME) or "C") in ("C", "POSIX", "C.UTF-8", "C.utf8")
        return cls(
            month_first=not unset and form.startswith(("%m", "%D")), twelve_hours=any(part in clock for part in TWELVE)
        )

    @property
    def width(self) -> int:
        """Columns that an hour takes."""
        return len("12:59 PM") if self.twelve_hours else len("23:59")

    def day(self, day: date) -> str:
        """*day* with its weekday."""
        if self.month_first:
            return f"{day:%A}, {day:%B} {day.day}"
        return f"{day:%A} {day.day} {day:%B}"

    def hour(self, moment: datetime) -> str:
        """The hour of *moment*, which is in the user's zone."""
        if self.twelve_hours:
            return f"{moment.hour % 12 or 12}:{moment:%M} {'AM' if moment.hour < 12 else 'PM'}".rjust(self.width)
        return f"{moment:%H:%M}"

    def moment(self, moment: datetime, now: datetime, zone: tzinfo) -> str:
        """*moment* in *zone*: `21:45`, `Tue 24 Nov 21:45` where that is another day, with the year where another."""
        there, today = moment.astimezone(zone), now.astimezone(zone).date()
        hour = self.hour(there).strip()
        if there.date() == today:
            return hour
        day = f"{there:%b} {there.day}" if self.month_first else f"{there.day} {there:%b}"
        return f"{there:%a} {day}{f' {there.year}' if there.year != today.year else ''} {hour}"
