"""Every setting: its name, type, default and meaning, and where its value comes from.

A flag beats the environment (`TRAKT_ICAL_BACK`), which beats the settings file (`back`), which
beats the default. A secret may also be given as the name of a file that holds it.
"""

from __future__ import annotations

import dataclasses
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from trakt_ical.errors import SettingsError

PREFIX = "TRAKT_ICAL_"
CONFIG = PREFIX + "CONFIG"
KINDS = ("shows", "new", "premieres", "finales", "movies", "streaming", "dvd")
LONGEST = 3660  # days back or ahead
V2_URL = "https://api.trakt.tv"


def _setting(
    default: Any, meaning: str, *, secret: bool = False, choices: tuple[str, ...] = (), least: int = 0, most: int = 0
) -> Any:
    facts = {"help": meaning, "secret": secret, "choices": choices, "least": least, "most": most}
    return field(default=default, repr=not secret, metadata=facts)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is in force. An empty text means: not set."""

    api: str = _setting("v2", "Trakt's API: v2, or v1 for a server that still speaks it.", choices=("v2", "v1"))
    api_url: str = _setting("", f"The server's address; v2's is {V2_URL}.")
    auth_url: str = _setting("https://auth.trakt.tv", "The address that logs in and renews tokens (v2).")
    client_id: str = _setting("", "The Client ID of your app at Trakt (v2).")
    client_secret: str = _setting("", "The app's Client Secret, if it has one (v2).", secret=True)
    api_key: str = _setting("", "Your API key (v1).", secret=True)
    username: str = _setting("", "Your name at Trakt (v1).")
    password: str = _setting("", "Your password (v1); only its SHA1 is sent.", secret=True)
    owner: str = _setting("", "Whose calendar to fetch (v1); yourself if not set.")
    token_file: str = _setting("", "Where the login is kept (v2); in the data folder if not set.")
    plain_http: bool = _setting(False, "Let a password or token travel over plain http to another computer.")
    source: str = _setting("my", "Trakt's calendar: my (needs a login) or all (the world's).", choices=("my", "all"))
    kind: tuple[str, ...] = _setting(("shows",), "What to fetch; several are allowed.", choices=KINDS)
    back: int = _setting(30, "Days before today.", most=LONGEST)
    ahead: int = _setting(90, "Days after today.", most=LONGEST)
    timezone: str = _setting(
        "", "The zone that days are counted in; that of your Trakt account, else of this computer, if not set."
    )
    default_runtime: int = _setting(45, "Minutes that an episode takes where Trakt does not know.", least=1, most=1440)
    spoilers: bool = _setting(True, "Whether events tell the plot.")
    tombstone_days: int = _setting(14, "Days that what is no longer listed stays, cancelled; 0 for none.", most=LONGEST)
    keep_days: int = _setting(180, "Days that what is past stays, once it is out of the range.", most=LONGEST)
    shrink_days: int = _setting(7, "Days until a calendar that lost most of itself is believed.", most=LONGEST)
    max_bytes: int = _setting(1_000_000, "The largest calendar, in octets (Google takes no more); 0 for any.")
    output: str = _setting("trakt.ics", "The file to write; - for standard output.")


FIELDS = {each.name: each for each in dataclasses.fields(Settings)}
SECRETS = frozenset(name for name, each in FIELDS.items() if each.metadata["secret"])
ACCOUNT = frozenset(
    (
        "api_url",
        "auth_url",
        "client_id",
        "client_secret",
        "api_key",
        "username",
        "password",
        "owner",
        "token_file",
        "plain_http",
    )
)
"""Settings that say which account at which server is meant."""


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
    named = flags.get("config") or environ.get(CONFIG)
    path = Path(named).expanduser() if named else default_file
    file = _read_file(path, must_exist=bool(named))
    given = dict(_from_file(file, path)) | dict(_from_environment(environ))
    given |= {name: _Given(value, "flag") for name, value in flags.items() if name in FIELDS and value is not None}
    if account is not None:
        given = {name: each for name, each in given.items() if name not in ACCOUNT}
        given |= {name: _Given(value, "the built-in Trakt") for name, value in account.items()}
    values = {name: _typed(name, each) for name, each in given.items()}
    settings = Settings(**values)
    _check(settings, given)
    origins = {name: given[name].origin if name in given else "default" for name in FIELDS}
    return Resolved(settings, origins, tuple(_warnings(file, path)))


def _read_file(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
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
    raise SettingsError(f"{where} sets {shown}, which is no setting.{_nearest(key, FIELDS, prefix)}")


def _nearest(key: str, names: Any, prefix: str = "") -> str:
    import difflib

    found = difflib.get_close_matches(key, list(names), 1)
    return f" Did you mean {(prefix + found[0]).upper() if prefix else found[0]}?" if found else ""


def _secret(name: str, origin: str) -> str:
    try:
        return Path(name).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{origin}: the file {name} cannot be read: {getattr(error, 'strerror', error)}."
        ) from error


def _typed(name: str, given: _Given) -> Any:
    """The value in the field's type: texts come from the environment, typed values from file and flags."""
    value, default = given.value, FIELDS[name].default
    if isinstance(default, bool):
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        value = words.get(value.lower(), value) if isinstance(value, str) else value
        wanted, right = "true or false", isinstance(value, bool)
    elif isinstance(default, int):
        value = int(value) if isinstance(value, str) and value.strip().isdecimal() else value
        wanted, right = "a whole number", isinstance(value, int) and not isinstance(value, bool)
    elif isinstance(default, tuple):
        value = value.replace(",", " ").split() if isinstance(value, str) else value
        wanted, right = (
            "a list of texts",
            isinstance(value, list | tuple) and all(isinstance(each, str) for each in value),
        )
        value = tuple(dict.fromkeys(value)) if right else value
    else:
        wanted, right = "a text", isinstance(value, str)
    if not right:
        raise SettingsError(f"{_named(name, given)} must be {wanted}.")
    return value


