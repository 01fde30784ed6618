"""A Trakt user's calendar, right to the minute, in any calendar program."""

__version__ = "0.1.0"
