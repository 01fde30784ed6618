"""What values settings may have, and what may stand together."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from trakt_ical.config.calendar_rules import WrongRule, find_contradictions, make_rules
from trakt_ical.config.settings import FIELDS, Settings
from trakt_ical.errors import SettingsError
from trakt_ical.transform.rules import Rules

if TYPE_CHECKING:
    from trakt_ical.config.settings_file import SettingsFile


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


Places = Mapping[str, Callable[[], str]]
ONLY = "Trakt"  # what the calendar is called that no table names


@dataclass(frozen=True)
class Calendar:
    """One calendar: its *name* ("" where no table names one), its settings, and the rules that they say.

    *origins* tell where each setting comes from, *places* where exactly.
    """

    name: str
    settings: Settings
    origins: Mapping[str, str]
    places: Places
    rules: Rules

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or ONLY


def make_calendar(name: str, settings: Settings, origins: Mapping[str, str], places: Places) -> Calendar:
    """The calendar *name* with *settings*.

    Raises SettingsError where a value is not allowed or two contradict each other; *places* tell where it was given.
    """

    def refuse(setting: str, reason: str, separator: str = " ") -> NoReturn:
        place = places[setting]() if setting in places else None
        raise SettingsError(f"{name_setting(setting, place)}{separator}{reason}")

    for setting in FIELDS:
        _check_value(setting, getattr(settings, setting), refuse)
    for setting in ("api_url", "auth_url", "public_url"):
        _check_url(getattr(settings, setting), lambda reason, setting=setting: refuse(setting, reason))  # type: ignore[misc]
    if not re.fullmatch("[!-~]*", settings.public_url):
        refuse("public_url", "must be written as browsers copy it: a name of other letters as xn--…, a blank as %20.")
    for setting in ("output", "token_file"):
        _check_path(getattr(settings, setting), lambda reason, setting=setting: refuse(setting, reason))  # type: ignore[misc]
    _check_zone(settings.timezone, lambda reason: refuse("timezone", reason))
    _check_color(settings.color, lambda reason: refuse("color", reason))
    _check_listen(settings.listen, lambda reason: refuse("listen", reason))
    _check_proxies(settings.trusted_proxies, lambda reason: refuse("trusted_proxies", reason))
    if not settings.output and not name:
        refuse("output", "names no file.")
    for setting, reason in find_contradictions(settings):
        refuse(setting, reason)
    try:
        return Calendar(name, settings, origins, places, make_rules(settings))
    except WrongRule as error:
        refuse(error.setting, f"{error}.{suggest_nearest(error.word, error.words)}", ": ")


Refuse = Callable[[str], NoReturn]


def _check_value(name: str, value: object, refuse: Callable[[str, str], NoReturn]) -> None:
    facts = FIELDS[name].metadata
    for word in value if isinstance(value, tuple) else (value,):
        if facts["choices"] and word not in facts["choices"]:
            refuse(
                name,
                f"cannot be {word!r}; it is one of {', '.join(facts['choices'])}."
                + suggest_nearest(str(word), facts["choices"]),
            )
        number = word[1] if isinstance(word, tuple) else word
        if type(number) in (int, float) and not facts["least"] <= number <= (facts["most"] or number):
            most = f"to {facts['most']}" if facts["most"] else "on"
            refuse(name, f"must be from {facts['least']} {most}.")


def _check_url(url: str, refuse: Refuse) -> None:
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        right = not url or (right and not re.search("[?#]", url))  # of an empty query urlsplit tells nothing
    except ValueError:
        right = False
    if not right:
        refuse("must be an address that begins with https:// or http:// and has no ? or #.")


def _check_path(path: str, refuse: Refuse) -> None:
    try:
        Path(path).expanduser()
    except RuntimeError:
        refuse("begins with a ~ that stands for no home that is known. Write the whole path.")


def _check_zone(zone: str, refuse: Refuse) -> None:
    import zoneinfo

    if not zone:
        return
    try:
        zoneinfo.ZoneInfo(zone)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        refuse(f"is no IANA time zone: {zone!r}.{suggest_nearest(zone, zoneinfo.available_timezones())}")


def _check_color(color: str, refuse: Refuse) -> None:
    if color == FIELDS["color"].default:
        return
    import webcolors

    if color.lower() not in (names := webcolors.names()):
        refuse(f"is no color of CSS: {color!r}.{suggest_nearest(color.lower(), names)}")


def _check_listen(listen: str, refuse: Refuse) -> None:
    if listen == FIELDS["listen"].default:
        return
    from trakt_ical.http import ListenAddress

    try:
        ListenAddress.parse(listen)
    except ValueError:
        refuse("must be HOST:PORT, such as 127.0.0.1:8642 or [::1]:8642.")


def _check_proxies(proxies: Iterable[str], refuse: Refuse) -> None:
    if not proxies:
        return
    import ipaddress

    try:
        for proxy in proxies:
            ipaddress.ip_network(proxy)
    except ValueError:
        refuse("must be addresses or networks, such as 127.0.0.1 or 10.0.0.0/8.")


def name_setting(name: str, origin: str | None) -> str:
    """A setting for people: its name, and where its value came from."""
    return f"{name} ({origin})" if origin else name


def suggest_nearest(key: str, names: Iterable[str], prefix: str = "") -> str:
    """A sentence that offers the one of *names* that is most like *key*, "" where none is."""
    import difflib

    found = difflib.get_close_matches(key, list(names), 1)
    return f" Did you mean {(prefix + found[0]).upper() if prefix else found[0]}?" if found else ""
