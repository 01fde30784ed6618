"""Where the value of each setting comes from.

A flag beats the environment (`TRAKT_ICAL_BACK`), which beats the settings file (`back` in
`[calendar.NAME]`, then in `[defaults]` or above all tables), which beats the default. A secret
may also be given as the name of a file that holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from trakt_ical.config.checks import (
    DEFAULTS,
    TABLES,
    Calendar,
    check_names,
    check_outputs,
    make_calendar,
    name_setting,
    suggest_nearest,
)
from trakt_ical.config.settings import ACCOUNT, FIELDS, OF_CALENDARS, SECRETS, Settings
from trakt_ical.config.settings_file import SettingsFile, load_settings_file, read_text
from trakt_ical.config.values import format_value, parse_value
from trakt_ical.errors import SettingsError

PREFIX = "TRAKT_ICAL_"
CONFIG = PREFIX + "CONFIG"


@dataclass(frozen=True)
class Resolved:
    """The settings in force, where each came from, the calendars, and what is worth a warning."""

    settings: Settings
    origins: Mapping[str, str]
    calendars: tuple[Calendar, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _GivenValue:
    """One value as it was given, by whom, and how to tell where exactly."""

    value: Any
    origin: str
    exactly: Callable[[], str]

    @classmethod
    def of(cls, value: Any, origin: str) -> _GivenValue:
        """A value whose *origin* says it all."""
        return cls(value, origin, lambda: origin)


_Values = dict[str, _GivenValue]


def resolve(
    *,
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    default_file: Path,
    account: Mapping[str, str] | None = None,
    output: str | None = None,
) -> Resolved:
    """Bring the sources of settings together.

    *flags* bear None where not given; the flag `config` names the settings file. With *account*
    (that of the built-in Trakt) no account setting of file, environment or flag counts.
    *output*, where given, replaces the default of that setting and nothing else.
    Raises SettingsError, which names the setting and its origin.
    """
    chosen = flags.get("config") or environ.get(CONFIG)
    file = load_settings_file(Path(chosen) if chosen else default_file, must_exist=bool(chosen))
    common = _read_program_settings(file)
    above = dict(_read_environment(environ))
    above |= {
        name: _GivenValue.of(value, "flag") for name, value in flags.items() if name in FIELDS and value is not None
    }
    if account is not None:
        common, above = (
            {name: each for name, each in given.items() if name not in ACCOUNT} for given in (common, above)
        )
        above |= {name: _GivenValue.of(value, "the built-in Trakt") for name, value in account.items()}
    defaults = {} if output is None else {"output": _GivenValue.of(output, "default")}
    base = _resolve_calendar("", defaults | common | above)
    tables = file.tables.get(TABLES, {})
    check_names(tables, file)
    calendars = tuple(
        _resolve_calendar(
            name, {"output": _GivenValue.of("", "default")} | common | _read_table(file, TABLES, name) | above
        )
        for name in tables
    )
    if "output" not in flags or flags["output"] is None:
        check_outputs(calendars)
    return Resolved(base.settings, base.origins, calendars or (base,), tuple(_find_warnings(file)))


def _resolve_calendar(name: str, given: _Values) -> Calendar:
    """The calendar *name* ("": the only one) with the settings that are *given*, checked."""
    values = {}
    for setting, each in given.items():
        try:
            values[setting] = parse_value(setting, each.value)
        except ValueError as error:
            raise SettingsError(f"{name_setting(setting, each.exactly())} must be {error}.") from error
    origins = {setting: given[setting].origin if setting in given else "default" for setting in FIELDS}
    places = {setting: each.exactly for setting, each in given.items()}
    return make_calendar(name, Settings(**values), origins, places)


def _read_program_settings(file: SettingsFile) -> _Values:
    """What the file says outside of calendars: above all tables, and in `[defaults]`."""
    above = {key: value for key, value in file.tables.items() if key not in (TABLES, DEFAULTS)}
    found = _read_names(file, above, ())
    usual = _read_table(file, DEFAULTS)
    for name in usual.keys() & found.keys():
        raise SettingsError(f"{usual[name].exactly()} and {found[name].exactly()} both set {name}. Keep one.")
    return found | usual


def _read_table(file: SettingsFile, *keys: str) -> _Values:
    """What the table at *keys* says, which has settings of calendars alone."""
    table: Any = file.tables
    for key in keys:
        table = table.get(key, {}) if isinstance(table, dict) else table
    if not isinstance(table, dict):
        raise SettingsError(f"{file.place(*keys)}: {'.'.join(keys)} must be a table, [{'.'.join(keys)}].")
    found = _read_names(file, table, keys)
    for name in found.keys() - OF_CALENDARS:
        raise SettingsError(
            f"{found[name].exactly()}: {name} is a setting of the whole program. Put it above all [tables]."
        )
    return found


def _read_names(file: SettingsFile, table: Mapping[str, Any], keys: tuple[str, ...]) -> _Values:
    found: _Values = {}
    where = f"[{'.'.join(keys)}] in {file.path}" if keys else str(file.path)
    names = FIELDS if keys else (*FIELDS, TABLES, DEFAULTS)
    for key, value in table.items():
        name = _resolve_name(key, lambda key=key: file.place(*keys, key), names)  # type: ignore[misc]
        if name in table and key != name:
            raise SettingsError(f"{file.path} sets both {name} and {key}. Keep one.")
        value = value if key == name else _read_secret(value, f"{key} in {file.path}")
        found[name] = _GivenValue(value, where, lambda key=key: file.place(*keys, key))  # type: ignore[misc]
    return found


def _read_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, _GivenValue]]:
    for key in sorted(environ):
        if not key.startswith(PREFIX) or key == CONFIG:
            continue
        short = key.removeprefix(PREFIX).lower()
        name = _resolve_name(short, lambda: "the environment", FIELDS, PREFIX)
        if short != name and PREFIX + name.upper() in environ:
            raise SettingsError(f"The environment sets both {PREFIX}{name.upper()} and {key}. Keep one.")
        yield name, _GivenValue.of(environ[key] if short == name else _read_secret(environ[key], key), key)


def _resolve_name(key: str, where: Callable[[], str], names: Iterable[str], prefix: str = "") -> str:
    """The setting that *key* stands for. Raises SettingsError with the nearest of *names* where there is none."""
    if key in FIELDS:
        return key
    if key.endswith("_file") and key.removesuffix("_file") in SECRETS:
        return key.removesuffix("_file")
    shown = (prefix + key).upper() if prefix else key
    raise SettingsError(f"{where()} sets {shown}, which is no setting.{suggest_nearest(key, names, prefix)}")


def _read_secret(name: Any, origin: str) -> str:
    """What the file called *name* holds."""
    if not isinstance(name, str):
        raise SettingsError(f"{origin} must be the name of a file.")
    try:
        return read_text(Path(name).expanduser()).rstrip("\r\n")
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(getattr(error, "strerror", error)).rstrip(".")
        raise SettingsError(f"{origin}: the file {name} cannot be read: {reason}.") from error


def _find_warnings(file: SettingsFile) -> Iterator[str]:
    secrets = SECRETS & set(file.tables) or any("@" in str(file.tables.get(name)) for name in ("api_url", "auth_url"))
    if secrets and file.open_to_others():
        yield f"{file.path} holds secrets and others may read it. Run: chmod 600 {file.path}"


def list_settings(resolved: Resolved) -> Iterator[tuple[str, str, str]]:
    """Name, value and origin of each setting, for people: secrets masked, passwords in addresses too.

    Of a named calendar, whose name precedes that of the setting, only what it has for itself.
    """
    for name in FIELDS:
        yield name, _mask_value(resolved.settings, name), resolved.origins[name]
    for calendar in resolved.calendars:
        for name in FIELDS if calendar.name else ():
            if calendar.origins[name] != resolved.origins[name]:
                yield f"{calendar.name}: {name}", _mask_value(calendar.settings, name), calendar.origins[name]


def _mask_value(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    if name in SECRETS:
        return "(set)" if value else ""
    return hide_userinfo(value) if name.endswith("_url") else format_value(value)


def hide_userinfo(url: str) -> str:
    """*url* for people: what precedes its @ may be a password."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"…@{host}" if "@" in parts.netloc else host))
