"""The calendars that the settings file names, and what may not be said of two of them at once."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trakt_ical.errors import SettingsError

if TYPE_CHECKING:
    from trakt_ical.config.checks import Calendar
    from trakt_ical.config.file import SettingsFile

TABLES = "calendar"  # [calendar.NAME] is one of them
DEFAULTS = "defaults"  # [defaults] holds for all of them
_NAME = re.compile(r"\w[\w .-]{0,62}(?<![ .])")  # fit to be the name of a file and a part of an address


def check_names(tables: Any, file: SettingsFile) -> None:
    """Refuse names of calendars that cannot be told apart, or written into an address."""
    if not isinstance(tables, dict):
        raise SettingsError(f"{file.place(TABLES)}: calendars are tables, [{TABLES}.NAME].")
    folded: dict[str, str] = {}
    for name in tables:
        if not _NAME.fullmatch(name):
            raise SettingsError(
                f"{file.place(TABLES, name)}: a calendar cannot be called {name!r}; "
                "letters, digits, blanks, . _ and - are allowed, and 64 of them."
            )
        if other := folded.get(name.casefold()):
            raise SettingsError(f"{file.place(TABLES, name)}: {name} and {other} differ in capitals alone.")
        folded[name.casefold()] = name


def check_outputs(calendars: Collection[Calendar]) -> None:
    """Refuse two calendars that write to one output."""
    outputs: dict[str, Calendar] = {}
    for calendar in calendars:
        output = calendar.settings.output
        if not output:
            continue
        target = output if output == "-" else os.path.realpath(Path(output).expanduser())
        if other := outputs.get(target):
            raise SettingsError(
                f"The calendars {other.name} and {calendar.name} have one output, {output} "
                f"({calendar.places['output']()}). Give each its own."
            )
        outputs[target] = calendar
