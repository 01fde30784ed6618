"""The settings file: TOML with the program's settings, `[defaults]`, and a `[calendar.NAME]` for each calendar."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from trakt_ical.errors import SettingsError

LARGEST = 2**20  # bytes of a settings file or a secret
# Lines. Errors in longer files name no line: finding one parses the text again for each line that holds the name, which
# takes seconds at worst.
SEARCHED = 2000


class SettingsFile(msgspec.Struct, frozen=True):
    """A settings file that was read: its *text*, and the *tables* parsed from it, both perhaps with secrets."""

    path: Path
    text: str = ""
    tables: Mapping[str, Any] = msgspec.field(default_factory=dict)

    def __repr__(self) -> str:
        return f"SettingsFile({self.path!r})"

    def locate(self, *keys: str) -> str:
        """Return where the value at *keys* stands, for people: the file and, where it is found, the line."""
        line = self._find_line(keys)
        return f"{self.path}, line {line}" if line else str(self.path)

    def quote(self, *keys: str, hides_value: bool) -> tuple[str, ...]:
        """Return the line of the value at *keys*, and below it a line that points to the value; () where not found.

        With *hides_value* only the key is shown, and pointed to: the value may be a secret.
        """
        number = self._find_line(keys)
        if number is None:
            return ()
        line = self.text.splitlines()[number - 1].rstrip()
        start = line.find(keys[-1])
        equals = line.find("=", start)
        if hides_value or equals < 0 or not line[equals + 1 :].strip():
            return _point(f"{line[: start + len(keys[-1])]} …" if equals >= 0 else line, start, len(keys[-1]))
        value = line[equals + 1 :]
        begin = equals + 1 + len(value) - len(value.lstrip())
        return _point(line, begin, len(line) - begin)

    def is_open_to_others(self) -> bool:
        """Whether other users of this computer may read the file."""
        return os.name == "posix" and self.path.exists() and bool(self.path.stat().st_mode & 0o077)

    def _find_line(self, keys: tuple[str, ...]) -> int | None:
        """Return the line on which the value at *keys* begins.

        `tomllib` gives no lines. So the file is parsed again and again, each time a line further, from each line that
        holds the last key: the line is right if the value is there once the text up to its end parses.
        """
        import tomllib

        lines = self.text.splitlines(keepends=True)[:SEARCHED]
        first = None
        for number, line in enumerate(lines, 1):
            first = first or (number if keys[-1] in line else None)
            if first is None:
                continue
            try:
                tables = tomllib.loads("".join(lines[:number]))
            except tomllib.TOMLDecodeError:
                continue  # in the middle of a value that goes on over several lines
            if _has_keys(tables, keys):
                return first
            first = None
        return None


def load_settings_file(path: Path, *, must_exist: bool) -> SettingsFile:
    """Return the file at *path*, or an empty one if it need not exist and does not. Raises SettingsError."""
    try:
        path = path.expanduser()
        text = read_text(path)
    except FileNotFoundError:
        if must_exist:
            raise SettingsError(f"The settings file {path} does not exist.") from None
        return SettingsFile(path)
    except OSError as error:
        raise SettingsError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    except RuntimeError as error:
        raise SettingsError(f"The settings file {path} cannot be read: ~ stands for no known home folder.") from error
    except ValueError as error:  # a path with a NUL, a text that is no UTF-8
        raise SettingsError(f"The settings file {path} is not TOML: {error}.") from error
    return parse_settings_file(path, text)


def parse_settings_file(path: Path, text: str) -> SettingsFile:
    """Return the settings file at *path* whose text is *text*. Raises SettingsError."""
    import tomllib  # a run without a settings file starts 2 ms sooner

    text = text.removeprefix("\ufeff")  # some editors on Windows begin a file with it
    try:
        return SettingsFile(path, text, tomllib.loads(text))
    except RecursionError as error:
        raise SettingsError(f"The settings file {path} nests tables or lists too deeply.") from error
    except ValueError as error:  # of TOML, and of numbers that are too long for Python
        reason = str(error).replace("at end of document", f"at the end, line {len(text.splitlines())}")
        message = f"The settings file {path} is not TOML: {reason}. Other errors show once this one is corrected."
        raise SettingsError(message, _quote_syntax_error(text, str(error))) from error


def _quote_syntax_error(text: str, error: str) -> tuple[str, ...]:
    """Return the line of *text* that a parser's *error* is about, what points to the place, and what to write."""
    found = re.search(r"line (\d+), column (\d+)", error)
    lines = text.splitlines()
    if found is None or int(found[1]) > len(lines):
        return ()
    # Whatever stands after the first word may be a secret, and so may a line that begins with none. It is not shown.
    line = lines[int(found[1]) - 1].rstrip()
    key, equals, value = line.partition("=")
    if not re.fullmatch(r"\s*[\w.-]{1,40}\s*", key if equals else line.split(maxsplit=1)[0] if line.split() else ""):
        return ()
    if not equals:
        word = line.split(maxsplit=1)[0]
        return (*_point(f"{word} …", len(word) + 1, 1), f"Write a setting as: {word} = …")
    excerpt = _point(f"{key.rstrip()} = …", len(key.rstrip()) + 3, 1)
    if "Invalid value" in error and re.match(r"\s*[^\s\"'\[{#]", value):
        return (*excerpt, f'Put a text in quotes: {key.strip()} = "…"')
    return excerpt


def _point(line: str, start: int, length: int) -> tuple[str, ...]:
    """Return *line*, and a line with a mark of *length* under what begins at *start*."""
    return line, " " * start + "^" * max(1, length)


def read_text(path: Path) -> str:
    """Return the text at *path*. Raises OSError, also for more than a person would write: a device has no end."""
    with path.open("rb") as file:
        octets = file.read(LARGEST + 1)
    if len(octets) > LARGEST:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return octets.decode()


def read_secret(name: str, origin: str) -> str:
    """Return the secret in the file called *name*, which *origin* asks for.

    Raises SettingsError, which never quotes the content.
    """
    try:
        # Editors end a file with a line break. A blank at the end may be part of a password.
        return read_text(Path(name).expanduser()).rstrip("\r\n")
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(getattr(error, "strerror", error)).rstrip(".")
        raise SettingsError(f"{origin}: the file {name} cannot be read: {reason}.") from error


def _has_keys(tables: Any, keys: tuple[str, ...]) -> bool:
    for key in keys:
        if not isinstance(tables, dict) or key not in tables:
            return False
        tables = tables[key]
    return True
