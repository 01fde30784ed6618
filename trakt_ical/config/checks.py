"""What is wrong with the value of a setting, looked at by itself: each check returns a reason, or None."""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from trakt_ical.config.settings import FIELDS, Settings
from trakt_ical.export.stores.address import check_address
from trakt_ical.http import ListenAddress, is_server_url
from trakt_ical.wording import suggest_nearest


def find_wrong_values(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield each setting whose value is not allowed, with the reason, which follows the setting's name."""
    for name, field in FIELDS.items():
        value = getattr(settings, name)
        # Checks take time, so they run only for values that somebody gave.
        reason = check_allowed(name, value) if value == field.default else check_value(name, value)
        if reason is not None:
            yield name, reason


def check_value(name: str, value: object) -> str | None:
    """Check *value* by all that is known of the setting *name*."""
    reason = check_allowed(name, value)
    return CHECKS[name](value) if reason is None and name in CHECKS else reason


def check_allowed(name: str, value: object) -> str | None:
    """Check *value* against the choices and the limits of the setting *name*."""
    facts = FIELDS[name].metadata
    for each in value if isinstance(value, tuple) else (value,):
        if facts["choices"] and each not in facts["choices"]:
            nearest = suggest_nearest(str(each), facts["choices"])
            return f"cannot be {each!r}; it is one of {', '.join(facts['choices'])}.{nearest}"
        number = each[1] if isinstance(each, tuple) else each
        if type(number) in (int, float) and not facts["least"] <= number <= (facts["most"] or number):
            limits = f"from {facts['least']} to {facts['most']}" if facts["most"] else f"{facts['least']} or more"
            return f"must be {limits}."
    return None


def check_url(url: str) -> str | None:
    """Check that *url* is the address of a server, to which paths can be appended."""
    # An empty query or fragment is not in `parts`, but would still swallow the path that follows it.
    if not is_server_url(url) or re.search("[?#]", url):
        return "must be an address that begins with https:// or http:// and has no ? or #."
    return None


def check_public_url(url: str) -> str | None:
    """Check that *url* can stand in a page and in a calendar as it is."""
    if not re.fullmatch("[!-~]*", url):
        return "must be written as browsers copy it: other letters in the host's name as xn--…, a blank as %20."
    return check_url(url)


def check_path(path: str) -> str | None:
    """Check that a ~ at the beginning of *path* stands for a home folder."""
    try:
        Path(path).expanduser()
    except RuntimeError:
        return "begins with a ~ that stands for no known home folder. Write the whole path."
    return None


def check_output(output: str) -> str | None:
    """Check that *output* is a path, or the address of an object in a bucket."""
    return check_address(output) or check_path(output)


def check_zone(zone: str) -> str | None:
    """Check that *zone* is known."""
    try:
        zoneinfo.ZoneInfo(zone)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return f"is not an IANA time zone: {zone!r}.{suggest_nearest(zone, zoneinfo.available_timezones())}"
    return None


def check_color(color: str) -> str | None:
    """Check that CSS has a color of this name."""
    from trakt_ical.config.css_colors import CSS_COLORS  # most settings have none

    if color.lower() not in CSS_COLORS:
        return f"is not a CSS color name: {color!r}.{suggest_nearest(color.lower(), CSS_COLORS)}"
    return None


def check_listen(addresses: Collection[str]) -> str | None:
    """Check that *addresses* are hosts and ports, one or more."""
    try:
        for address in addresses:
            ListenAddress.parse(address)
    except ValueError:
        addresses = ()
    return None if addresses else "must be HOST:PORT, one or more, such as 127.0.0.1:8642 or [::1]:8642."


def check_networks(networks: Iterable[str]) -> str | None:
    """Check that *networks* are addresses or networks."""
    try:
        for network in networks:
            ipaddress.ip_network(network)
    except ValueError:
        return "must be addresses or networks, such as 127.0.0.1 or 10.0.0.0/8."
    return None


def check_choices(choices: Iterable[tuple[str, str]]) -> str | None:
    """Check that each show of *choices* is a show of TVmaze, or off."""
    for name, value in choices:
        if not re.fullmatch(r"tvmaze:[1-9][0-9]{0,9}|off", value):
            return (
                f"cannot say {value!r} of {name}; write tvmaze:NUMBER, the number in the show's address there, or off."
            )
    return None


CHECKS: Mapping[str, Callable[[Any], str | None]] = {
    "api_url": check_url,
    "auth_url": check_url,
    "public_url": check_public_url,
    "output": check_output,
    "token_file": check_path,
    "timezone": check_zone,
    "shows": check_choices,
    "color": check_color,
    "listen": check_listen,
    "trusted_proxies": check_networks,
    "metrics_from": check_networks,
}
"""The check of each setting that needs more than choices and limits."""