def _named(name: str, given: _Given | None) -> str:
    return f"{name} ({given.origin})" if given else name


def _check(settings: Settings, given: Mapping[str, _Given]) -> None:
    for name, each in FIELDS.items():
        value, facts = getattr(settings, name), each.metadata
        for word in value if isinstance(value, tuple) else (value,):
            if facts["choices"] and word not in facts["choices"]:
                raise SettingsError(
                    f"{_named(name, given.get(name))} cannot be {word!r}; it is one of {', '.join(facts['choices'])}."
                    + _nearest(word, facts["choices"])
                )
        if type(value) is int and not facts["least"] <= value <= (facts["most"] or value):
            most = f"to {facts['most']}" if facts["most"] else "on"
            raise SettingsError(f"{_named(name, given.get(name))} must be from {facts['least']} {most}.")
    for name in ("api_url", "auth_url"):
        _check_url(getattr(settings, name), _named(name, given.get(name)))
    _check_zone(settings.timezone, _named("timezone", given.get("timezone")))
    _check_combinations(settings)


def _check_url(url: str, name: str) -> None:
    try:
        parts = urlsplit(url)
        right = not url or (parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0)
    except ValueError:
        right = False
    if not right:
        raise SettingsError(f"{name} must be an address that begins with https:// or http://.")


def _check_zone(zone: str, name: str) -> None:
    import zoneinfo

    if not zone:
        return
    try:
        zoneinfo.ZoneInfo(zone)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError) as error:
        hint = _nearest(zone, zoneinfo.available_timezones())
        raise SettingsError(f"{name} is no IANA time zone: {zone!r}.{hint}") from error


def _check_combinations(settings: Settings) -> None:
    if not settings.kind:
        raise SettingsError("kind names nothing to fetch.")
    if not settings.output:
        raise SettingsError("output names no file.")
    if settings.api == "v1":
        others = [kind for kind in settings.kind if kind != "shows"]
        if others:
            raise SettingsError(f"API v1 has no calendar of {', '.join(others)}; kind must be shows.")
        if settings.source == "all":
            raise SettingsError("API v1's calendar is a user's; source must be my.")


def _warnings(file: Mapping[str, Any], path: Path) -> Iterator[str]:
    if SECRETS & set(file) and os.name == "posix" and path.stat().st_mode & 0o077:
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
