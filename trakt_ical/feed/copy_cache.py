"""What is kept in memory of stored copies, for the whole process: what was asked for or changed lately, and no more.

Most requests end in a 304, which needs no octets, and a calendar that changed is fetched once by each of its few
subscribers. So a few MB serve as well as all copies would. They lie on disk anyway.
"""

from __future__ import annotations

import gzip
import threading
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Generic, Protocol, TypeVar

import msgspec

from trakt_ical.export.stored_calendar import StoredCalendar, parse_calendar
from trakt_ical.feed.answers import hash_octets
from trakt_ical.feed.notice import Notice
from trakt_ical.model import check_years

T = TypeVar("T")

PACKED_KEPT = 16 * 2**20  # octets
PLAIN_KEPT = 8 * 2**20  # octets; few programs ask for a calendar that is not packed
PARSED_KEPT = 4 * 2**20  # octets of the copies; their events take about as much again
LEVEL = 6  # of gzip: 9 takes three times as long for 1 % less


class RecentlyUsed(Generic[T]):
    """Keeps the values that were used last, of *limit* octets in all. Safe to use from several threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[T, int]] = OrderedDict()
        self._size = 0

    def get(self, key: str) -> T | None:
        """Return the value of *key*, None where it is not kept."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[0]

    def put(self, key: str, value: T, size: int) -> None:
        """Keep *value*, which has *size* octets. The one put last is kept however large it is."""
        with self._lock:
            if known := self._kept.pop(key, None):
                self._size -= known[1]
            self._kept[key] = value, size
            self._size += size
            while self._size > self._limit and len(self._kept) > 1:
                _, (_, freed) = self._kept.popitem(last=False)
                self._size -= freed


class CopyCache:
    """The octets and events of stored copies, by the hash of what they are of."""

    def __init__(self) -> None:
        self.packed = RecentlyUsed[bytes](PACKED_KEPT)
        self.plain = RecentlyUsed[bytes](PLAIN_KEPT)
        self.parsed = RecentlyUsed[StoredCalendar](PARSED_KEPT)

    def keep(self, digest: str, octets: bytes) -> bytes:
        """Pack *octets*, which have the hash *digest*, keep and return that."""
        # Without the time that gzip writes into its head: the same octets must stay the same for their tag.
        packed = gzip.compress(octets, LEVEL, mtime=0)
        self.packed.put(digest, packed, len(packed))
        return packed


class CopyFacts(msgspec.Struct, frozen=True):
    """What is known of a stored copy that was whole and ours in its *version*, so that nobody reads it again.

    *digest* is the hash of its octets, *size* their number, *newest* its newest stamp, *calendar_id* says whose it is.
    """

    version: str
    digest: str
    size: int
    calendar_id: str
    newest: Annotated[datetime, msgspec.Meta(tz=True)] | None = None

    def __post_init__(self) -> None:
        check_years((self.newest,))


class CopyOwner(Protocol):
    """Keeps the stored copies of an account."""

    cache: CopyCache

    def load_copy(self, name: str) -> bytes | None:
        """Return the octets of the copy of the calendar *name*, None where they cannot be read."""
        ...

    def reload(self, names: Iterable[str] | None = None) -> None:
        """Serve the copies of the calendars *names* as they are on disk now."""
        ...


class CopyBody:
    """The octets that subscribers get of the calendar *name* of *owner*, whose copy is *copy*, with *notice* or None.

    *digest* and *length* of what is served are known without its octets: a 304 or an answer to HEAD never needs them.
    """

    def __init__(self, owner: CopyOwner, name: str, copy: CopyFacts, notice: Notice | None) -> None:
        self._owner = owner
        self._name = name
        self._copy_digest = copy.digest
        self._notice = notice
        self.digest = hash_octets(copy.digest.encode() + notice.octets) if notice else copy.digest
        self.length = notice.find_length(copy.size) if notice else copy.size

    @property
    def _cache(self) -> CopyCache:
        return self._owner.cache

    def find(self, *, is_packed: bool) -> bytes | None:
        """Return the octets if they are in memory."""
        return (self._cache.packed if is_packed else self._cache.plain).get(self.digest)

    def find_length(self, *, is_packed: bool) -> int | None:
        """Return how many octets there are, None where that is not known."""
        if not is_packed:
            return self.length
        packed = self._cache.packed.get(self.digest)
        return len(packed) if packed is not None else None

    def load(self, *, is_packed: bool) -> bytes | None:
        """Return the octets, and keep them; None where the copy on disk is another one. That one is then served."""
        packed = self._cache.packed.get(self.digest)
        if packed is None:
            copy = self._load_copy()
            if copy is None:
                # A run replaced it a moment ago, and the look that takes it over is yet to come.
                self._owner.reload([self._name])
                return None
            octets = self._notice.add_to(copy) if self._notice else copy
            if is_packed:
                return self._cache.keep(self.digest, octets)
        elif is_packed:
            return packed
        else:
            octets = gzip.decompress(packed)
        self._cache.plain.put(self.digest, octets, len(octets))
        return octets

    def parse(self) -> StoredCalendar | None:
        """Return the stored copy, None where the one on disk is another one by now."""
        if (known := self._cache.parsed.get(self._copy_digest)) is not None:
            return known
        copy = self._load_copy()
        if copy is None and self._notice is None and (packed := self._cache.packed.get(self.digest)) is not None:
            copy = gzip.decompress(packed)
        if copy is None:
            return None
        calendar = parse_calendar(copy, checks_sum=False)  # its hash is that of a copy whose SUM was right
        self._cache.parsed.put(self._copy_digest, calendar, len(copy))
        return calendar

    def _load_copy(self) -> bytes | None:
        octets = self._owner.load_copy(self._name)
        return octets if octets is not None and hash_octets(octets) == self._copy_digest else None
