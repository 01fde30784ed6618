"""What a calendar of limited size has no room for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

from trakt_ical.export.previous import Remembered

Past = Callable[[Remembered], bool]


def left_out(kept: Sequence[Remembered], *, room: int, listed: AbstractSet[str], past: Past) -> set[str]:
    """The UIDs of those of *kept*, which are in order, that do not fit into *room* octets.

    What goes and is not *listed* never comes back, so its room is given away again: else the next run, made of
    the same, would have room for more.
    """
    gone: set[str] = set()
    while True:
        dropped = _dropped([event for event in kept if event.uid not in gone], room, past)
        if dropped <= listed:
            return dropped | gone
        gone |= dropped - listed


def _dropped(kept: Sequence[Remembered], room: int, past: Past) -> set[str]:
    """Past events and tombstones, oldest first, then what lies farthest ahead, until the rest fits."""
    size = sum(len(event.octets) for event in kept)
    if size <= room:
        return set()
    first = [event for event in kept if event.rev is None or past(event)]
    early = {event.uid for event in first}
    dropped: set[str] = set()
    for event in (*first, *(event for event in reversed(kept) if event.uid not in early)):
        if size <= room:
            break
        size -= len(event.octets)
        dropped.add(event.uid)
    return dropped
