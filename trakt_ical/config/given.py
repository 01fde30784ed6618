"""Reads what the settings file and the environment give, before it is known what beats what."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from trakt_ical.config.problems import Problems
from trakt_ical.config.pushes import PUSHES
from trakt_ical.config.settings import FIELDS, OF_ACCOUNTS, OF_CALENDARS, SECRETS
from trakt_ical.config.settings_file import SettingsFile, read_secret
from trakt_ical.config.values import GivenValue
from trakt_ical.errors import SettingsError
from trakt_ical.wording import suggest_nearest

PREFIX = "TRAKT_ICAL_"
CONFIG = PREFIX + "CONFIG"
HOME = PREFIX + "HOME"
# What the command of `after_change` finds in its environment. Where it is this program again, neither is a setting.
HOOK_FILE, HOOK_NAME = PREFIX + "FILE", PREFIX + "NAME"
TABLES = "calendar"  # [calendar.NAME] is one of them
ACCOUNTS = "account"  # and [account.NAME]
DEFAULTS = "defaults"  # [defaults] holds for all of them
_NAME = re.compile(r"\w[\w .-]{0,62}(?<![ .])")  # fits into file names and addresses

GivenValues = dict[str, GivenValue]


class SettingsReader:
    """Reads the tables of *file*. What is wrong in one place is noted, and the others are read all the same."""

    def __init__(self, file: SettingsFile) -> None:
        self._file = file
        self.problems = Problems()

    def read_program_settings(self) -> GivenValues:
        """Return what the file sets outside of calendars and accounts: above all tables, and in `[defaults]`."""
        tables = (TABLES, ACCOUNTS, PUSHES, DEFAULTS)
        top = {key: value for key, value in self._file.tables.items() if key not in tables}
        found = self._read_names(top, ())
        defaults = self._read_table(OF_CALENDARS, DEFAULTS)
        for name in sorted(defaults.keys() & found.keys()):
            both = f"{defaults[name].locate()} and {found[name].locate()}"
            self.problems.add(SettingsError(f"{both} both set {name}. Keep one."))
        return found | defaults

    def read_tables(self, kind: str, allowed: Collection[str]) -> dict[str, GivenValues]:
        """Return what the tables [*kind*.NAME] set, by their names; only the settings *allowed* may stand there."""
        tables = self._file.tables.get(kind, {})
        if not isinstance(tables, dict):
            hint = " To choose one for all calendars, put account into [defaults]." if kind == ACCOUNTS else ""
            place = self._file.locate(kind)
            self.problems.add(SettingsError(f"{place}: {kind}s are tables, [{kind}.NAME].{hint}"))
            return {}
        with self.problems.catch():
            _check_names(tables, kind, self._file)
        return {name: self._read_table(allowed, kind, name) for name in tables}

    def _read_table(self, allowed: Collection[str], *keys: str) -> GivenValues:
        """Return what the table at *keys* sets; only the settings *allowed* may stand there."""
        table: Any = self._file.tables
        for key in keys:
            table = table.get(key, {}) if isinstance(table, dict) else table
        if not isinstance(table, dict):
            name = ".".join(keys)
            self.problems.add(SettingsError(f"{self._file.locate(*keys)}: {name} must be a table, [{name}]."))
            return {}
        found = self._read_names(table, keys)
        for name in [name for name in found if name not in allowed]:
            given = found.pop(name)
            message = f"{given.locate()}: {name} is {_describe_owner(name)}."
            self.problems.add(SettingsError(message, self._file.quote(*given.keys, hides_value=True)))
        return found

    def _read_names(self, table: Mapping[str, Any], keys: tuple[str, ...]) -> GivenValues:
        file, found = self._file, GivenValues()
        origin = f"[{'.'.join(keys)}] in {file.path}" if keys else str(file.path)
        for key, value in table.items():
            name = _find_setting(key)
            if name is None:
                nearest = suggest_nearest(key, FIELDS if keys else (*FIELDS, TABLES, ACCOUNTS, PUSHES, DEFAULTS))
                message = f"{file.locate(*keys, key)} sets {key}, which is not a setting.{nearest}"
                # What it sets may be a secret whose name is misspelt.
                self.problems.add(SettingsError(message, file.quote(*keys, key, hides_value=True)))
                continue
            with self.problems.catch():
                if name in table and key != name:
                    raise SettingsError(f"{file.path} sets both {name} and {key}. Keep one.")
                value = value if key == name else _read_secret(value, f"{key} in {file.path}")
                found[name] = GivenValue(value, origin, file, (*keys, key))
        return found


def _describe_owner(name: str) -> str:
    """Return what the setting *name* is a setting of, and where it stands."""
    if name in OF_CALENDARS:
        return "a setting of calendars. Put it into a [calendar.NAME] table or into [defaults]"
    if name in OF_ACCOUNTS:
        return "a setting of accounts. Put it above all [tables] or into an [account.NAME] table"
    return "a setting of the whole program. Put it above all [tables]"


def read_environment(environ: Mapping[str, str], problems: Problems) -> Iterator[tuple[str, GivenValue]]:
    """Yield the settings that variables of *environ* give; *problems* takes what is wrong with others."""
    # Unknown names are errors here too: a misspelt variable would otherwise be ignored without a word.
    for key in sorted(environ):
        of_hook = HOOK_FILE in environ and key in (HOOK_FILE, HOOK_NAME)
        if not key.startswith(PREFIX) or key in (CONFIG, HOME) or of_hook:
            continue
        short = key.removeprefix(PREFIX).lower()
        name = _find_setting(short)
        if name is None:
            nearest = suggest_nearest(key, [CONFIG, HOME, *(PREFIX + each.upper() for each in FIELDS)])
            problems.add(SettingsError(f"The environment sets {key}, which is not a setting.{nearest}"))
            continue
        if short != name and PREFIX + name.upper() in environ:
            both = f"{PREFIX}{name.upper()} and {key}"
            problems.add(SettingsError(f"The environment sets both {both}. Keep one."))
            continue
        with problems.catch():
            yield name, GivenValue(environ[key] if short == name else _read_secret(environ[key], key), key)


def _find_setting(key: str) -> str | None:
    """Return the setting that *key* sets: its own name, or that of a secret with `_file` after it."""
    if key in FIELDS:
        return key
    secret = key.removesuffix("_file")
    return secret if secret != key and secret in SECRETS else None


def _read_secret(name: Any, origin: str) -> str:
    """Return the content of the file called *name*. Raises SettingsError, which never quotes the content."""
    if not isinstance(name, str):
        raise SettingsError(f"{origin} must be the name of a file.")
    return read_secret(name, origin)


def _check_names(tables: Mapping[str, Any], kind: str, file: SettingsFile) -> None:
    """Refuse names of calendars or accounts that people cannot tell apart, or that fit into no address or file name."""
    article = "an" if kind == ACCOUNTS else "a"
    folded: dict[str, str] = {}
    for name in tables:
        if not _NAME.fullmatch(name):
            raise SettingsError(
                f"{file.locate(kind, name)}: {article} {kind} cannot be called {name!r}. "
                "Use up to 64 letters, digits, blanks, . _ and -."
            )
        if other := folded.get(name.casefold()):
            raise SettingsError(f"{file.locate(kind, name)}: {name} and {other} differ only in capitals.")
        folded[name.casefold()] = name
