"""Spans of time in words."""

from __future__ import annotations

from datetime import datetime, timedelta


def ago(then: datetime | None, now: datetime) -> str:
    """*then* by its distance from *now* and in UTC."""
    return f"{span(now - then)} ago ({then:%Y-%m-%d %H:%M} UTC)" if then else "never"


def span(length: timedelta) -> str:
    """*length* in its largest unit; one below zero, by a clock's error, is less than a minute."""
    for unit, seconds in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(length.total_seconds() // seconds)
        if count > 0:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"
