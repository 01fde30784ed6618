"""Values as they were given, and in the types of their settings: the environment gives texts, files and flags more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from trakt_ical.config.settings import FIELDS
from trakt_ical.config.settings_file import SettingsFile

# Control characters, Unicode's line separators, and surrogates, which stand for bytes that were no UTF-8. None of them
# can be written into a calendar or a header field.
_UNFIT = re.compile("[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_UNFIT_IN_LINES = re.compile("[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
LINES = "description"  # the setting that may have several lines


class GivenValue(msgspec.Struct, frozen=True):
    """A value as it was given, perhaps a secret, and its *origin*: `flag`, a variable's name, a table of the file.

    A value of a *file* stands there at *keys*.
    """

    value: Any
    origin: str
    file: SettingsFile | None = None
    keys: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"GivenValue(origin={self.origin!r})"

    def quote(self, name: str) -> tuple[str, ...]:
        """Return the line that gives the value of the setting *name*, and what points to it; () outside of a file."""
        # A secret's value is never shown, nor that of an address, which may hold a password before its @.
        # An address may hold a password, or a path that is the secret of a calendar.
        hides_value = FIELDS[name].metadata["secret"] or name.endswith("_url") or "://" in str(self.value)
        return self.file.quote(*self.keys, hides_value=hides_value) if self.file else ()

    def locate(self) -> str:
        """Return where exactly the value was given; of a file also the line, which takes time to find."""
        return self.file.locate(*self.keys) if self.file else self.origin


def parse_value(name: str, value: Any) -> Any:
    """Return *value* in the type of the setting *name*. Raises ValueError, which says what the value must be."""
    default, of = FIELDS[name].default, FIELDS[name].metadata["values"]
    if of is not None:
        return tuple(_parse_table(value, of))
    if isinstance(default, bool | int | float):
        return _parse_scalar(value, type(default))
    if isinstance(default, tuple):
        # Only words of a fixed choice may be separated by blanks: titles and networks contain them.
        words = isinstance(value, str) and FIELDS[name].metadata["choices"]
        return _parse_texts(value.replace(" ", ",") if words else value)
    if not isinstance(value, str) or (_UNFIT_IN_LINES if name == LINES else _UNFIT).search(value):
        raise ValueError("a text without control characters")
    return value


def suggest_value(name: str, value: Any) -> tuple[str, ...]:
    """Return what to write for the setting *name* in place of *value*, as a line for people; () where unknown."""
    default, of = FIELDS[name].default, FIELDS[name].metadata["values"]
    if isinstance(default, str) and isinstance(value, bool | int | float) and not FIELDS[name].metadata["secret"]:
        return (f'Put it in quotes: {name} = "{str(value).lower() if isinstance(value, bool) else value}"',)
    if isinstance(default, bool):
        return (f"Write {name} = true or {name} = false.",)
    if isinstance(default, int | float):
        return (f"Write a number without quotes: {name} = {format_value(default)}",)
    if of is None and isinstance(default, tuple):
        return (f'Write a list: {name} = ["…", "…"]',)
    if of is not None:
        example = {str: '"…"', bool: "true", int: "15"}[of]
        return (f'Write a table: {name} = {{ "…" = {example} }}',)
    return ()


def format_value(value: Any) -> str:
    """Return *value* for people, written as the environment takes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join("=".join(map(format_value, each)) if isinstance(each, tuple) else str(each) for each in value)
    return str(value).replace("\n", "\\n")


def _parse_scalar(value: Any, of: type) -> Any:
    """Return *value* as the type *of*: `bool`, `int`, `float` or `str`."""
    if of is str:
        if not isinstance(value, str) or _UNFIT.search(value):
            raise ValueError("a text in quotation marks")
        return value.strip()
    if of is bool:
        flag = _FLAGS.get(value.lower(), value) if isinstance(value, str) else value
        if not isinstance(flag, bool):
            raise ValueError("true or false")
        return flag
    # Not int() and float() alone: they also take "1_000", "nan" and other digits than 0 to 9, and int() refuses
    # very long texts with an error of its own.
    if isinstance(value, str) and len(value) < 19 and re.fullmatch(r" *-?\d+ *", value, re.ASCII):
        value = int(value)
    elif of is float and isinstance(value, str) and re.fullmatch(r"\d{1,3}\.\d{1,9}", value, re.ASCII):
        value = float(value)
    # TOML's true is an int to Python: `back = true` would be one day.
    if isinstance(value, bool) or not isinstance(value, int | float if of is float else int):
        raise ValueError("a number" if of is float else "a whole number")
    try:
        return of(value)
    except OverflowError as error:  # TOML's whole numbers have no end, Python's others have
        raise ValueError("a number") from error


def _parse_texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, list):
        value = [str(each) if type(each) is int else each for each in value]  # a show may be named by its number
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) and each.strip() for each in value):
        raise ValueError("a list of texts")
    if any(map(_UNFIT.search, value)):
        raise ValueError("a list of texts without control characters")
    # Twice the same value means no more than once, and keeps its place.
    return tuple(dict.fromkeys(value))


def _parse_table(value: Any, of: type) -> Iterator[tuple[str, Any]]:
    """Yield the pairs of a table, or of a text `name=value, name=value`."""
    if isinstance(value, str):
        value = dict(_parse_pair(part) for part in value.split(",") if part.strip())
    if not isinstance(value, dict):
        raise ValueError("a table of names and values")
    for name, each in value.items():
        try:
            yield name, _parse_scalar(each, of)
        except ValueError as error:
            raise ValueError(f"a table in which {name} is {error}") from error


def _parse_pair(part: str) -> tuple[str, str]:
    # The last one: a title may contain an equals sign, a number does not.
    name, equals, value = part.rpartition("=")
    if not equals:
        raise ValueError("NAME=VALUE, several with commas between")
    return name.strip(), value.strip()
