"""Which calendars of the settings a command is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from trakt_ical.app.parts import App
    from trakt_ical.config import Calendar


def named(app: App, name: str) -> Calendar:
    """The calendar called *name*, whatever its capitals. Raises click.UsageError with the nearest name."""
    for calendar in app.calendars:
        if calendar.title.casefold() == name.casefold():
            return calendar
    from trakt_ical.config.checks import nearest

    titles = [calendar.title for calendar in app.calendars]
    raise click.UsageError(
        f"There is no calendar {name}; the settings name {', '.join(titles)}.{nearest(name, titles)}"
    )


def one(app: App, name: str | None) -> Calendar:
    """The calendar called *name*, the first one where there is no name."""
    return named(app, name) if name else app.calendars[0]


def with_output(app: App, names: Sequence[str]) -> list[Calendar]:
    """The calendars called *names*, all that have an output where there are none.

    Raises click.UsageError, or SettingsError where one has no output.
    """
    from trakt_ical.errors import SettingsError

    chosen = list({calendar.name: calendar for calendar in (named(app, name) for name in names)}.values())
    for calendar in chosen:
        if not calendar.settings.output:
            raise SettingsError(f"The calendar {calendar.title} has no output. Set output, or name one with -o.")
    chosen = chosen or [calendar for calendar in app.calendars if calendar.settings.output]
    if not chosen:
        raise SettingsError("No calendar of the settings has an output. Set output in its table.")
    return chosen
