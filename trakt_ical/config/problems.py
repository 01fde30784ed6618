"""Collects what is wrong with the settings, so that a user mends a whole file at once and not line by line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from trakt_ical.errors import SettingsError


class Problems:
    """What is wrong, each thing once: what stands in `[defaults]` is wrong for each calendar."""

    def __init__(self) -> None:
        self._found: dict[str, SettingsError] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, error: SettingsError) -> None:
        """Note *error*, and what came with it."""
        for each in (error, *error.others):
            self._found.setdefault(str(each), each)

    @contextlib.contextmanager
    def catch(self) -> Iterator[None]:
        """Note what is raised inside, and go on after it."""
        try:
            yield
        except SettingsError as error:
            self.add(error)

    def raise_found(self) -> None:
        """Raise the first of what was noted, with all others; nothing where nothing was."""
        if self._found:
            first, *others = self._found.values()
            raise SettingsError(str(first), first.excerpt, tuple(others))
