"""Changes one setting in the settings file, and keeps everything else in it: comments, order, blank lines."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from trakt_ical import files
from trakt_ical.config.given import ACCOUNTS, DEFAULTS, TABLES
from trakt_ical.config.precedence import resolve_settings
from trakt_ical.config.pushes import MEANINGS, PUSHES
from trakt_ical.config.settings import FIELDS, OF_CALENDARS, SECRETS
from trakt_ical.config.settings_file import read_text
from trakt_ical.config.values import parse_value
from trakt_ical.errors import OutputError, SettingsError
from trakt_ical.export.stores.address import complete_address
from trakt_ical.wording import suggest_nearest

NAMED = (TABLES, ACCOUNTS, PUSHES)  # tables of tables, each with a name
NEW_FILE = """# Settings of trakt-ical. To see all of them, run: trakt-ical config --all
# If it holds a secret, keep it to yourself: chmod 600.

"""


def set_value(path: Path, name: str, text: str | None) -> str:
    """Set *name*, such as `back`, `calendar.Films.back` or `push.home.url`, to *text* in the file at *path*.

    Without *text* it is removed, and so may be a whole table, such as `calendar.Films`.
    Returns the file's new text, which was checked as a whole; `save_text` writes it. Raises SettingsError where the
    name or the value is wrong, or the file already was.
    """
    after = edit_text(path, load_text(path), name, text)
    check_text(path, after)
    return after


def edit_text(path: Path, before: str, name: str, text: str | None) -> str:
    """Return *before*, the text of the file at *path*, with *name* as `set_value` sets it; only the value is checked.

    Raises SettingsError.
    """
    *tables, key = _split_name(name)
    value = _read_value(name, tables, key, text)
    try:
        document: Any = tomlkit.parse(before or NEW_FILE)
    except TOMLKitError as error:
        raise SettingsError(f"The settings file {path} is not TOML: {error}.") from error
    table = document
    for depth, each in enumerate(tables, 1):
        if each not in table:
            if value is None:
                raise SettingsError(f"The settings file does not set {name}.")
            inner: Any = tomlkit.inline_table() if _is_table(each) else tomlkit.table(each in NAMED)
            table[each] = inner
        table = table[each]
        if not isinstance(table, MutableMapping):
            place = ".".join(tables[:depth])
            raise SettingsError(f"{place} is a value in the settings file {path}, and not a table. Remove it first.")
    if value is None:
        if key not in table:
            raise SettingsError(f"The settings file does not set {name}.")
        table.remove(key)
    else:
        table[key] = value  # in its old place, with the comment behind it, or else before the tables that follow
    return tomlkit.dumps(document)


def _read_value(name: str, tables: list[str], key: str, text: str | None) -> Any:
    """Return *text* as the value of *key* in *tables*, None to remove what *name* names. Raises SettingsError."""
    if not tables and key in NAMED:  # as a setting it would stand in the place of all these tables
        for_all = f" For all calendars, name {DEFAULTS}.{key}." if key in OF_CALENDARS else ""
        raise SettingsError(f"{key} stands for all tables [{key}.NAME]. Name one of them: {key}.NAME.{for_all}")
    if tables and tables[0] in NAMED and len(tables) == 1:
        if text is not None:
            raise SettingsError(f"{name} is a table. Name a setting in it: {name}.SETTING.")
        return None
    if tables and tables[0] == PUSHES:
        if key not in MEANINGS:
            raise SettingsError(f"{key} is not a setting of a push.{suggest_nearest(key, MEANINGS)}")
        return text
    setting = tables[-1] if tables and _is_table(tables[-1]) else key
    if setting not in FIELDS:
        raise SettingsError(f"{setting} is not a setting.{suggest_nearest(setting, FIELDS)}")
    if setting == "output" and text is not None:
        text = complete_address(text)
    return None if text is None else _convert(setting, key, text)


def is_secret(name: str) -> bool:
    """Whether the setting that *name* names is a secret."""
    return _split_name(name)[-1] in SECRETS


def _is_table(name: str) -> bool:
    """Whether *name* is a setting whose value is a table, such as `show_offsets`."""
    return name in FIELDS and FIELDS[name].metadata["values"] is not None


def _split_name(name: str) -> list[str]:
    """Return the tables and the setting that *name* names, or a table and the name of one in it.

    The name of a calendar or show may have dots in it.
    """
    first, _, rest = name.partition(".")
    if not rest:
        return [name]
    if _is_table(first):
        return [first, rest]
    if first == DEFAULTS:
        return [first, *_split_name(rest)]
    if first in (TABLES, ACCOUNTS):
        for table in filter(_is_table, FIELDS):
            middle, found, key = rest.partition(f".{table}.")
            if found and middle and key:
                return [first, middle, table, key]
    middle, _, setting = rest.rpartition(".")
    if first in NAMED:
        return [first, middle, setting] if middle else [first, setting]
    places = ", ".join(f"{kind}.NAME.SETTING" for kind in NAMED)
    raise SettingsError(f"{name} is not a place in the settings file. Write SETTING, {DEFAULTS}.SETTING, {places}.")


def _convert(setting: str, key: str, text: str) -> Any:
    """Return *text* as TOML writes the value of *setting*, or of its *key*. Raises SettingsError."""
    try:
        if key != setting:
            return parse_value(setting, {key: text})[0][1]
        value = parse_value(setting, text)
    except ValueError as error:
        raise SettingsError(f"{setting} must be {error}.") from error
    if FIELDS[setting].metadata["values"] is not None:
        table = tomlkit.inline_table()
        table.update(dict(value))
        return table
    return list(value) if isinstance(value, tuple) else value


def load_text(path: Path) -> str:
    """Return the text of the settings file at *path*, "" where there is none. Raises SettingsError."""
    try:
        return read_text(path)
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise SettingsError(f"The settings file {path} cannot be read: {getattr(error, 'strerror', error)}.") from error


def check_text(path: Path, text: str) -> None:
    """Check the settings file *text*, which is to stand at *path*. Raises SettingsError."""
    resolve_settings(flags={}, environ={}, default_file=path, text=text)


def save_text(path: Path, text: str) -> None:
    """Put *text* at *path*, readable by the user only where the file is new. Raises OutputError."""
    try:
        files.make_private_folder(path.parent)
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
        files.write_whole(path.resolve(), text.encode(), mode=mode)
    except OSError as error:
        raise OutputError(f"The settings file {path} cannot be written: {error.strerror}.") from error
