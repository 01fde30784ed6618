"""What each secret opens, for all accounts at once: a feed, or the page of one account."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Protocol
from urllib.parse import parse_qs

from trakt_ical.feed.answers import (
    NOT_FOUND,
    ROBOTS,
    Answer,
    Download,
    Feed,
    answer_fixed,
    make_answer,
    make_text_answer,
)
from trakt_ical.wording import parse_span

CONDITIONS = ("crashed", "hanging", "failing", "starting", "well")
"""What a refresher may be, the worst first."""
BAD_MAX_AGE = make_text_answer(400, "max_age must be a length of time, such as 6h, 90m or 2d.\n")


class PageSource(Protocol):
    """Draws the page of one account. It never sees the secret in the request's path."""

    def render_page(self, base_url: str) -> bytes:
        """Return the document; *base_url* is the scheme and host that the request was sent to."""
        ...


Target = Feed | PageSource


@dataclass(frozen=True, slots=True)
class CalendarHealth:
    """Whether a calendar can be served, how many seconds ago it was fetched, and whether its copy is another's."""

    is_ready: bool
    age: float | None
    is_foreign: bool = False


@dataclass(frozen=True, slots=True)
class AccountHealth:
    """How one account is: its *calendars*, and one word for its *refresher*, see CONDITIONS."""

    calendars: Sequence[CalendarHealth]
    refresher: str

    @property
    def is_ready(self) -> bool:
        """Whether all its calendars can be served."""
        return all(calendar.is_ready for calendar in self.calendars)


@dataclass(frozen=True, slots=True)
class Health:
    """How the service is, for all *accounts*. Everybody may read it, so it contains no names."""

    accounts: Sequence[AccountHealth]

    def answer(self, max_age: timedelta | None = None) -> Answer:
        """Return 200 where all calendars of some account can be served, else 503.

        One account of several that was never logged in must not make whoever watches the service restart it for all.
        With *max_age*, it is 503 too where some calendar was fetched longer ago than that.
        """
        is_ready = any(account.is_ready for account in self.accounts)
        calendars = [calendar for account in self.accounts for calendar in account.calendars]
        counts = Counter(account.refresher for account in self.accounts)
        age = max((calendar.age for calendar in calendars if calendar.age is not None), default=None)
        is_stale = max_age is not None and age is not None and age > max_age.total_seconds()
        found: dict[str, object] = {
            "ready": is_ready,
            "refresher": min(counts, key=CONDITIONS.index, default="starting"),
            "refreshers": counts,
            "foreign": sum(calendar.is_foreign for calendar in calendars),
            "calendars": [
                {"ready": calendar.is_ready, "age": None if calendar.age is None else int(calendar.age)}
                for calendar in calendars
            ],
        }
        if max_age is not None:
            found |= {"stale": is_stale, "age": None if age is None else int(age)}
        body = json.dumps(found).encode()
        status = 200 if is_ready and not is_stale else 503
        return make_answer(status, body, b"application/json", ((b"cache-control", b"no-store"),))


class HealthSource(Protocol):
    """Knows how the service is."""

    def check_health(self) -> Health:
        """Return how it is now."""
        ...


class SecretHash:
    """Hashes what stands for a secret in a path, with a key that this process alone has, for as long as it runs.

    A secret is looked up by its hash, in time that does not grow with the number of feeds. A look-up by the secret
    itself compares letter by letter in the end, and how long that takes may tell a stranger how many letters he has
    right. Of the hash he can choose nothing and learns nothing: without the key he cannot compute it.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def __call__(self, octets: bytes) -> bytes:
        """Return the hash of *octets*."""
        return hashlib.blake2b(octets, digest_size=16, key=self._key).digest()


@dataclass(frozen=True)
class Feeds:
    """All feeds and pages as they are now, in one value that is replaced whole.

    *targets* are found by the hash of their secrets. *prefix* is the path of `public_url`, "" for none: some proxies
    pass it on, others take it off.
    """

    targets: Mapping[bytes, Target] = field(repr=False)
    hash_secret: SecretHash
    health: HealthSource
    prefix: str = ""

    def strip_prefix(self, path: str) -> str:
        """Return *path* without the prefix that a proxy may have left before it."""
        return path[len(self.prefix) :] if self.prefix and path.startswith(self.prefix + "/") else path

    def answer(
        self, method: str, path: str, headers: Mapping[bytes, bytes], query: bytes = b""
    ) -> Answer | Download | PageSource:
        """Return the answer to a request, or the download that makes it; for the secret of a page, who draws that page.

        *path* is decoded and without the prefix; names of *headers* are in lower case. The *query* is for `/healthz`
        alone.
        """
        if not path.startswith("/"):
            return NOT_FOUND  # `*`, or an address of another host
        # What follows the secret is for people, and programs change it: they cut off the extension, add a slash, or
        # encode it anew. The secret alone decides, so that none of that loses a subscriber.
        first = path[1:].partition("/")[0]
        target = self.targets.get(self.hash_secret(first.encode(errors="replace")))
        if isinstance(target, Feed):
            return target.answer(method, headers)
        if target is not None:
            return target
        if path == "/robots.txt":
            return answer_fixed(ROBOTS, method)
        if path == "/healthz":
            return answer_fixed(self._answer_health(query), method)
        return NOT_FOUND.without_body() if method == "HEAD" else NOT_FOUND

    def _answer_health(self, query: bytes) -> Answer:
        ages = parse_qs(query.decode("latin-1"), keep_blank_values=True).get("max_age", [])
        max_age = parse_span(ages[0]) if len(ages) == 1 else None
        return BAD_MAX_AGE if ages and max_age is None else self.health.check_health().answer(max_age)


class Directory:
    """Holds the *feeds* of all accounts. Safe to use from several threads.

    The feeds are one frozen value, so that a request sees all of a change or nothing of it, and needs no lock.
    """

    def __init__(self, health: HealthSource, prefix: str = "") -> None:
        self._lock = threading.Lock()
        self._hash_secret = SecretHash()
        self._targets: dict[object, dict[bytes, Target]] = {}
        self._secrets: dict[object, frozenset[str]] = {}
        self.feeds = Feeds({}, self._hash_secret, health, prefix)
        self.all_secrets: frozenset[str] = frozenset()
        """Every secret of every account, to be kept out of logs."""

    def put(self, account: object, targets: Mapping[str, Target], its_secrets: Iterable[str]) -> None:
        """Let *targets*, by their secrets, be all that *account* has; *its_secrets* are to be kept out of logs."""
        hashed = {self._hash_secret(secret.encode()): target for secret, target in targets.items()}
        kept = frozenset(its_secrets)
        with self._lock:
            before = self._secrets.get(account)
            self._targets[account], self._secrets[account] = hashed, kept
            if not hashed and not kept:  # it is closed: an entry would keep it in memory, with all that it holds
                del self._targets[account], self._secrets[account]
            if before != kept:
                self.all_secrets = frozenset().union(*self._secrets.values())
            merged = {key: target for part in self._targets.values() for key, target in part.items()}
            self.feeds = replace(self.feeds, targets=MappingProxyType(merged))

    def set_prefix(self, prefix: str) -> None:
        """Let *prefix* be the path of `public_url`."""
        with self._lock:
            self.feeds = replace(self.feeds, prefix=prefix)
