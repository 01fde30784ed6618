"""Dates and hours as the user's locale writes them."""

from __future__ import annotations

import locale
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

TWELVE = ("%r", "%I", "%p", "%l")  # in a locale's format of hours: its clock has twelve


@dataclass(frozen=True, slots=True)
class DateFormat:
    """How the user writes dates: whether the month comes first, and whether the clock has twelve hours."""

    month_first: bool
    twelve_hours: bool

    @classmethod
    def of_user(cls) -> DateFormat:
        """Return the habits of the user's locale, and use its names of days and months in this process from now on."""
        try:
            locale.setlocale(locale.LC_TIME, "")
        except locale.Error:  # the environment names a locale that is not installed
            return cls(month_first=False, twelve_hours=False)
        if not hasattr(locale, "nl_langinfo"):  # Windows
            return cls(month_first=False, twelve_hours=False)
        form = locale.nl_langinfo(locale.D_FMT)
        clock = locale.nl_langinfo(locale.T_FMT)
        # The C locale writes 11/24/26. That is nobody's choice, and says nothing about the user.
        unset = (locale.setlocale(locale.LC_TIME) or "C") in ("C", "POSIX", "C.UTF-8", "C.utf8")
        return cls(
            month_first=not unset and form.startswith(("%m", "%D")), twelve_hours=any(part in clock for part in TWELVE)
        )

    @property
    def width(self) -> int:
        """The columns that an hour takes."""
        return len("12:59 PM") if self.twelve_hours else len("23:59")

    def format_day(self, day: date) -> str:
        """Return *day* with its weekday."""
        if self.month_first:
            return f"{day:%A}, {day:%B} {day.day}"
        return f"{day:%A} {day.day} {day:%B}"

    def format_date(self, day: date) -> str:
        """Return *day* in short, without its weekday."""
        return f"{day:%b} {day.day}" if self.month_first else f"{day.day} {day:%b}"

    def format_hour(self, moment: datetime) -> str:
        """Return the hour of *moment*, which is in the user's zone."""
        if self.twelve_hours:
            return f"{moment.hour % 12 or 12}:{moment:%M} {'AM' if moment.hour < 12 else 'PM'}".rjust(self.width)
        return f"{moment:%H:%M}"

    def format_moment(self, moment: datetime, now: datetime, zone: tzinfo) -> str:
        """Return *moment* in *zone*: `21:45` today, else `Tue 24 Nov 21:45`, with the year if that is another one."""
        there, today = moment.astimezone(zone), now.astimezone(zone).date()
        hour = self.format_hour(there).strip()
        if there.date() == today:
            return hour
        return (
            f"{there:%a} {self.format_date(there.date())}{f' {there.year}' if there.year != today.year else ''} {hour}"
        )
