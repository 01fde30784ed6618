"""The settings file: TOML with the program's settings, `[defaults]`, and a `[calendar.NAME]` for each calendar."""

from __future__ import annotations

import errno
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trakt_ical.errors import SettingsError

LARGEST = 2**20  # octets of a settings file or a secret
COUNTED = 2000  # lines; of a longer file no line is named


@dataclass(frozen=True)
class SettingsFile:
    """A settings file that was read: its *text*, and the *tables* that it means."""

    path: Path
    text: str = ""
    tables: Mapping[str, Any] = field(default_factory=dict)

    def place(self, *keys: str) -> str:
        """Where the value at *keys* stands, for people: the file and, where it is found, the line."""
        line = self._line(keys)
        return f"{self.path}, line {line}" if line else str(self.path)

    def open_to_others(self) -> bool:
        """Whether other users of this computer may read it."""
        return os.name == "posix" and bool(self.path.stat().st_mode & 0o077)

    def _line(self, keys: tuple[str, ...]) -> int | None:
        """The line on which the value at *keys* begins: it says the last of them, and up to its end they are there."""
        lines = self.text.splitlines(keepends=True)[:COUNTED]
        begins = None
        for number, line in enumerate(lines, 1):
            begins = begins or (number if keys[-1] in line else None)
            if begins is None:
                continue
            try:
                tables = tomllib.loads("".join(lines[:number]))
            except tomllib.TOMLDecodeError:
                continue  # in the middle of a value
            if _has_keys(tables, keys):
                return begins
            begins = None
        return None


def load_settings_file(path: Path, *, must_exist: bool) -> SettingsFile:
    """The file at *path*, an empty one where there is none and it need not exist. Raises SettingsError."""
    try:
        path = path.expanduser()
        text = read_text(path).removeprefix("\ufeff")  # with which some editors begin
        return SettingsFile(path, text, tomllib.loads(text))
    except FileNotFoundError:
        if must_exist:
            raise SettingsError(f"The settings file {path} does not exist.") from None
        return SettingsFile(path)
    except OSError as error:
        raise SettingsError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    except RecursionError as error:
        raise SettingsError(f"The settings file {path} has tables or lists in each other without end.") from error
    except RuntimeError as error:
        raise SettingsError(f"The settings file {path} cannot be read: ~ stands for no home that is known.") from error
    except ValueError as error:  # of TOML and UTF-8, and of numbers that Python finds too long
        raise SettingsError(f"The settings file {path} is not TOML: {error}.") from error


def read_text(path: Path) -> str:
    """The text at *path*. Raises OSError where it is more than a person would write: a device has no end."""
    with path.open("rb") as file:
        octets = file.read(LARGEST + 1)
    if len(octets) > LARGEST:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return octets.decode()


def _has_keys(tables: Any, keys: tuple[str, ...]) -> bool:
    for key in keys:
        if not isinstance(tables, dict) or key not in tables:
            return False
        tables = tables[key]
    return True
