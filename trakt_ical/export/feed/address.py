"""Where the server listens, and the addresses at which the world finds what it serves."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, urlsplit


class Address(NamedTuple):
    """A host and a port to listen at."""

    host: str
    port: int

    @classmethod
    def read(cls, text: str) -> Address:
        """The address that *text* writes as HOST:PORT. Raises ValueError."""
        parts = urlsplit(f"//{text}")
        if not parts.hostname or parts.port is None or parts.path or parts.query or parts.fragment or "@" in text:
            raise ValueError(f"{text!r} is not HOST:PORT")
        return cls(parts.hostname, parts.port)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def local(self) -> bool:
        """Whether only this computer gets there."""
        return is_local(self.host)

    @property
    def url(self) -> str:
        """How this computer gets there."""
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  it is what others may set
        return f"http://{Address(everywhere.get(self.host, self.host), self.port)}"


def is_local(host: str) -> bool:
    """Whether *host* is this computer, by its name or number."""
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_public(url: str) -> bool:
    """Whether programs that fetch from the internet may reach *url*: it is https, and no name or number of a home."""
    import ipaddress

    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        return parts.scheme == "https" and ipaddress.ip_address(host).is_global
    except ValueError:
        at_home = is_local(host) or "." not in host or host.endswith((".local", ".lan", ".internal", ".home.arpa"))
        return parts.scheme == "https" and not at_home


def feed_url(base: str, secret: str, name: str) -> str:
    """The whole address of the calendar *name*; programs make its name out of the last part."""
    return f"{base}/{secret}/{quote(name, safe='')}.ics"


def page_url(base: str, secret: str) -> str:
    """The whole address of the page."""
    return f"{base}/{secret}"
