"""A Trakt user's calendar, right to the minute, in any calendar program."""

__version__ = "0.1.0"
RELEASED = "November 23 2026"  # the version's day, in the form that API v1 shows
