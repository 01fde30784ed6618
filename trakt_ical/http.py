"""What client and server both know of HTTP: header fields, and which computer an address leads to."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from requests import PreparedRequest

CALENDAR_TYPE = "text/calendar; charset=utf-8"
CACHE_CONTROL = "private, max-age=900"  # private: a shared cache must not keep what a secret protects
USUAL_PORTS = {"http": 80, "https": 443}
HOME_DOMAINS = (".local", ".lan", ".internal", ".home.arpa")


def make_disposition(file: str) -> str:
    """Return a Content-Disposition that gives a saved calendar the name *file* (RFC 6266)."""
    plain = "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '"\\%' else "_" for letter in file
    )
    exact = "" if plain == file else f"; filename*=UTF-8''{quote(file, safe='')}"
    return f'inline; filename="{plain}"{exact}'


def sign_nothing(request: PreparedRequest) -> PreparedRequest:
    """Return *request* as it is: without any `auth`, `requests` would sign it with what a ~/.netrc says."""
    return request


def parse_http_date(value: str | None) -> datetime | None:
    """Return the instant, in UTC, that a header field such as `Date` gives; None if it gives none."""
    try:
        moment = parsedate_to_datetime(value or "")
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def format_http_date(moment: datetime) -> str:
    """Return *moment*, in UTC, as a header field gives it (RFC 9110 §5.6.7): whole seconds."""
    return format_datetime(moment.replace(microsecond=0), usegmt=True)


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After field asks for, as a number or as a date (RFC 9110 §10.2.3)."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value.strip())
    moment = parse_http_date(value)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


class ListenAddress(NamedTuple):
    """A host and a port to listen on."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> ListenAddress:
        """Return the address that *text* writes as HOST:PORT. Raises ValueError."""
        parts = urlsplit(f"//{text}")
        if not parts.hostname or parts.port is None or parts.path or parts.query or parts.fragment or "@" in text:
            raise ValueError(f"{text!r} is not HOST:PORT")
        return cls(parts.hostname, parts.port)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL under which this computer reaches it."""
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  users may set it
        return f"http://{ListenAddress(everywhere.get(self.host, self.host), self.port)}"


def is_server_url(url: str) -> bool:
    """Whether *url* is the address of a web server."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def name_server(url: str) -> str:
    """Return the host of *url*, with its port where that is not the usual one of the scheme."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.port is None or parts.port == USUAL_PORTS.get(parts.scheme):
        return host
    return str(ListenAddress(host, parts.port))


def is_loopback(host: str) -> bool:
    """Whether *host*, a name or a number, is this computer and cannot be reached from another one."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_public(url: str) -> bool:
    """Whether servers on the internet can fetch *url*: it is https and its host is not one of a home network."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        return parts.scheme == "https" and ipaddress.ip_address(host).is_global
    except ValueError:
        at_home = is_loopback(host) or "." not in host or host.endswith(HOME_DOMAINS)
        return parts.scheme == "https" and not at_home
