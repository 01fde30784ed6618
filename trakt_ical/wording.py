"""Days, hours, spans and ages in English words, the nearest name for a misspelt one, and commands in sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta, tzinfo

# Not strftime's names: those are of the process's locale, and pages and calendars are English everywhere.
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
PROGRAM = "trakt-ical"
COMMANDS = (
    *("export", "serve", "feed", "push", "agenda", "explain", "checkin"),
    *("setup", "login", "logout", "import", "shows", "status", "doctor", "schedule", "config", "completion", "demo"),
)
"""The names of all commands, most used first."""
IMPORT_AGAIN = "Import it again to have the shows added since."
"""What to do about an imported list that is old."""
UNITS = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))


def complete_commands(text: str, program: str) -> str:
    """Return *text* with *program*, which may have general options behind it, in each command that it advises.

    The code that makes a sentence does not know these options. Without them a command would concern other files or
    another server.
    """
    if program == PROGRAM:
        return text
    # The name alone is the product's, and `demo` and `completion` are about no files and no server.
    names = "|".join(set(COMMANDS) - {"demo", "completion"})
    return re.sub(rf"(?<![\w./-]){PROGRAM} ({names})\b", lambda found: f"{program} {found[1]}", text)


def describe_count(count: int, noun: str) -> str:
    """Return *count* and *noun* in its number: `1 event`, `2 events`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def describe_span(length: timedelta) -> str:
    """Return *length* in its largest whole unit: `3 hours`; below one minute `less than a minute`."""
    for name, unit in UNITS:
        if length >= unit:
            return describe_count(length // unit, name)
    return "less than a minute"


def parse_span(text: str) -> timedelta | None:
    """Return the length of time that people write as `90m`, `24h`, `2d` or `30s`, None for any other text."""
    if not re.fullmatch("[0-9]{1,6}s|[0-9]{1,4}[mhd]", text := text.strip().lower()):
        return None
    names = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    return timedelta(**{names[text[-1]]: int(text[:-1])})


def describe_age(then: datetime, now: datetime) -> str:
    """Return how long ago *then* was: `3 hours ago`, `just now`, also for the future of a clock that is wrong."""
    age = now - then
    return "just now" if age < timedelta(minutes=1) else f"{describe_span(age)} ago"


def describe_past(then: datetime | None, now: datetime) -> str:
    """Return how long ago *then* was, and when in UTC: `3 hours ago (2026-04-18 09:00 UTC)`; `never` for None."""
    return f"{describe_age(then, now)} ({then:%Y-%m-%d %H:%M} UTC)" if then else "never"


def describe_moment(then: datetime, now: datetime, zone: tzinfo) -> str:
    """Return the day and hour of *then* in *zone*: `today, 14:05`, `Friday 20 November, 14:05`."""
    day = name_day(then.astimezone(zone).date(), now.astimezone(zone).date())
    return f"{day.lower() if ' ' not in day else day}, {format_hour(then, zone)}"


def describe_since(then: datetime, now: datetime, zone: tzinfo) -> str:
    """Return *then* in *zone* as a sentence says since when: `14:05` of today, `Tuesday 23:52`, `Tue 3 Nov, 23:52`."""
    day, today, hour = then.astimezone(zone).date(), now.astimezone(zone).date(), format_hour(then, zone)
    match (today - day).days:
        case 0:
            return hour
        case 1 | 2 | 3 | 4 | 5 | 6:
            return f"{DAYS[day.weekday()]} {hour}"
        case _:
            return f"{format_short_day(day)}{'' if day.year == today.year else f' {day.year}'}, {hour}"


def format_length(length: timedelta) -> str:
    """Return *length* in hours and minutes: `24 h`, `1 h 30 min`, `50 min`."""
    hours, minutes = divmod(length // timedelta(minutes=1), 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part)


def name_day(day: date, today: date) -> str:
    """Return `Yesterday`, `Today`, `Tomorrow` or the long name of *day*, with its year where that is not this year."""
    near = {-1: "Yesterday", 0: "Today", 1: "Tomorrow"}.get((day - today).days)
    return near or (format_long_day(day) if day.year == today.year else f"{format_long_day(day)} {day.year}")


def format_long_day(day: date) -> str:
    """Return *day* as `Monday 23 November`."""
    return f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"


def format_clock(clock: datetime) -> str:
    """Return what *clock* shows, in its own zone, as `Monday 23 November 2026, 21:05`."""
    return f"{format_long_day(clock.date())} {clock.year}, {clock:%H:%M}"


def format_short_day(day: date) -> str:
    """Return *day* as `Mon 23 Nov`."""
    return f"{DAYS[day.weekday()][:3]} {day.day} {MONTHS[day.month - 1][:3]}"


def format_hour(moment: datetime, zone: tzinfo) -> str:
    """Return the hour of *moment* in *zone* as `21:05`."""
    return f"{moment.astimezone(zone):%H:%M}"


def suggest_nearest(name: str, names: Iterable[str]) -> str:
    """Return a sentence, after a blank, that suggests the one of *names* most like *name*; "" where none is."""
    import difflib  # takes 10 ms, and only errors need it

    found = difflib.get_close_matches(name, list(names), 1)
    return f" Did you mean {found[0]}?" if found else ""
