"""What values settings may have, and what may stand together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from trakt_ical.config.settings import FIELDS, Settings
from trakt_ical.errors import SettingsError


def check(settings: Settings, origins: Mapping[str, str]) -> None:
    """Raise SettingsError where a value is not allowed or two contradict each other."""
    for name, each in FIELDS.items():
        value, facts = getattr(settings, name), each.metadata
        for word in value if isinstance(value, tuple) else (value,):
            if facts["choices"] and word not in facts["choices"]:
                raise SettingsError(
                    f"{named(name, origins.get(name))} cannot be {word!r}; it is one of {', '.join(facts['choices'])}."
                    + nearest(word, facts["choices"])
                )
        if type(value) is int and not facts["least"] <= value <= (facts["most"] or value):
            most = f"to {facts['most']}" if facts["most"] else "on"
            raise SettingsError(f"{named(name, origins.get(name))} must be from {facts['least']} {most}.")
    for name in ("api_url", "auth_url"):
        _check_url(getattr(settings, name), named(name, origins.get(name)))
    _check_zone(settings.timezone, named("timezone", origins.get("timezone")))
    _check_combinations(settings)


def _check_url(url: str, name: str) -> None:
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        right = not url or (right and not parts.query and not parts.fragment)
    except ValueError:
        right = False
    if not right:
        raise SettingsError(f"{name} must be an address that begins with https:// or http:// and has no ? or #.")


def _check_zone(zone: str, name: str) -> None:
    import zoneinfo

    if not zone:
        return
    try:
        zoneinfo.ZoneInfo(zone)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError) as error:
        hint = nearest(zone, zoneinfo.available_timezones())
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


def named(name: str, origin: str | None) -> str:
    """A setting for people: its name, and where its value came from."""
    return f"{name} ({origin})" if origin else name


def nearest(key: str, names: Iterable[str], prefix: str = "") -> str:
    """A sentence that offers the one of *names* that is most like *key*, "" where none is."""
    import difflib

    found = difflib.get_close_matches(key, list(names), 1)
    return f" Did you mean {(prefix + found[0]).upper() if prefix else found[0]}?" if found else ""
