"""Days, hours and ages in English words; hours count to 24."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo


def describe_past(then: datetime | None, now: datetime) -> str:
    """*then* by its distance from *now* and in UTC."""
    return f"{describe_span(now - then)} ago ({then:%Y-%m-%d %H:%M} UTC)" if then else "never"


def describe_span(length: timedelta) -> str:
    """*length* in its largest unit; one below zero, by a clock's error, is less than a minute."""
    for unit, seconds in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(length.total_seconds() // seconds)
        if count > 0:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"


# Not strftime's: its names are those of the process's locale.
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
UNITS = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))


def format_long_day(day: date) -> str:
    """`Monday 23 November`."""
    return f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"


def format_short_day(day: date) -> str:
    """`Mon 23 Nov`."""
    return f"{DAYS[day.weekday()][:3]} {day.day} {MONTHS[day.month - 1][:3]}"


def name_day(day: date, today: date) -> str:
    """The word for *day* where it has one (`Today`), else its name; with the year where that is another."""
    named = {-1: "Yesterday", 0: "Today", 1: "Tomorrow"}.get((day - today).days)
    return named or (format_long_day(day) if day.year == today.year else f"{format_long_day(day)} {day.year}")


def format_hour(moment: datetime, zone: tzinfo) -> str:
    """`21:05`, in *zone*."""
    return f"{moment.astimezone(zone):%H:%M}"


def describe_age(then: datetime, now: datetime) -> str:
    """How long ago *then* was, in whole units, rounded down; what lies ahead by a clock's error is `just now`."""
    age = now - then
    for name, unit in UNITS:
        if age >= unit:
            return f"{age // unit} {name}{'' if age // unit == 1 else 's'} ago"
    return "just now"


def describe_moment(then: datetime, now: datetime, zone: tzinfo) -> str:
    """`today, 14:05`, `yesterday, 14:05`, `Friday 20 November, 14:05`."""
    day = name_day(then.astimezone(zone).date(), now.astimezone(zone).date())
    return f"{day.lower() if ' ' not in day else day}, {format_hour(then, zone)}"
