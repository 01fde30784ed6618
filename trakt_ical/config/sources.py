"""Where the value of each setting comes from.

A flag beats the environment (`TRAKT_ICAL_BACK`), which beats the settings file (`back`), which
beats the default. A secret may also be given as the name of a file that holds it.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from trakt_ical.config.checks import check, named, nearest
from trakt_ical.config.settings import ACCOUNT, FIELDS, SECRETS, Settings
from trakt_ical.errors import SettingsError

PREFIX = "TRAKT_ICAL_"
CONFIG = PREFIX + "CONFIG"
_UNFIT = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
LARGEST = 2**20  # octets of a settings file or a secret


@dataclass(frozen=True)
class Resolved:
    """The settings in force, where each came from, and what is worth a warning."""

    settings: Settings
    origins: Mapping[str, str]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Given:
    """One value as it was given, and by whom."""

    value: Any
    origin: str


def resolve(
    *,
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    default_file: Path,
    account: Mapping[str, str] | None = None,
) -> Resolved:
    """Bring the sources of settings together.

    *flags* bear None where not given; the flag `config` names the settings file. With *account*
    (that of the built-in Trakt) no account setting of file, environment or flag counts.
    Raises SettingsError, which names the setting and its origin.
    """
    chosen = flags.get("config") or environ.get(CONFIG)
    path = Path(chosen).expanduser() if chosen else default_file
    file = _read_file(path, must_exist=bool(chosen))
    given = dict(_from_file(file, path)) | dict(_from_environment(environ))
    given |= {name: _Given(value, "flag") for name, value in flags.items() if name in FIELDS and value is not None}
    if account is not None:
        given = {name: each for name, each in given.items() if name not in ACCOUNT}
        given |= {name: _Given(value, "the built-in Trakt") for name, value in account.items()}
    values = {name: _typed(name, each) for name, each in given.items()}
    settings = Settings(**values)
    check(settings, {name: each.origin for name, each in given.items()})
    origins = {name: given[name].origin if name in given else "default" for name in FIELDS}
    return Resolved(settings, origins, tuple(_warnings(file, path)))


def _read_file(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except FileNotFoundError:
        if must_exist:
            raise SettingsError(f"The settings file {path} does not exist.") from None
        return {}
    except OSError as error:
        raise SettingsError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {path} is not TOML: {error}.") from error


def _from_file(file: Mapping[str, Any], path: Path) -> Iterator[tuple[str, _Given]]:
    for key, value in file.items():
        name = _known(key, path.name, "")
        if name in file and key != name:
            raise SettingsError(f"{path} sets both {name} and {key}. Keep one.")
        yield name, _Given(value if key == name else _secret(str(value), f"{key} in {path}"), str(path))


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, _Given]]:
    for key in sorted(environ):
        if not key.startswith(PREFIX) or key == CONFIG:
            continue
        short = key.removeprefix(PREFIX).lower()
        name = _known(short, "the environment", PREFIX)
        if short != name and PREFIX + name.upper() in environ:
            raise SettingsError(f"The environment sets both {PREFIX}{name.upper()} and {key}. Keep one.")
        yield name, _Given(environ[key] if short == name else _secret(environ[key], key), key)


def _known(key: str, where: str, prefix: str) -> str:
    """The setting that *key* stands for. Raises SettingsError with the nearest name where there is none."""
    if key in FIELDS:
        return key
    if key.endswith("_file") and key.removesuffix("_file") in SECRETS:
        return key.removesuffix("_file")
    shown = (prefix + key).upper() if prefix else key
    raise SettingsError(f"{where} sets {shown}, which is no setting.{nearest(key, FIELDS, prefix)}")


def _secret(name: str, origin: str) -> str:
    try:
        return _text(Path(name).expanduser()).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{origin}: the file {name} cannot be read: {getattr(error, 'strerror', error)}."
        ) from error


def _text(path: Path) -> str:
    """The text at *path*, no more than a person would write: a device has no end."""
    with path.open("rb") as file:
        return file.read(LARGEST).decode()


def _typed(name: str, given: _Given) -> Any:
    """The value in the field's type: texts come from the environment, typed values from file and flags."""
    value, default = given.value, FIELDS[name].default
    if isinstance(default, bool):
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        value = words.get(value.lower(), value) if isinstance(value, str) else value
        wanted, right = "true or false", isinstance(value, bool)
    elif isinstance(default, int):
        value = int(value) if isinstance(value, str) and value.strip().isdecimal() and len(value) < 19 else value
        wanted, right = "a whole number", isinstance(value, int) and not isinstance(value, bool)
    elif isinstance(default, tuple):
        value = value.replace(",", " ").split() if isinstance(value, str) else value
        wanted, right = (
            "a list of texts",
            isinstance(value, list | tuple) and all(isinstance(each, str) for each in value),
        )
        value = tuple(dict.fromkeys(value)) if right else value
    else:
        wanted = "a text without control characters"
        right = isinstance(value, str) and not _UNFIT.search(value)
    if not right:
        raise SettingsError(f"{named(name, given.origin)} must be {wanted}.")
    return value


def _warnings(file: Mapping[str, Any], path: Path) -> Iterator[str]:
    secrets = SECRETS & set(file) or any("@" in str(file.get(name)) for name in ("api_url", "auth_url"))
    if secrets and os.name == "posix" and path.stat().st_mode & 0o077:
        yield f"{path} holds secrets and others may read it. Run: chmod 600 {path}"


def listing(resolved: Resolved) -> Iterator[tuple[str, str, str]]:
    """Name, value and origin of each setting, for people: secrets masked, passwords in addresses too."""
    for name in FIELDS:
        value = getattr(resolved.settings, name)
        if name in SECRETS:
            shown = "(set)" if value else ""
        elif name.endswith("_url"):
            shown = _without_userinfo(value)
        else:
            shown = (
                ", ".join(value)
                if isinstance(value, tuple)
                else str(value).lower()
                if isinstance(value, bool)
                else str(value)
            )
        yield name, shown, resolved.origins[name]


def _without_userinfo(url: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"…@{host}" if "@" in parts.netloc else host))
